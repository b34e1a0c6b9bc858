"""The state of the checkout that a project lies in: commit, branch, and what of the code is otherwise than there.

Nothing that a repository's configuration names is run: no other program for differences, no filter, no monitor, no hook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from andon.base.hashing import digest
from andon.model.origin import GitState
from andon.project.files.secrets import find_secrets
from andon.workspace.git import is_checkout
from andon.workspace.git_call import call_git

#: What of a project is code; raw files are recorded by their content.
_CODE = (
    *("andon.toml", "playbooks.yml", "glossary.yml"),
    *("sources", "datasets", "macros", "modules", "checks", "tests", "insights", "analyses", "queries"),
)
#: So many characters of a difference are kept, and so many paths are named.
LONGEST, _MOST_PATHS = 200_000, 200
_BEGIN = re.compile(r"^diff --git ", re.MULTILINE)
_PATH = re.compile(r"^(?:\+\+\+ b|--- a)/(.*?)\t?$", re.MULTILINE)
_QUIET = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "diff.mnemonicPrefix=false",
    "-c",
    "diff.noprefix=false",
)


def git_state(root: Path) -> tuple[GitState, str] | None:
    """The checkout that `root` lies in and what was changed there, as it may be kept; None where there is none, or git can't be asked."""
    if not is_checkout(root):
        return None
    quiet = (*_QUIET, *_no_filters(root))
    how = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all")
    said = _text(call_git(root, *quiet, "status", *how, "--", *_CODE))
    if said is None:
        return None
    heads, changed, added = _status(said, "")
    if changed or added:  # paths are told from the top of the checkout, which need not be the project
        prefix = call_git(root, "rev-parse", "--show-prefix")
        if prefix is None:
            return None
        heads, changed, added = _status(said, prefix.strip("\n"))
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    diff, left_out = "", list[str]()
    if changed and commit not in (None, "(initial)"):
        options = (
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-renames",
            "--relative",
            "--ignore-submodules=all",
        )
        told = _text(call_git(root, *quiet, "diff", *options, "HEAD", "--", *_CODE))
        diff, left_out = _kept(told or "")
    state = GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        changed=changed[:_MOST_PATHS],
        added=added[:_MOST_PATHS],
        diff=digest(diff.encode()) if diff else None,
        left_out=left_out[:_MOST_PATHS],
    )
    return state, diff


def _text(said: str | None) -> str | None:
    """What is no UTF-8 becomes a question mark."""
    return None if said is None else said.encode("utf-8", "replace").decode()


def _no_filters(root: Path) -> Iterator[str]:
    """Options that switch off what a configuration wants to be run over contents."""
    named = call_git(root, "config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$") or ""
    for name in filter(None, named.split("\0")):
        driver = name.rpartition(".")[0]
        for each in (f"{name}=", f"{driver}.required=false"):
            yield "-c"
            yield each


def _status(said: str, prefix: str) -> tuple[dict[str, str], list[str], list[str]]:
    """What `git status` said: of the branch, and the paths from the project's folder that are changed and not known."""
    heads: dict[str, str] = {}
    changed, added = list[str](), list[str]()
    for entry in said.split("\0"):
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            heads[name] = value
        elif kind == "1":
            changed.append(rest.split(" ", 7)[-1].removeprefix(prefix))
        elif kind == "u":
            changed.append(rest.split(" ", 9)[-1].removeprefix(prefix))
        elif kind == "?":
            added.append(rest.removeprefix(prefix))
    return heads, sorted(changed), sorted(added)


def _kept(diff: str) -> tuple[str, list[str]]:
    """What of a difference may be kept, and the paths of the rest."""
    begins = [match.start() for match in _BEGIN.finditer(diff)]
    kept, left_out, size = list[str](), list[str](), 0
    for start, end in zip(begins, [*begins[1:], len(diff)], strict=True):
        part = diff[start:end]
        path = _path_of(part)
        size += len(part)
        if size > LONGEST or _holds_secrets(path, part):
            size -= len(part)
            left_out.append(path)
        else:
            kept.append(part)
    return "".join(kept).replace("\0", "\N{REPLACEMENT CHARACTER}"), left_out


def _path_of(part: str) -> str:
    found = [path for path in _PATH.findall(part.partition("\n@@")[0]) if path]
    return found[-1] if found else part.split("\n", 1)[0].rpartition("b/")[2].rstrip('"')


def _holds_secrets(path: str, part: str) -> bool:
    """Whether lines of either side look like secrets: what was taken out of a file was never looked at."""
    lines: Sequence[str] = part.split("\n")
    return any(
        find_secrets(path, "\n".join(line[1:] for line in lines if line[:1] in (" ", sign))) for sign in ("+", "-")
    )
