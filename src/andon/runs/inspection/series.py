"""Numbers over time: values of checks and free facts of versions, as they were published on a branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text
from andon.lake.undo import with_undone
from andon.model.check import Check, Watch
from andon.model.commit import CommitKind

if TYPE_CHECKING:
    from andon.checks.watch import Point
    from andon.state.facts import Facts
    from andon.workspace.workspace import Workspace

#: What `watch rows` watches.
_ROWS = "count(*)"
_STATES = "check state:1"


class Series:
    """Series of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of_check(self, check: Check, branch: str) -> list[Point]:
        """The history of a check's number on a branch. Of the number of rows also from before the check was there: builds know it.

        Points of publishes that a person took back are marked so.
        """
        from andon.checks.watch import Point

        rows: Sequence[tuple[str, str | None, Any]]
        if isinstance(check.form, Watch) and check.form.expression.lower() == _ROWS and check.where is None:
            rows = self._workspace.runs.row_series(check.dataset, branch)
        else:
            rows = self._workspace.check_results.series(check.id, branch)
        undone = self._undone(branch) if rows else frozenset()
        numbers = [(moment, commit, value) for moment, commit, value in rows if isinstance(value, int | float)]
        return [Point(from_text(moment), value, commit in undone) for moment, commit, value in reversed(numbers)]

    def _undone(self, branch: str) -> frozenset[str]:
        """Publishes of a branch that are taken back."""
        lake = self._workspace.lake
        ref = lake.refs.find(branch)
        history = lake.commits.first_parents(lake.commits.get(ref.commit)) if ref is not None else ()
        # an undo that was redone is no publish that somebody took back
        return frozenset(c.id for c, is_undone in with_undone(history) if is_undone and c.kind is not CommitKind.UNDO)


class KeptStates:
    """States of checks per file in the catalog (see `andon.checks.execute.question.FileStates`)."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def get(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """The states that are there."""
        return self._facts.find_many(keys, _STATES)

    def put(self, states: Mapping[str, Any]) -> None:
        """Keep states."""
        self._facts.put_many(states, _STATES)
