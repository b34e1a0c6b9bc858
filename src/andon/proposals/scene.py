"""What suggested checks are tried on: the datasets of one commit and the versions they had before, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.graph import reach
from andon.base.record import Record
from andon.checks.compile.plans import Catalog
from andon.checks.execute.question import Target
from andon.checks.language.lines import form_word
from andon.checks.language.parse import parse_lines
from andon.checks.watch import Point
from andon.engines.relation import TableRelation
from andon.errors import AndonError, Problem
from andon.lake.undo import with_undone
from andon.model.check import Check, Key
from andon.model.commit import Commit, CommitKind, State
from andon.model.dataset import Dataset
from andon.model.project import Project
from andon.model.version import Version
from andon.proposals.trial import Place
from andon.relations.pool import Lease
from andon.relations.relations import Relations
from andon.sql.bind import Binder

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Earlier versions on which a line is tried.
PAST = 10
#: Commits that are looked at for them.
_COMMITS = 500


class Moment(Record):
    """A version that a dataset had: in which state (`root` tells equal ones), and at what logical time."""

    root: str
    state: State
    version: str
    at: datetime


class Scene:
    """The datasets of a commit, what is declared of them, and an engine that can be asked about them and their past.

    Args:
        project: the code that counts.
    """

    def __init__(self, workspace: Workspace, commit: Commit, project: Project) -> None:
        self._lake = workspace.lake
        self._relations = Relations(self._lake)
        self._pool = workspace.readers.wide
        self._leases: dict[str, Lease] = {}
        patterns = project.settings.get("patterns")
        self.commit = commit
        self.state = self._lake.commits.state(commit)
        self.datasets = {name: one for name, one in project.datasets.items() if name in self.state.leaves}
        self._relations.load(leaf.version for leaf in self.state.leaves.values())
        self.versions: dict[str, Version] = {
            name: self._relations.version(leaf.version) for name, leaf in self.state.leaves.items()
        }
        self.catalog = Catalog(
            columns={name: self.columns(name) for name in self.versions},
            keys={name: one.definition.key for name, one in self.datasets.items()},
            patterns=dict(patterns) if isinstance(patterns, Mapping) else {},
        )
        self.binder = Binder()

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.binder.close()
        for lease in self._leases.values():
            lease.release()

    def columns(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and types of a dataset's columns."""
        return tuple((column.name, column.type) for column in self.versions[name].columns)

    @cached_property
    def above(self) -> Mapping[str, set[str]]:
        """What each dataset is made from, directly or not."""
        definitions = self._lake.objects.definitions([leaf.definition for leaf in self.state.leaves.values()])
        inputs = {
            name: definitions[leaf.definition].inputs
            for name, leaf in self.state.leaves.items()
            if leaf.definition in definitions
        }
        return {name: reach(inputs, [name]) for name in self.versions}

    @cached_property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The key of each dataset, declared as `key:` or as a check."""
        found: dict[str, tuple[str, ...]] = {}
        for name, dataset in self.datasets.items():
            key = dataset.definition.key
            if not key and any(form_word(line.text) == "key" for line in dataset.checks):
                checks, _ = self.declared(dataset)
                key = next((c.form.columns for c in checks if isinstance(c.form, Key) and c.where is None), ())
            found[name] = key
        return found

    def declared(self, dataset: Dataset) -> tuple[list[Check], list[Problem]]:
        """The checks that a dataset declares, and what is wrong with its lines."""
        return parse_lines(
            dataset.checks,
            dataset=dataset.name,
            columns=self.columns(dataset.name),
            key=dataset.definition.key,
            patterns=tuple(self.catalog.patterns),
        )

    def moment(self, name: str) -> datetime:
        """The logical time at which the present version was made."""
        leaf = self.state.leaves[name]
        return self._moments({leaf.build: self.commit.time})[leaf.build]

    def rows(self, version: str) -> int | None:
        """Rows of a version; None for a view's."""
        return self._relations.version(version).rows

    def past(self, names: Sequence[str]) -> dict[str, list[Moment]]:
        """Earlier versions of each dataset on the way back from the commit, newest first. What was undone does not count."""
        commits = self._lake.commits
        wanted = set(names)
        seen = {name: {self.state.leaves[name].version} for name in names}
        found: dict[str, list[tuple[Commit, str, str]]] = {}
        for number, (one, is_undone) in enumerate(with_undone(commits.first_parents(self.commit))):
            if number >= _COMMITS or one.parent is None or not wanted:
                break
            if is_undone or one.kind in (CommitKind.UNDO, CommitKind.REDO):
                continue
            for name, (_, after) in commits.changed_leaves(commits.get(one.parent), one).items():
                if name not in wanted or after is None or after.version in seen[name]:
                    continue
                seen[name].add(after.version)
                found.setdefault(name, []).append((one, after.version, after.build))
                if len(found[name]) == PAST:
                    wanted.discard(name)
        times = self._moments({build: one.time for every in found.values() for one, _, build in every})
        return {
            name: [Moment(one.root, commits.state(one), version, times[build]) for one, version, build in every]
            for name, every in found.items()
        }

    def present_place(self, name: str, past: Sequence[Moment]) -> Place:
        """The present version, ready to be asked.

        Raises:
            MachineError: a data file is gone.
        """
        return self._place(name, Moment(self.commit.root, self.state, self.versions[name].id, self.moment(name)), past)

    def past_places(self, name: str, past: Sequence[Moment]) -> Iterator[Place]:
        """Earlier versions, newest first, as far back as they can be read."""
        for number, one in enumerate(past):
            try:
                place = self._place(name, one, past[number + 1 :])
            except AndonError:
                return
            yield place

    def _place(self, name: str, one: Moment, before: Sequence[Moment]) -> Place:
        return Place(
            self._target(name, one),
            _Others(self, one),
            self._target(name, before[0]) if before else None,
            self._lease(one).connection,
            one.at,
            tuple(Point(each.at, self.rows(each.version)) for each in before),
        )

    def _lease(self, moment: Moment) -> Lease:
        """The state of a moment, ready to be asked."""
        lease = self._leases.get(moment.root)
        if lease is None:
            lease = self._leases[moment.root] = self._pool.reading(moment.root)
        return lease

    def _target(self, name: str, moment: Moment) -> Target:
        """A dataset of a moment's state, ready to be asked."""
        lease = self._lease(moment)
        version = self._relations.version(moment.state.leaves[name].version)
        relation = self._relations.relation(version.id)
        lease.ensure([name], lambda _: relation)
        return Target(
            lease.place(name),
            [(column.name, column.type) for column in version.columns],
            version.files,
            relation.files if isinstance(relation, TableRelation) else (),
        )

    def _moments(self, builds: Mapping[str, str]) -> dict[str, datetime]:
        """Logical times of builds; of one that didn't need any, when it was committed."""
        known = self._lake.objects.builds(builds)
        found = {}
        for build, committed in builds.items():
            one = known.get(build)
            found[build] = from_text((one.logical_time if one is not None else None) or committed)
        return found


class _Others(Mapping[str, Target]):
    """The datasets of a state, made when they are asked for."""

    def __init__(self, scene: Scene, moment: Moment) -> None:
        self._scene = scene
        self._moment = moment

    def __getitem__(self, name: str) -> Target:
        if name not in self._moment.state.leaves:
            raise KeyError(name)
        return self._scene._target(name, self._moment)

    def __iter__(self) -> Iterator[str]:
        return iter(self._moment.state.leaves)

    def __len__(self) -> int:
        return len(self._moment.state.leaves)
