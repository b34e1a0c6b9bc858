"""A property file of dbt (`schema.yml`), read into what it says of each dataset, and what of it is not carried."""

from __future__ import annotations

from andon.base.record import Record, replace
from andon.contracts.dbt.tests import read_tests
from andon.contracts.known import KnownDatasets
from andon.contracts.lines import column_text, columns_text, duration_text
from andon.contracts.odcs.words import PERSONAL
from andon.contracts.taking import Notes, Taker
from andon.contracts.values import GatheredLines
from andon.errors import ProjectError
from andon.model.contract import ForeignContract, ForeignDataset
from andon.model.dataset import ColumnSpec
from andon.project.files.nodes import PlacedValue

#: Lists of nodes that are datasets here.
NODES = ("models", "seeds", "snapshots")
SOURCES = "sources"
_OTHERS = {
    "exposures": "an insight (`insights/*.yml`) says what data serves",
    "metrics": "Andon has no metrics of a semantic layer",
    "semantic_models": "Andon has no semantic layer",
    "saved_queries": "saved queries stand in `queries/`",
    "unit_tests": "`tests/*.yml` has unit tests: see the how-to about dbt",
    "macros": "macros are SQL in `macros/`",
    "analyses": "analyses are not read",
    "groups": "a dataset has one owner, and no group",
    "data_tests": "what single tests say are rules in `checks/*.sql`",
    "tests": "what single tests say are rules in `checks/*.sql`",
}
_CONFIG = {
    "materialized": "`materialize` in the dataset's own file decides it, and what is made by it",
    "group": "a dataset has one owner, and no group",
    "access": "who may what stands in `[people]` of andon.toml",
    "docs": "documentation shows every dataset",
    "versions": "a dataset has one definition; a branch holds another one",
    "latest_version": "a dataset has one definition; a branch holds another one",
    "deprecation_date": "Andon has no word for it",
    "database": "a lake is one database",
    "loader": "Andon has no word for it",
    "quoting": "names are quoted where it is needed",
    "external": "a source says in its own file how its files are read",
    "meta": "a property of somebody's own has no word here",
    "loaded_at_query": "an age is that of a column",
    "tags": "a column has no tags, only `pii`",
}
_SAID_BEFORE = ("enabled", "quote", "identifier", "alias", "schema", "name")


class _Freshness(Record):
    """How new a source is to be, and by which column: what a source says goes for its tables."""

    column: str | None = None
    error: str | None = None
    warn: str | None = None
    filter: str | None = None
    line: int = 1
    at: int = 1


def read_dbt(root: PlacedValue, file: str, known: KnownDatasets) -> ForeignContract:
    """What the property file `root` says.

    Raises:
        ProjectError: all that makes it no property file, each with its place.
    """
    notes = Notes(file, r"\{\{|\{%")
    document = Taker(root, notes, "")
    version = document.take("version")
    if version is not None and (version.kind != "number" or version.value != 2):
        notes.wrong(version, f"`version` must be 2, found {version.shown()}", "older files are not read")
    datasets: list[ForeignDataset] = []
    for kind in NODES:
        for node in document.maps(kind):
            datasets += _node(node, known, _Freshness(), ())
    for source in document.maps(SOURCES):
        datasets += _source(source, known)
    document.end(_OTHERS, "only models, seeds, snapshots and sources are datasets")
    if notes.problems:
        raise ProjectError.of(notes.problems)
    return ForeignContract("dbt 2", tuple(datasets), tuple(notes.left))


def _source(source: Taker, known: KnownDatasets) -> list[ForeignDataset]:
    name = source.text("name")
    if name is None:
        source.notes.wrong(source.node, f"`{source.path}` has no name", "every source has a `name`")
        return []
    schema = source.text("schema") or name
    config = source.map("config")
    fresh = _freshness(source, config, _Freshness())
    tags = source.texts("tags") + (config.texts("tags") if config is not None else ())
    found = [one for table in source.maps("tables") for one in _node(table, known, fresh, (name, schema), tags)]
    source.leave("description", "a source of several tables is no dataset: each table has its own description")
    for each in (config, source):
        if each is not None:
            each.ignore(_SAID_BEFORE)
            each.end(_CONFIG)
    return found


