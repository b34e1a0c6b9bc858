"""An analysis: a script or notebook that is run against one commit, and what such a run made, kept."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import Document, to_json
from andon.base.hashing import content_id
from andon.base.record import Record, field, replace

#: What a parameter may be, and a figure that a run tells.
Scalar = bool | int | float | str | None


class AnalysisKind(StrEnum):
    """What an analysis is written as."""

    SCRIPT = "script"
    MARIMO = "marimo"
    JUPYTER = "jupyter"


class AnalysisStatus(StrEnum):
    """How a run of an analysis ended."""

    DONE = "done"
    FAILED = "failed"


class OutputKind(StrEnum):
    """What a run made, by how it is shown and compared."""

    TABLE = "table"
    PICTURE = "picture"
    FIGURE = "figure"
    HTML = "html"
    TEXT = "text"
    FILE = "file"


class AnalysisParameter(Document):
    """What may be chosen for a run.

    Attributes:
        default: taken where nothing is said; its type is that of the parameter.
        what: in a line, empty where the file says nothing.
    """

    name: str
    default: Scalar
    what: str = ""


class AnalysisOutput(Document):
    """A file that a run made.

    Attributes:
        name: its path in the folder that the run wrote into.
        sha256, size: of its bytes.
        data: of a picture or figure: the name of the output that holds what it shows, where that is known.
    """

    name: str
    kind: OutputKind
    sha256: str
    size: int
    data: str | None = None

    @property
    def path(self) -> str:
        """Where it lies in the storage: by content."""
        return output_path(self.sha256)


class AnalysisCell(Document):
    """A cell of a notebook as it was run.

    Attributes:
        is_code: whether it was run; else it is Markdown.
        text: as written.
        outputs: names of what it made, in order.
    """

    is_code: bool
    text: str
    outputs: list[str] = field(default_factory=list)


class AnalysisFailure(Document):
    """Why a run failed.

    Attributes:
        where: file and line, where they are known.
        traceback: the trace of the analysis's own code, where it raised.
    """

    code: str
    message: str
    where: str | None = None
    hint: str | None = None
    traceback: str | None = None


class AnalysisRun(Document):
    """One run of an analysis, whole: what it is made of, and what it made.

    Attributes:
        number: counts the runs of this analysis.
        status: how it ended.
        file: the analysis's own file; `code` has its text and those of the modules that it uses, as `{project path: sha256}`.
        lock: sha256 of its lock; null where it has no packages.
        ref, commit: how the commit was named that it read, and what that is.
        inputs: the datasets that it could read, with their versions.
        parameters: all, as they were in that run.
        numbers: figures that it told by name.
        printed: its text.
        outputs: files that it made. cells: of a notebook.
        logical_time: the clock that it saw.
        began, seconds, author: when, how long, by whom.
        environment: on what it ran: Python, packages, isolation, the version of Andon.
        version: of what it was made and what it made: two runs of which both are the same have the same.
    """

    name: str
    number: int
    kind: AnalysisKind
    status: AnalysisStatus
    file: str
    code: dict[str, str]
    lock: str | None
    ref: str
    commit: str
    inputs: dict[str, str]
    parameters: dict[str, Scalar]
    logical_time: str
    began: str
    seconds: float
    author: str
    environment: dict[str, Any]
    numbers: dict[str, Scalar] = field(default_factory=dict)
    printed: str = ""
    outputs: list[AnalysisOutput] = field(default_factory=list)
    cells: list[AnalysisCell] = field(default_factory=list)
    error: AnalysisFailure | None = None
    version: str = ""

    @property
    def id(self) -> str:
        """By what its row is known: a hash of all that it says."""
        return analysis_run_id(to_json(self))

    def kept_as(self, number: int) -> AnalysisRun:
        """The run with its number and its version."""
        return replace(self, number=number, version=self.content())

    def content(self) -> str:
        """Its version, by what it says."""
        made = [[each.name, each.sha256] for each in self.outputs]
        recipe = [self.file, self.code, self.lock, self.inputs, self.parameters]
        error = to_json(self.error) if self.error is not None else None
        return content_id(["analysis", recipe, self.numbers, self.printed, made, error])

    @property
    def label(self) -> str:
        """As people name it."""
        return f"{self.name}@{self.number}"

    def output(self, name: str) -> AnalysisOutput | None:
        """What it made under a name."""
        return next((each for each in self.outputs if each.name == name), None)


class AnalysisFile(Record):
    """A file of an output in the storage, and what it must hold."""

    path: str
    size: int
    sha256: str


def analysis_run_id(body: dict[str, Any]) -> str:
    """Id of a run with this `body`."""
    return content_id(["analysis run", body])


def output_path(sha256: str) -> str:
    """The storage path of what a run made: by content."""
    return f"analyses/{sha256[:2]}/{sha256}"
