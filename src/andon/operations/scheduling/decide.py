"""What is to be brought up to date at a moment, and why (not). Pure: it reads nothing and asks nobody.

Three walks over the datasets. First each dataset's own rules: does one of them make it due? Then from below to above what those
that are due need: everything above them that was not brought up to date since the moment that they serve. Then from above to below:
what is between, what follows what it reads, and what has to wait for something above it. What is only brought up to date by hand, or
is held back, is no way through: what reads it takes what is published.

`max_age` is of the data, not of the table: a dataset is as old as the oldest of what it comes from. It becomes due so early that a
run can be over in time, by what runs took last, and one walk serves all promises: what comes due soon and shares something goes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from andon.base.clock import SKEW, from_text, to_minute, to_text
from andon.base.cron import cron_times
from andon.base.duration import Duration, read_duration
from andon.base.record import Record, replace
from andon.model.decision import NOTHING, BackKind, Decision, DueStanding, Failure
from andon.model.schedule import RefreshRule, RuleKind
from andon.operations.scheduling.book import ScheduleBook, ScheduleEntry
from andon.operations.scheduling.facts import ScheduleFacts
from andon.operations.scheduling.spans import SPANS

#: What a run takes is guessed by what it took last, and so much more.
_MARGIN = 1.5
#: What shares something goes along when it would be due within this part of its `max_age`.
_SLACK = 10
_NEVER = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
#: In place of since when: ever.
_FIRST = _NEVER + timedelta(days=1)
_FOLLOWS = RefreshRule(RuleKind.UPSTREAM).spoken
#: So many datasets are named for whose sake another one is due.
_NAMED = 3


class _Want(Record):
    """Why a dataset is due by itself.

    Attributes:
        since: what it needs must have been brought up to date since then; None: nothing above it.
    """

    reason: str
    rule: str
    slot: datetime | None = None
    since: datetime | None = None


class _Need(Record):
    """Since when a dataset must have been brought up to date for those below it, and for whose sake."""

    since: datetime
    slot: datetime | None
    rule: str
    serves: tuple[str, ...]


def decide(book: ScheduleBook, known: ScheduleFacts, now: datetime) -> tuple[Decision, ...]:
    """What is due at `now` and what is not, each with its reason; in the book's order, so that what is read comes first."""
    return Decider(book, known, now).decisions()


#: Of what was never built: above it only what was neither.
_NEW = _Want("never built", _FOLLOWS, since=_FIRST)


