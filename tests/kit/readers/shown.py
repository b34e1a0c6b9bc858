"""What Andon shows of a dataset at a commit, to be compared with what readers of others find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from andon.model.version import Version
from andon.service.service import Service
from kit.readers.here import Reader
from kit.readers.rows import Rows, as_shown, holds, rows_of


class Shown(NamedTuple):
    """A dataset at a commit.

    Attributes:
        place: of its metadata, as `andon show` says it.
        columns: the lake's types, by name.
        rows: what Andon's own query gives.
    """

    dataset: str
    place: str
    version: Version
    columns: Mapping[str, str]
    rows: Rows


def shown_at(service: Service, ref: str, known: dict[tuple[str, str], Shown] | None = None) -> list[Shown]:
    """All tables of a commit.

    Args:
        known: what was shown before, by dataset and version: left out, and added to.
    """
    lake = service.workspace.lake
    commit = lake.refs.resolve(ref)
    leaves = lake.commits.state(commit).leaves
    versions = lake.objects.versions([leaf.version for leaf in leaves.values()])
    found = []
    for dataset, leaf in sorted(leaves.items()):
        version = versions[leaf.version]
        if version.is_view or (known is not None and (dataset, leaf.version) in known):
            continue
        columns = {column.name: column.type for column in version.columns}
        rows = rows_of(service.querying.ask(f"from {dataset}", ref).arrow(), columns)
        place = service.datasets.show(dataset, ref).iceberg
        assert place is not None
        found.append(Shown(dataset, place, version, columns, rows))
        if known is not None:
            known[dataset, leaf.version] = found[-1]
    return found


def require_same(reader: Reader, shown: Shown, place: str | None = None, **how: object) -> None:
    """A reader finds what Andon shows: the same columns, of the types that it has for them, and the same rows.

    Args:
        place: another place than `shown` has.
        how: `snapshot` or `access`, see `Reader.read`.
    """
    if any(holds(kind, reader.misses) for kind in shown.columns.values()):
        return
    found = reader.read(place or shown.place, shown.columns, **how)  # type: ignore[arg-type]
    expected = tuple((name, as_shown(kind, reader.shows)) for name, kind in shown.columns.items())
    assert found.columns == expected, (reader.name, shown.dataset)
    assert found.rows == shown.rows.rows, (reader.name, shown.dataset, how)
