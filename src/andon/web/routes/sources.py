"""What comes in: sources, and files that are sent."""

from __future__ import annotations

from typing import Any

from andon.model.person import PersonRole
from andon.model.run import RunDocument
from andon.runs.goal import RunOptions
from andon.service.source_add import AddedSource, add_source
from andon.service.source_add_api import AddedApi, add_api
from andon.service.source_check import SourceReportDocument, check_sources
from andon.service.source_list import SourceInfo, list_sources
from andon.service.source_load import load_sources
from andon.service.sources import Accepted, Pinned, accept_source, pin_source
from andon.web.asking import LoadAsked, OnBranch, SourceAsked, SourcesAsked, UploadAsked
from andon.web.endpoint import Endpoint, RouteCall


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
