"""Queries that get a name in a lake that a server has: as datasets, or to be asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from andon.base.document import from_json
from andon.python.remote_answer import RemoteAnswer
from andon.python.result import Result
from andon.python.saving import said_parameters
from andon.python.server_link import Hears, ServerLink
from andon.runs.goal import ANY_PLAN
from andon.service.editing import EditedDocument, FileTextDocument
from andon.service.renaming import MovedDocument
from andon.service.saved_queries import SavedQueryInfo
from andon.service.saving import SavedDocument

T = TypeVar("T")


class RemoteSaving:
    """The part of a served lake that saves queries; verbs and arguments as in `SavingLake`.

    Args:
        ref: the commit that is read; None: the branch's head.
    """

    def __init__(self, link: ServerLink, ref: str | None = None) -> None:
        self._link = link
        self._ref = ref

    def query(self, name: str, /, *, at: str | None = None, **values: Any) -> Result:
        """Ask a saved query, with values of its parameters."""
        return self._result({"saved": name, "parameters": values or None}, at)

    def queries(self) -> list[SavedQueryInfo]:
        """All saved queries, by name."""
        return from_json(list[SavedQueryInfo], self._link.get("/saved-queries", at=self._ref))

    def file(self, target: str, *, at: str | None = None) -> FileTextDocument:
        """A file of the project as a commit has it: by its path, or by the dataset or saved query that it makes."""
        return from_json(FileTextDocument, self._link.get(f"/files/{target}", at=at or self._ref))

    def edit(
        self,
        target: str,
        text: str,
        *,
        seen: str | None = None,
        publish: bool = True,
        branch: str | None = None,
        report: Hears | None = None,
        message: str | None = None,
    ) -> EditedDocument:
        """Put another text in the place of a file's, on a branch, by a run there; arguments as in `Lake.edit`."""
        body = {"file": target, "text": text, "seen": seen, "branch": branch}
        if not publish:
            return from_json(EditedDocument, self._link.post("/edits/look", body))
        return self._told("/edits", {**body, "message": message, "agreed": ANY_PLAN}, report, EditedDocument)

    def save(
        self,
        name: str,
        sql: str | None = None,
        *,
        parameters: Mapping[str, str] | None = None,
        checks: str | Sequence[str] = (),
        key: str | Sequence[str] | None = None,
        replaces: bool = False,
        publish: bool = True,
        report: Hears | None = None,
        **said: Any,
    ) -> SavedDocument:
        """Save a query as the dataset `schema.name`, or under a name without a schema; arguments as in `Lake.save`."""
        body = {
            **said,
            "name": name,
            "sql": sql,
            "parameters": None if parameters is None else said_parameters(parameters),
            "checks": [checks] if isinstance(checks, str) else list(checks),
            "key": [key] if isinstance(key, str) else key,
            "replace": replaces,
            "agreed": ANY_PLAN if publish else None,
        }
        return self._told("/datasets", body, report, SavedDocument)

    def rename(
        self,
        old: str,
        new: str,
        *,
        leave_view: bool = False,
        publish: bool = True,
        branch: str | None = None,
        report: Hears | None = None,
        message: str | None = None,
    ) -> MovedDocument:
        """Give a dataset or a saved query another name, in one publish with all files that name it; arguments as in `Lake.rename`."""
        body = {"old": old, "new": new, "leave_view": leave_view, "branch": branch, "message": message}
        return self._told("/renames", {**body, "agreed": ANY_PLAN if publish else None}, report, MovedDocument)

    def retire(
        self,
        *names: str,
        publish: bool = True,
        branch: str | None = None,
        report: Hears | None = None,
        message: str | None = None,
    ) -> MovedDocument:
        """Take datasets and saved queries away, in one publish; arguments as in `Lake.retire`."""
        body = {"names": names, "branch": branch, "message": message, "agreed": ANY_PLAN if publish else None}
        return self._told("/retirements", body, report, MovedDocument)

    # -- parts

    def _result(self, asked: Mapping[str, Any], at: str | None) -> Result:
        body = {**asked, "at": at or self._ref}
        answer = RemoteAnswer(self._link, body)
        return Result(answer, lambda: answer.notes)

    def _told(self, path: str, body: Mapping[str, Any], report: Hears | None, kind: type[T]) -> T:
        if report is None:
            return from_json(kind, self._link.post(path, body))
        document: Any = None
        for name, found in self._link.follow(path, body):
            if name == "answer":
                document = found
            else:
                report(name, found)
        return from_json(kind, document)
