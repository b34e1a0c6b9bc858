"""What of a lake could be simpler, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.service.service import Service
    from andon.service.simplify_documents import HintDocument, HintInfo, HintsDocument


class LakeHints:
    """What could be simpler, with the change ready."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self, *, decided: bool = False) -> HintsDocument:
        """What could be simpler, what saves most first; with `decided` also what was accepted or dismissed, or is over."""
        return self._service.simplifying.list(decided=decided)

    def show(self, number: int) -> HintDocument:
        """A hint with what speaks for it, all that would be written, and what publishing that would do.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has.
        """
        return self._service.simplifying.show(number)

    def accept(self, number: int, branch: str | None = None) -> HintDocument:
        """Write it on a branch of its own (without a name `simplify-N`), build it there, compare all rows, and plan its publish.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, and what was decided already, is over, or can't be written.
            ConflictError: `suggestion.decided`, `simplify.differs`.
        """
        return self._service.simplifying.accept(number, branch)

    def dismiss(self, number: int, why: str | None = None) -> HintInfo:
        """Tell it no more, as long as it is about the same.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, or one that was accepted.
        """
        return self._service.simplifying.dismiss(number, why)
