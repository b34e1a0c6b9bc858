"""How the team works by the nine principles: a scorecard from real use, of a branch and a time, beside the time before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.lru import Lru
from andon.errors import UsageError
from andon.model.dataset import Kind
from andon.model.principles import ScorecardDocument
from andon.model.quarantine import is_aside
from andon.service.costs import MONTH, moment_said
from andon.service.principle_cards import AtMoments, cards
from andon.service.principle_measures import (
    ChangeFact,
    RebuiltVersion,
    Recorded,
    RunFact,
    UndoFact,
    Value,
    Window,
    is_undo,
)
from andon.service.spending import SpendingBook
from andon.value.bill import Served
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.lake.changed_names import ChangedNames
    from andon.model.architecture import ArchitectureCount
    from andon.model.commit import Commit
    from andon.service.architecture import Architectures
    from andon.service.insights import Insights
    from andon.service.reviewing import Reviewing
    from andon.service.simplify import Simplifying
    from andon.service.value import ValueAmount, ValueDesk, ValueDocument
    from andon.workspace.workspace import Workspace

#: Each of the two times is told in so many parts.
_PARTS = 3
_YEAR = 365.0
_KEPT = 8


@dataclass(frozen=True)
class ScorecardNouns:
    """Other nouns that the scorecard asks."""

    reviewing: Reviewing
    architectures: Architectures
    insights: Insights
    worth: ValueDesk
    changed_names: ChangedNames
    hints: Simplifying


class KeptScorecards:
    """What was counted within the last minutes. Safe under threads."""

    def __init__(self) -> None:
        self.found: Lru[tuple[object, ...], ScorecardDocument] = Lru(_KEPT)


class Scorecards:
    """Makes scorecards of one workspace's lake."""

    def __init__(self, workspace: Workspace, nouns: ScorecardNouns, kept: KeptScorecards) -> None:
        self._workspace = workspace
        self._kept = kept
        self._nouns = nouns

    def scorecard(self, since: str = MONTH, branch: str | None = None) -> ScorecardDocument:
        """The nine principles from `since` until now, beside the time before it, which is as long.

        Args:
            since: a moment as ISO text, or how long ago (`30d`, `3 mo`).

        Raises:
            UsageError: `usage.bad_argument` for what is no such time; `lake.ref_not_found`.
        """
        now = self._workspace.clock()
        begin = moment_said(since, now, now, "since")
        view = View.at(self._workspace, branch)
        key = (since, view.ref, view.commit.id, to_text(now)[:16], *self._marks())
        found = self._kept.found.get(key)
        if found is None:
            found = self._counted(view, begin, now)
            self._kept.found.put(key, found)
        return found

    def _marks(self) -> tuple[object, ...]:
        """What moves with most of what is counted; the rest is counted anew each minute."""
        workspace = self._workspace
        waiting = tuple((each.number, each.state) for each in workspace.requests.waiting())
        runs = tuple((run.number, run.status) for run in workspace.runs.newest(3))
        asked, rebuilt = workspace.dataset_questions.mark(), workspace.reproductions.last()
        return workspace.query_log.last(), runs, waiting, asked, rebuilt

    def _counted(self, view: View, begin: datetime, now: datetime) -> ScorecardDocument:
        before = begin - (now - begin)
        edges = [before + (now - before) * part / (2 * _PARTS) for part in range(2 * _PARTS)] + [now]
        windows = [Window(to_text(before), to_text(begin)), Window(to_text(begin), to_text(now))]
        parts = [Window(to_text(one), to_text(other)) for one, other in pairwise(edges)]
        facts = self._recorded(view, windows[0].since, windows[1].until)
        return ScorecardDocument(
            branch=view.ref,
            earlier=windows[0].since,
            since=windows[1].since,
            until=windows[1].until,
            principles=cards(facts, windows, parts, self._at_moments(view, before, begin, now), _sample(view)),
        )

    # -- what was recorded

    def _recorded(self, view: View, since: str, until: str) -> Recorded:
        workspace = self._workspace
        workspace.query_log.flush()
        found = self._nouns.reviewing.facts(view, since)
        commits = workspace.lake.commits
        names = self._nouns.changed_names.of([each.commit for each in found.code])
        runs = [each for each in workspace.runs.asked(since) if each.branch == view.ref]
        return Recorded(
            questions=tuple(workspace.spending.asked(since, until)),
            requests=tuple(each for each in workspace.requests.since(since) if each.at < until),
            asked=tuple(each for each in workspace.dataset_questions.since(since) if each.at < until),
            runs=tuple(RunFact(each.started, each.author) for each in runs),
            actions=found.actions,
            incidents=found.incidents,
            history=found.history,
            code=tuple(ChangeFact(each, tuple(names[each.commit.id])) for each in found.code),
            undos=tuple(
                UndoFact(each.time, commits.get(each.target or "").time) for each in found.history if is_undo(each)
            ),
            brought=dict(found.brought),
            rebuilds=tuple(
                RebuiltVersion(each.at, each.build, each.holds)
                for each in workspace.reproductions.within(since, until)
                if not (each.kept and each.holds)
            ),
            rules=dict(found.rules),
            objective=found.objective,
            began=_began(view.commit, found.history, since, until),
        )

    # -- what is known at moments

    def _at_moments(self, view: View, before: datetime, begin: datetime, now: datetime) -> dict[str, AtMoments]:
        counts = self._nouns.architectures.counts(view.ref, begin)
        waiting = self._workspace.requests.waiting()
        asked = self._workspace.dataset_questions.open()
        oldest = min((each.at for each in asked), default=None)
        levels = [info.level for info in self._nouns.insights.infos(self._nouns.insights.sight(view))]
        definitions = self._workspace.lake.objects.definitions(leaf.definition for leaf in view.state.leaves.values())
        plain = sum(not definition.allow for definition in definitions.values())
        return {
            "waiting": AtMoments(Value(float(len(waiting)), len(waiting))),
            "open_questions": AtMoments(Value(float(len(asked)), len(asked))),
            "oldest_question": AtMoments(
                Value(None if oldest is None else max(0.0, (now - from_text(oldest)).total_seconds()))
            ),
            "repeatable": AtMoments(_share(plain, len(definitions))),
            "serving": AtMoments(self._serving(view, begin, now), self._serving_then(view, before, begin)),
            "value_cost": AtMoments(self._value_cost(view, begin, now)),
            "sound_insights": AtMoments(_share(sum(level == "green" for level in levels), len(levels))),
            "blocks_each": AtMoments(*(_each(count, "blocks_per_capability") for count in counts)),
            "hints": AtMoments(self._hints() if view.state.leaves else Value(None)),
            "lines_each": AtMoments(*(_each(count, "lines_per_capability") for count in counts)),
        }

    def _hints(self) -> Value:
        found = self._nouns.hints.open_hints()
        return Value(float(found), found)

    def _serving(self, view: View, begin: datetime, end: datetime) -> Value:
        """How much of what was computed went into what an insight rests on."""
        spent = SpendingBook(self._workspace, view, begin, end).computed()
        whole = sum(each.amounts.micros for each in spent)
        serving = sum(each.amounts.micros for each in spent if each.served is Served.INSIGHT)
        return Value(serving / whole if whole else None)

    def _serving_then(self, view: View, begin: datetime, end: datetime) -> Value:
        try:
            then = View.at(self._workspace, f"{view.ref}@{to_text(end)}")
        except UsageError:  # the lake is younger
            return Value(None)
        return self._serving(then, begin, end)

    def _value_cost(self, view: View, begin: datetime, now: datetime) -> Value:
        rates = SpendingBook(self._workspace, view, begin, now).rates
        if not rates.is_said or not rates.currency:
            return Value(None)
        days = (now - begin) / timedelta(days=1)
        return value_for_cost(self._nouns.worth.value(to_text(begin), view.ref), days)