def _node(
    node: Taker, known: KnownDatasets, fresh: _Freshness, schemas: tuple[str, ...], above: tuple[str, ...] = ()
) -> list[ForeignDataset]:
    name = node.text("name")
    if name is None:
        node.notes.wrong(node.node, f"`{node.path}` has no name", "every model and table has a `name`")
        return []
    config = node.map("config")
    both = [config, node] if config is not None else [node]
    schema = next((said for each in both if (said := each.text("schema")) is not None), None) if not schemas else None
    alias = node.text("identifier") or next((said for each in both if (said := each.text("alias")) is not None), None)
    wanted: list[str | None] = [*([schema] if schema else []), *schemas] or [None]
    dataset = next((one for each in wanted if (one := known.find(alias, name, schema=each)) is not None), None)
    found = GatheredLines(node.notes, known, dataset)
    fresh = _freshness(node, config, fresh)
    keys: list[str] = []
    types = config.map("column_types") if config is not None else None
    columns = [spec for each in node.maps("columns") if (spec := _column(each, found, keys)) is not None]
    if types is not None:
        columns = _typed(types, columns, found)
    read_tests(node, found, None)
    _constraints(node, found, None, keys)
    _enforced(both, found)
    _fresh_lines(fresh, found, node)
    owner = next((said for each in both if (said := _owner(each)) is not None), None)
    tags = tuple(dict.fromkeys((*above, *[tag for each in both for tag in each.texts("tags")])))
    description = node.text("description")
    for each in both:
        each.ignore(_SAID_BEFORE)
        each.end(_CONFIG)
    made = ForeignDataset(name, *node.place, wanted[-1], dataset, description, owner, tags)
    return [replace(made, key=tuple(keys), columns=tuple(columns), lines=tuple(found.lines))]


def _owner(place: Taker) -> str | None:
    """Who `meta` says owns it; the rest of it is told."""
    meta = place.map("meta")
    if meta is None:
        return None
    node = meta.node.value.get("owner")
    owner = meta.text("owner") if node is not None and node.kind == "text" else None
    meta.end(why="a property of somebody's own has no word here")
    return owner


# -- columns


def _column(column: Taker, found: GatheredLines, keys: list[str]) -> ColumnSpec | None:
    said = column.text("name")
    if said is None:
        column.notes.wrong(column.node, f"`{column.path}` has no name", "every column has a `name`")
        return None
    name = found.column(said.strip('"`'))
    is_known = found.types is None or name.lower() in {known.lower() for known in found.types}
    if not is_known:
        column.notes.leave(column.place, f"{column.path}: {said}", f"`{found.dataset}` has no such column")
    config = column.map("config")
    both = [config, column] if config is not None else [column]
    node = column.take("data_type")
    kind = None
    if node is not None and node.kind == "text":
        kind = found.type_of(name, str(node.value), node, column.under("data_type"))
    read_tests(column, found, name)
    _constraints(column, found, name, keys)
    pii = [_is_personal(each) for each in both]
    description = column.text("description")
    for each in both:
        each.ignore(["quote", "policy_tags"] if each is column else [])
        each.end(_CONFIG)
    return ColumnSpec(name, description, kind, pii=any(pii)) if is_known else None


def _is_personal(place: Taker) -> bool:
    """Whether tags or `meta` say that a column is about a person."""
    found = False
    tags = place.node.value.get("tags")
    words = (
        [tags]
        if tags is not None and tags.kind == "text"
        else tags.value
        if tags is not None and tags.kind == "list"
        else []
    )
    said = [str(each.value).lower() for each in words]
    if said and all(word in PERSONAL for word in said):
        place.ignore(["tags"])
    found = any(word in PERSONAL for word in said)
    meta = place.map("meta")
    if meta is not None:
        for key in ("pii", "contains_pii", "is_pii"):
            node = meta.node.value.get(key)
            if node is not None and node.kind == "flag":
                found = meta.flag(key) or found
        meta.end(why="a property of somebody's own has no word here")
    return found


def _typed(types: Taker, columns: list[ColumnSpec], found: GatheredLines) -> list[ColumnSpec]:
    """Columns with the types that `column_types` of a seed has."""
    for key in list(types.node.value):
        node = types.take(key)
        name = found.column(key)
        if node is None or node.kind != "text":
            continue
        kind = found.type_of(name, str(node.value), node, types.under(key))
        if kind is not None and all(each.name.lower() != name.lower() for each in columns):
            columns.append(ColumnSpec(name, None, kind))
        columns = [replace(c, type=kind) if c.name.lower() == name.lower() and c.type is None else c for c in columns]
    return columns


# -- constraints and contracts


