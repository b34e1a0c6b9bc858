"""Endpoints of Spark Connect for tests, in an environment of their own.

`spark_server("sail")` is Sail, from wheels; it starts in seconds. `spark_server("jvm")` is Apache Spark itself, which needs Java and
`ANDON_SPARK=jvm`: it takes a minute and much memory. Where one can't be had, a test is skipped and says why.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

from servers import spark_environment

_ROOT = Path(__file__).resolve().parents[2]
_LOCKS = {"sail": _ROOT / "requirements" / "spark.txt", "jvm": _ROOT / "requirements" / "spark-jvm.txt"}


class SparkServer:
    """An endpoint and a client of it, in a process of their own.

    Attributes:
        kind: `sail` or `jvm`.
        url: where it listens; of `jvm` only its own client knows the way.
        version: as it says.
    """

    def __init__(self, kind: str, python: Path) -> None:
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="andon-spark-")
        child = Path(__file__).with_name("spark_child.py")
        self._said = Path(self._folder.name, "stderr").open("wb")  # noqa: SIM115 closed with the process
        self._process = subprocess.Popen(
            [str(python), str(child), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
        )
        hello = self._answer()
        self.url, self.version = str(hello["url"]), str(hello["version"])

    def set(self, settings: Mapping[str, str]) -> None:
        """Set the session."""
        self._ask({"settings": dict(settings)})

    def views(self, files: Mapping[str, Sequence[Path]]) -> None:
        """Make Parquet files known by names."""
        self._ask({"views": {name: [str(file) for file in some] for name, some in files.items()}})

    def sql(self, *texts: str) -> list[Any]:
        """For each query its Arrow table, or what the endpoint said of it."""
        import pyarrow

        found: list[Any] = []
        for result in self._ask({"sql": texts, "into": self._folder.name})["results"]:
            if "error" in result:
                found.append(str(result["error"]))
            else:
                with pyarrow.OSFile(result["arrow"], "rb") as source:
                    found.append(pyarrow.ipc.open_file(source).read_all())
        return found

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()
        self._folder.cleanup()

    def _ask(self, document: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            said = Path(self._folder.name, "stderr").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the endpoint {self.kind} ended: {said}")
        return dict(json.loads(line))


@contextlib.contextmanager
def spark_server(kind: str = "sail") -> Iterator[SparkServer]:
    """An endpoint for as long as it is needed; skips where there is none."""
    server = SparkServer(kind, spark_python(kind))
    try:
        yield server
    finally:
        server.close()


def spark_python(kind: str = "sail") -> Path:
    """The Python of the environment that has Sail, or Apache Spark; it is made at need and kept beside this one.

    Skips, but never in CI, where the packages can't be had; and where Apache Spark is not asked for.
    """
    if kind == "jvm":
        if os.environ.get("ANDON_SPARK") != "jvm":
            pytest.skip("Apache Spark is asked with ANDON_SPARK=jvm: it takes a minute and a gigabyte")
        if shutil.which("java") is None:
            pytest.skip("Apache Spark needs Java, which this machine does not have")
    try:
        return spark_environment(kind, _LOCKS[kind]) / "bin" / "python"
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the packages of Spark can't be had: {str(error.stderr).strip()[-300:]}")
