"""A review: how well the work went over some days, in numbers that are computed from what was recorded."""

from __future__ import annotations

from andon.base.document import Document

#: What each number is, as it stands under it and in the docs. Every number of a review has its line here.
DEFINITIONS: dict[str, str] = {
    "detect": (
        "Seconds from when what is wrong came in until its incident was opened. It came in when the run began that first met it, with"
        " the publish that first showed it to readers, or at the moment at which a promise was broken. Median, and nine of ten."
    ),
    "recover": (
        "Seconds from the opening of an incident until what readers see was right again (verified), each time it came back counted"
        " by itself. Those that stand are not in it. Median, and nine of ten."
    ),
    "automatic": "Corrective actions that were done without a person, of all that were done and have ended.",
    "success": (
        "Of the actions done without a person: those after which the checks passed and whose incident did not come back within 7 days."
    ),
    "false_alarms": (
        "Incidents of a check that a person closed as expected or as no problem, of all that were closed. Above half of the last six:"
        " the check is proposed to be loosened, or deleted where it never found anything."
    ),
    "escapes": "Incidents that a person noticed, by the cord or a complaint, with no signal of the same dataset before.",
    "promise": (
        "Of a dataset that promises how new it is: the share of the time in which it was. Its error budget is what the objective"
        " leaves of the time; what of that is used up is the time in which it was late."
    ),
    "quarantine": "Rows that wait in quarantine now, and for how many days the oldest of them does.",
    "repeated_fix": "The corrective action that people did most often by hand, on one dataset and one kind of incident.",
    "idle_checks": "Checks that were asked and never failed, and those that no run asked; with the seconds that they took.",
    "lead_time": (
        "Seconds from the first commit of a branch that its target did not have until it was published there. Median, and nine of ten."
        " Runs of a folder straight into the branch have no beginning that is recorded, and are not in it."
    ),
    "change_failures": (
        "Changes of code that were undone, or whose run first met an incident of what readers see, of all that were published."
    ),
    "restore": "Seconds from a change that failed until it was undone, or until its incident was verified. Median, and nine of ten.",
}


class Spread(Document):
    """Many durations as two numbers.

    Attributes:
        count: how many there are.
        median, most: seconds: of half of them, and of nine of ten; None where there are none.
    """

    count: int
    median: float | None
    most: float | None


class Share(Document):
    """So many of so many; `share` is None where there are none."""

    count: int
    of: int
    share: float | None


class AlarmShare(Document):
    """How often a check, or another kind of signal, called for nothing.

    Attributes:
        dataset, check: whose; `check` is empty for a signal that is of no check.
        closed: its incidents that were closed; `false`: of these by a person's word.
        proposal: what is proposed; None where it does well.
    """

    dataset: str
    kind: str
    check: str
    closed: int
    false: int
    proposal: str | None


class Escape(Document):
    """Something that a person noticed before any signal."""

    incident: int
    dataset: str
    at: str
    what: str
    proposal: str


class PromiseKept(Document):
    """How a dataset kept its promise.

    Attributes:
        rule: as written.
        kept: share of the time.
        late: seconds in which it was not kept; `budget`: the seconds that the objective leaves.
        used: share of the budget that is used up; above 1 it is overdrawn.
    """

    dataset: str
    rule: str
    kept: float
    late: float
    budget: float
    used: float | None


class QuarantineDebt(Document):
    """Rows that wait in quarantine: since which run, and for how many days the oldest do."""

    dataset: str
    rows: int
    share: float | None
    since: str | None
    days: float | None


class RepeatedFix(Document):
    """A corrective action that people did by hand, how often, and when last."""

    action: str
    dataset: str
    kind: str
    times: int
    last: str


class IdleCheck(Document):
    """A check that found nothing: how often it was asked, and the seconds that it took."""

    dataset: str
    check: str
    asked: int
    seconds: float


class FailedChange(Document):
    """A change that failed: why, and after how many seconds readers had what was right; None where they do not yet."""

    commit: str
    at: str
    message: str
    why: str
    restored: float | None


class ReviewDocument(Document):
    """What a person reviews, of a branch from `since` until `until` (ISO text).

    Attributes:
        incidents: opened, closed, and standing now.
        definitions: what each number is.
    """

    branch: str
    since: str
    until: str
    incidents: dict[str, int]
    detect: Spread
    recover: Spread
    automatic: Share
    success: Share
    false_alarms: list[AlarmShare]
    escapes: list[Escape]
    promises: list[PromiseKept]
    quarantine: list[QuarantineDebt]
    repeated_fix: RepeatedFix | None
    idle_checks: list[IdleCheck]
    published: int
    changes: int
    lead_time: Spread
    change_failures: Share
    failed_changes: list[FailedChange]
    restore: Spread
    definitions: dict[str, str]
