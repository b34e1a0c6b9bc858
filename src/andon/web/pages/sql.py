"""SQL: an editor, its answer as a grid and as a chart, and a plain form where no script runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from andon.base.record import Record, field, replace
from andon.errors import AndonError
from andon.render.values import cell_text, is_number
from andon.web.asking import AtCommit
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href
from andon.web.problems import problem_of

if TYPE_CHECKING:
    from andon.query.streaming import Streamed
    from andon.service.saved_queries import SavedQueryInfo

#: Rows of a page without scripts, and of the grid.
PLAIN_ROWS, GRID_ROWS = 100, 10_000


class SqlLooked(AtCommit, kw_only=True):
    """What is asked.

    Attributes:
        q: the query. saved: the name of one that is saved. part: the name of a CTE of it that is asked alone.
        p: values of `$name`, each as `p.name=…`.
        chart: how its chart is drawn, `kind,x,y,colour`.
        plain: whether the answer is made with the page, for who runs no scripts.
    """

    q: str | None = None
    saved: str | None = None
    part: str | None = None
    p: dict[str, str] = field(default_factory=dict)
    chart: str | None = None
    plain: Literal["1"] | None = None


class PlainAnswer(Record):
    """The first rows of an answer, drawn by the server: texts, None for NULL."""

    columns: list[str]
    types: list[str]
    numbers: list[bool]
    rows: list[list[str | None]]
    commit: str
    seconds: float
    is_cut: bool


class TreeTable(Record):
    """A dataset in the tree."""

    schema: str
    name: str
    dataset: str


def _sql(call: PageCall) -> Shown:
    if call.wants == "history_list":
        past = call.service.query_history.newest()
        named = call.service.saved_queries.list(call.query.at)
        return {"past": past, "named": named, "now": call.service.workspace.clock()}
    asked: SqlLooked = call.query
    text, saved = asked.q, None
    if asked.saved is not None:
        saved = call.service.saved_queries.get(asked.saved, asked.at)
        text = saved.sql if text is None else text
    datasets = call.service.datasets.list(asked.at)
    plain = {**to_query(asked), "q": text, "plain": "1"}
    shown: dict[str, Any] = {
        "asked": asked,
        "text": text,
        "saved": saved,
        "tables": [TreeTable(*each.dataset.partition(".")[::2], each.dataset) for each in datasets],
        "rows": GRID_ROWS,
        "values": {**_defaults(saved), **asked.p},
        "answer": None,
        "problem": None,
        "notes": (),
        "first": _first(datasets) if text is None else None,
        "past": None,
        "plain_address": href("/sql", **plain) if text is not None and not asked.plain else None,
        "save_address": href("/save", q=text, at=asked.at),
        "keep_address": href("/save-insight", q=text, at=asked.at),
    }
    if asked.plain and text is not None and text.strip():
        shown |= _answered(call, text, shown["values"])
    return shown


def to_query(asked: SqlLooked) -> dict[str, str | None]:
    """What stands behind the `?` of the address that asks the same."""
    named = {f"p.{name}": value for name, value in asked.p.items()}
    return {"at": asked.at, "saved": asked.saved, "part": asked.part, **named}


def _defaults(saved: SavedQueryInfo | None) -> dict[str, str]:
    return (
        {each.name: each.default for each in saved.parameters if each.default is not None} if saved is not None else {}
    )


def _first(tables: list[Any]) -> str | None:
    """What a first visit asks: a look at a dataset."""
    made = [each.dataset for each in tables if each.kind != "source"] or [each.dataset for each in tables]
    return f"from {made[0]}\nlimit 100" if made else None


def _answered(call: PageCall, text: str, values: dict[str, str]) -> dict[str, Any]:
    querying = call.service.querying
    limits = replace(querying.limits, rows=PLAIN_ROWS)
    try:
        with querying.stream(text, call.query.at, values or None, limits, part=call.query.part) as answer:
            found = _plain(answer)
        return {"answer": found, "notes": call.service.trust.notes(answer.commit, answer.datasets, call.query.at)}
    except AndonError as error:
        return {"problem": problem_of(error)}


def _plain(answer: Streamed) -> PlainAnswer:
    rows = [[None if value is None else cell_text(value) for value in row] for row in answer.rows()]
    return PlainAnswer(
        answer.columns,
        answer.types,
        [is_number(each) for each in answer.types],
        rows,
        answer.commit.id,
        answer.seconds,
        answer.truncated,
    )


PAGES = (PageRoute("/sql", "sql.html", _sql, SqlLooked),)
