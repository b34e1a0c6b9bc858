"""What datasets promise of how new they are, and what is due by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.graph import reach
from andon.model.due import Due
from andon.model.plan import UNCHANGED, Action
from andon.operations.scheduling.whens import WhenAnswers
from andon.runs.goal import DEFAULTS, RunOptions
from andon.runs.looked import asked_sources, below, last_look
from andon.runs.planning.due import Promise, judge
from andon.state.looks import LastLook

if TYPE_CHECKING:
    from andon.lake.commits import Commits
    from andon.model.commit import Commit
    from andon.query.ask import Querying
    from andon.runs.prepare import Prepared, Preparer
    from andon.service.runs import Runs
    from andon.workspace.workspace import Workspace


class Promises:
    """Tells what is due in one workspace."""

    def __init__(self, workspace: Workspace, preparer: Preparer, runs: Runs, querying: Querying) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._runs = runs
        self._querying = querying

    def due(self, options: RunOptions = DEFAULTS) -> Due:
        """Which datasets of the branch have to be brought up to date, and why. Nothing is built, and no database is asked.

        Args:
            options: `select`, `exclude`, `branch`; `now` is the time that counts.

        Raises:
            UsageError: `usage.query_failed` where the SQL of a `when` fails.
        """
        prepared = self._preparer.prepare(self._runs.unasked_goal(options), options)
        now = options.now or self._workspace.clock()
        promises = self._promises(prepared)
        looks = self._looks(prepared)
        whens = WhenAnswers(self._workspace.lake.commits, lambda: self._querying, self._workspace.cache)

        def changes(dataset: str, sql: str) -> str | None:
            return whens.changed(dataset, sql, looks[dataset].commit, prepared.head)

        found = tuple(sorted((judge(each, now, changes) for each in promises), key=lambda each: each.dataset))
        definitions, due = prepared.gathered.definitions, {each.dataset for each in found if each.due}
        needed = due | reach({d: x.inputs for d, x in definitions.items()}, due)
        asked = tuple(sorted(asked_sources(definitions) & needed))
        return Due(prepared.goal.branch, prepared.head.id, to_text(now), found, asked)

    def _looks(self, prepared: Prepared) -> dict[str, LastLook]:
        """When the published datasets were brought up to date last."""
        definitions, leaves = prepared.gathered.definitions, prepared.gathered.state.leaves
        looks = self._of_this_branch(prepared)
        asked = asked_sources(definitions)
        waits = asked | below(definitions, asked)
        found = {name: last_look(looks, name, is_of_files=name not in waits) for name in leaves}
        unknown = [leaves[name].build for name, look in found.items() if look is None]
        builds = self._workspace.lake.objects.builds(unknown)
        return {
            name: look or LastLook(made := builds[leaves[name].build].created, prepared.head.id, made)
            for name, look in found.items()
            if look is not None or leaves[name].build in builds
        }

    def _of_this_branch(self, prepared: Prepared) -> dict[str, LastLook]:
        """What was noted of the branch; of an earlier one by the same name nothing counts."""
        looks, commits = self._workspace.looks.of(prepared.goal.branch), self._workspace.lake.commits
        noted = {look.commit for look in looks.values()}
        known = {id for id in commits.known(noted) if _is_above(commits, commits.get(id), prepared.head)}
        return {name: look for name, look in looks.items() if look.commit in known}

    def _promises(self, prepared: Prepared) -> list[Promise]:
        """What the datasets of a plan promise: those that state it, and those that would be built by now."""
        looks = self._looks(prepared)
        promises = []
        for step in prepared.plan.steps:
            dataset = prepared.gathered.project.datasets.get(step.dataset)
            if dataset is None or step.action is Action.DROP:
                continue
            # also where it is taken over from an earlier build: a file that went, or came back
            moves = step.action in (Action.BUILD, Action.VIEW, Action.REUSE) and step.reason != UNCHANGED
            moved = step.reason if moves else None
            if dataset.refresh or moved is not None:
                look = looks.get(step.dataset)
                promises.append(Promise(step.dataset, dataset.refresh, look.at if look else None, moved))
        return promises


def _is_above(commits: Commits, earlier: Commit, head: Commit) -> bool:
    common = commits.merge_base(earlier, head)
    return common is not None and common.id == earlier.id
