"""Small projects written by chance: sources from CSV, layers of queries over them, and edits; and the judge of what a lake holds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from andon.engines.types import lake_type
from andon.model.dataset import ClockUse, Definition, Kind
from andon.model.version import Version
from andon.service.service import Service
from andon.sql.reuse import reads_of
from kit.empty_engine import empty_engine
from kit.queries.texts import MACROS, changed, query, reworded, varied

Row = tuple[object, ...]

#: source -> the columns of its raw file, and what its SQL makes of them to be what `kit.queries` reads.
RAW = {
    "s.a": (("x", "y", "z", "t", "m"), "x, y, z, t, [x, y, m] as l"),
    "s.b": (("x", "k", "v"), "x, k, {'u': k, 'v': v} as p"),
    "s.c": (("k", "y", "w"), "k, y, w"),
}
TYPES = {"z": "DOUBLE", "t": "VARCHAR"}
_LOST = "its data files are gone"
#: Names of columns that come and go: some are taken by aliases and natural joins.
NAMES = ["n", "c0", "c1", "w", "k", "y", "x", "u", "t"]


@dataclass
class Text:
    """A dataset's query as it can be edited: what it selects (an expression and a name), and what comes after."""

    columns: list[tuple[str, str]]
    rest: str
    head: str = ""
    wrapped: bool = False
    comment: str = ""

    def sql(self) -> str:
        listed = ", ".join(f"{value} as {name}" if name else value for value, name in self.columns)
        sql = f"select {listed} {self.rest}"
        if self.wrapped:
            sql = f"with wrapped as ({sql}) select * from wrapped"
        return f"{sql}{self.comment}"


@dataclass
class Drawn:
    """A query of `kit.queries` with the draws that made it."""

    seed: int
    text: str
    draws: list[float]
    head: str = ""

    def sql(self) -> str:
        return self.text


