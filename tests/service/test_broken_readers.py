"""Whom a change breaks, told by name: insights, saved queries, people, tools; and since when nobody reads a column."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from andon.base.clock import day_said, to_text
from andon.errors import UsageError
from andon.model.plan import Plan
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.state.queries import QueryRecord
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

TOTALS = "datasets/marts/totals.sql"
#: `marts.totals` with another name for its `amount`; what reads that follows.
RENAMED = {
    TOTALS: FILES[TOTALS].replace("as amount", "as total"),
    "datasets/marts/best.sql": FILES["datasets/marts/best.sql"].replace("amount", "total"),
}
INSIGHT = "---\ntitle: Who buys?\nquery: select customer from marts.totals where amount > 1\nowner: cleo\n---\n"
OTHER = "---\ntitle: Who is there?\nquery: select customer from marts.totals\n---\n"
#: Later than all that is built here.
NOW = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def acme(project: Clone) -> Clone:
    project.write("insights/retention.md", INSIGHT)
    project.write("insights/names.md", OTHER)
    project.write("queries/best.sql", "select customer from marts.totals order by amount desc limit $n\n")
    project.write("queries/all.sql", "select customer from marts.totals\n")
    project.run()
    return project


@contextmanager
def at(clone: Clone, moment: datetime):
    with clone.opened() as service, pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.workspace._adapters, "clock", lambda: moment)
        yield service


def ask(
    clone: Clone, who: str, sql: str, ago: timedelta = timedelta(), ref: str | None = None, face: str = "http"
) -> None:
    with at(clone, NOW - ago) as service:
        service.by(Caller(who, face)).querying.ask(sql, ref).fetch()


def said(days: int) -> str:
    return day_said(to_text(NOW - timedelta(days=days)), NOW)


def plan(clone: Clone, **options: object) -> Plan:
    with at(clone, NOW) as service:
        return service.runs.plan(RunOptions(**options))


def broken(found: Plan) -> Mapping[str, tuple[str, ...]]:
    return {step.dataset: step.breaks for step in found.steps if step.breaks}


def test_real_readers_are_named_what_matters_most_first(acme: Clone) -> None:
    ask(acme, "ben", "select max(amount) as m from marts.totals where customer <> 'Zoe Secret'", timedelta(days=6))
    ask(acme, "ana", "select * from marts.totals", timedelta(days=12))
    ask(acme, "dora", "select customer, count(*) as n from marts.totals group by 1")
    ask(acme, "eve", "select customer from marts.best")
    ask(acme, "old", "select amount from marts.totals", timedelta(days=40))
    for hour in range(1, 6):
        ask(acme, "metabase", "select sum(amount) as s from marts.totals", timedelta(hours=hour))
    acme.fill(RENAMED)
    found = plan(acme)
    assert broken(found) == {
        "marts.totals": (
            "insight retention",
            "query best",
            f"ben's query of {said(6)}",
            f"ana's query of {said(12)} (gets other columns)",
            "tool metabase",
        )
    }
    (step,) = (step for step in found.steps if step.readers)
    assert [(r.kind, r.name, r.how, r.columns, r.door) for r in step.readers] == [
        ("insight", "retention", "fails", ["marts.totals.amount"], None),
        ("query", "best", "fails", ["marts.totals.amount"], None),
        ("person", "ben", "fails", ["marts.totals.amount"], "http"),
        ("person", "ana", "columns", ["marts.totals.amount"], "http"),
        ("tool", "metabase", "fails", ["marts.totals.amount"], "http"),
    ]
    assert "Zoe" not in str(found.to_json())
    with at(acme, NOW) as service, pytest.raises(UsageError) as raised:
        service.runs.run(RunOptions())
    told = f"it breaks insight retention, query best, ben's query of {said(6)}, ana's query of {said(12)} (gets other columns)"
    assert f"{told} and 1 more" in raised.value.message


def test_a_publish_says_the_same_and_what_is_undone_breaks_nobody(acme: Clone) -> None:
    ask(acme, "ben", "select max(amount) as m from marts.totals")
    acme.fill(RENAMED)
    acme.run(branch="try")
    acme.fill({path: FILES[path] for path in RENAMED})
    with at(acme, NOW) as service:
        assert "ben's query of today" in broken(service.branches.plan_publish("try"))["marts.totals"]
    acme.publish("try")
    acme.undo()
    acme.fill(RENAMED)
    assert not any(step.readers for step in plan(acme).steps)  # what was undone is kept out: nothing changes
    acme.redo()
    assert not any(step.readers for step in plan(acme).steps)  # what fails today is broken by no change


def test_what_was_asked_of_another_branch_says_so(acme: Clone) -> None:
    acme.branch("aside")
    acme.write("datasets/marts/extra.sql", "select amount, customer as only_there from marts.totals\n")
    acme.run(branch="aside")
    acme.write("datasets/marts/extra.sql", None)
    ask(acme, "ben", "select max(amount) as m from marts.totals", ref="aside")
    ask(acme, "ana", "select only_there from marts.extra", ref="aside")
    acme.fill(RENAMED)
    assert "ben's query of today on branch aside" in broken(plan(acme))["marts.totals"]
    assert not any("ana" in word for words in broken(plan(acme)).values() for word in words)
    with at(acme, NOW) as service:
        service.branches.drop("aside")
    assert [w for w in broken(plan(acme))["marts.totals"] if w.startswith("ben's query of today at commit ")]


def test_a_rename_takes_saved_readers_along_and_not_what_people_asked(acme: Clone) -> None:
    ask(acme, "ben", "select max(amount) as m from marts.totals")
    with at(acme, NOW) as service:
        moved = service.renaming.rename("marts.totals", "marts.sums", RunOptions(agreed=ANY_PLAN), is_dry=True)
        kept = service.renaming.rename(
            "marts.totals", "marts.sums", RunOptions(agreed=ANY_PLAN), is_dry=True, leaves_view=True
        )
    assert [r.words for step in moved.plan.steps for r in step.readers] == ["ben's query of today"]
    assert not any(step.readers for step in kept.plan.steps)


def test_a_dataset_that_is_dropped_names_who_asked_it(acme: Clone) -> None:
    ask(acme, "ben", "select n from marts.count")
    ask(acme, "ben", "select n + 1 as n from marts.count where n > 0")
    ask(acme, "o'neil", "from marts.count", timedelta(seconds=1))
    acme.write("datasets/marts/count.sql", None)
    assert broken(plan(acme, drop=True)) == {
        "marts.count": ("ben's 2 queries, the last of today", "o'neil's query of today")
    }


def test_who_can_not_be_read_is_said_to_read_the_dataset(acme: Clone) -> None:
    ask(acme, "ben", "select max(amount) as m from marts.totals")
    with at(acme, NOW) as service:
        log, (line,) = service.workspace.query_log, service.workspace.query_log.newest(1)
        values = {name: getattr(line, name) for name in line.__struct_fields__}
        # a text that is no question any more: it was cut, or an engine read it that is gone
        log.add(QueryRecord(**{**values, "who": "zed", "sql": "select max(amo…", "shape": None}))
        told = {**values, "who": "kim", "sql": "select cust…", "shape": None, "columns": ("marts.totals.customer",)}
        log.add(QueryRecord(**told))
    acme.fill(RENAMED)
    words = broken(plan(acme))["marts.totals"]
    assert "zed's query of today (reads marts.totals; which columns is not known)" in words
    assert not any("kim" in word for word in words)


def test_parameters_are_taken_by_their_types(acme: Clone) -> None:
    acme.write(
        "queries/some.sql",
        "/*---\nparameters: {n: integer}\n---*/\nselect amount from marts.totals where $n > 1\n",
    )
    acme.run()
    with at(acme, NOW) as service:
        service.by(Caller("ben", "http")).querying.ask(
            "select amount from marts.totals where customer in (select unnest($names)) limit $n",
            parameters={"names": ["ada"], "n": 3},
        ).fetch()
    acme.fill(RENAMED)
    words = broken(plan(acme))["marts.totals"]
    assert "query some" in words
    assert [word for word in words if word.startswith("ben's query of today")]


def test_who_asks_how_it_would_be_answered_loses_no_column(acme: Clone) -> None:
    ask(acme, "ben", "/* how? */ explain from marts.totals")
    ask(acme, "ana", "explain select amount from marts.totals")
    acme.fill(RENAMED)
    people = [reader.words for step in plan(acme).steps for reader in step.readers if reader.kind == "person"]
    assert people == ["ana's query of today"]


def test_what_follows_is_told_at_the_dataset_that_changes(acme: Clone) -> None:
    acme.write("datasets/marts/seen.sql", "/*---\nmaterialize: view\n---*/\nselect * from marts.totals\n")
    acme.write("datasets/marts/over.sql", "/*---\nmaterialize: view\n---*/\nfrom marts.seen\n")
    acme.run()
    ask(acme, "ben", "select max(amount) as m from marts.over")
    ask(acme, "ana", "select customer from marts.over")
    acme.fill(RENAMED)
    found = broken(plan(acme))
    assert "ben's query of today" in found["marts.totals"]
    assert not any("ana" in word for words in found.values() for word in words)
    assert not any("ben" in word for name, words in found.items() if name != "marts.totals" for word in words)


def test_two_folders_name_the_same(shared: tuple[Clone, Clone]) -> None:
    ana, ben = shared
    ask(ana, "ana", "select max(amount) as m from marts.totals")
    ben.fill(RENAMED)
    assert "ana's query of today" in broken(plan(ben))["marts.totals"]


def test_since_when_nobody_reads_a_column(acme: Clone) -> None:
    ask(acme, "ben", "select n from marts.count", timedelta(days=3))
    with at(acme, NOW) as service:
        used = service.readers.of("marts.count")
        assert (used.person.who, used.person.door, used.unread, used.is_young) == ("ben", "http", None, True)
    later = NOW + timedelta(days=60)
    with at(acme, later) as service:
        used = service.readers.of("marts.count")
        unread = f"not read since {day_said(to_text(NOW - timedelta(days=3)), later)}"
        assert (used.people, used.unread, used.is_young) == ([], unread, False)
        assert [(u.column, u.person.who, u.unread) for u in used.use] == [("n", "ben", unread)]
        never = {u.column: u for u in service.readers.of("shop.orders").use}
        assert (never["id"].unread, never["id"].person) == ("never read since it exists", None)
        assert (never["customer"].feeds, never["customer"].unread) == (["marts.totals"], None)
        named = {u.column: u.named for u in service.readers.of("marts.totals").use}
        assert named["amount"] == ["insight retention", "query best"]
    with at(acme, NOW + timedelta(days=200)) as service:
        unread = service.readers.of("shop.orders").use[0].unread
        assert unread == "not read for 90 days, as far back as is known"


def test_tools_are_told_apart_as_find_counts_them(acme: Clone) -> None:
    for hour in range(1, 6):
        ask(acme, "metabase", "select sum(amount) as s from marts.totals", timedelta(hours=hour))
    ask(acme, "ben", "select customer from marts.totals", face="python")
    with at(acme, NOW) as service:
        used = service.readers.of("marts.totals")
        assert [(p.person, p.columns) for p in used.people] == [("ben", ["customer"])]
        assert [(t.tool, t.reads, t.columns) for t in used.tools] == [("metabase", 5, ["amount"])]
        assert used.tool.who == "metabase"
        assert len(used.people) == next(
            hit.readers for hit in service.catalog.find("totals").hits if hit.dataset == "marts.totals"
        )
