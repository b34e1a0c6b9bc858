"""A process that reads Iceberg tables as Spark does: on Sail, or on Apache Spark with Iceberg's runtime. Runs in an environment of its own.

    python sparks.py sail
    python sparks.py JAR…

Each line that comes in asks for one table, as JSON: `metadata` (where it is), `select`, `where` (SQL), `snapshot`, `to` (the file of
Arrow that it writes). Each line that goes out is an answer: an empty object, or what went wrong as `failed`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pyarrow as pa  # noqa: TID253 - in an environment of its own

#: A server that nothing holds ends.
_kept: list[Any] = []


def main(kind: str, *more: str) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what servers print goes where errors go
    spark = _sail() if kind == "sail" else _spark([kind, *more])
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    print(json.dumps({}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            _read(spark, **json.loads(line))
            said = {}
        except Exception as error:  # noqa: BLE001 - told to who asked
            said = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), file=answers, flush=True)


def _sail() -> Any:
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _kept.append(server)
    return SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()


def _spark(jars: list[str]) -> Any:
    from pyspark.sql import SparkSession

    said = {
        "spark.jars": ",".join(jars),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        **json.loads(os.environ.get("SPARK_SAID", "{}")),
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in said.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _registered(spark: Any, metadata: str) -> str:
    """The name of a table of the catalog `lake` that stands for a metadata file."""
    name = f"lake.seen.t{len(_kept)}"
    _kept.append(name)
    spark.sql("create namespace if not exists lake.seen")
    spark.sql(
        f"call lake.system.register_table(table => '{name.removeprefix('lake.')}', metadata_file => '{metadata}')"
    )
    return name


def _read(spark: Any, metadata: str, to: str, select: list[str], where: str, snapshot: int | None) -> None:
    reader = spark.read.format("iceberg")
    if snapshot is not None:
        reader = reader.option("snapshot-id", snapshot)
    # a catalog reaches buckets, a bare path does not
    table = reader.load(_registered(spark, metadata) if metadata.endswith(".json") and "s3:" in metadata else metadata)
    if where:
        table = table.where(where)
    if select:
        table = table.selectExpr(*select)
    result = table.toArrow()
    with pa.OSFile(to, "wb") as file, pa.ipc.new_stream(file, result.schema) as writer:
        writer.write_table(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
