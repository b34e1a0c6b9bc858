"""What may stand after a form: `where … allow … warn "why"`, taken from the end of the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from andon.base.record import Record, replace
from andon.checks.language.context import COMPARATORS, Context, Read
from andon.checks.language.expression import read_expression
from andon.checks.language.literals import read_number, read_share
from andon.checks.language.tokens import Flaw, Token, cut, is_share, part
from andon.model.check import Allow, CheckKind, Key, Reference, Severity, Unique
from andon.sql.names import words

_EXAMPLE = "amount > 0 where status = 'paid' allow 1% warn \"why it matters\""
_RANKS = {"where": 0, "allow": 1, "quarantine": 2, "warn": 3, "info": 3}
#: Words with which modifiers begin.
MODIFIER_WORDS = frozenset(_RANKS)
_OPERATORS = frozenset(
    (*COMPARATORS, *(["%", "*", "/", "||", "->", "->>", "//", "**", "+", "-", ",", "(", ".", "::", "+-"]))
)
_FORM_WORDS = words("null key unique and or not in is by watch matches where between like")


class Modifiers(Record):
    """What stands after a form."""

    where: str | None = None
    allow: Allow | None = None
    quarantine: Allow | None = None
    severity: Severity | None = None
    why: str | None = None
    where_offset: int = 0
    allow_offset: int = 0
    quarantine_offset: int = 0


def splits(line: str) -> Iterator[tuple[str, Modifiers]]:
    """Ways to part a line into form and modifiers, those that take more from the end first."""

    def reason(text: str, found: Modifiers) -> Iterator[tuple[str, Modifiers]]:
        parts = cut(text)
        if len(parts) < 2 or parts[-1].kind != "quoted":
            yield from severity(text, found)
            return
        with_reason = severity(text[: parts[-1].start].rstrip(), replace(found, why=parts[-1].name))
        # `not null "Email"` names a column, `email is not null "it is asked for"` has a reason: what reads first counts
        ways = (severity(text, found), with_reason) if _wants_operand(parts) else (with_reason, severity(text, found))
        for way in ways:
            yield from way

    def severity(text: str, found: Modifiers) -> Iterator[tuple[str, Modifiers]]:
        parts = cut(text)
        if len(parts) > 1 and parts[-1].word in ("warn", "info"):
            taken = replace(found, severity=Severity(parts[-1].word))
            yield from quarantine(text[: parts[-1].start].rstrip(), taken)
        yield from quarantine(text, found)

    def quarantine(text: str, found: Modifiers) -> Iterator[tuple[str, Modifiers]]:
        taken = _amount_after("quarantine", text)
        if taken is not None:
            amount, start = taken
            yield from allow(text[:start].rstrip(), replace(found, quarantine=amount, quarantine_offset=start))
        yield from allow(text, found)

    def allow(text: str, found: Modifiers) -> Iterator[tuple[str, Modifiers]]:
        taken = _amount_after("allow", text)
        if taken is not None:
            amount, start = taken
            yield from where(text[:start].rstrip(), replace(found, allow=amount, allow_offset=start))
        yield from where(text, found)

    def where(text: str, found: Modifiers) -> Iterator[tuple[str, Modifiers]]:
        parts = cut(text)
        place = next((t for t in reversed(parts[1:]) if t.word == "where" and not t.depth), None)
        if place is not None and place is not parts[-1]:
            condition = part(text, place.end)
            yield text[: place.start].rstrip(), replace(found, where=condition, where_offset=place.start)
        yield text, found

    yield from reason(line, Modifiers())


def _amount_after(word: str, text: str) -> tuple[Allow, int] | None:
    """The amount that a text ends with after a modifier's word, and where that word stands."""
    place = next((t for t in reversed(cut(text)[1:]) if t.word == word and not t.depth), None)
    amount = _read_allow(text[place.end :]) if place is not None else None
    return (amount, place.start) if place is not None and amount is not None else None


def _wants_operand(parts: tuple[Token, ...]) -> bool:
    """Whether the last token, in double quotes, is the operand of what stands before it, and so the name of a column."""
    before = parts[-2]
    if before.text == "%" and (
        is_share(parts[:-1], len(parts) - 2) or (len(parts) > 3 and parts[-4].word in ("allow", "quarantine"))
    ):
        return False
    return before.text in _OPERATORS or before.text == "%" or before.word in _FORM_WORDS


def _read_allow(text: str) -> Allow | None:
    """`0.5%` or `20 rows`."""
    share = read_share(re.sub(r"\s+%", "%", text.strip()))
    if share is not None:
        return Allow(share=share) if 0 <= share <= 1 else None
    parts = cut(text)
    if len(parts) != 2 or parts[1].word not in ("rows", "row"):
        return None
    number = read_number(parts[0].text)
    return Allow(count=int(number)) if number is not None and number.isdigit() else None


