"""What is told of why a dataset was, or was not, brought up to date at a moment. Pure."""

from __future__ import annotations

from andon.base.clock import from_text, to_minute
from andon.base.text import span
from andon.model.decision import Decision, DueStanding
from andon.model.schedule_view import RanDocument
from andon.state.decisions import PassLine

#: A moment so many seconds after the last pass of a line is still seen by it, where no gap is known.
_ABOUT = 60.0


def is_seen(line: PassLine | None, moment: str) -> bool:
    """Whether passes of a line looked about then: the moment lies among them, or hardly later than one would have come."""
    if line is None:
        return False
    late = (from_text(moment) - from_text(line.last)).total_seconds()
    return line.began <= moment and late <= max(line.gap, _ABOUT)


def seen_words(line: PassLine | None, following: PassLine | None, moment: str, *, is_now: bool) -> str:
    """Who looked then, or since when till when nobody did."""
    if line is not None and is_seen(line, moment):
        often = f", at most {span(line.gap)} apart" if line.gap >= 1 else ""
        return f"`{line.cause}` looked about then{often}"
    end = "now" if is_now else f"{to_minute(moment)}" if following is None else to_minute(following.began)
    after = " (and nobody since)" if following is None and not is_now else ""
    if line is None:
        return f"nobody looked by schedule until {end}{after}"
    return f"nobody looked between {to_minute(line.last)} (`{line.cause}`) and {end}{after}"


def decision_words(decision: Decision | None, since: str | None) -> str:
    """What was decided."""
    if decision is None:
        return "not due: nothing above it changed"
    rule = f", by `{decision.rule}`" if decision.rule else ""
    when = f" (since {to_minute(since)})" if since is not None else ""
    if decision.standing is DueStanding.DUE:
        slot = f", for {to_minute(decision.slot)}" if decision.slot is not None else ""
        return f"due{when}: {decision.reason}{rule}{slot}"
    coming = f"; it comes at {to_minute(decision.next)}" if decision.next is not None else ""
    word = "held back" if decision.standing is DueStanding.HELD_BACK else "not due"
    return f"{word}{when}: {decision.reason}{rule}{coming}"


def ran_words(ran: RanDocument | None, following: RanDocument | None) -> list[str]:
    """Which runs had it before and after."""
    told = []
    for word, each in (("before that", ran), ("after that", following)):
        if each is not None:
            how = each.outcome + (f": {each.error}" if each.error else "")
            shown = "" if each.published else ", not published"
            told.append(f"{word}, run {each.run} of {to_minute(each.started)} had it ({each.action}: {how}{shown})")
    return told
