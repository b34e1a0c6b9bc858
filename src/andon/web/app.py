"""The application: routes from the table of endpoints, who may call them, and answers that every face shows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from andon.base.cancel import Cancelled
from andon.base.document import to_json
from andon.base.record import Record
from andon.base.temporary import Temporary, system_place
from andon.errors import AndonError, UsageError
from andon.query.workers import Workers
from andon.render.values import as_json_text
from andon.runs.goal import Listener
from andon.web.access import Asking, Gatekeeper, require
from andon.web.asking import Nothing
from andon.web.assets import Assets
from andon.web.calls import Answered, CallDesk, LiveCall
from andon.web.endpoint import API, Endpoint, KeptAnswer, RouteCall
from andon.web.files import SentFile
from andon.web.metrics import Metrics
from andon.web.middleware import AccessLog, Safety
from andon.web.packing import packed
from andon.web.pages.actions import FormAction
from andon.web.pages.serving import WebPages
from andon.web.paging import Paged, link
from andon.web.problems import MEDIA_TYPE, broken, defect, failed, gone, not_found, problem_of
from andon.web.reading import MOST_BYTES, read_query
from andon.web.receiving import body_of, digest_of, file_name, on_disk, received, refuse_id, request_id, too_large
from andon.web.routes import all_endpoints
from andon.web.session import log_in, log_out
from andon.web.streams import Streaming
from andon.workspace.caller import Caller

if TYPE_CHECKING:
    from starlette.requests import Request

    from andon.service.service import Service

_log = logging.getLogger("andon.web")
#: So many calls that look are answered at once, so many that change something, so many queries that wait or are answered.
_LOOKING, _CHANGING, _ASKING = 32, 8, 100
#: Seconds that what is on its way may take when the server stops.
GRACE = 20
#: A file that is sent is not larger.
_MOST_FILE = 4_000_000_000


class Wanted(Record):
    """What a call asks for: parts of the address, what stands behind the `?`, the document or file."""

    path: Mapping[str, str]
    query: Any
    body: Any


class Desk:
    """What the process shares, as one person's call sees it."""

    def __init__(self, calls: CallDesk, metrics: Metrics, asking: Asking) -> None:
        self.calls, self.metrics = calls, metrics
        self.person, self.token = asking.person, asking.token


