"""What of a lake could be simpler that a server has."""

from __future__ import annotations

from andon.base.document import from_json
from andon.python.server_link import ServerLink
from andon.service.simplify_documents import HintDocument, HintInfo, HintsDocument


class RemoteHints:
    """What could be simpler, with the change ready; verbs as in `LakeHints`."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self, *, decided: bool = False) -> HintsDocument:
        """What could be simpler, what saves most first; with `decided` also what is decided or over."""
        return from_json(HintsDocument, self._link.get("/hints", all=decided))

    def show(self, number: int) -> HintDocument:
        """A hint with what speaks for it and all that would be written."""
        return from_json(HintDocument, self._link.get(f"/hints/{number}"))

    def accept(self, number: int, branch: str | None = None) -> HintDocument:
        """Write it on a branch of its own, build it there, compare all rows, and plan its publish."""
        return from_json(HintDocument, self._link.post(f"/hints/{number}/accept", {"branch": branch}))

    def dismiss(self, number: int, why: str | None = None) -> HintInfo:
        """Tell it no more, as long as it is about the same."""
        return from_json(HintInfo, self._link.post(f"/hints/{number}/dismiss", {"why": why}))
