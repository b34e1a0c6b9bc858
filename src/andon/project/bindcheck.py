"""Names and types of a whole project, by the engine's own binder over empty tables, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from andon.base.cache import Cache
from andon.base.graph import topological
from andon.base.hashing import content_id
from andon.base.names import did_you_mean
from andon.errors import Problem
from andon.model.dataset import Dataset, Kind
from andon.model.project import Project
from andon.project.frontmatter import read_front_matter
from andon.project.problems import at_offset, at_place
from andon.project.reading import Declared
from andon.sql.bind import Binder, BindError

Columns = tuple[tuple[str, str], ...]

_FORMAT = "1"


def check_bindings(
    project: Project,
    schemas: Mapping[str, Sequence[tuple[str, str]]],
    changed: Iterable[str],
    cache: Cache,
    *,
    to_lake_type: Callable[[str], str] = str,
) -> tuple[dict[str, Columns], list[Problem]]:
    """Bind the SQL datasets of `changed` in the order in which they read each other.

    Args:
        schemas: `{dataset: (column, type)}` of what exists, as the lake stores it.
        changed: datasets to bind; those that are not SQL are skipped.
        to_lake_type: the type that the lake stores for one that SQL returns: what is bound downstream sees that.

    Returns:
        `{dataset: (column, type that its SQL returns)}` of those that could be bound, and the problems of those that could not.
        A dataset that reads one of unknown columns is in neither.
    """
    wanted = [name for name in changed if name in project.datasets]
    binding = _Binding(project, schemas, set(wanted), cache, to_lake_type)
    needs = {name: project.datasets[name].definition.inputs for name in wanted}
    try:
        for name in topological(needs):
            if project.datasets[name].definition.kind is Kind.SQL:
                binding.bind(name)
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
    if not missing:
        return []
    written = text if text is not None else definition.sql or ""
    declared = read_front_matter(written, definition.entry) if definition.kind is not Kind.PYTHON else Declared()
    problems = []
    for place, name, how in missing:
        line, column = declared.named.get(place, (None, None))
        message = f"column `{name}` is {how}, and not in the result of `{dataset.name}`"
        hint = did_you_mean(name, names) or "the result has " + ", ".join(f"`{n}`" for n in names[:8])
        problems.append(at_place(definition.entry, written, line, column, "project.unknown_column", message, hint))
    return problems


class _Binding:
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
        self.bound: dict[str, Columns] = {}
        self.problems: list[Problem] = []

    def bind(self, name: str) -> None:
        """Bind one dataset if all that it reads is known."""
        dataset = self._project.datasets[name]
        definition = dataset.definition
        if definition.sql is None or any(i not in self._known for i in definition.inputs):
            return
        inputs = [[i, [list(c) for c in self._known[i]]] for i in definition.inputs]
        key = content_id([_FORMAT, definition.id, inputs])
        columns: Columns | None = self._cache.get("bound", [key]).get(key)
        if columns is None:
            columns = self._ask(dataset)
            if columns is None:
                return
            self._cache.put("bound", {key: columns})
        self.bound[name] = columns
        self._known[name] = tuple((column, self._to_lake_type(kind)) for column, kind in columns)
        self.problems += check_declared(dataset, columns)

    def close(self) -> None:
        """Free the engine."""
        if self._binder is not None:
            self._binder.close()

    def _ask(self, dataset: Dataset) -> Columns | None:
        definition = dataset.definition
        if self._binder is None:
            self._binder = Binder()
        for name in definition.inputs:
            self._binder.declare(name, self._known[name])
        sql = definition.sql or ""
        try:
            return tuple(self._binder.bind(sql, definition.macros))
        except BindError as error:
            self.problems.append(at_offset(definition.entry, sql, error.offset, error.code, error.message, error.hint))
            return None
