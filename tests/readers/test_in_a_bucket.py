"""A lake in object storage is read by others as one in a folder is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from andon.lake.iceberg.metadata import snapshot_id
from kit.readers.elsewhere import Sail, Spark
from kit.readers.here import Reader
from kit.readers.living import Living
from kit.readers.shown import Shown, require_same, shown_at
from kit.remote import TOKEN, Bucket, S3Server


@pytest.fixture(scope="session")
def access(s3: S3Server) -> Mapping[str, str]:
    """How the bucket is reached."""
    return {"endpoint": s3.url, "key": "k", "secret": TOKEN}


@pytest.fixture(scope="session")
def there(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """A lake whose storage is a bucket."""
    bucket = Bucket(s3, "readers")
    settings = f'storage = "{bucket.url("lake")}"\n{bucket.connection()}'
    living = Living(tmp_path_factory.mktemp("bucket"), 3, settings, {"S3_SECRET": TOKEN})
    living.go_on(1)
    known: dict[tuple[str, str], Shown] = {}
    with living.clone.opened() as service:
        shown_at(service, "main~1", known)
        shown_at(service, "main", known)
    assert all(each.place.startswith("s3://readers/lake/") for each in known.values())
    return list(known.values())


@pytest.fixture(scope="session")
def reaching(reader: Reader, access: Mapping[str, str]) -> Iterator[Reader]:
    """A reader that knows how the bucket is reached: those of a process of their own are told when it begins."""
    if not isinstance(reader, Sail | Spark):
        yield reader
        return
    made = type(reader)(access)
    yield made
    made.stop()


def test_each_table_is_read_as_it_is_shown(there: list[Shown], reaching: Reader, access: Mapping[str, str]) -> None:
    for shown in there:
        require_same(reaching, shown, access=access)


def test_the_newest_table_goes_back(there: list[Shown], reaching: Reader, access: Mapping[str, str]) -> None:
    before, newest = (shown for shown in there if shown.dataset == "marts.things")
    if reaching.goes_back:
        require_same(reaching, before, newest.place, access=access, snapshot=snapshot_id(before.version.id))
