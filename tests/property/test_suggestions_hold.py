"""Whatever the data: what is suggested can be read, fits the columns, holds on the data, and says nothing that was said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.names import literal
from andon.checks.compile.check import compile_check
from andon.checks.compile.plans import Catalog
from andon.checks.execute.plain import PlainRelations, measure
from andon.checks.judge import judge
from andon.checks.language.parse import parse_check
from andon.errors import Problem
from andon.model.check import Check, CheckStatus
from andon.proposals.propose import MOST
from andon.sql.bind import Binder
from kit.suggested import NOW, tables

TEXTS = st.sampled_from(
    ["new", "a@b.co", "x y", "it's", "where", "", "ü😀", "2026-01-01", "null", "DE", "a" * 250, "5%"]
)
KINDS = {
    "BIGINT": st.integers(-3, 90),
    "DOUBLE": st.sampled_from(["nan", "inf", "-1.5", "0", "0.25", "1", "1e300", "7.125"]),
    "DECIMAL(9,2)": st.sampled_from(["0", "0.01", "-2.5", "99.99", "1234567.89"]),
    "VARCHAR": TEXTS,
    "DATE": st.sampled_from(["2026-02-27", "2026-03-01", "1997-01-01", "infinity", "0001-01-01 (BC)"]),
    "TIMESTAMP WITH TIME ZONE": st.sampled_from(["2026-03-01 11:00:00+00", "2026-02-28 00:00:00+02"]),
    "BOOLEAN": st.booleans(),
    "INTEGER[]": st.just("[1, 2]"),
}
NAMES = st.sampled_from(
    ["id", "order_id", "email", "status", "amount", "created_at", "updated_at", "first day", "rows", "Key", "percent", "code", "ip",
     'odd "n', "country", "share"]
)  # fmt: skip


@st.composite
def made(draw) -> tuple[list[tuple[str, str]], str]:
    """Columns, and a query that gives 60 to 240 rows of a few values drawn, one column perhaps numbered."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.lower))
    parts = []
    for name in names:
        kind = draw(st.sampled_from(list(KINDS)))
        values = draw(st.lists(KINDS[kind] | st.none(), min_size=1, max_size=4))
        shown = ", ".join("null" if v is None else literal(str(v)) for v in values)
        expression = f"([{shown}])[i % {len(values)} + 1]::{kind}"
        if draw(st.booleans()) and kind in ("BIGINT", "VARCHAR"):
            expression = f"i::{kind}"
        quoted = '"' + name.replace('"', '""') + '"'
        parts.append(f"{expression} as {quoted}")
    count = draw(st.sampled_from([60, 120, 240]))
    return names, f"select {', '.join(parts)} from range({count}) t(i)"


@settings(max_examples=40, deadline=None)
@given(made(), st.booleans(), st.booleans())
def test_every_suggestion_holds_on_the_present_data(data, is_source, with_past):
    _, query = data
    lake = tables()
    binder = Binder()
    try:
        lake.make("shop.orders", query)
        lake.make("old.orders", query + " where i % 3 <> 1")
        past = ("old.orders",) if with_past else ()
        subject = lake.subject(
            "shop.orders", is_source=is_source, moment=NOW, earlier_rows=(20, 40) if with_past else ()
        )
        found = lake.suggest(subject, *past)
        assert len(found) <= MOST
        catalog = Catalog({"shop.orders": lake.columns("shop.orders")}, {}, {})
        relations = PlainRelations("shop.orders", {}, "old.orders" if past else None, lake.columns("shop.orders"))
        for one in found:
            check = parse_check(one.line, dataset="shop.orders", columns=lake.columns("shop.orders"), key=())
            assert isinstance(check, Check), (one, check)
            plan = compile_check(check, catalog, binder)
            assert not isinstance(plan, Problem), (one, plan)
            verdict = judge(check, measure(plan, relations, lake.connection), NOW)
            assert verdict.status in (CheckStatus.PASS, CheckStatus.SKIPPED), (one, verdict)
            assert one.past_failures <= one.past_versions <= len(past)
        again = lake.suggest(lake.subject("shop.orders", *(one.line for one in found), is_source=is_source, moment=NOW))
        assert not {one.line for one in again} & {one.line for one in found}
        assert len([one for one in (*found, *again) if one.rule == "key"]) <= 1
    finally:
        binder.close()
        lake.connection.close()
