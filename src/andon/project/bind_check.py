"""Names and types of a whole project, by the engine's own binder over empty tables, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from andon.base.cache import Cache, Entries
from andon.base.graph import levels, reach
from andon.base.hashing import texts_id
from andon.base.names import did_you_mean
from andon.base.record import Record
from andon.errors import Problem
from andon.model.dataset import ROWS, Dataset, Definition, Kind
from andon.model.growth import By, Grain
from andon.model.project import Project
from andon.project.files.front_matter import read_front_matter
from andon.project.files.problems import at_offset, at_place
from andon.project.files.reading import DeclaredFields
from andon.sql.bind import Binder, BindError
from andon.sql.history import without_history

Columns = tuple[tuple[str, str], ...]

_BOUND = Entries[Columns]("bound", Columns)
#: The column, without its table, that a message names.
_NAMED = re.compile(r"`(?:[^`]*\.)?([^`.]+)`")


class Following(Record):
    """Who is bound beside what changed: datasets that read something whose columns come out otherwise than they are.

    Attributes:
        readers: `{dataset: the SQL datasets that read it}`.
        moved: datasets that are not bound, and whose columns are, or may be, others.
        columns_of: the columns of datasets that exist, as the lake stores them; asked for what such readers read besides.
    """

    readers: Mapping[str, Iterable[str]]
    moved: Set[str]
    columns_of: Callable[[Set[str]], Mapping[str, Sequence[tuple[str, str]]]]


def _unheard(columns: Mapping[str, Columns]) -> None:
    """Nobody waits for it."""
    del columns


def check_bindings(
    project: Project,
    schemas: Mapping[str, Sequence[tuple[str, str]]],
    changed: Iterable[str],
    cache: Cache,
    *,
    to_lake_type: Callable[[str], str] = str,
    following: Following | None = None,
    told: Callable[[Mapping[str, Columns]], None] = _unheard,
) -> tuple[dict[str, Columns], list[Problem]]:
    """Bind the SQL datasets of `changed` in the order in which they read each other.

    Args:
        schemas: `{dataset: (column, type)}` of what exists, as the lake stores it.
        changed: datasets to bind; those that are not SQL are skipped.
        to_lake_type: the type that the lake stores for one that SQL returns: what is bound downstream sees that.
        following: tells who else is bound; nobody else without it.
        told: hears of columns as soon as they are known.

    Returns:
        `{dataset: (column, type that its SQL returns)}` of those that could be bound, and the problems of those that could not.
        A dataset that reads one of unknown columns is in neither.
    """
    wanted = {name for name in changed if name in project.datasets}
    region = wanted if following is None else wanted | reach(following.readers, wanted | following.moved)
    inputs = {name: project.datasets[name].definition.inputs for name in region}
    moved = set(following.moved) if following is not None else set()
    binding = _Binding(project, schemas, wanted, cache, to_lake_type)
    try:
        for level in levels(inputs):
            due = [name for name in level if name in wanted or not moved.isdisjoint(inputs[name])]
            if following is not None:
                binding.learn(following.columns_of({*due, *(i for n in due for i in inputs[n])} - binding.met))
            before = {name: schemas.get(name) if name in wanted else binding.known(name) for name in due}
            binding.bind([name for name in due if project.datasets[name].definition.kind is Kind.SQL])
            told({name: binding.bound[name] for name in due if name in binding.bound})
            moved |= {name for name in due if name in binding.bound and _differ(before[name], binding.known(name))}
    finally:
        binding.close()
    return binding.bound, binding.problems


def check_declared(dataset: Dataset, columns: Sequence[tuple[str, str]], text: str | None = None) -> list[Problem]:
    """Problems of columns that the dataset's file declares, or names as its key, and that its result `columns` lack.

    Args:
        text: the dataset's file, to show the place; by default its SQL.
    """
    definition = dataset.definition
    names = [name for name, _ in columns]
    known = {name.lower() for name in names}
    missing = [
        (f"column:{spec.name}", spec.name, "declared") for spec in dataset.columns if spec.name.lower() not in known
    ]
    missing += [(f"key:{name}", name, "named as `key`") for name in definition.key if name.lower() not in known]
    missing += [(f"sort:{name}", name, "named as `sort`") for name in definition.sort if name.lower() not in known]
    missing += [
        (f"partition:{part.column}", part.column, "named in `partition`")
        for part in definition.partition
        if part.column.lower() not in known
    ]
    missing += [
        (f"history:{name}", name, "named as `changed_at`")
        for name in ([definition.history.changed_at] if definition.history is not None else [])
        if name is not None and name.lower() not in known
    ]
    missing += [
        (f"incremental:{name}", name, "named in `incremental`")
        for name in _growing_by(definition)
        if name.lower() not in known
    ]
    traced = [name for name, _ in dataset.lineage if name != ROWS]
    missing += [(f"lineage:{name}", name, "named in `lineage`") for name in traced if name.lower() not in known]
    limited = dict.fromkeys(name for caveat in dataset.caveats for name in caveat.columns)
    missing += [(f"caveats:{name}", name, "named in a caveat") for name in limited if name.lower() not in known]
    untimed = _untimed(definition, columns)
    if not missing and definition.growth is None and untimed is None and not definition.partition:
        return []
    written = text if text is not None else _own_sql(definition)
    declared = read_front_matter(written, definition.entry) if definition.kind is not Kind.PYTHON else DeclaredFields()
    renamed = {was.lower(): f"`{was}` is now `{column}`" for column, was in definition.was}
    problems = []
    for name, message, hint in _unfit_to_grow(definition, columns):
        line, column = declared.named.get(f"incremental:{name}", (None, None))
        problems.append(at_place(definition.entry, written, line, column, "project.bad_value", message, hint))
    for name, message, hint in _unfit_to_part(definition, columns):
        line, column = declared.named.get(f"partition:{name}", (None, None))
        problems.append(at_place(definition.entry, written, line, column, "project.bad_value", message, hint))
    if untimed is not None:
        name, message, hint = untimed
        line, column = declared.named.get(f"history:{name}", (None, None))
        problems.append(at_place(definition.entry, written, line, column, "project.bad_value", message, hint))
    for place, name, how in missing:
        line, column = declared.named.get(place, (None, None))
        message = f"column `{name}` is {how}, and not in the result of `{dataset.name}`"
        hint = (
            renamed.get(name.lower())
            or did_you_mean(name, names)
            or "the result has " + ", ".join(f"`{n}`" for n in names[:8])
        )
        problems.append(at_place(definition.entry, written, line, column, "project.unknown_column", message, hint))
    return problems


def _own_sql(definition: Definition) -> str:
    """The SQL as its file has it."""
    sql = definition.sql or ""
    return without_history(sql, definition.history) if definition.history is not None else sql


def _untimed(definition: Definition, columns: Sequence[tuple[str, str]]) -> tuple[str, str, str] | None:
    """A column by which a history can't tell since when its rows are so: name, why, and what to do."""
    name = definition.history.changed_at if definition.history is not None else None
    kind = next((kind for column, kind in columns if name is not None and column.lower() == name.lower()), None)
    if name is None or kind is None or kind.startswith(("DATE", "TIMESTAMP")):
        return None
    return name, f"`{name}` is {kind}, and `changed_at` must name a date or a time", "cast it in the SQL"


