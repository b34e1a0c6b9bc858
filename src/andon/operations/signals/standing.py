"""Signals of what is known: each stands as long as it is found. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta

from andon.base.clock import from_text, to_minute, to_text
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

_KINDS = {UsualKind.ROWS: SignalKind.VOLUME, UsualKind.SECONDS: SignalKind.COST, UsualKind.BYTES: SignalKind.COST}


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
            what = f"it promises `{each.rule}`, and {when} {to_minute(each.last)}"
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
            f"`{each.trigger}` looked by schedule each {span(each.usual)}, and stays away since {to_minute(each.last)}",
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
            what = f"nothing new came since {to_minute(each.at)}; going by earlier times it was expected by {to_minute(due)}"
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
    """Columns whose names mean a person, or whose values are those of people, and that are not marked `pii`."""
    by_name = {each.dataset: each for each in judged if each.kind is UsualKind.PERSONAL and each.what}
    by_value = {each.dataset: each for each in judged if each.kind is UsualKind.VALUES and each.what}
    found = []
    for name in sorted(by_name.keys() | by_value.keys()):
        said, named, held = datasets.get(name), by_name.get(name), by_value.get(name)
        if said is None or said.definition.kind is Kind.QUARANTINE:
            continue  # of rows that are set aside the dataset's own columns say it
        columns = [c for c in str(named.what).split(",") if c.lower() not in said.personal] if named is not None else []
        kinds: dict[str, str] = json.loads(str(held.what)) if held is not None else {}
        values = {c: what for c, what in kinds.items() if c.lower() not in said.personal and c not in columns}
        if not columns and not values:
            continue
        what = _unmarked(columns, values)
        at = max(each.at for each in (named, held) if each is not None)
        details = {"columns": [*columns, *values], "values": values}
        found.append(_signal(branch, name, SignalKind.GOVERNANCE, "personal", Lamp.WARN, what, at, details))
    return found


def _unmarked(columns: Sequence[str], values: Mapping[str, str]) -> str:
    parts = []
    if columns:
        parts.append(f"{_listed(columns)} {'looks' if len(columns) == 1 else 'look'} personal")
    parts += [f"`{column}` holds what look like {words}" for column, words in values.items()]
    is_one = len(columns) + len(values) == 1
    return f"{', '.join(parts)} and {'is' if is_one else 'are'} not marked `pii`"


def drifted(branch: str, datasets: Mapping[str, Dataset], judged: Sequence[Judged]) -> list[Signal]:
    """Columns that came with a refresh, and of which the file of the dataset says nothing; where it tells of no column, none is missing."""
    found = []
    for each in judged:
        said = datasets.get(each.dataset)
        if each.kind is not UsualKind.COLUMNS or not each.what or said is None or not said.columns:
            continue
        declared = {column.name.lower() for column in said.columns}
        columns = [column for column in json.loads(each.what) if column.lower() not in declared]
        if columns:
            what = f"{_listed(columns)} came with a refresh, and its file says nothing of {'it' if len(columns) == 1 else 'them'}"
            details = {"columns": columns, "of_run": each.run}
            found.append(
                _signal(branch, each.dataset, SignalKind.GOVERNANCE, "columns", Lamp.WARN, what, each.at, details)
            )
    return found


def kept_too_long(
    branch: str, datasets: Mapping[str, Dataset], oldest: Mapping[str, datetime | None], now: datetime
) -> list[Signal]:
    """Datasets with rows that are older than they say that they keep them.

    Args:
        oldest: by dataset, when its oldest row is of; None where the column that it names can't tell.
    """
    found = []
    for name, at in sorted(oldest.items()):
        said = datasets[name].retention
        if said is None:
            continue
        if at is None:
            what = f"its `retention` goes by `{said.by}`, which is no date or time of it"
        elif said.over(at) <= now:
            what = f"it holds rows of {at:%Y-%m-%d} by `{said.by}`, and says that it keeps them {said.keep}"
        else:
            continue
        details = {"by": said.by, "keep": str(said.keep), "oldest": None if at is None else to_text(at)}
        found.append(_signal(branch, name, SignalKind.GOVERNANCE, "retention", Lamp.WARN, what, to_text(now), details))
    return found


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


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
