"""What happens in the drill, and when: quiet days and days with one or two faults, in a seeded order. Pure.

A fault is in the world from when it begins until the world mends it by itself (the sender sends a right file, the server comes back), or
until somebody else does. Nobody acts on the side of the project but Andon.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum

from andon.base.record import Record
from andon.model.signal import SignalKind

#: The hours of a day: the world acts, somebody makes a pass, people work, the world mends, somebody makes a pass.
DAWN, MORNING, WORK, NOON, AFTERNOON = 5, 6, 10, 12, 13
SALES, CUSTOMERS = "shop.sales", "crm.customers"
BEST, WEEKS = "reports.best_customers", "reports.revenue_by_week"
#: No single dataset: the machine, a whole run.
LAKE = ""


class FaultKind(StrEnum):
    """What goes wrong."""

    LATE = "late file"
    EMPTY = "empty load"
    DOUBLED = "doubled load"
    SCHEMA = "schema change"
    NULLS = "nulls"
    DRIFT = "drifted mean"
    ORPHANS = "orphan keys"
    DOWN = "source down"
    CRASH = "crash in run"
    CODE = "bad code published"
    CLOCK = "clock change"
    DISK = "disk full"


class Fault(Record):
    """One fault.

    Attributes:
        number: from 1; `day` from 0.
        how: the variant, which `world.World` knows.
        root: the dataset that an incident should name.
        signals: by what it is right to notice it.
        is_hold: whether readers must never see what it makes wrong.
        begins, mends: the hour of its day, and hours after that day's midnight at which the world mends it; None: it never does.
        words: for who watches.
    """

    number: int
    kind: FaultKind
    how: str
    day: int
    root: str
    signals: frozenset[SignalKind]
    is_hold: bool
    begins: int
    mends: int | None
    words: str


class _Case(Record):
    kind: FaultKind
    how: str
    words: str
    root: str = SALES
    signals: tuple[SignalKind, ...] = (SignalKind.CHECK,)
    is_hold: bool = True
    begins: int = DAWN
    mends: int | None = NOON
    is_second: bool = False


_NEXT = 24 + DAWN
_K, _S = FaultKind, SignalKind
_LATE = (_S.LATE, _S.CHECK)
_FAILS = (_S.FAILED, _S.SILENCE)
_COLUMNS = (_S.SCHEMA,)
_DOWN = (_S.SOURCE,)
_WARNS = (_S.CHECK, _S.WATCH)

#: The forty: the first of each kind come first where there are fewer days.
_CASES = (
    _Case(_K.LATE, "late", "the till's file is not there", signals=_LATE),
    _Case(_K.EMPTY, "empty", "the till's file has a header and no line", signals=(_S.CHECK, _S.VOLUME)),
    _Case(_K.DOUBLED, "twice", "the till's file comes twice"),
    _Case(_K.SCHEMA, "renamed", "`amount` is called `total`", signals=_COLUMNS),
    _Case(_K.NULLS, "prices", "no line has a price"),
    _Case(_K.DRIFT, "cents", "amounts come in cents"),
    _Case(_K.ORPHANS, "strangers", "four lines name customers whom nobody knows"),
    _Case(_K.DOWN, "away", "the customer system is down", CUSTOMERS, _DOWN, is_second=True),
    _Case(_K.CRASH, "killed", "the machine dies in the middle of a run", LAKE, _FAILS, mends=None),
    _Case(_K.CODE, "best", "ben publishes 1,000 letters in place of 100", BEST, _WARNS, False, WORK, None, True),
    _Case(_K.CLOCK, "ahead", "the clock is 30 hours ahead", LAKE, (_S.CLOCK,), False, mends=NOON),
    _Case(_K.DISK, "full", "the disk is full", LAKE, (_S.FAILED,)),
    _Case(_K.LATE, "late", "the till's file comes a day late", signals=_LATE, mends=_NEXT),
    _Case(_K.EMPTY, "nobody", "the customer system has no customers", CUSTOMERS, is_second=True),
    _Case(_K.DOUBLED, "again", "each line stands twice in the till's file"),
    _Case(_K.SCHEMA, "added", "the till's file has a column more", signals=_COLUMNS, mends=None),
    _Case(_K.NULLS, "few", "three lines have no price", is_hold=False),
    _Case(_K.DRIFT, "double", "prices are twice what they are", signals=_WARNS, is_hold=False),
    _Case(_K.ORPHANS, "lost", "the customer system lost every tenth customer", CUSTOMERS, is_second=True),
    _Case(_K.DOWN, "away", "the customer system is down over night", CUSTOMERS, _DOWN, mends=_NEXT, is_second=True),
    _Case(_K.CRASH, "killed", "the machine dies in the middle of a run", LAKE, _FAILS, mends=None),
    _Case(_K.CODE, "weeks", "ben publishes each sale twice", WEEKS, _WARNS, False, WORK, None, True),
    _Case(_K.CLOCK, "behind", "the clock is two days behind", LAKE, (_S.CLOCK,), False, mends=NOON),
    _Case(_K.DISK, "full", "the disk is full", LAKE, (_S.FAILED,)),
    _Case(_K.LATE, "late", "the till's file is not there", signals=_LATE),
    _Case(_K.EMPTY, "empty", "the till's file has a header and no line", signals=(_S.CHECK, _S.VOLUME), mends=_NEXT),
    _Case(_K.DOUBLED, "twice", "the till's file comes twice", mends=_NEXT),
    _Case(_K.SCHEMA, "text", "amounts say `USD`", signals=_COLUMNS),
    _Case(_K.NULLS, "joined", "the customer system forgot when people joined", CUSTOMERS, is_second=True),
    _Case(_K.DRIFT, "cents", "amounts come in cents", mends=_NEXT),
    _Case(_K.ORPHANS, "strangers", "four lines name customers whom nobody knows", mends=_NEXT),
    _Case(_K.DOWN, "away", "the customer system is down", CUSTOMERS, _DOWN, is_second=True),
    _Case(_K.CRASH, "killed", "the machine dies in the middle of a run", LAKE, _FAILS, mends=None),
    _Case(_K.CODE, "best", "ben publishes 1,000 letters in place of 100", BEST, _WARNS, False, WORK, None, True),
    _Case(_K.LATE, "late", "the till's file comes a day late", signals=_LATE, mends=_NEXT),
    _Case(_K.DOUBLED, "again", "each line stands twice in the till's file", mends=_NEXT),
    _Case(_K.SCHEMA, "missing", "the till's file lacks `customer_id`", signals=_COLUMNS, mends=_NEXT),
    _Case(_K.NULLS, "few", "two lines have no price", is_hold=False, mends=_NEXT),
    _Case(_K.ORPHANS, "strangers", "four lines name customers whom nobody knows"),
    _Case(_K.DOWN, "away", "the customer system is down", CUSTOMERS, _DOWN, is_second=True),
)


def script_of(days: int, seed: int) -> list[list[Fault]]:
    """The faults of each day: half of the days are quiet, the first and the last among them.

    Args:
        days: 60 have all forty faults; fewer have the first ones, as many as fit.
    """
    chance = random.Random(seed)  # noqa: S311 - an order, no secret
    busy = days // 2
    firsts = [case for case in _CASES if not case.is_second]
    seconds = [case for case in _CASES if case.is_second]
    firsts, seconds = firsts[:busy], seconds[: busy // 3]
    chance.shuffle(firsts)
    places = sorted(chance.sample(range(1, max(days - 1, 2)), min(len(firsts), days - 2)))
    firsts = _spread(firsts, places)
    # with a full disk nothing is loaded, so that what else is wrong that morning reaches nobody
    free = [place for place, case in enumerate(firsts) if case.kind is not FaultKind.DISK]
    doubled = set(chance.sample(free, min(len(seconds), len(free))))
    found: list[list[Fault]] = [[] for _ in range(days)]
    chance.shuffle(seconds)
    number, left = 0, _spread(seconds, [places[place] for place in sorted(doubled)])[::-1]
    for place, (day, case) in enumerate(zip(places, firsts, strict=False)):
        for each in [case, *([left.pop()] if place in doubled else [])]:
            number += 1
            found[day].append(_fault(number, day, each))
    return found


def _spread(cases: Sequence[_Case], places: Sequence[int]) -> list[_Case]:
    """The cases in an order in which those that last over night are followed by a quiet day, as far as there are such: what begins
    where something stands already could not be told from it."""
    long = [case for case in cases if case.mends == _NEXT]
    short = [case for case in cases if case.mends != _NEXT]
    taken = set(places)
    found = []
    for place in places:
        is_free = place + 1 not in taken
        found.append((long or short).pop() if is_free else (short or long).pop())
    return found


def quiet_days(script: Sequence[Sequence[Fault]]) -> list[int]:
    """The days on which nothing begins."""
    return [day for day, faults in enumerate(script) if not faults]


def _fault(number: int, day: int, case: _Case) -> Fault:
    return Fault(
        number,
        case.kind,
        case.how,
        day,
        case.root,
        frozenset(case.signals),
        case.is_hold,
        case.begins,
        case.mends,
        case.words,
    )
