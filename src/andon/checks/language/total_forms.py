"""Forms about numbers of a dataset: rows, totals, against the published version, age, schema, watch; and rules, which an
aggregate makes totals."""

from __future__ import annotations

from decimal import Decimal

from andon.checks.language.context import (
    COMPARATORS,
    Context,
    Outcome,
    Read,
    after,
    before,
    merged,
    read_left,
    read_of,
    row_expression,
    split_range,
)
from andon.checks.language.expression import Expression, read_expression
from andon.checks.language.lines import GOES_ON, begins_age
from andon.checks.language.literals import duration_at, read_number, read_share
from andon.checks.language.tokens import Flaw, Token, cut, part, top_level
from andon.model.check import (
    AgainstOther,
    AgainstPublished,
    Between,
    CheckKind,
    Comparison,
    Condition,
    MaxAge,
    Measure,
    Range,
    Rows,
    SchemaRule,
    Tolerance,
    TotalRule,
    Watch,
)

_OF_PUBLISHED = ("of", "published")
COUNT = "count(*)"


def published_form(context: Context, text: str) -> Outcome:
    """`rows >= 90% of published`, `sum(a) 80%..120% of published`."""
    parts = cut(text)
    example = "rows >= 90% of published"
    if tuple(token.word for token in parts[-2:]) != _OF_PUBLISHED:
        if parts and parts[-1].word == "published" and len(parts) > 1 and parts[-2].kind == "op":
            return Flaw("`published` needs a share", parts[-1].start, "write `90% of published`", example)
        return None
    body = before(text, parts[-2])
    found = _measure_and_condition(body, share=True)
    if found is None or isinstance(found, Flaw):
        hint = "compare with a share or give two: `>= 90% of published`, `80%..120% of published`"
        return found or Flaw("`of published` needs a share in front", parts[-2].start, hint, example)
    measured, condition = found
    if measured.strip().lower() == "rows":
        return Read(AgainstPublished(Measure.ROWS, condition), CheckKind.CHANGE)
    total = _total(context, measured, "`of published`")
    if isinstance(total, Flaw):
        return total
    if total.datasets:
        return Flaw(
            "another dataset can't be compared with the published version", 0, "use columns of this dataset", example
        )
    return Read(AgainstPublished(Measure.TOTAL, condition, total.sql), CheckKind.CHANGE, **read_of(total))  # type: ignore[arg-type]


def keys_form(context: Context, text: str) -> Outcome:
    """`lost keys = 0`, `changed rows < 5%`."""
    parts = cut(text)
    words = " ".join(token.word for token in parts[:2])
    if words not in (Measure.LOST_KEYS, Measure.CHANGED_ROWS):
        return None
    measure = Measure(words)
    example = "changed rows < 5%" if measure is Measure.CHANGED_ROWS else "lost keys = 0"
    rest = after(text, parts[1])
    found = _measure_and_condition(rest, share=True)
    is_share = not isinstance(found, Flaw) and found is not None
    if not is_share and measure is Measure.LOST_KEYS:
        found = _measure_and_condition(rest, share=False)
    if isinstance(found, Flaw) or found is None or found[0].strip():
        at = found.offset if isinstance(found, Flaw) else parts[1].end
        need = "a share, as `< 5%`" if measure is Measure.CHANGED_ROWS else "a number or a share"
        return Flaw(f"`{words}` is compared with {need}", at, "write an operator and a value, or a range", example)
    if not context.key:
        return Flaw(
            f"`{words}` needs the dataset's `key:`",
            parts[0].start,
            "state `key:` with the columns that identify a row",
            example,
        )
    return Read(AgainstPublished(measure, found[1], None, is_share), CheckKind.CHANGE, context.key)


def rows_form(_context: Context, text: str) -> Outcome:
    """`rows 1_000..`, `rows = 12`, `rows > 0`."""
    parts = cut(text)
    if not parts or parts[0].word != "rows":
        return None
    example = "rows 1_000.."
    if len(parts) == 1:
        return Flaw(
            "`rows` needs a number or a range", len(text), "write an operator and a number, or a range", example
        )
    follows = parts[1]
    if follows.text not in COMPARATORS and not any(t.text == ".." for t in parts):
        if follows.kind == "op" or follows.word in GOES_ON:
            return None
        return Flaw(
            "`rows` needs a number or a range", follows.start, "write an operator and a number, or a range", example
        )
    found = _measure_and_condition(after(text, parts[0]), share=False)
    if isinstance(found, Flaw):
        return found
    if found is None or found[0].strip():
        shared = (
            any(t.text == "%" for t in parts) and _measure_and_condition(after(text, parts[0]), share=True) is not None
        )
        if shared:
            return Flaw(
                "a number of rows is no share",
                follows.start,
                "write a number, or `… of published`",
                "rows >= 90% of published",
            )
        return None
    return Read(Rows(found[1]), CheckKind.TOTAL)


