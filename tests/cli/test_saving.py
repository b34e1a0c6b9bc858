"""`save`, `rename`, `retire` and saved queries from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kit.command_line import Andon

TOP = "select customer, sum(amount) as total from shop.orders group by customer"
FILE = "datasets/marts/top.sql"


def test_without_a_word_it_is_only_shown(built: Andon) -> None:
    done = built("save", "marts.top", TOP)
    assert "marts.top  new · 2 columns · from shop.orders\n" in done.out
    assert "1  key customer  3 rows, as many different values, none empty" in done.out
    assert "nothing is published yet" in done.err
    assert not (built.folder / FILE).exists()
    assert len(built.json("ls")) == 2


def test_checks_are_chosen_by_number_by_id_or_as_lines(built: Andon) -> None:
    shown = built.json("save", "marts.top", TOP)
    (key,) = shown["proposed"]
    assert (shown["published"], key["line"], shown["checks"]) == (False, "key customer", [])
    chosen = built.json("save", "marts.top", TOP, "--check", "1", "--check", key["id"], "--check", "total > 0")
    assert chosen["checks"] == ["key customer", "total > 0"]
    done = built.json("save", "marts.top", TOP, "--check", "1", "--check", "total > 0", "--publish")
    assert (done["published"], done["behind"], done["checks"]) == (True, [], ["key customer", "total > 0"])
    assert [c["status"] for c in done["run"]["checks"]] == ["pass", "pass"]
    assert (built.folder / FILE).read_text().splitlines()[2:4] == ["  key customer", "  total > 0"]
    error = built.json("save", "marts.top", TOP, "--replace", "--check", "7", status=2)["error"]
    assert "there is no proposed check 7" in error["message"]


def test_what_is_said_of_a_source_is_changed(built: Andon) -> None:
    assert (
        "shop.orders  changed · 4 columns · a source\n"
        in built("save", "shop.orders", "--replace", "--owner", "ana").out
    )


def test_what_a_check_holds_is_not_saved(built: Andon) -> None:
    done = built("save", "marts.top", TOP, "--check", "total > 1000", "--publish", status=1)
    assert "is not saved: the folder and main are as they were" in done.err
    assert not (built.folder / FILE).exists()


def test_what_fails_when_it_is_built_is_not_saved(built: Andon) -> None:
    sql = "select customer, customer::integer as number from shop.orders"
    done = built("save", "marts.top", sql, "--publish", status=1)
    assert "Could not convert string 'ada'" in done.err
    assert "is not saved: the folder and main are as they were" in done.err
    assert built.json("save", "marts.top", sql, "--publish", status=1)["run"]["tasks"][0]["status"] == "failed"
    assert not (built.folder / FILE).exists()


def test_a_query_on_stdin_and_from_a_file(built: Andon) -> None:
    assert built("save", "marts.top", "-", "--checks", "none", "--publish", input=TOP).status == 0
    built.write("scratch.sql", "select 1 as one\n")
    built("save", "marts.top", "-f", str(built.folder / "scratch.sql"), "--replace", "--publish")
    assert built.json("query", "from marts.top")["rows"] == [[1]]
    built("save", "marts.top", "--replace", "--owner", "ben", "--publish")
    assert (built.folder / FILE).read_text() == "/*---\nowner: ben\n---*/\nselect 1 as one\n"


def test_a_saved_query_is_asked_by_its_name(built: Andon) -> None:
    sql = "select orders from marts.revenue_by_month where month = $month"
    done = built(
        "save", "monthly", sql, "--param", "month=date=2026-01", "--description", "Orders of a month", "--publish"
    )
    assert "`andon" in done.err
    assert built.json("query", "monthly")["rows"] == [[2]]
    assert built.json("query", "--saved", "monthly", "-p", "month=2026-03-01")["rows"] == [[1]]
    (known,) = built.json("ls", "--queries")
    assert (known["name"], known["parameters"][0]["default"]) == ("monthly", "2026-01")
    assert "monthly  month: date = 2026-01" in built("ls", "--queries", "mon*").out
    assert built.json("show", "monthly")["parameters"] == known["parameters"]
    assert "month  date  = 2026-01" in built("show", "monthly").out
    assert "asked by monthly" in " ".join(built("show", "marts.revenue_by_month").out.split())
    assert built.json("query", "month", status=2)["error"]["hint"] == "did you mean `monthly`?"
    assert built.json("query", "--saved", "monthly", "select 1", status=2)["error"]["code"] == "usage.bad_argument"
    built("rename", "monthly", "per_month", "--publish")
    built("retire", "per_month", "--publish")
    assert built("ls", "--queries").out.startswith("no saved queries")


def test_a_rename_is_shown_then_done(built: Andon) -> None:
    built("save", "marts.top", "select month from marts.revenue_by_month", "--checks", "none", "--publish")
    shown = built("rename", "marts.revenue_by_month", "marts.revenue")
    assert "marts.revenue_by_month → marts.revenue  1 other file with it\n" in shown.out
    assert "nothing is published yet" in shown.err
    done = built.json("rename", "marts.revenue_by_month", "marts.revenue", "--publish")
    assert (done["published"], done["written"]) == (True, ["datasets/marts/revenue.sql", FILE])
    assert built.json("retire", "marts.revenue", "--publish", status=2)["error"]["code"] == "lake.is_read"
    built("undo", "--yes")
    assert {d["dataset"] for d in built.json("ls")} == {"marts.revenue_by_month", "marts.top", "shop.orders"}


@pytest.mark.parametrize("words", [("save", "marts.top"), ("save", "marts.top", TOP, "-f", "x.sql")])
def test_there_must_be_one_query(built: Andon, words: tuple[str, ...]) -> None:
    assert built.json(*words, status=2)["error"]["code"] == "usage.bad_argument"
