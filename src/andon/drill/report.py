"""What the drill came to: a line for each kind of fault, and the totals beside what is promised. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.document import Document
from andon.base.record import Record, replace
from andon.drill.line import Course, Opened
from andon.drill.script import LAKE, Fault, FaultKind, quiet_days

#: What a message says that is no bad news.
_GOOD = ("closed", "fixed", "contained")
#: By which datasets below a fault shows itself.
_BELOW = {
    "shop.sales": ("shop.sales", "marts.revenue_by_day", "marts.customer_value", "reports."),
    "crm.customers": ("crm.customers", "marts.customer_value", "reports.best_customers"),
}


class KindLine(Document):
    """One kind of fault.

    Attributes:
        injected: how often it happened; `detected` by an incident that opened in the first pass that it affected, `right_root` of these
            with the dataset and by a signal that are right.
        corrected: over and verified with no person.
        visible: of its hold-level faults those of which readers could see a wrong row; `shown`, of the others.
        messages: about its incidents; `silent`, how many faults nobody was told of.
    """

    kind: str
    injected: int
    detected: int
    right_root: int
    corrected: int
    visible: int
    shown: int
    messages: int
    silent: int


class Total(Document):
    """A number of the drill beside what is promised."""

    name: str
    value: float
    target: str
    is_met: bool


class FaultLine(Document):
    """One fault and what came of it."""

    number: int
    day: int
    kind: str
    words: str
    detected: bool
    right_root: bool
    corrected: bool
    visible: bool
    incidents: list[int]


class DrillDocument(Document):
    """What a drill came to.

    Attributes:
        days, quiet: how many; `seed`, by which they were shuffled; `passes` of Andon.
        metric_days: numbers that were looked at, times quiet days.
        false_alarms: incidents that opened on quiet days.
        strays: incidents that opened on other days and are of no fault.
    """

    days: int
    quiet: int
    seed: int
    passes: int
    metric_days: int
    false_alarms: list[str]
    strays: list[str]
    kinds: list[KindLine]
    totals: list[Total]
    faults: list[FaultLine]


class _Found(Record):
    fault: Fault
    near: tuple[Opened, ...]
    right: tuple[Opened, ...]
    is_corrected: bool
    is_visible: bool


def report_of(course: Course, seed: int) -> DrillDocument:
    """The report of a drill."""
    faults = [fault for day in course.script for fault in day]
    quiet = quiet_days(course.script)
    taken: set[int] = set()
    by_number: dict[int, _Found] = {}
    for fault in sorted(faults, key=lambda f: f.root == LAKE):  # what names a dataset is of that dataset's fault first
        each = by_number[fault.number] = _found(course, fault, taken)
        taken |= {id(opened) for opened in each.near}
    found = [by_number[fault.number] for fault in faults]
    days = {p.number: p.day for p in course.passes}
    others = [opened for opened in course.opened if id(opened) not in taken]
    alarms = [_told(o, days) for o in others if days[o.pass_] in quiet and not _is_tail(course, o)]
    strays = [_told(o, days) for o in others if days[o.pass_] >= 0 and _told(o, days) not in alarms]
    metric_days = course.metrics * len(quiet)
    kinds = [_kind(kind, [f for f in found if f.fault.kind is kind], course) for kind in FaultKind]
    document = DrillDocument(
        len(course.script),
        len(quiet),
        seed,
        len(course.passes),
        metric_days,
        alarms,
        strays,
        [line for line in kinds if line.injected],
        [],
        [_line(each) for each in found],
    )
    return replace(document, totals=_totals(document, course, len(faults)))


def _found(course: Course, fault: Fault, taken: set[int]) -> _Found:
    """What came of a fault: the incidents that opened in the first pass that it affected, those that are right among them."""
    noticed = course.noticed.get(fault.number, len(course.passes))
    near = [o for o in course.opened if o.pass_ == noticed and id(o) not in taken and _is_near(o, fault)]
    right = [o for o in near if o.dataset == fault.root and o.kind in {str(s) for s in fault.signals}]
    later = [o for o in course.opened if noticed < o.pass_ and o.dataset == fault.root]
    gone = course.gone.get(fault.number, len(course.passes))
    mine = near or [o for o in later if o.pass_ <= gone]
    is_corrected = bool(mine) and all(o.number in course.closed and o.number not in course.by_hand for o in mine)
    return _Found(fault, tuple(near), tuple(right), is_corrected, _is_visible(course, fault, noticed, gone))


def _is_near(opened: Opened, fault: Fault) -> bool:
    """Whether an incident may be of a fault: of its root, or of what that reaches; what is wrong with a clock shows itself anywhere."""
    if fault.root == LAKE:
        return True
    return opened.dataset == fault.root or _reaches(fault.root, opened.dataset)


def _reaches(root: str, dataset: str) -> bool:
    return any(dataset.startswith(name) for name in _BELOW.get(root, (root,)))


def _is_visible(course: Course, fault: Fault, noticed: int, gone: int) -> bool:
    """Whether readers could see a row that this fault made wrong, which none further down had made wrong."""
    for each in course.passes[noticed : gone + 1]:
        others = {
            other.root
            for day in course.script
            for other in day
            if other.kind is FaultKind.CODE
            and course.noticed.get(other.number, len(course.passes)) <= each.number
            and each.number <= course.gone.get(other.number, len(course.passes))
        }
        for dataset in each.wrong.rows:
            if dataset in others:
                if dataset == fault.root:
                    return True
            elif fault.root == LAKE or _reaches(fault.root, dataset):
                return True
    return False


def _is_tail(course: Course, opened: Opened) -> bool:
    """Whether a fault of a day before was still in the world when an incident opened."""
    return any(
        course.noticed.get(f.number, 0) < opened.pass_ <= course.gone.get(f.number, len(course.passes))
        for day in course.script
        for f in day
    )


def _kind(kind: FaultKind, found: Sequence[_Found], course: Course) -> KindLine:
    return KindLine(
        str(kind),
        len(found),
        sum(bool(each.near) for each in found),
        sum(bool(each.right) for each in found),
        sum(each.is_corrected for each in found),
        sum(each.is_visible and each.fault.is_hold for each in found),
        sum(each.is_visible and not each.fault.is_hold for each in found),
        len({message for each in found for message in _messages_of(course, each)}),
        sum(not _messages_of(course, each) for each in found),
    )


def _messages_of(course: Course, found: _Found) -> set[str]:
    """The messages by which somebody was told of an incident of a fault while it was in the world, or right after."""
    noticed = course.noticed.get(found.fault.number, 0)
    gone = course.gone.get(found.fault.number, len(course.passes))
    numbers = {o.number for o in found.near} or {
        o.number for o in course.opened if noticed <= o.pass_ <= gone and _is_near(o, found.fault)
    }
    heard = (h for h in course.heard if noticed <= h.pass_ <= gone + 1 and h.change not in _GOOD)
    return {h.message for h in heard if h.incident in numbers}


def _line(found: _Found) -> FaultLine:
    fault = found.fault
    return FaultLine(
        fault.number,
        fault.day + 1,
        str(fault.kind),
        fault.words,
        bool(found.near),
        bool(found.right),
        found.is_corrected,
        found.is_visible,
        sorted({o.number for o in found.near}),
    )


def _totals(document: DrillDocument, course: Course, faults: int) -> list[Total]:
    kinds = document.kinds
    right, corrected = sum(k.right_root for k in kinds), sum(k.corrected for k in kinds)
    visible, silent = sum(k.visible for k in kinds), sum(k.silent for k in kinds)
    worse = sum(a.wrong_after > a.wrong_before for a in course.actions)
    bad_news = {h.message for h in course.heard if h.change not in _GOOD}
    ratio = round(len(bad_news) / max(faults, 1), 2)
    rate = round(100 * len(document.false_alarms) / max(document.metric_days, 1), 3)
    least, half = round(0.9 * faults), faults // 2
    return [
        Total("hold-level faults that readers saw", visible, "0", visible == 0),
        Total("noticed by the first pass, root right", right, f"{least} of {faults} or more", right >= least),
        Total("messages per cause", ratio, "1.1 or less", ratio <= 1.1),
        Total("causes that nobody was told of", silent, "0", silent == 0),
        Total("corrected with no person, verified", corrected, f"{half} or more", corrected >= half),
        Total("corrections that made it worse", worse, "0", worse == 0),
        Total("false alarms per 100 metric-days", rate, "1 or less", rate <= 1),
    ]


def _told(opened: Opened, days: dict[int, int]) -> str:
    return f"day {days[opened.pass_] + 1}: incident {opened.number}, {opened.dataset}: {opened.what}"
