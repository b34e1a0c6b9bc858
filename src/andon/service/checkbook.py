"""Which checks there are, and which of them a run must look at: from the lines of the code that counts to compiled checks.

A dataset's lines come from the file that its leaf will hold: the merged code's, or the head's where a dataset stays as it is.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.checks.plans import Catalog, Compiled, Declared
from andon.checks.read import read_checks
from andon.checks.rule_files import compile_rule, rule_check
from andon.engines.types import lake_type
from andon.errors import Problem, ProjectError
from andon.model.check import AgainstPublished, Check, MaxAge, SchemaRule
from andon.model.check_result import result_key
from andon.model.dataset import Dataset

if TYPE_CHECKING:
    from datetime import datetime

    from andon.model.commit import Leaf, State
    from andon.model.dataset import Definition
    from andon.model.project import Project
    from andon.model.rule import Rule
    from andon.service.workspace import Workspace
    from andon.sql.bind import Binder

Columns = Sequence[tuple[str, str]]

_NAME = re.compile(r'"?([A-Za-z_]\w*)"?\s*\.\s*"?([A-Za-z_]\w*)"?')


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
    """

    def __init__(self, workspace: Workspace, gathered: CodeBesideState, bound: Mapping[str, Columns]) -> None:
        self._workspace = workspace
        self._gathered = gathered
        self._bound = bound
        self._compiled: dict[str, tuple[Compiled, ...]] = {}
        self._columns: dict[str, Columns | None] = {}
        self._lock = threading.Lock()
        self._rules: dict[str, list[Rule]] = {}
        for rule in gathered.project.rules:
            self._rules.setdefault(rule.datasets[0], []).append(rule)
        self._head: Project | None = None
        self._binder: Binder | None = None

    def dataset(self, name: str, files: Sequence[tuple[str, str]] | None = None) -> Dataset | None:
        """What the file of `name` says; of two texts the one that `files` (a leaf's own files) names."""
        here = self._gathered.project.datasets.get(name)
        if files is None or (here is not None and tuple(here.own_files) == tuple(files)):
            return here
        return self._head_project().datasets.get(name) or here

    def has_checks(self, dataset: Dataset) -> bool:
        """Whether anything is asked of a dataset: by a line, by its key, or by a rule that names it first."""
        return has_checks(dataset) or dataset.name in self._rules

    def touching(self, touched: Iterable[str]) -> set[str]:
        """The datasets whose checks are about one of `touched`: their own, and those that name them."""
        among = set(touched)
        if not among:
            return set()
        found = {name for name in among if name in self._gathered.definitions}
        for name, dataset in self._gathered.project.datasets.items():
            if name not in found and self.named(dataset) & among:
                found.add(name)
        return found

    def named(self, dataset: Dataset) -> set[str]:
        """The datasets that the lines of `dataset` may name, by their text alone."""
        known = self._gathered.definitions
        texts = [line.text for line in dataset.checks if "." in line.text]
        found = {f"{m[1]}.{m[2]}".lower() for text in texts for m in _NAME.finditer(text)}
        ruled = {name for rule in self._rules.get(dataset.name, ()) for name in rule.datasets}
        return {name for name in found | ruled if name in known and name != dataset.name}

    def reads(self, names: Iterable[str]) -> set[str]:
        """The datasets that checks of `names` are about."""
        among = set(names)
        datasets = [d for d in map(self.dataset, among) if d is not None]
        return among.union(*(self.named(d) for d in datasets))

    def read(self, names: Iterable[str]) -> list[Problem]:
        """Compile the checks of many datasets over the columns that the plan knows; what is wrong with them."""
        datasets = [d for d in (self.dataset(name) for name in sorted(names)) if d is not None and self.has_checks(d)]
        if not datasets:
            return []
        involved = {d.name for d in datasets}.union(*(self.named(d) for d in datasets))
        columns = {name: self.columns(name) for name in involved}
        compiled, problems = read_checks(
            [declared(d) for d in datasets], self._catalog(columns), self._workspace.cache, datasets=self._names()
        )
        with self._lock:
            for dataset in datasets:
                key = self._key(dataset, {n: columns[n] for n in (dataset.name, *self.named(dataset))})
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
                found, problems = read_checks([declared(dataset)], self._catalog(columns), datasets=self._names())
                if problems:
                    raise ProjectError.of(problems)
                rules, problems = self._of_rules(dataset, columns)
                if problems:
                    raise ProjectError.of(problems)
                self._compiled[key] = (*found.get(dataset.name, ()), *rules)
            return self._compiled[key]

    def of(self, name: str, files: Sequence[tuple[str, str]] | None = None) -> tuple[Compiled, ...]:
        """The checks of a dataset over the columns that the plan knows; those of `files` where the text differs.

        Raises:
            ProjectError: they don't fit.
        """
        dataset = self.dataset(name, files)
        if dataset is None:
            return ()
        return self.compiled(dataset, {n: self.columns(n) for n in (name, *self.named(dataset))})

    def unknown(self, name: str, versions: Mapping[str, str], moment: datetime) -> int:
        """How many checks of a dataset have no result on these versions (`{dataset: version}`)."""
        leaves = self._gathered.state.leaves
        checks = [c.check for c in self.of(name) if all(o in versions for o in c.check.others)]
        keys = {question_key(check, versions, leaves, moment) for check in checks if name in versions}
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
            plan = self._workspace.cache.get("rule", [key]).get(key)
            if plan is None:
                plan = compile_rule(check, self._catalog(seen), self._rule_binder())
                if isinstance(plan, Problem):
                    problems.append(plan)
                    continue
                self._workspace.cache.put("rule", {key: plan})
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
                self._columns[name] = [(c.name, c.type) for c in version.columns] if version else None

    def _catalog(self, columns: Mapping[str, Columns | None]) -> Catalog:
        definitions = self._gathered.definitions
        patterns = self._gathered.project.settings.get("patterns")
        return Catalog(
            columns={name: found for name, found in columns.items() if found is not None},
            keys={name: definitions[name].key for name in columns if name in definitions},
            patterns=dict(patterns) if isinstance(patterns, Mapping) else {},
        )

    def _names(self) -> frozenset[str]:
        return frozenset((*self._gathered.definitions, *self._gathered.state.leaves))

    def _key(self, dataset: Dataset, columns: Mapping[str, Columns | None]) -> str:
        seen = sorted((name, None if found is None else [list(c) for c in found]) for name, found in columns.items())
        return content_id([dataset.name, [list(f) for f in dataset.own_files], seen])

    def _head_project(self) -> Project:
        if self._head is None:
            self._head = self._workspace.describe.project(self._gathered.state)
        return self._head


def question_key(check: Check, versions: Mapping[str, str], published: Mapping[str, Leaf], moment: datetime) -> str:
    """The id of what `check` asks of `versions`, beside what readers have, at a logical time."""
    leaf = published.get(check.dataset) if compares(check) else None
    uses_clock = check.uses_clock and not isinstance(check.form, MaxAge)  # an age is judged again from the newest value
    others = [(o, versions[o]) for o in check.others]
    return result_key(
        check.id,
        versions[check.dataset],
        others,
        leaf.version if leaf is not None else None,
        to_text(moment) if uses_clock else None,
    )


def compares(check: Check) -> bool:
    """Whether a check is about the step from the published version."""
    return isinstance(check.form, AgainstPublished | SchemaRule)


def has_checks(dataset: Dataset) -> bool:
    """Whether anything is asked of a dataset: by a line, or by its key."""
    return bool(dataset.checks or dataset.definition.key)


def declared(dataset: Dataset) -> Declared:
    """What the file of a dataset asks, as written."""
    return Declared(dataset.name, dataset.checks, dataset.definition.key)
