"""A commit: the state of the whole lake, content-addressed; a leaf: one dataset in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

from andon.base.document import Document, from_json, to_json
from andon.base.hashing import content_id, texts_id
from andon.base.record import Record, field
from andon.model.acceptance import Acceptance
from andon.model.release import Release


class CommitKind(StrEnum):
    """What made a commit."""

    INIT = "init"
    CHANGE = "change"
    REFRESH = "refresh"
    PUBLISH = "publish"
    UNDO = "undo"
    REDO = "redo"
    ACCEPT = "accept"


class Leaf(Record, array_like=True):
    """One dataset in a commit: the definition that made it, the build, the version, and its own files' texts.

    Attributes:
        kind: `source`, `sql` or `python`.
        materialize: `table` or `view`.
        definition, build, version, key: ids (`key` is the recipe key of the build).
        files: the dataset's own files (its SQL, Python or YAML file and its lock) as sorted `(path, sha256)`.
    """

    kind: str
    materialize: str
    definition: str
    key: str
    build: str
    version: str
    files: tuple[tuple[str, str], ...] = ()


def version_shown(leaf: Leaf | None) -> str | None:
    """The version that readers see by a leaf, None where there is none."""
    return leaf.version if leaf is not None else None


def shows_the_same(one: Leaf | None, other: Leaf | None) -> bool:
    """Whether two leaves show readers the same, made by the same code: another build of the same content is no difference."""
    if one is None or other is None:
        return one is other
    return (one.version, one.definition, one.files) == (other.version, other.definition, other.files)


class Cause(Record, order=True, array_like=True):
    """Something that an undo took out and that must not come back by itself.

    For code: `path` of a project file and `content`, the meaning hash of a dataset's file or the sha256 of any other file; for raw
    files: also `source`, the dataset that read it, and `content` is the file's sha256. `content` None means that the
    file was absent (a deletion was undone).
    """

    path: str
    content: str | None
    source: str | None = None


def sorted_causes(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Each cause once, in the order of commits: code first, then raw files by source."""
    return tuple(sorted(set(causes), key=lambda c: (c.source or "", c.path, c.content or "")))


class CauseDocument(Document):
    """Something that an undo keeps out."""

    path: str
    content: str | None
    source: str | None


class PartTaken(Record):
    """What was decided where a branch was merged in part: as a parent it would count as taken whole.

    Attributes:
        of: id of the branch's commit.
        decided: files that both had changed, each with the content of the side that somebody decided against. That counts as what both
            had in common from then on, so that the other side's is the newer.
    """

    of: str
    decided: tuple[Cause, ...]


class Commit(Record):
    """The state of the whole lake.

    Attributes:
        id: content id over all the rest.
        parents: ids; the first is the branch's own history, a second one what was merged.
        generation: 1 + the largest of the parents'.
        root: id of the root tree.
        kind: what made it.
        author, message, time: who, why, when (ISO text, UTC).
        run: number of the run, or None.
        rejected: what undos took out, sorted.
        acceptances: results that were accepted in spite of a check.
        target: for undo and redo: the commit that was reverted.
        part: what was decided of a branch that was merged in part.
        releases: rows that checks set aside and somebody put back.
    """

    id: str
    parents: tuple[str, ...]
    generation: int
    root: str
    kind: CommitKind
    author: str
    message: str
    time: str
    run: int | None = None
    rejected: tuple[Cause, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    target: str | None = None
    part: PartTaken | None = None
    releases: tuple[Release, ...] = ()

    @property
    def parent(self) -> str | None:
        """The first parent."""
        return self.parents[0] if self.parents else None

    def body(self) -> dict[str, Any]:
        """All but the id, as JSON."""
        body: dict[str, Any] = to_json(self)
        del body["id"]
        if self.part is None:
            del body["part"]
        if not self.releases:
            del body["releases"]
        return body

    @classmethod
    def from_body(cls, commit_id: str, body: Mapping[str, Any]) -> Commit:
        """Inverse of `body`."""
        return from_json(cls, {"id": commit_id, **body}, stored=True)


def commit_id(body: Mapping[str, Any]) -> str:
    """Id of a commit with this `body`."""
    return content_id(["commit", dict(body)])


class State(Record, dict=True):
    """What a commit holds: a leaf per dataset, and the shared files (settings, macros, modules, checks, insights …).

    Attributes:
        leaves: `{dataset: leaf}`.
        shared: `{project path: sha256}` of code files that belong to no single dataset.
    """

    leaves: Mapping[str, Leaf] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, str]:
        """`{project path: sha256}` of all code: the leaves' own files and the shared ones."""
        return {**self._files}

    def made_otherwise(self, ids: Mapping[str, str]) -> set[str]:
        """The datasets that other definitions made than `ids` says, by dataset; those that it does not name are none of them."""
        return {name for name, made in self._definitions.items() if ids.get(name, made) != made}

    def makes_anew(self, ids: Mapping[str, str]) -> set[str]:
        """The datasets of `ids` that are not there, or that other definitions made."""
        made = self._definitions
        return {name for name, definition in ids.items() if made.get(name) != definition}

    @cached_property
    def code(self) -> str:
        """Id of all code."""
        return code_id(self._files)

    @cached_property
    def sources(self) -> Mapping[str, Leaf]:
        """The leaves of sources, by dataset."""
        return {name: leaf for name, leaf in self.leaves.items() if leaf.kind == "source"}

    @cached_property
    def histories(self) -> Mapping[str, Leaf]:
        """The leaves of histories, by dataset."""
        return {name: leaf for name, leaf in self.leaves.items() if leaf.materialize == "history"}

    @cached_property
    def _definitions(self) -> dict[str, str]:
        return {name: leaf.definition for name, leaf in self.leaves.items()}

    @cached_property
    def _files(self) -> dict[str, str]:
        # asked for again and again of states of thousands of datasets
        result = dict(self.shared)
        for leaf in self.leaves.values():
            result.update(leaf.files)
        return result


def code_id(files: Mapping[str, str]) -> str:
    """Id of all code: `{project path: sha256}`."""
    return texts_id(["project", sorted(files.items())])


def in_force(acceptances: Iterable[Acceptance], state: State) -> tuple[Acceptance, ...]:
    """Those of results that are in `state`; what was accepted once does not stand for other content."""
    versions = {name: leaf.version for name, leaf in state.leaves.items()}
    return tuple({a.subject: a for a in acceptances if versions.get(a.dataset) == a.version}.values())
