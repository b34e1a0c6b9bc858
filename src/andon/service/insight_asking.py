"""Asking what an insight asks: of one commit, in the form that is kept; and what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.hashing import texts_id
from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record, replace
from andon.errors import AndonError, MachineError, UsageError
from andon.project.files.layout import ANSWER_ENDING
from andon.value.answers import MOST_ROWS, PinnedAnswer, kept_answer, read_answer
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.base.cancel import CancelToken
    from andon.model.commit import Commit, State
    from andon.model.insight import Insight
    from andon.query.ask import Querying
    from andon.service.saved_queries import SavedQueries
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: How these questions stand in the log: nobody read what was asked so.
FACE = "insight"


class AskedInsight(Record):
    """An answer, and whether values of personal columns are in it: then none is kept."""

    answer: PinnedAnswer
    is_personal: bool

    @property
    def is_kept(self) -> bool:
        """Whether all of it is kept."""
        return self.answer.is_small and not self.is_personal


class InsightAsking:
    """Asks for insights of one workspace."""

    def __init__(self, workspace: Workspace, querying: Querying, saved: SavedQueries) -> None:
        self._workspace = workspace
        self._querying = querying
        self._saved = saved

    def ask(
        self, query: str, commit: Commit, *, masks: bool = False, cancel: CancelToken | None = None
    ) -> AskedInsight:
        """The answer at a commit. A process apart works it out, within the time and memory of any other question, whoever asks: what
        somebody wrote into a file can neither end a pass of the schedule nor make it wait.

        Args:
            query: SQL, or the name of a saved query, asked with the defaults of its parameters.
            masks: whether to tell if it holds what is personal.
            cancel: stops it.

        Raises:
            UsageError: as `Querying.stream`; `usage.query_limit` for an answer of too many rows.
            MachineError: as `Querying.stream`.
        """
        from andon.sql.order import is_ordered

        limits = replace(self._querying.limits, rows=None, bytes=None)  # an answer is cut nowhere: it is refused
        if is_name_part(query):
            found = self._saved.stream(query, None, commit.id, limits, cancel, FACE)
        else:
            found = self._querying.stream(query, commit.id, None, limits, FACE, cancel=cancel)
        with found:
            rows = found.rows(MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            message = f"the answer has more than {MOST_ROWS:,} rows"
            hint = "an answer is short: group it, or save it as a dataset and ask that"
            raise UsageError("usage.query_limit", message, where="query", hint=hint)
        answer = kept_answer(found.columns, found.types, rows, is_ordered=is_ordered(found.sql))
        return AskedInsight(answer, masks and self._is_personal(found.sql, found.datasets, commit))

    def kept(self, insight: Insight, state: State) -> PinnedAnswer | None:
        """The answer that is kept beside an insight, if it is the one that is pinned."""
        sha = state.files().get(answer_path(insight.name))
        if sha is None or insight.pinned is None or insight.pinned.result != sha:
            return None
        try:
            return read_answer(self._workspace.lake.objects.text(sha).decode())
        except (AndonError, ValueError):
            return None  # what is not there any more, or was edited, was not pinned

    def before(self, insight: Insight, state: State, cancel: CancelToken | None = None) -> PinnedAnswer | None:
        """What the answer was when it was pinned: as it is kept, or asked of the commit; None where neither is there any more.

        Raises:
            UsageError: `usage.query_cancelled`.
            MachineError: as `ask`.
        """
        kept = self.kept(insight, state)
        if kept is not None or insight.pinned is None or insight.query is None:
            return kept
        try:
            return self.ask(
                insight.query, self._workspace.lake.refs.resolve(insight.pinned.commit), cancel=cancel
            ).answer
        except MachineError:
            raise
        except AndonError as error:
            if error.code == "usage.query_cancelled":
                raise
            return None

    def mark(self, view: View, insight: Insight) -> str:
        """What the answer hangs on: another one as soon as it may be another answer."""
        leaves = view.state.leaves
        versions = [[name, leaves[name].version if name in leaves else ""] for name in insight.datasets]
        queries = {each.name: each.sql for each in view.project.queries}
        pin = insight.pinned.result or insight.pinned.commit if insight.pinned is not None else ""
        return texts_id([insight.query or "", queries.get(insight.query or "", ""), pin, versions])

    def _is_personal(self, sql: str, datasets: tuple[str, ...], commit: Commit) -> bool:
        """Whether a column of the answer is made of one that is personal; where that can't be told, whether one is read."""
        masked = masked_columns(self._workspace, commit)
        if masked.keys().isdisjoint(datasets):
            return False
        from andon.lineage.graph import TraceQuestion, trace

        lake = self._workspace.lake
        leaves = lake.commits.state(commit).leaves
        versions = lake.objects.versions({leaves[name].version for name in datasets})
        schemas = {name: list(versions[leaves[name].version].types) for name in datasets}
        traced = trace({"": TraceQuestion(sql, sql, schemas)}, self._workspace.cache)[""]
        if traced.fallback is not None:
            return True
        sources = set().union(*traced.columns.values()) if traced.columns else set()
        return any(str(column).lower() in masked.get(dataset, ()) for dataset, column in sources)


def answer_path(name: str) -> str:
    """The file in which the answer of an insight is kept."""
    return f"insights/{name}{ANSWER_ENDING}"


def found_insight(view: View, name: str) -> Insight:
    """An insight of a commit.

    Raises:
        UsageError: `lake.insight_not_found`.
    """
    known = {each.name: each for each in view.project.insights}
    if name not in known:
        hint = did_you_mean(name, known) or (
            "`andon insights` lists them" if known else "`andon insight add` makes one"
        )
        raise UsageError("lake.insight_not_found", f"no insight is named `{name}` at {view.ref}", where=name, hint=hint)
    return known[name]
