"""A lake in object storage is read by others as one in a folder is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from andon.lake.iceberg.metadata import derive
from kit.readers.elsewhere import Sail, Spark
from kit.readers.here import Reader
from kit.readers.living import Living
from kit.readers.shown import Shown, require_same, shown_at
from kit.remote import TOKEN, Bucket, S3Server

_PREFIX = "lake"


@pytest.fixture(scope="session")
def access(s3: S3Server) -> Mapping[str, str]:
    """How the bucket is reached."""
    return {"endpoint": s3.url, "key": "k", "secret": TOKEN}


@pytest.fixture(scope="session")
def there(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """A lake, with its data and metadata in a bucket."""
    bucket = Bucket(s3, "readers")
    living = Living(tmp_path_factory.mktemp("bucket"), 3)
    living.go_on(1)
    with living.clone.opened() as service:
        shown = shown_at(service, "main")
        root = Path(service.workspace.lake.storage.engine_path("."))
    url = bucket.url(_PREFIX)
    places = []
    for each in shown:
        for file in each.version.files:
            bucket.put(f"{_PREFIX}/{file.path}", (root / file.path).read_bytes())
        place = derive(
            each.version,
            storage_url=url,
            write=lambda path, data: bucket.put(f"{_PREFIX}/{path}", data),
            table_uuid="0190163d-8694-739b-aea5-966c26f8ad91",
            time_ms=1,
        )
        places.append(each._replace(place=f"{url}/{place}"))
    return places


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
