"""What a text is made of, and one part of it as a question: read where questions are answered, for a text may be anything."""

from __future__ import annotations

from itertools import pairwise

from andon.base.names import did_you_mean
from andon.errors import UsageError
from andon.query.apart.messages import Outlined
from andon.query.gate import bare, check_length
from andon.sql.ctes import ctes_of, part_of
from andon.sql.parse import unreadable
from andon.sql.tokens import tokens


def part(text: str, name: str) -> str:
    """The question that asks the CTE `name` of a text alone, with those that it needs; places are those of the text.

    Raises:
        UsageError: `usage.bad_argument` where there is none of this name.
    """
    text = bare(text)
    check_length(text)
    found = part_of(text, name) if unreadable(text) is None else None
    if found is None:
        known = [cte.name for cte in ctes_of(text)] if unreadable(text) is None else []
        hint = did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else "ask all of it")
        raise UsageError("usage.bad_argument", f"the query has no CTE `{name[:60]}` that can be read", "query", hint)
    return found


def outlined(text: str) -> Outlined:
    """What a text is made of, as far as it can be read: somebody may be in the middle of it."""
    if unreadable(text) is not None:
        return Outlined((), ())
    return Outlined(ctes_of(text), _parameters(text))


def _parameters(text: str) -> tuple[str, ...]:
    """Names of parameters in their order, `$name`; `?` are numbered from 1."""
    found: dict[str, None] = {}
    count = 0
    for before, token in pairwise([None, *tokens(text)]):
        if token is None:
            continue
        if token.text == "?":
            count += 1
            found[str(count)] = None
        elif (
            before is not None and before.text == "$" and before.end == token.start and token.kind in ("word", "number")
        ):
            found[token.text] = None
    return tuple(found)
