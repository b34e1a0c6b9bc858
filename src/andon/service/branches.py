"""Branches and tags: list, create, drop, switch, publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.files import write_whole
from andon.errors import ConflictError, UsageError
from andon.lake.refname import check_new_name
from andon.lake.refs import MAIN, Ref, RefMove
from andon.model.commit import Commit, CommitKind
from andon.model.event import Reporter, silent
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.project.folder.merge import next_base
from andon.project.folder.scan import scan
from andon.runs.goal import DEFAULTS, Confirm, Goal, RunOptions
from andon.runs.planning.gather import Gatherer
from andon.workspace.folder import Base, base_meanings, put

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class BranchInfo:
    """A branch, its head, and how far it is from main: datasets that differ."""

    name: str
    commit: str
    updated: str
    author: str
    message: str
    current: bool
    differs: int

    def to_json(self) -> dict[str, Any]:
        """As in `branch list --json`."""
        return {
            "name": self.name,
            "commit": self.commit,
            "updated": self.updated,
            "author": self.author,
            "message": self.message,
            "current": self.current,
            "differs": self.differs,
        }


class Branches:
    """Branches and tags of one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def list(self) -> list[BranchInfo]:
        """All branches by name, main first."""
        current = self._workspace.branch()
        main = self._lake.refs.resolve(MAIN)
        found = []
        for ref in self._lake.refs.of_kind("branch"):
            head = self._lake.commits.get(ref.commit)
            differs = len(self._lake.commits.changed_leaves(main, head))
            found.append(
                BranchInfo(ref.name, head.id, ref.updated, head.author, head.message, ref.name == current, differs)
            )
        return sorted(found, key=lambda b: (b.name != MAIN, b.name))

    def create(self, name: str, at: str = MAIN) -> Ref:
        """Make a branch at a commit. Nothing is copied; it takes the folder's base of the branch it is made from.

        Raises:
            UsageError: `lake.ref_invalid`, `lake.ref_exists`, `lake.ref_not_found`.
        """
        check_new_name(name)
        commit = self._lake.refs.resolve(at)
        self._lake.move(RefMove(name, "branch", None, f"branch from {at}"), commit.id, self._workspace.author)
        self._workspace.folder.copy_base(at, name)
        ref = self._lake.refs.find(name)
        assert ref is not None  # made above
        return ref

    def drop(self, name: str) -> Ref:
        """Remove a branch; its commits stay until they are garbage.

        Raises:
            UsageError: `lake.protected` for main, `lake.ref_not_found`.
        """
        if name == MAIN:
            raise UsageError("lake.protected", "`main` can't be dropped: it is what readers see", where=name)
        ref = self._branch(name)
        self._lake.move(RefMove(name, "branch", ref.commit, "drop"), None, self._workspace.author)
        self._workspace.folder.forget_base(name)
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
        target = self._branch(name)
        here = self._workspace.branch()
        if name == here:
            return target, []
        folder = {p: f.sha256 for p, f in scan(self._workspace.root, self._workspace.cache).items()}
        state = self._lake.commits.state(self._lake.commits.get(target.commit))
        wanted = state.files()
        base = self._workspace.folder.base(here)
        common = base.code if base is not None else {}
        changes = {p for p in folder.keys() | wanted.keys() if folder.get(p) != wanted.get(p)}
        dirty = sorted(p for p in changes if folder.get(p) != common.get(p))
        if dirty:
            raise ConflictError(
                "lake.folder_dirty",
                f"edits in this folder would be lost: {', '.join(f'`{p}`' for p in dirty[:5])}",
                where=dirty[0],
                hint=_keeping_edits(here),
            )
        for path in sorted(changes):
            _put(self._workspace.root, path, self._lake.objects.text(wanted[path]) if path in wanted else None)
        self._workspace.folder.set_branch(name)
        gatherer = Gatherer(self._workspace)
        old = self._workspace.folder.base(name)
        raw = gatherer.common_raw(state, old.raw if old else {})
        self._workspace.folder.set_base(name, Base(wanted, gatherer.meanings(state), raw))
        return target, sorted(changes)

    def tag(self, name: str, at: str | None = None) -> Ref:
        """Name a commit for good.

        Raises:
            UsageError: `lake.ref_invalid`, `lake.ref_exists`, `lake.ref_not_found`.
        """
        check_new_name(name)
        commit = self._lake.refs.resolve(at or self._workspace.branch())
        self._lake.move(RefMove(name, "tag", None, "tag"), commit.id, self._workspace.author)
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
        ref = self._lake.refs.find(name)
        if ref is None or ref.kind != "tag":
            raise UsageError(
                "lake.ref_not_found", f"no tag is named `{name}`", where=name, hint="`andon tag` lists them"
            )
        self._lake.move(RefMove(name, "tag", ref.commit, "untag"), None, self._workspace.author)
        return ref

    # -- publish

    def plan_publish(self, name: str, into: str = MAIN, options: RunOptions = DEFAULTS) -> Plan:
        """What publishing the branch `name` would do."""
        return self._workspace.builds.plan_goal(self._goal(name, into, options), options)

    def publish(
        self,
        name: str,
        into: str = MAIN,
        options: RunOptions = DEFAULTS,
        report: Reporter = silent,
        confirm: Confirm | None = None,
    ) -> RunResult:
        """Merge a branch's code into `into`, build what is not known yet, and move `into`.

        Raises:
            ConflictError: `lake.folder_conflict` when both changed one file.
            UsageError: `lake.ref_not_found`, `usage.confirmation_needed`.
        """
        goal = self._goal(name, into, options)
        result = self._workspace.builds.reach(goal, options, report, confirm)
        if result.published:
            self.remember(into)
        return result

    def _goal(self, name: str, into: str, options: RunOptions) -> Goal:
        branch = self._branch(name)
        self._branch(into)
        if name == into:
            raise UsageError("usage.bad_argument", f"`{name}` can't be published into itself", where=name)
        head = self._lake.commits.get(branch.commit)

        def base(target: Commit, gatherer: Gatherer) -> Base | None:
            common = self._lake.commits.merge_base(head, target)
            return self._base(common, target, gatherer) if common is not None else None

        policy = options.publish or str(self._workspace.settings.get("publish.change"))
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

    def _base(self, common: Commit, target: Commit, gatherer: Gatherer) -> Base:
        """Where two branches parted. What `target` undid since and then accepted again counts as an edit of the other one: there the
        base is what `target` has, if that did not change since it was accepted."""
        base = gatherer.base_of(common)
        commits = self._lake.commits
        now = gatherer.base_of(target)
        code, raw = dict(base.code), {source: dict(files) for source, files in base.raw.items()}
        for commit in commits.first_parents(target):
            if commit.generation <= common.generation:
                break
            if commit.kind is not CommitKind.ACCEPT or commit.parent is None:
                continue
            then = gatherer.base_of(commit)
            for cause in set(commits.get(commit.parent).rejected) - set(commit.rejected):
                old, new = (b.code if cause.source is None else b.raw.get(cause.source, {}) for b in (then, now))
                if old.get(cause.path) == new.get(cause.path):
                    put(
                        code if cause.source is None else raw.setdefault(cause.source, {}),
                        cause.path,
                        new.get(cause.path),
                    )
        meanings = {p: m for p, m in base.meanings.items() if code.get(p) == base.code.get(p)}
        return Base(code, meanings, raw)

    def remember(self, into: str, *, raw: bool = False) -> None:
        """Where the folder agrees with what was published, that is its base for the target from now on.

        Args:
            raw: whether that goes for raw files, too.
        """
        folder = self._workspace.folder
        files = {p: f.sha256 for p, f in scan(self._workspace.root, self._workspace.cache).items()}
        state = self._lake.commits.state(self._lake.refs.resolve(into))
        old = folder.base(into)
        code = next_base(old.code if old else None, state.files(), files)
        gatherer = Gatherer(self._workspace)
        meanings = base_meanings(code, old, state.files(), gatherer.meanings(state))
        known = dict(old.raw) if old else {}
        folder.set_base(into, Base(code, meanings, gatherer.common_raw(state, known) if raw else known))

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


def _put(root: Path, path: str, content: bytes | None) -> None:
    if content is None:
        (root / path).unlink(missing_ok=True)
    else:
        write_whole(root / path, content)
