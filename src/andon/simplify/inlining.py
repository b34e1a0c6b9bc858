"""Datasets that one other dataset reads and nobody else: they could be a part of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from andon.base.text import plural
from andon.errors import ProjectError
from andon.model.dataset import ColumnSpec, Dataset, Materialize
from andon.model.lineage import EdgeKind, column_id
from andon.project.add_settings import NewSettings, add_settings
from andon.project.files.nodes import Flawed
from andon.project.write_sql import split_query
from andon.simplify.hint import Hint, HintKind, WrittenHint
from andon.simplify.scene import ProjectScene, is_plain, pairs_of, takes
from andon.sql.folding import folded_in
from andon.sql.meaning.query import Meaning, meaning_of
from andon.sql.renaming import tree_of

#: So many are looked at.
_MOST = 60


def inlinable(scene: ProjectScene) -> Iterator[Hint]:
    """A hint for each, by name."""
    looked = 0
    for said in scene.sql:
        reader = only_reader(scene, said)
        if reader is None or (looked := looked + 1) > _MOST:
            continue
        made = folded(scene, said, reader)
        if made is not None:
            yield _hint(scene, said, reader, made)


def only_reader(scene: ProjectScene, said: Dataset) -> Dataset | None:
    """The one dataset that reads it, where nobody and nothing else does or names it."""
    name = said.name
    readers = scene.readers.get(name, set())
    if not scene.is_told or len(readers) != 1 or name not in scene.old or name in scene.asked or name in scene.held:
        return None
    reader = scene.project.datasets.get(next(iter(readers)))
    if reader is None or reader.name not in scene.settled or reader.name in scene.held:
        return None
    if not is_plain(said) or not takes(reader) or (said.owner and said.owner != reader.owner):
        return None
    own = {path for path, _ in said.definition.files} | {said.definition.entry}
    where = scene.named_in.get(name, frozenset()) - {said.definition.entry, reader.definition.entry}
    if where or len({path for path in own if path.startswith("datasets/")}) != 1:
        return None
    used = {dataset for insight in scene.project.insights for dataset in insight.datasets}
    used |= {dataset for query in scene.project.queries for dataset in query.datasets}
    used |= {dataset for rule in scene.project.rules for dataset in rule.datasets}
    used |= {test.dataset for test in scene.project.tests}
    used |= {given.name for test in scene.project.tests for given in test.given}
    return None if name in used else reader


def folded(scene: ProjectScene, said: Dataset, reader: Dataset) -> str | None:
    """The reader's file with the dataset put in; None where it can't be proved to say the same."""
    text, own = scene.texts[reader.definition.entry], scene.texts[said.definition.entry]
    try:
        head, query = split_query(text)
        _, inner = split_query(own)
    except Flawed:
        return None
    if said.name in pairs_of(head):
        return None
    inner = inner.strip().removesuffix(";").rstrip()
    schemas = {name: scene.columns[name] for name in said.definition.inputs if name in scene.columns}
    kept = dict(scene.columns.get(said.name, ()))
    meant = meaning_of(inner, schemas, said.definition.macros)
    if not _is_closed(meant) or [name for name, _ in meant.columns] != list(kept):
        return None
    casts = {name: kept[name] for name, kind in meant.columns if kept[name] != kind}
    made = folded_in(query, said.name, inner, casts, _words(said))
    if made is None:
        return None
    schemas |= {name: scene.columns[name] for name in reader.definition.inputs if name in scene.columns}
    macros = tuple(dict.fromkeys((*said.definition.macros, *reader.definition.macros)))
    whole = meaning_of(made.rstrip().removesuffix(";"), schemas, macros)
    if not _is_closed(whole) or (meant.order and not whole.order):
        return None
    return _with_descriptions(scene, said, reader, head + made)


def _is_closed(meaning: Meaning) -> bool:
    """Whether the engine has no choice in it: neither by how rows lie, nor in last digits."""
    return not (meaning.reason or meaning.is_open or meaning.rounded or meaning.rows_rounded or not meaning.columns)


def _words(said: Dataset) -> list[str]:
    """What its file says for people, as lines."""
    lines = [f"{said.name}: {said.description}" if said.description else said.name]
    lines += [f"  {column.name}: {column.description}" for column in said.columns if column.description]
    return [line for text in lines for line in text.replace("\r", "").split("\n")]


def _with_descriptions(scene: ProjectScene, said: Dataset, reader: Dataset, text: str) -> str | None:
    """With the descriptions of columns that the reader hands on as they are. None where others are made of one: they would lack it."""
    described = {each.name.lower(): each.description for each in said.columns if each.description}
    if not described:
        return text
    there = {each.name.lower() for each in reader.columns if each.description}
    wanted = []
    for name, _ in scene.columns.get(reader.name, ()):
        sources = [
            edge.source
            for edge in scene.graph.into.get(column_id(reader.name, name), ())
            if edge.kind is EdgeKind.DERIVE
        ]
        of = [each for each in described if any(source.lower() == f"{said.name}.{each}" for source in sources)]
        if not of or name.lower() in there:
            continue
        if of != [name.lower()] or len(sources) != 1 or not _hands_on(reader, name.lower()):
            return None
        wanted.append(ColumnSpec(name, described[of[0]]))
    if not wanted:
        return text
    try:
        return add_settings(reader.definition.entry, text, NewSettings(columns=tuple(wanted)))
    except ProjectError:
        return None


def _hands_on(reader: Dataset, column: str) -> bool:
    """Whether a SELECT without parts of its own gives a column as it is."""
    root = tree_of(reader.definition.sql or "")[0]
    if (
        root.get("type") != "SELECT_NODE"
        or root.get("cte_map", {}).get("map")
        or "SUBQUERY" in str(root.get("from_table"))
    ):
        return False
    for item in root.get("select_list", ()):
        if item.get("type") == "STAR" and not item.get("replace_list") and not item.get("relation_name"):
            return True
        names = [str(each).lower() for each in item.get("column_names", ())]
        if item.get("type") == "COLUMN_REF" and names[-1:] == [column] and not item.get("alias"):
            return True
    return False


def _hint(scene: ProjectScene, said: Dataset, reader: Dataset, made: str) -> Hint:
    views = said.definition.materialize is Materialize.VIEW and reader.definition.materialize is Materialize.VIEW
    cost = scene.cost(said.name)
    what = "view" if views else "dataset"
    evidence = [
        f"`{reader.name}` reads it, and no other dataset",
        f"no person and no tool asked it within {scene.days} days; no insight, saved query, rule, test or schedule names it",
    ]
    if cost.builds:
        evidence.append(f"it was made {plural(cost.builds, 'time')} within 30 days, in {cost.seconds:.2f} s")
    return Hint(
        HintKind.VIEW if views else HintKind.INLINE,
        said.name,
        f"put the {what} `{said.name}` into `{reader.name}`, which alone reads it",
        reader.name,
        evidence=tuple(evidence),
        saves=scene.saved(said.name),
        files=(WrittenHint(said.definition.entry, None), WrittenHint(reader.definition.entry, made)),
        proof=f"the query of `{reader.name}` with that of `{said.name}` put in is the same, node by node, in the engine's own parser",
    )
