"""Traces a commit's datasets and puts what was found together to one graph. What was traced once is known by its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.base.names import quote, quote_name
from andon.base.record import Record, field
from andon.base.text import words_in
from andon.model.dataset import ROWS, Dataset, Definition, FileRead, Kind
from andon.model.insight import Insight, use_parts
from andon.model.lineage import (
    Edge,
    EdgeKind,
    Graph,
    Level,
    Node,
    NodeKind,
    api_id,
    column_id,
    connection_id,
    insight_id,
)
from andon.model.quarantine import ADDED
from andon.model.version import Columns
from andon.sources.files.paths import files_of
from andon.sql.lineage.query import Lineage, SourceColumn, column_lineage, look_ahead
from andon.sql.reads import replace_reads

#: The format is raised when the tracing gives other answers.
_LINEAGES = Entries[Lineage]("lineage", Lineage, 5)
#: Where a source's reads stand as tables while it is traced; no dataset can be named so.
_READS = "_reads"
_BECAUSE = "table-level, because "
#: So many queries are planned at once: their plans are texts of some 20 kB.
_AT_ONCE = 100


class TraceQuestion(Record):
    """A SELECT to trace. `meaning` is the content id of text and macros; `schemas` the columns of what it reads."""

    meaning: str
    sql: str
    schemas: Mapping[str, Columns]
    macros: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the answer depends on."""
        schemas = sorted((name, [list(column) for column in columns]) for name, columns in self.schemas.items())
        return content_id([self.meaning, schemas])


def trace(questions: Mapping[str, TraceQuestion], cache: Cache) -> dict[str, Lineage]:
    """The lineage of each question, from the cache or from the engine."""
    keys = {name: question.key for name, question in questions.items()}
    known = cache.get(_LINEAGES, set(keys.values()))
    new: dict[str, Lineage] = {}
    waiting = {keys[name]: questions[name] for name in questions if keys[name] not in known}
    for batch in _together(waiting):
        asked = list(batch.values())
        look_ahead([(each.sql, each.schemas) for each in asked], asked[0].macros)
        for key, each in batch.items():
            new[key] = column_lineage(each.sql, each.schemas, each.macros)
    if new:
        cache.put(_LINEAGES, new)
    return {name: known[key] if key in known else new[key] for name, key in keys.items()}


def _together(questions: Mapping[str, TraceQuestion]) -> Iterator[dict[str, TraceQuestion]]:
    """Questions, by key, that the engine can be asked at once: of the same macros, which it then makes once, and of one mind about the
    columns of what they read."""
    batch: dict[str, TraceQuestion] = {}
    declared: dict[str, Columns] = {}
    macros: tuple[str, ...] = ()
    for key, each in sorted(questions.items(), key=lambda pair: (pair[1].macros, pair[0])):
        differs = any(declared.get(name.lower(), columns) != columns for name, columns in each.schemas.items())
        if batch and (differs or each.macros != macros or len(batch) >= _AT_ONCE):
            yield batch
            batch, declared = {}, {}
        batch[key], macros = each, each.macros
        declared.update({name.lower(): columns for name, columns in each.schemas.items()})
    if batch:
        yield batch


class Loaded(Record):
    """What a source reads: the contract by which it does, if there is one yet, and the paths of its files."""

    contract: Mapping[str, Any] | None
    paths: tuple[str, ...]


class Parts(Record):
    """What a graph is made of, by dataset.

    Attributes:
        definitions: the code that makes each dataset.
        columns: its columns as stored; of what was never built they may be missing.
        loaded: of sources: what they read.
        said: what files say about datasets for people.
        insights: what the datasets serve.
    """

    definitions: Mapping[str, Definition]
    columns: Mapping[str, Columns]
    loaded: Mapping[str, Loaded] = field(default_factory=dict)
    said: Mapping[str, Dataset] = field(default_factory=dict)
    insights: tuple[Insight, ...] = ()


def build_graph(parts: Parts, cache: Cache) -> Graph:
    """The lineage of all datasets of `parts`, from the files that they read to the insights that they serve."""
    return _GraphMaker(parts, cache).graph()


