"""Datasets by a word: a query is saved, changed, published."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.renaming import MovedDocument
from andon.service.saved_texts import ToSave
from andon.service.saving import SavedDocument
from andon.web.endpoint import Endpoint, RouteCall


class SaveAsked(Document, kw_only=True):
    """A query that is saved as a dataset (`schema.name`) or as itself (a name without a schema), or a dataset that is changed.

    Attributes:
        name: `marts.top`; without a schema the query itself is saved.
        sql: one SELECT; without it the query of what is there stays.
        owner: who answers questions about it; here as below, an empty value takes the setting out.
        description: what one row is, and what the dataset is for.
        materialize: `table`, `view`, `incremental` or `history`.
        refresh: how new it has to be: `6h`, `0 6 * * *`, `every: 1d`.
        tags: words to select it by.
        key: columns, the identity of a row.
        parameters: of a saved query, each `month=date`, or `month=date=2026-10-01` with a default.
        checks: ids of proposed checks, or lines: `["key customer", "total > 0"]`.
        replace: whether something of that name may be there.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`: it is published. Without it, it is built aside and shown.
        look: only what it would come to, without building it.
        seen: a ref of what was looked at: where another text was published since, nothing is done.
    """

    name: str
    sql: str | None = None
    owner: str | None = None
    description: str | None = None
    materialize: str | None = None
    refresh: str | None = None
    tags: list[str] | None = None
    key: list[str] | None = None
    parameters: list[str] | None = None
    checks: list[str] = field(default_factory=list)
    replace: bool = False
    branch: str | None = None
    message: str | None = None
    agreed: str | None = None
    look: bool = False
    seen: str | None = None


class RenameAsked(Document, kw_only=True):
    """A new name for a dataset or a saved query; without `agreed` it is only told what would be done.

    Attributes:
        old: the name that it has.
        new: the name that it gets.
        leave_view: leave a view under the old name, and what reads it as it is.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`: it is published.
    """

    old: str
    new: str
    leave_view: bool = False
    branch: str | None = None
    message: str | None = None
    agreed: str | None = None


class RetireAsked(Document, kw_only=True):
    """Datasets and saved queries that go, in one publish; without `agreed` it is only told what would be done.

    Attributes:
        names: all of them.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`: it is published.
    """

    names: list[str]
    branch: str | None = None
    message: str | None = None
    agreed: str | None = None


def _look(call: RouteCall) -> Any:
    asked: SaveAsked = call.body
    return call.service.saving.look(_wanted(asked), RunOptions(branch=asked.branch))


def _save(call: RouteCall) -> Any:
    asked: SaveAsked = call.body
    wanted = _wanted(asked)
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed)
    saving = call.service.saving
    if asked.look:
        return saving.look(wanted, options)
    if asked.agreed is None:
        return saving.propose(wanted, options, call.listener)
    return saving.save(wanted, _options(call), call.listener)


def _wanted(asked: SaveAsked) -> ToSave:
    return ToSave(
        asked.name,
        asked.sql,
        owner=asked.owner,
        description=asked.description,
        materialize=asked.materialize,
        refresh=asked.refresh,
        tags=None if asked.tags is None else tuple(asked.tags),
        key=None if asked.key is None else tuple(asked.key),
        parameters=None if asked.parameters is None else tuple(asked.parameters),
        checks=tuple(asked.checks),
        replaces=asked.replace,
        seen=asked.seen,
    )


def _options(call: RouteCall) -> RunOptions:
    asked, request = call.body, call.service.workspace.caller.request
    return RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed, request=request)


def _rename(call: RouteCall) -> Any:
    asked: RenameAsked = call.body
    renaming, is_dry = call.service.renaming, asked.agreed is None
    return renaming.rename(
        asked.old, asked.new, _options(call), call.listener, leaves_view=asked.leave_view, is_dry=is_dry
    )


def _retire(call: RouteCall) -> Any:
    asked: RetireAsked = call.body
    return call.service.renaming.retire(asked.names, _options(call), call.listener, is_dry=asked.agreed is None)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/datasets",
        "save",
        PersonRole.EDITOR,
        "Save a query as a dataset: built aside and shown, and with `agreed` published.",
        _save,
        (SavedDocument,),
        body=SaveAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/datasets/look",
        "",
        PersonRole.EDITOR,
        "What saving a query would come to: columns, lineage and plan; nothing is built.",
        _look,
        (SavedDocument,),
        body=SaveAsked,
    ),
    Endpoint(
        "POST",
        "/renames",
        "rename",
        PersonRole.EDITOR,
        "Give a dataset or a saved query another name, with all files that name it.",
        _rename,
        (MovedDocument,),
        body=RenameAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/retirements",
        "retire",
        PersonRole.EDITOR,
        "Take datasets and saved queries away; their past stays.",
        _retire,
        (MovedDocument,),
        body=RetireAsked,
        reports=True,
    ),
)
