"""Who is told what of requests, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.model.letter import Letter, LetterDraft, LetterKind, addressed
from andon.model.request import DataRequest

#: Until when a letter is true: what a deed makes old of those of its request.
_ENDS = {
    LetterKind.CLAIMED: (LetterKind.ASKED, LetterKind.LEFT),
    LetterKind.LEFT: (LetterKind.CLAIMED,),
    LetterKind.ANSWERED: (LetterKind.ASKED, LetterKind.LEFT, LetterKind.CLAIMED),
    LetterKind.WITHDRAWN: (LetterKind.ASKED, LetterKind.LEFT, LetterKind.CLAIMED),
}


def subject_of(request: DataRequest) -> str:
    """What letters of a request are about."""
    return f"request {request.number}"


def outdated(kind: LetterKind) -> Sequence[LetterKind]:
    """The letters of a request that are no longer true once another one of it is written."""
    return _ENDS.get(kind, ())


def letters_of(kind: LetterKind, request: DataRequest, who: str, at: str, before: str | None = None) -> list[Letter]:
    """What people are told of what `who` did with a request: the one who is asked; of the rest all who need it, and who took care.

    Args:
        request: as it is by now.
        before: who took care of it until then, where nobody does any more.
    """
    if kind is LetterKind.ASKED:
        return addressed(_draft(kind, request, who), [request.asked_of], who, at)
    return addressed(_draft(kind, request, who), [*request.people, request.claimed_by, before], who, at)


def _draft(kind: LetterKind, request: DataRequest, who: str) -> LetterDraft:
    number, what = request.number, request.what
    next, page = "andon requests --all", f"/requests?all=true#request-{number}"
    match kind:
        case LetterKind.ASKED:
            for_what = f" (to decide: {request.decision})" if request.decision else ""
            until = f", by {request.by}" if request.by else ""
            said = f"{who} asks you: {what}{for_what}{until}"
            next = f"andon claim {number}"
        case LetterKind.CLAIMED:
            said = f"{who} takes care of it: {what}"
        case LetterKind.LEFT:
            said = f"{who} leaves it to others: {what}"
        case LetterKind.ANSWERED:
            said = f"{who} answers with {request.answer}: {what}"
            if request.answer_kind == "dataset":
                next, page = f"andon show {request.answer}", f"/d/{request.answer}"
            else:
                next, page = f"andon diff main {request.answer}", f"/changes/{request.answer}"
        case _:
            said = f"{who} says that nobody needs it any more: {what}"
    if request.note and request.ended:
        said += f" ({request.note})"
    return LetterDraft(kind, said, subject_of(request), next, page)
