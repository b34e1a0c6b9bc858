"""Errors that Andon raises: what happened, where, and what to do next.

    AndonError
    ├── UsageError      the command or an argument is wrong            exit 2
    ├── ProjectError    project files are wrong (carries all problems)  exit 2
    ├── DatasetError    a dataset could not be built                    exit 1
    ├── HeldError       a publish was held or refused                   exit 1
    ├── ConflictError   another publish or a stale folder               exit 3
    ├── AccessError     a server does not let somebody do it            exit 2
    └── MachineError    disk, database, network                         exit 4
        └── DamagedError  a file of the lake is not what was written

Every error has a stable `code` that is registered in `CODES`; the reference page of error codes is made from that table.
Code decides the exit status (and later the HTTP status); nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_WRONG = 2
EXIT_CONFLICT = 3
EXIT_MACHINE = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a project file.

    `line` and `column` count from 1. `excerpt` holds the lines around the place with a mark under it, ready to print.
    """

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None
    excerpt: str | None = None

    @property
    def where(self) -> str:
        """`file:line:column`, as far as they are known."""
        parts = [str(p) for p in (self.file, self.line, self.column) if p is not None]
        return ":".join(parts)


#: code -> what it means. One line each; `docs/reference/errors.md` is generated from it.
CODES: dict[str, str] = {
    # usage
    "usage.bad_argument": "An argument of the command is not valid.",
    "usage.confirmation_needed": "The command would change `main` and nothing can be asked without a terminal.",
    "usage.not_yet": "The feature is planned and not in this version.",
    "usage.no_project": "No `andon.toml` in this folder or above it.",
    "usage.exists": "What should be created is there already.",
    "usage.not_one_select": "A query must be one SELECT over datasets.",
    "usage.query_failed": "The engine could not run the query.",
    "usage.query_limit": "A query is longer, or takes more time, memory or room, than it may.",
    "usage.query_cancelled": "A query was cancelled.",
    "usage.no_route": "A server has nothing at this address, or not for this method.",
    "usage.request_reused": "An id of a request was used for another request before.",
    "usage.too_large": "A document or a file that is sent to a server is larger than it takes.",
    "usage.in_progress": "A request of this id is on its way.",
    # stages in folders of their own
    "isolate.raw_files": "Raw files are packed whole: no rows are left out of them, and no values are masked in them.",
    "isolate.other_engine": "A stage was made by an engine that a folder does not bring.",
    "isolate.secret": "A file of code that would be packed holds what looks like a secret.",
    "isolate.not_kept": "What a run failed on is not kept, so it can't be packed.",
    "isolate.analysis": "What is asked is for datasets, or of an analysis only for runs that did not fail.",
    "isolate.no_folder": "A folder is none that a stage was packed into, or it was packed from another lake.",
    "isolate.moved_on": "The code that was packed was changed on the branch since.",
    # who may what
    "access.unknown": "A server does not know who asks: no token, or one that is not good any more.",
    "access.denied": "What is asked needs a role or a scope that the person or the token does not have.",
    "access.cross_site": "A page of another site asks, or the server is called by a name that it does not know.",
    "access.no_people": "A server that others can reach needs people in `andon.toml`.",
    # project files
    "project.invalid": "Project files have problems; all are listed.",
    "project.bad_name": "A file or folder name is not a valid dataset name.",
    "project.duplicate_name": "Two files make the same dataset, or the same insight.",
    "project.reserved_name": "The schema name is reserved.",
    "project.bad_yaml": "YAML that can't be read, or that says something twice.",
    "project.bad_toml": "`andon.toml` can't be read.",
    "project.unknown_key": "A key that Andon doesn't know.",
    "project.bad_value": "A value of the wrong type or outside what is allowed.",
    "project.missing_key": "A key that must be there is missing.",
    "project.unknown_dataset": "A dataset is named that does not exist.",
    "project.unknown_query": "An insight names a saved query that does not exist.",
    "project.link_outside": "A link in the project leads out of it, where nothing is written.",
    "project.cycle": "Datasets read each other in a circle.",
    "project.bad_sql": "SQL that does not parse.",
    "project.unknown_column": "SQL names a column that is not there.",
    "project.unknown_function": "SQL calls a function that is not there.",
    "project.bind_failed": "SQL parses, but has no meaning over its inputs.",
    "project.two_statements": "A dataset's file holds more than one statement.",
    "project.not_select": "A dataset's file is not a SELECT.",
    "project.empty_file": "A project file is empty.",
    "project.not_utf8": "A project file is not UTF-8 text.",
    "project.front_matter": "Front matter is not closed, or holds comment marks.",
    "project.refused_sql": "A construct whose result can't be repeated or checked.",
    "project.secret": "What looks like a secret stands in a project file.",
    "project.bad_python": "A Python dataset can't be read.",
    "project.bad_notebook": "The notebook of an analysis can't be read, or holds what is no Python.",
    "project.bad_macro": "A macro file can't be read.",
    "project.bad_check": "A check that can't be read.",
    "project.bad_test": "A unit test that can't be read, or that doesn't fit the dataset.",
    "project.cannot_add": "A file is written in a way that checks can't be added to without changing more.",
    "project.bad_insight": "An insight file can't be read.",
    "project.file_outside_source": "Files are read only in `sources/`.",
    "project.reads_quarantine": "A dataset reads rows that checks set aside.",
    "project.source_reads_dataset": "A source reads files only, not datasets.",
    # sources
    "source.missing": "A source's file is not there.",
    "source.empty": "A source's file is empty.",
    "source.truncated": "A source's file ends too early or is damaged.",
    "source.ambiguous": "A source's file can be read in more than one way.",
    "source.encoding": "A source's file is not in the stated encoding.",
    "source.ragged": "Rows of a source's file differ in their number of columns.",
    "source.contract": "A source's file differs from what its first load recorded.",
    "source.unreachable": "A database, an API or a place of files can't be reached, or lets nobody in.",
    "source.undone": "What a source would be given was undone, and nothing else of it is published.",
    "source.query_failed": "A database or an API refuses what a source asks.",
    "source.bad_answer": "An API answers with something that can't be taken for the records that were asked for.",
    "source.incomplete": "An API hands out other records than it says there are, or never ends.",
    "source.changed_while_read": "A source's file changed while it was read.",
    # building
    "build.failed": "A dataset could not be built.",
    "build.overflow": "A number does not fit the type that the lake stores.",
    "build.python_failed": "A Python dataset raised an error.",
    "build.python_timeout": "A Python dataset took longer than its time limit.",
    "build.analysis_limit": "A run of an analysis made more files, or larger ones, than are kept.",
    "build.stale_lock": "A Python dataset's lock does not fit its packages.",
    "build.bad_lock": "A lock of a Python dataset holds more than packages with their versions and hashes.",
    "build.no_lock": "A Python dataset has packages and no lock.",
    "build.environment": "The packages of a Python dataset could not be installed.",
    "build.interrupted": "The run was interrupted.",
    "history.bad_rows": "The rows that a history is given make none: two for one key, one without, a type that can't say earlier ones.",
    "build.can_not_grow": "A table can't grow as its file says: not every row that changes could be told.",
    "build.too_many_partitions": "A result would be parted into more files than a table should have.",
    "build.not_supported": "The engine can't do what the dataset asks for.",
    "build.other_columns": "An engine returns other columns for a dataset than its definition does.",
    "build.engines_differ": "What an engine built holds other rows than the embedded engine gives for the same.",
    # engines that are not embedded
    "engine.not_set": "A dataset is to be built by an engine that `andon.toml` says nothing of.",
    "engine.unreachable": "An engine does not answer, or lets nobody in.",
    "engine.lost": "An engine does not know any more what it was asked to do.",
    "notify.failed": "A message could not be sent.",
    "action.unfit": "A corrective action can't be done about this incident.",
    "action.running": "Something is being done about the incident already.",
    "action.lost": "Another process brought a corrective action to its end.",
    "action.frozen": "Somebody stopped all automatic action.",
    "action.no_program": "The program of a playbook can't be run.",
    "run.held": "The run was held back from publishing.",
    "run.claim_lost": "Another process took over what a scheduled run works on.",
    # suggestions
    "suggestion.decided": "Somebody else decided about a suggestion at the same time.",
    # hints
    "simplify.differs": "A hint was built on a branch, and some rows came out otherwise than on main.",
    # incidents
    "incident.none": "There is no incident of this number.",
    "incident.over": "The incident is over.",
    "incident.stands": "What the incident is about is not right yet.",
    # requests
    "request.none": "There is no request of this number.",
    "request.claimed": "Somebody else takes care of the request.",
    "request.over": "The request was answered or withdrawn.",
    # questions
    "question.none": "There is no question of this number, or no such answer to it.",
    "question.over": "The question was withdrawn.",
    "question.no_answer": "Nobody answered the question yet.",
    "question.not_yours": "Only who wrote something changes it or takes it back.",
    # reviews
    "review.needed": "A change of a dataset waits until its owner approves it.",
    "review.nothing": "Nothing of a change waits for an owner.",
    "review.moved": "What changes a dataset is another change than the one that somebody looked at.",
    "review.not_owner": "Only its owner approves changes of the dataset.",
    "cord.held": "Somebody holds the dataset.",
    "cord.none": "Nobody holds the dataset.",
    # lake
    "lake.ref_not_found": "No branch, tag, commit or run of that name.",
    "lake.ref_ambiguous": "A short commit id fits more than one commit, or a clock is known to have been wrong about a moment.",
    "lake.ref_invalid": "A name of a branch or tag is not valid.",
    "lake.ref_exists": "A branch or tag of that name exists.",
    "lake.dataset_not_found": "No dataset of that name at that commit.",
    "lake.query_not_found": "No saved query of that name at that commit.",
    "lake.in_use": "What should be archived is needed by something live.",
    "lake.insight_not_found": "No insight of that name at that commit.",
    "lake.analysis_not_found": "No analysis of that name in the folder or at that commit, or no run of it.",
    "lake.is_read": "What should be renamed or retired is named by files that would be wrong then.",
    "lake.column_not_found": "No column of that name in the dataset at that commit.",
    "lake.ref_moved": "The branch moved meanwhile.",
    "lake.folder_conflict": "A file was changed both here and in the branch.",
    "lake.folder_dirty": "The folder has edits that would be lost.",
    "lake.nothing_to_undo": "No publish is left to undo.",
    "lake.nothing_to_redo": "No undo is left to redo.",
    "lake.protected": "The branch can't be dropped, or the name is no branch and can't move.",
    "lake.format": "The lake or its folder is of another format.",
    "lake.busy": "Somebody takes files of the lake away at this moment, or brings them back.",
    "lake.lease_lost": "A process was silent for so long that what it read may have been taken away meanwhile.",
    "lake.corrupt": "Stored data is not what its id says.",
    "lake.elsewhere": "The storage is not the one in which the files of the catalog lie.",
    "lake.gone": "The data of a version are not kept any more; `andon repair DATASET@REF` builds them again.",
    # backups
    "backup.none": "A folder is no backup of a lake, or not of this one, or has none of that moment.",
    "backup.damaged": "A backup is not what was written, or lacks what was damaged when it was made.",
    # machine
    "machine.disk": "The disk is full or can't be written.",
    "machine.read_only": "The folder or the catalog can't be written.",
    "machine.database": "The catalog's database failed.",
    "machine.unknown_outcome": "The catalog was lost while it committed: it is done, or it is not.",
    "machine.storage": "The storage failed.",
    "machine.memory": "There was not enough memory.",
    "machine.busy": "All that can answer queries are at work.",
    "machine.worker": "A process that answers queries ended or can't be started.",
    "machine.server": "A server does not answer, or is none of Andon.",
    "machine.address": "A server can't listen at an address.",
    "machine.missing": "A program or package that is needed is not installed.",
    "internal.error": "A defect in Andon itself.",
}


