"""Where the CPU time of one command goes: `python benchmarks/hotspots.py PROJECT run --yes`.

Profiles the command line inside this process. Up to Python 3.11 the worker threads are profiled as well, each for itself and the sums
shown; later versions allow one profile per process, so there it is the main thread alone.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import threading
import time

#: Whether each thread may have a profile of its own.
PER_THREAD = sys.version_info < (3, 12)


def main() -> None:
    """Run the command that the arguments name under the profiler and print the costliest functions."""
    project, arguments = sys.argv[1], sys.argv[2:]
    os.chdir(project)
    workers: list[cProfile.Profile] = []
    if PER_THREAD:
        _profile_threads(workers)
    profile = cProfile.Profile(time.thread_time)
    cpu, wall, own = time.process_time(), time.perf_counter(), time.thread_time()
    profile.enable()
    try:
        from andon.cli.app import cli

        cli.main(arguments, prog_name="andon", standalone_mode=False)
    finally:
        profile.disable()
        cpu, wall, own = time.process_time() - cpu, time.perf_counter() - wall, time.thread_time() - own
        sys.stderr.write(f"CPU {cpu:.2f} s, of which main thread {own:.2f} s; wall {wall:.2f} s\n")
        _show("main thread", [profile])
        if workers:
            _show("worker threads", workers)


def _profile_threads(profiles: list[cProfile.Profile]) -> None:
    """Let every thread that starts from now on run under a profile of its own, added to `profiles`."""
    original = threading.Thread.run

    def run(self: threading.Thread) -> None:
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.runcall(original, self)

    threading.Thread.run = run  # type: ignore[method-assign]


def _show(title: str, profiles: list[cProfile.Profile]) -> None:
    sys.stderr.write(f"\n== {title}\n")
    statistics = pstats.Stats(profiles[0], stream=sys.stderr)
    for profile in profiles[1:]:
        statistics.add(profile)
    statistics.sort_stats("cumulative").print_stats(60)
    statistics.sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
