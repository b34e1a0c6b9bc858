"""Puts together in what hints are found: the code of a commit, who read what, what it cost, which datasets held the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations, islice
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.base.text import words_in
from andon.relations.content import KIND, content_of
from andon.relations.relations import Relations
from andon.service.spending import GRACE_DAYS, UNREAD_DAYS
from andon.simplify.scene import AskedOften, Cost, ProjectScene
from andon.simplify.twins import LEAST_VERSIONS, Histories, comparable
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.lineage import Graph
    from andon.model.version import Version
    from andon.service.log_reads import LogReads
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: Days of which costs are told.
_MONTH = 30
#: So many commits are walked back, so many datasets compared by content, in so many versions each, of so many rows at most.
_COMMITS, _ALIKE, _VERSIONS, _ROWS = 200, 60, 5, 2_000_000


class Scenes:
    """Makes scenes of one workspace's lake."""

    def __init__(self, workspace: Workspace, graph: Callable[[Commit], Graph], reads: LogReads) -> None:
        self._workspace = workspace
        self._reads = reads
        self._lake = workspace.lake
        self._graph = graph

    def mark(self, view: View) -> str:
        """What a scene hangs on: where this is the same, so are its hints."""
        now = self._workspace.clock()
        self._workspace.query_log.flush()
        held = sorted(cord.dataset for cord in self._workspace.cords.standing(view.ref))
        decided = [[each.number, each.state, each.decided] for each in self._workspace.hints.all()]
        branches = sorted(
            each.branch
            for each in self._workspace.hints.all()
            if each.state == "accepted" and each.branch and self._lake.refs.find(each.branch) is not None
        )
        return content_id(
            [view.commit.id, self._workspace.query_log.last(), to_text(now)[:10], held, decided, branches]
        )

    def scene(self, view: View) -> ProjectScene:
        """The scene of a commit, now."""
        now = self._workspace.clock()
        state, project, objects = view.state, view.project, self._lake.objects
        definitions = objects.definitions(leaf.definition for leaf in state.leaves.values())
        versions = objects.versions(leaf.version for leaf in state.leaves.values())
        files = state.files()
        blobs = objects.texts(files.values())
        texts = {path: text for path, sha in files.items() if (text := _text(blobs.get(sha))) is not None}
        young = to_text(now - timedelta(days=GRACE_DAYS))
        return ProjectScene(
            project,
            texts,
            {name: frozenset(definitions[leaf.definition].inputs) for name, leaf in state.leaves.items()},
            {name: tuple(versions[leaf.version].types) for name, leaf in state.leaves.items()},
            frozenset(
                name
                for name, leaf in state.leaves.items()
                if name in project.datasets and definitions[leaf.definition].id == project.datasets[name].definition.id
            ),
            self._graph(view.commit),
            self._asked(now, self._lake.former_names.of(view.commit, state)),
            frozenset(name for name, first in self._lake.holdings.first_built().items() if first < young),
            self._log_words(now, texts),
            frozenset(cord.dataset for cord in self._workspace.cords.standing(view.ref)),
            self._costs(now, {name: versions[leaf.version] for name, leaf in state.leaves.items()}),
            self._is_told(now),
            UNREAD_DAYS,
        )

    def histories(self, view: View, scene: ProjectScene) -> Histories:
        """In how many versions datasets held the same; only of those that the statistics of their files let seem alike."""
        names = [said.name for said in comparable(scene)]
        leaves = view.state.leaves
        versions = self._lake.objects.versions(leaves[name].version for name in names)
        alike: dict[object, list[str]] = {}
        for name in names:
            if (face := _face(versions[leaves[name].version])) is not None:
                alike.setdefault(face, []).append(name)
        found: dict[tuple[str, str], int] = {}
        asked = 0
        for group in (sorted(each) for each in alike.values() if len(each) > 1):
            if (asked := asked + len(group)) > _ALIKE:
                break
            found |= self._history(view.commit, group)
        return found

    def _history(self, commit: Commit, group: Sequence[str]) -> Histories:
        """Of datasets that seem alike: which held the same in each of their last versions, and in how many different ones that was."""
        moments: dict[tuple[str, ...], None] = {}
        for each in islice(self._lake.commits.first_parents(commit), _COMMITS):
            leaves = self._lake.commits.state(each).leaves
            if any(name not in leaves for name in group):
                break
            moments[tuple(leaves[name].version for name in group)] = None
        if len(moments) < LEAST_VERSIONS:
            return {}
        held: dict[tuple[str | None, ...], list[str]] = {}
        for at, name in enumerate(group):
            versions = [moment[at] for moment in islice(moments, _VERSIONS)]
            held.setdefault(tuple(self._content(name, version) for version in versions), []).append(name)
        return {
            pair: len(set(contents))
            for contents, names in held.items()
            if None not in contents
            for pair in combinations(names, 2)
        }

    # -- parts

    def _content(self, dataset: str, version: str) -> str | None:
        known = self._workspace.facts.find(version, KIND)
        if known is not None:
            return str(known)
        relations = Relations(self._lake)
        if (relations.version(version).rows or 0) > _ROWS:
            return None
        found = content_of(self._workspace.readers, relations, dataset, version)
        self._workspace.facts.keep({version: found}, KIND)
        return found

    def _asked(self, now: datetime, renamed: Mapping[str, str]) -> Mapping[str, AskedOften]:
        since = to_text(now - timedelta(days=UNREAD_DAYS))
        answered, used = self._reads.answered(since=since, renamed=renamed)
        lines = [line for line in answered if line.who != BY_ITSELF]
        times: dict[str, list[str]] = {}
        columns: dict[str, set[str]] = {}
        untold: set[str] = set()
        for line in lines:
            for dataset in line.datasets:
                times.setdefault(dataset, []).append(line.at)
                known = used[line.seq].get(dataset)
                if known is None:
                    untold.add(dataset)
                else:
                    columns.setdefault(dataset, set()).update(each.lower() for each in known)
        return {
            name: AskedOften(tuple(at), None if name in untold else frozenset(columns.get(name, ())))
            for name, at in times.items()
        }

    def _log_words(self, now: datetime, texts: Mapping[str, str]) -> frozenset[str]:
        """Words of the questions that may name a macro."""
        if not any(path.startswith("macros/") for path in texts):
            return frozenset()
        asked = self._workspace.query_log.texts(to_text(now - timedelta(days=UNREAD_DAYS)))
        return frozenset(words_in(" ".join(asked)))

    def _costs(self, now: datetime, versions: Mapping[str, Version]) -> Mapping[str, Cost]:
        builds: dict[str, int] = {}
        seconds: dict[str, float] = {}
        for spent in self._workspace.spending.built(to_text(now - timedelta(days=_MONTH)), to_text(now)):
            builds[spent.dataset] = builds.get(spent.dataset, 0) + 1
            seconds[spent.dataset] = seconds.get(spent.dataset, 0.0) + spent.seconds
        return {
            name: Cost(builds.get(name, 0), seconds.get(name, 0.0), sum(file.size for file in version.files))
            for name, version in versions.items()
        }

    def _is_told(self, now: datetime) -> bool:
        return self._reads.told_since(now) <= to_text(now - timedelta(days=UNREAD_DAYS))


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _face(version: Version) -> object | None:
    """What two tables of the same rows have in common without being read; None of a view, or an empty table."""
    if version.is_view or not version.rows:
        return None
    nulls: dict[str, int] = {}
    for file in version.files:
        for column, stats in file.stats.items():
            nulls[column] = nulls.get(column, 0) + (stats.nulls or 0)
    return tuple((name.lower(), kind) for name, kind in version.types), version.rows, tuple(sorted(nulls.items()))
