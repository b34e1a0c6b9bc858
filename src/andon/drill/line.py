"""The life of the drill's project: hour by hour what the world does, and the passes of Andon. Nobody else does anything.

All goes by one clock that the drill moves. What is noticed, opened and told is written down beside the truth, for `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.drill.judge import Judge, Wrong
from andon.drill.receiver import Heard, Receiver
from andon.drill.script import AFTERNOON, DAWN, MORNING, NOON, WORK, Fault, FaultKind, script_of
from andon.drill.truth import Truth
from andon.drill.world import DrillClock, World
from andon.model.incident import IncidentEventKind, IncidentState
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.editing import ToEdit
from andon.service.service import Service
from andon.service.setup import example_folder
from andon.workspace.caller import Caller

if TYPE_CHECKING:
    from andon.model.incident import Incident

#: Days of quiet life before the drill, from which limits are learned.
BEFORE = 16
BRANCH = "main"
_HOURS = (DAWN, MORNING, WORK, NOON, AFTERNOON)
_OVER = (IncidentState.CLOSED, IncidentState.VERIFIED)


class Opened(Record):
    """An incident that opened, came back, or was found to have another cause, as it was then.

    Attributes:
        at: the moment of the drill's world, not of the project's clock.
        pass_: the how manyth pass it was.
    """

    number: int
    dataset: str
    kind: str
    what: str
    at: datetime
    pass_: int


class ActionSeen(Record):
    """A correction: what it did about which incident, what it came to, and how many rows were wrong before and after."""

    incident: int
    action: str
    outcome: str
    is_manual: bool
    wrong_before: int
    wrong_after: int


class Pass(Record):
    """What a pass found and left.

    Attributes:
        standing: numbers of the incidents that stand after it.
    """

    number: int
    at: datetime
    day: int
    wrong: Wrong
    standing: tuple[int, ...]


class DayTold(Record):
    """A day of the drill, for who watches."""

    day: int
    date: date
    faults: tuple[Fault, ...]
    opened: tuple[Opened, ...]
    closed: tuple[int, ...]
    actions: tuple[ActionSeen, ...]
    wrong: Wrong


class Course(Record):
    """All that happened.

    Attributes:
        noticed: by number of a fault the pass that was the first that it could affect.
        closed: numbers of incidents that are over at the end, with those that a person acted about.
        metrics: numbers that were looked at each day: checks, watches, learned limits.
    """

    script: tuple[tuple[Fault, ...], ...]
    passes: tuple[Pass, ...]
    opened: tuple[Opened, ...]
    actions: tuple[ActionSeen, ...]
    heard: tuple[Heard, ...]
    messages: int
    noticed: dict[int, int]
    gone: dict[int, int]
    closed: frozenset[int]
    by_hand: frozenset[int]
    metrics: int


class Drill:
    """One drill.

    Args:
        root: an empty folder.
        last: the day on which it ends.
        told: hears of each day when it is over; `begun` when the project stands.
        script: what happens on each day; None: by `days` and `seed`.
        before: days of quiet life before.
    """

    def __init__(
        self,
        root: Path,
        days: int,
        seed: int,
        last: date,
        told: Callable[[DayTold], None] = lambda _: None,
        begun: Callable[[], None] = lambda: None,
        script: Sequence[Sequence[Fault]] | None = None,
        before: int = BEFORE,
    ) -> None:
        first = last - timedelta(days=days)  # its file comes on the first day
        self._script = tuple(tuple(faults) for faults in (script_of(days, seed) if script is None else script))
        self._before = before
        self._truth = Truth.read(example_folder(), first - timedelta(days=before), days + before)
        self._root, self._told, self._begun = root, told, begun
        start = first - timedelta(days=before)
        self._clock = DrillClock(datetime(start.year, start.month, start.day, tzinfo=UTC))
        self._world = World(root, self._truth, first, self._clock)
        self._judge = Judge(self._truth)
        self._seq = self._actions_seen = 0
        self._passes: list[Pass] = []
        self._opened: list[Opened] = []
        self._actions: list[ActionSeen] = []
        self._noticed: dict[int, int] = {}
        self._gone: dict[int, int] = {}
        self._receiver: Receiver | None = None
        self._waiting: list[Fault] = []
        self._active: list[Fault] = []

    def run(self) -> Course:
        """Let it happen; returns what did."""
        receiver = self._receiver = Receiver()
        try:
            self._world.begin(receiver.url)
            for day in range(-self._before, -self._before + 2):
                self._world.sends(day)
            self._clock.put(self._world.morning_of(-self._before + 1, MORNING))
            service = Service.open(
                self._root,
                environ={"ANDON_AUTHOR": "ana", "HOME": str(self._root)},
                clock=self._clock,
                uptime=self._clock.uptime,
            )
            try:
                return self._lived(service, receiver)
            finally:
                service.close()
        finally:
            receiver.close()

    def _lived(self, service: Service, receiver: Receiver) -> Course:
        service.runs.run(RunOptions(agreed=ANY_PLAN))
        self._begun()
        for day in range(-self._before + 2, 0):
            self._world.sends(day)
            self._pass(service, day, MORNING)
        for day, faults in enumerate(self._script):
            opened, actions, passes = len(self._opened), len(self._actions), len(self._passes)
            for hour in _HOURS:
                self._hour(service, day, hour, faults)
            before = set(self._passes[passes - 1].standing) if passes else set[int]()
            since = before | {each.number for each in self._opened[opened:]}
            after = self._passes[-1]
            self._told(
                DayTold(
                    day,
                    self._world.morning_of(day, 0).date(),
                    faults,
                    tuple(self._opened[opened:]),
                    tuple(sorted(since - set(after.standing))),
                    tuple(self._actions[actions:]),
                    after.wrong,
                )
            )
        return self._course(service, receiver)

    # -- an hour

    def _hour(self, service: Service, day: int, hour: int, faults: Sequence[Fault]) -> None:
        now = day * 24 + hour
        for fault in [each for each in self._active if each.mends is not None]:
            assert fault.mends is not None
            if fault.day * 24 + fault.mends <= now:
                self._world.mends(fault)
                self._active.remove(fault)
        if hour == DAWN:
            self._world.sends(day)
        beginning = [fault for fault in faults if fault.begins == hour]
        for fault in beginning:
            self._world.breaks(fault)
            self._active.append(fault)
        self._waiting += beginning
        if hour == WORK and beginning:
            self._clock.put(self._world.morning_of(day, hour))
            for fault in beginning:
                self._publishes(service, fault)
            self._clock.put(self._world.morning_of(day, hour, 5))  # whoever comes by next
            service.scheduling.tick("drill")
            self._look(service, day, hour)
        if hour in (MORNING, AFTERNOON):
            self._pass(service, day, hour)

    def _publishes(self, service: Service, fault: Fault) -> None:
        """A colleague publishes code by the usual verb."""
        path, (right, wrong) = self._world.mistake(fault)
        ben = service.by(Caller("ben", "python"))
        text = ben.editing.open(path, BRANCH).text
        options = RunOptions(branch=BRANCH, agreed=ANY_PLAN, message="as marketing asked")
        ben.editing.save(ToEdit(path, text.replace(right, wrong)), options)

    def _pass(self, service: Service, day: int, hour: int) -> None:
        moment = self._world.morning_of(day, hour)
        self._clock.put(moment)
        for fault in [each for each in self._active if each.day == day and hour == MORNING]:
            if fault.kind is FaultKind.CRASH:
                self._world.dies(moment)
                self._active.remove(fault)
                moment = self._world.morning_of(day, hour, 10)  # somebody looks again ten minutes later
                self._clock.put(moment)
            elif fault.kind is FaultKind.DISK:
                self._world.runs_full(moment)
                self._look(service, day, hour)
                return
        service.scheduling.tick("drill")
        self._look(service, day, hour)

    # -- what came of it

    def _look(self, service: Service, day: int, hour: int) -> None:
        """Write down what stands beside the truth."""
        service.messages.send_due()
        number, at = len(self._passes), self._world.morning_of(day, hour)
        for fault in self._waiting:
            self._noticed[fault.number] = number
        self._waiting.clear()
        self._opened += self._new_openings(service, at, number)
        self._actions += self._new_actions(service)
        head = service.workspace.lake.refs.resolve(BRANCH).id
        wrong = self._judge.look(service, head)
        standing = tuple(sorted(incident.number for incident in service.workspace.incidents.standing(BRANCH)))
        for fault in [each for each in self._active if each.mends is None]:
            mine = [o for o in self._opened if o.dataset == fault.root and o.pass_ >= self._noticed[fault.number]]
            if mine and mine[-1].number not in standing:
                self._active.remove(fault)  # nothing is left of it
        for fault in (f for faults in self._script[: max(day, 0) + 1] for f in faults):
            if fault not in self._active and fault.number in self._noticed:
                self._gone.setdefault(fault.number, number)
        self._passes.append(Pass(number, at, day, wrong, standing))
        if self._receiver is not None:
            self._receiver.pass_ = number + 1

    def _new_openings(self, service: Service, at: datetime, number: int) -> list[Opened]:
        store, found = service.workspace.incidents, []
        events = store.events_after(self._seq)
        incidents = store.of_numbers({event.incident for event in events})
        known = {each.number for each in self._opened}
        for event in events:
            self._seq = max(self._seq, event.seq)
            incident = incidents[event.incident]
            if event.kind is IncidentEventKind.ABSORBED:  # one that stands turns out to have another cause
                is_told = "root" in event.body and event.body.get("was") not in known
            else:
                is_back = str(event.body.get("before")) in _OVER and event.state not in _OVER
                is_told = event.kind is IncidentEventKind.STATE and (incident.number not in known or is_back)
            if is_told and incident.part_of is None:
                known.add(incident.number)
                found.append(_opened(incident, at, number))
        return found

    def _new_actions(self, service: Service) -> list[ActionSeen]:
        found = []
        newest = [each for each in service.workspace.actions.newest(100) if each.seq > self._actions_seen]
        for action in sorted(newest, key=lambda each: each.seq):
            if str(action.outcome) in ("running", "refused"):
                continue
            self._actions_seen = action.seq
            before = self._judge.look(service, action.before) if action.before else Wrong()
            after = self._judge.look(service, action.after) if action.after else before
            found.append(
                ActionSeen(
                    action.incident,
                    str(action.action),
                    str(action.outcome),
                    not action.mode.is_by_itself,
                    before.total,
                    after.total,
                )
            )
        return found

    def _course(self, service: Service, receiver: Receiver) -> Course:
        store = service.workspace.incidents
        numbers = {each.number for each in self._opened}
        found = store.of_numbers(numbers)
        manual = {each.incident for each in self._actions if each.is_manual}
        for number, events in store.events_of(numbers).items():
            if any(event.who != "andon" and event.kind in _PERSONAL for event in events):
                manual.add(number)
        return Course(
            self._script,
            tuple(self._passes),
            tuple(self._opened),
            tuple(self._actions),
            tuple(receiver.heard()),
            receiver.messages,
            dict(self._noticed),
            dict(self._gone),
            frozenset(
                n for n, incident in found.items() if incident.state is IncidentState.CLOSED and incident.verified
            ),
            frozenset(manual),
            self._metrics(service),
        )

    def _metrics(self, service: Service) -> int:
        """Numbers that are looked at: every check of the project, and what is learned of each dataset and source."""
        commit = service.workspace.lake.refs.resolve(BRANCH)
        results = {
            (result.dataset, result.check)
            for run in service.workspace.runs.newest(200)
            for result in service.workspace.check_results.of_run(run.number)
        }
        datasets = service.workspace.lake.commits.state(commit).leaves
        sources = [name for name in datasets if name.split(".")[0] in ("shop", "crm") and "__" not in name]
        return len(results) + 2 * len(datasets) + len(sources)


#: What people do with an incident.
_PERSONAL = (
    IncidentEventKind.STATE,
    IncidentEventKind.TOOK,
    IncidentEventKind.SNOOZED,
    IncidentEventKind.JUDGED,
    IncidentEventKind.ACTION,
)


def _opened(incident: Incident, at: datetime, number: int) -> Opened:
    return Opened(incident.number, incident.dataset, str(incident.kind), incident.title, at, number)
