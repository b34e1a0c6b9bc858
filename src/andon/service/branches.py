"""Branches and tags: list, create, drop, switch, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document
from andon.errors import ConflictError, UsageError
from andon.lake.refname import check_new_name
from andon.lake.refs import MAIN, Ref, RefMove
from andon.model.commit import Commit, CommitKind, shows_the_same
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.project.folder.scan import scan
from andon.runs.goal import DEFAULTS, Goal, Listener, RunOptions
from andon.runs.planning.bases import parted_base, remember_published
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.moves import HeadMoves
from andon.runs.planning.owner_letters import branch_subject
from andon.workspace.base import Base, InCommon
from andon.workspace.branching import create_branch

if TYPE_CHECKING:
    from andon.runs.run import GoalRunner
    from andon.workspace.workspace import Workspace


class BranchInfo(Document):
    """A branch, its head, and how far it is from main: datasets that differ."""

    name: str
    commit: str
    updated: str
    author: str
    message: str
    current: bool
    differs: int


class Branches:
    """Branches and tags of one workspace's lake."""

    def __init__(self, workspace: Workspace, runner: GoalRunner) -> None:
        self._workspace = workspace
        self._runner = runner
        self._lake = workspace.lake

    def list(self) -> list[BranchInfo]:
        """All branches by name, main first."""
        current = self._workspace.branch()
        main = self._lake.refs.resolve(MAIN)
        found = []
        for ref in self._lake.refs.of_kind("branch"):
            head = self._lake.commits.get(ref.commit)
            pairs = self._lake.commits.changed_leaves(main, head).values()
            differs = sum(not shows_the_same(*pair) for pair in pairs)
            found.append(
                BranchInfo(ref.name, head.id, ref.updated, head.author, head.message, ref.name == current, differs)
            )
        return sorted(found, key=lambda b: (b.name != MAIN, b.name))

    def create(self, name: str, at: str = MAIN) -> Ref:
        """Make a branch at a commit. Nothing is copied; it takes the folder's base of the branch it is made from.

        Raises:
            UsageError: `lake.ref_invalid`, `lake.ref_exists`, `lake.ref_not_found`.
        """
        return create_branch(self._workspace, name, at, self._workspace.caller.request)

    def unpublished(self, name: str) -> Sequence[str]:
        """What was made on a branch and is not in main: datasets and shared files that it changed since main last took it, and main
        does not have like that.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        commits = self._lake.commits
        head, main = commits.get(self._branch(name).commit), self._lake.refs.resolve(MAIN)
        common = commits.merge_base(head, main)
        if name == MAIN or common is None:
            return ()
        here, there = commits.state(head), commits.state(main)
        changes = commits.changed_leaves(common, head)
        datasets = [d for d in changes if not shows_the_same(here.leaves.get(d), there.leaves.get(d))]
        before = commits.shared(common)
        files = [
            path
            for path in sorted(before.keys() | here.shared.keys())
            if here.shared.get(path) != before.get(path) and here.shared.get(path) != there.shared.get(path)
        ]
        return [*datasets, *files]

    def drop(self, name: str, expect: str | None = None) -> Ref:
        """Remove a branch; its commits stay until they are garbage.

        Args:
            expect: the commit that it showed to who agreed; refused if it shows another one.

        Raises:
            UsageError: `lake.protected` for main, `lake.ref_not_found`.
            ConflictError: `lake.ref_moved`.
        """
        if name == MAIN:
            raise UsageError("lake.protected", "`main` can't be dropped: it is what readers see", where=name)
        if (done := self._done(name, "branch")) is not None:
            return done
        with self._lake.turn(name):
            ref = self._branch(name)
            if expect is not None and ref.commit != expect:
                raise ConflictError(
                    "lake.ref_moved",
                    f"`{name}` moved while somebody thought about it: it is at {ref.commit[:8]} now",
                    where=name,
                    hint="`andon branch list` shows what it is now; then ask again",
                )
            self._move(RefMove(name, "branch", ref.commit, "drop"), None)
        self._workspace.bases.forget(name)
        self._let_go(name)
        self._no_letters(name)
        if self._workspace.folder.branch() == name:
            self._workspace.folder.set_branch(MAIN)
        return ref

    def switch(self, name: str, create: bool = False) -> tuple[Ref, Sequence[str]]:
        """Work on the branch `name`: its files come into the folder. Nothing is done if that is the folder's branch already.

        Returns:
            The branch and the paths that were written or removed.

        Raises:
            ConflictError: `lake.folder_dirty` when edits would be lost.
            UsageError: `lake.ref_not_found`.
        """
        if create and self._lake.refs.find(name) is None:
            self.create(name, self._workspace.branch())
            self._workspace.folder.set_branch(name)
            return self._branch(name), []
        with self._workspace.folder.alone():
            return self._switched(name)

    def _switched(self, name: str) -> tuple[Ref, Sequence[str]]:
        target = self._branch(name)
        here = self._workspace.branch()
        if name == here:
            return target, []
        folder = {p: f.sha256 for p, f in scan(self._workspace.root, self._workspace.cache).items()}
        head = self._lake.commits.get(target.commit)
        state = self._lake.commits.state(head)
        wanted = state.files()
        changes = {p for p in folder.keys() | wanted.keys() if folder.get(p) != wanted.get(p)}
        dirty = sorted(changes & self._edits(here, folder))
        if dirty:
            raise ConflictError(
                "lake.folder_dirty",
                f"edits in this folder would be lost: {', '.join(f'`{p}`' for p in dirty[:5])}",
                where=dirty[0],
                hint=_keeping_edits(here),
            )
        self._workspace.folder.write(
            {path: self._lake.objects.text(wanted[path]) if path in wanted else None for path in sorted(changes)}
        )
        self._workspace.folder.set_branch(name)
        gatherer = Gatherer(self._workspace)
        old = self._workspace.bases.of(name)
        raw = gatherer.common_raw(head, old)
        self._workspace.bases.set(name, Base(InCommon(wanted, head.id), raw))
        return target, sorted(changes)

    def edits(self) -> Sequence[tuple[str, str | None, str | None]]:
        """Files of the folder that were changed there, and that its branch does not have so: path, text of the branch, text of the folder.

        Raises:
            MachineError: if a file can't be read.
        """
        branch = self._workspace.branch()
        folder = {p: f.sha256 for p, f in scan(self._workspace.root, self._workspace.cache).items()}
        ref = self._lake.refs.find(branch)
        there = self._lake.commits.state(self._lake.commits.get(ref.commit)).files() if ref is not None else {}
        side = Gatherer(self._workspace).folder()

        def text(path: str, sha: str | None, read: Callable[[str, str], bytes]) -> str | None:
            return None if sha is None else read(path, sha).decode("utf-8", errors="replace")

        return [
            (
                path,
                text(path, there.get(path), lambda _, sha: self._lake.objects.text(sha)),
                text(path, folder.get(path), side.read),
            )
            for path in sorted(self._edits(branch, folder))
            if folder.get(path) != there.get(path)
        ]

    def _edits(self, branch: str, folder: Mapping[str, str]) -> set[str]:
        """Paths at which the folder has what its branch never had, or what was undone there, or what the lake does not hold."""
        base = self._workspace.bases.of(branch)
        common = base.code if base is not None else InCommon()
        ref = self._lake.refs.find(branch)
        head = self._lake.commits.get(ref.commit) if ref is not None else None
        there = self._lake.commits.state(head).files() if head is not None else {}
        texts = self._lake.objects.has_texts(folder.values())
        moves = HeadMoves(self._lake.commits, self._lake.objects, head) if head is not None else None

        def is_edit(path: str) -> bool:
            mine, now = folder.get(path), there.get(path)
            if mine != common.files.get(path) or (mine is not None and mine not in texts):
                return True
            return mine != now and moves is not None and not moves.moved(path, now, common.agreed_at(path))

        return {path for path in folder.keys() | common.files.keys() if is_edit(path)}

    def tag(self, name: str, at: str | None = None) -> Ref:
        """Name a commit for good.

        Raises:
            UsageError: `lake.ref_invalid`, `lake.ref_exists`, `lake.ref_not_found`.
        """
        check_new_name(name)
        if (done := self._done(name, "tag")) is not None:
            return done
        commit = self._lake.refs.resolve(at or self._workspace.branch())
        self._move(RefMove(name, "tag", None, "tag"), commit.id)
        ref = self._lake.refs.find(name)
        assert ref is not None  # made above
        return ref

    def tags(self) -> Sequence[Ref]:
        """All tags by name."""
        return self._lake.refs.of_kind("tag")

    def untag(self, name: str) -> Ref:
        """Remove a tag.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        if (done := self._done(name, "tag")) is not None:
            return done
        ref = self._lake.refs.find(name)
        if ref is None or ref.kind != "tag":
            raise UsageError(
                "lake.ref_not_found", f"no tag is named `{name}`", where=name, hint="`andon tag` lists them"
            )
        self._move(RefMove(name, "tag", ref.commit, "untag"), None)
        return ref

    def _let_go(self, name: str) -> None:
        """What somebody held of a branch that is dropped holds nothing of a later one by its name."""
        cords, at = self._workspace.cords, to_text(self._workspace.clock())
        if cords.standing(name):
            with self._lake.database.write() as transaction:
                for cord in cords.standing(name, transaction):
                    cords.release(transaction, cord, at, self._workspace.caller.author, "the branch was dropped")

    def _no_letters(self, name: str) -> None:
        """What owners were told of a branch that is dropped is over: of a later one by its name they are told anew."""
        with self._lake.database.write() as transaction:
            self._workspace.letters.end(transaction, branch_subject(name), to_text(self._workspace.clock()))

    def _done(self, name: str, kind: str) -> Ref | None:
        """What the same request did before, if it is asked again."""
        return self._lake.refs.moved_by(self._workspace.caller.request, name, kind)

    def _move(self, move: RefMove, new: str | None) -> None:
        caller = self._workspace.caller
        self._lake.move(move, new, caller.author, caller.request)

    # -- publish

    def plan_publish(self, name: str, into: str = MAIN, options: RunOptions = DEFAULTS) -> Plan:
        """What publishing the branch `name` would do."""
        return self._runner.plan(self._goal(name, into, options), options)

    def publish(
        self,
        name: str,
        into: str = MAIN,
        options: RunOptions = DEFAULTS,
        listener: Listener | None = None,
    ) -> RunResult:
        """Merge a branch's code into `into`, build what is not known yet, and move `into`.

        Raises:
            ConflictError: `lake.folder_conflict` when both changed one file.
            UsageError: `lake.ref_not_found`; `usage.bad_argument` for a branch into itself, or no way to publish.
            PlanUnconfirmed: `options.agreed` is not for its plan.
        """
        goal = self._goal(name, into, options)
        result = self._runner.reach(goal, options, listener or Listener())
        if result.published:
            remember_published(self._workspace, into)
        return result

    def _goal(self, name: str, into: str, options: RunOptions) -> Goal:
        branch = self._branch(name)
        self._branch(into)
        if name == into:
            raise UsageError("usage.bad_argument", f"`{name}` can't be published into itself", where=name)
        head = self._lake.commits.get(branch.commit)

        def base(target: Commit, gatherer: Gatherer) -> Base | None:
            return parted_base(self._workspace, gatherer, head, target)

        policy = options.policy(str(self._workspace.settings.get("publish.change")))
        return Goal(
            into,
            lambda _, gatherer: gatherer.commit(head),
            base,
            CommitKind.PUBLISH,
            policy,
            merged=head,
            source=name,
            updates_folder=False,
        )

    def _branch(self, name: str) -> Ref:
        ref = self._lake.refs.find(name)
        if ref is None or ref.kind != "branch":
            self._lake.refs.resolve(name)  # says what is known
            raise UsageError("lake.ref_not_found", f"`{name}` is not a branch", where=name, hint="`andon branch list`")
        return ref


def _keeping_edits(here: str) -> str:
    """How to keep a folder's edits before a switch; it never leads to a publish into main."""
    if here == MAIN:
        aside = "`andon branch switch --create NAME` takes them along to a new branch, where `andon run` keeps them"
        return f"{aside}; or put the files aside"
    return f"`andon run --branch {here}` keeps them on the branch, or put the files aside"