def _measure_and_condition(text: str, *, share: bool) -> tuple[str, Condition] | Flaw | None:
    """What stands before the condition, and a condition of plain numbers (or of shares); None if it isn't one."""
    split = split_range(text)
    if isinstance(split, Flaw):
        return split
    if split is not None:
        left, between = split
        parts = cut(text)
        written = [t for t in parts if t.start >= len(left) and t.text == "%"]
        bounds = [bound for bound in (between.low, between.high) if bound is not None]
        if any(bound.kind != "number" for bound in bounds) or (len(written) != len(bounds) if share else bool(written)):
            return Flaw(
                "the bounds are of the wrong kind",
                len(left),
                "write shares: `80%..120%`" if share else "write numbers: `10..20`",
            )
        return left, between
    parts = cut(text)
    at = comparator(parts)
    if at is None:
        return None
    right = after(text, parts[at])
    body, tolerance = read_tolerance(right)
    if isinstance(tolerance, Flaw):
        return tolerance
    operator = COMPARATORS[parts[at].text]
    written_right = body.strip()
    value = read_share(written_right) if share else read_number(written_right)
    if value is None or (tolerance is not None and (operator != "=" or share)):
        return None
    return before(text, parts[at]), Comparison(
        operator, format(value, "f") if isinstance(value, Decimal) else value, tolerance, share
    )


def comparator(parts: tuple[Token, ...]) -> int | None:
    """The index of the only comparison outside of brackets; None if there is none or more than one."""
    found = [i for i in top_level(parts) if parts[i].kind == "op" and parts[i].text in COMPARATORS]
    return found[0] if len(found) == 1 else None


def read_tolerance(text: str) -> tuple[str, Tolerance | Flaw | None]:
    """`right +- 0.1%` as `right` and the tolerance."""
    parts = cut(text)
    place = next((i for i in top_level(parts) if parts[i].text == "+-"), None)
    if place is None:
        return text, None
    written = text[parts[place].end :].strip()
    share, number = read_share(written), read_number(written)
    if (share is None and number is None) or written.startswith(("-", "+")):
        at = parts[place].end
        return text, Flaw(
            "`+-` needs a number or a share after it, and nothing else",
            at,
            "write `+- 0.01` or `+- 0.1%`",
            "a = b +- 0.01",
        )
    amount = share if share is not None else Decimal(str(number))
    return before(text, parts[place]), Tolerance(amount, share is not None)


def max_age_form(context: Context, text: str) -> Outcome:
    """`max_age 26h by created_at`."""
    parts = cut(text)
    if not begins_age(parts) or any(t.text == ".." for t in parts):
        return None
    example = "max_age 26h by created_at"
    by = next((i for i in top_level(parts) if parts[i].word == "by"), None)
    written = text[: parts[by].start] if by is not None else text
    duration = duration_at(part(written, parts[0].end), len(text))
    if isinstance(duration, Flaw):
        return Flaw(duration.message, duration.offset, duration.hint, example)
    if by is None:
        return Flaw("`max_age` needs `by` and a column with a date or time", len(text), "name the column", example)
    found = read_expression(after(text, parts[by]), context.own)
    flaw = found if isinstance(found, Flaw) else row_expression(context, found, parts[by].end)
    if flaw is not None or isinstance(found, Flaw):
        return flaw
    if not found.columns:
        return Flaw("`max_age` needs a column after `by`", parts[by].end, "name the column", example)
    reads = {**read_of(found), "uses_clock": True}
    return Read(MaxAge(duration[0], duration[1], found.sql), CheckKind.TOTAL, **reads)  # type: ignore[arg-type]


def schema_form(_context: Context, text: str) -> Outcome:
    """`schema exact`, `schema add ok`, `schema add, widen ok`."""
    parts = cut(text)
    if not parts or parts[0].word != "schema":
        return None
    if len(parts) > 1 and (parts[1].kind != "word" or parts[1].word in GOES_ON):
        return None
    words = [token.word for token in parts[1:]]
    if words == ["exact"]:
        return Read(SchemaRule(), CheckKind.SCHEMA)
    if words in (["add", "ok"], ["widen", "ok"], ["add", ",", "widen", "ok"], ["widen", ",", "add", "ok"]):
        return Read(SchemaRule("add" in words, "widen" in words), CheckKind.SCHEMA)
    at = parts[1].start if len(parts) > 1 else len(text)
    hint = "write `schema exact`, `schema add ok`, `schema widen ok` or `schema add, widen ok`"
    return Flaw("`schema` needs what may change", at, hint, "schema add ok")


