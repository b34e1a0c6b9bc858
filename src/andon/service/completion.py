"""What an editor of SQL may propose at a commit: datasets with their columns, how they refer to each other, words of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.errors import ProjectError
from andon.model.check import Check, Reference
from andon.sql.names import READERS, words
from andon.sql.parse import engine
from andon.sql.rules import refusals
from andon.sql.uses import CallUse, SqlFacts
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.project import Project
    from andon.model.version import Version
    from andon.workspace.workspace import Workspace


#: Words of the language that may also be names, where people who write a SELECT mean the language.
_OF_SELECT = words(
    """by over partition preceding following unbounded nulls recursive materialized filter within exclude replace rename ordinality
    respect ignore escape rollup cube"""
)


#: Characters of what is said of a function.
_ROOM = 120


class ColumnWord(Document):
    """A column: its name, type, and what it means."""

    name: str
    type: str
    description: str | None


class TableWord(Document):
    """A dataset with its columns."""

    name: str
    kind: str
    description: str | None
    columns: list[ColumnWord]


class ReferenceWord(Document):
    """Columns of a dataset whose values exist in another one: `from` and `to` are of one length.

    Attributes:
        declared: whether a check says so; else the names do.
    """

    dataset: str
    columns: list[str]
    other: str
    targets: list[str]
    declared: bool


class FunctionWord(Document):
    """A function of the engine: what it is called with, and what it does."""

    name: str
    kind: str
    parameters: list[str]
    description: str | None


class EngineWords(Document):
    """Words that the engine knows."""

    version: str
    functions: list[FunctionWord]
    keywords: list[str]
    types: list[str]


class CompletionDocument(Document):
    """What an editor may propose at a commit."""

    commit: str
    tables: list[TableWord]
    references: list[ReferenceWord]


class Completion:
    """Words for whoever writes a query over one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def commit(self, at: str | None = None) -> str:
        """The commit that `at` names: with it all words are the same.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return View.at(self._workspace, at).commit.id

    def words(self, at: str | None = None) -> CompletionDocument:
        """The datasets of a commit and how they refer to each other; declared references first.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        leaves, project = view.state.leaves, view.project
        versions = self._workspace.lake.objects.versions(leaf.version for leaf in leaves.values())
        by_name = {name: versions[leaves[name].version] for name in sorted(leaves)}
        keys = {name: project.datasets[name].definition.key for name in leaves if name in project.datasets}
        tables = [_table(name, leaves[name].kind, version, project) for name, version in by_name.items()]
        declared = list(_declared(self._checks(view), by_name, keys))
        told = {(each.dataset, tuple(each.columns), each.other) for each in declared}
        named = [each for each in _named(by_name, keys) if (each.dataset, tuple(each.columns), each.other) not in told]
        return CompletionDocument(view.commit.id, tables, [*declared, *named])

    def engine(self) -> EngineWords:
        """Words of the engine that may stand in a query."""
        return _engine_words()

    def _checks(self, view: View) -> list[Check]:
        """The checks that the commit's code states of the datasets that it has; none of a dataset whose lines don't fit."""
        from andon.runs.inspection.book import CheckBook
        from andon.runs.inspection.history import OwnCode

        book = CheckBook(self._workspace, OwnCode.of(view.project, view.state), {})
        found: list[Check] = []
        for name in view.state.leaves:
            if name not in view.project.datasets:
                continue
            try:
                if not book.read([name]):
                    found += [item.check for item in book.of(name)]
            except ProjectError:
                continue
        return found


def _table(name: str, kind: str, version: Version, project: Project) -> TableWord:
    said = project.datasets.get(name)
    described = {column.name: column.description for column in said.columns} if said is not None else {}
    columns = [ColumnWord(column.name, column.type, described.get(column.name)) for column in version.columns]
    return TableWord(name, kind, said.description if said is not None else None, columns)


def _declared(
    checks: list[Check], versions: Mapping[str, Version], keys: Mapping[str, tuple[str, ...]]
) -> Iterator[ReferenceWord]:
    """What checks say, `customer_id -> shop.customers`."""
    for check in checks:
        form = check.form
        if isinstance(form, Reference) and form.dataset in versions:
            targets = form.targets or keys.get(form.dataset) or form.columns
            if len(targets) == len(form.columns):
                yield ReferenceWord(check.dataset, list(form.columns), form.dataset, list(targets), True)


def _named(versions: Mapping[str, Version], keys: Mapping[str, tuple[str, ...]]) -> Iterator[ReferenceWord]:
    """What names say: the key of a dataset, of one column, that another dataset has a column of the same name as."""
    owners: dict[str, list[str]] = {}
    for name, key in keys.items():
        if len(key) == 1:
            owners.setdefault(key[0].lower(), []).append(name)
    for name, version in versions.items():
        for column in version.columns:
            for owner in owners.get(column.name.lower(), ()):
                if owner != name:
                    yield ReferenceWord(name, [column.name], owner, [keys[owner][0]], False)


def _short(description: str | None) -> str | None:
    """The first sentence: what there is room for beside a list."""
    first = (description or "").split(". ")[0].split("\n")[0].rstrip(".")
    return first if 0 < len(first) <= _ROOM else f"{first[: _ROOM - 1]}…" if first else None


@cache
def _engine_words() -> EngineWords:
    """Asked of the engine once: they change with its version alone."""
    connection = engine()
    version = str(connection.execute("select version()").fetchall()[0][0])
    rows = connection.execute(
        "select function_name, any_value(function_type), any_value(parameters), any_value(description)"
        " from duckdb_functions() where regexp_full_match(function_name, '[a-z_][a-z0-9_]*')"
        " and function_name not like '\\_\\_%' escape '\\' and function_type in ('scalar', 'aggregate', 'macro', 'table', 'table_macro')"
        " group by all order by 1"
    ).fetchall()
    functions: dict[str, FunctionWord] = {}
    for name, kind, parameters, description in rows:
        is_table = kind.startswith("table")
        facts = SqlFacts(calls=(CallUse(name, None, 0, is_table),))
        if name not in READERS and not refusals(facts, role="query", allow=frozenset()):
            functions.setdefault(name, FunctionWord(name, kind, list(parameters or ()), _short(description)))
    found = connection.execute("select keyword_name, keyword_category from duckdb_keywords() order by 1").fetchall()
    keywords = [word for word, category in found if category != "unreserved" or word in _OF_SELECT]
    types = connection.execute("select distinct lower(type_name) from duckdb_types() order by 1").fetchall()
    return EngineWords(version, list(functions.values()), keywords, [row[0] for row in types])
