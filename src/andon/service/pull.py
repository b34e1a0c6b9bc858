"""Pull: bring what is newer in the branch into the folder; texts that both changed are merged three-way, with markers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.document import Document, Documented
from andon.model.commit import Commit
from andon.project.folder.merge import Newer, Pull, is_rejected, pull_choice, rejected_by_path
from andon.project.folder.scan import scan
from andon.project.folder.text_merge import merge_texts
from andon.runs.planning.bases import common_base
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.moves import HeadMoves
from andon.workspace.base import Base
from andon.workspace.git import git_info
from andon.workspace.git_history import Differing, GitHistory

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class PulledDocument(Document):
    """What a pull did, or would do, to the folder."""

    branch: str
    commit: str
    written: list[str]
    removed: list[str]
    merged: list[str]
    conflicts: list[str]
    kept: list[str]


class Pulled(Documented):
    """What a pull did to the folder: paths written, removed, merged without doubt, merged with markers left to decide, and kept
    although the branch has them not: what was undone, and edits of what is gone."""

    branch: str
    commit: Commit
    written: tuple[str, ...]
    removed: tuple[str, ...]
    merged: tuple[str, ...]
    conflicts: tuple[str, ...]
    kept: tuple[str, ...]

    def document(self) -> PulledDocument:
        """As in `pull --json`."""
        return PulledDocument.about(self, commit=self.commit.id)


def pull(workspace: Workspace, branch: str | None = None, dry: bool = False) -> Pulled:
    """Bring the branch's newer files into the folder.

    A file that only the branch changed is written (or removed); one that only the folder changed or deleted stays so; one that
    both changed is merged by lines between base, folder and branch, with markers where both changed the same lines. An undo counts
    as no change of the branch: what it took back stays in the folder. Nothing is removed or overwritten that the lake does not hold.

    Args:
        dry: only tell what would be done.

    Raises:
        MachineError: `lake.corrupt` for a branch that names other files than a project's.
        ProjectError: `project.link_outside`.
    """
    with workspace.folder.alone():
        return _Pull(workspace, workspace.branch(branch)).do(dry)


def _by_git(choice: Pull, newer: Newer | None) -> Pull:
    """What a pull does where git knows which side is newer; what was undone or left is not its concern."""
    if choice in (Pull.LEAVE, Pull.MERGE):
        return {None: choice, Newer.MINE: Pull.LEAVE, Newer.THEIRS: Pull.TAKE, Newer.BOTH: Pull.MERGE}[newer]
    return choice


class _Pull:
    """One pull: what is decided file by file, then done."""

    def __init__(self, workspace: Workspace, branch: str) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._branch = branch
        self._commit = self._lake.refs.resolve(branch)
        self._head = self._lake.commits.state(self._commit).files()
        self._gatherer = Gatherer(workspace)
        self._side = self._gatherer.folder()
        self._base = common_base(workspace, branch) or Base()
        self._git = GitHistory(workspace.root) if git_info(workspace.root) is not None else None
        self._said: Mapping[str, Newer] = {}
        self._write: dict[str, bytes | None] = {}
        self._merged: list[str] = []
        self._conflicts: list[str] = []
        self._kept: list[str] = []
        #: where the folder's content counts as an edit of the branch's from now on
        self._edits: list[str] = []

    def do(self, dry: bool) -> Pulled:
        self._decide()
        if not dry and self._write:
            self._keep_texts()
            self._workspace.folder.write(self._write)
        if not dry:
            self._remember()
        doubtful = {*self._merged, *self._conflicts}
        return Pulled(
            self._branch,
            self._commit,
            tuple(p for p, c in self._write.items() if c is not None and p not in doubtful),
            tuple(p for p, c in self._write.items() if c is None),
            tuple(self._merged),
            tuple(self._conflicts),
            tuple(self._kept),
        )

    def _decide(self) -> None:
        head, here, common = self._head, self._side.code, self._base.code
        rejected = rejected_by_path(self._commit.rejected)
        meaning = self._gatherer.meaning(self._side) if rejected else None
        moves = HeadMoves(self._lake.commits, self._lake.objects, self._commit)
        texts = self._lake.objects.has_texts(here.values())
        self._said = self._asked_git()
        for path in sorted(head.keys() | here.keys()):
            ours, theirs = here.get(path), head.get(path)
            if ours == theirs:
                continue
            before = common.files.get(path)
            is_known = path in common.files and (ours is None or ours != before or ours in texts)
            choice = pull_choice(
                ours,
                theirs,
                before=before,
                is_known=is_known,
                is_unmoved=is_known and not moves.moved(path, theirs, common.agreed_at(path)),
                is_rejected=is_rejected(path, ours, rejected, meaning),
            )
            choice = _by_git(choice, self._said.get(path))
            if choice is Pull.KEEP:
                self._kept.append(path)
                if path not in common.files or (theirs is None and moves.moved(path, theirs, common.agreed_at(path))):
                    self._edits.append(path)
            elif choice is Pull.TAKE:
                self._write[path] = self._lake.objects.text(theirs) if theirs is not None else None
            elif choice is Pull.MERGE and theirs is not None:
                self._merge(path, before, theirs)

    def _asked_git(self) -> Mapping[str, Newer]:
        """What git says of the files in which folder and branch differ."""
        if self._git is None:
            return {}
        known = self._base.code.files
        paths = [path for path in self._head.keys() | self._side.code.keys() if path in self._head or path in known]
        return self._git.newer(
            [self._differing(path) for path in sorted(paths) if self._head.get(path) != self._side.code.get(path)]
        )

    def _differing(self, path: str) -> Differing:
        ours, theirs = self._side.code.get(path), self._head.get(path)
        return Differing(
            path,
            None if ours is None else lambda: self._side.read(path, ours),
            None if theirs is None else lambda: self._lake.objects.text(theirs),
        )

    def _merge(self, path: str, before: str | None, theirs: str) -> None:
        objects = self._lake.objects
        ancestor = None
        if path in self._said or before is None or before == theirs:
            ancestor = self._git.ancestor(self._differing(path)) if self._git is not None else None
        elif objects.has_texts([before]):
            ancestor = objects.text(before)
        ours = self._side.read(path, self._side.code[path])
        self._write[path], is_clean = merge_texts(ancestor or b"", ours, objects.text(theirs))
        (self._merged if is_clean else self._conflicts).append(path)
        self._edits.append(path)

    def _keep_texts(self) -> None:
        """The lake holds what is about to go, as it is in this moment."""
        here = self._side.code
        self._lake.objects.put_texts([self._side.read(path, here[path]) for path in self._write if path in here])

    def _remember(self) -> None:
        """What both have in common now: the branch's content also where a file holds both sides' edits."""
        here = {p: f.sha256 for p, f in scan(self._workspace.root, self._workspace.cache).items()}
        code = self._base.code.after(self._commit.id, self._head, here, self._edits)
        self._workspace.bases.set(self._branch, Base(code, self._gatherer.common_raw(self._commit, self._base)))