def check_modifiers(context: Context, found: Read, modifiers: Modifiers) -> Modifiers | Flaw:
    """The modifiers, or why they can't stand after this form."""
    if modifiers.allow is not None and found.kind is not CheckKind.ROW:
        hint = "`allow` is for checks of rows; give a total a wider limit, `+- 1%` or a range"
        return Flaw("`allow` on a check that counts no rows", modifiers.allow_offset, hint, "amount > 0 allow 0.5%")
    if modifiers.quarantine is not None and (flaw := _no_quarantine(context, found, modifiers)) is not None:
        return flaw
    if modifiers.where is None:
        return modifiers
    if found.kind is CheckKind.SCHEMA:
        return Flaw("`where` on the schema", modifiers.where_offset, "the schema is that of all rows: leave it out")
    condition = read_expression(modifiers.where, context.own)
    if isinstance(condition, Flaw):
        return condition
    at = modifiers.where_offset
    if condition.is_total or condition.has_window or condition.has_subquery or condition.datasets:
        hint = "use the dataset's own columns, without aggregates, windows and queries"
        return Flaw("`where` is a condition on one row", at, hint, "amount > 0 where status = 'paid'")
    if not condition.columns:
        return Flaw("`where` names no column", at, "use a column of the dataset", "amount > 0 where status = 'paid'")
    return modifiers


def _no_quarantine(context: Context, found: Read, modifiers: Modifiers) -> Flaw | None:
    """Why rows can't be set aside by this form: each row must be told by itself, in the very write of its dataset."""
    at, example = modifiers.quarantine_offset, "amount > 0 quarantine 0.1%"
    if found.kind is not CheckKind.ROW:
        hint = "only a check of rows tells which ones are bad; leave `quarantine` out"
        return Flaw("`quarantine` on a check that counts no rows", at, hint, example)
    if modifiers.allow is not None:
        hint = "rows that `allow` lets stay and rows that are set aside can't be told apart: keep one of the two"
        return Flaw("`quarantine` beside `allow`", at, hint, example)
    if isinstance(found.form, Key | Unique | Reference):
        what = (
            "whether a value is there in another dataset"
            if isinstance(found.form, Reference)
            else "which one of equal rows is wrong"
        )
        hint = f"{what} is not told by the row alone; let the check hold, or remove such rows in the dataset's SQL"
        return Flaw("`quarantine` on a check across rows", at, hint, example)
    expression = getattr(found.form, "expression", None)
    parts = read_expression(expression, context.own) if expression is not None else None
    if not isinstance(parts, Flaw) and parts is not None and (parts.has_window or parts.has_subquery):
        hint = "windows and queries look at more than the row; let the check hold"
        return Flaw("`quarantine` on a check across rows", at, hint, example)
    if found.uses_clock:
        hint = "a row would go and come back with the time; compare with a column, or let the check hold"
        return Flaw("`quarantine` on a check that uses the clock", at, hint, example)
    return None


def misplaced_modifier(context: Context, line: str, read_form: Callable[[Context, str], Read | Flaw]) -> Flaw | None:
    """The flaw of a line that would be read but for its modifiers: reserved, incomplete, or in another order."""
    for token in cut(line)[1:]:
        if token.depth or token.word not in (*MODIFIER_WORDS, "hold"):
            continue
        form = read_form(context, line[: token.start].rstrip())
        if isinstance(form, Flaw):
            continue
        if token.word == "hold":
            return Flaw("a check holds unless it says `warn` or `info`", token.start, "leave `hold` out", _EXAMPLE)
        rest = line[token.end :].strip()
        if token.word in ("allow", "quarantine") and _allow_alone(rest):
            word = token.word
            return Flaw(
                f"`{word}` needs a share or a number of rows",
                token.end,
                f"write `{word} 0.5%` or `{word} 20 rows`",
                _EXAMPLE,
            )
        if token.word == "where":
            condition = rest and read_expression(part(line, token.end), context.own)
            tail = any(t.word in ("allow", "warn", "info", "quarantine") for t in cut(rest))
            if isinstance(condition, Flaw) and not tail:
                return Flaw(condition.message, condition.offset, condition.hint, _EXAMPLE, condition.code)
            if not rest:
                return Flaw("`where` needs a condition", token.end, "name the rows that the check is about", _EXAMPLE)
            continue
        later = [_RANKS[t.word] for t in cut(line) if t.start > token.start and not t.depth and t.word in _RANKS]
        if all(rank > _RANKS[token.word] for rank in later):
            continue
        return Flaw(
            "modifiers in another order",
            token.start,
            "after the form: where, allow or quarantine, warn or info, reason",
            _EXAMPLE,
        )
    return None


def _allow_alone(rest: str) -> bool:
    """Whether what follows `allow` does not begin with a share or a number of rows."""
    parts = cut(rest)
    return not any(_read_allow(rest[: token.end]) is not None for token in parts[:4])
