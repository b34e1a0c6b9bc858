"""The server itself: what it is, its settings, its state, what codes of errors mean, calls in progress."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.errors import CODES, UsageError
from andon.model.person import PersonRole
from andon.service.doctor import Finding, doctor
from andon.service.documents import SettingDocument, settings_documents
from andon.service.lock_checks import LockCheckDocument, check_locks
from andon.service.locks import Locked, lock
from andon.version import __version__
from andon.web.calls import CallDocument
from andon.web.endpoint import API, Endpoint, RouteCall


class LockAsked(Document, kw_only=True):
    """Whose packages are pinned.

    Attributes:
        datasets: Python datasets; empty means all.
        upgrade: take newer versions where there are some.
    """

    datasets: list[str] = field(default_factory=list)
    upgrade: bool = False


class LocksAsked(Document, kw_only=True):
    """Whose locks are looked at.

    Attributes:
        datasets: by name; empty means all.
    """

    datasets: list[str] = field(default_factory=list)


class DoctorAsked(Document, kw_only=True):
    """Whether every file is read and compared with its hash.

    Attributes:
        deep: read every file.
    """

    deep: bool = False


class About(Document):
    """What answers here."""

    andon: str
    project: str
    branch: str
    commit: str
    is_read_only: bool
    description: str


class ErrorMeaning(Document):
    """What a code of errors means."""

    code: str
    meaning: str


def _about(call: RouteCall) -> Any:
    workspace = call.service.workspace
    ref = workspace.reading()
    return About(
        __version__,
        workspace.root.name,
        ref,
        workspace.lake.refs.resolve(ref).id,
        workspace.lake.database.is_read_only,
        f"{API}/openapi.json",
    )


def _settings(call: RouteCall) -> Any:
    return settings_documents(call.service.workspace.settings)


def _doctor(call: RouteCall) -> Any:
    return doctor(call.service.workspace, call.query.deep)


def _check_locks(call: RouteCall) -> Any:
    asked: LocksAsked = call.query
    return check_locks(call.service.workspace, tuple(asked.datasets))


def _lock(call: RouteCall) -> Any:
    return lock(call.service.workspace, tuple(call.body.datasets), call.body.upgrade)


def _errors(call: RouteCall) -> Any:
    del call
    return [ErrorMeaning(code, meaning) for code, meaning in CODES.items()]


def _error(call: RouteCall) -> Any:
    code = call.path["code"]
    if code not in CODES:
        raise UsageError("usage.no_route", f"there is no code `{code[:40]}`", hint=f"{API}/errors lists them")
    return ErrorMeaning(code, CODES[code])


def _calls(call: RouteCall) -> Any:
    return call.desk.calls.documents()


def _call(call: RouteCall) -> Any:
    return call.desk.calls.find(call.path["call"]).document()


def _cancel(call: RouteCall) -> Any:
    return call.desk.calls.cancel(call.path["call"]).document()


ENDPOINTS = (
    Endpoint("GET", "", "", PersonRole.READER, "What answers here.", _about, (About,)),
    Endpoint(
        "GET",
        "/settings",
        "config show",
        PersonRole.OWNER,
        "Each setting's value and where it comes from.",
        _settings,
        (list[SettingDocument],),
    ),
    Endpoint(
        "GET",
        "/doctor",
        "doctor",
        PersonRole.EDITOR,
        "What is installed, what is missing or at risk, what uses the disk.",
        _doctor,
        (list[Finding],),
        DoctorAsked,
    ),
    Endpoint(
        "GET",
        "/locks",
        "lock --check",
        PersonRole.EDITOR,
        "Whether what the locks of the server's folder name is still to be had, and whole where it is kept.",
        _check_locks,
        (LockCheckDocument,),
        LocksAsked,
    ),
    Endpoint(
        "POST",
        "/locks",
        "lock",
        PersonRole.EDITOR,
        "Pin the packages of Python datasets, in the server's folder.",
        _lock,
        (list[Locked],),
        body=LockAsked,
    ),
    Endpoint(
        "GET",
        "/calls",
        "",
        PersonRole.READER,
        "Calls in progress, and those that ended a while ago, without their answers.",
        _calls,
        (list[CallDocument],),
    ),
    Endpoint(
        "GET",
        "/calls/{call:path}",
        "",
        PersonRole.READER,
        "A call: where it stands, and its answer.",
        _call,
        (CallDocument,),
    ),
    Endpoint("DELETE", "/calls/{call:path}", "", PersonRole.EDITOR, "Stop a call.", _cancel, (CallDocument,)),
    Endpoint("GET", "/errors", "", PersonRole.READER, "What the codes of errors mean.", _errors, (list[ErrorMeaning],)),
    Endpoint("GET", "/errors/{code}", "", PersonRole.READER, "What a code of errors means.", _error, (ErrorMeaning,)),
)
