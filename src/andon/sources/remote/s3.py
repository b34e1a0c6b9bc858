"""Files in object storage that speaks S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.s3 import SCHEME, bucket_and_key, is_misdirected, is_refusal, reason, s3_store
from andon.errors import DatasetError
from andon.sources.files.paths import has_magic, match
from andon.sources.remote.failures import changed, cut_off, missing, not_installed, refused, unreachable
from andon.sources.remote.place import RemoteFile, Take

if TYPE_CHECKING:
    from obstore.store import S3Store

_CHUNK = 1 << 20
#: So long a server may be silent.
READ_TIME = "60s"


class S3Place:
    """One bucket.

    Args:
        connection: its name, None where none names the bucket.
        options: of the connection, references resolved.

    Raises:
        MachineError: `machine.missing` where the library is not installed.
    """

    def __init__(self, bucket: str, connection: str | None, options: Mapping[str, str]) -> None:
        self._bucket = bucket
        self._connection = connection
        self._store = _store(bucket, options)

    def listed(self, pattern: str) -> Sequence[RemoteFile]:
        """See `FilePlace`."""
        key = bucket_and_key(pattern)[1]
        if not has_magic(key):
            return [self._described(pattern, key)]
        found = []
        try:
            import obstore

            for page in obstore.list(self._store, prefix=_folder(key)):
                for each in page:
                    url = f"{SCHEME}{self._bucket}/{each['path']}"
                    if match(pattern, url):
                        found.append(RemoteFile(url, each["e_tag"], each["size"]))
        except Exception as error:
            raise self._told(pattern, error) from error
        if not found:
            raise missing(
                pattern, f"no object of the bucket `{self._bucket}` fits the pattern; look at what lies there"
            )
        return sorted(found, key=lambda file: file.url)

    def fetch(self, file: RemoteFile, known: str | None, take: Take) -> RemoteFile | None:
        """See `FilePlace`."""
        import obstore

        if known is not None and file.mark == known:
            return None
        size = 0
        try:
            found = obstore.get(self._store, bucket_and_key(file.url)[1], options=_only(file.mark))
            for chunk in found.stream(min_chunk_size=_CHUNK):
                piece = bytes(chunk)
                size += len(piece)
                take(piece)
        except obstore.exceptions.BaseError as error:
            raise self._told(file.url, error) from error
        except FileNotFoundError as error:
            raise self._told(file.url, error) from error
        if size != found.meta["size"]:
            raise cut_off(file.url, f"{size:,} bytes of {found.meta['size']:,}")
        return RemoteFile(file.url, found.meta["e_tag"], size)

    def _described(self, url: str, key: str) -> RemoteFile:
        import obstore

        try:
            try:
                found = obstore.head(self._store, key)
            except FileNotFoundError:
                next(
                    iter(obstore.list(self._store, prefix=key, chunk_size=1)), None
                )  # says whether the bucket is there
                raise
        except Exception as error:
            raise self._told(url, error) from error
        return RemoteFile(url, found["e_tag"], found["size"])

    def _told(self, url: str, error: Exception) -> DatasetError:
        """What an error of the library means; its text may hold who asked, so only its kind is told."""
        import obstore

        text = str(error)
        stated = (
            f"the connection `{self._connection}`"
            if self._connection
            else f"`[connections.NAME]` of bucket `{self._bucket}`"
        )
        if "NoSuchBucket" in text:
            return missing(url, f"there is no bucket `{self._bucket}`: look at its name, and at `endpoint` of {stated}")
        if isinstance(error, FileNotFoundError):
            return missing(url, f"look at what lies in the bucket `{self._bucket}`")
        if isinstance(error, obstore.exceptions.PreconditionError):
            return changed(url)
        if is_refusal(error):
            if self._connection is None:
                hint = f'name a key: `[connections.NAME]` with `kind = "s3"` and `bucket = "{self._bucket}"` in `andon.toml`'
            else:
                hint = f"look at `key` and `secret` of {stated}, and at what they may read"
            return refused(url, "is not for who asks", hint)
        if is_misdirected(error):
            return refused(url, "is not answered as asked", f"look at `region` and `endpoint` of {stated}")
        return unreachable(url, reason(error))


def _only(mark: str | None) -> Any:
    """A condition that only the listed content is handed over."""
    return {"if_match": mark} if mark else None


def _folder(key: str) -> str | None:
    """The part of a pattern before its first sign, up to the last `/`."""
    parts = key.split("/")
    plain = []
    for part in parts:
        if has_magic(part):
            break
        plain.append(part)
    return "/".join(plain) or None


def _store(bucket: str, options: Mapping[str, str]) -> S3Store:
    try:
        # a whole object may take long, however large; what hangs ends by the time of silence
        return s3_store(bucket, options, timeout="1d", read_time=READ_TIME, retries=3, anonymous=True)
    except ImportError as error:
        raise not_installed("`obstore`, which reads object storage,", "s3") from error
