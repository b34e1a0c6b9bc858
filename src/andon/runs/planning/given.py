"""A side of a merge that is the branch itself with some code files given: what a save brings, and no folder is looked at."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.hashing import digest
from andon.base.record import replace
from andon.model.commit import Commit
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.merging import MergeSide
from andon.workspace.base import Base

#: Content by project path; None for a file that goes.
Files = Mapping[str, bytes | None]


def given_side(gatherer: Gatherer, head: Commit, files: Files) -> MergeSide:
    """The code of `head` with `files` in place of its own."""
    own = gatherer.commit(head)
    texts = {digest(content): content for content in files.values() if content is not None}
    code = {path: sha for path, sha in own.code.items() if path not in files}
    code |= {path: digest(content) for path, content in files.items() if content is not None}

    def read(path: str, sha: str) -> bytes:
        return texts[sha] if sha in texts else own.read(path, sha)

    return replace(own, code=code, read=read, is_own=True, asks=False, edited=frozenset(files))


def given_base(gatherer: Gatherer, head: Commit, files: Files, seen: Commit, before: Mapping[str, str]) -> Base:
    """What such a side and `head` have in common: all but `files`, which whoever gave them saw in the commit `seen`.

    Args:
        before: the files of `seen`.
    """
    found = gatherer.base_of(head)
    common = {**found.code.files, **{path: before.get(path) for path in files}}
    return Base(replace(found.code, files=common, since=dict.fromkeys(files, seen.id)), found.raw)
