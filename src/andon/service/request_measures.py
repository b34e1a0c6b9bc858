"""How requests are served, from what is recorded: waiting times, and how much people find out by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.document import Document
from andon.catalog.by_clock import asking_of, is_asked, machines_among
from andon.model.request import DataRequest, RequestState
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.state.spending import SpentQuestion
    from andon.workspace.workspace import Workspace


class RequestMeasures(Document):
    """How requests were served within a time.

    Attributes:
        made, answered, withdrawn: how many, within the time.
        waiting: how many wait at its end; `oldest_seconds`, how long the oldest of them does.
        median_wait_seconds: from asking to the answer, of those that were answered within the time.
        own: questions that people answered themselves: one for each person, kind of question (its values aside) and day.
        self_service: own ÷ (own + made); null where neither was.
    """

    since: str
    until: str
    made: int
    answered: int
    withdrawn: int
    waiting: int
    oldest_seconds: float | None
    median_wait_seconds: float | None
    own: int
    self_service: float | None


def request_measures(workspace: Workspace, since: datetime, until: datetime) -> RequestMeasures:
    """The measures of the time from `since` until before `until`."""
    workspace.query_log.flush()
    begin, end = to_text(since), to_text(until)
    return measured(workspace.requests.since(begin), workspace.spending.asked(begin, end), since, until)


def measured(
    requests: Iterable[DataRequest], questions: Iterable[SpentQuestion], since: datetime, until: datetime
) -> RequestMeasures:
    """The same, of requests and questions that are given. Pure.

    What a playbook asked because of an incident is nobody's need, and counts nowhere.

    Args:
        requests: those that were made, or were over, within the time, and those that wait; others do no harm.
        questions: those of the time.
    """
    begin, end = to_text(since), to_text(until)
    known = [each for each in requests if each.at < end and each.who != BY_ITSELF]
    over = [each for each in known if each.ended is not None and begin <= each.ended < end]
    answered = [each for each in over if each.state is RequestState.ANSWERED]
    waiting = [each for each in known if each.ended is None or each.ended >= end]
    waits = [(from_text(each.ended or "") - from_text(each.at)).total_seconds() for each in answered]
    made = sum(begin <= each.at < end for each in known)
    own = len(own_questions(questions))
    return RequestMeasures(
        since=begin,
        until=end,
        made=made,
        answered=len(answered),
        withdrawn=len(over) - len(answered),
        waiting=len(waiting),
        oldest_seconds=max(((until - from_text(each.at)) / timedelta(seconds=1) for each in waiting), default=None),
        median_wait_seconds=median(waits) if waits else None,
        own=own,
        self_service=own / (own + made) if own + made else None,
    )


def own_questions(questions: Iterable[SpentQuestion]) -> set[tuple[str, str, str]]:
    """`(person, kind of question, day)` of what people asked and had an answer to; what comes by the clock is nobody's question."""
    known = list(questions)
    machines = machines_among(known)
    asked = [each for each in known if each.is_answered and is_asked(each)]
    return {(*asking_of(each), each.at[:10]) for each in asked if asking_of(each) not in machines}
