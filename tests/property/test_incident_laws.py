"""Laws of incidents, over any history of lineages, failures, corrections and judgements: no cause is silent, one incident for one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from andon.base.clock import to_text
from andon.base.record import replace
from andon.model.incident import Incident, IncidentSignal, IncidentVerdict
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.by_hand import closed
from andon.operations.incidents.case import Batch, Case
from andon.operations.incidents.causes import CauseLineage
from andon.operations.incidents.life import AGAIN, Right, clear, take

NAMES = ("a.one", "b.two", "c.three", "d.four", "e.five")
KINDS = (
    SignalKind.CHECK,
    SignalKind.FAILED,
    SignalKind.SOURCE,
    SignalKind.LATE,
    SignalKind.VOLUME,
    SignalKind.CLOCK,  # of the machine, and of no dataset
)
#: What is beside a thing of each number: readers see it; they don't; it came with code of its own; a clock told it.
BESIDE = ({"version": "v"}, {"version": "w"}, {"version": "v", "own": True}, {"version": "v", "age": True})
#: A dataset can't be built for one reason at a time, the newest.
UNBUILT = (SignalKind.FAILED, SignalKind.SOURCE)
START = datetime(2026, 11, 1, tzinfo=UTC)

Thing = tuple[int, int, int]
#: A lineage: each dataset reads some of those before it.
lineages = st.tuples(*(st.frozensets(st.integers(0, max(0, place - 1))) for place in range(len(NAMES)))).map(
    lambda reads: {
        name: tuple(NAMES[other] for other in sorted(reads[place]) if other < place) for place, name in enumerate(NAMES)
    }
)
things = st.tuples(st.integers(0, len(NAMES) - 1), st.integers(0, len(KINDS) - 1), st.integers(0, len(BESIDE) - 1)).map(
    lambda thing: (0, thing[1], 0) if KINDS[thing[1]] is SignalKind.CLOCK else thing
)
#: What happens: some are met by a run, some come right, a person judges an incident, days go by.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("met"), st.lists(things, min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("right"), st.lists(things, min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("judged"), st.integers(0, 3)),
        st.tuples(st.just("later"), st.integers(1, 40)),
    ),
    max_size=14,
)


class World:
    """Incidents beside what is known to be wrong."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self.needs = needs
        self.cases: list[Case] = []
        self.wrong: dict[str, Signal] = {}
        self.judged: set[str] = set()
        self.now = START
        self.runs = 0

    @property
    def at(self) -> str:
        return to_text(self.now)

    def signal(self, thing: Thing) -> Signal:
        place, kind, subject = thing
        at, run = self.at, self.runs
        what, is_held = "it is wrong", KINDS[kind] in UNBUILT or subject == 1
        name, dataset = f"{KINDS[kind]}{subject}", "" if KINDS[kind] is SignalKind.CLOCK else NAMES[place]
        details = {} if KINDS[kind] is SignalKind.LATE else BESIDE[subject]
        return Signal(
            "main", dataset, KINDS[kind], name, Lamp.FAIL, what, at, run, is_held=is_held, details=dict(details)
        )

    def met(self, found: Sequence[Thing]) -> None:
        stood, before = self.wrong.keys() - self.judged, {case.number: case for case in self.cases}
        self.now += timedelta(minutes=1)
        self.runs += 1
        signals = [self.signal(thing) for thing in found]
        reasons = {signal.dataset: signal for signal in signals if signal.kind in UNBUILT}
        signals = [s for s in signals if s.kind not in UNBUILT or reasons[s.dataset] is s]
        for mark, other in list(self.wrong.items()):
            if other.kind in UNBUILT and other.dataset in reasons and mark not in self.judged:
                del self.wrong[mark]
        self.wrong.update({signal.fingerprint: signal for signal in signals})
        earlier = {s.fingerprint: c.incident for c in sorted(self.cases, key=lambda c: c.number) for s in c.signals}
        self.cases = take(self.cases, earlier, Batch(tuple(signals), self.at, self.runs), self.needs, self.next())
        self.hear(before, self.wrong.keys() - self.judged - stood)

    def hear(self, before: Mapping[int, Case], fresh: Set[str]) -> None:
        """Somebody is told of each cause that was not there before, whatever else stands."""
        lineage = CauseLineage(self.needs)
        every = [signal for case in self.standing() for signal in case.signals]
        for case in self.standing():
            old = before.get(case.number)
            told = case.told[len(old.told) if old is not None else 0 :]
            is_told = old is None or old.is_over or any("root" in each.body for each in told)
            for root in (s for s in case.standing if s.fingerprint in fresh and not is_next_reason(case, s)):
                is_cause = not any(lineage.explains(upper, root, root.last) for upper in every)
                assert is_told or not is_cause, "a cause is told, whatever else stands"

    def right(self, found: Sequence[Thing]) -> None:
        self.now += timedelta(minutes=1)
        marks = {self.signal(thing).fingerprint for thing in found}
        times = {s.fingerprint: s.times for case in self.cases for s in case.standing}
        right = {mark: Right("it passes", times[mark]) for mark in marks & times.keys()}
        self.cases = clear(self.cases, right, self.needs, self.at, self.next())
        self.judged -= marks
        for mark in marks:
            self.wrong.pop(mark, None)

    def judge(self, place: int) -> None:
        if not self.standing():
            return
        case = self.standing()[place % len(self.standing())]
        self.judged |= {signal.fingerprint for signal in case.standing}
        after = closed(case, self.at, "ana", IncidentVerdict.EXPECTED, None)
        self.cases = [after if each.number == case.number else each for each in self.cases]

    def next(self) -> int:
        return max((case.number for case in self.cases), default=0) + 1

    def standing(self) -> list[Case]:
        return [case for case in self.cases if not case.is_over]

    def parts(self) -> set[frozenset[str]]:
        return {frozenset(s.fingerprint for s in case.standing) for case in self.standing()}


