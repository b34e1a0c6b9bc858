"""Tables that other systems write, Iceberg and Delta: each snapshot is read once, whole, and kept as a file of Parquet."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from andon.base.names import literal
from andon.base.record import Record
from andon.base.s3 import bucket_and_key
from andon.base.temporary import Temporary, system_place
from andon.errors import AndonError, DatasetError
from andon.sources.files.paths import table_of
from andon.sources.files.raw_text import only_path
from andon.sources.remote.place import FilePlace, RemoteFile, Take

_CHUNK = 1 << 20
_EXTENSIONS = {"iceberg": "iceberg", "delta": "delta"}
_COMMIT = re.compile(r"([0-9]{20})\.json\Z")


class _Snapshot(Record):
    """What a table is by now.

    Attributes:
        mark: changes with each snapshot.
        sql: what stands after FROM to read it.
    """

    mark: str
    sql: str


class TablePlace:
    """One table.

    Args:
        place: where it lies: a folder, or a file of metadata.
        root: the project's folder, to which paths are relative.
        bucket: where it lies, for one in object storage, and `options`: those of its connection, references resolved.
    """

    def __init__(self, url: str, place: str, root: Path, bucket: FilePlace | None, options: Mapping[str, str]) -> None:
        self._url = url
        self._format, self._stated = table_of(url)[0], place
        self._bucket = bucket
        self._options = options
        path = self._stated.removeprefix("file://")
        self._path = path if bucket is not None else str((root / path).resolve())

    def listed(self, pattern: str) -> Sequence[RemoteFile]:
        """See `FilePlace`: a table is one file."""
        return [RemoteFile(pattern, self._snapshot().mark)]

    def fetch(self, file: RemoteFile, known: str | None, take: Take) -> RemoteFile | None:
        """See `FilePlace`."""
        if known is not None and file.mark == known:
            return None
        snapshot = self._snapshot()
        temporary = Temporary([system_place()], "tables")
        try:
            target = temporary.path / "snapshot.parquet"
            self._copy(snapshot.sql, target)
            with target.open("rb") as stream:
                while piece := stream.read(_CHUNK):
                    take(piece)
            return RemoteFile(file.url, snapshot.mark, target.stat().st_size)
        finally:
            temporary.close()

    # -- which snapshot

    def _snapshot(self) -> _Snapshot:
        return self._delta() if self._format == "delta" else self._iceberg()

    def _delta(self) -> _Snapshot:
        names = {int(found[1]): name for name in self._names("_delta_log") if (found := _COMMIT.match(name))}
        if not names:
            raise self._missing("no table of Delta Lake", "name the folder that holds `_delta_log`")
        version = max(names)
        commit = self._bytes(f"_delta_log/{names[version]}")
        mark = f"{version}/{hashlib.sha256(commit).hexdigest()}"
        return _Snapshot(mark, f"delta_scan({literal(self._path)}, version = {version})")

    def _iceberg(self) -> _Snapshot:
        path = self._metadata_path()
        try:
            found = json.loads(self._bytes(path))
            current = found.get("current-snapshot-id")
            mark = f"{found['table-uuid']}/{current}/{found.get('current-schema-id', 0)}"
        except (ValueError, KeyError, AttributeError) as error:
            raise self._broken(f"its metadata `{path}` says nothing of a table") from error
        whole = f"{self._path}/{path}" if path else self._path
        at = f", snapshot_from_id = {int(current)}::ubigint" if current is not None and int(current) > 0 else ""
        return _Snapshot(mark, f"iceberg_scan({literal(whole)}{at})")

    def _metadata_path(self) -> str:
        """Where a table's metadata lie in its folder; "" where the file itself is named."""
        if self._path.endswith(".json"):
            return ""
        names = self._names("metadata")
        if "version-hint.text" in names:
            hint = self._bytes("metadata/version-hint.text").decode().strip()
            for name in (f"v{hint}.metadata.json", f"{hint}.metadata.json", hint):
                if name in names:
                    return f"metadata/{name}"
        known = sorted(name for name in names if name.endswith(".metadata.json"))
        if not known:
            raise self._missing(
                "no table of Iceberg", "name the folder that holds `metadata`, or its newest `….metadata.json`"
            )
        newest = f"{self._stated}/metadata/{known[-1]}"
        raise DatasetError(
            "source.ambiguous",
            f"nothing in `{self._stated}` says which of its metadata files counts: its catalog knows",
            where=self._url,
            hint=f"name the one that the catalog names; the last by name is `iceberg_scan({literal(newest)})`",
        )

    # -- reading

    def _names(self, folder: str) -> list[str]:
        """The names of the files in a folder of the table."""
        if self._bucket is None:
            place = Path(self._path) / folder
            return sorted(each.name for each in place.iterdir()) if place.is_dir() else []
        try:
            found = self._bucket.listed(f"{only_path(self._path)}/{folder}/*")
        except DatasetError as error:
            if error.code == "source.missing":
                return []
            raise
        return [file.url.rsplit("/", 1)[1] for file in found]

    def _bytes(self, path: str) -> bytes:
        whole = f"{self._path}/{path}" if path else self._path
        if self._bucket is None:
            try:
                return Path(whole).read_bytes()
            except OSError as error:
                raise self._missing("not there", f"look at the path: {error.strerror}") from error
        taken: list[bytes] = []
        self._bucket.fetch(RemoteFile(whole), None, taken.append)
        return b"".join(taken)

    def _copy(self, sql: str, target: Path) -> None:
        """All rows into a file; with one thread, so that the same rows make the same bytes."""
        from andon.engines.duckdb.extensions import load
        from andon.engines.duckdb.object_storage import secret_sql
        from andon.engines.duckdb.opening import Purpose, open_instance

        instance = open_instance(Purpose.LOADING)
        try:
            connection = instance.new_session().connection
            connection.execute("set global secret_directory = '/nonexistent'")
            connection.execute(f"set global temp_directory = {literal(str(target.parent))}")
            load(connection, _EXTENSIONS[self._format])
            if self._bucket is not None:
                load(connection, "httpfs")
                connection.execute(secret_sql(f"s3://{bucket_and_key(self._path)[0]}", self._options))
            connection.execute(f"copy (from {sql}) to {literal(str(target))} (format parquet, compression zstd)")
        except AndonError:
            raise
        except Exception as error:
            raise self._told(error) from error
        finally:
            instance.close()

    def _told(self, error: Exception) -> DatasetError:
        """What the engine's failure means; its text may hold who asked, so of tables in buckets it is not repeated."""
        text = str(error).splitlines()[0]
        secret = self._options.get("secret")
        if secret and secret in text:
            text = "the engine can't read it"
        if re.search(r"No files found|Cannot open file|No such file|not found|404", text):
            return self._missing(
                "there in part: a file of it is missing", f"look whether it was moved or cleaned up: {text}"
            )
        return self._broken(text)

    def _missing(self, what: str, hint: str) -> DatasetError:
        return DatasetError("source.missing", f"`{self._stated}` is {what}", where=self._url, hint=hint)

    def _broken(self, why: str) -> DatasetError:
        hint = "look whether another program reads the table; then report what the engine says"
        return DatasetError(
            "source.truncated", f"the table `{self._stated}` can't be read: {why}", where=self._url, hint=hint
        )
