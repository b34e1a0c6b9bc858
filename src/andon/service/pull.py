"""Pull: bring what is newer in the branch into the folder; texts that both changed are merged three-way, with markers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andon.base.files import write_whole
from andon.model.commit import Commit
from andon.project.folder.scan import scan
from andon.project.folder.text_merge import merge_texts
from andon.workspace.base import Base, InCommon

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did to the folder: paths written, removed, merged without doubt, and merged with markers left to decide."""

    branch: str
    commit: Commit
    written: tuple[str, ...]
    removed: tuple[str, ...]
    merged: tuple[str, ...]
    conflicts: tuple[str, ...]
    kept: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As in `pull --json`."""
        return {
            "branch": self.branch,
            "commit": self.commit.id,
            "written": list(self.written),
            "removed": list(self.removed),
            "merged": list(self.merged),
            "conflicts": list(self.conflicts),
            "kept": list(self.kept),
        }


def pull(workspace: Workspace, branch: str | None = None, dry: bool = False) -> Pulled:
    """Bring the branch's newer files into the folder.

    A file that only the branch changed is written (or removed); one that only the folder changed or deleted stays so; one that
    both changed is merged by lines between base, folder and branch, with markers where both changed the same lines.

    Args:
        dry: only tell what would be done.
    """
    name = workspace.branch(branch)
    commit = workspace.lake.refs.resolve(name)
    state = workspace.lake.commits.state(commit)
    head = state.files()
    here = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
    old = workspace.folder.base(name)
    base = old.code.files if old is not None else {}
    write: dict[str, bytes | None] = {}
    merged: list[str] = []
    conflicts: list[str] = []
    kept: list[str] = []
    for path in sorted(head.keys() | here.keys()):
        ours, theirs, before = here.get(path), head.get(path), base.get(path)
        if ours == theirs or (theirs == before and before is not None):
            continue
        if ours == before or ours is None:
            write[path] = workspace.lake.objects.text(theirs) if theirs is not None else None
        elif theirs is None:
            kept.append(path)
        else:
            content, clean = _merge(workspace, path, base, theirs)
            (merged if clean else conflicts).append(path)
            write[path] = content
    if not dry:
        for path, text in write.items():
            if text is None:
                (workspace.root / path).unlink(missing_ok=True)
            else:
                write_whole(workspace.root / path, text)
        now = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
        _remember(workspace, name, commit, now, {*merged, *conflicts, *kept})
    return Pulled(
        name,
        commit,
        tuple(p for p, c in write.items() if c is not None and p not in merged and p not in conflicts),
        tuple(p for p, c in write.items() if c is None),
        tuple(merged),
        tuple(conflicts),
        tuple(kept),
    )


def _merge(workspace: Workspace, path: str, base: Mapping[str, str | None], theirs: str) -> tuple[bytes, bool]:
    objects = workspace.lake.objects
    before = base.get(path)
    ancestor = objects.text(before) if before is not None and objects.has_texts([before]) else b""
    return merge_texts(ancestor, (workspace.root / path).read_bytes(), objects.text(theirs))


def _remember(workspace: Workspace, branch: str, commit: Commit, here: Mapping[str, str], decided: set[str]) -> None:
    """After a pull the head's content is what both have in common, also for files that hold both sides' edits now."""
    head = workspace.lake.commits.state(commit).files()
    old = workspace.folder.base(branch) or Base()
    code = old.code.after(commit.id, head, here)
    files = {**code.files, **{path: head.get(path) for path in decided}}
    since = {path: at for path, at in code.since.items() if path not in decided}
    workspace.folder.set_base(branch, Base(InCommon(files, commit.id, since), old.raw))
