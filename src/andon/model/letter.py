"""A letter: what one person is told because it is theirs: a request, an answer, a dataset that somebody else changes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from andon.base.document import Document
from andon.base.record import Record
from andon.model.person import person_key


class LetterKind(StrEnum):
    """What somebody is told.

    `asked`: a request is asked of them. `claimed`: somebody takes care of what they need; `left`: nobody does any more. `answered`,
    `withdrawn`: what they wait for, or take care of, is over. `proposed`: somebody changes their dataset on a branch. `review`: a
    change of their dataset waits for their approval. `published`: somebody changed their dataset for all readers. `approved`: what they
    proposed may be published; `disapproved`: it may not any more.
    """

    ASKED = "asked"
    CLAIMED = "claimed"
    LEFT = "left"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    PROPOSED = "proposed"
    REVIEW = "review"
    PUBLISHED = "published"
    APPROVED = "approved"
    DISAPPROVED = "disapproved"

    @property
    def waits(self) -> bool:
        """Whether somebody waits for whoever it is written to."""
        return self in (LetterKind.ASKED, LetterKind.REVIEW)


class Letter(Document):
    """A letter.

    Attributes:
        number: 0 while it is not written down.
        person: whom it is for; `who` did what it tells.
        at: when (ISO text).
        what: one sentence.
        subject: what it is about: `request 3`, a commit, a branch: of it one is told again once it was over.
        datasets: those that it is about.
        next: the command that goes on; `page` the page that does.
        seen: when the person said that they know (ISO text).
        ended: when there was nothing left of it to know (ISO text).
    """

    number: int
    person: str
    kind: LetterKind
    who: str
    at: str
    what: str
    subject: str
    datasets: list[str]
    next: str
    page: str
    seen: str | None = None
    ended: str | None = None


class LetterDraft(Record):
    """What is to be told, but for whom, by whom and when."""

    kind: LetterKind
    what: str
    subject: str
    next: str
    page: str
    datasets: tuple[str, ...] = ()


def addressed(draft: LetterDraft, people: Iterable[str | None], who: str, at: str) -> list[Letter]:
    """The letters that tell `people` what `who` did: one for each person, and none for who did it or for nobody."""
    to = {person_key(each): each.strip() for each in people if each and each.strip()}
    to.pop(person_key(who), None)
    return [
        Letter(0, person, draft.kind, who, at, draft.what, draft.subject, [*draft.datasets], draft.next, draft.page)
        for _, person in sorted(to.items())
    ]
