"""Forms about rows: not null, key, unique, references, lists, ranges, patterns, and SQL rules over the row."""

from __future__ import annotations

import re

from andon.base.names import did_you_mean
from andon.checks.language import patterns
from andon.checks.language.context import (
    Context,
    Outcome,
    Read,
    as_written,
    before,
    dataset_name,
    merged,
    read_left,
    read_of,
    row_expression,
    unknown_column,
)
from andon.checks.language.expression import Expression, read_expression, regex_problem
from andon.checks.language.lines import QUERIES
from andon.checks.language.literals import read_element
from andon.checks.language.tokens import Flaw, Token, cut, identifiers, is_enclosed, is_name, listed, part, top_level
from andon.model.check import (
    CheckKind,
    Form,
    InSet,
    Key,
    Literal,
    Matches,
    NotNull,
    Pattern,
    Reference,
    RowRule,
    Unique,
)
from andon.sql.names import words

_SQL_IS = words("null not distinct true false unknown")
_EXAMPLES = {"not null": "not null email, name", "key": "key order_id", "unique": "unique email"}


def columns_form(context: Context, text: str) -> Outcome:
    """`not null a, b`, `key a, b`, `unique a, b`."""
    parts = cut(text)
    keyword = _keyword(parts)
    if keyword is None:
        return None
    rest = parts[len(keyword.split()) :]
    names = identifiers(rest)
    if names is None:
        if keyword == "key" and rest and not is_name(rest[0]) and rest[0].text not in ("(", ","):
            return None  # a rule about a column that is named key
        if keyword == "unique" and not is_enclosed(rest):
            found = _unique_expressions(context, text, rest)
            if found is not None:
                return found
        at = next((t.start for i, t in enumerate(rest) if (i % 2 == 1) != (t.text == ",")), len(text))
        hint = "write the names with commas, without brackets"
        if keyword == "key" and any(token.text == "(" for token in rest[1:]):
            hint = "a key is made of columns; other values are told apart by `unique`, as `unique lower(email)`"
        return Flaw(f"`{keyword}` needs names of columns", at, hint, _EXAMPLES[keyword])
    flaw = unknown_column(context, names, rest)
    if flaw is not None:
        return flaw
    names = as_written(context, names)
    form: Form = NotNull(names) if keyword == "not null" else Key(names) if keyword == "key" else Unique(names)
    return Read(form, CheckKind.ROW, names)


def _unique_expressions(context: Context, text: str, rest: tuple[Token, ...]) -> Outcome:
    """`unique lower(email)`, `unique a, trim(b)`: each row is alone with its values, or has a NULL among them; None if it is none."""
    made: list[Expression] = []
    for group in listed(rest):
        if not group:
            return None
        start = group[0].start
        found = read_left(context, part(text, start, group[-1].end), "`unique`")
        if isinstance(found, Flaw):
            # names that go on are no expression; what has the look of one is told what is wrong with it
            if not any(token.text == "(" for token in rest):
                return None
            if found.message.endswith("`unique`"):
                hint = "write values with commas; conditions go after `where`"
                return Flaw("`unique` needs columns or values of the row", found.offset, hint, "unique lower(email)")
            return found
        flaw = row_expression(context, found, start)
        if flaw is not None:
            return flaw
        if found.has_window or found.has_subquery:
            return Flaw("`unique` takes expressions over one row", start, "add a column for it", _EXAMPLES["unique"])
        made.append(found)
    if not made:
        return None
    values = ", ".join(one.sql for one in made)
    empty = " or ".join(f"({one.sql}) is null" for one in made)
    rule = RowRule(f"count(*) over (partition by {values}) = 1 or {empty}")
    return Read(rule, CheckKind.ROW, **merged(*made))  # type: ignore[arg-type]


def _keyword(parts: tuple[Token, ...]) -> str | None:
    words = [token.word for token in parts[:2]]
    if words == ["not", "null"]:
        return "not null"
    return words[0] if words and words[0] in ("key", "unique") else None