class Application:
    """Answers calls over one service.

    Args:
        names: by which the server is reached beside addresses and `localhost`.
        log: takes a line of the access log, a mapping; None for none.
    """

    def __init__(
        self, service: Service, names: tuple[str, ...] = (), log: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self.service = service
        workspace = service.workspace
        self.calls = CallDesk(
            lambda: workspace.answered, workspace.clock, lambda id: workspace.lake.refs.answered(id) is not None
        )
        self.metrics = Metrics(lambda: self.calls.running)
        self._keeper = Gatekeeper(service, names)
        self.assets = Assets()
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers: Workers | None = None
        self._looking: anyio.CapacityLimiter
        self._changing: anyio.CapacityLimiter
        self._ending = threading.Event()
        self._asking_queries: anyio.CapacityLimiter
        self.pages = WebPages(self, self.assets)
        endpoints = all_endpoints()
        routes: list[BaseRoute] = [Route(f"{API}/calls/{{call:path}}/events", self._events, methods=["GET"])]
        routes += [Route(e.address, self._handler(e), methods=[e.method], name=e.path) for e in endpoints]
        routes += [
            *self.pages.routes(),
            *self.assets.routes(),
            Route("/healthz", self._health, methods=["GET"]),
            Route("/metrics", self._metrics_text, methods=["GET"]),
            Route(f"{API}/openapi.json", self._description, methods=["GET"]),
            Route(f"{API}/session", self._log_in, methods=["POST"]),
            Route(f"{API}/session", self._log_out, methods=["DELETE"]),
        ]
        self.asgi = Starlette(
            routes=routes,
            middleware=[Middleware(AccessLog, metrics=self.metrics, log=log), Middleware(Safety)],
            exception_handlers={
                HTTPException: self._not_there,
                AndonError: failed,
                ClientDisconnect: gone,
                Exception: broken,
            },
            lifespan=self._lifespan,
        )

    # -- the life of the process

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._looking = anyio.CapacityLimiter(_LOOKING)
        self._changing = anyio.CapacityLimiter(_CHANGING)
        self._asking_queries = anyio.CapacityLimiter(_ASKING)
        if not self.service.workspace.lake.database.is_read_only:
            await anyio.to_thread.run_sync(self.calls.forget_old)
        self._workers = Workers.of(self.service.workspace)
        self.service.serve_queries(self._workers)
        await anyio.to_thread.run_sync(self._workers.start)
        learning = threading.Thread(target=self._learn, daemon=True)
        learning.start()
        yield
        self._ending.set()
        self.stop()
        await anyio.to_thread.run_sync(learning.join)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)

    def _learn(self) -> None:
        """What the first visitor would wait for."""
        self.service.history.learn(self._ending.is_set)
        if not self._ending.is_set():
            self.service.catalog.learn()

    def stop(self) -> None:
        """Take nothing new; what runs ends as cancelled, who asked is told."""
        self.calls.stop()
        if self._workers is not None:
            self._workers.close()

    # -- calls

    def _handler(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            asking = await self.asking(request)
            require(asking, endpoint.role)
            if endpoint.is_call:
                return await self._change(endpoint, request, asking)
            return await self._look(endpoint, request, asking)

        return handle

    async def asking(self, request: Request) -> Asking:
        """Who asks.

        Raises:
            AccessError: `access.cross_site`, `access.unknown`.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        asking = await anyio.to_thread.run_sync(self._keeper.look, request.method, headers, request.cookies)
        request.state.who = asking.person.name
        return asking

    async def _look(self, endpoint: Endpoint, request: Request, asking: Asking) -> Response:
        """A call that nobody else hears of, as one that changes nothing."""
        if not endpoint.is_safe:
            refuse_id(request)
        body = body_of(endpoint, request, await received(request, MOST_BYTES, endpoint.address))
        call = self._call(self._wanted(endpoint, request, body), asking, Listener())
        limiter = self._looking if endpoint.is_safe else self._changing
        found = await anyio.to_thread.run_sync(endpoint.call, call, limiter=limiter)
        if isinstance(found, Streaming):
            return await found.response(request, self._asking_queries, self.metrics, problem_of)
        if isinstance(found, SentFile):
            return found.response()
        headers = {}
        if isinstance(found, KeptAnswer):
            headers = {"ETag": f'"{found.tag}"', "Cache-Control": "private, no-cache"}
            if headers["ETag"] in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            make, accepted = found.make, request.headers.get("accept-encoding", "")
            data, how = await anyio.to_thread.run_sync(
                lambda: packed(_text(make()).encode(), accepted), limiter=limiter
            )
            return Response(data, endpoint.status, headers=headers | how, media_type="application/json")
        if isinstance(found, Paged):
            if found.following is not None:
                headers["Link"] = link(request.url.path, request.query_params.multi_items(), found.following)
            found = found.items
        return Response(_text(found), endpoint.status, headers=headers, media_type="application/json")

    async def _change(self, endpoint: Endpoint, request: Request, asking: Asking) -> Response:
        """A call that changes something: it goes on to its end, whether who asked listens or not."""
        given = request_id(request)
        verb = f"{endpoint.method} {endpoint.path}"
        if endpoint.takes_file:
            return await self._take_file(endpoint, request, asking, given)
        data = await received(request, MOST_BYTES, endpoint.address)
        body = body_of(endpoint, request, data)
        digest = digest_of(request, data) if given is not None else None
        wanted = self._wanted(endpoint, request, body)
        live, _ = await self._begun(
            given, asking, verb, digest, lambda live: self._work(endpoint, wanted, asking, live)
        )
        return await _told(live, request)

    async def perform(self, action: FormAction, asking: Asking) -> LiveCall:
        """Begin what a form of a page asks for, as a call like any other."""
        endpoint = action.endpoint
        verb = f"{endpoint.method} {endpoint.path}"
        wanted = Wanted(action.path, action.query, action.body)
        said = repr((verb, sorted(action.path.items()), action.fields)).encode()
        digest = hashlib.sha256(said).hexdigest() if action.id is not None else None

        async def begin(id: str | None) -> LiveCall:
            live, _ = await self._begun(
                id, asking, verb, digest, lambda live: self._work(endpoint, wanted, asking, live)
            )
            return live

        try:
            return await begin(action.id)
        except UsageError as error:
            if error.code != "usage.request_reused" or digest is None:
                raise
            # back to a form that was sent, something else typed, and sent: another request
            return await begin(f"{action.id}~{digest[:16]}")

    async def _begun(
        self, given: str | None, asking: Asking, verb: str, digest: str | None, work: Callable[[LiveCall], Answered]
    ) -> tuple[LiveCall, bool]:
        id = given or secrets.token_hex(16)
        live, is_new = await anyio.to_thread.run_sync(self.calls.begin, id, asking.person.name, verb, digest)
        if is_new:
            task = asyncio.create_task(self._run(live, work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return live, is_new

    async def _run(self, live: LiveCall, work: Callable[[LiveCall], Answered]) -> None:
        def run() -> None:
            try:
                self.calls.end(live, work(live))
            except AndonError as error:  # it was done; only the note of it could not be made
                _log.warning("the answer of call %s could not be kept: %s", live.id, error)

        await anyio.to_thread.run_sync(run, limiter=self._changing)

    def _work(self, endpoint: Endpoint, wanted: Wanted, asking: Asking, live: LiveCall) -> Answered:
        """Do what is asked, in a thread; what happens is its answer."""
        listener = Listener(live.report, live.cancel)
        try:
            call = self._call(wanted, asking, listener, live.request)
            return Answered(endpoint.status, _text(endpoint.call(call)))
        except AndonError as error:
            return _answered(error)
        except Cancelled:
            return _answered(UsageError("build.interrupted", "the call was stopped", hint="ask again when it may run"))
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a call
            _log.exception("a defect in %s %s", endpoint.method, endpoint.path)
            return _answered(defect(error))

    async def _take_file(self, endpoint: Endpoint, request: Request, asking: Asking, given: str | None) -> Response:
        query = read_query(endpoint.query or Nothing, request.query_params.multi_items(), endpoint.address)
        folder = Temporary([system_place()], "upload")
        is_handed_over = False
        try:
            path = folder.path / file_name(query.name)  # type: ignore[attr-defined] # of those that take files
            hashed = hashlib.sha256()
            size = 0
            with on_disk("take the file"), path.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > _MOST_FILE:
                        raise too_large("file", _MOST_FILE, path.name)
                    hashed.update(chunk)
                    await anyio.to_thread.run_sync(file.write, chunk)
            digest = digest_of(request, hashed.digest()) if given is not None else None

            def work(live: LiveCall) -> Answered:
                with contextlib.closing(folder):
                    return self._work(endpoint, Wanted(request.path_params, query, path), asking, live)

            live, is_handed_over = await self._begun(given, asking, f"{endpoint.method} {endpoint.path}", digest, work)
        finally:
            if not is_handed_over:
                folder.close()
        return await _told(live, request)

    def _wanted(self, endpoint: Endpoint, request: Request, body: Any) -> Wanted:
        query = read_query(endpoint.query or Nothing, request.query_params.multi_items(), endpoint.address)
        return Wanted(request.path_params, query, body)

    def _call(self, wanted: Wanted, asking: Asking, listener: Listener, request: str | None = None) -> RouteCall:
        desk = Desk(self.calls, self.metrics, asking)
        return RouteCall(self.service_for(asking, request), wanted.path, wanted.query, wanted.body, listener, desk)

    def service_for(self, asking: Asking, request: str | None = None) -> Service:
        """The verbs in the hands of who asks.

        Args:
            request: by what the lake knows what is done.
        """
        return self.service.by(Caller(asking.person.name, "http", None, request))

    def require_own_site(self, request: Request) -> None:
        """Refuse what pages of other sites send.

        Raises:
            AccessError: `access.cross_site`.
        """
        self._keeper.require_own_site(request.method, dict(request.headers))

    async def looked(self, work: Callable[[], Any]) -> Any:
        """Do what only looks, beside the loop."""
        return await anyio.to_thread.run_sync(work, limiter=self._looking)

    async def _not_there(self, request: Request, error: Exception) -> Response:
        found = await not_found(request, error)
        if not self.pages.is_for_page(request):
            return found
        message = f"there is no page at {request.url.path[:80]}"
        return await self.pages.tell(request, UsageError("usage.no_route", message, hint="the catalog finds datasets"))

    # -- what is no verb

    async def _health(self, request: Request) -> Response:
        self.require_own_site(request)
        return PlainTextResponse("ok\n")

    async def _metrics_text(self, request: Request) -> Response:
        await self.asking(request)
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _description(self, request: Request) -> Response:
        await self.asking(request)
        from andon.web.openapi import description

        return JSONResponse(await anyio.to_thread.run_sync(description))

    async def _events(self, request: Request) -> Response:
        await self.asking(request)
        live = self.calls.find(request.path_params["call"])
        last = request.headers.get("last-event-id", "0")
        return _stream_of(live, int(last) if last.isdecimal() and len(last) < 10 else 0)

    async def _log_in(self, request: Request) -> Response:
        self.require_own_site(request)
        return await log_in(self.service, request)

    async def _log_out(self, request: Request) -> Response:
        self.require_own_site(request)
        return log_out(request)


async def _told(live: LiveCall, request: Request) -> Response:
    """The answer of a call in the way that is asked for: at the end, as events, or where to ask about it."""
    if "text/event-stream" in request.headers.get("accept", ""):
        return _stream_of(live, 0)
    if "respond-async" in request.headers.get("prefer", "").lower():
        place = f"{API}/calls/{quote(live.id, safe='')}"
        return Response(_text(live.document()), 202, headers={"Location": place}, media_type="application/json")
    found = await live.answered()
    kind = "application/json" if found.status < 400 else MEDIA_TYPE
    return Response(found.body, found.status, headers={"Andon-Call": live.id}, media_type=kind)


def _stream_of(live: LiveCall, after: int) -> Response:
    """Events of a call as server-sent events."""

    async def lines() -> AsyncIterator[str]:
        yield f": call {live.id}\n\n"
        async for event in live.events(after):
            if event is None:
                yield ": still running\n\n"
            else:
                number, name, text = event
                yield f"id: {number}\nevent: {name}\ndata: {text.rstrip()}\n\n"

    headers = {"Cache-Control": "no-store", "Andon-Call": live.id, "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), headers=headers, media_type="text/event-stream")


def _text(found: Any) -> str:
    return as_json_text(_plain(found)) + "\n"


def _plain(found: Any) -> Any:
    if isinstance(found, (list, tuple)):
        return [_plain(each) for each in found]
    return found.to_json() if hasattr(found, "to_json") else to_json(found)


def _answered(error: AndonError) -> Answered:
    found = problem_of(error)
    return Answered(found.status, as_json_text(found.to_json()) + "\n")
