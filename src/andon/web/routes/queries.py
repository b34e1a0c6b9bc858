"""Questions: one SELECT over the datasets of one commit, answered as it suits who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.model.person import PersonRole
from andon.service.documents import AnswerDocument, LiveAnswerDocument
from andon.web.asking import LiveAsked, QueryAsked, QueryLink
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.streams import MEDIA, Streaming


def _ask(call: RouteCall) -> Any:
    asked: QueryAsked = call.body
    return _streaming(call, asked.sql, asked.at, asked.limit, asked.parameters)


def _link(call: RouteCall) -> Any:
    asked: QueryLink = call.query
    return _streaming(call, asked.sql, asked.at, asked.limit, None)


def _streaming(
    call: RouteCall, sql: str, at: str | None, limit: int | None, parameters: Mapping[str, Any] | list[Any] | None
) -> Streaming:
    querying = call.service.querying
    return Streaming(lambda: _Whole(querying.ask(sql, at, parameters=parameters)), limit)


class _Whole:
    """An answer that is read in this process."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.commit, self.columns, self.types, self.seconds = (
            answer.commit,
            answer.columns,
            answer.types,
            answer.seconds,
        )
        self.truncated, self.rows_read = False, 0

    def rows(self, limit: int) -> list[Any]:
        rows = self._answer.fetch(limit)
        self.rows_read = len(rows)
        return list(rows)

    def close(self) -> None:
        self._answer.close()

    def cancel(self) -> None:
        self._answer.close()


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
        "POST",
        "/live-queries",
        "query --connection",
        PersonRole.EDITOR,
        "Ask a database itself, in its own SQL; such an answer can't be repeated.",
        _live,
        (LiveAnswerDocument,),
        body=LiveAsked,
    ),
)
