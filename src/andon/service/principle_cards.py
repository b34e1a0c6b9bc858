"""The nine principles as they stand on the wall: what is measured of each, what that is, and what to do next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from andon.base.record import Record
from andon.model.principles import MeasureUnit, Principle, PrincipleMeasure, PrincipleStep
from andon.service import principle_measures as measures
from andon.service import principle_steps as steps
from andon.service.principle_measures import Recorded, Value, Window

#: What a measure is told from: facts and a time, or two moments.
Told = Callable[[Recorded, Window], Value]
_SHARE, _SECONDS, _COUNT = MeasureUnit.SHARE, MeasureUnit.SECONDS, MeasureUnit.COUNT
_WEEK, _RATIO = MeasureUnit.PER_WEEK, MeasureUnit.RATIO


class MeasureSpec(Record):
    """A measure as it is said.

    Attributes:
        told: None for what is known at moments only.
        missing: what would make a value where there is none.
    """

    key: str
    title: str
    unit: MeasureUnit
    definition: str
    missing: str
    told: Told | None = None


class PrincipleSpec(Record):
    """A principle as it is said, the measure that stands for it first."""

    title: str
    measures: tuple[MeasureSpec, ...]
    next: Callable[[Mapping[str, PrincipleMeasure]], PrincipleStep]


class AtMoments(Record):
    """A measure that is known at moments only: now, and at the end of the time before; None where nobody knows."""

    now: Value = Value(None)
    before: Value = Value(None)


def cards(
    facts: Recorded,
    windows: Sequence[Window],
    parts: Sequence[Window],
    known: Mapping[str, AtMoments],
    sample: str | None = None,
) -> list[Principle]:
    """All nine.

    Args:
        windows: the time before, and the time that is looked at.
        parts: both of them in equal parts, the oldest first.
        known: measures at moments, by key.
        sample: a dataset that next steps may be done with.
    """
    found = []
    for number, spec in enumerate(PRINCIPLES, 1):
        own = [_measured(each, facts, windows, parts, known) for each in spec.measures]
        found.append(
            Principle(number, spec.title, own, steps.doable(spec.next({each.key: each for each in own}), sample))
        )
    return found


def _measured(
    spec: MeasureSpec,
    facts: Recorded,
    windows: Sequence[Window],
    parts: Sequence[Window],
    known: Mapping[str, AtMoments],
) -> PrincipleMeasure:
    if spec.told is None:
        at = known.get(spec.key, AtMoments())
        before, now = at.before, at.now
        trend = [before.value, now.value]
    else:
        before, now = (spec.told(facts, window) for window in windows)
        trend = [spec.told(facts, part).value for part in parts]
    return PrincipleMeasure(
        key=spec.key,
        title=spec.title,
        unit=spec.unit,
        value=_rounded(now.value),
        before=_rounded(before.value),
        trend=[_rounded(each) for each in trend],
        count=now.count,
        of=now.of,
        definition=spec.definition,
        missing="" if now.value is not None else spec.missing,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


PRINCIPLES: tuple[PrincipleSpec, ...] = (
    PrincipleSpec(
        "Self-service over requests",
        (
            MeasureSpec(
                "self_service",
                "Answered by themselves",
                _SHARE,
                "Questions that people answered with a query of their own, of these and the requests that were made.",
                "a question (`andon query`) or a request (`andon request`)",
                measures.self_service,
            ),
            MeasureSpec(
                "request_wait",
                "Wait for an answer",
                _SECONDS,
                "Median from when a request was made until it was answered.",
                "an answered request (`andon answer`)",
                measures.request_wait,
            ),
            MeasureSpec(
                "waiting",
                "Requests that wait",
                _COUNT,
                "Requests that nobody has answered yet.",
                "a lake that takes requests",
            ),
        ),
        steps.self_service,
    ),
    PrincipleSpec(
        "Autonomation over manual work",
        (
            MeasureSpec(
                "runs_alone",
                "Runs without a person",
                _SHARE,
                "Runs that the schedule or a corrective action began, of all.",
                "a run (`andon run`, `andon tick`)",
                measures.runs_alone,
            ),
            MeasureSpec(
                "corrections_alone",
                "Corrections without a person",
                _SHARE,
                "Corrective actions that no person decided on, of all that were done and have ended.",
                "a corrective action (`andon incident`, `andon playbooks`)",
                measures.corrections_alone,
            ),
            MeasureSpec(
                "detect",
                "Time to notice",
                _SECONDS,
                "Median from when what is wrong came in until its incident was opened.",
                "an incident",
                measures.detect,
            ),
            MeasureSpec(
                "recover",
                "Time to recover",
                _SECONDS,
                "Median from the opening of an incident until what readers see was right again.",
                "an incident that is over",
                measures.recover,
            ),
            MeasureSpec(
                "false_alarms",
                "False alarms",
                _SHARE,
                "Incidents that a person closed as expected or as no problem, of those of signals that were closed.",
                "an incident that was closed",
                measures.false_alarms,
            ),
        ),
        steps.autonomation,
    ),
    PrincipleSpec(
        "Small changes over large",
        (
            MeasureSpec(
                "publishes",
                "Publishes a week",
                _WEEK,
                "Runs whose result readers came to see, a week.",
                "a publish (`andon run`)",
                measures.publishes,
            ),
            MeasureSpec(
                "change_size",
                "Size of a change",
                _COUNT,
                "Median of how many datasets a change of code made other for readers.",
                "a change that is published (`andon run`, `andon publish`)",
                measures.change_size,
            ),
            MeasureSpec(
                "lead_time",
                "Lead time",
                _SECONDS,
                "Median from the first commit of a branch until it was published.",
                "a branch that is published (`andon publish`)",
                measures.lead_time,
            ),
            MeasureSpec(
                "change_failures",
                "Changes that failed",
                _SHARE,
                "Changes of code that were undone or brought an incident, of all that were published.",
                "a change that is published (`andon run`, `andon publish`)",
                measures.change_failures,
            ),
            MeasureSpec(
                "undo_time",
                "Time to undo",
                _SECONDS,
                "Median from a publish until it was undone.",
                "an undo (`andon undo`)",
                measures.undo_time,
            ),
        ),
        steps.small_changes,
    ),
    PrincipleSpec(
        "Reproducibility at all levels",
        (
            MeasureSpec(
                "rebuilt_same",
                "Rebuilt identically",
                _SHARE,
                "Versions that were built again and came out identical or equal, of all that were, each by what came out last.",
                "a past version that is built again (`andon reproduce --sample 20`)",
                measures.rebuilt_same,
            ),
            MeasureSpec(
                "repeatable",
                "Can be repeated",
                _SHARE,
                "Datasets whose code allows nothing that comes out otherwise each time, as `random`, of all.",
                "a dataset (`andon run`)",
            ),
        ),
        steps.reproducibility,
    ),
    PrincipleSpec(
        "One team",
        (
            MeasureSpec(
                "both_roles",
                "Touched by both roles",
                _SHARE,
                "Datasets that one person changed and another one asked, of all that were changed.",
                "a change that is published (`andon run`, `andon publish`)",
                measures.both_roles,
            ),
            MeasureSpec(
                "answer_time",
                "Time to an answer",
                _SECONDS,
                "Median from a question about a dataset to its first answer.",
                "an answered question (`andon question answer`)",
                measures.answer_time,
            ),
            MeasureSpec(
                "open_questions",
                "Questions open",
                _COUNT,
                "Questions about datasets that nobody has answered yet.",
                "a lake that takes questions",
            ),
            MeasureSpec(
                "oldest_question",
                "Oldest open question",
                _SECONDS,
                "How long the oldest question waits that nobody has answered yet.",
                "an open question (`andon question ask`)",
            ),
        ),
        steps.one_team,
    ),
    PrincipleSpec(
        "Value is the measure",
        (
            MeasureSpec(
                "serving",
                "Compute that serves an insight",
                _SHARE,
                "Seconds of builds, checks and questions that went into what an insight rests on, of all.",
                "a run (`andon run`) or a question (`andon query`)",
            ),
            MeasureSpec(
                "value_cost",
                "Value for cost",
                _RATIO,
                "Median over datasets of their share of what insights are worth a year, for what they cost a year.",
                "rates below `[cost]` in andon.toml, and an insight that says what it is worth in that currency",
            ),
        ),
        steps.value,
    ),
    PrincipleSpec(
        "Technical excellence",
        (
            MeasureSpec(
                "promises_kept",
                "Promises kept",
                _SHARE,
                "Promises of how new a dataset is that were kept for as much of the time as `review.objective` says, of all.",
                "a dataset with `refresh: {max_age: …}`",
                measures.promises_kept,
            ),
            MeasureSpec(
                "sound_insights",
                "Insights without a weak link",
                _SHARE,
                "Insights of whose datasets nothing is known that makes them weaker, of all.",
                "an insight (`andon insight add`)",
            ),
        ),
        steps.excellence,
    ),
    PrincipleSpec(
        "Simplicity",
        (
            MeasureSpec(
                "blocks_each",
                "Blocks for each capability",
                _RATIO,
                "Blocks of the architecture for each insight, or dataset that somebody asked within 30 days.",
                "an insight (`andon insight add`) or a question (`andon query`)",
            ),
            MeasureSpec(
                "lines_each",
                "Lines for each capability",
                _RATIO,
                "Lines of the architecture for each insight, or dataset that somebody asked within 30 days.",
                "an insight (`andon insight add`) or a question (`andon query`)",
            ),
            MeasureSpec(
                "hints",
                "Hints open",
                _COUNT,
                "What `andon simplify` found that could be simpler and nobody decided on.",
                "a dataset (`andon run`)",
            ),
        ),
        steps.simplicity,
    ),
    PrincipleSpec(
        "Self-organising teams",
        (
            MeasureSpec(
                "bus_factor",
                "Bus factor",
                _COUNT,
                "The fewest people who together made more than half of the changes of code.",
                "a change that a person publishes (`andon run`, `andon publish`)",
                measures.bus_factor,
            ),
            MeasureSpec(
                "claimed_outside",
                "Claimed by others",
                _SHARE,
                "Claimed requests whose claimer published no change of code, of all that were claimed.",
                "a claimed request (`andon claim`)",
                measures.claimed_outside,
            ),
        ),
        steps.self_organising,
    ),
)
