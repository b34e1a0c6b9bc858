"""What is scheduled: what is due, what comes when, and why something was (not) done at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from andon.base.clock import SKEW, to_text
from andon.errors import UsageError
from andon.model.decision import Decision
from andon.model.schedule_view import DecisionDocument, PassDocument, RanDocument, ScheduleView, WhyDocument
from andon.operations.scheduling.cadence import LINES, cadence_of, silences, unreachable
from andon.operations.scheduling.why import decision_words, is_seen, ran_words, seen_words
from andon.workspace.branching import scheduled_branch
from andon.workspace.code import project_at
from andon.workspace.view import no_dataset

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from andon.operations.scheduling.looking import DueDecisions, Looking
    from andon.state.decisions import PassLine
    from andon.workspace.workspace import Workspace


class Schedules:
    """Tells what is scheduled in one lake."""

    def __init__(self, workspace: Workspace, looking: Looking) -> None:
        self._workspace = workspace
        self._looking = looking

    def due(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        at: datetime | None = None,
        branch: str | None = None,
    ) -> ScheduleView:
        """What is due and what comes when. Nothing is built, and no database is asked.

        Args:
            select, exclude: terms of a selection; none: all.
            at: the time that counts; None means the clock.
            branch: which; None means the default one.

        Raises:
            UsageError: `usage.bad_argument` for a term that names nothing.
        """
        decided = self._looking.look(self._branch(branch), at, is_kept=at is None)
        chosen = self._chosen(decided, select, exclude)
        now, lines = at or self._workspace.clock(), self._workspace.decisions.passes(decided.branch, LINES)
        cadence = cadence_of(lines, now)
        broken = unreachable(decided.book, decided.known, cadence or 0.0, now)
        return ScheduleView(
            decided.branch,
            decided.head,
            decided.at,
            tuple(each for each in decided.decisions if each.dataset in chosen),
            cadence,
            tuple(each for each in broken if each.dataset in chosen),
            tuple(silences(lines, now)),
        )

    def why(self, dataset: str, at: datetime | None = None, branch: str | None = None) -> WhyDocument:
        """Why a dataset was, or was not, brought up to date at a moment, by what was recorded then.

        Args:
            at: None means now: then it is decided anew.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`; `usage.bad_argument` for a moment to come.
        """
        name, now = self._branch(branch), self._workspace.clock()
        if at is not None and at > now + SKEW:
            text = to_text(at)[:16]
            raise UsageError(
                "usage.bad_argument", f"`{text}` is to come", where=text, hint=f"`andon due --at {text}` looks ahead"
            )
        decided = self._looking.look(name)
        moment = to_text(at or now)
        decision, since = self._decision(decided, dataset, None if at is None else moment)
        if dataset not in decided.book.entries and decision is None:
            raise no_dataset(dataset, name, decided.book.entries)
        line, following = self._workspace.decisions.around(name, moment)
        seen = is_seen(line, moment)
        ran, ran_next = (self._ran(dataset, name, moment, is_after=after) for after in (False, True))
        entry = decided.book.entries.get(dataset)
        lines = self._workspace.decisions.passes(name, LINES)
        broken = unreachable(decided.book, decided.known, cadence_of(lines, now) or 0.0, now)
        own = [each for each in broken if each.dataset == dataset]
        told = [
            decision_words(decision, since),
            seen_words(line, following, moment, is_now=at is None),
            *ran_words(ran, ran_next),
            *(f"`{each.rule}` can't be kept: {each.why}" for each in own),
        ]
        return WhyDocument(
            dataset=dataset,
            branch=name,
            at=moment,
            rules=[rule.spoken for rule in entry.rules] if entry is not None else [],
            is_seen=seen,
            passes=_passes(line),
            following=None if seen else _passes(following),
            decision=DecisionDocument.of(decision) if decision is not None else None,
            since=since,
            ran=ran,
            ran_next=ran_next,
            unreachable=own,
            told=told,
        )

    def _branch(self, branch: str | None) -> str:
        return scheduled_branch(self._workspace, branch)

    def _decision(self, decided: DueDecisions, dataset: str, moment: str | None) -> tuple[Decision | None, str | None]:
        """What holds now, or was recorded for a moment, and since when."""
        recorded = self._workspace.decisions.at(decided.branch, dataset, moment or decided.at)
        if moment is not None:
            return (recorded[1], recorded[0]) if recorded is not None else (None, None)
        now = next((each for each in decided.decisions if each.dataset == dataset), None)
        is_old = now is not None and recorded is not None and _is_same(now, recorded[1])
        return now, recorded[0] if recorded is not None and is_old else None

    def _ran(self, dataset: str, branch: str, moment: str, *, is_after: bool) -> RanDocument | None:
        found = self._workspace.runs.beside(dataset, branch, moment, is_after=is_after)
        if found is None:
            return None
        run, task = found
        error: dict[str, Any] = task.error or {}
        return RanDocument(
            run=run.number,
            started=run.started,
            ended=run.ended,
            status=run.status,
            published=run.published,
            action=str(task.action),
            outcome=str(task.status),
            error=error.get("message"),
        )

    def _chosen(self, decided: DueDecisions, select: Sequence[str], exclude: Sequence[str]) -> Collection[str]:
        if not select and not exclude:
            return decided.book.entries.keys()
        from andon.project.select import select as chosen
        from andon.project.select import selectable

        lake = self._workspace.lake
        project = project_at(self._workspace, lake.commits.state(lake.commits.get(decided.head)))
        datasets = {d: each for d, each in project.datasets.items() if d in decided.book.entries}
        return chosen(select, selectable(datasets, decided.book.inputs), exclude)


def _is_same(one: Decision, other: Decision) -> bool:
    return (one.standing, one.reason, one.slot) == (other.standing, other.reason, other.slot)


def _passes(line: PassLine | None) -> PassDocument | None:
    if line is None:
        return None
    return PassDocument(line.cause, line.who, line.began, line.last, line.times, line.gap)
