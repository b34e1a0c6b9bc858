"""Rows that checks set aside: in the write that happens anyway, none lost, each with why and since when; and put back by a publish."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import ConflictError, ProjectError, UsageError
from andon.model.check import CheckStatus
from andon.model.run import TaskStatus
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.editing import ToEdit
from kit.clones import Clone

ASIDE = "shop.orders__quarantine"
HEADER = "id,amount,status\n"
GOOD = HEADER + "1,10.5,new\n2,20,paid\n4,50,paid\n5,,new\n"
BAD = HEADER + "1,10.5,new\n2,-3,paid\n3,200,odd\n4,50,paid\n5,,new\n6,-3,paid\n"


def orders(checks: str, more: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in checks.splitlines())
    return f"/*---\n{more}checks: |\n{lines}---*/\nselect id, amount, status from 'raw/orders.csv'\n"


@pytest.fixture
def shop(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(
        {
            "andon.toml": "",
            "raw/orders.csv": BAD,
            "sources/shop/orders.sql": orders(
                'amount 0..100 quarantine 60%\nknown: status in new, paid quarantine 2 rows "others are typing errors"'
            ),
            "datasets/marts/total.sql": (
                "/*---\nchecks: |\n  sum(total) = sum(shop.orders.amount)\n---*/\nselect sum(amount) as total from shop.orders\n"
            ),
        }
    )
    return clone


def valid(clone: Clone, at: str | None = None) -> list[tuple]:
    return clone.ask("select id from shop.orders order by id", at)


def aside(clone: Clone, at: str | None = None) -> list[tuple]:
    return clone.ask(f"select id, quarantine_checks, quarantine_first_run from {ASIDE} order by id", at)


def result(run, label: str):
    return next(check for check in run.checks if check.label == label)


def test_rows_that_fail_are_set_aside_in_the_same_publish(shop):
    run = shop.run()
    assert run.published
    assert valid(shop) == [(1,), (4,), (5,)]  # NULL passes, as checks say
    amount = "amount 0..100 quarantine 60%"
    assert aside(shop) == [(2, [amount], 1), (3, [amount, "known"], 1), (6, [amount], 1)]
    told = result(run, amount)
    assert (told.status, told.bad, told.total, told.limit, told.quarantined) == (CheckStatus.PASS, 3, 6, 3, 3)
    assert told.document().to_json()["quarantined"] == 3
    assert result(run, "known").quarantined == 1
    # what reads the dataset, and what reconciles with it, sees what is published
    assert shop.ask("from marts.total") == [(60.5,)]
    with shop.opened() as service:
        again = service.checks.run((), None, again=True).results
        assert {(c.label, c.status) for c in again} == {(c.label, CheckStatus.PASS) for c in run.checks}
        assert service.checks.history("shop.orders")[0].run == 1
        (listed,) = service.quarantine.overview()
        assert (listed.dataset, listed.rows, listed.share, listed.first_run) == ("shop.orders", 3, 0.5, 1)
        assert [(c.check, c.rows) for c in listed.checks] == [(amount, 3), ("known", 1)]
    assert shop.run().run is None  # nothing to do


def test_lines_that_are_new_say_what_they_would_set_aside(shop):
    shop.write("sources/shop/orders.sql", orders("id > 0"))
    shop.run()
    shop.write(
        "sources/shop/orders.sql", orders("amount 0..100 quarantine 1 row\nstatus in new, paid quarantine 1 row")
    )
    with shop.opened() as service:
        found = {c.label: c for c in service.checks.run((), None, again=True).results}
        assert "is written with shop.orders" in {step.reason for step in service.runs.plan().steps}
    told = found["amount 0..100 quarantine 1 row"]
    assert (told.status, told.bad, told.limit, told.quarantined) == (CheckStatus.FAIL, 3, 1, None)
    assert found["status in new, paid quarantine 1 row"].status is CheckStatus.PASS


def test_lineage_says_what_decides_over_rows_and_where_they_come_from(shop):
    shop.run()
    with shop.opened() as service:
        graph = service.lineages.graph()
        reasons = {node.id: node.reason for node in graph.nodes.values() if node.id in (ASIDE, "shop.orders")}
        assert reasons == {ASIDE: None, "shop.orders": None}
        found = {(edge.source, edge.target) for edge in graph.edges}
        assert {("raw/orders.csv#amount", "shop.orders"), ("shop.orders.status", f"{ASIDE}.status")} <= found


def test_an_incident_lasts_while_rows_are_set_aside(shop):
    shop.run()
    shop.write("raw/orders.csv", BAD + "7,3,paid\n")
    shop.refresh()
    with shop.opened() as service:
        service.incidents.catch_up()
        (standing,) = service.incidents.standing()
        assert standing.dataset == "shop.orders"
    shop.write("raw/orders.csv", GOOD)
    shop.refresh()
    with shop.opened() as service:
        service.incidents.catch_up()
        assert not [each for each in service.incidents.standing() if not each.state.is_over]


def test_beyond_the_limit_the_check_holds_and_nothing_is_published(shop):
    shop.write("raw/orders.csv", GOOD)
    shop.run()
    before = shop.leaves()
    shop.write("raw/orders.csv", HEADER + "1,-1,new\n2,-2,new\n3,-3,new\n4,5,new\n")
    run = shop.refresh()
    assert not run.published
    assert shop.leaves() == before
    held = result(run, "amount 0..100 quarantine 60%")
    assert (held.status, held.bad, held.limit) == (CheckStatus.FAIL, 3, 2)
    assert [row["id"] for row in held.samples.by_name()] == ["1", "2", "3"]
    assert valid(shop, f"run:{run.run}") == [(4,)]
    assert [row[0] for row in aside(shop, f"run:{run.run}")] == [1, 2, 3]
    assert {t.dataset for t in run.tasks if t.status is TaskStatus.SKIPPED} == {"marts.total"}
    with shop.opened() as service:
        accepted = service.checks.accept(run.run, [held.label], "a day of refunds")
    assert accepted.published
    assert valid(shop) == [(4,)]
    assert [row[0] for row in aside(shop)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "limit", "published"),
    [
        ("", "0%", True),
        ("1,5,new\n", "0 rows", True),
        ("1,5,new\n2,-1,new\n", "0 rows", False),
        ("1,5,new\n2,-1,new\n", "1 row", True),
        ("1,5,new\n2,-1,new\n", "50%", True),
        ("1,5,new\n2,-1,new\n", "49%", False),
        ("2,-1,new\n2,-1,new\n", "1 row", False),
        ("2,-1,new\n2,-1,new\n", "100%", True),
    ],
)
def test_a_limit_counts_rows_each_as_often_as_it_is_there(shop, rows, limit, published):
    shop.fill({"sources/shop/orders.sql": orders("id > 0"), "raw/orders.csv": GOOD})
    shop.run("shop.orders")
    shop.fill({"sources/shop/orders.sql": orders(f"amount >= 0 quarantine {limit}"), "raw/orders.csv": HEADER + rows})
    run = shop.run("shop.orders")
    assert run.published == published
    bad, at = rows.count("-1"), f"run:{run.run}"
    assert len(aside(shop, at)) == bad
    assert len(valid(shop, at)) == rows.count("\n") - bad


def test_a_check_that_warns_sets_aside_beyond_its_limit(shop):
    shop.write("sources/shop/orders.sql", orders("amount 0..100 quarantine 1 row warn"))
    run = shop.run()
    assert run.published
    assert result(run, "amount 0..100 quarantine 1 row warn").status is CheckStatus.FAIL
    assert [row[0] for row in aside(shop)] == [2, 3, 6]


def test_the_first_run_stays_while_a_row_is_the_same_and_rows_that_turn_good_leave(shop):
    shop.run()
    shop.write("raw/orders.csv", HEADER + "7,-3,paid\n2,-3,paid\n3,30,paid\n6,-4,paid\n8,1,new\n9,2,new\n10,3,new\n")
    shop.refresh()
    assert [(row[0], row[2]) for row in aside(shop)] == [(2, 1), (6, 2), (7, 2)]
    assert (3,) in valid(shop)
    shop.write("raw/orders.csv", GOOD)
    run = shop.refresh()
    assert aside(shop) == []
    assert result(run, "known").quarantined == 0
    shop.undo()
    assert [row[0] for row in aside(shop)] == [2, 6, 7]
    shop.redo()
    assert aside(shop) == []


def test_branches_changes_of_lines_and_taking_them_out(shop):
    shop.run()
    shop.write("sources/shop/orders.sql", orders("amount -10..100 quarantine 1 row"))
    run = shop.run(branch="wider")
    assert run.published
    assert {t.dataset for t in run.tasks if str(t.action) == "build"} == {"shop.orders", ASIDE, "marts.total"}
    assert [row[0] for row in aside(shop, "wider")] == [3]
    assert [row[0] for row in aside(shop, "main")] == [2, 3, 6]
    published = shop.publish("wider")
    assert published.published
    assert [(row[0], row[2]) for row in aside(shop)] == [(3, 1)]
    shop.write("sources/shop/orders.sql", orders("id > 0"))
    assert shop.run().published
    assert ASIDE not in shop.leaves()
    assert len(valid(shop)) == 6
    shop.undo()
    assert [row[0] for row in aside(shop)] == [3]
    assert len(valid(shop)) == 5


def test_another_line_parts_a_dataset_of_the_same_sql_anew(shop):
    """The SQL is proved to give the same rows; which of them are set aside is another matter, also where only a macro says it."""
    shop.write("sources/shop/orders.sql", orders("id > 0"))
    shop.write("macros/most.sql", "create macro most() as 100;\n")
    text = "/*---\nchecks: |\n  amount <= {} quarantine 100%\n---*/\nselect id, amount from shop.orders\n"
    for line, wanted in (("100", [3]), ("30", [3, 4]), ("most()", [3])):
        shop.write("datasets/marts/kept.sql", text.format(line))
        assert shop.run().published
        assert shop.ask("select id from marts.kept__quarantine order by id") == [(i,) for i in wanted]
    shop.write("macros/most.sql", "create macro most() as 5;\n")
    assert shop.run().published
    assert shop.ask("select id from marts.kept__quarantine order by id") == [(1,), (3,), (4,)]


def test_a_selection_takes_both_parts(shop):
    shop.run()
    shop.write("raw/orders.csv", HEADER + "1,-1,new\n2,2,new\n")
    run = shop.refresh(select=(ASIDE, "marts.total"))
    assert run.published
    assert (valid(shop), [row[0] for row in aside(shop)]) == ([(2,)], [1])


def test_a_release_is_a_publish_that_sticks_and_can_be_undone(shop):
    shop.run()
    with shop.opened() as service:
        run = service.quarantine.release("shop.orders", "refunds are right", where="amount = -3")
        assert run.published
    commit = shop.head()
    (release,) = commit.releases
    assert (release.dataset, release.count, release.who, release.reason) == (
        "shop.orders",
        2,
        "ana",
        "refunds are right",
    )
    assert (valid(shop), [row[0] for row in aside(shop)]) == ([(1,), (2,), (4,), (5,), (6,)], [3])
    assert shop.ask("from marts.total") == [(54.5,)]
    told = result(run, "amount 0..100 quarantine 60%")
    assert (told.status, told.bad, told.quarantined) == (CheckStatus.PASS, 1, 1)
    # a rebuild from the source gives the same rows; the same row twice is the same by content, another one is not
    shop.write("raw/orders.csv", BAD + "6,-3,paid\n7,-3,new\n")
    assert shop.refresh().published
    assert valid(shop) == [(1,), (2,), (4,), (5,), (6,), (6,)]
    assert [row[0] for row in aside(shop)] == [3, 7]
    shop.write("raw/orders.csv", BAD)
    shop.refresh()
    shop.undo()
    shop.undo()
    assert shop.head().releases == commit.releases
    shop.undo()
    assert shop.head().releases == ()
    assert [row[0] for row in aside(shop)] == [2, 3, 6]
    shop.redo()
    assert shop.head().releases == commit.releases
    assert valid(shop) == [(1,), (2,), (4,), (5,), (6,)]


def test_a_release_from_one_check_leaves_a_row_that_fails_another(shop):
    shop.run()
    with shop.opened() as service:
        service.quarantine.release("shop.orders", "prices rose", check="amount 0..100 quarantine 60%", where="id = 3")
        assert [row[0] for row in aside(shop)] == [2, 3, 6]
        service.quarantine.release("shop.orders", "odd is a state", check="known")
        (listed,) = service.quarantine.overview()
    assert (3,) in valid(shop)
    assert listed.released == 2
    shop.write(
        "sources/shop/orders.sql", orders("amount 0..99 quarantine 60%")
    )  # another check: nothing is released from it
    assert shop.run().published
    assert [row[0] for row in aside(shop)] == [2, 3, 6]


def test_a_release_is_taken_back_behind_later_publishes_and_comes_with_a_branch(shop):
    shop.run()
    shop.branch("try")
    with shop.opened() as service:
        service.quarantine.release("shop.orders", "right", where="id = 2", branch="try")
    assert shop.publish("try").published
    assert (2,) in valid(shop)
    released = shop.head()
    shop.write("datasets/marts/extra.sql", "select 1 as one\n")
    assert shop.run().published
    assert shop.head().releases == released.releases
    with shop.opened() as service:
        assert service.reverting.revert(released).published
    assert shop.head().releases == ()
    assert [row[0] for row in aside(shop)] == [2, 3, 6]


def test_what_can_not_be_released_is_said(shop):
    shop.run()
    with shop.opened() as service:
        release = service.quarantine.release
        for call in (
            lambda: release("marts.total", "why"),
            lambda: release("shop.orders", "why", where="id = 99"),
            lambda: release("shop.orders", " "),
            lambda: service.quarantine.overview("marts.total"),
        ):
            with pytest.raises(UsageError) as caught:
                call()
            assert caught.value.hint
        service.cords.hold("shop.orders", "look first")
        with pytest.raises(ConflictError) as held:
            release("shop.orders", "why")
        assert held.value.code == "cord.held"


def test_rows_that_were_put_back_stay_so_under_another_name(shop):
    shop.run()
    with shop.opened() as service:
        service.quarantine.release("shop.orders", "they are refunds", where="amount < 0")
    before = valid(shop)
    assert before == [(1,), (2,), (4,), (5,), (6,)]
    with shop.opened() as service:
        service.renaming.rename("shop.orders", "shop.sales", RunOptions(agreed=ANY_PLAN))
        assert service.quarantine.overview()[0].released == 2
    assert shop.ask("select id from shop.sales order by id") == before
    assert shop.ask("select id from shop.sales__quarantine") == [(3,)]
    with shop.opened() as service:
        assert service.reproducing.reproduce("shop.sales", deep=True).verdict.holds
        assert service.reproducing.reproduce("shop.sales__quarantine").verdict.holds
    shop.undo()
    assert valid(shop) == before
    assert aside(shop)[0][0] == 3
    shop.redo()
    assert shop.ask("select id from shop.sales order by id") == before


def test_what_has_no_file_of_its_own_is_not_edited_renamed_or_given_checks(shop):
    shop.run()
    with shop.opened() as service:
        assert ASIDE not in {each.dataset for each in service.proposing.suggest()}
        for call in (
            lambda: service.renaming.rename(ASIDE, "shop.wrong", RunOptions()),
            lambda: service.renaming.retire([ASIDE], RunOptions()),
            lambda: service.editing.open(ASIDE),
        ):
            with pytest.raises(UsageError) as caught:
                call()
            assert caught.value.hint
        text = (
            "/*---\nchecks: |\n  total > 100 quarantine 90%\n---*/\nselect 2 * sum(amount) as total from shop.orders\n"
        )
        edit = ToEdit("datasets/marts/total.sql", text)
        assert service.editing.save(edit, RunOptions(agreed=ANY_PLAN)).published
        assert shop.ask("select total from marts.total__quarantine") == []
        assert service.renaming.retire(["marts.total", "shop.orders"], RunOptions(agreed=ANY_PLAN)).published
    assert shop.leaves() == {}


def test_personal_columns_stay_so_in_what_is_set_aside(shop):
    more = "columns:\n  amount: {pii: true}\n"
    shop.write("sources/shop/orders.sql", orders("amount 0..100 quarantine 60%", more))
    shop.run()
    with shop.opened() as service:
        shown = service.quarantine.show("shop.orders").rows
        page = service.datasets.show(ASIDE)
        profile = service.profiles.profile(ASIDE)
        diff = service.history.diff_rows("main~1", "main", (ASIDE,))
    assert {row["amount"] for row in shown} == {"•••"}
    assert {row[1] for row in page.sample} == {"•••"}
    assert "-3" not in str(profile.to_json())
    assert "-3.0" not in str(diff.to_json())


def refused(clone: Clone) -> str:
    with pytest.raises(ProjectError) as caught:
        clone.run()
    problem = caught.value.problems[0]
    assert problem.hint
    assert problem.line is not None
    return problem.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("unique id quarantine 1%", "across rows"),
        ("id -> shop.orders quarantine 1%", "across rows"),
        ("rows > 3 quarantine 1%", "counts no rows"),
        ("amount > 0 allow 1% quarantine 1%", "beside `allow`"),
        ("amount > 0 quarantine", "needs a share"),
        ("amount > lag(amount) over (order by id) quarantine 1%", "across rows"),
        ("amount > 0 warn quarantine 1%", "another order"),
        ("id < epoch(now()) quarantine 1%", "clock"),
    ],
)
def test_only_what_each_row_tells_by_itself_is_set_aside(shop, line, said):
    shop.write("sources/shop/orders.sql", orders(line))
    assert said in refused(shop)


def test_what_keeps_no_rows_of_its_own_sets_none_aside_and_nothing_is_made_of_them(shop):
    shop.write(
        "datasets/marts/total.sql", "/*---\nmaterialize: view\nchecks: |\n  a > 0 quarantine 1%\n---*/\nselect 1 as a\n"
    )
    assert "view" in refused(shop)
    shop.write("datasets/marts/total.sql", f"select count(*) as n from {ASIDE}\n")
    assert "set aside" in refused(shop)
    shop.write(
        "datasets/marts/total.sql",
        "/*---\nchecks: |\n  quarantine_checks > 0 quarantine 1%\n---*/\nselect 1 as quarantine_checks\n",
    )
    with shop.opened() as service:
        run = service.runs.run(RunOptions(agreed=ANY_PLAN))
    assert not run.published
    assert any("quarantine_checks" in str(t.error) for t in run.tasks if t.error)


# -- the law

_TEXTS = st.one_of(st.none(), st.sampled_from(["", "new", "it's", "a,b", '"q"', "é\n", "NaN"]))
_ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.none(), st.sampled_from([0.0, -1.5, 99.0, 1e300, float("nan"), float("inf")])),
        _TEXTS,
        st.one_of(st.none(), st.lists(st.integers(-1, 1), max_size=2)),
    ),
    max_size=12,
)
#: Lines, and in plain SQL which rows fail them: NULL passes, and NaN fails comparisons and ranges.
_LINES = {
    "amount 0..100": "amount is not null and (isnan(amount) or amount < 0 or amount > 100)",
    "amount <= id where note = 'new'": "note = 'new' and amount is not null and (isnan(amount) or amount > id)",
    "not null note": "note is null",
    "note in new, 'a,b', ''": "note is not null and note not in ('new', 'a,b', '')",
    "length(note) <= 3": "length(note) > 3",
    "note::int > 0 where id = 1": "id = 1 and note is not null",  # none of the texts is a number: such rows fail
    "list_sum(list) >= 0": "list_sum(list) < 0",
}


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_valid_and_set_aside_rows_are_the_input(tmp_path_factory, data):
    """No row is lost, doubled or in both; each that is set aside names all that it fails, and keeps its first run."""
    lines = data.draw(st.lists(st.sampled_from(sorted(_LINES)), min_size=1, max_size=3, unique=True))
    clone = Clone(tmp_path_factory.mktemp("law") / "acme")
    checks = "\n".join(f"  {line} quarantine 100%" for line in lines)
    clone.write("andon.toml", "")
    clone.write("sources/a/rows.sql", f"/*---\nchecks: |\n{checks}\n---*/\nselect * from 'raw/rows.parquet'\n")
    (clone.root / "raw").mkdir()
    import duckdb

    judge = duckdb.connect()
    judge.execute("create table input (id bigint, amount double, note varchar, list bigint[])")
    first: dict[tuple, int] = {}
    kept: list[tuple] = []
    for _ in range(2):
        rows = [*kept, *data.draw(_ROWS)]
        judge.execute("delete from input")
        if rows:
            judge.executemany("insert into input values (?, ?, ?, ?)", rows)
        judge.execute(f"copy input to '{clone.root}/raw/rows.parquet' (format parquet)")
        with clone.opened() as service:
            run = service.runs.run(RunOptions(agreed=ANY_PLAN))
            assert run.published, run.held
            at = run.run or 0
            texts = "id::varchar, amount::varchar, note, list::varchar"
            good = service.querying.ask(f"select {texts} from a.rows").fetch()
            bad = service.querying.ask(
                f"select {texts}, quarantine_checks, quarantine_first_run from a.rows__quarantine"
            ).fetch()
        fails = " || ".join(
            f"case when {_LINES[line]} then ['{(line + ' quarantine 100%').replace(chr(39), chr(39) * 2)}'] else []::varchar[] end"
            for line in lines
        )
        wanted = judge.execute(f"select {texts}, {fails} from input").fetchall()
        assert sorted(map(repr, good)) == sorted(repr(row[:4]) for row in wanted if not row[4])
        assert sorted(repr(row[:5]) for row in bad) == sorted(repr(row) for row in wanted if row[4])
        for row in bad:
            assert row[5] == first.get(row[:4], at or row[5])
        first = {row[:4]: row[5] for row in bad}
        kept = rows[::2]