@dataclass(eq=False, repr=False)
class AndonError(Exception):
    """Root of all errors that Andon raises on purpose.

    Args:
        code: a key of `CODES`; stable, for programs.
        message: one sentence; names in backticks, what was found and what was expected.
        where: `file:line:column`, a dataset, a ref or a run.
        hint: what to do next, a command where there is one.
        retryable: whether the same call may succeed later with nothing else changed.
        details: more facts for programs (JSON values).
        problems: for errors that report many things at once.
    """

    code: str
    message: str
    where: str | None = None
    hint: str | None = None
    retryable: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    exit_status: ClassVar[int] = EXIT_MACHINE
    #: Whether it would fail every further task of a run as well.
    stops_run: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"error code {self.code!r} is not registered in andon.errors.CODES")
        Exception.__init__(self, self.message)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        only = self.problems[0] if len(self.problems) == 1 else None
        if only is not None and only.message == self.message:  # said once
            return "\n  ".join(
                filter(None, [text, *(only.excerpt or "").splitlines(), self.hint and f"hint: {self.hint}"])
            )
        for problem in self.problems:
            text += f"\n  {problem.where}: {problem.message}" if problem.where else f"\n  {problem.message}"
            text += "".join(f"\n    {line}" for line in (problem.excerpt or "").splitlines())
            text += f"\n    hint: {problem.hint}" if problem.hint else ""
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.code}: {self.message}>"

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.code, self.message, self.where, self.hint, self.retryable, dict(self.details), self.problems)
        return (type(self), fields)

    def to_json(self) -> dict[str, Any]:
        """The error as the document that `--json` and HTTP show: `{code, message, where, hint, problems}`."""
        document: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
            "retryable": self.retryable,
            "problems": [asdict(p) for p in self.problems],
        }
        if self.details:
            document["details"] = dict(self.details)
        return document


