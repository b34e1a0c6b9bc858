"""Queries that get a name, from Python: as datasets, or to be asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.errors import UsageError
from andon.model.event import Reporter, silent
from andon.python.result import Result
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.editing import Edited, FileTextDocument, ToEdit
from andon.service.renaming import Moved
from andon.service.saved_queries import SavedQueryInfo
from andon.service.saved_texts import ToSave
from andon.service.saving import Saved
from andon.service.service import Service


class SavingLake:
    """The part of a lake that saves queries.

    Args:
        ref: the commit that is read; None: the branch's head.
    """

    def __init__(self, service: Service, ref: str | None = None) -> None:
        self._service = service
        self._ref = ref

    def query(self, name: str, /, *, at: str | None = None, **values: Any) -> Result:
        """Ask a saved query, with values of its parameters: `lake.query("monthly", month="2026-10")`.

        Raises:
            UsageError: `lake.query_not_found`; `usage.bad_argument` for a value that is missing, or not of its type.
        """
        ref = at or self._ref
        answer = self._service.saved_queries.ask(name, values, ref)
        return Result(answer, lambda: self._service.trust.notes(answer.commit, answer.datasets, ref))

    def queries(self) -> list[SavedQueryInfo]:
        """All saved queries, by name."""
        return self._service.saved_queries.list(self._ref)

    def rename(
        self,
        old: str,
        new: str,
        *,
        leave_view: bool = False,
        publish: bool = True,
        branch: str | None = None,
        report: Reporter = silent,
        message: str | None = None,
    ) -> Moved:
        """Give a dataset or a saved query another name, in one publish with all files that name it.

        Args:
            leave_view: leave a view under the old name, and what reads it as it is.
            publish: False tells only what would be done.

        Raises:
            UsageError: `lake.is_read` with the files that can't be proved to say the same with the other name.
        """
        options = RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        renaming = self._service.renaming
        return renaming.rename(old, new, options, Listener(report), leaves_view=leave_view, is_dry=not publish)

    def retire(
        self,
        *names: str,
        publish: bool = True,
        branch: str | None = None,
        report: Reporter = silent,
        message: str | None = None,
    ) -> Moved:
        """Take datasets and saved queries away, in one publish.

        Raises:
            UsageError: `lake.is_read` with what still reads one of them.
        """
        options = RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        return self._service.renaming.retire(names, options, Listener(report), is_dry=not publish)

    def file(self, target: str, *, at: str | None = None) -> FileTextDocument:
        """A file of the project as a commit has it: by its path, or by the dataset or saved query that it makes.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.query_not_found`, `usage.bad_argument`.
        """
        return self._service.editing.open(target, at or self._ref)

    def edit(
        self,
        target: str,
        text: str,
        *,
        seen: str | None = None,
        publish: bool = True,
        branch: str | None = None,
        report: Reporter = silent,
        message: str | None = None,
    ) -> Edited:
        """Put another text in the place of a file's, on a branch, by a run there; a branch that is not there begins at main.

        Args:
            target: a path, or the dataset or saved query that the file makes.
            seen: what was looked at, `lake.file(target).commit`: nothing is done where another text was published since.
            publish: False tells only what is wrong with it, and what saving it would come to.

        Raises:
            ProjectError: what is wrong with it, at its place.
            ConflictError: `lake.folder_conflict`, `lake.folder_dirty`.
            UsageError: `lake.is_read` with the files that it breaks.
        """
        wanted, editing = ToEdit(target, text, seen), self._service.editing
        if not publish:
            return editing.look(wanted, RunOptions(branch=branch))
        options = RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        return editing.save(wanted, options, Listener(report))

    def save(
        self,
        name: str,
        sql: str | None = None,
        *,
        owner: str | None = None,
        description: str | None = None,
        materialize: str | None = None,
        refresh: str | None = None,
        tags: Sequence[str] | None = None,
        key: str | Sequence[str] | None = None,
        parameters: Mapping[str, str] | None = None,
        checks: str | Sequence[str] = (),
        replaces: bool = False,
        publish: bool = True,
        branch: str | None = None,
        report: Reporter = silent,
        message: str | None = None,
    ) -> Saved:
        """Save a query as the dataset `schema.name`; a name without a schema saves the query itself, with its parameters.

        Just that file is published, whatever else lies in the folder, where it is written, too.

        Args:
            sql: one SELECT; None leaves the query as it is and changes what is said of it.
            owner, description, materialize, refresh, tags, key: as in the file; "" takes a setting out.
            parameters: of a saved query: a type by name, or `type=default`.
            checks: lines, ids of proposed checks, or `safe` or `all` of these.
            replaces: whether there may be one of that name.
            publish: False builds it aside and tells what it would be, and which checks its values speak for.
            branch: the branch to publish on; None means the one that the folder works on.

        Raises:
            UsageError: `usage.exists`, `usage.bad_argument`.
            ProjectError: what is wrong with the query, at its place.
            ConflictError: `lake.folder_dirty` where the folder has an edit of its own there.
        """
        wanted = ToSave(
            name,
            sql,
            owner=owner,
            description=description,
            materialize=materialize,
            refresh=refresh,
            tags=None if tags is None else tuple(tags),
            key=None if key is None else (key,) if isinstance(key, str) else tuple(key),
            parameters=None if parameters is None else tuple(said_parameters(parameters)),
            checks=(checks,) if isinstance(checks, str) else tuple(checks),
            replaces=replaces,
        )
        options = RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        saving = self._service.saving
        return (saving.save if publish else saving.propose)(wanted, options, Listener(report))


def said_parameters(parameters: object) -> list[str]:
    """Parameters of a saved query, each `name=type` or `name=type=default`.

    Raises:
        UsageError: `usage.bad_argument` where they are no mapping.
    """
    if not isinstance(parameters, Mapping):
        message = "`parameters` is a mapping of names to types"
        raise UsageError("usage.bad_argument", message, where="parameters", hint='`parameters={"month": "date"}`')
    return [f"{name}={said}" for name, said in parameters.items()]
