"""The forms of the check language as data: for the reference, and to tell from a line that can't be read which form was meant.

What reads them is in `forms_rows`, `forms_totals` and `rules`; a test reads every example.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

from andon.base.record import Record

#: The dataset of the examples, and another that they name: `{dataset: ((column, type) …)}`; keys are `order_id` and `id`.
EXAMPLE_DATASET = "shop.orders"
EXAMPLE_KEYS = {"shop.orders": ("order_id",), "shop.customers": ("id",), "shop.transactions": (), "shop.prices": ()}
EXAMPLE_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "shop.orders": (
        ("order_id", "INTEGER"),
        ("customer_id", "INTEGER"),
        ("status", "VARCHAR"),
        ("email", "VARCHAR"),
        ("code", "VARCHAR"),
        ("country", "VARCHAR"),
        ("coupon", "VARCHAR"),
        ("quantity", "INTEGER"),
        ("price", "DECIMAL(9,2)"),
        ("amount", "DECIMAL(9,2)"),
        ("rating", "DOUBLE"),
        ("is_gift", "BOOLEAN"),
        ("created_at", "TIMESTAMP"),
        ("shipped_at", "TIMESTAMP"),
        ("due", "DATE"),
    ),
    "shop.customers": (("id", "INTEGER"), ("email", "VARCHAR")),
    "shop.transactions": (("order_id", "INTEGER"), ("amount", "DECIMAL(9,2)")),
    "shop.prices": (("code", "VARCHAR"), ("country", "VARCHAR")),
}


class FormText(Record):
    """One form of the check language.

    Attributes:
        shape: how it is written.
        means: what holds when it passes, in a few words.
        kind: row, total, change, schema or watch, as `CheckKind` has it.
        examples: lines about the dataset of the examples.
        signs: words in a line that can't be read that show that this form was meant; the first example is then offered.
    """

    shape: str
    means: str
    kind: str
    examples: tuple[str, ...]
    signs: tuple[str, ...] = ()


#: The forms in the order in which a line is tried. In the last three the parser decides: an aggregate makes a total.
FORMS = (
    FormText(
        "not null COLUMN, …",
        "No NULL in any of the columns.",
        "row",
        ("not null email", "not null customer_id, created_at"),
        ("not_null", "notnull", "nonnull", "required"),
    ),
    FormText(
        "key COLUMN, …",
        "The columns together are unique and not null. The dataset's `key:` implies it.",
        "row",
        ("key order_id", "key customer_id, created_at"),
        ("primary", "primary_key"),
    ),
    FormText(
        "unique VALUE, …",
        "No two rows alike in the columns, or in values of the row; a row with a NULL among them is like no other.",
        "row",
        ("unique email", "unique customer_id, created_at", "unique lower(email)"),
        ("unique", "distinct_values"),
    ),
    FormText(
        "TOTAL of published",
        "`rows` or a total, as a share of what the published version has: compared, or within a range.",
        "change",
        ("rows >= 90% of published", "sum(amount) 80%..120% of published"),
        ("published", "previous", "last"),
    ),
    FormText(
        "lost keys …",
        "How many keys of the published version are missing: a number, or a share of the published keys.",
        "change",
        ("lost keys = 0", "lost keys < 1%"),
        ("keys", "lost"),
    ),
    FormText(
        "changed rows …",
        "Which share of the keys that are in both versions has other values. Needs the dataset's `key:`.",
        "change",
        ("changed rows < 5%",),
        ("changed",),
    ),
    FormText(
        "rows …",
        "The number of rows: compared, or within a range.",
        "total",
        ("rows 1_000..", "rows = 12", "rows > 0"),
        ("rows", "row_count", "count_rows", "rowcount"),
    ),
    FormText(
        "max_age DURATION by COLUMN",
        "The newest value is at most that much older than the logical time, and not in its future. "
        "Durations: `30 min`, `26h`, `2d`, `1w`, `3 mo`.",
        "total",
        ("max_age 26h by created_at", "max_age 3 mo by due"),
        ("max_age", "freshness", "fresh", "age"),
    ),
    FormText(
        "schema exact, or add ok, widen ok",
        "Columns and types are those that were declared and published, but for what may be added or widened.",
        "schema",
        ("schema add ok", "schema exact", "schema add, widen ok"),
        ("schema",),
    ),
    FormText(
        "watch TOTAL",
        "A number stays within limits that are learned from its history. Warns; silent until it has learned enough.",
        "watch",
        ("watch sum(amount)", "watch rows"),
        ("watch", "anomaly"),
    ),
    FormText(
        "COLUMN -> DATASET",
        "Every value exists there: in the named columns, else in its `key:`, else in the same column. A NULL passes.",
        "row",
        (
            "customer_id -> shop.customers",
            "email -> shop.customers.email",
            "(code, country) -> shop.prices (code, country)",
        ),
        ("references", "foreign", "relationships", "exists"),
    ),
    FormText(
        "VALUE in ELEMENT, …",
        "One of the elements (`not in`: none of them). Words and quoted texts are texts, numbers are numbers.",
        "row",
        (
            "status in new, paid, 'on hold'",
            "country not in XX, ZZ",
            "quantity in 1, 2, 5",
            "order_id % 10 in 0, 5",
        ),
        ("in", "accepted_values", "one", "among"),
    ),
    FormText(
        "VALUE LOW..HIGH",
        "Between the bounds, both included; one may be left out. A day as upper bound of a timestamp is the whole day. "
        "With an aggregate it is a total.",
        "row",
        (
            "amount 0..100",
            "rating ..0.5",
            "due 2020-01-01..2026-12-31",
            "created_at '2020-01-01 10:00'..",
            "length(code) 5..6",
        ),
        ("between", "range", "within"),
    ),
    FormText(
        "VALUE is PATTERN",
        "The whole text is of a named shape; see [named patterns](#named-patterns).",
        "row",
        ("email is email", "country is country"),
        ("pattern", "format", "valid"),
    ),
    FormText(
        "VALUE matches 'REGEX'",
        "The regular expression (RE2) matches the whole text.",
        "row",
        ("code matches '[A-Z]{3}[0-9]+'",),
        ("matches", "regex", "regexp", "match"),
    ),
    FormText(
        "CONDITION",
        "Any SQL that is true or false for each row and has an operator. `a = b +- 0.01` allows a difference, `+- 1%` a share "
        "of the right side's absolute value.",
        "row",
        (
            "shipped_at >= created_at",
            "is_gift = true",
            "amount = quantity * price +- 0.01",
            "status = 'new' or shipped_at is not null",
        ),
    ),
    FormText(
        "TOTAL compared",
        "A comparison, or a range, of an expression with aggregates. `share(x)` is the share of rows for which `x` is true, "
        "`distinct(x)` the number of different values. Shares are written with `%`.",
        "total",
        (
            "sum(amount) > 0",
            "avg(price) 150..250",
            "share(coupon is null) < 75%",
            "distinct(country) 5..10",
            "max(amount) <= 10 * median(amount)",
        ),
    ),
    FormText(
        "TOTAL = TOTAL of another dataset",
        "The same, with aggregates over other datasets: each column is `schema.dataset.column`, each aggregate reads one dataset, "
        "nothing is joined.",
        "total",
        ("sum(amount) = sum(shop.transactions.amount) +- 0.1%", "rows = count(shop.transactions.order_id)"),
    ),
)


class PartText(Record):
    """What may stand before or after a form: how it is written, what it does, and a line with it."""

    shape: str
    means: str
    example: str


#: What may be added to a form, in this order.
PARTS = (
    PartText("NAME:", "Before the form: names the check. A name is used once in a dataset.", "paid: amount > 0"),
    PartText(
        "where CONDITION",
        "The check is about these rows only. Own columns, no aggregates, no queries.",
        "shipped_at is not null where status = 'paid'",
    ),
    PartText(
        "allow SHARE, allow N rows",
        "So many rows may be bad, counted within `where`. Row checks only.",
        "email is email allow 0.5%",
    ),
    PartText(
        "quarantine SHARE, quarantine N rows",
        "Rows that fail are set aside into `DATASET__quarantine` in the write of the dataset; the rest goes on. More of them than"
        " that, and the check says no. Checks of one row alone, without `allow`.",
        "amount 0..100 quarantine 0.1%",
    ),
    PartText(
        "warn, info", "Publish all the same: warn, or only show. Without either the check holds.", "rows 1_000.. warn"
    ),
    PartText(
        '"REASON"',
        "At the end, in double quotes: why it matters. Shown with the check when it fails.",
        'sum(amount) > 0 "finance closes the month on this"',
    ),
)

#: A line with everything after its form.
WHOLE_LINE = "amount > 0 where status = 'paid' allow 1% warn \"why it matters\""
_LIKE = 0.8


def nearest_example(words: Collection[str]) -> str | None:
    """An example of the form that a line with these words (in lower case) seems to be meant as; a misspelt word counts too."""
    signs = {sign: form.examples[0] for form in FORMS for sign in form.signs}
    signs.update(dict.fromkeys(("warn", "info", "allow", "where"), WHOLE_LINE))
    for sign, example in signs.items():
        if sign in words:
            return example
    for word in words:
        like = difflib.get_close_matches(word, signs, n=1, cutoff=_LIKE) if len(word) > 3 else []
        if like:
            return signs[like[0]]
    return None
