"""Names and types over empty tables, and the engine's messages as problems."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.errors import CODES
from andon.sql.bind import Binder, BindError
from andon.sql.messages import explain
from andon.sql.parse import CONFIG


@pytest.fixture(scope="module")
def binder() -> Binder:
    made = Binder()
    made.declare(
        "shop.orders", [("id", "INTEGER"), ("Amount", "DECIMAL(18,2)"), ("s", "STRUCT(a INTEGER)"), ("day", "DATE")]
    )
    made.declare("shop.customers", [("id", "INTEGER"), ("name", "VARCHAR")])
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select id, amount from shop.orders", [("id", "INTEGER"), ("Amount", "DECIMAL(18,2)")]),
        ("/*--- x ---*/ select sum(id) as n from shop.orders;", [("n", "HUGEINT")]),
        (
            "select s, s.a, [id] as l from shop.orders",
            [("s", "STRUCT(a INTEGER)"), ("a", "INTEGER"), ("l", "INTEGER[]")],
        ),
        ("select now() as n, current_date as d", [("n", "TIMESTAMP WITH TIME ZONE"), ("d", "DATE")]),
        ("from shop.customers", [("id", "INTEGER"), ("name", "VARCHAR")]),
        ("select 'x'::integer as bad_at_run_time", [("bad_at_run_time", "INTEGER")]),
    ],
)
def test_output(binder: Binder, text: str, expected: list[tuple[str, str]]) -> None:
    assert binder.bind(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "message", "at", "hint"),
    [
        ("select idd from shop.orders", "unknown_column", "no column `idd`", "idd", "did you mean `id`?"),
        (
            "select 'é日本', amout\nfrom shop.orders",
            "unknown_column",
            "no column `amout`",
            "amout",
            "did you mean `Amount`?",
        ),
        ("select 1,\n  'é', idx from shop.orders", "unknown_column", "no column `idx`", "idx", None),
        ("select o.idx from shop.orders o", "unknown_column", "`idx`", "o.idx", "did you mean"),
        ("select x.id from shop.orders o", "unknown_column", "neither a table nor an alias", "x.id", "`o`"),
        ("select s.b from shop.orders", "unknown_column", "no field `b`", "b", "`a`"),
        ("select * exclude (zz) from shop.orders", "unknown_column", "no column `zz`", "zz", None),
        ("from shop.orders join shop.customers using (nope)", "unknown_column", "no column `nope`", "nope", None),
        ('select "text"', "unknown_column", "no FROM", '"text"', "'text'"),
        ("from shop.order", "unknown_dataset", "no dataset `shop.order`", "shop.order", "did you mean `shop.orders`?"),
        ("from orders", "unknown_dataset", "no dataset `orders`", "orders", "with their schema: `shop.orders`"),
        ("from stock.orders", "unknown_dataset", "no dataset `stock.orders`", "stock.orders", "`shop.orders`"),
        ("select sumx(id) from shop.orders", "unknown_function", "no function `sumx`", "sumx", "did you mean `sum`?"),
        ("from rangex(3)", "unknown_function", "no function `rangex`", "rangex", "`range`"),
        ("select abs('a', 'b')", "bind_failed", "`abs` can't be called as", "abs", "it takes `abs("),
        ("select id, count(*) from shop.orders", "bind_failed", "neither grouped by nor aggregated", "id", "GROUP BY"),
        (
            "select id from shop.orders a, shop.orders b",
            "bind_failed",
            "more than one column",
            "id",
            "`a.id` or `b.id`",
        ),
        ("select 1 union select 1, 2", "bind_failed", "same number of result columns", None, None),
        ("select id as a, day as A from shop.orders", "bind_failed", "differ only in case", None, "exclude"),
        ("select id, id from shop.orders", "bind_failed", "two columns", None, "name one of them"),
        ("select id::foo from shop.orders", "bind_failed", "foo", "foo", None),
        ("select (", "bad_sql", "syntax error", None, None),
        ("from read_csv('/etc/hostname')", "bind_failed", "", None, None),
    ],
)
def test_problems(binder: Binder, text: str, code: str, message: str, at: str | None, hint: str | None) -> None:
    with pytest.raises(BindError) as caught:
        binder.bind(text)
    error = caught.value
    assert error.code == f"project.{code}"
    assert error.code in CODES
    assert message in error.message
    for noise in ("Error:", "LINE", "\n", "{"):
        assert noise not in error.message
    if at is not None:
        assert error.offset is not None
        assert text[error.offset :].startswith(at)
        assert text.split("\n")[(error.line or 0) - 1][(error.column or 0) - 1 :].startswith(at.split("\n")[0])
    if hint is not None:
        assert hint in (error.hint or "")


def test_datasets_can_be_declared_again(binder: Binder) -> None:
    binder.declare("shop.made", [("a", "INTEGER")])
    assert binder.bind("from shop.made") == [("a", "INTEGER")]
    binder.declare("shop.made", [('b "quoted"', "VARCHAR"), ("c", "TIMESTAMP")])
    assert binder.bind("from shop.made") == [('b "quoted"', "VARCHAR"), ("c", "TIMESTAMP")]


def test_a_type_that_is_none_is_reported_and_the_binder_goes_on(binder: Binder) -> None:
    binder.declare("shop.broken", [("a", "NO_SUCH_TYPE")])
    with pytest.raises(BindError):
        binder.bind("select 1 as a")
    binder.declare("shop.broken", [("a", "INTEGER")])
    assert binder.bind("from shop.broken") == [("a", "INTEGER")]


def test_macros_hold_for_one_bind(binder: Binder) -> None:
    macros = [
        "create macro plus(a, b := 1) as a + b",
        "create or replace macro twice(n) as table select plus(id, n) as x from shop.orders",
    ]
    assert binder.bind("select plus(id) as y, x from shop.orders, twice(2)", macros) == [
        ("y", "INTEGER"),
        ("x", "INTEGER"),
    ]
    assert binder.bind("select plus(id) as y from shop.orders", macros) == [("y", "INTEGER")]
    with pytest.raises(BindError, match="no function `plus`"):
        binder.bind("select plus(id) as y from shop.orders")
    with pytest.raises(BindError, match="no function `twice`"):
        binder.bind("from twice(2)")
    assert binder.bind("select plus(1, 2, 3) as y", ["create macro plus(a, b, c) as a"]) == [("y", "INTEGER")]


def test_a_bad_macro_is_named_and_leaves_nothing_behind(binder: Binder) -> None:
    with pytest.raises(BindError) as caught:
        binder.bind("select 1 as a", ["create macro fine() as 1", "create macro wrong() as table from shop.nothing"])
    assert caught.value.code == "project.bad_macro"
    assert "wrong" in caught.value.message
    with pytest.raises(BindError, match="no function `fine`"):
        binder.bind("select fine()")


def test_two_binders_do_not_know_each_other(binder: Binder) -> None:
    other = Binder()
    with pytest.raises(BindError, match="no dataset"):
        other.bind("from shop.orders")
    other.close()


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("select 'x'::date as d", "build.failed", None),
        ("select 9223372036854775807 + 1 as n", "build.overflow", None),
        ("select cast(300 as tinyint)", "build.failed", None),
        ("select '" + "x" * 300 + "', 'é', bad, '" + "y" * 300 + "' from range(1)", "project.unknown_column", "bad"),
        ("select 1,\n'日本', bad from range(1)", "project.unknown_column", "bad"),
        ("select 'é' from from", "project.bad_sql", "from"),
        ("select error('my own')", "build.failed", None),
    ],
)
def test_explain_reads_every_form_of_message(as_json: bool, text: str, code: str, at: str | None) -> None:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"set errors_as_json = {as_json}")
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(text).fetchall()
    problem = explain(caught.value, text)
    assert problem.code == code
    assert "\n" not in problem.message
    assert "LINE" not in problem.message
    if at is not None:
        assert problem.offset is not None
        assert text[problem.offset :].startswith(at)


def test_explain_takes_any_exception() -> None:
    assert explain(ValueError(""), "select 1").message
    assert explain(RuntimeError("something: else"), "select 1").message == "something: else"


_NAMES = st.sampled_from(["shop.orders", "Shop.Orders", "main.x", '"a.b".c', "memory.t", "aside.t", "temp.x", "s.é"])
_TOLD = st.one_of(
    st.tuples(st.just("declare"), _NAMES, st.sampled_from(["INTEGER", "STRUCT(a DATE)", "NO_TYPE"])),
    st.tuples(
        st.just("bind"),
        st.sampled_from(["select 1 as a", "from shop.orders", "select f(1) as a", "select", "from shop.order"]),
        st.lists(
            st.sampled_from(["create macro f(x) as x", "create macro g(x) as table select x", "create macro h(x)"])
        ),
    ),
    st.tuples(st.just("unreadable"), st.sampled_from(["select date 'x'", "select 1 + 1", "select random()"])),
)


def _holds(engine) -> list[object]:
    """All that can be seen of what was made or set in an engine."""
    made = ["databases()", "schemas()", "settings()"]
    made += [f"{name}() where not internal" for name in ("tables", "views", "types", "functions")]
    rest = "columns(c -> c not like '%oid')"
    return [sorted(map(str, engine.execute(f"select {rest} from duckdb_{each}").fetchall())) for each in made]


@settings(max_examples=25, deadline=None)
@given(st.lists(_TOLD, max_size=6))
def test_whoever_takes_over_an_engine_finds_it_new(told: list[tuple]) -> None:
    import duckdb

    binder = Binder()
    for verb, *words in told:
        with contextlib.suppress(BindError):
            if verb == "declare":
                binder.declare(words[0], [("a", words[1])])
            else:
                getattr(binder, verb)(*words)
    engine = binder._engine
    binder.close()
    after = Binder()
    assert after._engine is engine
    fresh = duckdb.connect(":memory:", config=CONFIG)
    fresh.execute("set timezone = 'UTC'; set errors_as_json = true")
    assert _holds(engine) == _holds(fresh)
    fresh.close()
    after.close()
