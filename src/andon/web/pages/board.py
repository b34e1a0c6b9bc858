"""The board: how the lake stands, what needs a person, all datasets in lanes, and what was published last."""

from __future__ import annotations

from starlette.responses import Response

from andon.service.takebacks import revocable
from andon.web.asking import AtCommit
from andon.web.pages.page import PageCall, PageRoute, Shown

#: Publishes that are shown.
_PUBLISHES = 8
#: Cards of a lane that are shown at once; the catalog has all.
_CARDS = 40
#: Letters that are shown at once; the newest, and the rest as these are known.
_LETTERS = 8
#: States as the headline counts them, the worst first.
_COUNTED = ("fail", "warn", "stale", "blocked", "running", "ok")


class BoardLooked(AtCommit, kw_only=True):
    """Which board, and which one is there already.

    Attributes:
        seen: the mark of the board, and of the letters, that whoever asks holds.
    """

    seen: str | None = None


def _board(call: PageCall) -> Shown:
    asked: BoardLooked = call.query
    service = call.service
    letters = service.letters.list()
    numbers = f"{letters[0].number}.{len(letters)}" if letters else "0"
    if call.wants == "board" and asked.seen == f"{service.board.mark(asked.at)}.{numbers}":
        return Response(status_code=204)
    board = service.board.show(asked.at)
    log = service.history.log(board.commit, None, _PUBLISHES)  # of the same commit, whatever is published between
    return {
        "board": board,
        "counted": [(state, board.counts.get(state, 0)) for state in _COUNTED],
        "publishes": revocable(log),
        "mark": f"{board.mark}.{numbers}",
        "letters": letters,
        "suggestions": service.suggestions.waiting(),
        "most_letters": _LETTERS,
        "most_cards": _CARDS,
        "is_empty": not any(lane.cards for lane in board.lanes),
    }


PAGES = (PageRoute("/", "board.html", _board, BoardLooked),)
