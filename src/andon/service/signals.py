"""Signals that stand: what is late, out of the usual or not governed, looked for and brought into the incidents by whoever comes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.catalog.use import UseBook
    from andon.operations.incidents.keeping import SignalLook
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace


class SignalDesk:
    """Looks at the branches of one lake."""

    def __init__(self, workspace: Workspace, troubles: Troubles, uses: UseBook) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._uses = uses

    def look(self, branch: str) -> SignalLook:
        """What is found of a branch now, beside what its runs met. Of all branches but the default one nothing is looked for.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        from andon.operations.incidents.keeping import SignalLook
        from andon.operations.signals.looking import SignalLooker
        from andon.operations.signals.standing import Deadline

        if branch != str(self._workspace.settings.get("branch.default")):
            return SignalLook(frozenset())
        view = View.at(self._workspace, branch)
        promised = self._troubles.known(view).promised
        deadlines = [Deadline(each.dataset, each.last, each.due, each.rule) for each in promised]
        return SignalLooker(self._workspace, self._uses).look(view, deadlines)