class Decider:
    """The three walks over one book at one moment."""

    def __init__(self, book: ScheduleBook, known: ScheduleFacts, now: datetime) -> None:
        self.book = book
        self.known = known
        self.now = now
        self.latest = to_text(now + SKEW)
        #: Those of which nobody takes care by schedule now, and so no way through.
        self.shut = {d for d in book.with_rules if book.entries[d].is_manual}
        self.shut |= {d for d, held in known.held.items() if held.kind is not BackKind.CLAIMED}
        self.wants: dict[str, _Want] = {}
        self.needs: dict[str, _Need] = {}
        self.next: dict[str, tuple[datetime, str]] = {}
        #: Of when data are, where all that they come from can be brought up to date.
        self.data: dict[str, datetime] = {}
        #: Next times of rules that make something due already.
        self.turns: list[datetime] = []
        self.begins: dict[str, tuple[datetime, datetime]] = {}
        #: Those that can't be brought up to date now though they should be, each with why, as the end of a sentence, and what keeps it.
        self.waiting: dict[str, tuple[str, str]] = {}
        self.due: set[str] = set()
        #: Those of them that may come out as something else: the others are only looked at, and nothing follows from that.
        self.changing: set[str] = set()

    def decisions(self) -> tuple[Decision, ...]:
        book, known = self.book, self.known
        is_known = known.looks.keys() >= book.entries.keys()
        if is_known and not (book.with_rules or known.moved or known.failures or known.held):
            return tuple(_quiet(d) for d in book.order)
        self._own()
        self._above()
        loud = {*self.wants, *self.needs, *self.next, *known.failures, *known.held, *book.with_rules}
        found = []
        for dataset in book.order:
            is_quiet = dataset not in loud and self.changing.isdisjoint(book.inputs[dataset])
            if is_quiet and (not self.waiting or self.waiting.keys().isdisjoint(book.inputs[dataset])):
                found.append(_quiet(dataset))
            else:
                found.append(self._decision(dataset))
        return tuple(found)

    def until(self) -> datetime:
        """When time alone may change the decisions: the next moment of any rule, retry or end of what holds something back."""
        known = self.known
        found = [at for at, _ in self.next.values()]
        found += self.turns
        for begin, limit in self.begins.values():
            found += [begin, begin - (limit - begin) / _SLACK]
        found += [_moment(each.again) for each in known.failures.values() if each.again is not None]
        found += [_moment(each.until) for each in known.held.values() if each.until is not None]
        return min((at for at in found if at > self.now), default=_END)

    # -- what is known of one dataset

    def _look(self, dataset: str) -> datetime | None:
        """When it was brought up to date; a moment that lies ahead was told by a wrong clock, and does not count."""
        text = self.known.looks.get(dataset)
        return _moment(text) if text is not None and text <= self.latest else None

    def _tried(self, dataset: str) -> datetime:
        """When it was brought up to date, or tried in vain with nothing new to try since."""
        look, failure = self._look(dataset) or _NEVER, self.known.failures.get(dataset)
        if failure is None or not _is_stuck(failure) or failure.at > self.latest:
            return look
        return max(look, _moment(failure.at))

    def _again(self, dataset: str) -> datetime | None:
        """When it is tried again, where it waits for that."""
        failure = self.known.failures.get(dataset)
        if failure is None or failure.again is None or failure.is_changed:
            return None
        again = _moment(failure.again)
        return again if again > self.now else None

    # -- first: its own rules

    def _own(self) -> None:
        known, book = self.known, self.book
        ages = self._ages()
        spans = SPANS.of(book, known.seconds, frozenset(self.shut)) if ages else {}
        asked = dict.fromkeys((*book.with_rules, *known.moved, *known.failures, *known.changed))
        if not known.looks.keys() >= book.entries.keys():
            asked |= dict.fromkeys(d for d in book.order if d not in known.looks)
        for dataset in asked:
            entry = book.entries.get(dataset)
            if entry is None or entry.is_manual:
                continue
            if dataset in ages and entry.max_age is not None:
                self.begins[dataset] = self._begin(entry.max_age, ages[dataset], spans[dataset])
            want = self._want(entry, ages)
            if want is not None:
                self.wants[dataset] = want

    def _ages(self) -> dict[str, datetime]:
        """Of when the data of each dataset are: as old as the oldest of what it comes from. Where something of that can't be brought up to
        date, the age of the rest counts: else it would be due for ever."""
        found: dict[str, datetime] = {}
        for dataset in self.book.with_ages:
            failure = self.known.failures.get(dataset)
            own, is_clean = self._tried(dataset), failure is None or not _is_stuck(failure)
            for parent in self.book.inputs[dataset]:
                if parent in self.shut:
                    is_clean = is_clean and self.book.entries[parent].is_manual
                    continue
                is_clean = is_clean and parent in self.data
                own = min(own, found[parent])
            if is_clean:
                data = self.known.data.get(dataset)
                self.data[dataset] = own = min(own, _moment(data)) if data is not None else own
            found[dataset] = own
        return found

    def _begin(self, length: Duration, age: datetime, span: float) -> tuple[datetime, datetime]:
        """When a run has to begin for data of `age`, and when they are too old."""
        limit = length.after(age)
        lead = min(timedelta(seconds=_MARGIN * span + self.known.cadence), (limit - age) / 2)
        return limit - lead, limit

    def _want(self, entry: ScheduleEntry, ages: Mapping[str, datetime]) -> _Want | None:
        dataset, last = entry.dataset, self._tried(entry.dataset)
        timed = [found for rule in entry.rules if (found := self._timed(entry, rule, last, ages)) is not None]
        if last == _NEVER:
            return replace(_NEW, since=max((want.since for want in timed if want.since is not None), default=_FIRST))
        if timed:
            # the one that asks most of what is above
            return max(timed, key=lambda want: want.since or _NEVER)
        failure = self.known.failures.get(dataset)
        if failure is not None and _is_stuck(failure):
            return None
        changed, moved = self.known.changed.get(dataset), self.known.moved.get(dataset)
        if changed is not None:
            return _Want(changed, next(r.spoken for r in entry.rules if r.kind is RuleKind.WHEN))
        if moved is not None and entry.follows:
            return _Want(moved, _FOLLOWS)
        return None

    def _timed(
        self, entry: ScheduleEntry, rule: RefreshRule, last: datetime, ages: Mapping[str, datetime]
    ) -> _Want | None:
        """Whether a rule of time makes it due; notes when it will, where it does not."""
        if rule.kind is RuleKind.CRON:
            slot, coming = cron_times(rule.text, rule.zone).around(self.now)
            is_due = slot is not None and slot > last
            if is_due and coming is not None:
                self.turns.append(coming)
        elif rule.kind is RuleKind.EVERY:
            length = _length(rule.text)
            slot = coming = length.after(last) if length is not None else _END
            is_due = coming <= self.now
        elif rule.kind is RuleKind.MAX_AGE and entry.dataset in self.begins:
            return self._aged(entry.dataset, rule, ages[entry.dataset])
        else:
            return None
        if is_due:
            told = f"brought up to date at {_minute(last)}, it was due at {_minute(slot or last)}"
            return _Want(told, rule.spoken, slot, slot)
        self._comes(entry.dataset, coming, rule.spoken)
        return None

    def _aged(self, dataset: str, rule: RefreshRule, age: datetime) -> _Want | None:
        failure = self.known.failures.get(dataset)
        begin, limit = self.begins[dataset]
        if failure is not None and _is_stuck(failure) and _moment(failure.at) > age:
            # what it reads is older than its failure: it is tried once in the time that it promises
            begin, limit = begin + (_moment(failure.at) - age), limit + (_moment(failure.at) - age)
        if begin > self.now:
            self._comes(dataset, begin, rule.spoken)
            return None
        length = limit - age
        since = self.now - length + (limit - begin) + length / _SLACK
        told = f"its data are of {_minute(age)}, and too old at {_minute(limit)}"
        return _Want(told, rule.spoken, begin, min(since, self.now))

    def _comes(self, dataset: str, at: datetime | None, rule: str) -> None:
        if at is not None and at < _END and (dataset not in self.next or at < self.next[dataset][0]):
            self.next[dataset] = at, rule

    # -- second: what that needs of what is above

    def _above(self) -> None:
        for dataset in reversed(self.book.order):
            own, need, coming = self.wants.get(dataset), self.needs.get(dataset), self.next.get(dataset)
            if dataset in self.shut or (own is None and need is None and coming is None):
                continue
            can_run = self._again(dataset) is None and dataset not in self.known.held
            if own is not None and own.since is not None:
                mine = _Need(own.since, own.slot, f"{own.rule} of {dataset}", (dataset,))
                need = mine if need is None else _both(need, mine)
            for parent in self.book.inputs[dataset]:
                if parent in self.shut:
                    continue
                if need is not None and can_run:
                    self.needs[parent] = need if parent not in self.needs else _both(self.needs[parent], need)
                if coming is not None:
                    self._comes(parent, coming[0], coming[1] if " of " in coming[1] else f"{coming[1]} of {dataset}")

    # -- third: what is between, what follows, what waits

    def _decision(self, dataset: str) -> Decision:
        entry, want, need = self.book.entries[dataset], self.wants.get(dataset), self.needs.get(dataset)
        if entry.is_manual:
            return Decision(dataset, DueStanding.WAITS, "brought up to date by hand alone", entry.rules[0].spoken)
        inputs = self.book.inputs[dataset]
        changing = [p for p in inputs if p in self.changing]
        blocked = [p for p in inputs if p in self.waiting]
        failure = self.known.failures.get(dataset)
        why = self._why(entry, want, need, [*changing, *blocked])
        if why is None:
            return self._not_due(entry, failure)
        held, again = self.known.held.get(dataset), self._again(dataset)
        if held is not None:
            if held.kind is BackKind.CLAIMED:
                self.waiting[dataset] = f"which is {held.why}", held.kind
            return _back(why, held.why, held.kind, held.until)
        if again is not None and failure is not None:
            self.waiting[dataset] = f"which is tried again at {_minute(again)}", "retry"
            return _back(why, failure.error, "retry", failure.again)
        if blocked:
            told, kind = self.waiting[blocked[0]]
            self.waiting[dataset] = f"which waits for {blocked[0]}", kind
            return _back(why, f"waits for {blocked[0]}, {told}", kind, None)
        self.due.add(dataset)
        if (
            changing
            or entry.changes_by_itself
            or dataset in self.known.moved
            or failure
            or self._tried(dataset) == _NEVER
        ):
            self.changing.add(dataset)
        return replace(why, seen=self.known.seen.get(dataset, ""))

    def _why(self, entry: ScheduleEntry, want: _Want | None, need: _Need | None, moving: list[str]) -> Decision | None:
        """The decision that it is due, whatever stands in its way; None where it is not."""
        dataset = entry.dataset
        if want is not None:
            return Decision(dataset, DueStanding.DUE, want.reason, want.rule, _text(want.slot))
        failure = self.known.failures.get(dataset)
        if failure is not None and _is_stuck(failure):
            # what was kept back together goes together when it is tried again: a total over both would hold one of them
            moving = [above for above in moving if failure.is_held and above in self.known.failures]
        if need is not None and (moving or self.data.get(dataset, self._tried(dataset)) < need.since):
            shown = ", ".join(need.serves[:_NAMED])
            return Decision(
                dataset, DueStanding.DUE, f"needed by {shown}", need.rule, _text(need.slot), serves=need.serves
            )
        if moving and (entry.follows or self._is_soon(dataset)):
            rule = _FOLLOWS if entry.follows else next(r.spoken for r in entry.rules if r.kind is RuleKind.MAX_AGE)
            return Decision(dataset, DueStanding.DUE, f"reads {moving[0]}, which is due", rule)
        return None

    def _is_soon(self, dataset: str) -> bool:
        """Whether its `max_age` makes it due so soon that it goes along with what it shares."""
        if dataset not in self.begins:
            return False
        begin, limit = self.begins[dataset]
        return begin - (limit - begin) / _SLACK <= self.now

    def _not_due(self, entry: ScheduleEntry, failure: Failure | None) -> Decision:
        dataset = entry.dataset
        coming = self.next.get(dataset) if not entry.is_plain or entry.is_asked else None
        next_, rule = (_text(coming[0]), coming[1]) if coming is not None else (None, None)
        if failure is not None and _is_stuck(failure):
            seen = self.known.seen.get(dataset, "")
            return Decision(dataset, DueStanding.HELD_BACK, failure.error, rule, next=next_, held="failed", seen=seen)
        held = self.known.held.get(dataset)
        if held is not None and held.kind is not BackKind.CLAIMED:
            return Decision(dataset, DueStanding.WAITS, held.why, rule, next=held.until or next_, held=held.kind)
        if entry.is_plain and coming is None:
            return _quiet(dataset)
        look = self._look(dataset)
        told = f"brought up to date at {_minute(look)}" if look is not None else "never built"
        return Decision(
            dataset, DueStanding.WAITS, told, rule or entry.rules[-1].spoken if entry.rules else None, next=next_
        )


def _back(why: Decision, told: str, kind: str, until: str | None) -> Decision:
    """A decision that it would be due, but for what keeps it."""
    return replace(
        why, standing=DueStanding.HELD_BACK, reason=f"{told} (due: {why.reason})", held=str(kind), next=until
    )


@lru_cache(maxsize=50_000)
def _quiet(dataset: str) -> Decision:
    """Of what only follows others, where nothing moved."""
    return Decision(dataset, DueStanding.WAITS, NOTHING, _FOLLOWS)


def _is_stuck(failure: Failure) -> bool:
    """Whether nothing is tried before something is new."""
    return failure.again is None and not failure.is_changed


def _both(one: _Need, other: _Need) -> _Need:
    """What two need of the same dataset."""
    first = one if one.since >= other.since else other
    serves = tuple(dict.fromkeys((*one.serves, *other.serves)))[: _NAMED + 1]
    return replace(first, serves=serves)


@lru_cache(maxsize=50_000)
def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment is not None else None


_length = lru_cache(maxsize=1000)(read_duration)
_moment = lru_cache(maxsize=50_000)(from_text)


@lru_cache(maxsize=50_000)
def _minute(moment: datetime) -> str:
    return to_minute(to_text(moment))
