"""What is measured of the nine principles: each a small function over facts that were recorded, within a time. Pure.

A value is None where nothing was recorded that it could be told from: never 0 % or 100 % of nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from andon.base.clock import from_text
from andon.base.record import Record, field
from andon.catalog.by_clock import is_asked
from andon.model.commit import Commit, CommitKind
from andon.model.dataset_question import DatasetQuestion
from andon.model.request import DataRequest
from andon.operations.review import changes, incidents
from andon.operations.review.actions import ReviewedAction
from andon.service.request_measures import RequestMeasures, measured
from andon.state.spending import SpentQuestion
from andon.workspace.caller import BY_ITSELF

_WEEK = 7 * 86_400


class Window(Record):
    """A time, from `since` until before `until` (ISO texts)."""

    since: str
    until: str

    def has(self, at: str | None) -> bool:
        """Whether a moment is in it."""
        return at is not None and self.since <= at < self.until

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (from_text(self.until) - from_text(self.since)).total_seconds()


class RunFact(Record):
    """A run that was begun: by whom."""

    at: str
    author: str


class ChangeFact(Record):
    """A publish that changed code, and the datasets that it changed for readers."""

    change: changes.ReviewedChange
    datasets: tuple[str, ...]

    @property
    def at(self) -> str:
        """When it was published."""
        return self.change.commit.time


class UndoFact(Record):
    """An undo: when, and when what it took back had been published."""

    at: str
    published: str


class RebuiltVersion(Record):
    """A version that was built again, by its build: whether it came out the same, or equal."""

    at: str
    build: str
    is_same: bool


class Recorded(Record):
    """All that was recorded within the two times that are compared.

    Attributes:
        asked: questions about datasets.
        history: commits of the branch, newest first.
        brought: `{run: incident that it met first}`.
        rules: `{dataset: its rule}` of those that promise a time; `objective` the share of the time in which it is to be kept.
        began: when what is known of the branch begins: no time before it has a value (ISO text).
    """

    questions: tuple[SpentQuestion, ...] = ()
    requests: tuple[DataRequest, ...] = ()
    asked: tuple[DatasetQuestion, ...] = ()
    runs: tuple[RunFact, ...] = ()
    actions: tuple[ReviewedAction, ...] = ()
    incidents: tuple[incidents.ReviewedIncident, ...] = ()
    history: tuple[Commit, ...] = ()
    code: tuple[ChangeFact, ...] = ()
    undos: tuple[UndoFact, ...] = ()
    brought: dict[int, changes.Mended] = field(default_factory=dict)
    rebuilds: tuple[RebuiltVersion, ...] = ()
    rules: dict[str, str] = field(default_factory=dict)
    objective: float = 0.99
    began: str = ""


class Value(Record):
    """A number, and from how much it is told."""

    value: float | None
    count: int | None = None
    of: int | None = None


# -- 1 self-service


def self_service(facts: Recorded, window: Window) -> Value:
    """Questions that people answered themselves, of these and the requests that were made."""
    found = _requests(facts, window)
    return _share(found.own, found.own + found.made)


def request_wait(facts: Recorded, window: Window) -> Value:
    """Median from a request to its answer."""
    found = _requests(facts, window)
    return Value(found.median_wait_seconds, found.answered)


def _requests(facts: Recorded, window: Window) -> RequestMeasures:
    """As the board of requests has them."""
    asked = (each for each in facts.questions if window.has(each.at))
    return measured(facts.requests, asked, from_text(window.since), from_text(window.until))


# -- 2 autonomation


def runs_alone(facts: Recorded, window: Window) -> Value:
    """Runs that no person began."""
    own = [each for each in facts.runs if window.has(each.at)]
    return _share(sum(each.author == BY_ITSELF for each in own), len(own))


def corrections_alone(facts: Recorded, window: Window) -> Value:
    """Corrective actions that no person decided on."""
    own = [each for each in facts.actions if window.has(each.at)]
    return _share(sum(each.is_by_itself for each in own), len(own))


def detect(facts: Recorded, window: Window) -> Value:
    """Median from when what is wrong came in until its incident was opened."""
    own = [each for each in facts.incidents if each.began is not None and window.has(each.incident.opened)]
    return _median(_between(each.began or "", each.incident.opened) for each in own)


def recover(facts: Recorded, window: Window) -> Value:
    """Median from the opening of an incident until it was verified."""
    spans = [span for each in facts.incidents for span in incidents.episodes(each.events) if window.has(span.verified)]
    return _median(_between(span.opened, span.verified or "") for span in spans)


def false_alarms(facts: Recorded, window: Window) -> Value:
    """Incidents that a person closed as expected or no problem, of those of signals that were closed."""
    closed = [
        each.incident
        for each in facts.incidents
        if window.has(each.incident.closed) and each.incident.kind not in incidents.BY_PEOPLE
    ]
    return _share(sum(each.verdict is not None for each in closed), len(closed))


# -- 3 small changes


def publishes(facts: Recorded, window: Window) -> Value:
    """Publishes a week, of runs of any kind."""
    count = sum(each.run is not None and window.has(each.time) for each in facts.history)
    begun = window.seconds and facts.began < window.until
    return Value(count * _WEEK / window.seconds if begun else None, count)


def change_size(facts: Recorded, window: Window) -> Value:
    """Median of the datasets that a change of code changed for readers."""
    return _median(float(len(each.datasets)) for each in _within(facts, window))


def lead_time(facts: Recorded, window: Window) -> Value:
    """Median from a branch's first own commit until it was published."""
    own = [each.change for each in _within(facts, window) if each.change.began is not None]
    return _median(_between(each.began or "", each.commit.time) for each in own)


