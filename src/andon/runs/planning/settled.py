"""Which datasets of a commit are what their code makes of their inputs as that commit has them: of thousands nearly all.

That is a fact about the commit's tree. Who planned on it keeps those of which it is not known, so that the next plan, whoever makes it,
asks for the recipe keys of these, of what was edited, and of what reads something that moves. Of a commit that follows a known one it is
known but for what it changed, and what reads that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from itertools import islice
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.model.dataset import ClockUse, Kind
from andon.model.plan import UNCHANGED, Action

if TYPE_CHECKING:
    from andon.model.commit import Commit, Leaf
    from andon.model.dataset import Definition
    from andon.model.plan import Step
    from andon.runs.planning.gather import CodeDiffering
    from andon.workspace.workspace import Workspace

_UNSETTLED = Entries[tuple[str, ...]]("unsettled datasets", tuple[str, ...])
#: Of so many trees it is kept.
_KEPT = 64
#: A commit is looked for so far back of which it is known.
_BACK = 16


def is_plain(definition: Definition) -> bool:
    """Whether nothing but its definition and the versions of its inputs makes a dataset what it is."""
    return (
        definition.growth is None
        and definition.history is None
        and not definition.quarantine
        and definition.clock is ClockUse.NONE
        and definition.kind is not Kind.SOURCE
        and definition.kind is not Kind.QUARANTINE
    )


def settled_by(
    steps: Iterable[Step], leaves: Mapping[str, Leaf], definitions: Mapping[str, Definition]
) -> frozenset[str]:
    """The plain datasets of which the steps of a plan show that they are settled. Pure.

    Args:
        leaves: of the commit that was planned on.
        definitions: those that were planned.
    """
    same: list[str] = []
    moved: set[str] = set()
    for step in steps:
        leaf = leaves.get(step.dataset)
        if leaf is None or step.action is Action.BUILD or step.version != leaf.version:
            moved.add(step.dataset)
        elif step.action is Action.REUSE and step.reason == UNCHANGED and step.key == leaf.key:
            same.append(step.dataset)
    return frozenset(
        name
        for name in same
        if (definition := definitions[name]).id == leaves[name].definition
        and is_plain(definition)
        and moved.isdisjoint(definition.inputs)
    )


class SettledTree:
    """What is known of the tree of one commit.

    Args:
        head: the commit that is planned on; `leaves` are its.
        definitions: those that are planned.
    """

    def __init__(
        self, workspace: Workspace, head: Commit, leaves: Mapping[str, Leaf], definitions: Mapping[str, Definition]
    ) -> None:
        self._workspace = workspace
        self._head = head
        self._leaves = leaves
        self._definitions = definitions
        self._unsettled = self._known()

    def standing(self, differing: CodeDiffering, but: Set[str]) -> frozenset[str]:
        """The datasets that stay as the head has them unless something that they read moves.

        Args:
            but: those of which something is asked.
        """
        unsettled = self._unsettled
        if unsettled is None:
            return frozenset()
        definitions = self._definitions
        among = definitions.keys() & self._leaves.keys()
        among -= unsettled
        among -= differing.definitions
        among -= differing.files
        among -= but
        return frozenset(name for name in among if is_plain(definitions[name]))

    def learn(self, steps: Iterable[Step]) -> None:
        """Keep what the steps of a plan show, where that is more than was kept."""
        if self._is_kept and not self._unsettled:
            return
        rest = self._leaves.keys() - settled_by(steps, self._leaves, self._definitions)
        if self._unsettled is not None:
            rest = rest & self._unsettled
        rest = {name for name in rest if name not in self._definitions or is_plain(self._definitions[name])}
        if not self._is_kept or len(rest) < len(self._unsettled or ()):
            self._workspace.cache.put_newest(_UNSETTLED, self._head.root, tuple(sorted(rest)), _KEPT)

    def _known(self) -> frozenset[str] | None:
        """Those of which it is not known that they are settled; None where nothing is known."""
        commits, definitions = self._workspace.lake.commits, self._definitions
        line = list(islice(commits.first_parents(self._head), _BACK))
        kept = self._workspace.cache.get(_UNSETTLED, {commit.root for commit in line})
        self._is_kept = self._head.root in kept
        near = next((commit for commit in line if commit.root in kept), None)
        if near is None:
            return None
        found = set(kept[near.root])
        if not self._is_kept:
            moved = commits.changed_leaves(near, self._head).keys()
            found |= moved
            for name, definition in definitions.items():
                if not moved.isdisjoint(definition.inputs):
                    found.add(name)
            # what such a one reads is not what its leaf read
            found |= {
                name
                for name, leaf in self._leaves.items()
                if name not in definitions or definitions[name].id != leaf.definition
            }
        return frozenset(found)
