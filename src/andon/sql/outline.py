"""The outline of a query in a database's own SQL: as much as can be seen without knowing its language."""

from __future__ import annotations

from andon.base.record import Record
from andon.sql.tokens import SqlToken, tokens

#: What follows a FROM.
_ENDS_FROM = ("where", "group", "having", "order", "limit", "union", "except", "intersect", "select", "(", ")")
_BEGIN = ("select", "with", "values", "table", "from", "(")


class Outline(Record):
    """What a text comes to.

    Attributes:
        sql: the statement, without `;` and what follows.
        words: its tokens, comments and layout left out.
        problem: (where in the text, message, hint) of why it is no query.
    """

    sql: str
    words: tuple[str, ...] = ()
    problem: tuple[int, str, str] | None = None


def outline(text: str) -> Outline:
    """One SELECT, or what is wrong with it: a source only reads, so it is one statement that begins like one."""
    found = list(tokens(text))
    if not found:
        return Outline(
            "", problem=(max(len(text.rstrip()) - 1, 0), "there is no query", "write one: `select … from …`")
        )
    if found[0].word not in _BEGIN and found[0].text not in _BEGIN:
        message = f"the query begins with `{found[0].text}`, and a source only reads"
        return Outline("", problem=(found[0].start, message, "begin with `select` or `with`"))
    first = next((n for n, token in enumerate(found) if token.text == ";"), len(found))
    after = next((token for token in found[first:] if token.text != ";"), None)
    if after is not None:
        return Outline("", problem=(after.start, "there are two statements", "keep one, or make files of them"))
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0:
            return Outline("", problem=(token.start, "a bracket is closed that was not opened", "take it out"))
    words = tuple(token.text for token in found[:first])
    return Outline(text[found[0].start : _end(found, first)], words)


def _end(found: list[SqlToken], first: int) -> int:
    return found[first].start if first < len(found) else found[-1].end


def tables_named(text: str) -> frozenset[str]:
    """The last parts, in lower case, of what stands where a table does: behind FROM or JOIN, and behind a comma there.

    As good as an outline: a function that gives a table, and the name of a CTE, are among them.
    """
    found: set[str] = set()
    name, awaits, is_from = "", False, False
    for token in tokens(text):
        if token.word in ("from", "join"):
            awaits, is_from, name = True, True, ""
        elif awaits and token.kind in ("word", "quoted"):
            name, awaits = token.name, False
            found.add(name)
        elif name and token.text == ".":
            found.discard(name)
            awaits = True
        else:
            awaits = is_from and token.text == ","
            is_from = is_from and token.word not in _ENDS_FROM
            name = ""
    return frozenset(found)
