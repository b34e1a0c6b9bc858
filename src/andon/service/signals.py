"""Signals that stand: what is late, out of the usual or not governed, looked for and brought into the incidents by whoever comes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.model.signal import LOOKED_AGAIN
from andon.state.usual import BranchLook
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.catalog.use import UseBook
    from andon.operations.incidents.keeping import SignalLook
    from andon.operations.signals.standing import Deadline
    from andon.runs.inspection.history import CheckHistory
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace


class SignalDesk:
    """Looks at the branches of one lake."""

    def __init__(
        self, workspace: Workspace, troubles: Callable[[], Troubles], uses: UseBook, history: CheckHistory
    ) -> None:
        self._workspace = workspace
        self._history = history
        self._troubles = troubles
        self._uses = uses

    def look(self, branch: str) -> SignalLook:
        """What is found of a branch now, beside what its runs met. Of all branches but the default one nothing is looked for.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        from andon.operations.incidents.keeping import SignalLook
        from andon.operations.signals.looking import SignalLooker

        if not self._is_looked_at(branch):
            return SignalLook(frozenset())
        view, deadlines = self._promised(branch)
        return SignalLooker(self._workspace, self._uses, self._history).look(view, deadlines)

    def look_if_moved(self, branch: str) -> SignalLook | None:
        """The same; None where nothing moved since somebody noted that they looked, and no time is over by then."""
        return None if self.is_still(branch) else self.look(branch)

    def mark(self, branch: str) -> tuple[str, int]:
        """What a branch is before a look: its commit and the newest run."""
        ref = self._workspace.lake.refs.find(branch)
        return (ref.commit if ref is not None else "", self._workspace.usual.newest_run())

    def note(self, branch: str, mark: tuple[str, int]) -> None:
        """Note that what was found is known, of the branch as it was at `mark`."""
        from andon.operations.signals.looking import SignalLooker

        is_read_only = self._workspace.lake.database.is_read_only
        if is_read_only or self.is_still(branch):
            return
        view, deadlines = self._promised(branch)
        until = SignalLooker(self._workspace, self._uses, self._history).until(view, deadlines)
        self._workspace.usual.put_look(branch, BranchLook(*mark, to_text(until)))

    def _is_looked_at(self, branch: str) -> bool:
        return branch == self._workspace.default_branch

    def is_still(self, branch: str) -> bool:
        """Whether nothing moved since somebody noted that they looked, and no time is over by then."""
        if not self._is_looked_at(branch):
            return True
        last = self._workspace.usual.last_look(branch)
        now = self._workspace.clock()
        is_same = last is not None and (last.commit, last.run) == self.mark(branch)
        # what lies further ahead than a look holds was noted by a wrong clock
        return last is not None and is_same and to_text(now) < last.until <= to_text(now + LOOKED_AGAIN)

    def _promised(self, branch: str) -> tuple[View, list[Deadline]]:
        from andon.operations.signals.standing import Deadline

        view = View.at(self._workspace, branch)
        promised = self._troubles().known(view).promised
        return view, [Deadline(each.dataset, each.last, each.due, each.rule, each.is_of_data) for each in promised]
