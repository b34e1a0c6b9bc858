"""Questions: one SELECT over the datasets of one commit, answered as it suits who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.document import Document
from andon.base.record import replace
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.query.limits import QueryLimits
from andon.service.documents import AnswerDocument, LiveAnswerDocument
from andon.service.saved_queries import SavedQueryInfo
from andon.web.asking import AtCommit, Count, Limit
from andon.web.endpoint import API, Endpoint, RouteCall
from andon.web.streams import MEDIA, Streaming

if TYPE_CHECKING:
    from andon.query.streaming import Streamed


class QueryAsked(AtCommit, kw_only=True):
    """A question.

    Attributes:
        sql: one SELECT over datasets of one commit.
        saved: the name of a saved query in its place.
        parameters: values of `?` in order, or of `$name` by name.
        limit: rows at most; without it as many as the server allows.
    """

    sql: str | None = None
    saved: str | None = None
    parameters: dict[str, Any] | list[Any] | None = None
    limit: Count | None = None


class QueryLink(AtCommit, kw_only=True):
    """A question in an address.

    Attributes:
        sql: one SELECT over datasets of one commit.
        limit: rows at most; without it as many as the server allows.
    """

    sql: str
    limit: Count | None = None


class LiveAsked(Document, kw_only=True):
    """A question to a database itself, in its own SQL.

    Attributes:
        connection: a name below `[connections]` in andon.toml.
        sql: in the database's own words.
        limit: rows at most.
    """

    connection: str
    sql: str
    limit: Limit = 1000


def _ask(call: RouteCall) -> Any:
    asked: QueryAsked = call.body
    if (asked.sql is None) == (asked.saved is None):
        message = "say either `sql`, or `saved`: the name of a saved query"
        raise UsageError(
            "usage.bad_argument", message, where=f"{API}/queries", hint=f"`{API}/saved-queries` lists those"
        )
    if asked.sql is not None:
        return _streaming(call, asked.sql, asked.at, asked.limit, asked.parameters)
    name, values = str(asked.saved), asked.parameters or {}
    if not isinstance(values, dict):
        message = "a saved query takes its parameters by name"
        raise UsageError("usage.bad_argument", message, where="parameters", hint='`{"month": "2026-10"}`')
    given = call.service.querying.limits
    nouns = call.service.saved_queries
    return Streaming(
        lambda most, cancel: nouns.stream(name, values, asked.at, _at_most(given, most), cancel), asked.limit
    )


def _link(call: RouteCall) -> Any:
    asked: QueryLink = call.query
    return _streaming(call, asked.sql, asked.at, asked.limit, None)


def _streaming(
    call: RouteCall, sql: str, at: str | None, limit: int | None, parameters: Mapping[str, Any] | list[Any] | None
) -> Streaming:
    service = call.service
    given = service.querying.limits

    def ask(most: int | None, cancel: CancelToken) -> Streamed:
        return service.querying.stream(sql, at, parameters, _at_most(given, most), cancel=cancel)

    return Streaming(ask, limit)


def _at_most(given: QueryLimits, most: int | None) -> QueryLimits:
    """The limits of the server, and no more rows than the caller wants."""
    if most is None:
        return given
    return replace(given, rows=most if given.rows is None else min(most, given.rows))


def _saved(call: RouteCall) -> Any:
    return call.service.saved_queries.list(call.query.at)


def _saved_one(call: RouteCall) -> Any:
    return call.service.saved_queries.get(call.path["query"], call.query.at)


def _live(call: RouteCall) -> Any:
    from andon.query.live import Live

    asked: LiveAsked = call.body
    with Live(call.service.workspace, asked.connection, asked.sql) as answer:
        rows = [list(row) for row in answer.fetch(asked.limit)]
        return LiveAnswerDocument(answer.columns, answer.types, asked.connection, round(answer.seconds, 4), rows)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/queries",
        "query",
        PersonRole.READER,
        "Ask one SELECT over the datasets of one commit.",
        _ask,
        (AnswerDocument,),
        body=QueryAsked,
        media=tuple(MEDIA),
    ),
    Endpoint(
        "GET",
        "/queries",
        "query",
        PersonRole.READER,
        "The same, by an address that can be passed on.",
        _link,
        (AnswerDocument,),
        QueryLink,
        media=tuple(MEDIA),
    ),
    Endpoint(
        "GET",
        "/saved-queries",
        "ls --queries",
        PersonRole.READER,
        "Saved queries: what each answers, and what it must be given.",
        _saved,
        (list[SavedQueryInfo],),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/saved-queries/{query}",
        "",
        PersonRole.READER,
        "One saved query.",
        _saved_one,
        (SavedQueryInfo,),
        AtCommit,
    ),
    Endpoint(
        "POST",
        "/live-queries",
        "query --connection",
        PersonRole.EDITOR,
        "Ask a database itself, in its own SQL; such an answer can't be repeated.",
        _live,
        (LiveAnswerDocument,),
        body=LiveAsked,
        is_private=True,
    ),
)
