"""Requests on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.cli.output import Cell
from andon.cli.table import table
from andon.render.requests import (
    REQUEST_STATES,
    by_words,
    people_words,
    share_words,
    state_words,
    wait_words,
    ways_words,
    worth_words,
)

if TYPE_CHECKING:
    from andon.cli.output import Console
    from andon.model.request import DataRequest
    from andon.service.request_measures import RequestMeasures
    from andon.service.requests import RequestInfo, RequestMade


def request_lines(found: Sequence[RequestInfo], console: Console) -> list[str]:
    """The board of requests."""
    if not found:
        return ["nobody waits for anything"]
    rows: list[Sequence[Cell]] = [
        (
            (str(each.request.number), "accent"),
            state_words(each),
            each.request.what,
            (each.request.decision or "", "dim"),
            worth_words(each.request),
            (by_words(each), "warn" if each.is_late else "dim"),
            people_words(each.request),
            (wait_words(each.waited_seconds), "dim"),
        )
        for each in found
    ]
    headers = ("", "state", "what", "decides", "worth", "needed", "who", "waited")
    return list(table(rows, console.out, headers=headers, width=console.width, whole=[0], wrap=[1, 2, 3], drop=[3]))


def made_lines(made: RequestMade, console: Console) -> list[str]:
    """A request that was made, joined or withdrawn."""
    lines = [state_line(made.request)]
    if made.found:
        lines += [console.out.paint(f"  {ways_words(made.found)}", "dim")]
    return lines


def state_line(request: DataRequest) -> str:
    """A request in one line."""
    by = f" by {request.claimed_by}" if request.claimed_by and request.state.is_waiting else ""
    with_answer = f" with {request.answer}" if request.answer else ""
    return f"request {request.number} is {REQUEST_STATES[request.state][1]}{by}{with_answer}: {request.what}"


def measure_lines(told: RequestMeasures, console: Console) -> list[str]:
    """How requests were served."""

    def long(value: float | None) -> str:
        return "no data yet" if value is None else wait_words(value)

    rows: list[Sequence[Cell]] = [
        ["made", str(told.made)],
        ["answered", str(told.answered)],
        ["withdrawn", str(told.withdrawn)],
        ["waiting", str(told.waiting)],
        ["the oldest waits for", long(told.oldest_seconds)],
        ["median wait for an answer", long(told.median_wait_seconds)],
        ["questions that people answered themselves", str(told.own)],
        ["self-service", share_words(told.self_service)],
    ]
    return [f"from {told.since[:10]} until {told.until[:10]}", "", *table(rows, console.out, width=console.width)]
