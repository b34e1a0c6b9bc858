"""Which datasets are due, by what their `refresh` promises. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from andon.base.clock import from_text, to_minute, to_text
from andon.base.cron import cron_times
from andon.base.duration import read_duration
from andon.base.record import Record
from andon.base.text import span
from andon.model.due import DueDataset
from andon.model.schedule import MANUAL, is_manual, rules_of

#: Rules by which time alone makes a dataset due.
TIMED = ("max_age", "every", "cron")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Promise(Record):
    """What a dataset promises, and what is known of it.

    Attributes:
        rules: its `refresh`.
        last: when it was brought up to date last, as text; None where it never was.
        moved: why it would be built now, by what is known without asking anybody; None if it would not.
    """

    dataset: str
    rules: tuple[tuple[str, str], ...]
    last: str | None
    moved: str | None


def judge(promise: Promise, now: datetime, when: Callable[[str, str], str | None]) -> DueDataset:
    """Whether a dataset is due at `now`, and why.

    Args:
        when: asked with the dataset and the SQL of its `when`: how the result changed since the dataset was built, or None.
    """
    last = from_text(promise.last) if promise.last is not None else None
    zone = dict(promise.rules).get("tz", "UTC")
    times = [(rule, text, due_at(rule, text, last, zone)) for rule, text in promise.rules if rule in TIMED]
    reason = _because(promise, times, now, when)
    coming = min((at for _, _, at in times if at is not None), default=None)
    return DueDataset(
        dataset=promise.dataset,
        due=reason is not None,
        rule=_spoken(promise.rules),
        reason=reason or _brought(last, now),
        last=promise.last,
        next=to_text(coming) if reason is None and coming is not None else None,
    )


def due_at(rule: str, text: str, last: datetime | None, zone: str = "UTC") -> datetime | None:
    """When a rule of time makes a dataset due that was brought up to date at `last`: None for never, and what never was is overdue.

    Args:
        zone: of the times of `cron`.
    """
    if last is None:
        return _BEFORE_ALL
    if rule == "cron":
        return cron_times(text, zone).after(last)
    duration = read_duration(text)
    return duration.after(last) if duration is not None else None


def _because(
    promise: Promise,
    times: list[tuple[str, str, datetime | None]],
    now: datetime,
    when: Callable[[str, str], str | None],
) -> str | None:
    if is_manual(promise.rules):
        return None
    if promise.last is None:
        return "never built"
    for rule, text, at in times:
        if at is not None and at <= now:
            brought = _brought(from_text(promise.last), now)
            return f"{brought}; it was due at {_minute(at)}" if rule == "cron" else f"{brought}, {rule} is {text}"
    rules = dict(promise.rules)
    if "when" in rules:
        changed = when(promise.dataset, rules["when"])
        if changed is not None:
            return changed
    return promise.moved if rules.get("upstream", "true") == "true" else None


def _spoken(rules: tuple[tuple[str, str], ...]) -> str:
    """The rules as written; those of time zones with their cron."""
    said = dict(rules)
    if is_manual(rules):
        return rules_of(rules)[0].spoken
    zone = f" {said['tz']}" if "tz" in said else ""
    told = [f"{rule} {text}{zone if rule == 'cron' else ''}" for rule, text in rules if rule not in ("tz", MANUAL)]
    return ", ".join(told) or "on upstream change"


def _brought(last: datetime | None, now: datetime) -> str:
    if last is None:
        return "never built"
    return f"brought up to date {span((now - last).total_seconds())} ago" if last < now else "just brought up to date"


def _minute(moment: datetime) -> str:
    return to_minute(to_text(moment))