def value_for_cost(found: ValueDocument, days: float) -> Value:
    """Median over datasets of their share of a year's value for what they cost in a year. Pure.

    What is measured counts where there is any, else what is estimated; the two are never added.
    """
    ratios = []
    for each in found.datasets:
        own = {amount.basis: Decimal(amount.amount) for amount in each.shares if _is_yearly(amount, found)}
        worth = own.get("measured", own.get("estimated"))
        cost = Decimal(each.cost.money) if each.cost is not None and each.cost.money is not None else Decimal(0)
        if worth is not None and cost > 0:
            ratios.append(float(worth / cost) * days / _YEAR)
    return Value(median(ratios) if ratios else None, len(ratios))


def _is_yearly(amount: ValueAmount, found: ValueDocument) -> bool:
    return amount.per == "year" and amount.currency == found.rates.currency


def _began(head: Commit, history: Sequence[Commit], since: str, until: str) -> str:
    """When what is known of the branch begins: with its first run, or before the time that is looked at; not yet where nothing ran."""
    oldest = history[-1] if history else head
    if oldest.parent is not None:
        return since
    return next((commit.time for commit in reversed(history) if commit.run is not None), until)


def _share(count: int, of: int) -> Value:
    return Value(count / of if of else None, count, of)


def _each(count: ArchitectureCount | None, name: str) -> Value:
    return Value(getattr(count, name) if count is not None else None, count.capabilities if count is not None else None)


def _sample(view: View) -> str | None:
    """A dataset that can be made anew and asked: rather one of SQL than what lies elsewhere."""
    datasets = view.project.datasets
    there = sorted(name for name in view.state.leaves if name in datasets and not is_aside(name))
    return min(there, key=lambda name: datasets[name].definition.kind is not Kind.SQL, default=None)
