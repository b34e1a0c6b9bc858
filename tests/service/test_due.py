"""What is due: by time, by what changed above, by the result of a query; what was looked at and found the same counts as new."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kit.command_line import Andon

SHOP = '[connections.shop]\nkind = "sqlite"\npath = "shop.db"\n'


@pytest.fixture
def project(tmp_path: Path) -> Andon:
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", SHOP)
    with sqlite3.connect(made.folder / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key, day text)")
        shop.execute("insert into orders values (1, '2026-11-01')")
    made.write("raw/rates.csv", "code,rate\nEUR,1\n")
    made.write("sources/shop/orders.sql", "/*---\nconnection: shop\n---*/\nselect id, day from orders\n")
    made.write("sources/shop/rates.sql", "from read_csv('raw/rates.csv')\n")
    made.write(
        "datasets/marts/aged.sql", "/*---\nrefresh: {max_age: 6h}\n---*/\nselect count(*) as n from shop.orders\n"
    )
    made.write("datasets/marts/nightly.sql", '/*---\nrefresh: {cron: "0 6 * * *"}\n---*/\nselect 1 as n\n')
    made.write("datasets/marts/quiet.sql", "/*---\nrefresh: {every: 1w, upstream: false}\n---*/\nfrom shop.rates\n")
    made.write(
        "datasets/marts/triggered.sql",
        "/*---\nrefresh: {when: select max(day) from shop.orders}\n---*/\nselect 1 as n\n",
    )
    made("run", "--yes", "--now", "2026-11-02T00:00")
    return made


def due(project: Andon, now: str, *more: str) -> dict[str, str]:
    found = project.json("plan", "--due", "--now", now, *more)
    assert all(each["next"] is None for each in found["due"])
    assert (found["command"] is None) == (not found["due"])
    return {each["dataset"]: each["reason"] for each in found["due"]}


def test_time_makes_due_and_a_refresh_that_finds_nothing_new_does_not_leave_it_so(project):
    assert due(project, "2026-11-02T05:59") == {}
    assert due(project, "2026-11-02T06:00") == {
        "marts.aged": "brought up to date 6 h ago, max_age is 6h",
        "marts.nightly": "brought up to date 6 h ago; it was due at 2026-11-02 06:00",
    }
    found = project.json("plan", "--due", "--now", "2026-11-02T06:00")
    assert found["command"] == "andon refresh +marts.aged+ +marts.nightly+"
    before = project.json("log")[0]["commit"]
    project(*found["command"].split()[1:], "--now", "2026-11-02T06:00")
    assert project.json("log")[0]["commit"] == before, "nothing new was found"
    assert due(project, "2026-11-02T11:59") == {}
    assert set(due(project, "2026-11-02T12:00")) == {"marts.aged"}
    assert set(due(project, "2026-11-09T00:00")) == {"marts.aged", "marts.nightly", "marts.quiet"}
    assert due(project, "2026-11-02T12:00", "marts.nightly") == {}, "only what is selected"


def test_a_run_of_code_asks_no_database_so_what_comes_of_it_is_as_old_as_it_was(project):
    project.write("datasets/marts/more.sql", "select 2 as n\n")
    project("run", "--yes", "--now", "2026-11-02T06:30")
    assert set(due(project, "2026-11-02T07:00")) == {"marts.aged"}
    waiting = {x["dataset"]: x for x in project.json("plan", "--due", "--now", "2026-11-02T07:00")["waiting"]}
    assert waiting["marts.nightly"]["next"].startswith("2026-11-03T06:00")
    project("run", "--yes", "--now", "2026-11-02T06:40")  # nothing to do
    assert (
        waiting["marts.nightly"]["last"]
        < project.json("plan", "--due", "--now", "2026-11-02T07:00")["waiting"][0]["last"]
    )
    project("refresh", "--now", "2026-11-02T06:50")
    assert due(project, "2026-11-02T07:00") == {}


def test_what_changed_above_and_the_result_of_a_query(project):
    project.write("raw/rates.csv", "code,rate\nEUR,2\n")
    assert due(project, "2026-11-02T01:00") == {"shop.rates": "files: 1 changed (raw/rates.csv)"}
    project("refresh", "--now", "2026-11-02T01:00")
    with sqlite3.connect(project.folder / "shop.db") as shop:
        shop.execute("insert into orders values (2, '2026-11-02')")
    assert due(project, "2026-11-02T02:00") == {}, "no database is asked"
    project("refresh", "shop.*", "--now", "2026-11-02T02:00")
    reason = "`when` gives 2026-11-02, and gave 2026-11-01"
    assert due(project, "2026-11-02T03:00") == {"marts.aged": "an input changes", "marts.triggered": reason}
    project("refresh", "marts.aged", "--now", "2026-11-02T03:00")
    project("refresh", "marts.triggered", "--now", "2026-11-02T03:00")
    assert due(project, "2026-11-02T03:30") == {}, "looked at, and as it was"


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("select max(night) from shop.orders", "can't be asked"),
        ("select current_date", "uses the clock: it is asked of what is published, which stays as it is"),
        ("select max(day) > now() from shop.orders", "uses the clock"),
        ("select random()", "calls `random`"),
    ],
)
def test_a_query_that_cannot_be_asked_says_so(project, when, why):
    project.write("datasets/marts/triggered.sql", f"/*---\nrefresh: {{when: {when}}}\n---*/\nselect 1 as n\n")
    project("run", "--yes", "--now", "2026-11-02T01:00")
    refused = project("plan", "--due", status=2)
    assert f"`refresh.when` of `marts.triggered` {why}" in refused.err


def test_of_an_earlier_branch_by_the_same_name_nothing_counts(project):
    project("branch", "create", "dev")
    with sqlite3.connect(project.folder / "shop.db") as shop:
        shop.execute("insert into orders values (2, '2026-11-02')")
    project("refresh", "--branch", "dev", "--now", "2026-11-02T06:00")
    assert due(project, "2026-11-02T07:00", "--branch", "dev") == {}
    project("branch", "drop", "dev", "--yes")
    project("branch", "create", "dev")
    found = project.json("plan", "--due", "--now", "2026-11-02T07:00", "--branch", "dev")
    assert all(
        each["last"] < "2026-11-02T06:00" or each["last"] > "2026-11-02T07:00"
        for each in found["due"] + found["waiting"]
    )
