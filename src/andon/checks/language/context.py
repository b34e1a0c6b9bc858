"""What the forms of a line are read with, what reading one gives, and helpers that several forms share."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record
from andon.checks.language.expression import Expression, read_expression
from andon.checks.language.literals import read_bound
from andon.checks.language.tokens import Flaw, Token, cut, is_glued, part, top_level
from andon.model.check import Between, CheckKind, Form, Literal
from andon.sql.names import words

#: Operators that compare, and how they are kept.
COMPARATORS = {"=": "=", "==": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_NOT_LEFT = words("and or not between in is like ilike similar")


class Context(Record):
    """What is known of the dataset whose line is read.

    Attributes:
        columns: its columns as `{lower case: as written}`, or None when they aren't known yet.
        own: what expressions are read with, see `own_names`.
        key: the columns of its `key:`.
        patterns: names of patterns that the project adds.
    """

    dataset: str
    columns: dict[str, str] | None
    own: frozenset[str] | None
    key: tuple[str, ...]
    patterns: Collection[str] = ()


class Read(Record):
    """A form that was read, its kind, and what it reads."""

    form: Form
    kind: CheckKind
    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    uses_clock: bool = False


Outcome = Read | Flaw | None
"""A form; or what is wrong with a line that can only be this form; or None for a line that is another form."""


def unknown_column(context: Context, names: tuple[str, ...], parts: tuple[Token, ...]) -> Flaw | None:
    """The flaw of a list of columns that names one twice or one that isn't there; `parts` are the list's tokens."""
    seen: set[str] = set()
    for name, token in zip(names, parts[::2], strict=True):
        if name.lower() in seen:
            return Flaw(f"column `{name}` is named twice", token.start, "name each column once")
        seen.add(name.lower())
        if context.columns is not None and name.lower() not in context.columns:
            return missing_column(context, name, token.start)
    return None


def missing_column(context: Context, name: str, offset: int) -> Flaw:
    """The flaw of naming a column that the dataset doesn't have."""
    known = list((context.columns or {}).values())
    shown = ", ".join(f"`{column}`" for column in known[:8]) + (", …" if len(known) > 8 else "")
    hint = did_you_mean(name, known) or f"its columns are {shown}"
    return Flaw(f"`{context.dataset}` has no column `{name}`", offset, hint, code="project.unknown_column")


