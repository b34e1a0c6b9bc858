"""What comes in: sources, and files that are sent."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.person import PersonRole
from andon.model.run import RunDocument
from andon.runs.goal import RunOptions
from andon.service.source_add import AddedSource, add_source
from andon.service.source_add_api import AddedApi, add_api
from andon.service.source_check import SourceReportDocument, check_sources
from andon.service.source_list import SourceInfo, list_sources
from andon.service.source_load import load_sources
from andon.service.sources import Accepted, Pinned, accept_source, pin_source
from andon.web.asking import OnBranch, Policy
from andon.web.endpoint import Endpoint, RouteCall


class SourceAsked(Document, kw_only=True):
    """A table (`shop.public.orders`) or an address that is to be a source, and its name.

    Attributes:
        place: `connection.schema.table`, or an address.
        name: of the dataset; without it the connection or the host is its schema.
    """

    place: str
    name: str | None = None


class SourcesAsked(OnBranch, kw_only=True):
    """Which sources; all without a name.

    Attributes:
        sources: their names; empty means all.
    """

    sources: list[str] = field(default_factory=list)


class LoadAsked(OnBranch, kw_only=True):
    """Which sources are loaded, and whether all rows are asked for.

    Attributes:
        sources: their names.
        full: ask for all rows, also of loads of what is new.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
    """

    sources: list[str]
    full: bool = False
    publish: Policy | None = None
    message: str | None = None


class UploadAsked(Document, kw_only=True):
    """A file that is sent: for which source, and what it is called.

    Attributes:
        dataset: the source that it becomes, `crm.leads`.
        name: of the file; its ending says what it is.
        replaces: whether it takes the place of what was uploaded before.
        reading: options of the reader, as SQL: `header = true`.
        agreed: the digest of the plan that somebody saw and wants, or `any`.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
    """

    dataset: str
    name: str
    replaces: bool = False
    reading: str = ""
    agreed: str | None = None
    publish: Policy | None = None
    message: str | None = None


def _list(call: RouteCall) -> Any:
    return list_sources(call.service.workspace, call.query.branch)


def _add(call: RouteCall) -> Any:
    asked: SourceAsked = call.body
    add = add_api if "://" in asked.place else add_source
    return add(call.service.workspace, asked.place, asked.name)


def _check(call: RouteCall) -> Any:
    return check_sources(call.service.workspace, call.body.sources, call.body.branch)


def _load(call: RouteCall) -> Any:
    asked: LoadAsked = call.body
    service = call.service
    options = RunOptions(
        branch=asked.branch, publish=asked.publish, message=asked.message, request=service.workspace.caller.request
    )
    return load_sources(service.workspace, service.runs, asked.sources, options, call.listener, full=asked.full)


def _pin(call: RouteCall) -> Any:
    return pin_source(call.service.workspace, call.path["source"], call.body.branch)


def _accept(call: RouteCall) -> Any:
    return accept_source(call.service.workspace, call.path["source"], call.body.branch)


def _upload(call: RouteCall) -> Any:
    asked: UploadAsked = call.query
    service = call.service
    options = RunOptions(
        agreed=asked.agreed,
        publish=asked.publish,
        message=asked.message,
        request=service.workspace.caller.request,
    )
    return service.uploads.publish(
        call.body,
        asked.dataset,
        options,
        lambda its: service.runs.run(its, call.listener),
        replaces=asked.replaces,
        reading=asked.reading,
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/sources",
        "source list",
        PersonRole.READER,
        "The sources: what each reads, how it loads, when it was loaded last.",
        _list,
        (list[SourceInfo],),
        OnBranch,
    ),
    Endpoint(
        "POST",
        "/sources",
        "source add",
        PersonRole.EDITOR,
        "Make a table of a database or an API a source.",
        _add,
        (AddedSource, AddedApi),
        body=SourceAsked,
        status=201,
    ),
    Endpoint(
        "POST",
        "/sources/checks",
        "source check",
        PersonRole.EDITOR,
        "Look at sources as a load would find them.",
        _check,
        (list[SourceReportDocument],),
        body=SourcesAsked,
    ),
    Endpoint(
        "POST",
        "/sources/loads",
        "source load",
        PersonRole.EDITOR,
        "Load sources and what follows from them.",
        _load,
        (RunDocument,),
        body=LoadAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/sources/{source}/pin",
        "source pin",
        PersonRole.EDITOR,
        "Write what a source is read by into its file, in the server's folder.",
        _pin,
        (Pinned,),
        body=OnBranch,
    ),
    Endpoint(
        "POST",
        "/sources/{source}/accept",
        "source accept",
        PersonRole.EDITOR,
        "Accept the files of a source as they are.",
        _accept,
        (Accepted,),
        body=OnBranch,
    ),
    Endpoint(
        "POST",
        "/uploads",
        "upload",
        PersonRole.EDITOR,
        "Publish the rows of a file that is sent: CSV, JSON, Parquet, Excel.",
        _upload,
        (RunDocument,),
        UploadAsked,
        reports=True,
        takes_file=True,
    ),
)
