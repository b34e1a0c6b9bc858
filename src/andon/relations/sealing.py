"""What the rows of versions come to, of many at once: kept before their data go, so that what is built again can be proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.engines.duckdb.failures import lost_file, query_error
from andon.engines.duckdb.fingerprint import ALGORITHM, hash_of_row
from andon.engines.duckdb.instance import file_list
from andon.errors import AndonError
from andon.relations.content import KIND

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.model.version import Version
    from andon.relations.pool import Readers
    from andon.state.facts import Facts

#: So many files are read by one statement.
_FILES = 1000
#: Rows, and the two sums of a file.
_Sums = tuple[int, int, int]


def seal(readers: Readers, lake: Lake, facts: Facts, versions: Sequence[str]) -> set[str]:
    """Keep the fingerprints of versions, where they are not known; returns those of which it could not be told.

    A version with a damaged file has none, and needs none: nothing that was read of it would prove anything.
    """
    unknown = set(versions) - facts.find_many(versions, KIND).keys()
    found = lake.objects.versions(unknown)
    left: set[str] = set(unknown) - found.keys()
    files = {file.path: file for version in found.values() for file in version.files}
    known = lake.intact.recall(files)
    damaged = {file.path for path, file in files.items() if path in known and lake.intact.damage(file) is not None}
    damaged |= {each.path for each in lake.intact.damages([file for path, file in files.items() if path not in known])}
    whole = [v for v in found.values() if v.files and damaged.isdisjoint(file.path for file in v.files)]
    prints: dict[str, str] = {}
    for group in _alike(whole):
        for part in (group, *([version] for version in group)):
            if prints.keys().isdisjoint(version.id for version in part):
                with contextlib.suppress(AndonError):  # one of them can't be read: each by itself
                    prints.update(_prints(readers, lake, part))
    if prints:
        facts.put_many(prints, KIND)
    left |= {version.id for version in whole} - prints.keys()
    lake.intact.flush()
    return left


def _alike(versions: Sequence[Version]) -> Iterator[list[Version]]:
    """Versions whose files can be read together, since they have the same columns."""
    groups: dict[tuple[tuple[str, str], ...], list[Version]] = {}
    for version in versions:
        groups.setdefault(tuple(version.types), []).append(version)
    for group in groups.values():
        batch: list[Version] = []
        files: set[str] = set()
        for version in group:
            if batch and len(files) + len(version.files) > _FILES:
                yield batch
                batch, files = [], set()
            batch.append(version)
            files.update(file.path for file in version.files)
        yield batch


def _prints(readers: Readers, lake: Lake, versions: Sequence[Version]) -> Mapping[str, str]:
    columns = versions[0].columns
    lake.storage.bring(file for version in versions for file in version.files)
    places = {lake.storage.engine_path(file.path): file.path for v in versions for file in v.files}
    rows = f"select filename, {hash_of_row(columns)} as h from read_parquet({file_list([*places])}, filename = true)"
    sums: dict[str, _Sums] = {}
    with readers.wide.reading() as lease:
        try:
            answer = lease.connection.execute(
                f"select filename, count(*), sum(h::hugeint), sum(hash(h, 1)::hugeint) from ({rows}) group by filename"
            ).fetchall()
        except Exception as error:
            problem = lost_file(error, versions[0].dataset) or query_error(error, f"from {versions[0].dataset}")
            problem.where = versions[0].dataset
            raise problem from error
    for place, count, first, second in answer:
        sums[places[place]] = count, int(first), int(second)
    schema = content_id([[column.name, column.type] for column in columns])[:12]
    return {version.id: f"{ALGORITHM}:{schema}:{_total(version, sums)}" for version in versions}


def _total(version: Version, sums: Mapping[str, _Sums]) -> str:
    known = [sums[file.path] for file in version.files if file.path in sums]
    if not known:
        return "0:None:None"
    count, first, second = (sum(each) for each in zip(*known, strict=True))
    return f"{count}:{first}:{second}"