def reference_form(context: Context, text: str) -> Outcome:
    """`a -> schema.dataset`, `a -> schema.dataset.column`, `(a, b) -> schema.dataset (c, d)`."""
    parts = cut(text)
    arrow = next((i for i in top_level(parts) if parts[i].text == "->"), None)
    if arrow is None or arrow + 1 >= len(parts):
        return None if arrow is None else _no_dataset(parts[arrow])
    right = parts[arrow + 1 :]
    if right[0].kind not in ("word", "quoted"):
        return None  # JSON's arrow
    dataset = dataset_name(right)
    if dataset is None:
        return _no_dataset(right[0])
    columns = _names_on_left(context, parts[:arrow])
    if isinstance(columns, Flaw):
        return columns
    targets = _targets(right[3:])
    if isinstance(targets, Flaw):
        return targets
    if targets is not None and len(targets) != len(columns):
        message = f"{len(columns)} columns here, {len(targets)} in `{dataset}`"
        return Flaw(message, right[0].start, "name as many columns there as here", "(a, b) -> shop.orders (c, d)")
    return Read(Reference(columns, dataset, targets), CheckKind.ROW, columns, (dataset,))


def _no_dataset(token: Token) -> Flaw:
    hint = "name the dataset with its schema; for JSON write `(column -> 'key')` in brackets"
    return Flaw("`->` needs a dataset on its right", token.start, hint, "customer_id -> shop.customers")


def _names_on_left(context: Context, parts: tuple[Token, ...]) -> tuple[str, ...] | Flaw:
    example = "(a, b) -> shop.orders (c, d)"
    inner = parts[1:-1] if len(parts) > 2 and parts[0].text == "(" and parts[-1].text == ")" else parts
    names = identifiers(inner)
    at = parts[0].start if parts else 0
    if names is None:
        return Flaw("a reference needs columns on its left", at, "add a column for an expression", example)
    if len(names) > 1 and inner is parts:
        return Flaw("several columns refer together only in brackets", at, "put brackets around the columns", example)
    return unknown_column(context, names, inner) or as_written(context, names)


def _targets(parts: tuple[Token, ...]) -> tuple[str, ...] | Flaw | None:
    if not parts:
        return None
    if parts[0].text == "." and len(parts) == 2 and parts[1].kind in ("word", "quoted"):
        return (parts[1].name,)
    if parts[0].text == "(" and parts[-1].text == ")":
        names = identifiers(parts[1:-1])
        if names is not None:
            return names
    return Flaw(
        f"`{parts[0].text}` after the dataset",
        parts[0].start,
        "a reference ends with the dataset or its columns",
        "a -> shop.customers.id",
    )


def in_form(context: Context, text: str) -> Outcome:
    """`a in x, y, 'z z', 3`, `a not in (…)`; with a query it is a rule."""
    parts = cut(text)
    top = top_level(parts)
    place = next((i for i in top if parts[i].word == "in"), None)
    if place is None or (place + 1 >= len(parts) and place == 0):
        return None
    rest = parts[place + 1 :]
    if len(rest) > 1 and rest[0].text == "(" and rest[1].word in QUERIES:
        return None
    negated = place > 0 and parts[place - 1].word == "not"
    left_text = before(text, parts[place - 1] if negated else parts[place])
    left = read_left(context, left_text, "`in`")
    if isinstance(left, Flaw):
        return _flaw_or_rule(context, text, left)
    if any(parts[i].word in ("and", "or") for i in top if i > place):
        return _flaw_or_rule(
            context, text, Flaw("`and` or `or` after a list", parts[place].start, "one line is one check")
        )
    values = _two_ways(left.sql, rest) or _elements(text, rest, len(text))
    if isinstance(values, Flaw):
        return values
    flaw = row_expression(context, left, 0)
    return flaw or Read(InSet(left.sql, values, negated), CheckKind.ROW, **read_of(left))  # type: ignore[arg-type]


def _two_ways(left: str, rest: tuple[Token, ...]) -> Flaw | None:
    """`[0, 100]` is a list to some and a range to others."""
    written = "".join(token.text for token in rest)
    found = re.fullmatch(r"\[(-?[\d_.]+),(-?[\d_.]+)\]", written)
    if found is None:
        return None
    low, high = found.groups()
    hint = f"write `{left} {low}..{high}` for all from the one to the other, `{left} in {low}, {high}` for these two"
    return Flaw(f"`{written}` may be a range or two values", rest[0].start, hint, f"{left} {low}..{high}")


