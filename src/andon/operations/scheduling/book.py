"""What is scheduled on a branch: the rules that hold for each dataset, and what reads what. Derived once for the code of a commit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from andon.base.duration import Duration, read_duration
from andon.base.graph import reach, reverse, topological
from andon.base.record import Record, field
from andon.model.dataset import ClockUse, Definition, Kind
from andon.model.project import Project
from andon.model.schedule import RefreshRule, RuleKind, rules_of
from andon.project.link.schedules import scheduled
from andon.runs.looked import asked_sources
from andon.settings.schedules import schedules_of
from andon.sources.files.paths import local_patterns

#: Of rules that nobody stated.
_DEFAULT = rules_of(())


class ScheduleEntry(Record, dict=True):
    """What is known of one dataset.

    Attributes:
        inputs: the datasets that it reads.
        patterns: where a source reads files of the project.
        is_daily: whether its result is another one each day, as it reads the date.
        is_restless: whether its result is another one each time, as it reads the clock.
        is_asked: whether a source asks somebody else for its rows or files, so that nothing tells beforehand whether there are new ones.
    """

    dataset: str
    rules: tuple[RefreshRule, ...] = _DEFAULT
    inputs: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    is_asked: bool = False
    is_daily: bool = False
    is_restless: bool = False

    @cached_property
    def changes_by_itself(self) -> bool:
        """Whether it may come out as something else though nothing that can be seen moved."""
        return self.is_asked or self.is_restless

    @cached_property
    def is_manual(self) -> bool:
        """Whether it is brought up to date by hand alone."""
        return any(rule.kind is RuleKind.MANUAL for rule in self.rules)

    @cached_property
    def follows(self) -> bool:
        """Whether it is due because something above it is."""
        return any(rule.kind is RuleKind.UPSTREAM for rule in self.rules)

    @cached_property
    def is_plain(self) -> bool:
        """Whether nothing but changes above it makes it due."""
        return self.rules == _DEFAULT

    @cached_property
    def max_age(self) -> Duration | None:
        """The shortest of the ages that it promises."""
        found = [read_duration(rule.text) for rule in self.rules if rule.kind is RuleKind.MAX_AGE]
        return min(
            (each for each in found if each), key=lambda each: each.months * 31 * 86400 + each.seconds, default=None
        )


class ScheduleBook(Record, dict=True):
    """The rules of a commit's datasets.

    Attributes:
        entries: by dataset.
    """

    entries: Mapping[str, ScheduleEntry] = field(default_factory=dict)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The datasets, each after those that it reads."""
        return tuple(topological({d: self.inputs[d] for d in self.entries}))

    @cached_property
    def inputs(self) -> Mapping[str, tuple[str, ...]]:
        """By dataset the datasets of the book that it reads."""
        return {d: tuple(p for p in entry.inputs if p in self.entries) for d, entry in self.entries.items()}

    @cached_property
    def readers(self) -> Mapping[str, tuple[str, ...]]:
        """By dataset those that read it."""
        found = reverse(self.inputs)
        return {d: tuple(sorted(found.get(d, ()))) for d in self.entries}

    @cached_property
    def with_rules(self) -> tuple[str, ...]:
        """The datasets of which more is said than that they follow what they read."""
        found = {d for d, entry in self.entries.items() if entry.rules != _DEFAULT}
        return tuple(d for d in self.order if d in found) if found else ()

    @cached_property
    def with_when(self) -> tuple[tuple[str, str], ...]:
        """`(dataset, SQL)` of each `when`."""
        found = ((d, r.text) for d in self.with_rules for r in self.entries[d].rules if r.kind is RuleKind.WHEN)
        return tuple(found)

    @cached_property
    def asked_or_below(self) -> frozenset[str]:
        """The sources that are asked, and all that reads them."""
        asked = {d for d, entry in self.entries.items() if entry.is_asked}
        return frozenset(asked | reach(self.readers, asked))

    def above(self, dataset: str) -> list[str]:
        """All that a dataset comes from, by name."""
        return sorted(reach(self.inputs, [dataset]))

    @cached_property
    def with_ages(self) -> tuple[str, ...]:
        """The datasets that promise an age, with all above them."""
        own = {d for d in self.with_rules if self.entries[d].max_age is not None}
        wanted = own | reach(self.inputs, own)
        return tuple(d for d in self.order if d in wanted)


def book_of(project: Project) -> ScheduleBook:
    """The book of a project: a dataset's own `refresh`, else what the groups say that select it."""
    groups: dict[str, list[RefreshRule]] = {}
    written = {schedule.name: schedule.rules for schedule in schedules_of(project.settings)}
    for name, datasets in scheduled(project.settings, project.datasets).items():
        for member in datasets:
            groups.setdefault(member, []).extend(rules_of(written[name], name))
    definitions = {name: dataset.definition for name, dataset in project.datasets.items()}
    asked = asked_sources(definitions)
    entries = {}
    for name, dataset in project.datasets.items():
        rules = rules_of(dataset.refresh) if dataset.refresh else _united(groups.get(name, []))
        definition = dataset.definition
        entries[name] = ScheduleEntry(
            name,
            rules,
            definition.inputs,
            _file_patterns(definition),
            name in asked,
            definition.clock is ClockUse.DATE,
            definition.clock is ClockUse.INSTANT,
        )
    return ScheduleBook(entries)


def _united(rules: list[RefreshRule]) -> tuple[RefreshRule, ...]:
    """What several groups say together; each rule once."""
    if not rules:
        return _DEFAULT
    follows = any(rule.kind is RuleKind.UPSTREAM for rule in rules)
    own = dict.fromkeys(rule for rule in rules if rule.kind is not RuleKind.UPSTREAM)
    return (*own, RefreshRule(RuleKind.UPSTREAM)) if follows else tuple(own)


def _file_patterns(definition: Definition) -> tuple[str, ...]:
    if definition.kind is not Kind.SOURCE:
        return ()
    return tuple(dict.fromkeys(pattern for read in definition.reads for pattern in local_patterns(read)))
