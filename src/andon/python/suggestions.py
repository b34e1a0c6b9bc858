"""What a lake suggests, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.service.service import Service
    from andon.service.suggestion_documents import SuggestionDocument, SuggestionInfo, SuggestionsDocument


class LakeSuggestions:
    """Work that people do over and over, offered as what would do it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self, *, decided: bool = False) -> SuggestionsDocument:
        """What is suggested, the newest first; with `decided` also what was accepted, dismissed, or is done by hand no more."""
        return self._service.suggestions.list(decided=decided)

    def show(self, number: int, name: str | None = None) -> SuggestionDocument:
        """A suggestion with what speaks for it and all that would be written, under another name if one is given.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has.
        """
        return self._service.suggestions.show(number, name)

    def accept(self, number: int, name: str | None = None, branch: str | None = None) -> SuggestionDocument:
        """Write it on a branch of its own (without a name `suggestion-N`), build it there, and plan its publish.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, or what was accepted already.
            ProjectError, ConflictError: what stands in the way.
        """
        return self._service.suggestions.accept(number, name, branch)

    def dismiss(self, number: int) -> SuggestionInfo:
        """Never suggest it again, nor what is much the same.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, or one that was accepted.
        """
        return self._service.suggestions.dismiss(number)
