"""The CTEs of a query: where each stands, what it needs of the others, and the text that asks one of them alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from andon.base.names import folded, quote
from andon.base.record import Record
from andon.sql.parse import parse
from andon.sql.tokens import SqlToken, closing, tokens


class Cte(Record):
    """A CTE of a query's own WITH.

    Attributes:
        start, end: characters, from its name to behind its bracket.
        needs: names of those before it that it reads, directly or not, in their order; folded.
    """

    name: str
    start: int
    end: int
    needs: tuple[str, ...] = ()


def ctes_of(text: str) -> tuple[Cte, ...]:
    """The CTEs of a text that begins with WITH, as far as that parses; what follows them may be anything.

    What is between the brackets is told by the engine's parser. The list of them is read by tokens, since its trees keep no places of it.
    """
    spans = list(_spans(text))
    if not spans:
        return ()
    parsed = next(iter(parse([text[: spans[-1].end] + "\nselect 1"])))
    if parsed.problem is not None or len(parsed.statements) != 1:
        return ()
    entries = parsed.statements[0]["node"].get("cte_map", {}).get("map", [])
    if [folded(entry["key"]) for entry in entries] != [folded(span.name) for span in spans]:
        return ()
    found: list[Cte] = []
    for span, entry in zip(spans, entries, strict=True):
        read = set(_bare_tables(entry["value"]))
        direct = [each for each in found if folded(each.name) in read]
        needed = {folded(each.name) for each in direct} | {name for each in direct for name in each.needs}
        needs = tuple(folded(each.name) for each in found if folded(each.name) in needed)
        found.append(Cte(span.name, span.start, span.end, needs))
    return tuple(found)


def part_of(text: str, name: str) -> str | None:
    """The text that asks the CTE `name` alone, with those that it needs; None where there is none. What it keeps stands where it stood."""
    known = {folded(cte.name): cte for cte in ctes_of(text)}
    wanted = known.get(folded(name))
    if wanted is None:
        return None
    kept = [known[each] for each in wanted.needs] + [wanted]
    parts = [text[: next(iter(known.values())).start]]
    at = len(parts[0])
    for cte in kept:
        parts += [_blank(text[at : cte.start], keeps_comma=cte is not kept[0]), text[cte.start : cte.end]]
        at = cte.end
    return "".join(parts) + f"\nfrom {quote(wanted.name)}"


def _blank(text: str, *, keeps_comma: bool) -> str:
    """Blanks in place of a text, and of its first comma only where that is wanted."""
    comma = next((token.start for token in tokens(text) if token.text == ","), -1) if keeps_comma else -1
    return "".join(c if c in "\r\n" or at == comma else " " for at, c in enumerate(text))


def _spans(text: str) -> Iterator[Cte]:
    """Names and places of the CTEs, one after the other as long as the text reads like a list of them."""
    found = list(tokens(text))
    at = 1
    if not found or found[0].word != "with":
        return
    if len(found) > 1 and found[1].word == "recursive":
        at = 2
    while at < len(found) and found[at].kind in ("word", "quoted"):
        name = found[at]
        opening = _opening(found, at + 1)
        if opening is None:
            return
        end = closing(text, found[opening].start)
        if end is None:
            return
        yield Cte(name.text[1:-1].replace('""', '"') if name.kind == "quoted" else name.text, name.start, end)
        at = next((n for n in range(opening, len(found)) if found[n].start >= end), len(found))
        if at >= len(found) or found[at].text != ",":
            return
        at += 1


def _opening(found: Sequence[SqlToken], at: int) -> int | None:
    """The bracket in which the query of a CTE stands: that after AS, beside names of columns and of keys."""
    depth = 0
    for n in range(at, len(found)):
        text = found[n].text
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0 or (depth == 0 and text == ","):
            return None
        if depth == 0 and found[n].word == "as":
            rest = (m for m in range(n + 1, len(found)) if found[m].word not in ("not", "materialized"))
            opening = next(rest, None)
            return opening if opening is not None and found[opening].text == "(" else None
    return None


def _bare_tables(part: Any) -> Iterable[str]:
    """Names of tables in a part of a tree that have no schema."""
    if isinstance(part, list):
        for each in part:
            yield from _bare_tables(each)
    elif isinstance(part, dict):
        if part.get("type") == "BASE_TABLE" and not part.get("schema_name"):
            yield folded(str(part["table_name"]))
        for each in part.values():
            if isinstance(each, (list, dict)):
                yield from _bare_tables(each)
