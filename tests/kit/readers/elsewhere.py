"""Readers of Iceberg in processes and environments of their own: Sail, and Apache Spark with Iceberg's runtime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from andon.engines.python.environment import provide_environment
from kit.readers.asking import Comparison
from kit.readers.here import Access
from kit.readers.rows import Rows, rows_of
from kit.spark import spark_python

_ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = Path(__file__).with_name("sparks.py")
#: Iceberg's part for Spark, of Maven Central.
_RUNTIME = "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0"

#: Its part for buckets, and a database that its catalog of tables is in.
_BUCKETS = ("org.apache.iceberg:iceberg-aws-bundle:1.10.0", "com.h2database:h2:2.2.224")


class ReaderFailed(Exception):
    """What a reader said when it could not read a table."""


class _Elsewhere:
    """A process that reads one table after the other."""

    uuid_is_text = False

    def __init__(
        self, python: Sequence[str], arguments: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> None:
        self._folder = TemporaryDirectory(prefix="andon-readers-")
        self._counted = 0
        self._said = Path(self._folder.name) / "said"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [*python, str(_PROGRAM), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self._folder.name,
                env={**os.environ, "PYTHONWARNINGS": "ignore", **(environ or {})},
                text=True,
            )
        self._answer()

    def _answer(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._said.read_text(errors="replace")[-4000:]
        if failed := json.loads(line).get("failed"):
            raise ReaderFailed(failed)

    def _asked(self, place: str, columns: Mapping[str, str], where: Sequence[Comparison], snapshot: int | None) -> Rows:
        import pyarrow as pa

        self._counted += 1
        to = Path(self._folder.name) / f"{self._counted}.arrow"
        asked = {
            "metadata": place,
            "to": str(to),
            "select": ["`" + name.replace("`", "``") + "`" for name in columns],
            "where": " and ".join(each.spark(uuid_is_text=self.uuid_is_text) for each in where),
            "snapshot": snapshot,
        }
        assert self._process.stdin is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        self._answer()
        with pa.OSFile(str(to)) as file:
            found = rows_of(pa.ipc.open_stream(file).read_all(), columns)
        to.unlink()
        return found

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


class Sail(_Elsewhere):
    """Sail: Spark's language on another engine. It reads the folder of a table, not a metadata file."""

    name = "Sail"
    shows: Mapping[str, str] = {"UUID": "BLOB"}
    misses = frozenset[str]()
    goes_back = False

    def __init__(self, access: Access | None = None) -> None:
        super().__init__([str(spark_python("sail"))], ["sail"], _for_object_store(access))

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """See `Reader.read`; how a bucket is reached was said when it began."""
        return self._asked(metadata.rpartition("/metadata/")[0], columns, where, snapshot)


class Spark(_Elsewhere):
    """Apache Spark on the JVM with Iceberg's runtime."""

    name = "Spark"
    shows: Mapping[str, str] = {"UUID": "VARCHAR"}
    misses = frozenset({"TIME"})
    goes_back = True
    uuid_is_text = True

    def __init__(self, access: Access | None = None) -> None:
        jars = [maven_file(name) for name in (_RUNTIME, *(_BUCKETS if access else ()))]
        said = {**_catalog(access), "spark.driver.extraClassPath": os.pathsep.join(jars)} if access else {}
        content = (_ROOT / "requirements" / "iceberg-spark.txt").read_bytes()
        found = provide_environment("kit.readers", content, Path(sys.prefix) / "kit")
        super().__init__(found.command, jars, {"SPARK_SAID": json.dumps(said)})

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """See `Reader.read`; how a bucket is reached was said when it began."""
        return self._asked(metadata, columns, where, snapshot)


def maven_file(name: str) -> str:
    """Where the file of `group:artifact:version` lies, fetched if it is not there."""
    group, artifact, version = name.split(":")
    file = Path.home() / ".m2/repository" / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar"
    if not file.exists():
        subprocess.run(["mvn", "-q", "dependency:get", f"-Dartifact={name}", "-Dtransitive=false"], check=True)
    return str(file)


def _catalog(access: Access) -> dict[str, str]:
    """A catalog of tables in buckets, which lasts as long as the process."""
    own = {
        "type": "jdbc",
        "uri": "jdbc:h2:mem:lake;DB_CLOSE_DELAY=-1",
        "warehouse": "s3://none/none",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "s3.endpoint": access["endpoint"],
        "s3.access-key-id": access["key"],
        "s3.secret-access-key": access["secret"],
        "s3.path-style-access": "true",
        "client.region": "us-east-1",
    }
    name = "spark.sql.catalog.lake"
    return {name: "org.apache.iceberg.spark.SparkCatalog", **{f"{name}.{key}": value for key, value in own.items()}}


def _for_object_store(access: Access | None) -> dict[str, str]:
    if access is None:
        return {}
    return {
        "AWS_ENDPOINT": access["endpoint"],
        "AWS_ACCESS_KEY_ID": access["key"],
        "AWS_SECRET_ACCESS_KEY": access["secret"],
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
