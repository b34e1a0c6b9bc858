"""The cord: anyone holds a dataset that looks wrong; editors let it go on. And what readers complain of, which holds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.errors import ConflictError, UsageError
from andon.model.cord import Cord
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.keeping import SignalLook
from andon.runs.planning.cords import held_back
from andon.service.typed_text import require_text
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from andon.base.database import Transaction
    from andon.service.incident_documents import IncidentInfo
    from andon.service.incidents import IncidentDesk
    from andon.workspace.workspace import Workspace

#: What somebody says may be so long.
_LONGEST = 500


class CordDesk:
    """Pulls and releases cords, and takes complaints, of one lake."""

    def __init__(self, workspace: Workspace, incidents: IncidentDesk) -> None:
        self._workspace = workspace
        self._incidents = incidents

    def hold(self, dataset: str, reason: str, branch: str | None = None) -> Cord:
        """From now on no run publishes this dataset, nor what is made of it, on this branch: readers keep what they see.

        Args:
            branch: the one that is read, without it.

        Raises:
            UsageError: `lake.dataset_not_found`; `usage.bad_argument` without a reason.
            ConflictError: `cord.held` if somebody holds it already.
        """
        view = self._view(branch)
        view.leaf(dataset)
        said = _said(reason, "reason", f'andon hold {dataset} "totals look wrong"')
        cord = Cord(0, view.ref, dataset, said, self._workspace.caller.author, to_text(self._workspace.clock()))
        with self._workspace.lake.database.write() as transaction:
            for other in self._workspace.cords.standing(view.ref, transaction):
                if other.dataset == dataset:
                    raise ConflictError(
                        "cord.held",
                        f"{dataset} is held already: {other.said}",
                        where=dataset,
                        hint=f"`andon release {dataset}` lets it go on",
                    )
            cord = self._workspace.cords.pull(transaction, cord)
        self._incidents.catch_up(view.ref)
        return cord

    def release(self, dataset: str, note: str | None = None, branch: str | None = None) -> Cord:
        """Let a dataset go on that somebody holds: the next run publishes what is new of it.

        Raises:
            UsageError: `cord.none` if nobody holds it.
        """
        ref = self._view(branch).ref
        author, at = self._workspace.caller.author, to_text(self._workspace.clock())
        with self._workspace.lake.database.write() as transaction:
            standing = self._workspace.cords.standing(ref, transaction)
            cord = next((cord for cord in standing if cord.dataset == dataset), None)
            if cord is None:
                held = ", ".join(cord.dataset for cord in standing)
                hint = f"held on {ref}: {held}" if held else f"nothing is held on {ref}"
                raise UsageError("cord.none", f"nobody holds {dataset} on {ref}", where=dataset, hint=hint)
            cord = self._workspace.cords.release(transaction, cord, at, author, note)
        self._incidents.catch_up(ref)
        return cord

    def standing(self, branch: str | None = None) -> list[Cord]:
        """What people hold of a branch, in the order in which they did."""
        return self._workspace.cords.standing(self._view(branch).ref)

    def complain(self, dataset: str, text: str, branch: str | None = None) -> IncidentInfo:
        """Say that something looks wrong with a dataset: an incident that holds nothing, until a person sees to it.

        Raises:
            UsageError: `lake.dataset_not_found`; `usage.bad_argument` without a text.
        """
        view = self._view(branch)
        view.leaf(dataset)
        said = _said(text, "text", f'andon complain {dataset} "June is missing"')
        author = self._workspace.caller.author
        subject = content_id(["complaint", author, said])
        what, at = f"{author} says: {said}", to_text(self._workspace.clock())
        signal = Signal(
            view.ref, dataset, SignalKind.COMPLAINT, subject, Lamp.WARN, what, at, commit=view.commit.id, who=author
        )
        self._incidents.catch_up(view.ref, SignalLook(frozenset(), (signal,)))
        return self._incidents.of_signal(signal.fingerprint)

    def require_free(
        self, branch: str, datasets: Iterable[str], reader: Transaction | None = None, view: View | None = None
    ) -> None:
        """Refuse to change what somebody holds.

        Args:
            reader: the transaction that changes it.
            view: the branch before that; None: as it is.

        Raises:
            ConflictError: `cord.held`.
        """
        cords = self._workspace.cords.standing(branch, reader)
        if not cords:
            return
        datasets_there = (view or View.at(self._workspace, branch)).project.datasets
        held = held_back(cords, {name: said.definition for name, said in datasets_there.items()}, {})
        for name in sorted(set(datasets) & held.keys()):
            hint = f"{', '.join(f'`andon release {cord.dataset}`' for cord in cords)} lets it go on"
            raise ConflictError("cord.held", f"{name} stays as it is published: {held[name]}", where=name, hint=hint)

    def _view(self, branch: str | None) -> View:
        view = View.at(self._workspace, branch)
        ref = self._workspace.lake.refs.find(view.ref)
        if ref is None or ref.kind != "branch":
            raise UsageError("usage.bad_argument", f"`{view.ref}` is no branch", hint="`andon branch list` lists them")
        return view


def _said(text: str, name: str, example: str) -> str:
    return require_text(" ".join(text.split()), name, _LONGEST, f"say in a few words what is wrong: `{example}`")
