"""Signals of what is known: each stands as long as it is found. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta

from andon.base.clock import from_text, to_text
from andon.base.record import Record
from andon.base.text import span
from andon.model.dataset import Dataset, Kind
from andon.model.decision import Silence
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.state.usual import Judged, UsualKind

#: What is looked for; what stands of it and is not found is right again.
LOOKED_FOR = frozenset((SignalKind.LATE, SignalKind.VOLUME, SignalKind.COST, SignalKind.GOVERNANCE, SignalKind.SILENCE))
#: Whoever has to bring it up to date at a time gets so long to do it.
GRACE = timedelta(minutes=10)

_KINDS = {UsualKind.ROWS: SignalKind.VOLUME, UsualKind.SECONDS: SignalKind.COST}


class Deadline(Record):
    """Until when a dataset promises to be brought up to date again.

    Attributes:
        last: when it was (ISO text); `due` when the rule is broken.
        rule: as written.
        is_of_data: whether `last` is of when its data are, which are older than that it was brought up to date.
    """

    dataset: str
    last: str
    due: str
    rule: str
    is_of_data: bool = False

    @property
    def grace(self) -> timedelta:
        """How long whoever has to bring it up to date at a time gets to do it."""
        return timedelta() if self.rule.startswith("max_age") else GRACE


def late(branch: str, deadlines: Sequence[Deadline], now: datetime) -> list[Signal]:
    """The promises that are broken."""
    found = []
    for each in deadlines:
        if from_text(each.due) + each.grace <= now:
            when = "its data are of" if each.is_of_data else "was brought up to date at"
            what = f"it promises `{each.rule}`, and {when} {_minute(each.last)}"
            details = {"rule": each.rule, "due": each.due, "last": each.last}
            found.append(_signal(branch, each.dataset, SignalKind.LATE, "promise", Lamp.STALE, what, each.due, details))
    return found


def silent(branch: str, silences: Sequence[Silence]) -> list[Signal]:
    """The triggers of the schedule that used to look and stay away."""
    return [
        _signal(
            branch,
            "",
            SignalKind.SILENCE,
            each.trigger,
            Lamp.WARN,
            f"`{each.trigger}` looked by schedule each {span(each.usual)}, and stays away since {_minute(each.last)}",
            each.last,
            {"trigger": each.trigger, "last": each.last},
        )
        for each in silences
    ]


def overdue(branch: str, judged: Sequence[Judged], promised: Set[str], now: datetime) -> list[Signal]:
    """Sources of which something new was expected by now.

    Args:
        promised: datasets that promise a time themselves: that counts.
    """
    found = []
    for each in judged:
        due = each.due if each.kind is UsualKind.ARRIVAL and each.dataset not in promised else None
        if due is not None and from_text(due) <= now:
            what = (
                f"nothing new came since {_minute(each.at)}; going by earlier times it was expected by {_minute(due)}"
            )
            details = {"last": each.at, "due": due}
            found.append(_signal(branch, each.dataset, SignalKind.LATE, "arrival", Lamp.WARN, what, due, details))
    return found


def unusual(branch: str, judged: Sequence[Judged]) -> list[Signal]:
    """Builds whose numbers are out of the usual."""
    return [
        _signal(
            branch,
            j.dataset,
            _KINDS[j.kind],
            str(j.kind),
            Lamp.WARN,
            j.what,
            j.at,
            {"of_run": j.run, "version": j.version},
        )
        for j in judged
        if j.kind in _KINDS and j.what is not None
    ]


def ungoverned(branch: str, datasets: Mapping[str, Dataset], used: Set[str], now: datetime) -> list[Signal]:
    """Datasets that are in use, and nobody says whose they are or what they mean."""
    found = []
    for name in sorted(used & datasets.keys()):
        if datasets[name].definition.kind is Kind.QUARANTINE:
            continue  # no file of its own: it is whose the dataset is
        missing = [
            word
            for word, said in (("owner", datasets[name].owner), ("description", datasets[name].description))
            if not said
        ]
        if missing:
            what = f"people use it, and it has no {' and no '.join(missing)}"
            found.append(
                _signal(
                    branch, name, SignalKind.GOVERNANCE, "said", Lamp.WARN, what, to_text(now), {"missing": missing}
                )
            )
    return found


def undeclared(branch: str, datasets: Mapping[str, Dataset], judged: Sequence[Judged]) -> list[Signal]:
    """Columns whose names mean a person, and that are not marked `pii`."""
    found = []
    for each in judged:
        said = datasets.get(each.dataset)
        if said is not None and said.definition.kind is Kind.QUARANTINE:
            continue  # the dataset's own columns say it
        if each.kind is not UsualKind.PERSONAL or not each.what or said is None:
            continue
        columns = [column for column in each.what.split(",") if column.lower() not in said.personal]
        if columns:
            named = ", ".join(f"`{column}`" for column in columns)
            said_of = "looks personal and is" if len(columns) == 1 else "look personal and are"
            what = f"{named} {said_of} not marked `pii`"
            details = {"columns": columns}
            found.append(
                _signal(branch, each.dataset, SignalKind.GOVERNANCE, "personal", Lamp.WARN, what, each.at, details)
            )
    return found


def _signal(
    branch: str,
    dataset: str,
    kind: SignalKind,
    subject: str,
    lamp: Lamp,
    what: str,
    at: str,
    details: Mapping[str, object],
) -> Signal:
    return Signal(branch, dataset, kind, subject, lamp, what, at, details=dict(details))


def _minute(iso: str) -> str:
    return iso[:16].replace("T", " ")
