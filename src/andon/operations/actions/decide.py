"""What answers an incident, and whether it is time for it: decided from playbooks and the record, nothing is done here. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from andon.base.clock import from_text, to_text
from andon.base.record import Record, field
from andon.base.text import plural
from andon.model.action import ActionOutcome, CorrectiveAction, Freeze
from andon.model.incident import Incident, IncidentSignal, IncidentState, IncidentVerdict
from andon.model.playbook import Playbook, PlaybookMode, Playbooks, PlaybookTrigger
from andon.operations.actions.defaults import BUILT_IN
from andon.operations.scheduling.transient import is_transient

#: So many right times under supervision make a playbook automatic; so many vain ones of the last few make it a suggestion again.
PROVED = 3
VAIN, OF_LAST = 2, 5


class IncidentSituation(Record):
    """What is known of an incident when somebody asks what to do.

    Attributes:
        signals: all of the incident.
        tags, owner: of the dataset of its cause.
        below: datasets that read it, directly or through others.
        actions: what was done about it, oldest first.
    """

    incident: Incident
    signals: tuple[IncidentSignal, ...]
    tags: tuple[str, ...] = ()
    owner: str | None = None
    below: frozenset[str] = frozenset()
    actions: tuple[CorrectiveAction, ...] = ()

    @property
    def reach(self) -> int:
        """How many datasets read it."""
        return len(self.below)

    @property
    def aims(self) -> tuple[IncidentSignal, ...]:
        """What an action is to clear: what stands where the cause is; all that stands, where nothing does there any more."""
        standing = tuple(signal for signal in self.signals if signal.cleared is None)
        own = tuple(signal for signal in standing if signal.dataset == self.incident.dataset)
        return own or standing


class Results(Record):
    """How a playbook came out so far, by incident: what counts for how far it is trusted.

    Attributes:
        last: whether it was right, oldest first; what is not decided yet is left out.
        needless: how often a person said that nothing had been wrong.
    """

    fired: int = 0
    last: tuple[bool, ...] = ()
    needless: int = 0

    @property
    def fixed(self) -> int:
        """How often it was right."""
        return sum(self.last)


class ActionRecord(Record):
    """What was done lately, over all incidents.

    Attributes:
        recent: what was begun within the last day, oldest first.
        results: by id of playbook.
        freeze: who stopped all automatic action, if somebody did.
        busy: datasets that something else takes care of, and how: the scheduler tries them again, somebody has claimed them.
    """

    recent: tuple[CorrectiveAction, ...] = ()
    results: Mapping[str, Results] = field(default_factory=dict)
    freeze: Freeze | None = None
    busy: Mapping[str, str] = field(default_factory=dict)


class Offer(Record):
    """A playbook that answers an incident.

    Attributes:
        level: how far it is trusted by now.
        is_due: whether it is to act now.
        due: from when on (ISO text), where that is all it waits for.
        why: why it does not act now; empty where it does.
        breaker: whether it is a breaker that is open.
    """

    playbook: Playbook
    level: PlaybookMode
    is_due: bool = False
    due: str | None = None
    why: str = ""
    is_breaker: bool = False


def all_of(playbooks: Playbooks) -> tuple[Playbook, ...]:
    """The playbooks that count, in the order in which they are asked."""
    return playbooks.lines if playbooks.is_alone else (*playbooks.lines, *BUILT_IN)


def answers(on: PlaybookTrigger, situation: IncidentSituation) -> bool:
    """Whether a trigger fits an incident: one signal of its cause has all that is asked of a signal."""
    incident = situation.incident
    if on.dataset and not _fits(on.dataset, incident.dataset):
        return False
    if on.tag and not any(_fits(on.tag, tag) for tag in situation.tags):
        return False
    if on.owner and not _fits(on.owner, situation.owner or ""):
        return False
    if on.state and str(incident.state) not in on.state:
        return False
    return any(_fits_signal(on, signal) for signal in situation.aims)


def level(playbook: Playbook, results: Results) -> PlaybookMode:
    """How far a playbook is trusted, by what it says and how it came out."""
    if playbook.mode is PlaybookMode.SUGGEST:
        return PlaybookMode.SUGGEST
    last = results.last[-OF_LAST:]
    if len(last) - sum(last) >= VAIN:
        return PlaybookMode.SUGGEST
    if playbook.mode is PlaybookMode.AUTOMATIC or results.fixed >= PROVED:
        return PlaybookMode.AUTOMATIC
    return PlaybookMode.SUPERVISED


def results_of(
    playbooks: Iterable[Playbook], actions: Sequence[CorrectiveAction], verdicts: Mapping[int, IncidentVerdict | None]
) -> dict[str, Results]:
    """How playbooks came out, by id.

    Args:
        actions: all that they asked for, oldest first.
        verdicts: what people said of the incidents.
    """
    found = {}
    for playbook in playbooks:
        by_incident: dict[int, list[CorrectiveAction]] = {}
        for action in actions:
            if (
                action.playbook == playbook.id
                and action.outcome is not ActionOutcome.REFUSED
                and not action.is_interrupted
            ):
                by_incident.setdefault(action.incident, []).append(action)
        told = [_right(tries, playbook.bounds.attempts) for tries in by_incident.values()]
        needless = sum(verdicts.get(incident) is not None for incident in by_incident)
        found[playbook.id] = Results(len(by_incident), tuple(t for t in told if t is not None), needless)
    return found


def _fits_all(playbook: Playbook) -> str | None:
    del playbook
    return None


def plan_actions(
    situation: IncidentSituation,
    playbooks: Playbooks,
    record: ActionRecord,
    now: datetime,
    unfit: Callable[[Playbook], str | None] = _fits_all,
    *,
    is_acting: bool = False,
) -> tuple[Offer, ...]:
    """What answers an incident, in the order of the playbooks; at most one is due.

    The first that is trusted to act and has an attempt left is the one that acts, or is waited for. What is only suggested stands beside.

    Args:
        unfit: why what a playbook does can't be done about this incident, or None; such ones answer nothing.
        is_acting: whether what is only suggested is left out: nobody looks at it.
    """
    if situation.incident.state not in (IncidentState.OPEN, IncidentState.CONTAINED):
        return ()
    offers: list[Offer] = []
    before: Offer | None = None
    for playbook in all_of(playbooks):
        if not answers(playbook.on, situation):
            continue
        offer = _offer(playbook, situation, playbooks, record, now)
        if is_acting and (offer.level is PlaybookMode.SUGGEST or _is_spent(playbook, situation)):
            continue
        if unfit(playbook) is not None:
            continue
        if offer.level is not PlaybookMode.SUGGEST and not _is_spent(playbook, situation):
            if before is not None:
                offer = Offer(playbook, offer.level, why=f"`{before.playbook.spoken}` comes first")
            else:
                before = offer
        offers.append(offer)
    return tuple(offers)


def open_breaker(situation: IncidentSituation, playbooks: Playbooks, record: ActionRecord, now: datetime) -> str | None:
    """Which breaker keeps all that is automatic from this incident, in words; None where none is open."""
    limits = playbooks.breakers
    done = [
        action for action in record.recent if action.mode.is_by_itself and action.outcome is not ActionOutcome.REFUSED
    ]
    own = [a for a in situation.actions if a.mode.is_by_itself and a.outcome is not ActionOutcome.REFUSED]
    if len(own) >= limits.incident:
        return f"{plural(len(own), 'action')} did not help: a person has to look"
    day, hour = to_text(now - timedelta(days=1)), to_text(now - timedelta(hours=1))
    dataset = situation.incident.dataset
    of_day = sum(action.dataset == dataset and action.at >= day for action in done)
    if of_day >= limits.dataset:
        return f"{plural(of_day, 'action')} for {dataset or 'the lake'} within a day: the limit is {limits.dataset}"
    of_hour = sum(action.at >= hour for action in done)
    if of_hour >= limits.workspace:
        return f"{plural(of_hour, 'action')} within an hour: the limit is {limits.workspace}"
    return None


def _offer(
    playbook: Playbook, situation: IncidentSituation, playbooks: Playbooks, record: ActionRecord, now: datetime
) -> Offer:
    trusted = level(playbook, record.results.get(playbook.id, Results()))
    if trusted is PlaybookMode.SUGGEST:
        is_lowered = playbook.mode is not PlaybookMode.SUGGEST
        why = (
            f"in vain {VAIN} of the last {OF_LAST} times: it is only suggested now" if is_lowered else "it is suggested"
        )
        return Offer(playbook, trusted, why=why)
    if _is_spent(playbook, situation):
        return Offer(playbook, trusted, why=f"tried {plural(len(_own(playbook, situation)), 'time')}")
    if any(action.outcome is ActionOutcome.RUNNING for action in situation.actions):
        return Offer(playbook, trusted, why="something is being done")
    if record.freeze is not None:
        return Offer(playbook, trusted, why=f"frozen by {record.freeze.who}")
    busy = record.busy.get(situation.incident.dataset)
    if busy is not None:
        return Offer(playbook, trusted, why=busy)
    if situation.reach > playbook.bounds.reach:
        why = f"{plural(situation.reach, 'dataset')} read it: it may reach {playbook.bounds.reach}"
        return Offer(playbook, trusted, why=why, is_breaker=True)
    breaker = open_breaker(situation, playbooks, record, now)
    if breaker is not None:
        return Offer(playbook, trusted, why=breaker, is_breaker=True)
    hour = to_text(now - timedelta(hours=1))
    lately = sum(action.playbook == playbook.id and action.at >= hour for action in record.recent)
    if lately >= playbook.bounds.per_hour:
        why = f"`{playbook.spoken}` acted {plural(lately, 'time')} within an hour"
        return Offer(playbook, trusted, why=why, is_breaker=True)
    due = _due(playbook, situation)
    if due > now:
        return Offer(playbook, trusted, due=to_text(due), why=f"waits until {to_text(due)}")
    return Offer(playbook, trusted, is_due=True)


def _due(playbook: Playbook, situation: IncidentSituation) -> datetime:
    own = _own(playbook, situation)
    since = (own[-1].ended or own[-1].at) if own else situation.incident.opened
    return from_text(since) + timedelta(seconds=playbook.bounds.before_attempt(len(own) + 1))


def _is_spent(playbook: Playbook, situation: IncidentSituation) -> bool:
    return len(_own(playbook, situation)) >= playbook.bounds.attempts


def _own(playbook: Playbook, situation: IncidentSituation) -> list[CorrectiveAction]:
    """What a playbook did about the incident since it was opened last."""
    return [
        action
        for action in situation.actions
        if action.playbook == playbook.id
        and action.outcome is not ActionOutcome.REFUSED
        and action.at >= situation.incident.opened
    ]


def _right(tries: Sequence[CorrectiveAction], attempts: int) -> bool | None:
    """Whether what was tried for one incident was right; None while that is open."""
    if any(action.outcome is ActionOutcome.RUNNING for action in tries):
        return None
    last = tries[-1]
    if last.outcome.is_failure:
        return False if len(tries) >= attempts or last.outcome is ActionOutcome.UNDONE else None
    return last.undone_at is None if last.outcome in (ActionOutcome.VERIFIED, ActionOutcome.DONE) else None


def _fits(patterns: Iterable[str], text: str) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def _fits_signal(on: PlaybookTrigger, signal: IncidentSignal) -> bool:
    if on.kind and signal.kind not in on.kind:
        return False
    code = str(signal.details.get("code") or "")
    if on.code and not _fits(on.code, code):
        return False
    if on.check and not _fits(on.check, str(signal.details.get("check") or "")):
        return False
    return on.transient is None or on.transient == is_transient(signal.details)
