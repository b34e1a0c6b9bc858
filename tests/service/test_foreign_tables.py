"""Tables of Iceberg and Delta Lake as sources: a snapshot is loaded once, and stays when the table has moved on."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pyarrow as pa  # noqa: TID253
import pytest

from kit.clones import Clone
from kit.remote import TOKEN, Bucket, WebServer

COUNT = "select count(*) as n, sum(amount)::integer as amount from shop.orders\n"
_names = (f"tables{n}" for n in itertools.count(1))


def rows(*pairs) -> pa.Table:
    return pa.table(
        {"id": pa.array([p[0] for p in pairs], pa.int64()), "amount": pa.array([p[1] for p in pairs], pa.int64())}
    )


class DeltaWriter:
    """Writes a table of Delta Lake at `place`."""

    reader = "delta_scan"

    def __init__(self, place: str, bucket: Bucket | None) -> None:
        self.place, self.named = place, place
        self._options = None
        if bucket is not None:
            self._options = {
                "AWS_ENDPOINT_URL": bucket.server.url, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "k", "AWS_REGION": "us-east-1",
                "AWS_SECRET_ACCESS_KEY": TOKEN, "AWS_S3_ALLOW_UNSAFE_RENAME": "true",
            }  # fmt: skip

    def append(self, table: pa.Table) -> None:
        from deltalake import write_deltalake

        write_deltalake(self.place, table, mode="append", storage_options=self._options)

    def delete(self, condition: str) -> None:
        from deltalake import DeltaTable

        DeltaTable(self.place, storage_options=self._options).delete(condition)

    def add_column(self) -> None:
        from deltalake import write_deltalake

        table = rows((9, 9)).append_column("note", pa.array(["x"]))
        write_deltalake(self.place, table, mode="append", schema_mode="merge", storage_options=self._options)


class IcebergWriter:
    """Writes a table of Iceberg; what says which of its metadata counts is written beside it, as some catalogs do."""

    reader = "iceberg_scan"

    def __init__(self, place: str, bucket: Bucket | None, folder) -> None:
        from pyiceberg.catalog.sql import SqlCatalog

        self.named = place
        self._bucket = bucket
        said = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": str(folder)}
        if bucket is not None:
            said |= {
                "s3.endpoint": bucket.server.url, "s3.access-key-id": "k", "s3.secret-access-key": TOKEN, "s3.region": "us-east-1"
            }  # fmt: skip
        self._catalog = SqlCatalog("c", **said)
        self._catalog.create_namespace("s")
        location = place if bucket is not None else f"file://{place}"
        self.table = self._catalog.create_table("s.t", schema=rows((1, 1)).schema, location=location)
        self._hint()

    def append(self, table: pa.Table) -> None:
        self.table.append(table)
        self._hint()

    def delete(self, condition: str) -> None:
        self.table.delete(condition)
        self._hint()

    def add_column(self) -> None:
        from pyiceberg.types import StringType

        with self.table.update_schema() as update:
            update.add_column("note", StringType())
        self.append(rows((9, 9)).append_column("note", pa.array(["x"])))

    def _hint(self) -> None:
        name = self.table.metadata_location.rsplit("/", 1)[1].removesuffix(".metadata.json")
        if self._bucket is not None:
            key = self.named.removeprefix(f"s3://{self._bucket.name}/")
            self._bucket.put(f"{key}/metadata/version-hint.text", name)
            return
        path = self.table.location().removeprefix("file://") + "/metadata/version-hint.text"
        Path(path).write_text(name, encoding="utf-8")


@pytest.fixture(params=["delta", "iceberg"])
def made(request, tmp_path):
    place = str(tmp_path / "acme lake" / "orders")
    return DeltaWriter(place, None) if request.param == "delta" else IcebergWriter(place, None, tmp_path)


def project(tmp_path, writer, bucket=None) -> Clone:
    writer.append(rows((1, 10), (2, 20)))
    clone = Clone(tmp_path / "acme", environ={"S3_SECRET": TOKEN})
    clone.write("andon.toml", bucket.connection() if bucket is not None else "")
    clone.write("sources/shop/orders.sql", f"select id, amount from {writer.reader}('{writer.named}')\n")
    clone.write("datasets/marts/count.sql", COUNT)
    clone.run()
    return clone


def count(clone: Clone, at: str | None = None) -> tuple:
    return clone.ask("from marts.count", at)[0]


def test_a_snapshot_is_loaded_once_and_stays(tmp_path, made):
    clone = project(tmp_path, made)
    assert count(clone) == (2, 30)
    first = clone.head().id
    assert clone.refresh().run is None
    made.append(rows((3, 5)))
    assert clone.run().run is None
    clone.refresh()
    assert count(clone) == (3, 35)
    made.delete("id = 1")
    clone.refresh()
    assert (count(clone), count(clone, first)) == ((2, 25), (2, 30))
    shutil.rmtree(made.named)
    (error,) = [task.error for task in clone.refresh().tasks if task.error is not None]
    assert error["code"] == "source.missing"
    clone.write("sources/shop/orders.sql", f"select id, amount from {made.reader}('{made.named}') -- kept\n")
    clone.run(force=True)
    assert count(clone) == (2, 25)


def test_undo_sticks_until_there_is_another_snapshot(tmp_path, made):
    clone = project(tmp_path, made)
    made.append(rows((3, 5)))
    clone.refresh()
    clone.undo()
    clone.refresh()
    assert count(clone) == (2, 30)
    made.append(rows((4, 1)))
    clone.refresh()
    assert count(clone) == (4, 36)


def test_columns_that_come_are_held_to_the_first_load(tmp_path, made):
    clone = project(tmp_path, made)
    made.add_column()
    (error,) = [task.error for task in clone.refresh().tasks if task.error is not None]
    assert (error["code"], "new: `note`" in error["message"]) == ("source.contract", True)
    assert count(clone) == (2, 30)
    with clone.opened() as service:
        from andon.service.sources import accept_source

        accept_source(service.workspace, "shop.orders")
    clone.run()
    assert count(clone) == (3, 39)


def test_what_is_no_table(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    for reader, place, says in (
        ("delta_scan", "raw/none", "`raw/none` is no table of Delta Lake"),
        ("iceberg_scan", "raw/none", "`raw/none` is no table of Iceberg"),
        ("iceberg_scan", "raw/none/v1.metadata.json", "`raw/none/v1.metadata.json` is not there"),
    ):
        clone.write("sources/shop/orders.sql", f"from {reader}('{place}')\n")
        (error,) = [task.error for task in clone.run().tasks if task.error is not None]
        assert (error["code"], says in error["message"]) == ("source.missing", True), error


def test_a_folder_whose_catalog_alone_knows_what_counts(tmp_path):
    writer = IcebergWriter(str(tmp_path / "t"), None, tmp_path)
    (tmp_path / "t/metadata/version-hint.text").unlink()
    writer._hint = lambda: None
    clone = project(tmp_path, writer)
    with pytest.raises(Exception, match="marts"):
        count(clone)
    (error,) = [task.error for task in clone.run().tasks if task.error is not None]
    assert error["code"] == "source.ambiguous"
    named = writer.table.metadata_location.removeprefix("file://")
    assert f"`iceberg_scan('{named}')`" in error["hint"]
    clone.write("sources/shop/orders.sql", f"from iceberg_scan('{named}')\n")
    clone.run()
    assert count(clone) == (2, 30)


def test_a_catalog_says_which_metadata_count(tmp_path):
    prefix = "ws/"
    web = WebServer()
    web.needs_token = True
    writer = IcebergWriter(str(tmp_path / "t"), None, tmp_path)
    web.put("v1/config", json.dumps({"defaults": {}, "overrides": {"prefix": "ws"}}))

    def told():
        location = json.dumps({"metadata-location": writer.table.metadata_location})
        web.put(f"v1/{prefix}namespaces/s\x1fdeep/tables/t", location)

    writer._hint, writer.named = told, "iceberg://lake/s.deep.t"
    clone = Clone(tmp_path / "acme", environ={"WEB_TOKEN": TOKEN})
    writer.append(rows((1, 10), (2, 20)))
    toml = f'[connections.lake]\nkind = "iceberg"\nuri = "{web.root}/"\nwarehouse = "w"\ntoken = "${{env:WEB_TOKEN}}"\n'
    clone.write("andon.toml", toml)
    clone.write("sources/shop/orders.sql", "select id, amount from iceberg_scan('iceberg://lake/s.deep.t')\n")
    clone.write("datasets/marts/count.sql", COUNT)
    clone.run()
    assert count(clone) == (2, 30)
    writer.append(rows((3, 5)))
    clone.refresh()
    assert count(clone) == (3, 35)
    assert clone.refresh().run is None
    clone.undo()
    clone.refresh()
    assert count(clone) == (2, 30)
    for named, code, says in (
        ("iceberg://lake/s.none", "source.missing", "the catalog `lake` knows no table `s.none`"),
        ("iceberg://lak/s.t", "project.bad_value", "there is no catalog `lak`"),
        ("iceberg://lake/t", "source.missing", "names no table of a catalog"),
    ):
        clone.write("sources/shop/other.sql", f"from iceberg_scan('{named}')\n")
        (error,) = [task.error for task in clone.run().tasks if task.error is not None]
        assert (error["code"], says in error["message"]) == (code, True), error
    clone.write("sources/shop/other.sql", None)
    web.put("v1/config", "<html>sign in</html>")
    writer.append(rows((4, 1)))
    (error,) = [task.error for task in clone.refresh().tasks if task.error is not None]
    assert (error["code"], "no JSON" in error["message"]) == ("source.truncated", True)
    assert TOKEN not in repr(error)
    web.stop()


def test_options_are_refused(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("sources/shop/orders.sql", "from delta_scan('raw/t', version = 0)\n")
    (error,) = [task.error for task in clone.run().tasks if task.error is not None]
    assert (error["code"], "takes no option" in error["message"]) == ("source.ambiguous", True)


@pytest.mark.parametrize("kind", ["delta", "iceberg"])
def test_tables_of_a_bucket(tmp_path, s3, kind):
    bucket = Bucket(s3, next(_names))
    place = f"s3://{bucket.name}/lake/orders"
    writer = DeltaWriter(place, bucket) if kind == "delta" else IcebergWriter(place, bucket, tmp_path)
    clone = project(tmp_path, writer, bucket)
    assert count(clone) == (2, 30)
    writer.append(rows((3, 5)))
    clone.refresh()
    assert count(clone) == (3, 35)
    assert clone.refresh().run is None
