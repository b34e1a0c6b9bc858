"""Answers visits of pages, and what their forms ask for."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from andon.errors import AndonError, UsageError
from andon.web.access import COOKIE, Asking, require
from andon.web.assets import Assets
from andon.web.calls import Answered, CallDesk, LiveCall
from andon.web.packing import packed
from andon.web.pages import all_pages
from andon.web.pages.actions import DO, FormAction, kept_form, own_page, read_action, read_kept, with_done
from andon.web.pages.calls import following
from andon.web.pages.frame import frame_of
from andon.web.pages.page import PageCall, PageRoute
from andon.web.pages.rendering import Renderer, href, part_of
from andon.web.pages.told import told_of
from andon.web.problems import defect, problem_of, status_of
from andon.web.reading import read_query
from andon.web.receiving import received
from andon.web.session import give_cookie, known_by

if TYPE_CHECKING:
    from starlette.requests import Request

    from andon.service.service import Service

_log = logging.getLogger("andon.web")
#: A form that is sent is not larger.
_MOST_FORM = 4_000_000
#: Seconds that a form waits for its call; what takes longer is shown while it runs.
_PATIENCE = 2.0


class Host(Protocol):
    """What the application gives to pages."""

    service: Service
    calls: CallDesk

    def require_own_site(self, request: Request) -> None:
        """Refuse what pages of other sites send. Raises AccessError."""

    async def asking(self, request: Request) -> Asking:
        """Who asks. Raises AccessError."""

    async def looked(self, work: Callable[[], Any]) -> Any:
        """Do what only looks, beside the loop."""

    async def perform(self, action: FormAction, asking: Asking) -> LiveCall:
        """Begin what a form asks for."""

    def service_for(self, asking: Asking, request: str | None = None) -> Service:
        """The verbs in somebody's hands."""