class UsageError(AndonError):
    """The command or one of its arguments is wrong."""

    exit_status = EXIT_WRONG


class ProjectError(AndonError):
    """Project files are wrong; `problems` lists everything that was found."""

    exit_status = EXIT_WRONG

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> ProjectError:
        """One error for all `problems`, which must not be empty, sorted by place."""
        ordered = tuple(sorted(problems, key=lambda p: (p.file or "", p.line or 0, p.column or 0, p.message)))
        files = len({p.file for p in ordered})
        count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
        place = "1 file" if files == 1 else f"{files} files"
        return cls("project.invalid", f"{count} in {place}", problems=ordered)


class DatasetError(AndonError):
    """A dataset could not be built."""

    exit_status = EXIT_FAILED


class HeldError(AndonError):
    """A publish was held or refused."""

    exit_status = EXIT_FAILED


class ConflictError(AndonError):
    """Another publish came first, or the folder is stale."""

    exit_status = EXIT_CONFLICT


class AccessError(AndonError):
    """A server does not let somebody do what they ask."""

    exit_status = EXIT_WRONG


class MachineError(AndonError):
    """The machine failed: disk, database, network, a missing program."""

    exit_status = EXIT_MACHINE
    stops_run = True


class DamagedError(MachineError):
    """A file of the lake does not hold what was written: what reads it fails, and nothing else does."""

    stops_run = False
