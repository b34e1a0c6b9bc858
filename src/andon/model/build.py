"""A build: how a version came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.hashing import content_id, texts_id
from andon.base.record import Record, field

#: Why a version was taken over whose rows only lie in other files.
PACKED = "the same rows in fewer files"
#: The part of a source's contract that says what was extracted from a database: `path`, `content`, and what else is recorded.
EXTRACT = "extract"
#: What a build records of its engine that was measured while it worked, and is no cause of anything.
MEASURED = frozenset({"stages", "tasks", "bytes_read", "compared"})


class InputFile(Record, array_like=True):
    """A raw file that a source read: its project-relative path and the sha256 of its bytes."""

    path: str
    sha256: str
    size: int = 0


class BuildTrace(Record):
    """What of a build tells whether something moved since: when it was made, how long that took, what it read. See `Build`."""

    created: str
    seconds: float
    inputs: Mapping[str, str]
    files: tuple[InputFile, ...]


class Build(Record):
    """One way in which `version` came about.

    Attributes:
        id: a random id; a build is a fact about an event, not about content.
        key: the recipe key. At most one build per key is current.
        inputs: `{dataset: version id}` of what was read.
        files: raw files that were read, for sources.
        contract: for sources: what was recorded about dialect, columns and types (see `andon.sources`).
        logical_time: ISO text of the clock that the run saw.
        engine: name and version, threads and memory limit: recorded, not part of the key.
        lock: sha256 of the package lock, for Python.
        seconds: wall time of the task.
        proof: why no work was needed, when the version was adopted (`same content`).
        log: captured output of a Python dataset.
        grown: what a table that grows must remember of how it came to hold its rows; None where it was made whole.
    """

    id: str
    key: str
    dataset: str
    definition: str
    version: str
    run: int | None
    inputs: Mapping[str, str] = field(default_factory=dict)
    files: tuple[InputFile, ...] = ()
    contract: Mapping[str, Any] | None = None
    logical_time: str | None = None
    engine: Mapping[str, Any] = field(default_factory=dict)
    lock: str | None = None
    seconds: float = 0.0
    proof: str | None = None
    log: str | None = None
    created: str = ""
    grown: Mapping[str, Any] | None = None

    @property
    def contents(self) -> dict[str, str]:
        """What a source read, by project path: raw files by their hash; what came of a database by its content, at its source's file."""
        extract = (self.contract or {}).get(EXTRACT)
        if extract is None:
            return {file.path: file.sha256 for file in self.files}
        return {extract["path"]: extract["content"]} if "content" in extract else {}


def aside_key(definition: str, key: str) -> str:
    """The recipe key of the rows that are set aside, by the definition `definition`, of what is built by `key`."""
    return content_id(["recipe aside", definition, key])


def recipe_key(
    definition: str,
    inputs: Mapping[str, str],
    files: tuple[InputFile, ...] = (),
    contract: Mapping[str, Any] | None = None,
    clock: str | None = None,
    grown: Mapping[str, Any] | None = None,
    released: str | None = None,
) -> str:
    """The recipe key: H(definition, input versions, raw files by path and content, contract, logical time if used).

    Args:
        clock: the part of the logical time that the result depends on (`2026-11-01` or a full instant), or None.
        grown: what else the rows of a table that grows hang on (`Grown.part_of_key`).
        released: which rows are in it although a check would set them aside (`Released.digest`).
    """
    read, raw = sorted(inputs.items()), sorted([f.path, f.sha256] for f in files)
    if released is not None:
        return content_id(["recipe", definition, read, raw, contract, clock, grown, released])
    if grown is not None:
        return content_id(["recipe", definition, read, raw, contract, clock, grown])
    if contract is None:
        return texts_id(["recipe", definition, read, raw, None, clock])
    return content_id(["recipe", definition, read, raw, contract, clock])


def is_other(build: Build) -> bool:
    """Whether another engine than the embedded one made it, or was to."""
    return build.engine.get("name", "duckdb") != "duckdb" or "not_spark" in build.engine


def engine_words(engine: Mapping[str, Any]) -> str:
    """What made a version, as its build tells: `duckdb 1.5.5`; who answers for Spark by its own name, `sail 0.7.2`."""
    server = engine.get("server")
    name = server if server and server != "apache" else engine.get("name")
    return " ".join(str(each) for each in (name, engine.get("version")) if each)