def unchanged_columns(
    parts: Parts, cache: Cache, names: Iterable[str]
) -> dict[str, dict[str, tuple[SourceColumn, ...]]]:
    """By dataset and column, both as stored, the columns of its inputs of which one gives each of its values as it is, or NULL.

    Args:
        names: datasets that are asked about; none of them a source.
    """
    maker = _GraphMaker(parts, cache)
    wanted = sorted(set(names))
    found = trace(maker.questions(wanted), cache)
    unchanged = {}
    for name in wanted:
        lineage = maker.checked(name, found.get(name))
        if lineage.fallback is None and lineage.unchanged:
            stored = {column.lower(): column for column, _ in parts.columns[name]}
            unchanged[name] = {stored[each.lower()]: tuple(sorted(of)) for each, of in lineage.unchanged.items()}
    return unchanged


class _Read(Record):
    """One read of a source: the node of its files, its columns, and the table that stands for it."""

    node: Node
    columns: Columns
    table: str


class _GraphMaker:
    def __init__(self, parts: Parts, cache: Cache) -> None:
        self._parts = parts
        self._cache = cache
        self._nodes: dict[str, Node] = {}
        self._edges: dict[Edge, None] = {}
        self._reads: dict[str, list[_Read]] = {}

    def graph(self) -> Graph:
        """See `build_graph`."""
        definitions = self._parts.definitions
        for name in sorted(definitions):
            if definitions[name].kind is Kind.SOURCE:
                self._reads[name] = self._files(name)
            outside = _outside(definitions[name])
            if outside is not None:
                self._nodes[outside.id] = outside
        found = trace(self.questions(definitions), self._cache)
        lineages = {name: self.checked(name, found.get(name)) for name in sorted(definitions)}
        for name, lineage in lineages.items():
            self._dataset(name, lineage.fallback)
        for name, lineage in lineages.items():
            self._missing_inputs(name)
            if definitions[name].kind is Kind.PYTHON:
                self._python(name)
            else:
                self._traced(name, lineage)
        for insight in self._parts.insights:
            self._insight(insight)
        return Graph(self._nodes, tuple(self._edges))

    # -- what to ask

    def questions(self, names: Iterable[str]) -> dict[str, TraceQuestion]:
        """What is to be traced of some datasets; of sources once their files are there."""
        found = {}
        for name, definition in ((name, self._parts.definitions[name]) for name in names):
            if definition.kind is Kind.SQL and all(i in self._parts.columns for i in definition.inputs):
                schemas = {i: self._parts.columns[i] for i in definition.inputs}
                sql = self._parted(definition, definition.sql or "")
                found[name] = TraceQuestion(definition.id, sql, schemas, definition.macros)
            elif definition.kind is Kind.QUARANTINE and definition.inputs[0] in self._parts.columns:
                (of,) = definition.inputs
                added = ", ".join(f"null::{kind} as {column}" for column, kind in ADDED)
                sql = self._parted(self._parts.definitions[of], f"select *, {added} from {quote_name(of)}")
                found[name] = TraceQuestion(definition.id, sql, {of: self._parts.columns[of]}, ())
            elif (
                definition.kind is Kind.SOURCE
                and definition.asks is None
                and len(self._reads[name]) == len(definition.reads)
            ):
                reads = self._reads[name]
                sql = replace_reads(definition.sql or "", definition.reads, [read.table for read in reads])
                schemas = {read.table: read.columns for read in reads}
                found[name] = TraceQuestion(definition.id, self._parted(definition, sql), schemas, definition.macros)
        return found

    def _parted(self, definition: Definition, sql: str) -> str:
        """SQL with what decides which rows are set aside: the columns that the lines of such checks name."""
        if not definition.quarantine:
            return sql
        words = words_in(" ".join(definition.quarantine))
        named = [column for column, _ in self._columns(definition.dataset) if column.lower() in words]
        where = " and ".join(f"{quote(column)} is not null" for column in named)
        return f"select * from (\n{sql}\n) where {where}" if where else sql

    def checked(self, name: str, lineage: Lineage | None) -> Lineage:
        """What was traced, if it is about the columns that are stored."""
        definition = self._parts.definitions[name]
        if definition.kind is Kind.PYTHON:
            return Lineage(fallback=self._python_reason(name))
        if definition.connection is not None:
            return Lineage(fallback=f"{_BECAUSE}its query is in the SQL of the database")
        if definition.asks is not None:
            return Lineage(fallback=f"{_BECAUSE}its rows come from outside")
        if lineage is None:
            missing = [i for i in definition.inputs if i not in self._parts.columns]
            reason = "its files were never read"
            if missing:
                is_there = missing[0] in self._parts.definitions
                state = "whose columns are not known before it is built" if is_there else "which is not in this commit"
                reason = f"it reads `{missing[0]}`, {state}"
            return Lineage(fallback=_BECAUSE + reason)
        if name not in self._parts.columns:
            return Lineage(fallback=_BECAUSE + "its columns are not known before it is built")
        stored = [column.lower() for column, _ in self._columns(name)]
        if lineage.fallback is None and [column.lower() for column in lineage.columns] != stored:
            return Lineage(fallback=_BECAUSE + "over its inputs as they are now it would have other columns")
        return lineage

    # -- nodes

    def _dataset(self, name: str, reason: str | None) -> None:
        said, definition = self._parts.said.get(name), self._parts.definitions[name]
        owner = said.owner if said is not None else None
        self._nodes[name] = Node(name, NodeKind.DATASET, name, None, str(definition.kind), owner, reason)
        for column, kind in self._columns(name):
            key = column_id(name, column)
            self._nodes[key] = Node(key, NodeKind.COLUMN, column, name, kind)

    def _missing_inputs(self, name: str) -> None:
        for needed in self._parts.definitions[name].inputs:
            if needed not in self._nodes:
                reason = "it is not in this commit"
                self._nodes[needed] = Node(needed, NodeKind.DATASET, needed, reason=_BECAUSE + reason)

    def _files(self, name: str) -> list[_Read]:
        """The reads of a source with the columns that its contract records; their nodes are made."""
        definition, loaded = self._parts.definitions[name], self._parts.loaded.get(name, Loaded(None, ()))
        entries = loaded.contract["reads"] if loaded.contract else []
        found = []
        for number, read in enumerate(definition.reads):
            key = ", ".join(read.patterns)
            known = self._nodes.get(key)
            fitting = {*files_of(read, loaded.paths), *(known.files if known is not None else ())}
            node = self._nodes[key] = Node(key, NodeKind.FILE, key, files=tuple(sorted(fitting)))
            if number < len(entries):
                entry = entries[number]
                columns = [(str(n), str(k)) for n, k in [*entry["columns"], *entry.get("partitions", ())]]
                columns += _filename(read)
                for column, kind in columns:
                    of = column_id(key, column, NodeKind.FILE)
                    self._nodes[of] = Node(of, NodeKind.COLUMN, column, key, kind)
                found.append(_Read(node, columns, f"{_READS}.read_{number}"))
        return found

    def _insight(self, insight: Insight) -> None:
        node = insight_id(insight.name)
        missing = []
        for use in insight.uses:
            dataset, column = use_parts(use)
            key = None if column is None else self._stored(dataset, column)
            if key is not None:
                self._edge(key, node, EdgeKind.DERIVE, Level.COLUMN)
            elif dataset in self._nodes:
                self._edge(dataset, node, EdgeKind.DERIVE, Level.TABLE)
            if key is None and (column is not None or dataset not in self._nodes):
                missing.append(use)
        reason = f"{_BECAUSE}it uses `{missing[0]}`, which is not there" if missing else None
        self._nodes[node] = Node(
            node, NodeKind.INSIGHT, insight.title, None, insight.kind, insight.owner, reason, insight.decision
        )

    # -- edges

    def _edge(self, source: str, target: str, kind: EdgeKind, level: Level) -> None:
        self._edges[Edge(source, target, kind, level)] = None

    def _traced(self, name: str, lineage: Lineage) -> None:
        """The edges of a dataset whose SQL was traced, or could not be."""
        places = {read.table: read.node for read in self._reads.get(name, ())}
        inputs = [*self._parts.definitions[name].inputs]
        if (outside := _outside(self._parts.definitions[name])) is not None:
            inputs = [outside.id]
        elif self._parts.definitions[name].kind is Kind.SOURCE:
            inputs = [", ".join(read.patterns) for read in self._parts.definitions[name].reads]
        if lineage.fallback is not None:
            for needed in inputs:
                self._edge(needed, name, EdgeKind.DERIVE, Level.TABLE)
            return

        def source(dataset: str, column: str) -> str:
            file = places.get(dataset)
            return column_id(dataset, column) if file is None else column_id(file.id, column, NodeKind.FILE)

        for (column, _), sources in zip(self._columns(name), lineage.columns.values(), strict=True):
            for dataset, of in sorted(sources):
                self._edge(source(dataset, of), column_id(name, column), EdgeKind.DERIVE, Level.COLUMN)
        for dataset, of in sorted(lineage.influence):
            self._edge(source(dataset, of), name, EdgeKind.INFLUENCE, Level.COLUMN)
        for needed in inputs:
            self._edge(needed, name, EdgeKind.INFLUENCE, Level.COLUMN)

    def _python(self, name: str) -> None:
        """The edges of a Python dataset: as its file declares them, at table level where it doesn't."""
        definition = self._parts.definitions[name]
        declared = self._declared(name)
        if isinstance(declared, str) or not declared:
            for needed in definition.inputs:
                self._edge(needed, name, EdgeKind.DERIVE, Level.TABLE)
            return
        for column, _ in self._columns(name):
            key = column_id(name, column)
            if column.lower() in declared:
                for source in declared[column.lower()]:
                    self._edge(source, key, EdgeKind.DERIVE, Level.COLUMN)
            else:
                for needed in definition.inputs:
                    self._edge(needed, key, EdgeKind.DERIVE, Level.TABLE)
        for source in declared.get(ROWS, ()):
            self._edge(source, name, EdgeKind.INFLUENCE, Level.COLUMN)
        level = Level.COLUMN if ROWS in declared else Level.TABLE
        for needed in definition.inputs:
            self._edge(needed, name, EdgeKind.INFLUENCE, level)

    def _declared(self, name: str) -> dict[str, list[str]] | str:
        """By column in lower case the ids of the declared sources; or why the declaration does not hold."""
        said = self._parts.said.get(name)
        found: dict[str, list[str]] = {}
        own = {column.lower() for column, _ in self._columns(name)}
        for column, sources in said.lineage if said is not None else ():
            if column != ROWS and column.lower() not in own:
                return f"its `lineage` names `{column}`, which it does not have"
            found[column.lower()] = []
            for dataset, of in sources:
                key = self._stored(dataset, of)
                if key is None:
                    return f"its `lineage` names `{dataset}.{of}`, which is not there"
                found[column.lower()].append(key)
        return found

    def _python_reason(self, name: str) -> str | None:
        declared = self._declared(name)
        if isinstance(declared, str):
            return _BECAUSE + declared
        if not declared:
            return _BECAUSE + "it is Python and declares no `lineage`"
        rest = [column for column, _ in self._columns(name) if column.lower() not in declared]
        if rest:
            shown = ", ".join(f"`{column}`" for column in rest[:3]) + (", …" if len(rest) > 3 else "")
            return f"{_BECAUSE}its `lineage` does not tell of {shown}"
        return None if ROWS in declared else f'{_BECAUSE}its `lineage` does not tell what decides its rows (`"*"`)'

    def _columns(self, dataset: str) -> Columns:
        return self._parts.columns.get(dataset, ())

    def _stored(self, dataset: str, column: str) -> str | None:
        """The id of a column, whatever its case; None if there is no such column."""
        names = (stored for stored, _ in self._columns(dataset))
        return next((column_id(dataset, stored) for stored in names if stored.lower() == column.lower()), None)


def _filename(read: FileRead) -> list[tuple[str, str]]:
    """The column with the file's path, if the read asks for it; the option is true or the column's name."""
    text = next((text.strip() for name, text in read.options if name == "filename"), "false")
    if text.lower() in ("false", "0", "'false'"):
        return []
    is_name = text.startswith("'") and text.lower() != "'true'"
    return [(text[1:-1].replace("''", "'") if is_name else "filename", "VARCHAR")]


def _outside(definition: Definition) -> Node | None:
    """Whom a source asks, as a node."""
    if definition.connection is not None:
        key = connection_id(definition.connection)
        return Node(key, NodeKind.DATABASE, key)
    if definition.asks is None:
        return None
    key = api_id(definition.asks)
    return Node(key, NodeKind.API, key)
