"""What the git history of a checkout says of files in which folder and lake differ: which side is the newer one.

The lake's base says what folder and branch last had in common. Git may have put an older state into the folder since, or the folder may be
a fresh clone without any base. Where git knows the content that the lake has, its merge base decides, as in a merge of git: the folder
came from it, or was left by it, or both went on.

Only plumbing commands are called: they run nothing that a repository's configuration names, and fetch nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1, sha256
from pathlib import Path

from andon.base.record import Record
from andon.project.folder.merge import Newer
from andon.workspace.git_call import call_git

#: More paths than this are asked for by their folders.
_MANY = 500


class Differing(Record):
    """A file in which folder and lake differ.

    Attributes:
        path: from the project's folder.
        here, there: reads what the folder and the lake have; None where one has no such file.
    """

    path: str
    here: Callable[[], bytes] | None
    there: Callable[[], bytes] | None


class GitHistory:
    """The history of the checkout that a project lies in.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def newer(self, files: Sequence[Differing]) -> Mapping[str, Newer]:
        """Which side is newer, by path, where git knows what the lake has. It raises nothing: without git nothing is known."""
        where = self._git("rev-parse", "--show-prefix", "HEAD") if files else None
        if where is None:
            return {}
        prefix, head = where.split("\n")[:2]
        limits = _limits([file.path for file in files])
        changes = self._changes(limits)
        own = set((self._git("rev-list", "--full-history", head, "--", *limits) or "").split()) if changes else set()
        found = {}
        for file in files:
            path = prefix + file.path
            said = self._of_one(file, path, changes.get(path, {}), own, head)
            if said is not None:
                found[file.path] = said
        return found

    def ancestor(self, file: Differing) -> bytes | None:
        """What git's merge base of the folder and the commit that brought the lake's content has in a file, if both went on from it."""
        where = self._git("rev-parse", "--show-prefix", "HEAD")
        if where is None:
            return None
        prefix, head = where.split("\n")[:2]
        path = prefix + file.path
        changes = self._changes([file.path]).get(path, {})
        for commit in (commit for blob in _ids(file.there, head) for commit in changes.get(blob, ())):
            common = (self._git("merge-base", head, commit) or "").strip()
            blob = self._blob(common, path) if common else None
            text = self._git("cat-file", "blob", blob) if blob else None
            if text is not None:
                return text.encode("utf-8", "surrogateescape")
        return None

    def _of_one(
        self, file: Differing, path: str, changes: Mapping[str, list[str]], own: set[str], head: str
    ) -> Newer | None:
        """Which side is newer in a file.

        Args:
            changes: `{blob: the commits that brought it, newest first}`, with "" for a deletion.
            own: commits of the folder's history.
        """
        if not changes:
            return None
        there = _ids(file.there, head)
        brought = [commit for blob in there for commit in changes.get(blob, ())]
        elsewhere = [commit for commit in brought if commit not in own]
        mine = [commit for commit in brought if commit in own]
        here = _ids(file.here, head)
        for commit in elsewhere:
            common = (self._git("merge-base", head, commit) or "").strip()
            if common and (self._blob(common, path) or "") in here and not self._since(common, mine):
                return Newer.THEIRS
        if mine:
            return Newer.MINE
        return Newer.BOTH if brought and file.there is not None else None

    def _changes(self, limits: Sequence[str]) -> Mapping[str, Mapping[str, list[str]]]:
        """`{path in the repository: {blob: the commits of all branches that brought it, newest first}}`."""
        commits = self._git("rev-list", "--all", "HEAD", "--full-history", "--", *limits)
        if not commits:
            return {}
        how = ("--stdin", "-r", "--root", "-m", "--no-renames", "-z")
        shown = self._git("diff-tree", *how, "--", *limits, given=commits)
        found: dict[str, dict[str, list[str]]] = {}
        commit = ""
        parts = iter((shown or "").split("\0"))
        for part in parts:
            *_, line = part.split("\n")
            if not line.startswith(":"):
                commit = line.split(" ")[0] or commit
                continue
            blob = line.split(" ")[3]
            brought = found.setdefault(next(parts, ""), {}).setdefault(blob if blob.strip("0") else "", [])
            if commit not in brought:
                brought.append(commit)
        return found

    def _since(self, common: str, commits: Sequence[str]) -> bool:
        """Whether the folder's own history brought the content after `common`, too: as a squashed merge does."""
        return any(self._git("merge-base", "--is-ancestor", commit, common) is None for commit in commits)

    def _blob(self, commit: str, path: str) -> str | None:
        found = self._git("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
        return found.strip() if found else None

    def _git(self, *words: str, given: str | None = None) -> str | None:
        return call_git(self._root, *words, given=given)


def _limits(paths: Sequence[str]) -> Sequence[str]:
    """What to limit git to: the paths, or the folders of many."""
    return paths if len(paths) <= _MANY else sorted({path.partition("/")[0] for path in paths})


def _ids(read: Callable[[], bytes] | None, like: str) -> set[str]:
    """The ids that git gives to a content, as it is and with the line ends that git may keep; of no file, that of none."""
    if read is None:
        return {""}
    content = read()
    algorithm = sha256 if len(like) == 64 else sha1
    return {
        algorithm(b"blob %d\0%s" % (len(text), text)).hexdigest() for text in (content, content.replace(b"\r\n", b"\n"))
    }