def _constraints(owner: Taker, found: GatheredLines, column: str | None, keys: list[str]) -> None:
    for each in owner.maps("constraints"):
        kind = (each.text("type") or "").lower()
        columns = [found.column(name) for name in each.texts("columns")] or ([column] if column is not None else [])
        expression = each.text("expression")
        if kind == "primary_key" and columns:
            keys += [name for name in columns if name not in keys]
        elif kind == "not_null" and columns:
            found.add(f"not null {columns_text(columns)}", each.node, each.path, is_implied=True)
        elif kind == "unique" and columns:
            found.add(f"unique {columns_text(columns)}", each.node, each.path, is_implied=True)
        elif kind == "check" and expression is not None:
            found.add(expression, each.node, each.path)
        elif kind == "foreign_key" and each.has("to"):
            _foreign_key(each, columns, found)
        else:
            each.notes.leave(each.place, f"{each.path}: {kind} {expression or ''}".rstrip(), "it comes to no line")
        each.ignore(["name", "warn_unenforced", "warn_unsupported"])
        each.end()


def _foreign_key(constraint: Taker, columns: list[str], found: GatheredLines) -> None:
    said = constraint.node.value["to"]
    text = str(constraint.take("to") and said.value)
    names = [part.strip("'\" ") for part in text[text.find("(") + 1 : text.rfind(")")].split(",")]
    there = found.known.referred(".".join(names[-2:]) if len(names) > 1 else None, names[-1])
    targets = constraint.texts("to_columns")
    if there is None or len(targets) != len(columns) or not columns:
        constraint.notes.leave(
            constraint.place, f"{constraint.path}: {text}", "no such dataset, or not as many columns"
        )
    elif len(columns) == 1:
        line = f"{column_text(columns[0])} -> {there}.{column_text(targets[0])}"
        found.add(line, constraint.node, constraint.path, is_implied=True)
    else:
        line = f"({columns_text(columns)}) -> {there} ({columns_text(targets)})"
        found.add(line, constraint.node, constraint.path, is_implied=True)


def _enforced(both: list[Taker], found: GatheredLines) -> None:
    """An enforced contract of columns and types is the check `schema exact`."""
    for each in both:
        contract = each.map("contract")
        if contract is None:
            continue
        if contract.flag("enforced"):
            found.add("schema exact", contract.node, contract.path)
        contract.ignore(["alias_types"])
        contract.end()


# -- freshness


def _freshness(place: Taker, config: Taker | None, above: _Freshness) -> _Freshness:
    """What is said of freshness here, else what goes for all tables of the source."""
    found = above
    for each in (place, config):
        if each is None:
            continue
        column = each.text("loaded_at_field")
        if column is not None:
            found = replace(found, column=column)
        node = each.node.value.get("freshness")
        if node is not None and node.kind == "null":
            each.ignore(["freshness"])
            found = replace(found, error=None, warn=None)
        fresh = each.map("freshness")
        if fresh is None:
            continue
        limits = {key: _duration(fresh, key) for key in ("error_after", "warn_after")}
        found = replace(found, error=limits["error_after"], warn=limits["warn_after"], filter=fresh.text("filter"))
        found = replace(found, line=fresh.node.line, at=fresh.node.column)
        fresh.end()
    return found


def _duration(fresh: Taker, key: str) -> str | None:
    said = fresh.map(key)
    if said is None:
        return None
    count, period = said.text("count"), said.text("period")
    said.end()
    if count is None and period is None:
        return None
    duration = duration_text(count or "", period or "")
    if duration is None:
        said.notes.wrong(
            said.node, f"`{said.path}` must have a count and a period", "such as `{count: 12, period: hour}`"
        )
    return duration


def _fresh_lines(fresh: _Freshness, found: GatheredLines, node: Taker) -> None:
    place = PlacedValue("map", {}, fresh.line, fresh.at)
    what = node.under("freshness")
    for duration, severity in ((fresh.error, ""), (fresh.warn, " warn")):
        if duration is None:
            continue
        if fresh.column is None:
            node.notes.leave(
                (fresh.line, fresh.at), f"{what}: {duration}", "it does not say by which column (`loaded_at_field`)"
            )
        else:
            where = f" where {fresh.filter}" if fresh.filter else ""
            name = found.column(fresh.column)
            shown = column_text(name) if name.isidentifier() else name
            found.add(f"max_age {duration} by {shown}{where}{severity}", place, what)
