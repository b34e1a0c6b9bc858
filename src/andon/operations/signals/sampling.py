"""A few rows of what was published last, looked at for values that tell of people. Of what was found only the kind leaves this file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.operations.signals.personal_values import personal_kind

if TYPE_CHECKING:
    from andon.model.version import Version
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)
#: So many rows of the first file and of the last are looked at, and so many columns.
_ROWS, _COLUMNS = 500, 40
#: So many versions at once: to look must not take long.
_VERSIONS = 200
#: What was found is kept by content, under this name.
_KIND = "personal values:1"


def personal_values(workspace: Workspace, versions: Sequence[Version]) -> dict[str, dict[str, str]]:
    """By version the columns whose values tell of people, each with what they are. What was looked at once is known by its content; of a
    lake that nobody looked at yet, the first of its versions are, and the others when they are built again."""
    known = workspace.facts.find_many((version.id for version in versions), _KIND)
    fresh = [version for version in versions if version.id not in known and not version.is_view][:_VERSIONS]
    found: dict[str, dict[str, str]] = {}
    for version in fresh:
        told = _looked(workspace, version)
        if told is not None:
            found[version.id] = told
    if found:
        workspace.facts.keep(found, _KIND)
    return {**known, **found}


def _looked(workspace: Workspace, version: Version) -> dict[str, str] | None:
    columns = [name for name, kind in version.types if kind == "VARCHAR"][:_COLUMNS]
    files = [file for file in version.files if file.rows]
    if not columns or not files:
        return {}
    places = list(dict.fromkeys(workspace.lake.storage.engine_path(file.path) for file in (files[0], files[-1])))
    listed = ", ".join(map(quote, columns))
    rows: list[tuple[Any, ...]] = []
    try:
        with workspace.readers.narrow.reading() as lease:
            for place in places:
                sql = f"select {listed} from read_parquet([{literal(place)}]) limit {_ROWS}"
                rows += lease.connection.execute(sql).fetchall()
    except Exception as error:  # noqa: BLE001 - a file that can't be read is told by who needs it; what it holds is told later
        _log.debug("%s could not be looked at: %s", version.dataset, type(error).__name__)
        return None
    found = {name: personal_kind(row[place] for row in rows) for place, name in enumerate(columns)}
    return {name: words for name, words in found.items() if words is not None}
