"""Objects below one prefix of a bucket, whole or not there: the only place of the lake that asks a server which speaks S3.

Each request has a time-out and is asked again with growing, jittered pauses; then a `MachineError` says what did not answer, and why.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from andon.base.record import Record
from andon.base.s3 import SCHEME, bucket_and_key, is_misdirected, is_refusal, reason, s3_store
from andon.errors import MachineError

if TYPE_CHECKING:
    from obstore.store import S3Store

T = TypeVar("T")

_CHUNK = 1 << 20
#: A larger file goes up in parts, which its unique name allows; a smaller one in one request that never takes another's place.
_IN_PARTS = 32 << 20
#: So large a part at least, and so many parts at most: 10,000 are the most that a server takes.
_PART, _PARTS = 8 << 20, 9_000
_AT_ONCE = 8
#: Of a whole request. What hangs ends by the time of silence.
_TIMEOUT = "1h"
_RETRIES = 4
#: A request that creates is asked again by us alone: whether it was done before is to be looked at then.
_CREATING = 4
_PAUSE = 0.2


class StoredObject(Record):
    """An object as the server describes it: its bytes, and what changes with its content."""

    size: int
    tag: str


class ObjectStore:
    """See the module. Safe under threads.

    Args:
        url: `s3://bucket/prefix`.
        options: of a connection of kind `s3`, references resolved.
        named: what a person looks at where access is refused (`the connection `files``).
        silence: so many seconds the server may be silent.

    Raises:
        MachineError: `machine.missing` where the library isn't installed.
    """

    def __init__(self, url: str, options: Mapping[str, str], named: str, silence: int) -> None:
        self.url = url.rstrip("/")
        if find_spec("obstore") is None:  # it is loaded where something is asked
            raise MachineError(
                "machine.missing",
                "`obstore`, which asks object storage, is not installed",
                where=self.url,
                hint="install it: `pip install 'andon[s3]'`",
            )
        self.bucket, prefix = bucket_and_key(self.url)
        self.options = options
        self.prefix = f"{prefix}/" if prefix else ""
        self._named = named
        self._silence = silence
        self._made: S3Store | None = None

    def address(self, path: str) -> str:
        """The address of an object."""
        return f"{SCHEME}{self.bucket}/{self.prefix}{path}"

    def create(self, path: str, source: Path, size: int) -> None:
        """Let an object be there with this content, which nobody sees in part, and which takes the place of no other content.

        A lost answer is no harm: what is there is compared then.

        Raises:
            MachineError: `machine.storage`; another content is there under this name (`lake.corrupt`).
        """
        import obstore

        if size > _IN_PARTS:
            self.put(path, source, size)
            return
        body = source.read_bytes()
        for attempt in range(_CREATING):
            try:
                obstore.put(self._store, self._key(path), body, mode="create", use_multipart=False)
                return
            except obstore.exceptions.AlreadyExistsError:
                self._require_same(path, body)
                return
            except Exception as error:
                if attempt + 1 == _CREATING or is_refusal(error) or _is_lacking(error):
                    if self._is_there(path, body):  # only its answers were lost
                        return
                    raise self._told(f"write `{path}`", error) from error
            time.sleep(_PAUSE * 2**attempt * (0.5 + secrets.randbelow(1000) / 1000))

    def put(self, path: str, source: Path, size: int) -> None:
        """Let an object hold this content, whatever was there.

        Raises:
            MachineError: `machine.storage`.
        """
        import obstore

        def ask() -> None:
            obstore.put(
                self._store,
                self._key(path),
                source,
                use_multipart=size > _IN_PARTS,
                chunk_size=max(_PART, -(-size // _PARTS)),
                max_concurrency=_AT_ONCE,
            )

        self._ask(f"write `{path}`", ask)

    def pieces(self, path: str) -> Iterator[bytes]:
        """The content of an object, piece by piece; what breaks off is asked for again from there.

        Raises:
            FileNotFoundError: there is no such object.
            MachineError: `machine.storage`.
        """
        import obstore

        try:
            found = obstore.get(self._store, self._key(path))
            size = 0
            for chunk in found.stream(min_chunk_size=_CHUNK):
                piece = bytes(chunk)
                size += len(piece)
                yield piece
        except GeneratorExit:
            raise
        except Exception as error:
            raise self._lost_or_told(path, error) from error
        if size != found.meta["size"]:
            raise self._failed(f"read `{path}`", "the answer was cut off")

    def get(self, path: str) -> bytes:
        """The content of a small object. Raises as `pieces`."""
        return b"".join(self.pieces(path))

    def head(self, path: str) -> StoredObject | None:
        """What is known of an object without reading it; None where there is none.

        Raises:
            MachineError: `machine.storage`.
        """
        import obstore

        try:
            found = obstore.head(self._store, self._key(path))
        except Exception as error:
            if _is_lacking(error) and "NoSuchBucket" not in str(error):
                return None
            raise self._told(f"look at `{path}`", error) from error
        return StoredObject(found["size"], str(found["e_tag"] or ""))

    def listed(self, folder: str) -> Iterator[tuple[str, int]]:
        """All objects below a folder, with their sizes.

        Raises:
            MachineError: `machine.storage`.
        """
        import obstore

        try:
            for page in obstore.list(self._store, prefix=self._key(folder)):
                for each in page:
                    yield each["path"].removeprefix(self.prefix), each["size"]
        except GeneratorExit:
            raise
        except Exception as error:
            raise self._told(f"list `{folder}`", error) from error

    def is_any(self, folder: str) -> bool:
        """Whether an object lies below a folder. Raises as `listed`."""
        return next(self.listed(folder), None) is not None

    def delete(self, path: str) -> None:
        """Remove an object; none is no error.

        Raises:
            MachineError: `machine.storage`.
        """
        import obstore

        try:
            obstore.delete(self._store, self._key(path))
        except Exception as error:
            if not _is_lacking(error):
                raise self._told(f"delete `{path}`", error) from error

    # -- asking

    @property
    def _store(self) -> S3Store:
        if self._made is None:
            self._made = s3_store(
                self.bucket,
                self.options,
                timeout=_TIMEOUT,
                read_time=f"{self._silence}s",
                retries=_RETRIES,
                anonymous=False,
            )
        return self._made

    def _key(self, path: str) -> str:
        return self.prefix + path

    def _ask(self, doing: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Exception as error:
            raise self._told(doing, error) from error

    def _require_same(self, path: str, body: bytes) -> None:
        """That what is there already is what was to be created: an earlier request whose answer was lost."""
        try:
            found = self.get(path)
        except FileNotFoundError as error:
            raise self._failed(f"write `{path}`", "an object was there, and went") from error
        if found != body:
            raise MachineError(
                "lake.corrupt",
                f"`{path}` is in the storage already, with another content",
                where=self.address(path),
                hint="nothing was replaced; somebody wrote there by hand: remove that object, then run again",
            )

    def _is_there(self, path: str, body: bytes) -> bool:
        """Whether an object has a content, as far as the server tells."""
        try:
            found = self.head(path)
            return found is not None and found.size == len(body) and self.get(path) == body
        except (MachineError, FileNotFoundError):
            return False

    def _lost_or_told(self, path: str, error: Exception) -> Exception:
        if _is_lacking(error) and "NoSuchBucket" not in str(error):
            return FileNotFoundError(path)
        return self._told(f"read `{path}`", error)

    def _told(self, doing: str, error: Exception) -> MachineError:
        """What an error of the library means; its text may hold who asked, so only its kind is told."""
        if isinstance(error, MachineError):
            return error
        text = str(error)
        if "NoSuchBucket" in text:
            return self._failed(
                doing,
                f"there is no bucket `{self.bucket}`",
                f"make the bucket, or correct `storage`; which server is asked, {self._named} says",
            )
        if is_refusal(error):
            return self._failed(
                doing,
                "the server refuses who asks",
                f"look at {self._named}, and at what its key may do in `{self.bucket}`: list, read, write, delete",
            )
        if is_misdirected(error):
            return self._failed(
                doing, "it is not answered as asked", f"look at `region` and `endpoint` of {self._named}"
            )
        return self._failed(doing, reason(error))

    def _failed(self, doing: str, why: str, hint: str | None = None) -> MachineError:
        return MachineError(
            "machine.storage",
            f"could not {doing} in `{self.url}`: {why}",
            where=self.url,
            hint=hint
            or f"nothing is lost: run the same command again when the server answers; where it is asked, {self._named} says",
            retryable=hint is None,
        )


def _is_lacking(error: Exception) -> bool:
    """Whether an error says that there is no such object, or no such bucket."""
    return isinstance(error, FileNotFoundError)