class WebPages:
    """The pages of one application."""

    def __init__(self, host: Host, assets: Assets) -> None:
        self._host = host
        self._assets = assets
        self._renderer = Renderer(assets)

    def routes(self) -> list[Route]:
        """All addresses of pages."""
        found = [Route(page.path, self._handler(page), methods=["GET"]) for page in all_pages()]
        return [
            *found,
            Route("/login", self._login_page, methods=["GET"]),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
            Route(f"{DO}/{{place:path}}", self._do, methods=["POST"]),
        ]

    def is_for_page(self, request: Request) -> bool:
        """Whether a browser asks for a page, so that it is told of an error by one."""
        is_api = request.url.path.startswith(("/api/", "/static/", "/healthz", "/metrics"))
        return not is_api and "text/html" in request.headers.get("accept", "")

    # -- visits

    def _handler(self, page: PageRoute) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if not self._assets.is_complete:
                return await self._unmade(request)
            return await self._guarded(request, lambda asking: self._visit(page, request, asking))

        return handle

    async def _unmade(self, request: Request) -> Response:
        """The page that is shown in the place of all where parts of others are missing. It says nothing of the lake."""
        self._host.require_own_site(request)
        return _html(request, self._renderer.page("unmade.html", {}), 503)

    async def _visit(self, page: PageRoute, request: Request, asking: Asking) -> Response:
        require(asking, page.role)
        pairs = [(name, value) for name, value in request.query_params.multi_items() if value and name != "done"]
        query = read_query(page.query, pairs, request.url.path)
        part = part_of(request.headers)
        done = self._done(request.query_params.get("done"), asking)
        call = PageCall(
            self._host.service_for(asking), request.path_params, query, asking, self._host.calls, part, done
        )
        told = None if done is None else told_of(done)

        def draw() -> Response:
            shown = page.show(call)
            if isinstance(shown, Response):
                return shown
            around = frame_of(call, request.url.path)
            html = self._renderer.page(page.template, {**around, "told": told, **shown}, part)
            return _html(request, html, int(shown.get("status", 200)))  # packing takes time, too: not on the loop

        found: Response = await self._host.looked(draw)
        return found

    def _done(self, id: str | None, asking: Asking) -> LiveCall | None:
        """The call that a form began; None where there is none, or no longer, or somebody else's."""
        if not id:
            return None
        try:
            found = self._host.calls.find(id)
        except UsageError:
            return None  # the server was started again since: the page itself shows how things are
        return found if found.who == asking.person.name else None

    async def _guarded(self, request: Request, answer: Callable[[Asking], Awaitable[Response]]) -> Response:
        """An answer, or the page that tells what went wrong."""
        asking = None
        try:
            asking = await self._host.asking(request)
            return await answer(asking)
        except AndonError as error:
            if error.code == "access.unknown" and request.url.path.startswith(f"{DO}/"):
                return await self._ask_who(request)
            if error.code == "access.unknown" and not part_of(request.headers):
                return RedirectResponse(href("/login", then=_here(request)), 303)
            return await self.problem(request, error, asking)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a page
            _log.exception("a defect in %s %s", request.method, request.url.path)
            return await self.problem(request, defect(error), asking)

    async def tell(self, request: Request, error: AndonError) -> Response:
        """The page of an error, for whoever may know of the lake."""

        async def answer(asking: Asking) -> Response:
            return await self.problem(request, error, asking)

        return await self._guarded(request, answer)

    async def problem(self, request: Request, error: AndonError, asking: Asking | None, **more: Any) -> Response:
        """The page of an error."""
        return await self._problem(request, problem_of(error), status_of(error), asking, **more)

    async def _problem(
        self, request: Request, problem: Any, status: int, asking: Asking | None, **more: Any
    ) -> Response:
        """The page of an error, by its document."""

        def draw() -> str:
            shown: dict[str, Any] = {"problem": problem, "again": None, "told": None, "frame": None, **more}
            if asking is not None:
                service = self._host.service_for(asking)
                call = PageCall(service, {}, None, asking, self._host.calls)
                shown = {**shown, **frame_of(call, request.url.path)}
            return self._renderer.page("problem.html", shown, part_of(request.headers) and "problem")

        return _html(request, await self._host.looked(draw), status)

    # -- forms

    async def _do(self, request: Request) -> Response:
        async def answer(asking: Asking) -> Response:
            action = read_action(f"/{request.path_params['place']}", await _form(request))
            require(asking, action.endpoint.role)
            live = await self._host.perform(action, asking)
            live.fields = action.typed
            try:
                found = await asyncio.wait_for(live.answered(), _PATIENCE)
            except TimeoutError:
                return RedirectResponse(href(f"/calls/{live.id}", then=action.then, form=action.form or None), 303)
            return await self._answered(request, asking, action, live, found)

        return await self._guarded(request, answer)

    async def _answered(
        self, request: Request, asking: Asking, action: FormAction, live: LiveCall, found: Answered
    ) -> Response:
        if found.status < 400 or action.form:
            return RedirectResponse(following(live, action.then, action.form) or with_done(action.then, live.id), 303)
        told = json.loads(found.body)
        if told["code"] == "usage.confirmation_needed":
            page = {"action": action, "place": request.url.path, "problem": told}
            call = PageCall(self._host.service_for(asking), {}, None, asking, self._host.calls)

            def ask() -> str:
                around = frame_of(call, request.url.path)
                return self._renderer.page("confirm.html", {**around, "told": None, **page})

            return _html(request, await self._host.looked(ask), 409)
        return await self._problem(request, told, found.status, asking, again=action.then)

    # -- who one is

    async def _login_page(self, request: Request) -> Response:
        self._host.require_own_site(request)
        then = own_page(request.query_params.get("then", "/"))
        return _html(
            request,
            self._renderer.page("login.html", {"then": then, "kept": "", "problem": None, "told": None, "frame": None}),
        )

    async def _ask_who(self, request: Request) -> Response:
        """Ask who sends a form, and keep what stands in it: a token may end while somebody types."""
        try:
            kept = kept_form(request.url.path, await _form(request))
        except UsageError as error:
            return await self.problem(request, error, None)
        shown = {"then": "/", "kept": kept, "problem": None, "told": None, "frame": None}
        return _html(request, self._renderer.page("login.html", shown), 401)

    async def _log_in(self, request: Request) -> Response:
        then, token, kept = "/", "", ""
        try:
            self._host.require_own_site(request)
            fields = dict(await _form(request))
            then, token = own_page(fields.get("_then", "/")), fields.get("token", "").strip()
            kept = fields.get("_kept", "")
            await known_by(self._host.service, request, token)
        except AndonError as error:
            shown = {"then": then, "kept": kept, "problem": problem_of(error), "told": None, "frame": None}
            return _html(request, self._renderer.page("login.html", shown), status_of(error))
        found = read_kept(kept)
        response: Response = RedirectResponse(then, 303)
        if found is not None:
            shown = {"form": found, "told": None, "frame": None}
            response = _html(request, self._renderer.page("kept.html", shown))
        give_cookie(request, token, response)
        return response

    async def _log_out(self, request: Request) -> Response:
        self._host.require_own_site(request)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
        return response


async def _form(request: Request) -> list[tuple[str, str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise UsageError("usage.bad_argument", "this takes the fields of a form", where="Content-Type", hint="go back")
    data = await received(request, _MOST_FORM, request.url.path)
    try:
        return parse_qsl(data.decode("utf-8"), keep_blank_values=True, max_num_fields=2000, errors="strict")
    except ValueError as error:
        raise UsageError("usage.bad_argument", f"the form can't be read: {error}", hint="go back") from error


def _html(request: Request, text: str, status: int = 200) -> HTMLResponse:
    data, headers = packed(text.encode(), request.headers.get("accept-encoding", ""))
    headers |= {"Vary": f"HX-Request, HX-Target, {headers['Vary']}", "Cache-Control": "no-store"}
    return HTMLResponse(data, status, headers=headers)


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
