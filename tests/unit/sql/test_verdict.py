"""The verdict of a change, against cases; see the form in tests/cases/sql/verdicts.txt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from andon.base.record import replace
from andon.engines.types import lake_type
from andon.model.verdict import Verdict, VerdictKind
from andon.sql.lineage.query import Lineage, column_lineage
from andon.sql.meaning.query import meaning_of
from andon.sql.verdict import DefinitionQuery, carried, verdict, verdict_of_schemas

CASES = Path(__file__).parents[2] / "cases" / "sql"


def read_schemas() -> dict[str, list[tuple[str, str]]]:
    lines = (CASES / "verdict_schemas.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, list[tuple[str, str]]] = {}
    for block in "\n".join(line for line in lines if not line.startswith("#")).strip().split("\n\n"):
        name, *columns = block.strip().splitlines()
        found[name] = [(column, kind) for column, kind in (line.split(" ", 1) for line in columns)]
    return found


@dataclass
class Case:
    """One case of the file."""

    expected: str
    old: DefinitionQuery
    new: DefinitionQuery
    settings: dict[str, list[str]] = field(default_factory=dict)


def read_cases() -> list[Case]:
    lines = (CASES / "verdicts.txt").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return [_case(block.strip()) for block in re.split(r"^---$", text, flags=re.MULTILINE)]


def _case(block: str) -> Case:
    before, after = block.split("\n=>\n")
    expected, *rest = before.splitlines()
    settings: dict[str, list[str]] = {}
    while ": " in rest[0] and rest[0].split(": ")[0] in _SETTINGS:
        name, value = rest.pop(0).split(": ", 1)
        settings.setdefault(name, []).append(value)
    queries = []
    for side, sql in (("old", "\n".join(rest)), ("new", after)):
        query = DefinitionQuery(sql, tuple(settings.get(f"{side} macro", ())))
        query = replace(query, key=tuple(", ".join(settings.get(f"{side} key", ())).replace(",", " ").split()))
        query = replace(query, materialize=settings.get(f"{side} keeps", ["table"])[0])
        queries.append(query)
    was = dict(pair.split("=") for pair in settings.get("was", ()))
    return Case(expected, queries[0], replace(queries[1], was=was), settings)


_SETTINGS = {"old macro", "new macro", "old key", "new key", "old keeps", "new keeps", "was"}
SCHEMAS = read_schemas()


def shown(found: Verdict) -> set[str]:
    """What a verdict says, as the cases write it."""
    marks = {*found.columns, *(f"+{name}" for name in found.added), *(f"-{name}" for name in found.dropped)}
    marks |= {f"{old}>{new}" for old, new in found.renamed} | {f"{name}::" for name, _, _ in found.retyped}
    return marks | ({"rows"} if found.rows else set()) | ({"key"} if found.key_changed else set())


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: f"{case.expected} {case.new.sql}")
def test_verdict(case: Case) -> None:
    kind, _, marks = case.expected.partition(":")
    found = verdict(case.old, case.new, SCHEMAS)
    assert (str(found.kind), shown(found)) == (kind, set(marks.split())), found
    assert bool(found.proof) == (found.kind in (VerdictKind.NONE, VerdictKind.ADDITIVE))
    assert found.reasons or found.kind is VerdictKind.NONE


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.new.sql)
def test_a_text_put_in_its_own_place_changes_nothing(case: Case) -> None:
    for query in (case.old, case.new):
        assert verdict(query, replace(query, was={}), SCHEMAS).kind is VerdictKind.NONE


def test_there_are_enough_cases() -> None:
    assert len(read_cases()) >= 60


def pairs_that_differ() -> list[tuple[str, str]]:
    lines = (CASES / "values_differ.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(one, other) for one, other in pairs]


@pytest.mark.parametrize("pair", pairs_that_differ(), ids=lambda pair: " / ".join(pair))
def test_expressions_that_differ_are_not_called_equal(pair: tuple[str, str]) -> None:
    one, other = (meaning_of(f"select {expression} as q from s.a", SCHEMAS) for expression in pair)
    assert (one.reason, other.reason) == (None, None), "no expression need be left out"
    assert (one.rows, one.values, one.columns) != (other.rows, other.values, other.columns)
    assert (one.whole, one.columns) != (other.whole, other.columns)


def test_what_does_not_bind_is_never_equal_and_breaks_nobody() -> None:
    good = DefinitionQuery("select id, amount from shop.orders")
    for text in (
        "select nothing from shop.orders",
        "select 1 from nowhere.at_all",
        "sel ect",
        "create table t (i int)",
    ):
        bad = DefinitionQuery(text)
        for found in (verdict(good, bad, SCHEMAS), verdict(bad, good, SCHEMAS)):
            assert found.kind is VerdictKind.ROWS
            assert "can't be compared, because" in found.reasons[0]


def test_a_new_column_of_an_input_that_is_taken_by_a_star_is_added() -> None:
    query = DefinitionQuery("select * from shop.customers")
    new = {**SCHEMAS, "shop.customers": [*SCHEMAS["shop.customers"], ("vip", "BOOLEAN")]}
    found = verdict(query, query, SCHEMAS, new)
    assert (found.kind, found.added, found.columns) == (VerdictKind.ADDITIVE, ("vip",), ())


def test_a_new_column_of_an_input_can_join_a_natural_join() -> None:
    query = DefinitionQuery("select sku from shop.items natural join (select id as order_id, status from shop.orders)")
    new = {**SCHEMAS, "shop.items": [*SCHEMAS["shop.items"], ("status", "VARCHAR")]}
    assert verdict(query, query, SCHEMAS, new).kind is VerdictKind.ROWS


def test_a_new_column_of_an_input_can_stand_where_an_alias_was_meant() -> None:
    query = DefinitionQuery("select customer_id as who, count(*) as n from shop.orders group by who")
    new = {**SCHEMAS, "shop.orders": [*SCHEMAS["shop.orders"], ("who", "VARCHAR")]}
    assert verdict(query, query, SCHEMAS, new).kind is not VerdictKind.NONE


def test_a_type_that_is_stored_as_before_is_no_other_one_to_readers() -> None:
    """Readers see what is stored: a `smallint` is an INTEGER there, a sum of integers a BIGINT."""
    wide = DefinitionQuery("select id::smallint as k from shop.orders")
    for other, kind in (
        ("integer", VerdictKind.COLUMNS),
        ("tinyint", VerdictKind.COLUMNS),
        ("bigint", VerdictKind.CONTRACT),
    ):
        found = verdict(wide, DefinitionQuery(f"select id::{other} as k from shop.orders"), SCHEMAS, stored=lake_type)
        assert (found.kind, found.columns) == (kind, ("k",)), other
        assert found.retyped == ((("k", "INTEGER", "BIGINT"),) if kind is VerdictKind.CONTRACT else ())


def test_a_source_or_a_python_dataset_has_other_rows() -> None:
    old = [("id", "INTEGER"), ("name", "VARCHAR")]
    found = verdict_of_schemas(old, old, reason="its code is another one")
    assert (found.kind, found.columns, found.reasons) == (
        VerdictKind.ROWS,
        ("id", "name"),
        ("its code is another one",),
    )
    found = verdict_of_schemas(old, [("id", "BIGINT")], reason="its file is read in another way")
    assert (found.kind, found.dropped, found.retyped) == (
        VerdictKind.CONTRACT,
        ("name",),
        (("id", "INTEGER", "BIGINT"),),
    )
    assert found.rows
    assert verdict_of_schemas(old, old, reason="", same=True).kind is VerdictKind.NONE


def test_a_declared_rename_that_comes_late_makes_the_dataset_anew() -> None:
    plain = DefinitionQuery("select id, amount as revenue from shop.orders")
    declared = DefinitionQuery(plain.sql, was={"revenue": "amount"})
    found = verdict(plain, declared, SCHEMAS)
    assert (found.kind, found.reasons) == (VerdictKind.ADDITIVE, ("`revenue` keeps the field id of `amount`",))
    assert verdict(declared, declared, SCHEMAS).kind is VerdictKind.NONE
    assert verdict(declared, plain, SCHEMAS).kind is VerdictKind.NONE


def test_a_rename_is_declared_whatever_the_case() -> None:
    old = [("id", "INTEGER"), ("amount", "INTEGER")]
    found = verdict_of_schemas(old, [("id", "INTEGER"), ("Revenue", "BIGINT")], reason="", was={"revenue": "amount"})
    assert found.renamed == (("amount", "Revenue"),)
    assert found.retyped == (("Revenue", "INTEGER", "BIGINT"),)


def test_json_has_what_a_plan_shows() -> None:
    found = verdict(
        DefinitionQuery("select id, amount from shop.orders"),
        DefinitionQuery("select id, 2 as two from shop.orders"),
        SCHEMAS,
    )
    assert found.to_json() == {
        "verdict": "contract",
        "columns": [],
        "added": ["two"],
        "dropped": ["amount"],
        "renamed": [],
        "retyped": [],
        "rows": False,
        "reordered": False,
        "key_changed": False,
        "proof": None,
        "reasons": ["`amount` is gone", "`two` is new"],
    }


@pytest.mark.parametrize(
    ("old", "new", "is_reordered"),
    [
        ("select id from shop.orders where amount > 1", "select o.id from shop.orders o where 1 < o.amount", False),
        ("with o as (from shop.orders) select id from o", "select id from shop.orders", False),
        ("select id from shop.orders order by id", "select id from shop.orders order by id desc", True),
        ("select id from shop.orders order by id", "select id from shop.orders order by id nulls first", True),
        ("select id from shop.orders", "select id from (from shop.orders order by amount)", True),
        (
            "select id from shop.orders union all select id from shop.customers",
            "select id from shop.customers union all select id from shop.orders",
            True,
        ),
        (
            "select o.id from shop.orders o join shop.customers c on o.customer_id = c.id",
            "select o.id from shop.customers c join shop.orders o on o.customer_id = c.id",
            True,
        ),
        (
            "select o.id from shop.orders o join shop.customers c on o.customer_id = c.id order by o.id",
            "select o.id from shop.customers c join shop.orders o on o.customer_id = c.id order by o.id",
            False,
        ),
        (
            "select status, count(*) n from shop.orders group by status, id order by status, id",
            "select status, count(*) n from shop.orders group by id, status order by status, id",
            False,
        ),
        (
            "select count(*) n from (select id from shop.orders order by id)",
            "select count(*) n from shop.orders",
            False,
        ),
    ],
)
def test_whether_rows_may_lie_in_another_order_is_told_beside_the_kind(old: str, new: str, is_reordered: bool) -> None:
    found = verdict(DefinitionQuery(old), DefinitionQuery(new), SCHEMAS)
    assert not found.rows, found
    assert not found.touched
    assert found.reordered == is_reordered, found
    assert found.is_remade == is_reordered


class TestCarried:
    SQL = "select o.id, o.amount, c.name from shop.orders o join shop.customers c on c.id = o.customer_id"

    def judged(self, **inputs: Verdict) -> Verdict:
        own = verdict(DefinitionQuery(self.SQL), DefinitionQuery(self.SQL), SCHEMAS)
        named = {f"shop.{name}": found for name, found in inputs.items()}
        return carried(own, ["id", "amount", "name"], column_lineage(self.SQL, SCHEMAS), named, is_open=False)

    def test_nothing_comes_of_nothing(self) -> None:
        assert self.judged(orders=Verdict(VerdictKind.NONE, proof="…")).kind is VerdictKind.NONE

    def test_a_column_that_is_not_read_changes_nothing(self) -> None:
        assert self.judged(orders=Verdict(VerdictKind.COLUMNS, ("status",))).kind is VerdictKind.NONE
        assert self.judged(orders=Verdict(VerdictKind.ADDITIVE, added=("more",))).kind is VerdictKind.NONE

    def test_a_column_that_is_read_changes_what_is_made_of_it(self) -> None:
        found = self.judged(orders=Verdict(VerdictKind.COLUMNS, ("amount",)))
        assert (found.kind, found.columns, found.rows) == (VerdictKind.COLUMNS, ("amount",), False)
        assert found.reasons == ("`amount` is made of `shop.orders.amount`, which changes",)

    def test_a_column_that_decides_changes_the_rows(self) -> None:
        found = self.judged(customers=Verdict(VerdictKind.COLUMNS, ("id",)))
        assert (found.kind, found.columns) == (VerdictKind.ROWS, ("id", "amount", "name"))

    def test_another_order_of_the_rows_goes_on_to_what_keeps_it(self) -> None:
        found = self.judged(orders=Verdict(VerdictKind.NONE, reordered=True, proof="…"))
        assert (found.kind, found.reordered) == (VerdictKind.NONE, True)
        own, inputs = (
            Verdict(VerdictKind.NONE, proof="…"),
            {"shop.orders": Verdict(VerdictKind.ADDITIVE, reordered=True)},
        )
        for sql, is_reordered in (
            ("select count(*) as n from shop.orders", False),
            ("select id from shop.orders", True),
        ):
            meaning = meaning_of(sql, SCHEMAS)
            lineage = column_lineage(sql, SCHEMAS)
            found = carried(own, ["id"], lineage, inputs, is_open=meaning.is_open, is_fixed=meaning.is_fixed)
            assert found.reordered == is_reordered

    def test_a_column_that_only_sorts_changes_the_order(self) -> None:
        sql = "select id from shop.orders order by amount"
        own, inputs = Verdict(VerdictKind.NONE, proof="…"), {"shop.orders": Verdict(VerdictKind.COLUMNS, ("amount",))}
        found = carried(own, ["id"], column_lineage(sql, SCHEMAS), inputs, is_open=False)
        assert (found.kind, found.reordered) == (VerdictKind.NONE, True)

    def test_other_rows_are_other_rows(self) -> None:
        assert self.judged(orders=Verdict(VerdictKind.ROWS, rows=True)).kind is VerdictKind.ROWS

    def test_where_columns_cannot_be_followed_everything_changes(self) -> None:
        own = Verdict(VerdictKind.NONE, proof="…")
        inputs = {"shop.orders": Verdict(VerdictKind.COLUMNS, ("status",))}
        found = carried(own, ["id"], Lineage(fallback="table-level, because of a test"), inputs, is_open=False)
        assert (found.kind, found.columns) == (VerdictKind.ROWS, ("id",))

    def test_what_depends_on_how_rows_lie_changes_with_every_input_that_is_made_anew(self) -> None:
        own = Verdict(VerdictKind.NONE, proof="…")
        sql = "select id from shop.orders limit 3"
        assert meaning_of(sql, SCHEMAS).is_open
        for kind, expected in ((VerdictKind.ADDITIVE, VerdictKind.ROWS), (VerdictKind.NONE, VerdictKind.NONE)):
            inputs = {"shop.orders": Verdict(kind, proof="…")}
            assert carried(own, ["id"], column_lineage(sql, SCHEMAS), inputs, is_open=True).kind is expected
