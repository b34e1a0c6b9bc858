"""Which checks there are, and which of them a run must look at: from the lines of the code that counts to compiled checks.

A dataset's lines come from the file that its leaf will hold: the merged code's, or the head's where a dataset stays as it is. Rules,
named patterns and macros are those that will stand beside the leaves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from andon.base.cache import Entries
from andon.base.clock import to_text
from andon.base.hashing import content_id, digest
from andon.base.record import Record
from andon.checks.compile.plans import (
    Catalog,
    Compiled,
    DeclaredChecks,
    PublishedPlan,
    ReferencePlan,
    ViolationsPlan,
    named_others,
)
from andon.checks.compile.read import read_checks
from andon.checks.compile.rule_files import compile_rule, rule_check
from andon.checks.language.clock import clock_macros, mentions
from andon.checks.language.mentions import macros_called, pairs_in
from andon.engines.types import lake_type
from andon.errors import Problem, ProjectError
from andon.model.check import AgainstPublished, Check, MaxAge, SchemaRule
from andon.model.check_result import result_key
from andon.model.dataset import Dataset
from andon.model.quarantine import ADDED, dataset_of, is_aside
from andon.model.version import Columns
from andon.runs.inspection.returns import guessed_returns
from andon.settings.project_tables import patterns_of
from andon.sql.macros import macro_name
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from datetime import datetime

    from andon.model.commit import Leaf, State
    from andon.model.dataset import Definition
    from andon.model.project import Project
    from andon.model.rule import Rule
    from andon.sql.bind import Binder
    from andon.workspace.workspace import Workspace


Files = Sequence[tuple[str, str]]

_SETTINGS = "andon.toml"
_RULE_PLANS = Entries[ViolationsPlan]("rule", ViolationsPlan)


class Beside(Record):
    """What checks take from shared files: rules across datasets, the project's own patterns, and its macros.

    Attributes:
        toml: the text of `andon.toml`, for places of what is wrong in it; empty if it isn't at hand.
    """

    rules: Sequence[Rule]
    patterns: Mapping[str, str]
    macros: Sequence[str]
    toml: str = ""


class CodeBesideState(Protocol):
    """Code and a state of the lake; `Gathered` is one."""

    @property
    def project(self) -> Project: ...

    @property
    def definitions(self) -> Mapping[str, Definition]: ...

    @property
    def state(self) -> State: ...


class CheckBook:
    """The checks of one plan's code.

    Args:
        gathered: the code, and the state that it stands beside.
        bound: columns that changed code returns, as the plan bound them.
        files: `{dataset: the files whose lines count}`: those that its leaf will hold. None means those of the code.
        beside: what counts of the shared files. None means what the code has of it.
    """

    def __init__(
        self,
        workspace: Workspace,
        gathered: CodeBesideState,
        bound: Mapping[str, Columns],
        files: Mapping[str, Files] | None = None,
        beside: Beside | None = None,
    ) -> None:
        self._workspace = workspace
        self._gathered = gathered
        self._bound = bound
        project = gathered.project
        self._files = files if files is not None else {name: d.own_files for name, d in project.datasets.items()}
        self._beside = beside_of(project, settings_text(workspace, project)) if beside is None else beside
        self._compiled: dict[str, tuple[Compiled, ...]] = {}
        self._columns: dict[str, Columns | None] = {}
        self._lock = threading.Lock()
        self._rules: dict[str, list[Rule]] = {}
        for rule in self._beside.rules:
            self._rules.setdefault(rule.datasets[0], []).append(rule)
        self._macros = {macro_name(text)[0].lower(): text for text in self._beside.macros}
        self._clock = clock_macros(self._beside.macros)
        self._head: Project | None = None
        self._binder: Binder | None = None

    def dataset(self, name: str, files: Files | None = None) -> Dataset | None:
        """What the file of `name` says that counts; of several texts the one that `files` (a leaf's own files) names."""
        here = self._gathered.project.datasets.get(name)
        wanted = self._files.get(name) if files is None else files
        if wanted is None or (here is not None and tuple(here.own_files) == tuple(wanted)):
            return here
        return self._head_project().datasets.get(name) or here

    def has_checks(self, dataset: Dataset) -> bool:
        """Whether anything is asked of a dataset: by a line, by its key, or by a rule that names it first."""
        return bool(dataset.checks or dataset.definition.key) or dataset.name in self._rules

    def touching(self, touched: Iterable[str]) -> set[str]:
        """The datasets whose checks are about one of `touched`: their own, and those that name them."""
        among = set(touched)
        if not among:
            return set()
        found = {name for name in among if name in self._files}
        for name in self._files:
            if name not in found and (dataset := self.dataset(name)) is not None and self.named(dataset) & among:
                found.add(name)
        return found

    def named(self, dataset: Dataset) -> set[str]:
        """The datasets that the lines of `dataset` may name, by their text alone."""
        leaves = self._gathered.state.leaves
        found = names_in(dataset)
        found |= {name for rule in self._rules.get(dataset.name, ()) for name in rule.datasets}
        if dataset.definition.aside is not None:
            found.add(dataset.definition.aside)
        return {name for name in found if (name in self._files or name in leaves) and name != dataset.name}

    def reads(self, names: Iterable[str]) -> set[str]:
        """The datasets that checks of `names` are about."""
        among = set(names)
        datasets = [d for d in map(self.dataset, among) if d is not None]
        return among.union(*(self.named(d) for d in datasets))

    def read(self, names: Iterable[str]) -> list[Problem]:
        """Compile the checks of many datasets over the columns that the plan knows; what is wrong with them."""
        problems = self._read(names)
        if problems and (guessed := guessed_returns(self._gathered, self._columns)):
            self._columns |= dict.fromkeys(guessed)  # they may be right: only the run tells
            return self._read(names)
        return problems

    def _read(self, names: Iterable[str]) -> list[Problem]:
        datasets = [d for d in (self.dataset(name) for name in sorted(names)) if d is not None and self.has_checks(d)]
        if not datasets:
            return []
        involved = {d.name for d in datasets}.union(*(self.named(d) for d in datasets))
        # what is dropped is not there any more
        columns = {name: self.columns(name) for name in involved if name in self._files}
        compiled, problems = read_checks(
            [declared(d) for d in datasets],
            self._catalog(columns, self._beside),
            self._workspace.cache,
            datasets=self._files.keys(),
            toml=self._beside.toml,
        )
        with self._lock:
            for dataset in datasets:
                key = self._key(dataset, {n: columns.get(n) for n in (dataset.name, *self.named(dataset))})
                rules, wrong = self._of_rules(dataset, columns)
                problems += wrong
                self._compiled[key] = (*compiled.get(dataset.name, ()), *rules)
        return problems

    def compiled(self, dataset: Dataset, columns: Mapping[str, Columns | None]) -> tuple[Compiled, ...]:
        """The checks of `dataset` over the very columns of the versions that they will read.

        Raises:
            ProjectError: they don't fit.
        """
        if not self.has_checks(dataset):
            return ()
        key = self._key(dataset, columns)
        with self._lock:
            if key not in self._compiled:
                found, problems = read_checks(
                    [declared(dataset)], self._catalog(columns, self._beside), datasets=self._names()
                )
                if problems:
                    raise ProjectError.of(problems)
                rules, problems = self._of_rules(dataset, columns)
                if problems:
                    raise ProjectError.of(problems)
                self._compiled[key] = (*found.get(dataset.name, ()), *rules)
            return self._compiled[key]

    def of(self, name: str) -> tuple[Compiled, ...]:
        """The checks of a dataset over the columns that the plan knows.

        Raises:
            ProjectError: they don't fit.
        """
        dataset = self.dataset(name)
        if dataset is None:
            return ()
        return self.compiled(dataset, {n: self.columns(n) for n in (name, *self.named(dataset))})

    def before(self, name: str, files: Files) -> tuple[Check, ...]:
        """The checks that the head's lines (those of `files`) state with the head's patterns and macros, over the columns that the plan
        knows; none where they don't fit those."""
        head = self._head_project()
        dataset = head.datasets.get(name)
        if dataset is None or tuple(dataset.own_files) != tuple(files):
            return ()
        columns = {n: self.columns(n) for n in (name, *names_in(dataset)) if n in self._names()}
        catalog = self._catalog(columns, beside_of(head))
        found, _ = read_checks([declared(dataset)], catalog, self._workspace.cache, datasets=self._names())
        return tuple(c.check for c in found.get(name, ()))

    def rules_before(self) -> tuple[Check, ...]:
        """The rules of the head's files, with the head's macros."""
        return tuple(rule_check(rule) for rule in self._head_project().rules)

    def macros_for(self, checks: Iterable[Check]) -> tuple[str, ...]:
        """The macros that lines may call, and those that they call, in an order in which they can be made."""
        if not self._macros:
            return ()
        found = macros_called((check.text for check in checks), self._macros)
        return tuple(text for name, text in self._macros.items() if name in found)

    def question(
        self,
        item: Compiled,
        dataset: Dataset,
        versions: Mapping[str, str],
        published: Mapping[str, Leaf],
        definition: str | None,
        moment: datetime,
    ) -> str:
        """The id of what a check asks of `versions`, beside what readers have, at a logical time.

        Args:
            dataset: what its file says.
            definition: id of what the version was made by.
        """
        check = item.check
        leaf = published.get(check.dataset) if compares(check) else None
        subject = check.id
        if isinstance(item.plan, ReferencePlan | PublishedPlan):  # by a `key:`, which no version tells
            key = item.plan.targets if isinstance(item.plan, ReferencePlan) else item.plan.key
            subject = content_id([check.id, list(key)])
        if isinstance(
            check.form, SchemaRule
        ):  # also held against what is declared, and against what the same code made
            same = leaf is not None and leaf.definition == definition
            subject = content_id([check.id, [[c.name, c.type] for c in dataset.columns], same])
        uses_clock = check.uses_clock
        if isinstance(
            check.form, MaxAge
        ):  # an age is judged again from the newest value, unless that is another one by now
            uses_clock = mentions(f"{check.form.expression} {check.where or ''}", self._clock)
        others = [(o, versions[o]) for o in check.others if o in versions]  # nothing was set aside yet
        return result_key(
            subject,
            versions[check.dataset],
            others,
            leaf.version if leaf is not None else None,
            to_text(moment) if uses_clock else None,
        )

    def unknown(self, name: str, versions: Mapping[str, str], moment: datetime) -> int:
        """How many checks of a dataset have no result on these versions (`{dataset: version}`)."""
        dataset = self.dataset(name)
        if dataset is None or name not in versions:
            return 0
        leaves, definition = self._gathered.state.leaves, self._gathered.definitions.get(name)
        made_by = definition.id if definition is not None else None
        items = [c for c in self.of(name) if all(o in versions for o in named_others(c.check))]
        keys = {self.question(item, dataset, versions, leaves, made_by, moment) for item in items}
        return len(keys - self._workspace.check_results.find(keys).keys())

    def _of_rules(
        self, dataset: Dataset, columns: Mapping[str, Columns | None]
    ) -> tuple[list[Compiled], list[Problem]]:
        """The rules that name a dataset first, bound; remembered by content, so that unchanged ones need no engine."""
        compiled: list[Compiled] = []
        problems: list[Problem] = []
        for rule in self._rules.get(dataset.name, ()):
            check = rule_check(rule)
            seen = {name: columns.get(name) for name in rule.datasets}
            if any(found is None for found in seen.values()):
                compiled.append(Compiled(check, None))
                continue
            key = content_id(
                [rule.file, rule.sql, rule.macros, sorted((n, [list(c) for c in f or ()]) for n, f in seen.items())]
            )
            plan = self._workspace.cache.get(_RULE_PLANS, [key]).get(key)
            if plan is None:
                made = compile_rule(check, self._catalog(seen, self._beside), self._rule_binder())
                if isinstance(made, Problem):
                    problems.append(made)
                    continue
                plan = made
                self._workspace.cache.put(_RULE_PLANS, {key: plan})
            compiled.append(Compiled(check, plan))
        return compiled, problems

    def _rule_binder(self) -> Binder:
        if self._binder is None:
            from andon.sql.bind import Binder

            self._binder = Binder()
        return self._binder

    def columns(self, name: str) -> Columns | None:
        """Columns (with lake types) that the plan knows of a dataset: as bound, else as published; None if neither."""
        if name not in self._columns:
            self._load([name])
            if is_aside(name):  # of the columns of its dataset, bound or published
                own = self.columns(dataset_of(name))
                self._columns[name] = None if own is None else [*own, *ADDED]
        return self._columns[name]

    def _load(self, names: Iterable[str]) -> None:
        leaves = self._gathered.state.leaves
        for name in names:
            if name in self._bound:
                self._columns[name] = [(column, lake_type(kind)) for column, kind in self._bound[name]]
        published = {n: leaves[n].version for n in names if n in leaves and n not in self._bound}
        versions = self._workspace.lake.objects.versions(published.values())
        for name in names:
            if name not in self._bound:
                version = versions.get(published.get(name, ""))
                self._columns[name] = version.types if version else None

    def _catalog(self, columns: Mapping[str, Columns | None], beside: Beside) -> Catalog:
        keys = {}
        for name in columns:
            dataset = self.dataset(name)
            keys[name] = dataset.definition.key if dataset is not None else ()
        return Catalog(
            columns={name: found for name, found in columns.items() if found is not None},
            keys=keys,
            patterns=beside.patterns,
            macros=beside.macros,
        )

    def _names(self) -> frozenset[str]:
        return frozenset((*self._files, *self._gathered.state.leaves))

    def _key(self, dataset: Dataset, columns: Mapping[str, Columns | None]) -> str:
        seen = sorted((name, None if found is None else [list(c) for c in found]) for name, found in columns.items())
        return content_id([dataset.name, [list(f) for f in dataset.own_files], seen])

    def _head_project(self) -> Project:
        if self._head is None:
            self._head = project_at(self._workspace, self._gathered.state)
        return self._head


def beside_of(project: Project, toml: str = "") -> Beside:
    """What checks take from the shared files of a project."""
    return Beside(project.rules, patterns_of(project.settings), [text for _, text in project.macros], toml)


def settings_text(workspace: Workspace, project: Project) -> str:
    """The text of `andon.toml` where it is that of the folder; only places of problems need it."""
    place = workspace.root / _SETTINGS
    if not patterns_of(project.settings) or not place.is_file():
        return ""
    content = place.read_bytes()
    return content.decode("utf-8", "replace") if digest(content) == project.files.get(_SETTINGS) else ""


def names_in(dataset: Dataset) -> set[str]:
    """Every dataset that the lines of `dataset` may name, and more: all pairs of names with a point between."""
    return pairs_in(line.text for line in dataset.checks)


def compares(check: Check) -> bool:
    """Whether a check is about the step from the published version."""
    return isinstance(check.form, AgainstPublished | SchemaRule)


def declared(dataset: Dataset) -> DeclaredChecks:
    """What the file of a dataset asks, as written."""
    return DeclaredChecks(dataset.name, dataset.checks, dataset.definition.key)
