"""Failing rows by key: which are new, and which failed in the last good version, too. Both versions are asked with the check's own SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.checks.compile.plans import RowPlan
from andon.engines.duckdb.failures import lost_file, query_error
from andon.engines.relation import TableRelation
from andon.errors import AndonError
from andon.model.mask import MASK
from andon.relations.relations import Relations
from andon.runs.inspection.book import CheckBook
from andon.runs.inspection.history import OwnCode
from andon.service.incident_documents import BadRows
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.model.check_result import CheckResult
    from andon.model.commit import Commit
    from andon.workspace.workspace import Workspace

#: Larger datasets are not asked, and of more failing rows only the samples are told: looking at an incident is no work for a lake.
_ROWS, _BAD = 5_000_000, 20_000


class BadRowsFinder:
    """Finds failing rows of one incident.

    Args:
        marked: personal columns in lower case, by dataset.
    """

    def __init__(
        self, workspace: Workspace, good: Commit | None, bad: Commit | None, marked: Mapping[str, frozenset[str]]
    ) -> None:
        self._workspace = workspace
        self._good, self._bad = good, bad
        self._marked = marked
        self._relations = Relations(workspace.lake)

    def of(self, result: CheckResult) -> BadRows:
        """The failing rows of a check; `result` holds no values of personal columns."""
        key = self._key(result.dataset)
        keys = self._by_sql(result, key) if key else None
        samples = result.samples.by_name()
        hidden = self._marked.get(result.dataset, frozenset())
        told = [{n: MASK if n.lower() in hidden else value for n, value in row.items()} for row in samples]
        new, before = (len(keys[0] - keys[1]), len(keys[0] & keys[1])) if keys is not None else (None, None)
        return BadRows(
            dataset=result.dataset,
            check=result.spoken,
            bad=result.bad,
            total=result.total,
            key=list(key),
            new=new,
            before=before,
            is_whole=keys is not None,
            samples=told,
        )

    def _key(self, dataset: str) -> tuple[str, ...]:
        for commit in (self._bad, self._good):
            if commit is not None:
                project = project_at(self._workspace, self._workspace.lake.commits.state(commit))
                if dataset in project.datasets:
                    return tuple(project.datasets[dataset].definition.key)
        return ()

    def _by_sql(
        self, result: CheckResult, key: Sequence[str]
    ) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]] | None:
        """Keys of the rows that fail in the bad version and in the good one; None where that is not known or costs too much."""
        plan = self._plan(result)
        if plan is None or plan.has_window or (result.bad or 0) > _BAD or (result.total or 0) > _ROWS:
            return None
        try:
            found = [self._keys(commit, result.dataset, plan, key) for commit in (self._bad, self._good)]
        except AndonError:  # a file or a column is there no more: what was sampled is told all the same
            return None
        return (found[0], found[1]) if found[0] is not None and found[1] is not None else None

    def _plan(self, result: CheckResult) -> RowPlan | None:
        if self._bad is None:
            return None
        state = self._workspace.lake.commits.state(self._bad)
        book = CheckBook(self._workspace, OwnCode.of(project_at(self._workspace, state), state), {})
        try:
            if book.read([result.dataset]):
                return None
            item = next((each for each in book.of(result.dataset) if each.check.id == result.check), None)
        except AndonError:  # the lines of that day don't fit what is there now
            return None
        return item.plan if item is not None and isinstance(item.plan, RowPlan) else None

    def _keys(
        self, commit: Commit | None, dataset: str, plan: RowPlan, key: Sequence[str]
    ) -> set[tuple[object, ...]] | None:
        state = self._workspace.lake.commits.state(commit) if commit is not None else None
        leaf = state.leaves.get(dataset) if state is not None else None
        if leaf is None:
            return None
        relation = self._relations.relation(leaf.version)
        if not isinstance(relation, TableRelation):
            return None
        names = {column.name.lower() for column in self._relations.version(leaf.version).columns}
        if not {column.lower() for column in key} <= names:
            return None
        columns = ", ".join(f"{quote(column)}::varchar" for column in key)
        scope = f" and ({plan.scope})" if plan.scope else ""
        with self._workspace.readers.narrow.reading(leaf.version) as lease:
            lease.ensure([dataset], lambda _: relation)
            sql = f"select distinct {columns} from {lease.place(dataset)} where ({plan.bad}){scope} limit {_BAD + 1}"
            try:
                rows = lease.connection.execute(sql).fetchall()
            except Exception as error:
                raise (lost_file(error, dataset) or query_error(error, sql)) from error
        return set(rows) if len(rows) <= _BAD else None
