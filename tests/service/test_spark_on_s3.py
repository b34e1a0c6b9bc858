"""A lake in a bucket: Spark reads and writes it where it lies, and leaves nothing there that is not the lake's."""

from __future__ import annotations

import pytest
from kit.fault_proxy import FaultProxy
from kit.in_buckets import BucketShop

from kit.clones import FILES
from kit.connect import ConnectServer
from kit.remote import TOKEN, Bucket


@pytest.fixture
def shop(tmp_path, s3):
    bucket, proxy = Bucket(s3, "sparks"), FaultProxy(s3.url)
    environ = {
        "AWS_ENDPOINT": s3.url,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": TOKEN,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    server = ConnectServer("sail", environ)
    made = BucketShop(
        tmp_path, bucket, proxy, 'engines.spark.server = "sail"\n' + f'engines.spark.url = "{server.url}"\n'
    )
    made.write("datasets/marts/totals.sql", f"/*---\nengine: spark\n---*/\n{FILES['datasets/marts/totals.sql']}")
    yield made
    server.stop()
    proxy.stop()


def test_what_spark_builds_lies_in_the_bucket_and_nothing_else_of_it(shop):
    result = shop.run()
    assert result.published, [task.error for task in result.tasks]
    assert sorted(shop.ask("select * from marts.totals")) == [("ada", 15), ("ben", 20)]
    assert shop.verified()
    assert not [path for path in shop.objects() if ".part" in path]
    shop.lose_mirror()
    assert sorted(shop.ask("select * from marts.totals")) == [("ada", 15), ("ben", 20)]
