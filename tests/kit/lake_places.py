"""Where lakes lie that several folders share: on one disk, or with `ANDON_TESTS_LAKES=servers` in a Postgres and in object storage.

There each folder is a machine of its own: what they share are the two servers, and no file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from kit.remote import TOKEN, Bucket
from kit.servers import PostgresServer

Places = Callable[[Path], dict[str, str]]
_numbers = itertools.count(1)
_places: list[Places] = []


def places(folder: Path) -> dict[str, str]:
    """The environment of whoever works on a lake of its own; what of it are files lie in `folder`."""
    return _places[-1](folder) if _places else on_one_disk(folder)


def on_servers() -> bool:
    """Whether lakes lie on servers."""
    return bool(_places)


def on_one_disk(folder: Path) -> dict[str, str]:
    """A folder, and a catalog in it."""
    return {"ANDON_STORAGE": str(folder / "lake"), "ANDON_CATALOG": str(folder / "lake" / "catalog.db")}


def let_lakes_lie_on(postgres: PostgresServer, bucket: Bucket) -> None:
    """From here on: a schema and a prefix for each lake."""

    def found(_: Path) -> dict[str, str]:
        name = f"{bucket.name}_{next(_numbers)}"
        return {
            "ANDON_STORAGE": bucket.url(name),
            "ANDON_CATALOG": postgres.catalog(name),
            "AWS_ENDPOINT_URL": bucket.server.url,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": TOKEN,
            "AWS_REGION": "us-east-1",
        }

    _places.append(found)