def change_failures(facts: Recorded, window: Window) -> Value:
    """Changes of code that were undone or brought an incident."""
    own = [each.change for each in _within(facts, window)]
    return _share(len(changes.failed(own, facts.history, facts.brought)), len(own))


def undo_time(facts: Recorded, window: Window) -> Value:
    """Median from a publish until it was undone."""
    return _median(_between(each.published, each.at) for each in facts.undos if window.has(each.at))


# -- 4 reproducibility


def rebuilt_same(facts: Recorded, window: Window) -> Value:
    """Versions that were built again and came out identical or equal: each once, by what came out last."""
    own = sorted((each for each in facts.rebuilds if window.has(each.at)), key=lambda each: each.at)
    last = {each.build: each.is_same for each in own}
    return _share(sum(last.values()), len(last))


# -- 5 one team


def both_roles(facts: Recorded, window: Window) -> Value:
    """Of the datasets whose code changed: those that one person changed and another one asked."""
    makers: dict[str, set[str]] = {}
    for each in _within(facts, window):
        for dataset in each.datasets:
            makers.setdefault(dataset, set()).add(each.change.commit.author)
    asked = {
        dataset
        for each in facts.questions
        if window.has(each.at) and each.is_answered and is_asked(each)
        for dataset in each.datasets
        if makers.get(dataset, set()) - {each.who}
    }
    return _share(len(asked), len(makers))


def answer_time(facts: Recorded, window: Window) -> Value:
    """Median from a question about a dataset to its first answer."""
    pairs = [(each.at, each.first_answer) for each in facts.asked]
    return _median(_between(at, first.at) for at, first in pairs if first is not None and window.has(first.at))


# -- 7 technical excellence


def promises_kept(facts: Recorded, window: Window) -> Value:
    """Promises of how new a dataset is that were kept for as much of the time as the objective says."""
    if facts.began >= window.until or not window.seconds:
        return Value(None)
    since = max(window.since, facts.began)
    kept = incidents.promises(facts.rules, facts.incidents, since, window.until, facts.objective)
    return _share(sum(each.kept >= facts.objective for each in kept), len(kept))


# -- 9 self-organising teams


def claimed_outside(facts: Recorded, window: Window) -> Value:
    """Requests that were claimed by people who published no change of code within both times."""
    claimed = [each for each in facts.requests if each.claimed_by is not None and window.has(each.claimed)]
    engineers = {each.change.commit.author for each in facts.code}
    return _share(sum(each.claimed_by not in engineers for each in claimed), len(claimed))


def bus_factor(facts: Recorded, window: Window) -> Value:
    """The fewest people who made more than half of the changes of code."""
    made = Counter(
        each.change.commit.author for each in _within(facts, window) if each.change.commit.author != BY_ITSELF
    )
    whole, found = sum(made.values()), 0
    for needed, (_, count) in enumerate(sorted(made.items(), key=lambda item: (-item[1], item[0])), 1):
        found += count
        if 2 * found > whole:
            return Value(float(needed), needed, len(made))
    return Value(None)


def is_undo(commit: Commit) -> bool:
    """Whether a commit takes a publish back."""
    return commit.kind is CommitKind.UNDO and commit.target is not None


def _within(facts: Recorded, window: Window) -> Sequence[ChangeFact]:
    return [each for each in facts.code if window.has(each.at)]


def _share(count: int, of: int) -> Value:
    return Value(count / of if of else None, count, of)


def _median(values: Iterable[float]) -> Value:
    known = list(values)
    return Value(float(median(known)) if known else None, len(known))


def _between(begin: str, end: str) -> float:
    """Seconds; none where the clock was put back meanwhile."""
    return max((from_text(end) - from_text(begin)).total_seconds(), 0.0)
