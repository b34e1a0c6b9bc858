"""Spark builds a dataset of a lake in a bucket: both ask the bucket, and it keeps what any build keeps."""

from __future__ import annotations

import itertools
import shutil

import pytest

from kit.clones import FILES, Clone, closing
from kit.connect import ConnectServer
from kit.remote import TOKEN, Bucket

TOTALS = "datasets/marts/totals.sql"
#: What is an error for one row alone.
HUGE = (
    "select customer, cast(sum(amount) * 9000000000000000000 as bigint) as amount from shop.orders group by customer\n"
)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def bucket(s3) -> Bucket:
    return Bucket(s3, "sparks")


@pytest.fixture(scope="module")
def server(bucket):
    said = {
        "AWS_ENDPOINT_URL": bucket.server.url,
        "AWS_ENDPOINT": bucket.server.url,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": TOKEN,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    found = ConnectServer(environ=said)
    yield found
    found.stop()


@pytest.fixture
def clone(tmp_path, bucket, server) -> Clone:
    made = Clone(tmp_path, environ={"S3_SECRET": TOKEN})
    place = f"lake{next(_numbers)}"
    config = f'storage = "{bucket.url(place)}"\n[engines.spark]\nurl = "{server.url}"\nserver = "sail"\n{bucket.connection()}'
    made.fill({**FILES, "andon.toml": config, TOTALS: f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}"})
    return made


def builds(clone: Clone) -> dict[str, str]:
    with closing(clone.open()) as service:
        lake = service.workspace.lake
        leaves = lake.commits.state(lake.refs.resolve("main")).leaves
        found = lake.objects.builds([leaf.build for leaf in leaves.values()])
        return {name: str(found[leaf.build].engine["name"]) for name, leaf in leaves.items()}


def test_it_is_built_there_and_repeats(clone, bucket):
    """Its inputs were built in the same run, and were handed over before their turn."""
    found = clone.run()
    assert found.published, [task.error for task in found.tasks]
    assert builds(clone)["marts.totals"] == "spark"
    assert sorted(clone.ask("from marts.totals")) == [("ada", 15), ("ben", 20)]
    with closing(clone.open()) as service:
        assert service.verifying.verify(all=True).damaged == []
        assert service.reproducing.reproduce("marts.totals").verdict.holds
    assert clone.run().run is None
    shutil.rmtree(clone.root / ".andon" / "mirror")
    assert sorted(clone.ask("from marts.totals")) == [("ada", 15), ("ben", 20)]
    assert not [key for key in bucket.keys("") if ".spark.part" in key], "what Spark wrote was written out, and is gone"


def test_a_function_takes_dataframes_of_it(clone, bucket):
    """Its process asks neither the bucket nor Spark itself, and what it returns is written there."""
    clone.write(TOTALS, None)
    head = "from andon import dataset, read\nfrom pyspark.sql import functions as F\n\n\n@dataset()\n"
    body = "orders.groupBy('customer').agg(F.sum('amount').cast('bigint').alias('amount'))"
    given = 'orders=read("shop.orders").spark(), plain=read("shop.orders")'
    lines = f"    assert orders.count() == plain.count('*').fetchone()[0]\n    return {body}\n"
    clone.write("datasets/marts/totals.py", f"{head}def totals({given}):\n{lines}")
    found = clone.run()
    assert found.published, [task.error for task in found.tasks]
    assert builds(clone)["marts.totals"] == "spark"
    assert sorted(clone.ask("from marts.totals")) == [("ada", 15), ("ben", 20)]
    assert not [key for key in bucket.keys("") if ".spark.part" in key or "/spark-" in key]


def test_what_fails_there_leaves_nothing(clone, bucket):
    """A number that is too large is refused by Spark as its job runs; all else is published."""
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{HUGE}")
    found = clone.run()
    assert next(task.error for task in found.tasks if task.dataset == "marts.totals") is not None
    assert not [key for key in bucket.keys("") if ".spark.part" in key]
    clone.write(TOTALS, f"/*---\nengine: spark\n---*/\n{FILES[TOTALS]}")
    found = clone.run()
    assert found.published, [task.error for task in found.tasks]