@dataclass
class Written:
    """A project by chance: what its files say, and how one edit more is made."""

    pick: random.Random
    raw: dict[str, list[list[str]]] = field(default_factory=dict)
    sources: dict[str, Text] = field(default_factory=dict)
    datasets: dict[str, Text | Drawn] = field(default_factory=dict)

    def begin(self, count: int) -> None:
        for name, (columns, selected) in RAW.items():
            self.raw[name] = [[self.value(c) for c in columns] for _ in range(self.pick.randint(2, 6))]
            kinds = ", ".join(f"'{c}': '{TYPES.get(c, 'INTEGER')}'" for c in columns)
            path = f"raw/{name}.csv"
            self.sources[name] = Text(
                [(selected, "")], f"from read_csv('{path}', columns = {{{kinds}}}, header = true)"
            )
        while len(self.datasets) < count:
            name = f"d.d{len(self.datasets)}"
            self.datasets[name] = self.another()
            if self.columns() is None:
                del self.datasets[name]

    def files(self) -> dict[str, str]:
        """`{path: text}` of the project."""
        found = {"andon.toml": "", "macros/all.sql": ";\n".join(MACROS) + ";\n"}
        for name, rows in self.raw.items():
            lines = [",".join(RAW[name][0]), *(",".join(row) for row in rows)]
            found[f"raw/{name}.csv"] = "\n".join(lines) + "\n"
        for place, texts in (("sources", self.sources), ("datasets", self.datasets)):
            for name, text in texts.items():
                head = f"/*---\n{text.head}\n---*/\n" if text.head else ""
                found[f"{place}/{name.replace('.', '/')}.sql"] = f"{head}{text.sql()}\n"
        return found

    def edit(self) -> str:
        """Change something; what it was, in a word."""
        for _ in range(20):
            kept = self._copied()
            done = self.pick.choice([self._edit_raw, self._edit_source, self._edit_dataset, self._edit_dataset])()
            if self.columns() is not None:
                return done
            self.raw, self.sources, self.datasets = kept
        return "nothing"

    def value(self, column: str) -> str:
        if self.pick.random() < 0.1:
            return ""
        if column == "t":
            return self.pick.choice("ab1")
        return str(self.pick.randint(0, 8) / 2) if column == "z" else str(self.pick.randint(0, 4))

    def columns(self) -> dict[str, list[str]] | None:
        """The columns of everything, or None if something does not bind; the judge's own engine says so."""
        import duckdb

        with empty_engine() as engine:
            engine.execute(f"create schema s; create schema d; {MACROS[0]}")
            try:
                for name, text in self.sources.items():
                    raw = ", ".join(f"null::{TYPES.get(c, 'INTEGER')} as {c}" for c in RAW[name][0])
                    listed = text.sql().partition(" from read_csv")[0]
                    engine.execute(f"create table {name} as {listed} from (select {raw})")
                    if _has_twins(engine.sql(f"{listed} from (select {raw})").columns):
                        return None
                engine.execute(MACROS[1])
                for name, query_text in self.datasets.items():
                    if _has_twins(engine.sql(query_text.sql()).columns):
                        return None
                    engine.execute(f"create table {name} as select * from ({query_text.sql()}\n) limit 0")
            except duckdb.Error:
                return None
            names = [*self.sources, *self.datasets]
            return {n: [str(row[0]) for row in engine.execute(f"describe {n}").fetchall()] for n in names}

    # -- what is written

    def another(self) -> Text | Drawn:
        """A new query: over sources by the queries' own generator, or over what is there already."""
        head = self.pick.choice(["", "", "", "materialize: view"])
        if len(self.datasets) < 2 or self.pick.random() < 0.25:
            seed = self.pick.randrange(2**40)
            text, draws = query(seed)
            return Drawn(seed, text, draws, head)
        columns = self.columns() or {}
        one, other = self.pick.choice(list(columns)), self.pick.choice(list(columns))
        a, b, c = (self.pick.choice(columns[name]) for name in (one, one, other))
        forms = [
            ([(a, "c0"), ("count(*)", "c1")], f"from {one} group by {a}"),
            ([("*", "")], f"from {one}"),
            ([(a, "c0"), (b, "")], f"from {one} where {b} is not null"),
            ([(f"p.{a}", "c0"), (f"q.{c}", "c1")], f"from {one} p join {other} q on p.{a} = q.{c}"),
            ([(f"p.{a}", "c0"), (f"q.{c}", "w")], f"from {one} p left join {other} q on p.{a} = q.{c}"),
            ([("*", "")], f"from {one} natural join {other}"),
            ([("count(*)", "c0")], f"from {one}"),
            ([(f"max({a})", "c0"), (f"count({b})", "k")], f"from {one}"),
            ([(a, "c0"), (f"rank() over (order by {b})", "c1")], f"from {one}"),
            ([(a, "c0")], f"from {one} order by {a}, {b} limit 2"),
            ([("*", "")], f"from {one} limit 2"),
            ([(f"* exclude ({a})", "")], f"from {one}"),
            ([("columns('c.*')", "")], f"from {one}"),
            ([("*", "")], f"from (from {one} union all by name from {other})"),
            ([(a, "c0")], f"from {one} p where exists (select 1 from {other} q where q.{c} = p.{a})"),
            ([(f"distinct {a}", "c0"), (b, "y")], f"from {one}"),
            ([(a, "n"), ("n", "c1")], f"from {one}"),
            ([(a, "n")], f"from {one} where n is not null"),
            ([(f"(select max({c}) from {other})", "k"), (a, "")], f"from {one} order by all"),
            ([(a, "c0"), (f"sum({b})", "y")], f"from {one} group by all having count(*) > 1"),
        ]
        selected, rest = self.pick.choice(forms)
        return Text(selected, rest, head)

    # -- edits

    def _copied(self) -> tuple[dict, dict, dict]:
        import copy

        return copy.deepcopy((self.raw, self.sources, self.datasets))

    def _edit_raw(self) -> str:
        name = self.pick.choice(list(self.raw))
        rows = self.raw[name]
        what = self.pick.choice(["one column", "one column", "order", "row", "cell", "again"])
        place = self.pick.randrange(len(RAW[name][0]))
        if what == "one column":
            for row in rows:
                row[place] = self.value(RAW[name][0][place])
        elif what == "order":
            self.pick.shuffle(rows)
        elif what == "row":
            rows.append([self.value(c) for c in RAW[name][0]])
        elif what == "cell":
            self.pick.choice(rows)[place] = self.value(RAW[name][0][place])
        return f"raw {name} {what}"

    def _edit_source(self) -> str:
        name = self.pick.choice(list(self.sources))
        return f"source {name} {self._edit_text(self.sources[name])}"

    def _edit_dataset(self) -> str:
        name = self.pick.choice(list(self.datasets))
        text = self.datasets[name]
        if self.pick.random() < 0.1:
            text.head = "" if text.head else self.pick.choice(["materialize: view", "owner: ana"])
            return f"dataset {name} head"
        if isinstance(text, Text):
            return f"dataset {name} {self._edit_text(text)}"
        what = self.pick.choice(["reworded", "changed", "more", "others"])
        if what == "reworded":
            text.text = reworded(text.seed, text.draws, self.pick.randrange(2**30))
        elif what == "changed":
            text.text = changed(text.seed, text.draws, self.pick)
        else:
            text.text = varied(text.seed, text.draws, self.pick, 1 if what == "more" else -1)
        return f"dataset {name} {what}"

    def _edit_text(self, text: Text) -> str:
        what = self.pick.choice(["add", "add", "drop", "rename", "alter", "order", "wrap", "comment", "filter"])
        place = self.pick.randrange(len(text.columns))
        value, name = text.columns[place]
        if what == "add":
            text.columns.append((self.pick.choice(["1", value, "'b'", "2 + 1"]), self.pick.choice(NAMES)))
        elif what == "drop":
            text.columns.pop(place)
        elif what == "rename":
            text.columns[place] = (value, self.pick.choice(NAMES))
        elif what == "alter":
            text.columns[place] = (f"coalesce({value}, {value})", name)
        elif what == "order":
            self.pick.shuffle(text.columns)
        elif what == "wrap":
            text.wrapped = not text.wrapped
        elif what == "comment":
            text.comment = f" -- {self.pick.random()}"
        else:
            text.rest += f" where {self.pick.choice(NAMES)} is not null"
        return what


