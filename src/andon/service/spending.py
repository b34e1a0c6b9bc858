"""The bill of a lake, put together from what is recorded: seconds of builds, checks and questions, bytes that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.graph import reach
from andon.base.record import Record, replace
from andon.catalog.by_clock import LoggedRead, asking_of, is_asked, machines_among
from andon.catalog.last_use import LastUses
from andon.checks.language.mentions import pairs_in
from andon.model.quarantine import dataset_of, is_aside
from andon.value.bill import Allocation, Amounts, Charge, ChargeKind, Usefulness, allocate
from andon.value.rates import Rates
from andon.value.useful import LastRead, Lives, usefulness
from andon.workspace.caller import BY_ITSELF
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.project import Project
    from andon.settings.resolve import Settings
    from andon.state.spending import SpentQuestion, SpentSeconds
    from andon.workspace.workspace import Workspace

#: A dataset that no person read for so many days is read by nobody; one that is younger than so many is too young to tell.
UNREAD_DAYS, GRACE_DAYS = 60, 30
_MILLION = 10**6
#: What starts work.
_PERSON, _SCHEDULE, _MACHINE = "person", "schedule", "machine"


class Spent(Record):
    """What was spent within a time, and whom it serves.

    Attributes:
        since, until: ISO texts.
        names: by name that datasets had before, the one that they have now.
    """

    since: str
    until: str
    rates: Rates
    names: Mapping[str, str]
    lives: Lives
    use: Usefulness
    allocations: tuple[Allocation, ...]


class SpendingBook:
    """Puts together what was spent until a moment.

    Args:
        view: the commit whose datasets, insights and rules say what is needed.
    """

    def __init__(self, workspace: Workspace, view: View, since: datetime, until: datetime) -> None:
        self._workspace = workspace
        self._view = view
        self._begin, self._end = since, until
        self._since, self._until = to_text(since), to_text(until)
        workspace.query_log.flush()

    @cached_property
    def rates(self) -> Rates:
        """The rates of `[cost]`."""
        return rates_of(self._workspace.settings)

    def computed(self) -> list[Allocation]:
        """What was computed, shared out, without what it costs; what serves alike is together, and what is kept is not in it."""
        log, micros = self._workspace.spending, Counter[tuple[tuple[str, ...], bool]]()
        for each in chain(log.built(self._since, self._until), log.checked(self._since, self._until)):
            micros[(each.dataset,), True] += _micros(each.seconds)
        for asked in self._questions:
            if asked.at >= self._since:
                is_automatic = self._is_automatic(asked)
                micros[asked.datasets if is_automatic else (), is_automatic] += _micros(asked.seconds)
        use = usefulness(self.lives, to_text(self._end - timedelta(days=GRACE_DAYS)))
        kinds = {True: ChargeKind.BUILD, False: ChargeKind.QUERY}
        return allocate(
            (Charge(kinds[is_automatic], Amounts(count), names) for (names, is_automatic), count in micros.items()), use
        )

    def spent(self) -> Spent:
        """All of it, shared out."""
        use = usefulness(self.lives, to_text(self._end - timedelta(days=GRACE_DAYS)))
        shared_out = tuple(allocate(self._charges(), use))
        return Spent(self._since, self._until, self.rates, self.names, self.lives, use, shared_out)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """By name that datasets had before, the one that they have now."""
        return self._workspace.lake.former_names.of(self._view.commit, self._view.state)

    def _named(self, datasets: Iterable[str]) -> tuple[str, ...]:
        names = self.names
        return tuple(dict.fromkeys(names.get(name, name) for name in datasets)) if names else tuple(datasets)

    # -- who needs what

    @cached_property
    def lives(self) -> Lives:
        """Who needs the datasets of the commit."""
        project, state = self._view.project, self._view.state
        definitions = self._workspace.lake.objects.definitions(leaf.definition for leaf in state.leaves.values())
        needs = {name: set(definitions[leaf.definition].inputs) for name, leaf in state.leaves.items()}
        for name, dataset in project.datasets.items():
            if name in needs:
                texts = [line.text for line in dataset.checks] + [text for _, text in dataset.refresh]
                needs[name] |= {each for each in pairs_in(texts) if each in needs and each != name}
        for name in list(needs):
            if is_aside(name) and dataset_of(name) in needs:
                needs[dataset_of(name)].add(name)  # made with it: neither is there without the other
        return Lives(
            {name: frozenset(read) for name, read in needs.items()},
            project.insights,
            {rule.name: rule.datasets for rule in project.rules},
            self._read(),
            self._first(),
            {query.name: query.datasets for query in project.queries},
            self._branches(),
        )

    def _first(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, created in self._workspace.lake.holdings.first_built().items():
            now = self.names.get(name, name)
            found[now] = min(created, found.get(now, created))
        return found

    def _branches(self) -> dict[str, frozenset[str]]:
        """What other branches need of what is here: for datasets that they change, and insights, rules and queries that are only there."""
        lake, own = self._workspace.lake, self._view
        found = {}
        for ref in lake.refs.of_kind("branch"):
            if ref.name == own.ref or ref.commit == own.commit.id:
                continue
            there = View(self._workspace, ref.name, lake.commits.get(ref.commit))
            common = lake.commits.merge_base(own.commit, there.commit)
            others = [own] if common is None else [own, View(self._workspace, common.id, common)]
            leaves, known = there.state.leaves, [each.state.leaves for each in others]
            needed = {
                name
                for name, leaf in leaves.items()
                if all(name not in of or of[name].definition != leaf.definition for of in known)
            }
            if all(dict(there.state.shared) != dict(each.state.shared) for each in others):
                said = {pair for each in others for pair in _uses(each.project)}
                needed.update(name for use in _uses(there.project) - said for name in use[1])
            if needed:
                definitions = lake.objects.definitions(leaf.definition for leaf in leaves.values())
                needs = {name: definitions[leaf.definition].inputs for name, leaf in leaves.items()}
                found[ref.name] = frozenset(needed | reach(needs, needed)) & own.state.leaves.keys()
        return found

    def _read(self) -> dict[str, LastRead]:
        since = to_text(self._end - timedelta(days=UNREAD_DAYS))
        found = LastUses(self._is_automatic)
        for question in self._questions:
            # what a person asked in vain, or did not read to its end, was asked all the same
            if question.at >= since:
                found.add(replace(question, datasets=self._named(question.datasets)))
        return {dataset: LastRead(reader.who, reader.at) for dataset, reader in found.people.items()}

    # -- charges

    def _charges(self) -> list[Charge]:
        return self._computing() + self._kept()

    def _computing(self) -> list[Charge]:
        log = self._workspace.spending
        found = [self._of_seconds(ChargeKind.BUILD, each) for each in log.built(self._since, self._until)]
        found += [self._of_seconds(ChargeKind.CHECK, each) for each in log.checked(self._since, self._until)]
        found += [self._of_question(each) for each in self._questions if each.at >= self._since]
        return found

    def _of_seconds(self, kind: ChargeKind, spent: SpentSeconds) -> Charge:
        is_automatic = spent.author == BY_ITSELF
        return Charge(
            kind,
            self.rates.priced(_micros(spent.seconds), 0),
            self._named([spent.dataset]),
            person=None if is_automatic else spent.author,
            is_automatic=is_automatic,
            run=spent.run,
            schedule=_SCHEDULE if is_automatic else _PERSON,
            day=spent.at[:10],
        )

    def _of_question(self, question: SpentQuestion) -> Charge:
        is_automatic = self._is_automatic(question)
        return Charge(
            ChargeKind.QUERY,
            self.rates.priced(_micros(question.seconds), 0),
            self._named(question.datasets),
            person=None if is_automatic else question.who,
            is_automatic=is_automatic,
            schedule=self._begun_by(question),
            day=question.at[:10],
        )

    def _begun_by(self, question: SpentQuestion) -> str:
        if question.who == BY_ITSELF:
            return _SCHEDULE
        # `andon insight check` is no reading of what it asks, but somebody typed it
        return _PERSON if not is_asked(question) or not self._is_automatic(question) else _MACHINE

    def _kept(self) -> list[Charge]:
        """One for each set of datasets whose versions share files: mostly one dataset. Of several those that are there still."""
        seconds: dict[tuple[str, ...], int] = {}
        there = self._view.state.leaves
        for file in self._workspace.lake.holdings.files(self._until):
            kept = self._end - max(self._begin, from_text(file.since))
            names = self._named(file.datasets)
            names = tuple(name for name in names if name in there) or names
            seconds[names] = seconds.get(names, 0) + file.size * int(kept.total_seconds())
        return [
            Charge(ChargeKind.STORAGE, self.rates.priced(0, total // 86_400), datasets, is_automatic=True)
            for datasets, total in sorted(seconds.items())
            if total >= 86_400
        ]

    # -- who asks

    @cached_property
    def _questions(self) -> Sequence[SpentQuestion]:
        """Those of the time, and of the days within which a read counts."""
        since = min(self._begin, self._end - timedelta(days=UNREAD_DAYS))
        return self._workspace.spending.asked(to_text(since), self._until)

    @cached_property
    def _machines(self) -> set[tuple[str, str]]:
        """`(who, shape)` of questions that come by the clock: what refreshes a tool, and cron, is no reader."""
        return machines_among(self._questions)

    def _is_automatic(self, question: LoggedRead) -> bool:
        return not is_asked(question) or asking_of(question) in self._machines


def rates_of(settings: Settings) -> Rates:
    """The rates of `[cost]`."""

    def rate(name: str) -> Decimal | None:
        said = str(settings.get(name))
        return Decimal(said) if said else None

    return Rates(str(settings.get("cost.currency")), rate("cost.compute_hour"), rate("cost.storage_gb_month"))


def _uses(project: Project) -> set[tuple[str, tuple[str, ...]]]:
    """What insights, saved queries and rules read, with their names."""
    return {(each.name, each.datasets) for of in (project.insights, project.queries, project.rules) for each in of}


def _micros(seconds: float) -> int:
    return round(seconds * _MILLION)
