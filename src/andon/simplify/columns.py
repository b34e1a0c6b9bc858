"""Columns that nobody reads. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from andon.base.text import plural, words_in
from andon.model.dataset import Dataset, Materialize
from andon.model.insight import use_parts
from andon.model.lineage import Level, NodeKind, column_id
from andon.model.verdict import VerdictKind
from andon.project.files.nodes import Flawed
from andon.project.write_sql import split_query
from andon.simplify.hint import Hint, HintKind, Savings, WrittenHint
from andon.simplify.scene import ProjectScene, pairs_of, takes
from andon.sql.dropping import without_column
from andon.sql.meaning.query import meaning_of
from andon.sql.verdict import DefinitionQuery, verdict

#: So many datasets are looked at, and so many columns of each.
_MOST, _OF_EACH = 60, 12


def unread_columns(scene: ProjectScene, dismissed: frozenset[tuple[str, str]] = frozenset()) -> Iterator[Hint]:
    """A hint for each dataset that has some.

    Args:
        dismissed: `(dataset, column)`s of which somebody said that they stay.
    """
    if not scene.is_told:
        return
    looked = 0
    for said in scene.sql:
        found = [each for each in unread(scene, said) if (said.name, each.lower()) not in dismissed]
        if not found or (looked := looked + 1) > _MOST:
            continue
        hint = _hint(scene, said, found[:_OF_EACH])
        if hint is not None:
            yield hint


def unread(scene: ProjectScene, said: Dataset) -> list[str]:
    """The columns of a dataset that nothing reads, while something reads others; none where that can't be told."""
    name, definition = said.name, said.definition
    if not takes(said) or definition.spark_sql is not None:
        return []
    if name not in scene.old or name in scene.held or said.retention or said.lineage:
        return []
    if definition.materialize not in (Materialize.TABLE, Materialize.VIEW):
        return []
    asked = scene.asked.get(name)
    columns = [column for column, _ in scene.columns.get(name, ())]
    if (asked is not None and asked.columns is None) or any(
        edge.level is Level.TABLE for edge in scene.graph.out_of.get(name, ())
    ):
        return []
    # what names the dataset beside what reads it may mean any of its columns
    readers = scene.readers.get(name, set())
    known = {scene.project.datasets[each].definition.entry for each in readers if each in scene.project.datasets}
    if scene.named_in.get(name, frozenset()) - known - {definition.entry}:
        return []
    for path in known:
        if path in scene.texts and _names_beside_sql(scene.texts[path], name):
            return []
    used = {column.lower() for column in definition.key + definition.sort}
    used |= words_in(" ".join(str(each) for each in definition.partition))
    used |= words_in(" ".join(f"{line.for_column or ''} {line.text}" for line in said.checks))
    used |= {each.name.lower() for each in said.columns if each.checks or each.pii or each.type or each.was}
    used |= {column.lower() for caveat in said.caveats for column in caveat.columns}
    used |= set(asked.columns or ()) if asked is not None else set()
    for insight in scene.project.insights:
        for dataset, column in map(use_parts, insight.uses):
            if dataset == name:
                if column is None:
                    return []
                used.add(column.lower())
    free = [
        column
        for column in columns
        if column.lower() not in used and not scene.graph.out_of.get(column_id(name, column))
    ]
    # of what nobody reads at all `andon waste` tells
    return free if len(free) < len(columns) and (readers or asked or scene.graph.out_of.get(name)) else []


def _names_beside_sql(text: str, name: str) -> bool:
    try:
        head, _ = split_query(text)
    except Flawed:
        return True
    return name in pairs_of(head)


def _is_named_below(scene: ProjectScene, name: str, columns: set[str]) -> bool:
    """Whether a reader's SQL can't be bound without `columns` of a dataset: it may name one where nothing comes of it."""
    for reader in scene.readers.get(name, ()):
        of = scene.project.datasets.get(reader)
        if of is None or of.definition.sql is None or columns.isdisjoint(words_in(of.definition.sql.lower())):
            continue
        schemas = {each: scene.columns[each] for each in of.definition.inputs if each in scene.columns}
        schemas[name] = tuple(each for each in schemas.get(name, ()) if each[0].lower() not in columns)
        if not meaning_of(of.definition.sql, schemas, of.definition.macros).columns:
            return True
    return False


def _hint(scene: ProjectScene, said: Dataset, columns: list[str]) -> Hint | None:
    """With those of the columns that can be cut out so that all others stay as they are."""
    path = said.definition.entry
    text = scene.texts[path]
    described = {each.name.lower() for each in said.columns}
    try:
        head, query = split_query(text)
    except Flawed:
        return None
    schemas = {name: scene.columns[name] for name in said.definition.inputs if name in scene.columns}
    old = DefinitionQuery(said.definition.sql or "", said.definition.macros)
    gone: list[str] = []
    by_hand: list[str] = []
    for column in columns:
        if _is_named_below(scene, said.name, {each.lower() for each in (*gone, column)}):
            continue
        made = None if column.lower() in described else without_column(query, column.lower())
        if made is None:
            by_hand.append(column)
            continue
        found = verdict(old, DefinitionQuery((head + made).rstrip().removesuffix(";"), said.definition.macros), schemas)
        dropped = {each.lower() for each in (*gone, column)}
        if (
            found.kind is VerdictKind.CONTRACT
            and {d.lower() for d in found.dropped} == dropped
            and not (found.columns or found.rows or found.added or found.renamed or found.retyped or found.reordered)
        ):
            query = made
            gone.append(column)
        else:
            by_hand.append(column)
    told = gone or by_hand
    if not told:
        return None
    readers = [each for each in sorted(scene.readers.get(said.name, ())) if scene.graph.nodes.get(each)]
    shown = ", ".join(f"`{each}`" for each in told)
    problem = (
        None if gone else f"{shown} can't be cut out of {path} so that all else stays as it is; take them out by hand"
    )
    asked = scene.asked.get(said.name)
    read = [f"`{each}`" for each in readers if scene.graph.nodes[each].kind is NodeKind.DATASET]
    return Hint(
        HintKind.COLUMNS,
        said.name,
        f"take {plural(len(told), 'column')} off `{said.name}`: {shown}",
        parts=tuple(sorted(each.lower() for each in told)),
        evidence=(
            f"read by {', '.join(read) or 'no dataset'}; nothing there is made of {shown}, or decided by it",
            f"of {plural(len(asked.times) if asked else 0, 'question')} within {scene.days} days none read {shown};"
            " no insight and no check does",
        ),
        saves=Savings(),
        files=() if problem else (WrittenHint(path, head + query),),
        verdict=VerdictKind.CONTRACT,
        proof="all other columns keep their values in the same rows, by the engine's bound plan; what reads it reads none of those that go",
        problem=problem,
    )