def as_written(context: Context, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns in the dataset's own spelling, where it is known."""
    return tuple((context.columns or {}).get(name.lower(), name) for name in names)


def read_left(context: Context, text: str, form: str) -> Expression | Flaw:
    """The expression on the left of `in`, a range, `is` or `matches`: no AND, OR, NOT or comparison outside of brackets."""
    if not text.strip():
        return Flaw(f"{form} needs a column in front", len(text), "name the column", "amount 0..100")
    parts = cut(text)
    for index in top_level(parts):
        token = parts[index]
        if token.word in _NOT_LEFT or token.word in COMPARATORS or token.text == "..":
            hint = f"write each check on a line of its own, or put brackets around what stands before {form}"
            return Flaw(f"`{token.text}` on the left of {form}", token.start, hint)
    found = read_expression(text, context.own)
    if isinstance(found, Expression) and not found.columns and not found.is_total:
        return Flaw(
            f"there is no column on the left of {form}", len(text) - len(text.lstrip()), "name the column first"
        )
    return found


def row_expression(context: Context, found: Expression, offset: int) -> Flaw | None:
    """What keeps `found` from being an expression over one row of this dataset."""
    if found.is_total:
        hint = "an aggregate is compared or held within a range: `sum(amount) > 0`, `avg(price) 150..250`"
        return Flaw("an aggregate has no value for each row", offset, hint)
    if found.datasets:
        if context.dataset in found.datasets:
            return Flaw(f"columns of `{context.dataset}` are named alone", offset, "leave schema and dataset out")
        hint = (
            "aggregate it (`sum(a) = sum(other.dataset.a)`), or refer to it (`a -> other.dataset.b`): nothing is joined"
        )
        return Flaw(f"a row can't be compared with a column of `{found.datasets[0]}`", offset, hint)
    return None


def read_of(found: Expression) -> dict[str, tuple[str, ...] | bool]:
    """What an expression reads, as arguments of `Read`."""
    return {"columns": found.columns, "others": found.tables, "uses_clock": found.uses_clock}


def merged(*found: Expression) -> dict[str, tuple[str, ...] | bool]:
    """What several expressions read together, as arguments of `Read`."""
    columns = dict.fromkeys(name for one in found for name in one.columns)
    others = sorted({name for one in found for name in (*one.tables, *one.datasets)})
    return {"columns": tuple(columns), "others": tuple(others), "uses_clock": any(one.uses_clock for one in found)}


def split_range(text: str) -> tuple[str, Between] | Flaw | None:
    """`left` and the bounds of `left LOW..HIGH`, the range being the last blank-separated item; None if there is no `..`."""
    parts = cut(text)
    found = [i for i, token in enumerate(parts) if token.text == ".." and not token.depth and token.kind == "op"]
    if not found:
        return None
    middle = first = last = found[-1]
    while first and is_glued(parts[first - 1], parts[first]):
        first -= 1
    while last + 1 < len(parts) and is_glued(parts[last], parts[last + 1]):
        last += 1
    example = "amount 0..100"
    if last + 1 < len(parts):
        at = parts[last + 1].start
        if last == middle:
            return Flaw("a range has no blanks around `..`", at, "write `1..100`", example)
        return Flaw(
            f"`{text[at:].strip()}` after a range", at, "a range ends its check; put the rest on a line of its own"
        )
    if text[parts[middle].end : parts[middle].end + 1] == ".":
        hint = "write two points: `0..10`; a fraction keeps its zero: `0..0.5`"
        return Flaw("`...` is no range", parts[middle].start, hint, example)
    bounds: list[Literal | None] = []
    for start, end in ((parts[first].start, parts[middle].start), (parts[middle].end, parts[last].end)):
        written = text[start:end] if end > start else ""
        bound = read_bound(written, start) if written else None
        if isinstance(bound, Flaw):
            return Flaw(bound.message, bound.offset, bound.hint, example)
        bounds.append(bound)
    between = Between(bounds[0], bounds[1], any(token.text == "%" for token in parts[first : last + 1]))
    flaw = _flaw_of_bounds(between, parts[middle].start, example)
    return flaw or (text[: parts[first].start].rstrip(), between)


def _flaw_of_bounds(between: Between, offset: int, example: str) -> Flaw | None:
    low, high = between.low, between.high
    if low is None and high is None:
        return Flaw("a range needs a lower or an upper bound", offset, "write `1..100`, `0..` or `..5`", example)
    if low is None or high is None:
        return None
    if "number" in (low.kind, high.kind) and low.kind != high.kind:
        return Flaw("the bounds are of different kinds", offset, "write two numbers, or two dates", example)
    is_empty = (
        Decimal(low.text) > Decimal(high.text)
        if low.kind == "number"
        else low.kind == high.kind == "date" and low.text > high.text
    )
    if is_empty:
        return Flaw(f"nothing lies within {low.text}..{high.text}", offset, "write the smaller bound first", example)
    return None


def dataset_name(parts: tuple[Token, ...]) -> str | None:
    """The dataset that three tokens `schema . name` spell, or None."""
    if len(parts) < 3 or parts[1].text != "." or any(t.kind not in ("word", "quoted") for t in (parts[0], parts[2])):
        return None
    names = (parts[0].name.lower(), parts[2].name.lower())
    return ".".join(names) if all(is_name_part(name) for name in names) else None


def before(text: str, token: Token) -> str:
    """What stands before `token`, places kept."""
    return text[: token.start].rstrip()


def after(text: str, token: Token) -> str:
    """What stands after `token`, places kept."""
    return part(text, token.end)
