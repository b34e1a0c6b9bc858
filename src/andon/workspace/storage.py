"""Opening the place of a lake's data files: a folder, or a prefix of a bucket with a folder for what of it is in use here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.s3 import SCHEME
from andon.errors import UsageError
from andon.model.connection import Connection
from andon.settings.resolve import Settings

if TYPE_CHECKING:
    from andon.lake.object_storage import ObjectStorage

#: What engines take for a pattern, or for the end of a name: below a prefix with one of them no file is read by range.
_PATTERNS = frozenset("*?[]\\")
#: No name of an object has such a part.
_NOWHERE = frozenset(("", ".", ".."))


def is_object_store(storage: str) -> bool:
    """Whether a setting `storage` names a bucket."""
    return storage.startswith(SCHEME)


def mirror_of(storage: str, state: Path) -> Path:
    """The folder of this machine for the files of a bucket that are in use; beside a project's own state."""
    return state / "mirror" / sha256(storage.rstrip("/").encode()).hexdigest()[:16]


def open_object_storage(
    url: str,
    settings: Settings,
    connections: Mapping[str, Connection],
    resolve: Callable[[str, str], str],
    environ: Mapping[str, str],
    state: Path,
) -> ObjectStorage:
    """The storage of an address that names a bucket. Nobody is asked yet.

    Who asks is what the connection of kind `s3` says that names the bucket; else the environment, a profile, or the machine's role.

    Args:
        resolve: gives what a text with references stands for: (text, what it is).
        state: the project's folder of state.

    Raises:
        UsageError: `usage.bad_argument` for a reference that leads nowhere, a profile that is not there or not understood, and
            for an address with parts that no object can have.
    """
    # here, since few lakes lie there
    from andon.base.s3 import ambient_options, bucket_and_key
    from andon.engines.duckdb.extensions import has_extension
    from andon.lake.object_storage import ObjectStorage
    from andon.lake.object_store import ObjectStore

    url = url.rstrip("/")
    if not _NOWHERE.isdisjoint(url.removeprefix(SCHEME).split("/")):
        raise UsageError(
            "usage.bad_argument",
            f"`{url}` names no place in a bucket: a part of it is empty, `.` or `..`",
            where="storage",
            hint="name it as `s3://bucket/prefix`",
        )
    bucket = bucket_and_key(url)[0]
    found = next((c for c in connections.values() if c.kind == "s3" and dict(c.options)["bucket"] == bucket), None)
    if found is None:
        options, named = (
            ambient_options(environ),
            f"`AWS_…` of the environment, or `[connections.NAME]` of bucket `{bucket}`",
        )
    else:
        options = {key: resolve(text, f"the connection `{found.name}`") for key, text in found.options}
        named = f"the connection `{found.name}`"
    return ObjectStorage(
        ObjectStore(url, options, named, int(settings.get("object_storage.silence"))),
        mirror_of(url, state),
        bound=int(settings.get("object_storage.cache")),
        by_range=int(settings.get("object_storage.by_range")),
        can_range=bool(options.get("key")) and not _PATTERNS.intersection(url) and has_extension("httpfs"),
    )
