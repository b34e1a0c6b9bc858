"""Letters: what a person was told of what is theirs, until they say that they know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.model.letter import Letter
    from andon.workspace.workspace import Workspace


class LettersSeen(Document):
    """How many letters a person said to know that they did not before, and how many are left."""

    seen: int
    left: int


class LetterDesk:
    """The letters of one lake, for who calls."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list(self, *, all: bool = False) -> Sequence[Letter]:
        """What the caller was told and does not know yet, the newest first.

        Args:
            all: what they know, and what is over, too.
        """
        return self._workspace.letters.of(self._workspace.caller.author, all=all)

    def see(self, numbers: Sequence[int] = ()) -> LettersSeen:
        """The caller knows some letters of theirs; without a number all. Those of others stay as they are.

        Args:
            numbers: as in `list`.
        """
        letters, who = self._workspace.letters, self._workspace.caller.author
        with self._workspace.lake.database.write() as transaction:
            seen = letters.see(transaction, who, numbers or None, to_text(self._workspace.clock()))
        return LettersSeen(seen, len(letters.of(who)))