def _growing_by(definition: Definition) -> list[str]:
    """The columns by which a table grows, but for its key."""
    growth = definition.growth
    return [name for name in (growth.column, growth.deleted) if name is not None] if growth is not None else []


def _unfit_to_grow(definition: Definition, columns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Columns by which a table can't grow: name, why, and what to do."""
    growth = definition.growth
    kinds = {name.lower(): kind for name, kind in columns}
    if growth is None:
        return
    column, deleted = growth.column, growth.deleted
    kind = kinds.get((column or "").lower())
    if column is not None and kind is not None:
        if not kind.startswith(("DATE", "TIMESTAMP")):
            yield column, f"`{column}` is {kind}, and growth by time needs a date or a time", "cast it in the SQL"
        elif kind == "DATE" and growth.grain is Grain.HOUR:
            yield column, f"`{column}` is a date, which has no hours", "`grain: day`"
    kind = kinds.get((deleted or "").lower())
    if deleted is not None and kind is not None and kind != "BOOLEAN":
        yield (
            deleted,
            f"`{deleted}` is {kind}, and `deleted` must name a column that is true or false",
            "cast it in the SQL",
        )
    if growth.by is By.KEY:
        for name in definition.key:
            kind = kinds.get(name.lower())
            if kind is not None and re.search(r"FLOAT|DOUBLE|\(|\[", kind) and not kind.startswith("DECIMAL"):
                hint = "use a whole number, a text, a date or a DECIMAL"
                yield name, f"`{name}` is {kind}, by which no rows can be told apart for sure", hint


def _unfit_to_part(definition: Definition, columns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Columns by which rows can't be parted into files: name, why, and what to do."""
    kinds = {name.lower(): kind for name, kind in columns}
    for part in definition.partition:
        kind = kinds.get(part.column.lower())
        unfit = part.unfit(kind) if kind is not None else None
        if unfit is not None:
            yield part.column, *unfit


def check_sources(dataset: Dataset, schemas: Mapping[str, Sequence[tuple[str, str]]]) -> list[Problem]:
    """Problems of columns that the `lineage` of a Python dataset names and that its inputs lack.

    Args:
        schemas: the columns of inputs, as far as they are known; others are not looked at.
    """
    problems = []
    entry = dataset.definition.entry
    for input_name, column in sorted({source for _, sources in dataset.lineage for source in sources}):
        names = [name for name, _ in schemas.get(input_name, ())]
        if names and column.lower() not in {name.lower() for name in names}:
            message = f"`lineage` names `{column}` of `{input_name}`, which has no such column"
            hint = did_you_mean(column, names) or "it has " + ", ".join(f"`{n}`" for n in names[:8])
            problems.append(Problem("project.unknown_column", message, entry, hint=hint))
    return problems


def _differ(one: Sequence[tuple[str, str]] | None, other: Sequence[tuple[str, str]] | None) -> bool:
    return one is None or other is None or list(map(tuple, one)) != list(map(tuple, other))


class _Binding:
    """Binds one group after the other: the engine makes the tables of a group, and the cache is asked, in one go."""

    def __init__(
        self,
        project: Project,
        schemas: Mapping[str, Sequence[tuple[str, str]]],
        changed: set[str],
        cache: Cache,
        to_lake_type: Callable[[str], str],
    ) -> None:
        self._project = project
        self._to_lake_type = to_lake_type
        self._cache = cache
        self._binder: Binder | None = None
        # what is to be bound anew has no known columns until it is
        sql = {name for name in changed if project.datasets[name].definition.kind is Kind.SQL}
        self._known: dict[str, Columns] = {
            name: tuple((column, kind) for column, kind in columns)
            for name, columns in schemas.items()
            if name not in sql
        }
        #: Whose columns are known, or will not be.
        self.met: set[str] = {*self._known, *changed}
        self.bound: dict[str, Columns] = {}
        self.problems: list[Problem] = []

    def learn(self, columns: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """What datasets hold that exist."""
        for name, known in columns.items():
            self._known[name] = tuple((column, kind) for column, kind in known)
            self.met.add(name)

    def known(self, name: str) -> Columns | None:
        """The columns of a dataset as the lake stores them, as far as they are known by now."""
        return self._known.get(name)

    def bind(self, names: Iterable[str]) -> None:
        """Bind datasets that don't read each other, if all that they read is known."""
        keys: dict[str, str] = {}
        for name in names:
            definition = self._project.datasets[name].definition
            if definition.sql is not None and all(i in self._known for i in definition.inputs):
                keys[name] = texts_id([definition.id, [[i, self._known[i]] for i in definition.inputs]])
        found = self._cache.get(_BOUND, keys.values())
        new = self._ask([name for name, key in keys.items() if key not in found])
        if new:
            self._cache.put(_BOUND, {keys[name]: columns for name, columns in new.items()})
        for name, key in keys.items():
            columns = new.get(name) if key not in found else found[key]
            if columns is not None:
                self.bound[name] = columns
                self._known[name] = tuple((column, self._to_lake_type(kind)) for column, kind in columns)
                self.problems += check_declared(self._project.datasets[name], columns)
            else:
                self._known.pop(name, None)

    def close(self) -> None:
        """Free the engine."""
        if self._binder is not None:
            self._binder.close()

    def _ask(self, names: Sequence[str]) -> dict[str, Columns]:
        """What the engine says of each; of those that it refuses there is a problem instead."""
        if not names:
            return {}
        if self._binder is None:
            self._binder = Binder()
        definitions = [self._project.datasets[name].definition for name in names]
        for definition in definitions:
            for needed in definition.inputs:
                self._binder.declare(needed, self._known[needed])
        bound: dict[str, Columns] = {}
        # those with the same macros together: the engine then makes them once
        for definition in sorted(definitions, key=lambda d: d.macros):
            sql = definition.sql or ""
            try:
                bound[definition.dataset] = tuple(self._binder.bind(sql, definition.macros))
            except BindError as error:
                hint = self._renamed(definition.inputs, error) or error.hint
                problem = _of_history(definition, error) or at_offset(
                    definition.entry, sql, error.offset, error.code, error.message, hint
                )
                self.problems.append(problem)
        return bound

    def _renamed(self, inputs: Iterable[str], error: BindError) -> str | None:
        """What became of the column that an error does not find, if an input says that it has another name now."""
        named = _NAMED.search(error.message)
        if error.code != "project.unknown_column" or named is None:
            return None
        wanted = named[1].lower()
        for dataset in inputs:
            for column, was in self._project.datasets[dataset].definition.was:
                if was.lower() == wanted:
                    return f"`{dataset}.{was}` is now `{column}`"
        return None


def _of_history(definition: Definition, error: BindError) -> Problem | None:
    """The problem of a column that `history` names and the SQL does not return."""
    history, named = definition.history, _NAMED.search(error.message)
    if history is None or named is None or error.code != "project.unknown_column":
        return None
    for key, column in (("changed_at", history.changed_at), ("deleted", history.deleted)):
        if column is not None and column.lower() == named[1].lower():
            written = _own_sql(definition)
            declared = read_front_matter(written, definition.entry)
            line, offset = declared.named.get(f"history:{column}", (None, None))
            message = f"column `{column}` is named as `{key}`, and not in the result of `{definition.dataset}`"
            hint = "let the SQL return it, or name another column"
            return at_place(definition.entry, written, line, offset, "project.unknown_column", message, hint)
    return None
