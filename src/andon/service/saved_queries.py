"""Saved queries: listed, and asked with values of their parameters. They are files of the commit, as checks are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.base.typed import typed
from andon.errors import UsageError
from andon.model.saved_query import QueryParameter, SavedQuery
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.base.cancel import CancelToken
    from andon.model.commit import Commit
    from andon.query.ask import Answer, Querying
    from andon.query.limits import QueryLimits
    from andon.query.streaming import Streamed
    from andon.workspace.workspace import Workspace


class ParameterInfo(Document):
    """A parameter of a saved query. Without a default a value must be given."""

    name: str
    type: str | None
    default: str | None
    description: str | None


class SavedQueryInfo(Document):
    """A saved query: what it answers, what it reads, and what it must be given."""

    name: str
    file: str
    description: str | None
    owner: str | None
    tags: tuple[str, ...]
    datasets: tuple[str, ...]
    parameters: tuple[ParameterInfo, ...]
    sql: str


class SavedQueries:
    """The saved queries of one workspace."""

    def __init__(self, workspace: Workspace, querying: Querying) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._querying = querying

    def list(self, at: str | None = None) -> list[SavedQueryInfo]:
        """The saved queries of a commit, by name; of the branch's head unless `at` names another.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return [_info(query) for query in self._of(self._commit(at)).values()]

    def get(self, name: str, at: str | None = None) -> SavedQueryInfo:
        """One of them.

        Raises:
            UsageError: `lake.query_not_found`.
        """
        return _info(self._query(name, self._commit(at)))

    def ask(
        self, name: str, values: Mapping[str, Any] | None = None, at: str | None = None, face: str | None = None
    ) -> Answer:
        """Ask a saved query of the commit that `at` names, as it is saved there.

        Args:
            values: of its parameters, as texts or as values of their type; one that has a default may be missing.

        Raises:
            UsageError: `lake.query_not_found`; `usage.bad_argument` for a value that is missing, that it has no parameter for, or that
                is not of its type; else as `Querying.ask`.
        """
        commit = self._commit(at)
        query = self._query(name, commit)
        return self._querying.ask_commit(query.sql, commit, face, _given(query, values or {}) or None)

    def stream(
        self,
        name: str,
        values: Mapping[str, Any] | None = None,
        at: str | None = None,
        limits: QueryLimits | None = None,
        cancel: CancelToken | None = None,
        face: str | None = None,
    ) -> Streamed:
        """`ask`, in a process apart, as `Querying.stream`."""
        commit = self._commit(at)
        query = self._query(name, commit)
        given = _given(query, values or {}) or None
        return self._querying.stream(query.sql, commit.id, given, limits, face, cancel=cancel)

    def _commit(self, at: str | None) -> Commit:
        return self._lake.refs.resolve(self._workspace.reading(at))

    def _of(self, commit: Commit) -> dict[str, SavedQuery]:
        return {query.name: query for query in project_at(self._workspace, self._lake.commits.state(commit)).queries}

    def _query(self, name: str, commit: Commit) -> SavedQuery:
        found = self._of(commit)
        if name not in found:
            message = f"no query is saved as `{name}` at {commit.id[:8]}"
            datasets = [d for d in self._lake.commits.state(commit).leaves if name in (d, d.partition(".")[2])]
            if datasets:
                hint = f"a dataset is asked in SQL: `from {min(datasets)}`"
            elif found:
                hint = did_you_mean(name, found) or "`andon ls --queries` lists them"
            else:
                hint = f'`andon save {name} "select …"` saves one'
            raise UsageError("lake.query_not_found", message, where=name, hint=hint)
        return found[name]


def _given(query: SavedQuery, values: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each parameter, of its type."""
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in values:
        if name not in known:
            there = ", ".join(f"`{each}`" for each in known) or "none"
            hint = did_you_mean(name, known) or f"its parameters are {there}"
            raise UsageError("usage.bad_argument", f"`{query.name}` has no parameter `{name}`", where=name, hint=hint)
    return {name: _value(query, parameter, values) for name, parameter in known.items()}


def _value(query: SavedQuery, parameter: QueryParameter, values: Mapping[str, Any]) -> Any:
    name = parameter.name
    if name not in values and parameter.default is None:
        message = f"`{query.name}` needs a value for `{name}`" + (
            f": {parameter.description}" if parameter.description else ""
        )
        kind = f", a {parameter.type}" if parameter.type else ""
        raise UsageError("usage.bad_argument", message, where=query.file, hint=f"`--param {name}=…`{kind}")
    value = values.get(name, parameter.default)
    if parameter.type is None:
        return value
    try:
        return typed(parameter.type, value)
    except ValueError as error:
        raise UsageError("usage.bad_argument", f"the value of `{name}`: {error}", where=query.file) from error


def _info(query: SavedQuery) -> SavedQueryInfo:
    parameters = tuple(ParameterInfo(p.name, p.type, p.default, p.description) for p in query.parameters)
    return SavedQueryInfo(
        query.name,
        query.file,
        query.description,
        query.owner,
        query.tags,
        query.datasets,
        parameters,
        query.sql,
    )
