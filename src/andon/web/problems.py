"""Errors as answers: problem details (RFC 9457) with the code, place and hint that every face shows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from andon.base.document import UNSET, Document, UnsetType
from andon.base.record import field, replace
from andon.errors import CODES, AccessError, AndonError, ConflictError, MachineError, Problem, ProjectError, UsageError
from andon.model.plan import PlanDocument
from andon.render.values import as_json_text
from andon.web.endpoint import API
from andon.web.hints import routes_of

if TYPE_CHECKING:
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"

#: Codes whose status is not that of their kind.
_STATUS = {
    "access.unknown": 401,
    "access.denied": 403,
    "access.cross_site": 403,
    "usage.no_route": 404,
    "usage.no_project": 404,
    "usage.too_large": 413,
    "usage.exists": 409,
    "usage.confirmation_needed": 409,
    "usage.in_progress": 409,
    "usage.query_limit": 422,
    "usage.query_cancelled": 409,
    "machine.busy": 503,
    "usage.request_reused": 422,
    "lake.ref_not_found": 404,
    "lake.dataset_not_found": 404,
    "lake.column_not_found": 404,
    "lake.query_not_found": 404,
    "lake.insight_not_found": 404,
    "lake.analysis_not_found": 404,
    "incident.none": 404,
    "question.none": 404,
    "question.not_yours": 403,
    "request.none": 404,
    "lake.ref_exists": 409,
    "lake.nothing_to_undo": 409,
    "lake.nothing_to_redo": 409,
    "lake.protected": 409,
    "machine.read_only": 403,
    "machine.missing": 501,
    "build.interrupted": 409,
    "internal.error": 500,
}


class ProblemDocument(Document, kw_only=True):
    """An error as it is answered.

    Attributes:
        type: where the code is explained, relative to the server.
        title: what the code means; `detail`: what happened this time.
        plan, digest: what would be done, where somebody has to agree; the call again with `agreed: digest` does just that.
        routes: the calls that do what the commands do that `hint` names.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: str | None = None
    hint: str | None = None
    retryable: bool = False
    problems: list[Problem] = field(default_factory=list)
    details: dict[str, Any] | UnsetType = UNSET
    plan: PlanDocument | UnsetType = UNSET
    digest: str | UnsetType = UNSET
    routes: dict[str, str] | UnsetType = UNSET


def status_of(error: AndonError) -> int:
    """The HTTP status of an error: by its code, else by its kind."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    match error:
        case UsageError():
            return 400
        case ProjectError():
            return 422
        case ConflictError():
            return 409
        case AccessError():
            return 403
        case MachineError():
            return 503 if error.retryable else 500
    return 422


def problem_of(error: AndonError) -> ProblemDocument:
    """The document of an error."""
    plan = getattr(error, "plan", None)
    hint = error.hint if plan is None else f'the same call with `"agreed": "{plan.digest}"` does just what `plan` tells'
    return ProblemDocument(
        type=f"{API}/errors/{error.code}",
        title=CODES[error.code],
        status=status_of(error),
        detail=error.message,
        code=error.code,
        where=error.where,
        hint=hint,
        retryable=error.retryable,
        problems=list(error.problems),
        details=dict(error.details) if error.details else UNSET,
        plan=plan.document() if plan is not None else UNSET,
        digest=plan.digest if plan is not None else UNSET,
        routes=routes_of(hint) or UNSET,
    )


def defect(error: BaseException) -> AndonError:
    """A defect of Andon as an error that can be shown; its trace belongs in the server's log."""
    return MachineError(
        "internal.error",
        f"a defect in Andon: {type(error).__name__}",
        hint="the server's log has the trace; please report it",
    )


def answer(error: AndonError, status: int | None = None, more: Mapping[str, str] | None = None) -> Response:
    """The response to a call that failed.

    Args:
        status: in place of the one that the error has.
        more: headers.
    """
    found = problem_of(error)
    if status is not None:
        found = replace(found, status=status)
    headers = dict(more or {})
    if found.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="andon"'
    if found.status == 503:
        headers["Retry-After"] = "1"
    return Response(as_json_text(found.to_json()) + "\n", found.status, headers=headers, media_type=MEDIA_TYPE)


async def failed(request: Request, error: Exception) -> Response:
    """An error of ours as the answer."""
    del request
    assert isinstance(error, AndonError)
    return answer(error)


async def not_found(request: Request, error: Exception) -> Response:
    """An address that there is not, or not for this."""
    status = getattr(error, "status_code", 404)
    what = f"{request.method} {request.url.path[:80]}"
    message = f"there is nothing at {what}" if status == 404 else f"{what} is not what this address is for"
    found = UsageError("usage.no_route", message, hint=f"{API}/openapi.json lists all that there is")
    if status != 405:
        return answer(found)
    path = request.url.path
    there = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(path)]
    allowed = sorted({method for route in there for method in route.methods or ()})
    return answer(found, status, {"Allow": ", ".join(allowed)})


async def gone(request: Request, error: Exception) -> Response:
    """Who asked went away in the middle of asking: nobody hears this, but the log does."""
    del request, error
    return Response(status_code=499)


async def broken(request: Request, error: Exception) -> Response:
    """A defect: who asked is told that it is one, the log has its trace."""
    logging.getLogger("andon.web").error("a defect in %s %s", request.method, request.url.path, exc_info=error)
    return answer(defect(error))
