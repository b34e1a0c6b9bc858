"""Rows that are kept longer than their dataset says: the oldest of each version, asked once and kept by content."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.names import literal, quote

if TYPE_CHECKING:
    from andon.model.dataset import Dataset
    from andon.model.version import Version
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)
_KIND = "oldest row:1"
#: What a version says that has no row with a time, and what one says that can't be asked by that column.
_NONE, _UNFIT = "none", "unfit"


def oldest_rows(workspace: Workspace, view: View, datasets: Mapping[str, Dataset]) -> dict[str, datetime | None]:
    """Of those `datasets` that say how long they keep rows, when their oldest row is of (UTC).

    None where the column that they name is not there, or is no date or time. Without rows, and for views, there is nothing.
    """
    wanted = {name: said.retention for name, said in datasets.items() if said.retention is not None}
    if not wanted:
        return {}
    versions = {
        each.dataset: each
        for each in workspace.lake.objects.versions(view.state.leaves[name].version for name in wanted).values()
        if not each.is_view
    }
    found: dict[str, datetime | None] = {}
    for by in sorted({wanted[name].by.lower() for name in versions}):
        own = {name: version for name, version in versions.items() if wanted[name].by.lower() == by}
        for name, told in _told(workspace, own, by).items():
            if told != _NONE:
                found[name] = None if told == _UNFIT else from_text(told)
    return found


def _told(workspace: Workspace, versions: Mapping[str, Version], by: str) -> dict[str, str]:
    """By dataset what its version says; those that can't be read now are left out."""
    known = workspace.facts.find_many((version.id for version in versions.values()), f"{_KIND}:{by}")
    fresh: dict[str, str] = {}
    for version in versions.values():
        told = None if version.id in known else _asked(workspace, version, by)
        if told is not None:
            fresh[version.id] = told
    if fresh:
        workspace.facts.keep(fresh, f"{_KIND}:{by}")
    told_all = {**known, **fresh}
    return {name: told_all[version.id] for name, version in versions.items() if version.id in told_all}


def _asked(workspace: Workspace, version: Version, by: str) -> str | None:
    """What a version says of its oldest row; None where its files can't be read now."""
    types = {name.lower(): (name, kind) for name, kind in version.types}
    name, kind = types.get(by.lower(), (by, ""))
    if not kind.startswith(("DATE", "TIMESTAMP")):
        return _UNFIT
    places = [workspace.lake.storage.engine_path(file.path) for file in version.files if file.rows]
    if not places:
        return _NONE
    sql = f"select min({quote(name)}) filter (isfinite({quote(name)})) from read_parquet([{', '.join(map(literal, places))}])"
    try:
        with workspace.readers.narrow.reading() as lease:
            row = lease.connection.execute(sql).fetchone()
    except Exception as error:  # noqa: BLE001 - a file that can't be read is told by who needs it; it is asked again later
        _log.debug("%s could not be asked for its oldest row: %s", version.dataset, type(error).__name__)
        return None
    oldest = row[0] if row else None
    if isinstance(oldest, datetime):
        return to_text(oldest.astimezone(UTC) if oldest.tzinfo else oldest.replace(tzinfo=UTC))
    return to_text(datetime.combine(oldest, time(), UTC)) if isinstance(oldest, date) else _NONE
