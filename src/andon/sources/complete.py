"""All that is wrong with a file at once: what a message says to write is tried before it is said, and what comes next is told as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from andon.base.names import literal, quote
from andon.errors import DatasetError
from andon.sources.files.calls import Call, parse_call
from andon.sources.files.raw_text import Source
from andon.sql.facts import read_facts

#: So many problems of one read are looked for.
_MOST = 12
#: Files above this are not read again for more problems.
_LARGEST = 64 << 20
#: Workbooks are packed, and slow to read.
_LARGEST_WORKBOOK = 2 << 20
_SUGGESTED = re.compile(r"`(?:select [^`]*? from )?(read_\w+\([^`]*\))(?: where [^`]*)?`")


def complete(
    call: Call, error: DatasetError, sources: Sequence[Source], attempt: Callable[[Call], object]
) -> DatasetError:
    """`error`, which the first load of `call` raised, with all that would come after it, and one line that answers it all.

    Args:
        attempt: the first load of another call; raises what is wrong then.
    """
    largest = _LARGEST_WORKBOOK if call.format == "xlsx" else _LARGEST
    if sum(s.stored.stat().st_size for s in sources) > largest:
        return error
    problems, current, seen = [error], call, {call.key}
    while len(problems) <= _MOST:
        following = _next(current, problems[-1], seen, attempt)
        if following is None:
            return error if len(problems) == 1 else _told(problems, None)
        current, problem = following
        if problem is None:
            return _told(problems, current)
        problems.append(problem)
    return _told(problems, None)


def _next(
    call: Call, error: DatasetError, seen: set[str], attempt: Callable[[Call], object]
) -> tuple[Call, DatasetError | None] | None:
    """The first of the calls that `error` says to write that leads on, and what is wrong with it."""
    for text in _SUGGESTED.findall(error.hint or ""):
        suggested = _parsed(text, call.dataset)
        if (
            suggested is None
            or suggested.format != call.format
            or suggested.key in seen
            or _is_guess(call, suggested, error)
        ):
            continue
        seen.add(suggested.key)
        try:
            attempt(suggested)
        except DatasetError as problem:
            if (problem.message, problem.where) != (error.message, error.where):
                return suggested, problem
        else:
            return suggested, None
    return None


def _is_guess(call: Call, suggested: Call, error: DatasetError) -> bool:
    """Whether a suggestion is one that only a person can choose: nothing is built on it."""
    changed = {n for n in ("quote", "delim") if suggested.texts.get(n) != call.texts.get(n)}
    sure = str(error.hint).startswith("write `read_") and " or " not in str(error.hint)
    return bool(changed) and not sure


def _parsed(text: str, dataset: str) -> Call | None:
    facts = read_facts([f"from {text}"])[0]
    return parse_call(facts.reads[0], dataset) if len(facts.reads) == 1 and not facts.problems else None


def _told(problems: Sequence[DatasetError], final: Call | None) -> DatasetError:
    first = problems[0]
    message, hint = first.message, first.hint
    if len(problems) > 1:
        message += f" (and {len(problems) - 1} more: {'; '.join(p.message for p in problems[1:])})"
        if final is not None:
            hint = f"write `{_line(problems, final)}`, which answers all of it"
            open_ones = [p.message.split("?")[0].split(": `")[0] for p in problems if " or `" in (p.hint or "")]
            hint += f"; see whether it decides as you would: {'; '.join(open_ones)}" if open_ones else ""
    row = _one_row(problems)
    if row is not None and final is not None:
        hint = (
            f"{hint}; if line {first.details['line']} is no row of the table (a total, units): `{_without(row, final)}`"
        )
    return DatasetError(first.code, message, where=first.where, hint=hint, details=first.details)


def _line(problems: Sequence[DatasetError], final: Call) -> str:
    replaced = {str(p.details["column"]): str(p.details["replace"]) for p in problems if "replace" in p.details}
    if not replaced:
        return final.suggest()
    inside = ", ".join(f"{expression} as {quote(column)}" for column, expression in replaced.items())
    return f"select * replace ({inside}) from {final.suggest()}"


def _one_row(problems: Sequence[DatasetError]) -> list[dict[str, Any]] | None:
    """What is known of the odd values, if all that is wrong stands in one row."""
    rows = [dict(p.details) for p in problems if "likely" in p.details]
    places = {(p.details.get("file"), p.details.get("line")) for p in problems}
    # What has too few fields is padded first, then its values are odd.
    other = [p for p in problems if "likely" not in p.details and p.code not in ("source.ragged", "source.encoding")]
    return rows if rows and len(places) == 1 and not other and rows[0]["line"] is not None else None


def _without(row: Sequence[dict[str, Any]], final: Call) -> str:
    """A read without the row in which the odd values stand, the others with their types."""
    casts = ", ".join(f"cast({quote(p['column'])} as {p['likely']}) as {quote(p['column'])}" for p in row)
    condition = f"{quote(row[0]['column'])} is distinct from {literal(row[0]['value'])}"
    return f"select * replace ({casts}) from {final.suggest()} where {condition}"
