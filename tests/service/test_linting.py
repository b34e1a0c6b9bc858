"""What code leaves open is told before it hurts: each construct and none of its exact forms; a reason silences it; a plan tells the new."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.cli.output import Ink
from andon.cli.text.lint import lint_lines
from andon.model.lint import LintDocument
from andon.sql.constructs import OpenPlace, constructs_of
from andon.sql.rounding import rounding_of
from kit.clones import FILES, Clone

COLUMNS = [("id", "BIGINT"), ("who", "VARCHAR"), ("x", "DOUBLE"), ("price", "DECIMAL(10,2)"), ("day", "DATE")]
SCHEMAS = {"shop.orders": COLUMNS, "shop.people": [("who", "VARCHAR"), ("town", "VARCHAR")]}
KEYS = {"shop.orders": ("id",), "shop.people": ("who",)}

#: What is told of a query, the query, and the same in a form that is exact.
CASES: list[tuple[str, str, str]] = [
    ("first(…)", "select who, first(x) v from shop.orders group by who", "select who, min(x) v from shop.orders group by who"),
    ("first(…)", "select who, first(x order by day) v from shop.orders group by who", "select who, first(x order by day, id) v from shop.orders group by who"),
    ("any_value(…)", "select who, any_value(day) v from shop.orders group by who", "select who, any_value(who) v from shop.orders group by who"),
    ("last(…)", "select who, last(day) v from shop.orders group by who", "select who, last(day order by id) v from shop.orders group by who"),
    ("arg_max(…)", "select arg_max(id, day) v from shop.orders", "select arg_max(id, (day, id)) v from shop.orders"),
    ("min_by(…)", "select min_by(x, day) v from shop.orders", "select min_by(x, (day, id)) v from shop.orders"),
    ("arg_max(…)", "select who, arg_max(x, day) v from shop.orders group by who", "select who, arg_max(x, id) v from shop.orders group by who"),
    ("mode(…)", "select mode(who) v from shop.orders", "select who v from shop.orders group by who order by count(*) desc, who limit 1"),
    ("list(…)", "select list(who) v from shop.orders", "select list(who order by who) v from shop.orders"),
    ("list(…)", "select list(who order by day) v from shop.orders", "select list(who order by day, id) v from shop.orders"),
    ("array(select …)", "select array(select who from shop.orders) v", "select array(select who from shop.orders order by who) v"),
    (
        "array(select …)",
        "select array(select who from shop.orders order by day) v",
        "select array(select who from shop.orders order by day, id) v",
    ),
    ("string_agg(…)", "select string_agg(who, ',') v from shop.orders", "select string_agg(who, ',' order by who) v from shop.orders"),
    ("array_agg(…)", "select array_agg(distinct who) v from shop.orders", "select array_agg(distinct who order by who) v from shop.orders"),
    ("row_number() over", "select id, row_number() over (order by day) v from shop.orders", "select id, row_number() over (order by day, id) v from shop.orders"),
    ("row_number() over", "select id, row_number() over (partition by who order by day) v from shop.orders", "select id, rank() over (partition by who order by day) v from shop.orders"),
    ("row_number() over", "select o.id, row_number() over (order by p.who) v from shop.orders o join shop.people p using (who)", "select o.id, row_number() over (order by p.who, o.id) v from shop.orders o join shop.people p using (who)"),
    ("row_number() over", "with c as (select id as n, day from shop.orders) select n, row_number() over (order by day) v from c", "with c as (select id as n, day from shop.orders) select n, row_number() over (order by day, n) v from c"),
    ("row_number() over", "select who, row_number() over (order by count(*)) v from shop.orders group by who", "select who, row_number() over (order by count(*), who) v from shop.orders group by who"),
    ("row_number() over", "select id from shop.orders qualify row_number() over (partition by who order by day desc) = 1", "select id from shop.orders qualify row_number() over (partition by who order by day desc, id) = 1"),
    ("lag() over", "select id, lag(x) over (order by day) v from shop.orders", "select id, lag(x) over (order by day, id) v from shop.orders"),
    ("ntile() over", "select id, ntile(3) over (order by day) v from shop.orders", "select id, ntile(3) over (order by day, id) v from shop.orders"),
    ("first_value() over", "select id, first_value(x) over (partition by who order by day) v from shop.orders", "select id, first_value(x) over (partition by who order by day, id) v from shop.orders"),
    ("sum() over", "select id, sum(price) over (order by day rows unbounded preceding) v from shop.orders", "select id, sum(price) over (order by day) v from shop.orders"),
    ("distinct on", "select distinct on (who) who, x from shop.orders order by who, day", "select distinct on (who) who, x from shop.orders order by who, day, id"),
    ("limit", "select id, x from shop.orders limit 3", "select id, x from shop.orders order by id limit 3"),
    ("limit", "select id, day from shop.orders order by day limit 3", "select id, day from shop.orders order by day, 1 limit 3"),
    ("limit", "select x % 2 as id, day, who from shop.orders order by day, id limit 3", "select x % 2 as id, day, who from shop.orders order by all limit 3"),
    ("limit", "select who, sum(price) v from shop.orders group by 1 order by v limit 2", "select who, sum(price) v from shop.orders group by 1 order by v, who limit 2"),
    ("limit", "select id from (select distinct who, id from shop.orders) order by who limit 3", "select who from (select distinct who from shop.orders) order by who limit 3"),
    ("limit", "select id, unnest([1, 2]) u from shop.orders order by id limit 3", "select max(id) v from shop.orders limit 1"),
    ("row_number() over", "select id, u, row_number() over (order by id) v from (select id, unnest([1, 2]) u from shop.orders)", "select id, u, row_number() over (order by id, u) v from (select distinct id, u from (select id, unnest([1, 2]) u from shop.orders))"),
    ("any_value(…)", "select o.who, any_value(p.town) v from shop.orders o left join shop.people p using (who) group by o.who", "select p.who, any_value(p.town) v from shop.orders o join shop.people p using (who) group by p.who"),
    ("any_value(…)", "with last as (select day from shop.orders) select who, any_value(last.day) v from shop.orders, last group by who", "with last as (select last_day(max(day)) as day from shop.orders) select who, any_value(last.day) v from shop.orders, last group by who"),
    ("sample", "select id from shop.orders using sample 50%", "select id from shop.orders where hash(id) % 2 = 0"),
    ("random()", "select id, random() v from shop.orders", "select id, hash(id) v from shop.orders"),
    ("uuid()", "select id, uuid() v from shop.orders", "select id, md5(id::varchar) v from shop.orders"),
    ("sum(…)", "select who, sum(x) v from shop.orders group by who", "select who, sum(x::decimal(38, 6)) v from shop.orders group by who"),
    ("avg(…)", "select avg(x) v from shop.orders", "select avg(price) v, avg(id) w, sum(price) s, sum(id) n from shop.orders"),
    ("sum(…)", "select sum(x * 2) v, sum(price) s from shop.orders", "select sum(price * 2) v from shop.orders"),
    ("sum() over", "select id, sum(x) over () v from shop.orders", "select id, sum(price) over () v from shop.orders"),
    ("stddev(…)", "select stddev(x) v from shop.orders", "select median(x) v, quantile_cont(x, 0.9) q from shop.orders"),
    ("corr(…)", "select corr(x, id) v from shop.orders", "select count(x) v, max(x) m from shop.orders"),
    ("approx_quantile(…)", "select approx_quantile(x, 0.5) v from shop.orders", "select quantile_cont(x, 0.5) v from shop.orders"),
    ("approx_top_k(…)", "select approx_top_k(who, 2) v from shop.orders", "select approx_count_distinct(who) v from shop.orders"),
]  # fmt: skip
EXACT = sorted({exact for _, _, exact in CASES})


def told(sql: str) -> list[OpenPlace]:
    return constructs_of(sql, rounding=rounding_of(sql, SCHEMAS), keys=KEYS)


class TestConstructs:
    @pytest.mark.parametrize(("what", "sql", "exact"), CASES)
    def test_each_is_found_at_its_line_and_its_exact_form_says_nothing(self, what: str, sql: str, exact: str) -> None:
        assert [(each.what, each.line) for each in told(f"/*---\n---*/\n{sql}")] == [(what, 3)]
        assert told(exact) == []

    def test_what_passes_by_the_time_of_the_run_is_told_and_the_clock_that_is_recorded_is_not(self) -> None:
        assert [each.what for each in told("select system.main.now() a, current_setting('threads') b")] == [
            "system.now()",
            "current_setting()",
        ]
        assert told("select now() a, current_date b, age(day) c, today() d from shop.orders") == []

    def test_what_stands_twice_in_a_line_is_told_once(self) -> None:
        assert len(told("select random() a, random() b, first(x) c, first(id) d from shop.orders")) == 2
        assert len(told("select random() a,\n random() b")) == 2

    def test_without_a_plan_each_sum_is_told_and_a_cast_is_believed(self) -> None:
        assert [each.line for each in constructs_of("select sum(a),\n sum(b::decimal(38, 6)) from t")] == [1]

    def test_a_comment_with_a_reason_silences_its_line_and_alone_the_next(self) -> None:
        sql = "select first(id), -- exact: one each\n first(x),\n -- exact: alike\n last(x), '-- exact: no', last(id)\nfrom shop.orders"
        assert [(each.what, each.line, each.silenced) for each in told(sql)] == [
            ("first(…)", 1, "one each"),
            ("first(…)", 2, None),
            ("last(…)", 4, "alike"),
        ]
        bare = told("select first(x) from shop.orders -- exact:  ")
        assert [each.silenced for each in bare] == [None]
        assert "gives no reason" in bare[0].why


rows = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=30)


class TestExactIsExact:
    @settings(max_examples=12, deadline=None)
    @given(rows, st.randoms(use_true_random=False))
    def test_what_is_called_exact_gives_the_same_rows_whatever_the_order_and_the_threads(
        self, given_rows, random
    ) -> None:  # type: ignore[no-untyped-def]
        made = [
            (number, who, amount / 10, amount / 10, f"2026-01-0{day + 1}")
            for number, (who, amount, day) in enumerate(given_rows)
        ]
        found = [self._rows(made, 1)]
        for threads in (1, 2):
            random.shuffle(made)
            found.append(self._rows(made, threads))
        assert found[0] == found[1] == found[2]

    def _rows(self, made: list[tuple[int, str, float, float, str]], threads: int) -> dict[str, list[str]]:
        import duckdb

        with duckdb.connect(config={"threads": threads}) as engine:
            engine.execute("create schema shop")
            listed = ", ".join(
                f"({n}, '{who}', {x}::double, {p}::decimal(10, 2), date '{day}')" for n, who, x, p, day in made
            )
            engine.execute(f"create table shop.orders as select * from (values {listed}) t(id, who, x, price, day)")
            engine.execute("create table shop.people as select distinct who, who || '!' as town from shop.orders")
            return {sql: sorted(map(repr, engine.execute(sql).fetchall())) for sql in EXACT}


LATEST = "datasets/marts/latest.sql"
FIRST = "select customer,\n  first(id) as some\nfrom shop.orders group by customer\n"


def linted(clone: Clone, *select: str, silenced: bool = False) -> LintDocument:
    with clone.opened() as service:
        return service.linting.lint(select, silenced=silenced)


def planned(clone: Clone) -> dict[str, list[tuple[str, str, int]]]:
    with clone.opened() as service:
        return {s.dataset: [(f.what, f.file, f.line) for f in s.lint] for s in service.runs.plan().steps if s.lint}


def places(found: LintDocument) -> list[tuple[str, str, int]]:
    return [(each.what, each.file, each.line) for each in found.findings]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "acme é")
    made.fill(FILES)
    made.run()
    return made


class TestProjects:
    def test_a_sound_project_has_none_and_its_sums_are_of_narrow_builds(self, clone: Clone) -> None:
        assert linted(clone) == LintDocument(4, [], 0, [])

    def test_sums_are_told_where_several_threads_work_on_them_and_are_of_floating_point_numbers(
        self, clone: Clone
    ) -> None:
        clone.write("raw/orders_05.csv", "id,customer,amount\n1,ada,10.5\n2,ben,20\n3,ada,5\n")
        clone.write(
            "sources/shop/orders.sql", FILES["sources/shop/orders.sql"].replace("amount", "amount::double as amount")
        )
        clone.run()
        clone.write("andon.toml", "[engine]\nwide_above = 1\nthreads = 2\n")
        clone.write("datasets/marts/n.sql", "select sum(id) as n, avg(id) as m from shop.orders\n")
        found = linted(clone)
        assert places(found) == [("sum(…)", "datasets/marts/totals.sql", 1)]
        assert found.findings[0].wide

    def test_macros_are_told_in_their_own_file_once_and_only_those_that_are_called(self, clone: Clone) -> None:
        clone.write("macros/é.sql", "-- é\ncreate macro one_of(x) as\n  first(x);\ncreate macro idle(x) as last(x);\n")
        for name in ("a", "b"):
            clone.write(f"datasets/marts/{name}.sql", "select one_of(id) as v from shop.orders\n")
        assert places(linted(clone)) == [("first(…)", "macros/é.sql", 3)]
        assert places(linted(clone, "marts.count")) == []

    def test_a_declared_key_breaks_ties_and_that_of_a_history_does_not(self, clone: Clone) -> None:
        clone.write("datasets/marts/kept.sql", "/*---\nkey: id\n---*/\nselect id, customer from shop.orders\n")
        clone.write(
            "datasets/marts/then.sql",
            "/*---\nkey: id\nmaterialize: history\n---*/\nselect id, customer from shop.orders\n",
        )
        for name in ("kept", "then"):
            clone.write(
                f"datasets/marts/n_{name}.sql", f"select row_number() over (order by id) as n from marts.{name}\n"
            )
        assert places(linted(clone)) == [("row_number() over", "datasets/marts/n_then.sql", 1)]

    def test_what_is_silenced_is_counted_and_told_with_its_reason_where_asked_for(self, clone: Clone) -> None:
        clone.write(LATEST, FIRST.replace("as some", "as some -- exact: one each"))
        found = linted(clone)
        assert (found.findings, found.silenced) == ([], 1)
        assert [each.silenced for each in linted(clone, silenced=True).findings] == ["one each"]
        assert f"{LATEST}:2  first(…)  silenced: one each" in lint_lines(
            linted(clone, silenced=True), Ink(io.StringIO(), False, {})
        )

    def test_python_is_read_with_its_modules_and_a_source_is_not(self, clone: Clone) -> None:
        head = "from andon import dataset, read\nfrom chance import draw\n\n\n@dataset()\ndef p(orders=read('shop.orders')):\n"
        clone.write("datasets/marts/p.py", f"{head}    return [{{'x': draw(), 'id': id(draw)}}]\n")
        clone.write("modules/chance.py", "import uuid\n\n\ndef draw():\n    return uuid.uuid4().hex\n")
        clone.write("modules/unused.py", "import uuid\n\nuuid.uuid4()\n")
        clone.write(
            "sources/shop/api.py",
            "import uuid\nfrom andon import source\n\n\n@source()\ndef api():\n    return [{'x': uuid.uuid4().hex}]\n",
        )
        found = linted(clone)
        assert places(found) == [("id()", "datasets/marts/p.py", 7), ("uuid.uuid4()", "modules/chance.py", 5)]
        assert found.unread == ["shop.api"]
        assert planned(clone)["marts.p"] == [
            ("id()", "datasets/marts/p.py", 7),
            ("uuid.uuid4()", "modules/chance.py", 5),
        ]
        clone.write(
            "modules/chance.py", "import uuid\n\n\ndef draw():\n    return uuid.uuid4().hex  # exact: a name only\n"
        )
        assert places(linted(clone)) == [("id()", "datasets/marts/p.py", 7)]
        clone.run()
        clone.write("datasets/marts/p.py", f"{head}    return [{{'x': draw(), 'id': id(draw), 'y': 1}}]\n")
        assert places(linted(clone, "marts.p")) == [("id()", "datasets/marts/p.py", 7)]

    def test_a_plan_tells_what_is_new_and_nothing_else(self, clone: Clone) -> None:
        clone.write(LATEST, FIRST)
        assert planned(clone) == {"marts.latest": [("first(…)", LATEST, 2)]}
        clone.run()
        assert planned(clone) == {}
        clone.write(LATEST, "-- more\n" + FIRST.replace("customer,", "customer, count(*) as n,"))
        assert planned(clone) == {}
        clone.write(LATEST, FIRST + "limit 1\n")
        assert planned(clone) == {"marts.latest": [("limit", LATEST, 4)]}
        clone.write(LATEST, FIRST + "limit 1 -- exact: any will do\n")
        assert planned(clone) == {}
        assert places(linted(clone)) == [("first(…)", LATEST, 2)]

    def test_a_plan_tells_what_a_changed_macro_leaves_open(self, clone: Clone) -> None:
        clone.write("macros/m.sql", "create macro one_of(x) as min(x);\n")
        clone.write(LATEST, "select one_of(id) as v from shop.orders\n")
        assert planned(clone) == {}
        clone.run()
        clone.write("macros/m.sql", "create macro one_of(x) as\n first(x);\n")
        assert planned(clone) == {"marts.latest": [("first(…)", "macros/m.sql", 2)]}