def _has_twins(columns: list[str]) -> bool:
    return len({column.lower() for column in columns}) < len(columns)


class Judge:
    """Whether every result that a lake names is what its definition gives over its inputs, said by an engine of the judge's own."""

    def __init__(self) -> None:
        self._right: set[str] = set()

    def wrong(self, service: Service, branch: str) -> str | None:
        """The first leaf of which the build says what is not so, or None."""
        objects = service.workspace.lake.objects
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve(branch)).leaves
        for name, leaf in leaves.items():
            if leaf.build in self._right:
                continue
            build = objects.builds([leaf.build])[leaf.build]
            definition = objects.definitions([leaf.definition])[leaf.definition]
            if definition.kind is Kind.SQL and definition.clock is ClockUse.NONE:
                found = self._compare(service, definition, leaf.version, build.inputs)
                if found == _LOST:
                    continue
                if found:
                    return f"{name}: {found}\nproof: {build.proof}\n{definition.sql}"
            self._right.add(leaf.build)
        return None

    def left_behind(self, service: Service, branch: str) -> list[str]:
        """Datasets that were not made of what is published."""
        objects = service.workspace.lake.objects
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve(branch)).leaves
        builds = objects.builds([leaf.build for leaf in leaves.values()])
        return [
            name
            for name, leaf in leaves.items()
            if any(leaves[i].version != v for i, v in builds[leaf.build].inputs.items())
        ]

    def _compare(self, service: Service, definition: Definition, version: str, inputs) -> str | None:
        import duckdb

        known = self._version(service, version)
        schemas = {n: [(c.name, c.type) for c in self._version(service, i).columns] for n, i in inputs.items()}
        reading = reads_of(definition.sql or "", schemas, definition.macros)
        with empty_engine() as engine:
            try:
                self._attach(engine, service, inputs)
                rows, columns = self._made(engine, definition)
            except duckdb.IOException:
                return _LOST
            except duckdb.Error as error:
                return None if known.is_view else f"it can't be made: {error}"
            if columns != [(c.name, c.type) for c in known.columns]:
                return f"columns are {known.columns} and not {columns}"
            if reading.is_open or known.is_view:
                return None
            if service.workspace.lake.objects.is_lost(known):
                return _LOST
            listed = [service.workspace.lake.storage.engine_path(f.path) for f in known.files]
            there = engine.execute(f"from read_parquet({listed!r})").fetchall()
            counted = [Counter(map(repr, found)) for found in (there, rows)]
            return None if counted[0] == counted[1] else f"holds {there} and not {rows}"

    def _made(self, engine, definition: Definition) -> tuple[list[Row], list[tuple[str, str]]]:
        for macro in definition.macros:
            engine.execute(macro.replace("create macro", "create or replace macro", 1))
        engine.execute(f"create or replace temp table made as select * from ({definition.sql}\n)")
        found = [(str(r[0]), lake_type(str(r[1]))) for r in engine.execute("describe made").fetchall()]
        stored = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in found)
        return engine.execute(f"select {stored} from made").fetchall(), found

    def _attach(self, engine, service: Service, inputs) -> None:
        for name, version in inputs.items():
            engine.execute(f"create schema if not exists {name.partition('.')[0]}")
            found = self._version(service, version)
            if not found.is_view:
                listed = [service.workspace.lake.storage.engine_path(f.path) for f in found.files]
                engine.execute(f"create or replace table {name} as from read_parquet({listed!r})")
                continue
            objects = service.workspace.lake.objects
            build = objects.builds_by_key([version])[version]
            definition = objects.definitions([build.definition])[build.definition]
            engine.register("handed", self._view(service, definition, build.inputs, found))
            engine.execute(f"create or replace table {name} as from handed")
            engine.unregister("handed")

    def _view(self, service: Service, definition: Definition, inputs, version: Version):
        """The rows of a view over what it was defined on, in the types that the lake says."""

        with empty_engine() as engine:
            self._attach(engine, service, inputs)
            for macro in definition.macros:
                engine.execute(macro.replace("create macro", "create or replace macro", 1))
            stored = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in version.columns)
            return engine.execute(f"select {stored} from ({definition.sql}\n)").to_arrow_table()

    def _version(self, service: Service, version: str) -> Version:
        return service.workspace.lake.objects.versions([version])[version]
