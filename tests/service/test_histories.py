"""Histories through runs, undo, branches and edits: what rows were before is kept, and only what is current is written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.command_line import Andon

HISTORY = "/*---\nmaterialize: history\nkey: id\n{more}---*/\n{sql}\n"


@pytest.fixture
def project(tmp_path: Path) -> Andon:
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("sources/shop/customers.sql", "from read_csv('raw/customers.csv')\n")
    define(made, "select * from shop.customers")
    made.write("datasets/marts/now.sql", "select id, city from marts.customers where is_current\n")
    given(made, "1,Rome", "2,Oslo")
    made("run", "--yes", "--now", "2026-01-01")
    return made


def define(project: Andon, sql: str, more: str = "") -> None:
    project.write("datasets/marts/customers.sql", HISTORY.format(sql=sql, more=more))


def given(project: Andon, *rows: str) -> None:
    project.write("raw/customers.csv", "\n".join(["id,city", *rows, ""]))


def shown(project: Andon, *more: str, of: str = "customers") -> list[str]:
    """`id city from..to`, days only."""
    sql = (
        "select id || ' ' || city || ' ' || day(valid_from) || '..' || coalesce(day(valid_to)::varchar, '')"
        f" from marts.{of} order by id, valid_from"
    )
    return [row[0] for row in project.json("query", sql, *more)["rows"]]


def files(project: Andon) -> int:
    text = project("show", "marts.customers").out
    return (
        int(text.split(" rows in ")[-1].split(" file")[0])
        if " rows in " in text
        else int(text.split(" in ")[1].split()[0])
    )


def test_what_rows_were_before_is_kept_undone_and_made_again(project):
    given(project, "1,Paris", "3,Bern")
    project("refresh", "--now", "2026-01-02")
    second = ["1 Rome 1..2", "1 Paris 2..", "2 Oslo 1..2", "3 Bern 2.."]
    assert shown(project) == second
    assert project.json("query", "from marts.now order by id")["rows"] == [[1, "Paris"], [3, "Bern"]]
    assert "nothing to do" in project("refresh", "--now", "2026-01-03").out
    project("undo", "--yes")
    assert shown(project) == ["1 Rome 1..", "2 Oslo 1.."]
    project("refresh", "--now", "2026-01-04")
    assert shown(project) == ["1 Rome 1..", "2 Oslo 1.."], "the file that was undone stays out"
    given(project, "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-05")
    assert shown(project) == ["1 Rome 1..5", "1 Paris 5..", "2 Oslo 1.."]
    project("undo", "--yes")
    project("redo")
    assert shown(project) == ["1 Rome 1..5", "1 Paris 5..", "2 Oslo 1.."]
    project("refresh", "--force", "--now", "2026-01-06")
    assert shown(project) == ["1 Rome 1..5", "1 Paris 5..", "2 Oslo 1.."], "made again of what it was made of"


def test_rows_that_ended_stay_in_their_files(project):
    names = set()
    for day in range(2, 7):
        given(project, f"1,City{day}", "2,Oslo")
        project("refresh", "--now", f"2026-01-0{day}")
        names.add(frozenset(p.name for p in (project.folder / ".andon/lake/data/marts").glob("customers*")))
    assert [row.split()[1] for row in shown(project)] == ["Rome", *[f"City{day}" for day in range(2, 7)], "Oslo"]
    assert files(project) == 5, "each run adds one of those that ended before, beside the one that is written again"


def test_a_branch_has_its_own_and_publishing_goes_on_from_mains(project):
    project("branch", "create", "try")
    given(project, "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-02", "--branch", "try")
    assert (shown(project, "--at", "try")[0], shown(project)[0]) == ("1 Rome 1..2", "1 Rome 1..")
    given(project, "1,Rome", "2,Bonn")
    project("refresh", "--now", "2026-01-03")
    assert shown(project) == ["1 Rome 1..", "2 Oslo 1..3", "2 Bonn 3.."]


def test_publishing_brings_the_history_of_a_branch_where_main_kept_none_since(project):
    project("branch", "create", "try")
    project.write("datasets/marts/new.sql", HISTORY.format(sql="select id, city from shop.customers", more=""))
    project("run", "--now", "2026-01-02", "--branch", "try")
    for day in (3, 4):
        given(project, f"1,City{day}", "2,Oslo")
        project("refresh", "--now", f"2026-01-0{day}", "--branch", "try")
    for of in ("new", "customers"):
        kept = shown(project, "--at", "try", of=of)
        assert len(kept) == 4
        if of == "new":
            project("publish", "try", "--yes")
        assert shown(project, of=of) == kept, "nothing of it is lost"
    project("undo", "--yes")
    assert shown(project) == ["1 Rome 1..", "2 Oslo 1.."]
    project("publish", "try", "--yes")
    assert [row.split()[1] for row in shown(project)] == ["Rome", "City4", "Oslo"], "it goes on from what main shows"


def test_a_history_goes_on_under_another_name(project):
    given(project, "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-02")
    before = shown(project)
    folder = project.folder / "datasets/marts"
    (folder / "customers.sql").rename(folder / "people.sql")
    project.replace("datasets/marts/now.sql", "marts.customers", "marts.people")
    assert "new, its history goes on from marts.customers" in project("plan").out
    project("run", "--yes", "--now", "2026-01-03")
    assert shown(project, of="people") == before
    project("undo", "--yes")
    assert shown(project) == before


def test_another_key_begins_anew_and_says_so(project):
    project.replace("datasets/marts/customers.sql", "key: id", "key: [id, city]")
    assert "its key changed: its history begins anew" in project("plan").out
    define(project, "select * from shop.customers")
    project.replace("datasets/marts/customers.sql", "materialize: history", "materialize: table")
    project.replace("datasets/marts/now.sql", " where is_current", "")
    assert "materialize changed from history to table: what its history kept" in project("plan").out


def test_rows_that_are_given_twice_alike_are_one(project):
    given(project, "1,Paris", "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-02")
    assert shown(project) == ["1 Rome 1..2", "1 Paris 2..", "2 Oslo 1.."]


def test_columns_that_come_tell_nothing_of_what_was(project):
    given(project, "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-02")
    define(project, "select *, upper(city) as loud from shop.customers")
    project("run", "--yes", "--now", "2026-01-03")
    assert shown(project) == ["1 Rome 1..2", "1 Paris 2..", "2 Oslo 1.."], "no row ended for it"
    sql = "select city, loud from marts.customers order by id, valid_from"
    assert project.json("query", sql)["rows"] == [["Rome", None], ["Paris", "PARIS"], ["Oslo", "OSLO"]]
    define(project, "select id, city from shop.customers where id = 1")
    project("run", "--yes", "--now", "2026-01-04")
    assert shown(project) == ["1 Rome 1..2", "1 Paris 2..", "2 Oslo 1..4"]


def test_rows_with_their_time_find_their_place(project):
    project.write(
        "sources/shop/moves.sql",
        "from read_csv('raw/moves.csv', columns = {'id': 'BIGINT', 'city': 'VARCHAR', 'since': 'DATE', 'gone': 'BOOLEAN'})\n",
    )
    project.write(
        "datasets/marts/moves.sql",
        HISTORY.format(sql="from shop.moves", more="history: {changed_at: since, rows: changed, deleted: gone}\n"),
    )

    def events(*rows: str) -> None:
        project.write("raw/moves.csv", "\n".join(["id,city,since,gone", *rows, ""]))

    events("1,Rome,2026-01-01,false", "2,Oslo,2026-01-03,false")
    project("run", "--yes", "--now", "2026-02-01")
    assert shown(project, of="moves") == ["1 Rome 1..", "2 Oslo 3.."]
    events("1,Bern,2026-01-09,false", "1,Paris,2026-01-05,false", "2,,2026-01-20,true")
    project("refresh", "--now", "2026-02-02")
    assert shown(project, of="moves") == ["1 Rome 1..5", "1 Paris 5..9", "1 Bern 9..", "2 Oslo 3..20"]
    events("1,Lyon,2026-01-03,false")
    project("refresh", "--now", "2026-02-03")
    assert shown(project, of="moves")[:3] == ["1 Rome 1..3", "1 Lyon 3..5", "1 Paris 5..9"], "late, and in its place"
    events("1,Lyon,,false")
    failed = project("refresh", status=1)
    assert "a row without `since`" in failed.err
    assert len(shown(project, of="moves")) == 5


def test_what_makes_no_history_is_said(project):
    given(project, "1,Paris", "1,Rome")
    failed = project("refresh", status=1)
    assert "two different rows for `id`: 1" in failed.err
    given(project, ",Paris")
    assert "a row without `id`" in project("refresh", status=1).err
    assert shown(project) == ["1 Rome 1..", "2 Oslo 1.."]
    for front, said in (
        ("materialize: history\n", "a history needs the `key`"),
        ("history: {changed_at: since}\nkey: id\n", "this dataset is none"),
        (
            "materialize: history\nkey: id\nhistory: {changed_at: until}\n",
            "4:23  column `until` is named as `changed_at`",
        ),
        ("materialize: history\nkey: id\nhistory: {deleted: gone}\n", "column `gone` is named as `deleted`"),
        ("materialize: history\nkey: id\nhistory: {changed_at: city}\n", "must name a date or a time"),
        ("materialize: history\nkey: id\nhistory: {changed: until}\n", "there is no key `changed`"),
        ("materialize: history\nkey: id\nhistory: {rows: some}\n", "`rows` must be"),
    ):
        project.write("datasets/marts/customers.sql", f"/*---\n{front}---*/\nselect * from shop.customers\n")
        assert said in project("plan", status=2).err, front
    project.write(
        "sources/shop/customers.sql",
        "/*---\nmaterialize: history\nkey: id\n---*/\nfrom read_csv('raw/customers.csv')\n",
    )
    assert "a history is made by SQL, not by a source" in project("plan", status=2).err


@pytest.mark.parametrize("forced", [False, True])
def test_a_history_whose_files_were_lost_is_made_again_of_what_it_was_made_of(project, forced):
    for day in range(2, 5):
        given(project, f"1,City{day}", "2,Oslo")
        project("refresh", "--now", f"2026-01-0{day}")
    before = shown(project)
    places = project.json("show", "marts.customers")["files"]
    for place in places:
        (project.folder / ".andon/lake" / place).unlink()
    assert "--force marts.customers" in project("query", "from marts.customers", status=4).err
    if forced:
        project("run", "--yes", "--force", "marts.customers", "--now", "2026-01-05")
        assert shown(project) == before
    given(project, "1,City9", "2,Oslo")
    project("refresh", "--now", "2026-01-06")
    assert shown(project)[-2:] == ["1 City9 6..", before[-1]]
    assert len(shown(project)) == len(before) + 1
    project("undo", "--yes")
    assert shown(project) == before, "earlier commits show it again"


def test_a_run_whose_time_lies_before_what_is_known_says_so(project):
    given(project, "1,Paris", "2,Oslo")
    project("refresh", "--now", "2026-01-03")
    given(project, "1,Bern", "2,Oslo")
    found = project("refresh", "--now", "2026-01-02")
    assert "lies before 2026-01-03" in found.out + found.err
    assert shown(project) == ["1 Rome 1..3", "1 Bern 3..", "2 Oslo 1.."]


def test_a_column_of_another_type_changes_no_value_of_what_was(project):
    def typed(expression: str, status: int = 0):
        define(project, f"select id, city, {expression} as n from shop.customers")
        return project("run", "--yes", "--now", "2026-01-02", status=status)

    def values() -> list[object]:
        return [
            row[0]
            for row in project.json("query", "select n from marts.customers where id = 1 order by valid_from")["rows"]
        ]

    typed("7")
    typed("7::bigint")
    assert values() == [7], "a type that says the same ends nothing"
    given(project, "1,Paris", "2,Oslo")
    typed("1.5::double")
    assert values() == [7.0, 1.5]
    for narrower in ("1::integer", "date '2026-01-01'"):
        failed = typed(narrower, status=1)
        assert "`n` has another type than before" in failed.err
        assert "history.bad_rows" in failed.err
    typed("'x'")
    assert values()[0] == "7.0"
    assert "of an earlier row can't be said" in typed("8", status=1).err
    more = "history: {changed_at: since}\n"
    define(project, "select id, city, timestamp '2026-01-01 10:00:00' as since from shop.customers", more)
    project("run", "--yes")
    define(project, "select id, city, date '2026-01-02' as since from shop.customers", more)
    assert "has another type than before" in project("run", "--yes", status=1).err