def _flaw_or_rule(context: Context, text: str, flaw: Flaw) -> Flaw | None:
    """None when the whole line is SQL, so that it is read as a rule; else `flaw`."""
    if isinstance(read_expression(text, context.own), Expression):
        return None
    return Flaw(flaw.message, flaw.offset, flaw.hint, flaw.example or "status in new, paid", flaw.code)


def _elements(text: str, parts: tuple[Token, ...], end: int) -> tuple[Literal, ...] | Flaw:
    example = "status in new, paid, 'on hold'"
    if is_enclosed(parts):
        end, parts = parts[-1].start, parts[1:-1]
    if not parts:
        return Flaw("`in` needs values", end, "write the values with commas", example)
    values: list[Literal] = []
    for group in listed(parts):
        written = text[group[0].start : group[-1].end] if group else ""
        value = read_element(written, group[0].start if group else end)
        if isinstance(value, Flaw):
            return Flaw(value.message, value.offset, value.hint, example)
        values.append(value)
    return tuple(dict.fromkeys(values))


def pattern_form(context: Context, text: str) -> Outcome:
    """`a is email`."""
    parts = cut(text)
    place = next((i for i in top_level(parts) if parts[i].word == "is"), None)
    if place is None or place == 0 or (place + 1 < len(parts) and parts[place + 1].word in _SQL_IS):
        return None
    known = sorted({*patterns.NAMES, *context.patterns})
    listed = ", ".join(f"`{name}`" for name in known)
    at = parts[place + 1].start if place + 1 < len(parts) else len(text)
    if place + 2 != len(parts) or parts[place + 1].kind != "word":
        return Flaw(
            "`is` needs the name of a pattern, and nothing after it",
            at,
            f"the patterns are {listed}",
            "contact is email",
        )
    name = parts[place + 1].word
    if name not in known:
        hint = did_you_mean(name, known) or f"the patterns are {listed}"
        return Flaw(f"there is no pattern `{parts[place + 1].text}`", at, hint, "contact is email")
    left = read_left(context, before(text, parts[place]), "`is`")
    flaw = left if isinstance(left, Flaw) else row_expression(context, left, 0)
    if flaw is not None or isinstance(left, Flaw):
        return flaw
    return Read(Pattern(left.sql, name), CheckKind.ROW, **read_of(left))  # type: ignore[arg-type]


def matches_form(context: Context, text: str) -> Outcome:
    """`a matches 'regex'`."""
    parts = cut(text)
    place = next((i for i in top_level(parts) if parts[i].word == "matches"), None)
    if place is None or place == 0 or (place + 1 >= len(parts) and parts[place - 1].kind == "op"):
        return None
    example = "code matches '[A-Z]{3}[0-9]+'"
    if parts[place - 1].word == "not":
        hint = "write `not regexp_full_match(code, '…')`"
        return Flaw("`matches` can't be negated", parts[place - 1].start, hint, example)
    rest = parts[place + 1 :]
    at = rest[0].start if rest else len(text)
    if len(rest) != 1 or not rest[0].text.startswith("'"):
        if rest and rest[0].kind == "op" and rest[0].text != "(":
            return None
        return Flaw("`matches` needs one quoted regular expression", at, "put it in single quotes", example)
    regex = rest[0].text[1:-1].replace("''", "'")
    wrong = _flaw_of_regex(regex, at)
    left = wrong or read_left(context, before(text, parts[place]), "`matches`")
    flaw = left if isinstance(left, Flaw) else row_expression(context, left, 0)
    if flaw is not None or isinstance(left, Flaw):
        return flaw
    return Read(Matches(left.sql, regex), CheckKind.ROW, **read_of(left))  # type: ignore[arg-type]


def _flaw_of_regex(regex: str, offset: int) -> Flaw | None:
    """The engine's own word on a regular expression, from running it on an empty text."""
    message = regex_problem(regex)
    if message is None:
        return None
    return Flaw(
        f"the regular expression is wrong: {message}", offset, "write it in RE2's syntax", "code matches '[A-Z]+'"
    )