def is_next_reason(case: Case, signal: IncidentSignal) -> bool:
    """Whether a dataset that can't be built can't be for another reason of that kind now."""
    return signal.kind in UNBUILT and any(
        (other.kind, other.dataset, other.cleared) == (signal.kind, signal.dataset, signal.first)
        for other in case.signals
    )


def history(needs: Mapping[str, Sequence[str]], done: Sequence[tuple]) -> World:
    world = World(needs)
    for kind, what in done:
        if kind == "later":
            world.now += timedelta(days=what)
        else:
            {"met": world.met, "right": world.right, "judged": world.judge}[kind](what)
        hold(world)
    return world


def hold(world: World) -> None:
    """The laws, after any step."""
    homes: dict[str, list[Incident]] = {}
    for case in world.standing():
        for signal in case.standing:
            homes.setdefault(signal.fingerprint, []).append(case.incident)
    assert homes.keys() == world.wrong.keys() - world.judged, "no cause is silent, and nothing stands that is right"
    assert all(len(incidents) == 1 for incidents in homes.values()), "each belongs to one incident"
    lineage = CauseLineage(world.needs)
    every = [(case, signal) for case in world.standing() for signal in case.signals]
    for case in world.standing():
        assert case.standing, "what is not over has something that stands"
        roots = set()
        for signal in case.standing:
            by = [o for o, upper in every if lineage.explains(upper, signal, signal.last)]
            if not by:
                roots.add(signal.dataset)
            assert not by or case in by, "what is explained stands where it is explained"
        assert len(roots) <= 1, "one cause for one incident"
        assert not roots or case.incident.dataset in roots, "an incident is named by its cause"
    for case in world.cases:
        if case.is_over:
            assert {signal.fingerprint for signal in case.standing} <= world.judged, (
                "closed when it is right, not before"
            )
        if case.incident.part_of is not None:
            assert case.is_over
            assert not case.signals
    assert len({case.number for case in world.cases}) == len(world.cases)


@settings(deadline=None, max_examples=80)
@given(lineages, steps)
@example(  # of two that ended together one came back and was judged: the other one opens no judged one again
    dict.fromkeys(NAMES, ()),
    [
        ("met", [(0, 0, 0), (0, 0, 1)]),
        ("right", [(0, 0, 0), (0, 0, 1)]),
        ("met", [(0, 0, 0)]),
        ("judged", 0),
        ("met", [(0, 0, 1)]),
    ],
)
@example(  # what parts is named by its cause, and not by what follows from it
    {NAMES[0]: (), NAMES[1]: (NAMES[0],), NAMES[2]: NAMES[:2], NAMES[3]: (), NAMES[4]: ()},
    [("met", [(2, 1, 1), (1, 2, 0), (0, 4, 1), (1, 0, 0)])],
)
def test_no_cause_is_silent_and_each_has_one_incident(needs, done):
    history(needs, done)


@settings(deadline=None, max_examples=80)
@given(lineages, st.dictionaries(st.integers(0, 4), st.integers(0, 4), min_size=1), st.randoms(use_true_random=False))
def test_in_which_order_causes_are_found_changes_nothing(needs, kinds, chance):
    """Found at once, from above or from below, in one run or in several: as many incidents, of the same roots."""
    found = [(place, kind, 0) for place, kind in kinds.items()]
    together = history(needs, [("met", found)])
    chance.shuffle(found)
    apart = history(needs, [("met", [thing]) for thing in found])
    assert {c.incident.dataset for c in apart.standing()} == {c.incident.dataset for c in together.standing()}
    assert len(apart.standing()) == len(together.standing())


