"""Publishing code files that somebody gives, on top of what a branch has: no other edit that lies in the folder goes with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from andon.base.hashing import digest
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import ConflictError, ProjectError, UsageError
from andon.lake.refs import MAIN
from andon.model.commit import Cause, Commit, CommitKind
from andon.model.release import Release
from andon.model.run import RunResult
from andon.project.folder.merge import is_rejected, rejected_by_path
from andon.runs.goal import Goal, Listener, RunOptions
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.given import Files, given_base, given_side
from andon.runs.planning.merge_words import some
from andon.service.in_step import InStep

if TYPE_CHECKING:
    from andon.runs.prepare import Prepared, Preparer
    from andon.runs.run import GoalRunner
    from andon.workspace.workspace import Workspace

#: How often files are planned again on top of what others publish meanwhile.
_AGAIN = 20


class GivenCode(Record):
    """Files for a branch.

    Attributes:
        files: content by project path; None for a file that goes.
        seen: the commit that whoever gives them looked at: what was published at these paths since is a conflict.
        releases, withdrawn: rows that are put back, and such that are not any more.
    """

    branch: str
    files: Files
    seen: Commit
    releases: tuple[Release, ...] = ()
    withdrawn: tuple[Release, ...] = ()


class GivenFiles:
    """Plans and publishes given files, for one workspace."""

    def __init__(self, workspace: Workspace, runner: GoalRunner, preparer: Preparer) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._runner = runner
        self._preparer = preparer

    def prepared(self, given: GivenCode, options: RunOptions, *, estimate: bool = True) -> Prepared:
        """The plan that publishes them, with what it was made from. Nothing is built. Raises as `publish`.

        Args:
            estimate: whether it tells what the changes mean, and for whom: of what is only new there is nothing to tell.
        """
        with self._told(given):
            return self._preparer.prepare(self._goal(given, options), options, estimate=estimate)

    def build(self, given: GivenCode, options: RunOptions, listener: Listener) -> RunResult:
        """Build them aside, so that `run:N` shows what they make; no branch is moved or made. Raises as `publish`."""
        aside = replace(options, publish="none", request=None, agreed=None)
        goal = replace(self._goal(given, aside), branch=self._there(given.branch))
        with self._told(given):
            return self._runner.reach(goal, aside, listener)

    def publish(self, given: GivenCode, options: RunOptions, listener: Listener) -> tuple[RunResult, tuple[str, ...]]:
        """Publish them, and bring the folder in step.

        Returns:
            How the run ended, and the paths that the folder does not have as they were published.

        Raises:
            ConflictError: `lake.folder_dirty` where the folder has an edit of its own at one of the paths; `lake.folder_conflict` where
                somebody published another content since `given.seen`.
            ProjectError: what is wrong with them.
            PlanUnconfirmed: a change of main that `options.agreed` is not for.
        """
        step = InStep(self._workspace, given.branch)
        before = self._lake.commits.state(self._lake.refs.head(given.branch)).files()
        step.require_no_edits(given.files, before)
        with self._told(given):
            result = self._again(lambda: self._runner.reach(self._goal(given, options), options, listener))
        if not result.published:
            return result, ()
        commit = self._lake.commits.get(result.commit)
        there = self._lake.commits.state(commit).files()
        wanted = {path: None if content is None else digest(content) for path, content in given.files.items()}
        lost = next((path for path, sha in wanted.items() if there.get(path) != sha), None)
        if lost is not None:
            raise self._changed_since(given, lost)
        return result, step.bring(given.files, commit, before)

    def answered(self, branch: str, options: RunOptions) -> RunResult | None:
        """How the publish ended that was asked for with this request id before: whoever asks again has lost the answer."""
        move = self._lake.refs.answered(options.request) if options.request is not None else None
        if move is None or move.new is None or move.ref != branch:
            return None
        commit = self._lake.commits.get(move.new)
        tasks = self._workspace.runs.tasks(commit.run) if commit.run is not None else ()
        base = commit.parent or commit.id
        return RunResult(
            commit.run,
            branch,
            base,
            commit.id,
            published=True,
            held=None,
            seconds=0.0,
            tasks=tuple(tasks),
            is_change=True,
        )

    # -- parts

    def _goal(self, given: GivenCode, options: RunOptions) -> Goal:
        before = self._lake.commits.state(given.seen).files()
        return Goal(
            given.branch,
            lambda head, gatherer: given_side(gatherer, head, given.files),
            lambda head, gatherer: given_base(gatherer, head, given.files, given.seen, before),
            CommitKind.CHANGE,
            "none" if options.publish == "none" else "all-or-nothing",  # what is given belongs together
            updates_folder=False,
            lifted=self._lifted(given),
            files=frozenset(given.files),
            releases=given.releases,
            withdrawn=given.withdrawn,
        )

    def _lifted(self, given: GivenCode) -> tuple[Cause, ...]:
        """What undos keep out of the branch and is given again: whoever names a file wants it."""
        head = self._lake.refs.head(given.branch)
        causes = [c for c in head.rejected if c.source is None and c.path in given.files]
        if not causes:
            return ()
        gatherer = Gatherer(self._workspace)
        side = given_side(gatherer, head, given.files)
        meaning = gatherer.meaning(side)
        return tuple(
            cause
            for cause in causes
            if is_rejected(cause.path, side.code.get(cause.path), rejected_by_path([cause]), meaning)
        )

    def _there(self, branch: str) -> str:
        """The branch, or main while there is none of that name: that is where it will begin."""
        return branch if self._lake.refs.find(branch) is not None else MAIN

    def _again(self, reach: Callable[[], RunResult]) -> RunResult:
        for _ in range(_AGAIN):
            try:
                return reach()
            except ConflictError as error:
                if error.code != "lake.ref_moved":
                    raise
        return reach()

    @contextmanager
    def _told(self, given: GivenCode) -> Iterator[None]:
        """What both sides changed, in words of somebody who gives a file."""
        try:
            yield
        except ConflictError as error:
            if error.code != "lake.folder_conflict" or error.where not in given.files:
                raise
            raise self._changed_since(given, error.where or "") from error

    def _changed_since(self, given: GivenCode, path: str) -> ConflictError:
        return ConflictError(
            "lake.folder_conflict",
            f"`{path}` was published with another content since {given.seen.id[:8]}",
            where=path,
            hint=f"`andon diff {given.seen.id[:8]} {given.branch}` shows it; do it again on top of that",
        )


def broken(what: str, files: Collection[str], error: ProjectError, hint: str) -> ProjectError | UsageError:
    """The problems that given files make, as whom they break, where nothing is wrong with the files themselves.

    Args:
        what: what was asked for, `retiring marts.totals`.
        files: those of whom nothing is said.
    """
    readers = sorted({p.file for p in error.problems if p.file is not None})
    if not readers or any(path in files for path in readers):
        return error
    message = f"{what} breaks {plural(len(readers), 'file')}: {some(readers)}"
    return UsageError("lake.is_read", message, where=readers[0], hint=hint, problems=error.problems)
