"""Measures a lake in a bucket far away beside one in a folder; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/object_storage.py              500 datasets, five builds each
    python benchmarks/object_storage.py --quick      one; RESULTS.md stays as it is

A cold build, and a run that has nothing to do, of the same project: its lake in a folder; in a bucket of a server on this machine; in that
bucket with 30 ms for each request. Requests are counted. `ANDON_TESTS_S3_PROGRAM` names a versitygw, which takes less of the machine than
the server that comes with the tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import generate
from measure import Sample, median, run_measured
from parts import cost_table, write_part

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kit.remote import TOKEN, Bucket, S3Server

LATENCY = 0.03
#: A cold build with it, beside one in a folder; and the seconds of a run that has nothing to do.
MOST, STILL = 1.5, 0.4
_RUN = [sys.executable, "-c", "import sys; from andon.cli.main import main; sys.exit(main())", "run", "--yes", "--json"]
_PROXY = """
import sys, time
sys.path.insert(0, sys.argv[1])
from kit.fault_proxy import FaultProxy
proxy = FaultProxy(sys.argv[2])
proxy.plan.latency = float(sys.argv[3])
print(proxy.url, flush=True)
for line in sys.stdin:
    print(len(proxy.take()), flush=True)
"""


class Distance:
    """A proxy in a process of its own."""

    def __init__(self, server: S3Server, latency: float) -> None:
        tests = str(Path(__file__).parents[1] / "tests")
        command = [sys.executable, "-c", _PROXY, tests, server.url, str(latency)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def asked(self) -> int:
        """The requests since it was asked last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measured(project: Path, server: S3Server, turns: int) -> tuple[dict[str, list[Sample]], dict[str, int]]:
    """Samples by what was run where, and the requests that it took."""
    near, far = Distance(server, 0.0), Distance(server, LATENCY)
    plain = (project / "andon.toml").read_text()
    bucket = Bucket(server, "bench")
    samples: dict[str, list[Sample]] = {}
    asked: dict[str, int] = {}
    environment = {**os.environ, "ANDON_AUTHOR": "ana", "S3_SECRET": TOKEN}
    try:
        for turn in range(turns + 1):
            for where, distance in (("folder", None), ("bucket", near), ("bucket, 30 ms", far)):
                shutil.rmtree(project / ".andon", ignore_errors=True)
                said = ""
                if distance is not None:
                    said = f'storage = "s3://bench/{where[-5:-3]}{turn}"\n'
                    said += bucket.connection(distance.url)
                (project / "andon.toml").write_text(f"{plain}\n{said}")
                for what in ("cold", "nothing to do"):
                    sample, _ = run_measured(_RUN, project, environment)
                    asked[f"{what}, {where}"] = distance.asked() if distance is not None else 0
                    if turn:  # what is read the first time is read from the disk
                        samples.setdefault(f"{what}, {where}", []).append(sample)
    finally:
        (project / "andon.toml").write_text(plain)
        near.stop()
        far.stop()
    return samples, asked


def page(samples: dict[str, list[Sample]], asked: dict[str, int]) -> Sequence[str]:
    """What is written."""
    ratio = median(samples["cold, bucket, 30 ms"]).wall / median(samples["cold, folder"]).wall
    still = median(samples["nothing to do, bucket, 30 ms"]).wall
    return [
        "## Object storage",
        "",
        "Written by `python benchmarks/object_storage.py`, which says what is measured.",
        "",
        f"Cold build of 500 with 30 ms for each request: {ratio:.2f} × the wall time of a folder, ≤ {MOST} ×:"
        f" {'met' if ratio <= MOST else 'not met'}; {asked['cold, bucket, 30 ms']} requests."
        f" A run that has nothing to do: {still:.2f} s, ≤ {STILL} s: {'met' if still <= STILL else 'not met'};"
        f" {asked['nothing to do, bucket, 30 ms']} requests.",
        "",
        *cost_table(samples, "cold, folder"),
    ]


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one build each; RESULTS.md stays as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="andon-object-storage-") as scratch:
        folder = Path(scratch)
        generate.write(generate.small(500), folder)
        (folder / "server").mkdir()
        server = S3Server(folder / "server")
        try:
            told = page(*measured(folder / "project", server, 1 if given.quick else 5))
        finally:
            server.stop()
    print("\n".join(told))
    if not given.quick:
        write_part("object storage", told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
