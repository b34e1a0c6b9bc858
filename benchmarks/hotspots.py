"""Where the time of one command goes: `python benchmarks/hotspots.py PROJECT run --yes`.

Profiles the command line inside this process. Only the main thread's calls show; the CPU time of all threads is printed beside it.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import time


def main() -> None:
    """Run the command that the arguments name under the profiler and print the costliest functions."""
    project, arguments = sys.argv[1], sys.argv[2:]
    os.chdir(project)
    profile = cProfile.Profile()
    cpu, wall, own = time.process_time(), time.perf_counter(), time.thread_time()
    profile.enable()
    try:
        from andon.cli.app import cli

        cli.main(arguments, prog_name="andon", standalone_mode=False)
    finally:
        profile.disable()
        cpu, wall, own = time.process_time() - cpu, time.perf_counter() - wall, time.thread_time() - own
        print(f"CPU {cpu:.2f} s, of which main thread {own:.2f} s; wall {wall:.2f} s", file=sys.stderr)
        statistics = pstats.Stats(profile, stream=sys.stderr)
        statistics.sort_stats("cumulative").print_stats(60)
        statistics.sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
