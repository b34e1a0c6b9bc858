"""Which columns a query uses: those that its rows come from, and those without which it is another query."""

from __future__ import annotations

import pytest

from andon.sql.lineage.used import outcomes, used_columns, without_values

SCHEMAS = {
    "s.t": [("a", "INTEGER"), ("b", "VARCHAR"), ("C d", "DOUBLE")],
    "s.u": [("a", "INTEGER"), ("b", "VARCHAR"), ("e", "DATE")],
}


@pytest.mark.parametrize(
    ("sql", "used"),
    [
        ("select a from s.t", "t.a"),
        ("from s.t", "t.a t.b t.C d"),
        ('select a from s.t where "C d" > ? order by b limit $n', "t.a t.b t.C d"),
        ("select a from (select * from s.t)", "t.a"),
        ('select a from (select a, "c D" + 1 as x from s.t)', "t.a t.C d"),
        ("select * exclude (b) from s.t", "t.a t.b t.C d"),
        ("select count(*) as n from s.t", ""),
        ("select count(*) as n from (select distinct * from s.t)", "t.a t.b t.C d"),
        ("select t.a, u.a from s.t t join s.u u using (b)", "t.a t.b u.a u.b"),
        ("select t.a from s.t t natural join s.u", "t.a t.b u.a u.b"),
        ("select count(*) as n from (from s.t union all from s.u)", "t.a t.b t.C d u.a u.b u.e"),
        ("select columns('a|b') from s.t", "t.a t.b"),
        ("select a, (select max(e) from s.u where u.a = t.a) as m from s.t", "t.a u.a u.e"),
    ],
)
def test_what_is_used(sql: str, used: str) -> None:
    read = {name: columns for name, columns in SCHEMAS.items() if name in sql}
    wanted = {name for name in used.replace("C d", "C_d").split()}
    found = used_columns(sql, read)
    assert found is not None
    assert {f"{dataset[2:]}.{column.replace(' ', '_')}" for dataset, column in found} == wanted


@pytest.mark.parametrize(
    "sql", ["select z from s.t", "select a from", "pivot s.t on b using sum(a)", "select a, b from s.gone"]
)
def test_what_does_not_bind_is_not_known(sql: str) -> None:
    assert used_columns(sql, {"s.t": SCHEMAS["s.t"]}) is None


def test_values_are_no_part_of_a_query() -> None:
    assert without_values("select '$a?', $1 + $b, ? from t -- ?") == "select '$a?', null + null, null from t -- ?"


def test_what_binds_and_can_not_be_planned_fails() -> None:
    sql = (
        "select count(*) as n from s.t r join (select v.a from s.u v semi join (select a, q from s.u) w on v.a = w.a) x"
        " on not (r.a <> x.a)"
    )
    found = outcomes(
        {"good": "select a from s.t", "bad": sql}, {**SCHEMAS, "s.t": [("a", "INTEGER"), ("q", "INTEGER")]}
    )
    assert found["good"] == [("a", "INTEGER")]
    assert isinstance(found["bad"], str)
