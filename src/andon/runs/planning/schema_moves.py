"""Columns of a source that moved: what of it was taken, and whom it would hit where it was not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.base.text import words_in
from andon.checks.language.lines import reads_column
from andon.checks.language.mentions import pairs_in
from andon.errors import AndonError
from andon.model.build import EXTRACT
from andon.model.dataset import Definition
from andon.model.load import SchemaPolicy

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.project import Project
    from andon.workspace.workspace import Workspace

#: So many of a kind are named.
_NAMED = 4


def moved(definition: Definition, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    """What people should hear of columns that a load took by itself.

    Args:
        old, new: the contract before, and now.
    """
    if definition.schema is SchemaPolicy.EXACT or old is None or new is None:
        return
    if old.get("recorded", 0) != new.get("recorded", 0):
        return  # recorded anew, which somebody asked for
    before, after = _columns(old), _columns(new)
    added = [f"`{name}` {kind}" for name, kind in after.items() if name not in before]
    if added:
        yield f"{definition.dataset}: new {_word(added, 'column')} {', '.join(added)} (`schema: {definition.schema}`)"
    for name, kind in after.items():
        if before.get(name) not in (None, kind):
            yield f"{definition.dataset}: `{name}` was {before[name]} and is {kind} (`schema: {definition.schema}`)"


def _columns(contract: Mapping[str, Any]) -> dict[str, str]:
    """The columns that have values, with their types."""
    if EXTRACT in contract:
        return {column[0]: column[2] for column in contract[EXTRACT]["columns"]}
    empty = {name for entry in contract["reads"] for name in entry.get("empty", ())}
    return {name: kind for entry in contract["reads"] for name, kind in entry["columns"] if name not in empty}


def with_hits(
    workspace: Workspace, head: Commit, project: Project, failures: Mapping[str, AndonError]
) -> dict[str, AndonError]:
    """Errors of sources, by dataset; those of columns that moved say whom that would hit."""
    found = dict(failures)
    for name, error in failures.items():
        columns = _hit(error)
        if error.code == "source.contract" and columns:
            told = _told(workspace, head, project, name, columns)
            if told:
                hint = f"{told}; {error.hint}" if error.hint else told
                found[name] = replace(error, hint=hint)
    return found


def _hit(error: AndonError) -> list[str]:
    """The columns that an error is about: those that are gone or are something else."""
    details = error.details
    if "columns" in details:
        return list(details["columns"])
    if "column" in details and not details.get("only_new"):
        return [str(details["column"])]
    found, expected = details.get("found"), details.get("expected")
    if not isinstance(found, list) or not isinstance(expected, list):  # of rows with too few fields they are numbers
        return []
    return [name for name in expected if name not in found]


def _told(workspace: Workspace, head: Commit, project: Project, name: str, columns: Sequence[str]) -> str:
    """Whom a change of these columns of a source hits: columns and datasets that are made of them, checks, insights."""
    from andon.lineage.kept import LineageGraphs
    from andon.model.lineage import blast_radius, column_id, readers

    graph = LineageGraphs(workspace).graph(head)
    start = [column_id(name, column) for column in columns if column_id(name, column) in graph.nodes]
    hit = [
        f"`{reader.dataset}.{column}`" if column else f"`{reader.dataset}`"
        for reader in readers(graph, start)
        for column in (reader.columns or ("",))
    ]
    key = project.datasets[name].definition.key if name in project.datasets else ()
    checks = [
        f"`{line.text}`"
        for dataset in project.datasets.values()
        for line in dataset.checks
        if _reads(dataset.name, line.text, line.for_column, name, columns, key)
    ]
    insights = [f"`{each}`" for each in blast_radius(graph, start).insights]
    parts = [
        f"{_word(found, kind)} {_some(found)}"
        for kind, found in (("column", hit), ("check", checks), ("insight", insights))
        if found
    ]
    return f"it reaches {', '.join(parts)}" if parts else ""


def _reads(dataset: str, line: str, column: str | None, name: str, columns: Sequence[str], key: Sequence[str]) -> bool:
    """Whether a line of `dataset` reads one of the columns of `name`."""
    text = line if column is None else f"{column} {line}"
    if dataset == name:
        return not words_in(text).isdisjoint(each.lower() for each in columns)
    return name in pairs_in([text]) and any(reads_column(text, name, each, key) for each in columns)


def _word(found: Sequence[str], word: str) -> str:
    return word if len(found) == 1 else f"{word}s"


def _some(found: Iterable[str]) -> str:
    names = list(dict.fromkeys(found))
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
