"""A query with the body of a macro in place of its one call. Pure; that it means the same is told by who compares both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.sql.facts import read_facts
from andon.sql.macros import body_of
from andon.sql.tokens import SqlToken, closing, tokens


def without_macro(sql: str, name: str, statement: str) -> str | None:
    """`sql` with the body of the macro `name` where it is called; None where it is not called just once, or in another form.

    Args:
        statement: the `CREATE MACRO` statement of a macro that gives a value.
    """
    facts = read_facts([sql])[0]
    calls = [call for call in facts.calls if call.name == name]
    body = body_of(statement)
    if not facts.normal or len(calls) != 1 or calls[0].is_table or calls[0].qualified is not None or body is None:
        return None
    listed = list(tokens(sql))
    at = next((n for n, token in enumerate(listed) if token.start == calls[0].offset), None)
    if at is None or len(listed) < at + 3 or listed[at].name != name or listed[at + 1].text != "(":
        return None
    end = closing(sql, listed[at + 1].start)
    if end is None:
        return None
    given = _given(sql, [token for token in listed[at + 2 :] if token.end < end], [p for p, _ in body.parameters])
    if given is None:
        return None
    values = {parameter: given.get(parameter, default) for parameter, default in body.parameters}
    if any(value is None for value in values.values()) or given.keys() - values.keys():
        return None
    filled = _filled(body.text, {key: value for key, value in values.items() if value is not None})
    return f"{sql[: calls[0].offset]}({filled}){sql[end:]}"


def _given(sql: str, inside: Sequence[SqlToken], parameters: Sequence[str]) -> dict[str, str] | None:
    """What a call gives, by parameter; None where it gives too much, or in a form that is none of values."""
    groups: list[list[SqlToken]] = [[]]
    depth = 0
    for token in inside:
        mark = token.text if token.kind == "mark" else ""
        depth += 1 if mark and mark in "([{" else -1 if mark and mark in ")]}" else 0
        if mark == "," and depth == 0:
            groups.append([])
        else:
            groups[-1].append(token)
    if groups == [[]]:
        return {}
    found: dict[str, str] = {}
    for number, group in enumerate(groups):
        if not group:
            return None
        if len(group) > 2 and group[1].text in (":=", "=>"):
            parameter, value = group[0].name, group[2:]
        elif number < len(parameters):
            parameter, value = parameters[number], group
        else:
            return None
        if parameter in found or value[0].word in ("distinct", "all") or any(t.word == "order" for t in value):
            return None
        found[parameter] = sql[value[0].start : value[-1].end]
    return found


def _filled(body: str, values: Mapping[str, str]) -> str:
    """A body with what is given in place of its parameters."""
    made, end = "", 0
    listed = list(tokens(body))
    for number, token in enumerate(listed):
        before = listed[number - 1].text if number else ""
        after = listed[number + 1].text if number + 1 < len(listed) else ""
        is_parameter = (
            token.kind in ("word", "quoted") and token.name in values and before != "." and after not in ("(", ".")
        )
        if is_parameter:
            value = values[token.name]
            plain = len(list(tokens(value))) == 1
            made += body[end : token.start] + (value if plain else f"({value})")
            end = token.end
    return made + body[end:]