def watch_form(context: Context, text: str) -> Outcome:
    """`watch rows`, `watch sum(amount)`."""
    parts = cut(text)
    if not parts or parts[0].word != "watch":
        return None
    if len(parts) > 1 and ((parts[1].kind == "op" and parts[1].text != "(") or parts[1].word in GOES_ON):
        return None
    if any(token.text == ".." for token in parts):
        return None
    if len(parts) == 2 and parts[1].word == "rows":
        return Read(Watch(COUNT), CheckKind.WATCH)
    if len(parts) > 2 and parts[1].text == "(" and comparator(parts) is not None:
        return None
    total = _total(context, after(text, parts[0]), "`watch`")
    if isinstance(total, Flaw):
        return Flaw(total.message, total.offset, total.hint, "watch sum(amount)")
    if total.datasets or comparator(parts) is not None:
        return Flaw(
            "`watch` takes one number of this dataset", parts[0].end, "its limits are learned", "watch sum(amount)"
        )
    return Read(Watch(total.sql), CheckKind.WATCH, **read_of(total))  # type: ignore[arg-type]


def _total(context: Context, text: str, form: str) -> Expression | Flaw:
    """An expression with aggregates and nothing that has a value for each row."""
    found = read_expression(text, context.own)
    if isinstance(found, Flaw):
        return found
    at = len(text) - len(text.lstrip())
    if not found.is_total:
        hint = "use an aggregate: `sum(amount)`, `count(*)`, `share(coupon is null)`, `distinct(country)`"
        return Flaw(f"{form} needs a total", at, hint)
    return mixture(found, at) or found


def mixture(found: Expression, offset: int) -> Flaw | None:
    """The flaw of an expression that mixes a total with the values of each row."""
    if found.outside:
        name = found.outside[0]
        hint = f"for each row use a window, as `{name} > avg({name}) over ()`; for a total put an aggregate around `{name}`"
        return Flaw(f"`{name}` has a value for each row, and an aggregate one for all", offset, hint)
    if found.outside_datasets:
        name = found.outside_datasets[0]
        return Flaw(
            f"a column of `{name}` without an aggregate", offset, f"write `sum({name}.column)`; nothing is joined"
        )
    return None


def range_form(context: Context, text: str) -> Outcome:
    """`a 1..100`; with aggregates a total."""
    split = split_range(text)
    if split is None or isinstance(split, Flaw):
        return split
    left_text, between = split
    left = read_left(context, left_text, "a range")
    if isinstance(left, Flaw):
        return left
    if not left.is_total:
        flaw = row_expression(context, left, 0)
        return flaw or Read(Range(left.sql, between), CheckKind.ROW, **read_of(left))  # type: ignore[arg-type]
    flaw = mixture(left, 0)
    if flaw is None and is_share_call(left_text) and not _written_as_shares(text[len(left_text) :], between):
        flaw = needs_percent(len(left_text))
    return flaw or total_read(context, between, left)


def _written_as_shares(text: str, between: Between) -> bool:
    return text.count("%") == (between.low is not None) + (between.high is not None)


def needs_percent(offset: int) -> Flaw:
    """The flaw of a share that is compared with a plain number."""
    return Flaw("a share is compared with a share", offset, "write the number with `%`", "share(coupon is null) < 75%")


def is_share_call(text: str) -> bool:
    """Whether `text` is `share(…)` and nothing else."""
    parts = cut(text)
    if len(parts) < 4 or parts[0].word != "share" or parts[1].text != "(" or parts[-1].text != ")":
        return False
    return all(token.depth > 0 for token in parts[2:-1])


def total_read(context: Context, condition: Condition, left: Expression, right: Expression | None = None) -> Read:
    """The total rule or the one against other datasets."""
    reads = merged(left, right) if right is not None else merged(left)
    others = tuple(name for name in reads["others"] if name != context.dataset)  # type: ignore[union-attr]
    reads["others"] = others
    named = {*left.datasets, *(right.datasets if right is not None else ())} - {context.dataset}
    form = AgainstOther(left.sql, condition) if named else TotalRule(left.sql, condition)
    return Read(form, CheckKind.TOTAL, **reads)  # type: ignore[arg-type]
