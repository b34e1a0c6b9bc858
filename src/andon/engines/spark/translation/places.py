"""Where in a text stands what is not translated. The plan tells it of expressions; of the rest the words of the text do. Pure."""

from __future__ import annotations

from andon.base.text import line_and_column
from andon.engines.spark.translation.spark_sql import NotTranslated
from andon.sql.tokens import SqlToken, tokens

#: What the planner makes a `row_number` of that nobody wrote: the word, what it is, and what to write.
_HIDDEN = (
    (
        "limit",
        "LIMIT in a correlated subquery",
        "`order by key limit 1` within it, or `min(x)`; within EXISTS leave it out",
    ),
    (
        "unnest",
        "`unnest` of a list of the outer query",
        "`select key, unnest(list) as e from …` in a CTE, which is joined or grouped",
    ),
)


def place(error: NotTranslated, sql: str) -> None:
    """Say where it is: always somewhere, at the beginning of the text where nothing else is known."""
    listed = list(tokens(sql))
    if error.word == "row_number" and _named(listed, "row_number") is None:
        for word, construct, form in _HIDDEN:
            if _named(listed, word) is not None:
                error.word, error.construct, error.form, error.offset = word, construct, form, None
                break
    known = [_character(sql, error.offset), _named(listed, error.word), _character(sql, error.near)]
    known += [token.start for token in listed[:1]]
    at = next((each for each in known if each is not None), None)
    if at is not None:
        error.line, error.column = line_and_column(sql, at)


def _character(sql: str, offset: int | None) -> int | None:
    written = sql.encode()
    if offset is None or offset >= len(written):
        return None
    return len(written[:offset].decode(errors="ignore"))


def _named(listed: list[SqlToken], word: str | None) -> int | None:
    words = ("any", "all", "some") if word == "any" else (word,)
    return next((token.start for token in listed if token.word in words), None) if word is not None else None
