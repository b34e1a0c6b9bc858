"""`lake.letters`: what you are told of what is yours; of a lake that is here, and of one that a server has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from andon.base.document import from_json
from andon.model.letter import Letter
from andon.service.letters import LettersSeen

if TYPE_CHECKING:
    from andon.python.server_link import ServerLink
    from andon.service.service import Service


class LakeLetters:
    """What you are told of what is yours."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self, *, all: bool = False) -> Sequence[Letter]:
        """What you do not know yet, the newest first.

        Args:
            all: what you know, and what is over, too.
        """
        return self._service.letters.list(all=all)

    def see(self, *numbers: int) -> LettersSeen:
        """Say that you know some of them; without a number all."""
        return self._service.letters.see(numbers)

    def __iter__(self) -> Iterator[Letter]:
        return iter(self.list())


class RemoteLetters:
    """The letters of a lake that a server has; verbs and arguments as in `LakeLetters`."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self, *, all: bool = False) -> Sequence[Letter]:
        """What you do not know yet, the newest first."""
        return from_json(list[Letter], self._link.get("/letters", all=all))

    def see(self, *numbers: int) -> LettersSeen:
        """Say that you know some of them; without a number all."""
        return from_json(LettersSeen, self._link.post("/letters/seen", {"numbers": list(numbers)}))

    def __iter__(self) -> Iterator[Letter]:
        return iter(self.list())
