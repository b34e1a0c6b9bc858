"""Totals over several datasets: each aggregate becomes a query of its own, so nothing is joined."""

from __future__ import annotations

import re
from collections.abc import Callable

from andon.checks.language.expression import AGGREGATES, Expression, read_expression
from andon.checks.language.tokens import Flaw, Token, cut

# a dot would make the name that of a file
_PLACE = re.compile(r'"andon ([^"]*)"')
OWN = "own"


def standalone(
    sql: str, dataset: str, own: frozenset[str], guarded: Callable[[str, str], str] = lambda aggregate, _: aggregate
) -> str | Flaw:
    """`sql` with each aggregate as `(select … from <place>)`; `with_relations` fills the places.

    Args:
        dataset: the check's own dataset; names that begin with it mean it.
        own: see `own_names`.
        guarded: what is asked instead of an aggregate over the dataset that is named.
    """
    parts = cut(sql)
    pieces: list[str] = []
    at = index = 0
    while index < len(parts):
        token = parts[index]
        is_call = token.word in AGGREGATES and index + 1 < len(parts) and parts[index + 1].text == "("
        if not is_call:
            index += 1
            continue
        if index and parts[index - 1].text == ".":
            return Flaw("an aggregate after a dot", token.start, f"write `{token.text}(column)`")
        last = _end_of_call(parts, index)
        query = _query(sql, parts[index : last + 1], dataset, own, guarded)
        if isinstance(query, Flaw):
            return query
        pieces += [sql[at : token.start], query]
        at = parts[last].end
        index = last + 1
    whole = "".join([*pieces, sql[at:]])
    found = read_expression(whole, own)
    if isinstance(found, Flaw) or found.is_total or found.datasets:
        return Flaw("the totals can't be told apart", 0, "write each as `sum(schema.dataset.column)`")
    return whole


def with_relations(sql: str, own: str, relation: Callable[[str], str]) -> str:
    """A standalone expression with its places filled: `own` for the own dataset, `relation(name)` for others."""
    return _PLACE.sub(lambda match: own if match[1] == OWN else relation(match[1].replace(" ", ".")), sql)


def _end_of_call(parts: tuple[Token, ...], index: int) -> int:
    """The index of the last token of the call at `index`, its FILTER included."""
    depth = parts[index].depth
    end = next(i for i in range(index + 2, len(parts)) if parts[i].text == ")" and parts[i].depth == depth)
    if end + 2 < len(parts) and parts[end + 1].word == "filter" and parts[end + 2].text == "(":
        end = next(i for i in range(end + 3, len(parts)) if parts[i].text == ")" and parts[i].depth == depth)
    return end


def _query(
    sql: str, parts: tuple[Token, ...], dataset: str, own: frozenset[str], guarded: Callable[[str, str], str]
) -> str | Flaw:
    text = sql[parts[0].start : parts[-1].end]
    found = read_expression(text, own)
    if isinstance(found, Flaw):
        return found
    others = [name for name in found.datasets if name != dataset]
    if len(others) > 1 or (others and (found.columns or dataset in found.datasets)):
        message = "an aggregate over two datasets"
        return Flaw(message, parts[0].start, "each aggregate reads one dataset; write one for each")
    place = others[0].replace(".", " ") if others else OWN
    asked = guarded(_without_names(text, found), others[0] if others else dataset)
    return f'(select {asked} from "andon {place}")'


def _without_names(text: str, found: Expression) -> str:
    """`text` with `schema.dataset.` taken off its columns."""
    parts = cut(text)
    pieces: list[str] = []
    at = index = 0
    while index + 4 < len(parts):
        five = parts[index : index + 5]
        name = ".".join((five[0].name.lower(), five[2].name.lower()))
        dotted = five[1].text == five[3].text == "." and (not index or parts[index - 1].text != ".")
        if dotted and five[0].kind in ("word", "quoted") and name in found.datasets:
            pieces.append(text[at : five[0].start])
            at = five[4].start
            index += 4
        index += 1
    return "".join([*pieces, text[at:]])