@settings(deadline=None, max_examples=80)
@given(lineages, steps, st.lists(things, min_size=1, max_size=3, unique=True))
def test_what_is_met_again_is_the_same_incident(needs, done, found):
    world = history(needs, done)
    world.met(found)
    before = [(case.number, case.incident.state, case.incident.dataset) for case in world.cases]
    world.met(found)
    assert [(case.number, case.incident.state, case.incident.dataset) for case in world.cases] == before


@settings(deadline=None, max_examples=80)
@given(lineages, things, st.integers(1, 60))
def test_what_comes_back_soon_is_the_same_incident_and_later_another(needs, thing, days):
    world = history(needs, [("met", [thing]), ("right", [thing]), ("later", days), ("met", [thing])])
    (case,) = world.standing()
    is_same = timedelta(days=days, minutes=1) <= AGAIN
    assert (case.number, case.incident.reopened) == ((1, 1) if is_same else (2, 0))
    assert not case.is_over


def test_what_is_late_since_its_load_is_held_is_no_cause_of_its_own():
    held, late = (0, KINDS.index(SignalKind.CHECK), 1), (0, KINDS.index(SignalKind.LATE), 0)
    for order in ([held, late], [late, held]):
        world = history({"a.one": ()}, [("met", [thing]) for thing in order])
        (case,) = world.standing()
        assert len(case.standing) == 2
        world.right([held])
        assert [c.number for c in world.standing()] == [case.number], "it is over when nothing of it stands"


def test_what_could_not_be_built_names_the_incident_whatever_checks_say_of_what_is_there_instead():
    world = history(
        {"a.one": ()}, [("met", [(0, KINDS.index(SignalKind.CHECK), 0), (0, KINDS.index(SignalKind.SOURCE), 1)])]
    )
    (case,) = world.standing()
    assert case.incident.kind is SignalKind.SOURCE


CHECK, SOURCE, LATE, VOLUME, CLOCK = (
    KINDS.index(SignalKind.CHECK),
    KINDS.index(SignalKind.SOURCE),
    KINDS.index(SignalKind.LATE),
    KINDS.index(SignalKind.VOLUME),
    KINDS.index(SignalKind.CLOCK),
)
CHAIN = {"a.one": (), "b.two": ("a.one",), "c.three": ("b.two",)}


def roots(found: Sequence[Thing]) -> list[str]:
    return sorted(case.incident.dataset for case in history(CHAIN, [("met", [thing]) for thing in found]).standing())


def test_what_is_held_above_explains_nothing_that_readers_see_below():
    """A version below that readers see is made of what was good above."""
    for order in ([(0, CHECK, 1), (2, CHECK, 0)], [(2, CHECK, 0), (0, CHECK, 1)]):
        assert roots(order) == ["a.one", "c.three"]
    assert roots([(0, CHECK, 1), (2, CHECK, 1)]) == ["a.one"], "what is refused together has one cause"
    assert roots([(0, CHECK, 0), (2, CHECK, 0)]) == ["a.one"], "what readers see above, they see below"


def test_what_came_with_its_own_code_is_its_own_cause_until_it_was_right():
    own, others = (2, CHECK, 2), (0, CHECK, 0)
    assert roots([others, own]) == roots([own, others]) == ["a.one", "c.three"]
    world = history(CHAIN, [("met", [others]), ("met", [own])])
    again = replace(world.signal(own), details={"version": "x"})
    world.cases = take(world.cases, {}, Batch((again,), world.at, 9), CHAIN, world.next())
    assert len(world.standing()) == 2, "asked again after another load it is still that"


def test_rows_out_of_the_usual_beside_a_check_of_that_version_are_no_cause_of_their_own():
    assert roots([(1, CHECK, 0), (1, VOLUME, 0)]) == roots([(1, VOLUME, 0), (1, CHECK, 0)]) == ["b.two"]
    assert roots([(1, CHECK, 1), (1, VOLUME, 0)]) == ["b.two", "b.two"], "the check is of a version that was refused"


def test_what_only_a_wrong_clock_told_is_no_fault_of_a_source():
    clock, age, late = (0, CLOCK, 0), (0, CHECK, 3), (1, LATE, 0)
    assert roots([clock, age, late]) == roots([age, late, clock]) == [""]
    assert roots([clock, (0, CHECK, 0)]) == ["", "a.one"]
    world = history(CHAIN, [("met", [age, clock])])
    (case,) = world.standing()
    assert (case.incident.kind, case.incident.dataset) == (SignalKind.CLOCK, "")
    world.right([clock])
    world.right([age])
    assert world.standing() == []
