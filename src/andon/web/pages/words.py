"""How pages write numbers, moments and states: filters of templates. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Literal

from markupsafe import Markup, escape

from andon.base.clock import from_text
from andon.base.text import plural, seconds, size
from andon.render.checks import finding_text
from andon.render.origins import git_mark, origin_words
from andon.render.rows import change_text, counts_text, value_text
from andon.render.visible import visible
from andon.render.words import approvals_text, listed, moment, stake_text, verdict_text

#: Units of ages, in seconds. `ages.js` has them too: it goes on where the server was.
_AGES = ((86400, "d"), (3600, "h"), (60, "min"))

#: Seconds after which nobody counts days any more: a day of the calendar says more.
_LONG = 60 * 86400

#: States as people read them; the same names choose lamp, glyph and colour.
STATES = {
    "ok": "Healthy",
    "warn": "Warning",
    "fail": "Failing",
    "stale": "Stale",
    "blocked": "Blocked",
    "running": "Running",
    "idle": "Nothing yet",
}


def number(value: int | float | None) -> str:
    """`1,234,567`, as sentences of Andon have it; a dash where there is none."""
    return "–" if value is None else f"{value:,}"


def brief(value: int | float | None) -> str:
    """`1.2M`, `340k`: as much as a narrow column has room for."""
    if value is None:
        return "–"
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit * 0.9995:
            return f"{value / limit:.1f}".removesuffix(".0") + letter
    return f"{value:g}"


def share(value: float | None) -> str:
    """A share as a percentage: `0`, `<0.01%`, `1.03%`."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if value < 0.0001:
        return "<0.01%"
    # what is not all is never written as all
    return (
        f"{math.floor(value * 10000) / 100:g}%" if value > 0.99 else f"{value * 100:.2f}".rstrip("0").rstrip(".") + "%"
    )


def age(seconds: float) -> str:
    """`3 min`, `9 h`, `12 d`."""
    for unit, name in _AGES:
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    return "now"


def ago(text: str | None, now: datetime) -> str:
    """How long a moment of the lake is past: `3 min ago`, its day after two months; a dash where there is none."""
    if text is None:
        return "–"
    past = (now - from_text(text)).total_seconds()
    if past >= _LONG:
        return _day(text)
    found = age(past)
    return "just now" if found == "now" else f"{found} ago"


def took(value: float) -> str:
    """How long something took: `40 ms`, `1.2 s`."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def oneline(text: str) -> str:
    """A text in one line, as far as anybody reads on."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def day_and_time(text: str | None) -> str:
    """A moment of the lake (UTC) as people write it: `6 Jul 1998, 15:00`; a dash where there is none."""
    if text is None:
        return "–"
    return f"{_day(text)}, {from_text(text):%H:%M}"


def since(text: str, now: datetime) -> str:
    """As `ago`, as short as a card has room for: `3 min`, `Jul 1998`."""
    past = (now - from_text(text)).total_seconds()
    return f"{from_text(text):%b %Y}" if past >= _LONG else age(past)


def _day(text: str) -> str:
    moment = from_text(text)
    return f"{moment.day} {moment:%b %Y}"


def ticked(text: str) -> Markup:
    """A sentence whose names stand in backticks, with those as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick that is a backtick
        return escape(text)
    return Markup().join(Markup("<code>%s</code>") % part if i % 2 else escape(part) for i, part in enumerate(parts))


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """A text with ranges of it marked, made visible as all that people wrote."""
    found, at = Markup(), 0
    for start, end in marks:
        found += visible(text[at:start]) + Markup("<mark>%s</mark>") % visible(text[start:end])
        at = end
    return found + visible(text[at:])


def sentence(text: str) -> Markup:
    """A message as a sentence: it begins with a capital letter, and what it names in backticks is code."""
    shown = visible(text)
    return ticked(shown[:1].upper() + shown[1:])


def dated(text: str | None, now: datetime, form: Literal["ago", "since"]) -> Markup | str:
    """A moment as `ago` or `since` tell it, whole on a hover; while somebody looks, the browser lets its age go on."""
    if text is None:
        return ago(None, now)
    told = ago(text, now) if form == "ago" else since(text, now)
    shown = Markup('<time datetime="{}" data-age="{}" data-tip="{} UTC">{}</time>')
    return shown.format(from_text(text).isoformat(), form, moment(text), told)


def filters() -> dict[str, Callable[..., Any]]:
    """The filters of templates, by name."""
    return {
        "ago": partial(dated, form="ago"),
        "came_from": origin_words,
        "checkout": git_mark,
        "since": partial(dated, form="since"),
        "ticked": ticked,
        "took": took,
        "oneline": oneline,
        "marked": marked,
        "sentence": sentence,
        "number": number,
        "brief": brief,
        "share": share,
        "size": size,
        "plural": plural,
        "seconds": seconds,
        "day_and_time": day_and_time,
        "listed": listed,
        "verdict_text": verdict_text,
        "finding_text": finding_text,
        "stake_text": stake_text,
        "approvals_text": approvals_text,
        "counts_text": counts_text,
        "change_text": change_text,
        "value_text": value_text,
        "moment": moment,
    }
