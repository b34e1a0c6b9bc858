"""`andon.connect`: the verbs of a lake, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import andon
from andon.base.clock import to_text
from andon.errors import AccessError, MachineError, ProjectError, UsageError
from andon.python.branches import Branches
from andon.python.lake import LakeSources
from andon.python.remote_catalog import RemoteSuggestions
from andon.python.remote_nouns import RemoteBranches, RemoteSources
from andon.python.suggestions import LakeSuggestions
from kit.clones import Clone
from kit.serving import Serving


@pytest.fixture
def lake(own: tuple[Clone, Serving]):
    with andon.connect(own[1].address) as found:
        yield found


def test_answers_are_those_of_the_folder(own: tuple[Clone, Serving], lake: andon.RemoteLake) -> None:
    sql = (
        "select customer, amount, amount::decimal(10,2) as d, date '2026-01-05' as day, [1, null] as l, {'a': 1, 'b': 'x'} as s,"
        " timestamp '2026-01-05 10:00:00.123' as t, timestamptz '2026-01-05 10:00:00+02' as z, null::int as n, true as b,"
        " 1.5::double as f, 'ü\"x' as u, 170141183460469231731687303715884105727::hugeint as h from shop.orders order by id"
    )
    with andon.open(own[0].root) as here:
        mine, theirs = here.sql(sql), lake.sql(sql)
        assert theirs.columns == mine.columns
        assert theirs.types == mine.types
        assert theirs.commit == mine.commit
        names = [c for c in mine.columns if c != "h"]
        assert theirs.arrow().select(names).to_pylist() == mine.arrow().select(names).to_pylist()
        assert len(theirs.df()) == len(theirs.pl()) == 3
        assert theirs.fetchone()[0] == "ada"


def test_the_bill_for_other_tools_is_that_of_the_folder(own: tuple[Clone, Serving]) -> None:
    clone, _ = own
    clone.write("andon.toml", '[cost]\ncurrency = "EUR"\ncompute_hour = 3600\nstorage_gb_month = 1\n')
    other = Serving(clone.root)
    try:
        with andon.connect(other.address) as there, andon.open(clone.root) as here:
            until = to_text(datetime.now(UTC))
            rows = there.focus(since="2026-01-01", until=until)
            assert rows == here.focus(since="2026-01-01", until=until)
            assert {row["BillingCurrency"] for row in rows} == {"EUR"}
            whole = sum(Decimal(row["BilledCost"]) for row in rows)
            assert whole.quantize(Decimal("0.01")) == Decimal(here.cost(until=until).total.money)
    finally:
        other.stop()


def test_a_sample_over_history_is_that_of_the_folder(own: tuple[Clone, Serving]) -> None:
    clone, _ = own
    other = Serving(clone.root)
    heard: list[tuple[str, object]] = []
    try:
        with andon.connect(other.address) as there, andon.open(clone.root) as here:
            asked = there.reproduce_sample(
                "marts.*", sample=2, seed=7, report=lambda name, told: heard.append((name, told))
            )
            found = here.reproduce_sample("marts.*", sample=2, seed=7)
            assert [each.build for each in asked.versions] == [each.build for each in found.versions]
            assert (asked.share, asked.seed, len(asked.versions)) == (1.0, 7, 2)
            assert sum("IDENTICAL" in str(told) for _, told in heard) == 2, "each is told as it comes out"
    finally:
        other.stop()


def test_a_query_takes_values_and_commits(lake: andon.RemoteLake) -> None:
    assert lake.sql("select count(*) from shop.orders where amount > $n", {"n": 9}).fetchall() == [(2,)]
    assert lake.sql("select count(*) from shop.orders where amount > ?", [9]).fetchall() == [(2,)]
    assert lake.at("main").sql("from marts.count").fetchall() == [(3,)]
    assert "1 row at commit" in repr(lake.sql("from marts.count"))


def test_a_part_of_an_answer_says_that_it_is_one(own: tuple[Clone, Serving]) -> None:
    clone, _ = own
    other = Serving(clone.root, environ={"ANDON_QUERY_ROWS": "1000"})
    try:
        with andon.connect(other.address) as lake:
            with pytest.warns(UserWarning, match="first 1,000 rows") as told:
                assert len(lake.sql("select * from range(5000)").arrow()) == 1000
            assert told[0].filename == __file__
            assert len(lake.sql("select * from range(1000)").arrow()) == 1000
    finally:
        other.stop()


def test_errors_are_those_of_the_folder(lake: andon.RemoteLake) -> None:
    with pytest.raises(UsageError) as missing:
        lake.sql("from shop.order")
    assert (missing.value.code, missing.value.where) == ("lake.dataset_not_found", "query:1:6")
    assert "shop.orders" in (missing.value.hint or "")
    with pytest.raises(UsageError, match="no dataset"):
        lake.show("nope")
    with pytest.raises(UsageError) as late:
        lake.sql("select 1 / (id - 3)::int, error('no ' || id) from shop.orders")
    assert late.value.code == "usage.query_failed"


def test_the_whole_loop(own: tuple[Clone, Serving], lake: andon.RemoteLake, tmp_path: Path) -> None:
    clone, _ = own
    assert {d.dataset for d in lake.datasets()} == {"marts.best", "marts.count", "marts.totals", "shop.orders"}
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    plan = lake.plan()
    assert [s.dataset for s in plan.steps if s.action == "build"] == ["marts.more"]
    heard = []
    done = lake.run(report=lambda name, _: heard.append(name), message="more")
    assert done.published
    assert "task-ended" in heard
    assert lake.log(limit=1)[0].message == "more"
    lake.undo()
    assert "marts.more" not in {d.dataset for d in lake.datasets()}
    lake.redo()
    assert lake.sql("from marts.more").fetchall() == [(3,)]
    lake.branches.create("try")
    assert {b.name for b in lake.branches} == {"main", "try"}
    saved = lake.save(
        "marts.top", "select customer, amount from marts.totals order by amount desc limit 1", checks="safe"
    )
    assert saved.published
    assert clone.read("datasets/marts/top.sql") is not None
    assert lake.sql("from marts.top").fetchall() == [("ben", 20)]
    moved = lake.rename("marts.top", "marts.most", publish=False)
    assert (moved.published, moved.written) == (False, ["datasets/marts/most.sql"])
    assert lake.rename("marts.top", "marts.most", report=lambda name, _: heard.append(name)).published
    assert lake.sql("from marts.most").fetchall() == [("ben", 20)]
    assert lake.retire("marts.most").removed == ["datasets/marts/most.sql"]
    assert "marts.most" not in {d.dataset for d in lake.datasets()}
    csv = tmp_path / "leads.csv"
    csv.write_text("id,name\n1,x\n2,y\n", encoding="utf-8")
    assert lake.upload(csv, "crm.leads").published
    assert lake.sql("select count(*) from crm.leads").fetchall() == [(2,)]
    assert [s.dataset for s in lake.sources] == ["crm.leads", "shop.orders"]
    assert lake.lineage("marts.totals").to_json()["start"]
    assert lake.profile("crm.leads").rows == 2
    assert {c.status for c in lake.check().checks} <= {"pass"}
    assert lake.diff("main~1", "main").to_json()
    clone.write("datasets/marts/bad.sql", "select nothing from shop.orders")
    with pytest.raises(ProjectError) as wrong:
        lake.run()
    assert wrong.value.problems[0].file == "datasets/marts/bad.sql"


def test_where_nothing_answers_it_is_said(own: tuple[Clone, Serving]) -> None:
    with pytest.raises(MachineError) as nothing:
        andon.connect("http://127.0.0.1:9", timeout=0.5)
    assert nothing.value.code == "machine.server"
    assert nothing.value.message == "the server does not answer: connection refused"
    with pytest.raises(UsageError) as bare:
        andon.connect("localhost:7411")
    assert bare.value.hint == '`andon.connect("http://localhost:7411")`'


def test_it_has_the_verbs_of_a_lake() -> None:
    pairs = (
        (andon.Lake, andon.RemoteLake),
        (Branches, RemoteBranches),
        (LakeSources, RemoteSources),
        (LakeSuggestions, RemoteSuggestions),
    )
    for here, there in pairs:
        verbs = {name for name in dir(here) if not name.startswith("_")}
        assert verbs <= set(dir(there))


def test_a_branch_that_a_call_makes_is_not_all_that_it_does(own: tuple[Clone, Serving], lake: andon.RemoteLake) -> None:
    clone, _ = own
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    ran = lake.run(branch="ran")
    saved = lake.save("marts.big", "select id from shop.orders where amount > 9", branch="saved")
    renamed = lake.rename("marts.best", "marts.good", branch="renamed")
    refreshed = lake.refresh(branch="refreshed")
    assert (ran.published, saved.published, renamed.published, refreshed.published) == (True,) * 4
    for branch, name in (
        ("ran", "marts.more"),
        ("saved", "marts.big"),
        ("renamed", "marts.good"),
        ("refreshed", "shop.orders"),
    ):
        assert name in {info.dataset for info in lake.at(branch).datasets()}


def test_a_query_is_saved_renamed_and_retired(own: tuple[Clone, Serving]) -> None:
    clone, serving = own
    with andon.connect(f"{serving.address}/api/v1/") as lake:
        saved = lake.save("marts.rich", "select id from shop.orders where amount > 9")
        assert repr(saved).startswith("<SavedDocument name='marts.rich' published=True branch='main' kind=")
        assert not lake.rename("marts.rich", "marts.big", publish=False).published
        moved = lake.rename("marts.rich", "marts.big", message="bigger")
        assert (moved.published, moved.written) == (True, ["datasets/marts/big.sql"])
        assert lake.log(limit=1)[0].message == "bigger"
        with pytest.raises(UsageError) as read:
            lake.retire("shop.orders")
        assert read.value.code == "lake.is_read"
        assert read.value.hint == (
            "`andon retire shop.orders marts.big marts.count marts.totals marts.best` takes them with it; or change them first"
        )
        assert not lake.retire(*read.value.hint.split("`")[1].split()[2:], publish=False).published
        assert not any(problem.hint for problem in read.value.problems)
        assert lake.retire("marts.big").published
        assert not (clone.root / "datasets/marts/big.sql").exists()
        with pytest.raises(UsageError, match="mapping of names to types"):
            lake.save("of_a", "from shop.orders where customer = $c", parameters=["c=text"])  # type: ignore[arg-type]


def test_a_wrong_token_lets_nobody_in(own: tuple[Clone, Serving]) -> None:
    clone, _ = own
    clone.write("andon.toml", '[people]\nana = "owner"\n')
    other = Serving(clone.root)
    try:
        with pytest.raises(AccessError):
            andon.connect(other.address)
        with pytest.raises(AccessError):
            andon.connect(other.address, token="andon_00000000_" + "x" * 43)
        token = other.service.tokens.create("ana").token
        with andon.connect(other.address, token=token) as lake:
            assert (lake.who().person, lake.who().role) == ("ana", "owner")
    finally:
        other.stop()
