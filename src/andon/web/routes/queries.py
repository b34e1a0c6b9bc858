"""Questions: one SELECT over the datasets of one commit, answered as it suits who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from andon.base.cancel import CancelToken
from andon.base.document import UNSET, Document
from andon.base.record import field, replace
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.query.limits import QueryLimits
from andon.service.completion import CompletionDocument, EngineWords
from andon.service.documents import AnswerDocument, LiveAnswerDocument
from andon.service.query_history import AskedQuery
from andon.service.saved_queries import SavedQueryInfo
from andon.version import __version__
from andon.web.asking import AtCommit, Count, Limit
from andon.web.endpoint import API, Endpoint, KeptAnswer, RouteCall
from andon.web.streams import MEDIA, Notes, Streaming

if TYPE_CHECKING:
    from andon.query.streaming import Streamed


class QueryAsked(AtCommit, kw_only=True):
    """A question.

    Attributes:
        sql: one SELECT over datasets of one commit.
        saved: the name of a saved query in its place.
        parameters: values of `?` in order, or of `$name` by name.
        limit: rows at most; without it as many as the server allows.
        part: the name of a CTE of `sql` that is asked alone, with those that it needs.
    """

    sql: str | None = None
    saved: str | None = None
    parameters: dict[str, Any] | list[Any] | None = None
    limit: Count | None = None
    part: str | None = None


class QueryLink(AtCommit, kw_only=True):
    """A question in an address.

    Attributes:
        sql: one SELECT over datasets of one commit.
        limit: rows at most; without it as many as the server allows.
        part: the name of a CTE of `sql` that is asked alone, with those that it needs.
        p: values of `$name`, each as `p.name=…`.
        format: what the answer is given as, whatever the call takes.
    """

    sql: str
    limit: Count | None = None
    part: str | None = None
    p: dict[str, str] = field(default_factory=dict)
    format: Literal["json", "arrow", "csv", "parquet"] | None = None


class PastLooked(Document, kw_only=True):
    """Which questions are looked at.

    Attributes:
        dataset: only those that read it.
        limit: so many of one's own, and so many of others.
    """

    dataset: str | None = None
    limit: Limit = 20


class OutlineAsked(Document, kw_only=True):
    """A text that somebody may be in the middle of.

    Attributes:
        sql: the text.
    """

    sql: str


class CteDocument(Document):
    """A CTE of a query: where it stands, in characters from 0, and which of those before it it needs."""

    name: str
    start: int
    end: int
    needs: list[str]


class OutlineDocument(Document):
    """What a text is made of, as far as it can be read: CTEs, and the names of its parameters."""

    ctes: list[CteDocument]
    parameters: list[str]


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
        return _streaming(call, asked.sql, asked.at, asked.limit, asked.parameters, asked.part)
    name, values = str(asked.saved), asked.parameters or {}
    if not isinstance(values, dict):
        message = "a saved query takes its parameters by name"
        raise UsageError("usage.bad_argument", message, where="parameters", hint='`{"month": "2026-10"}`')
    given = call.service.querying.limits
    nouns = call.service.saved_queries
    return Streaming(
        lambda most, cancel: nouns.stream(name, values, asked.at, _at_most(given, most), cancel),
        asked.limit,
        _notes(call, asked.at),
    )


def _notes(call: RouteCall, at: str | None) -> Notes:
    return lambda answer: call.service.trust.notes(answer.commit, answer.datasets, at)


def _link(call: RouteCall) -> Any:
    asked: QueryLink = call.query
    return _streaming(call, asked.sql, asked.at, asked.limit, asked.p or None, asked.part, asked.format)


def _outline(call: RouteCall) -> Any:
    found = call.service.querying.outline(call.body.sql)
    return OutlineDocument([CteDocument.about(cte) for cte in found.ctes], list(found.parameters))


def _streaming(
    call: RouteCall,
    sql: str,
    at: str | None,
    limit: int | None,
    parameters: Mapping[str, Any] | list[Any] | None,
    part: str | None,
    form: str | None = None,
) -> Streaming:
    service = call.service
    given = service.querying.limits

    def ask(most: int | None, cancel: CancelToken) -> Streamed:
        return service.querying.stream(sql, at, parameters, _at_most(given, most), cancel=cancel, part=part)

    return Streaming(ask, limit, _notes(call, at), form)


def _at_most(given: QueryLimits, most: int | None) -> QueryLimits:
    """The limits of the server, and no more rows than the caller wants."""
    if most is None:
        return given
    return replace(given, rows=most if given.rows is None else min(most, given.rows))


def _saved(call: RouteCall) -> Any:
    return call.service.saved_queries.list(call.query.at)


def _saved_one(call: RouteCall) -> Any:
    return call.service.saved_queries.get(call.path["query"], call.query.at)


def _completion(call: RouteCall) -> Any:
    words, at = call.service.completion, call.query.at
    commit = words.commit(at)
    return KeptAnswer(f"{__version__}-{commit[:24]}", lambda: words.words(commit))


def _words(call: RouteCall) -> Any:
    found = call.service.completion.engine()
    return KeptAnswer(f"{__version__}-{found.version}", lambda: found)


def _past(call: RouteCall) -> Any:
    return call.service.query_history.newest(call.query.limit, call.query.dataset)


def _live(call: RouteCall) -> Any:
    from andon.query.live import Live

    asked: LiveAsked = call.body
    with Live(call.service.workspace, asked.connection, asked.sql) as answer:
        rows = [list(row) for row in answer.fetch(asked.limit)]
        notes = call.service.trust.of_live(asked.connection, asked.sql) or UNSET
        return LiveAnswerDocument(answer.columns, answer.types, asked.connection, round(answer.seconds, 4), rows, notes)


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
        "POST",
        "/queries/outline",
        "",
        PersonRole.READER,
        "What a text is made of: its CTEs, and the names of its parameters. Nothing is asked.",
        _outline,
        (OutlineDocument,),
        body=OutlineAsked,
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
        "GET",
        "/asked-queries",
        "log --queries",
        PersonRole.READER,
        "What people asked: one's own questions first, one for all that differ in values alone.",
        _past,
        (list[AskedQuery],),
        PastLooked,
    ),
    Endpoint(
        "GET",
        "/completion",
        "",
        PersonRole.READER,
        "What an editor of SQL may propose at a commit: datasets, columns, how datasets refer to each other.",
        _completion,
        (CompletionDocument,),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/completion/words",
        "",
        PersonRole.READER,
        "Words of the engine that may stand in a query: functions, keywords, types.",
        _words,
        (EngineWords,),
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
