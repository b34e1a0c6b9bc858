"""Selections on the command line: what selects nothing is an error in every command, files select their datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from kit.command_line import Andon

MART = "datasets/marts/revenue_by_month.sql"


def test_no_command_takes_a_selection_of_nothing_for_success(built: Andon) -> None:
    for command in ("plan", "run", "refresh", "check", "test", "ls"):
        for term in (
            "tag:opps",
            "owner:nobody",
            "path:datasets/mart",
            "shop.ordres",
            "shop.orders,marts.revenue_by_month",
        ):
            error = built.json(command, term, status=2)["error"]
            assert (error["code"], bool(error["hint"])) == ("usage.bad_argument", True), (command, term)
        if command not in ("check", "ls"):
            assert "shop.orders" in built.json(command, "--exclude", "shop.ordres", status=2)["error"]["hint"]
    for options in (("--suggest",), ("--sql",)):
        assert built.json("check", "marts.revenue", *options, status=2)["error"]["hint"].startswith("did you mean")
    missing = built.json("check", "--history", "shop.ordres", status=2)["error"]
    assert (missing["code"], missing["hint"]) == ("lake.dataset_not_found", "did you mean `shop.orders`?")
    assert built.json("run", "state:changed")["run"] is None  # nothing changed, which is no mistake


def test_a_file_selects_its_dataset_wherever_the_person_stands(built: Andon, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*terms: str) -> list[str]:
        return [one["dataset"] for one in built.json("ls", *terms)]

    assert listed(MART) == listed("datasets/marts/") == listed(f"path:{MART}") == ["marts.revenue_by_month"]
    assert listed(str(built.folder / MART)) == ["marts.revenue_by_month"]
    assert listed(f"+{MART}") == ["marts.revenue_by_month", "shop.orders"]
    assert listed("raw/orders.csv") == ["shop.orders"]
    monkeypatch.chdir(built.folder / "datasets" / "marts")
    assert listed("revenue_by_month.sql") == listed("./") == ["marts.revenue_by_month"]
    assert built.json("ls", "macros/x.sql", status=2)["error"]["message"] == "no dataset has a file at `macros/x.sql`"


def test_what_was_held_is_known_though_nobody_can_read_it_yet(andon: Andon) -> None:
    andon.replace(MART, "sum(amount) as revenue", "2 * sum(amount) as revenue")
    andon("run", "--yes", status=1)
    for words in (
        ("check", "marts.revenue_by_month"),
        ("show", "marts.revenue_by_month"),
        ("query", "from marts.revenue_by_month"),
    ):
        error = andon.json(*words, status=2)["error"]
        assert error["code"] == "lake.dataset_not_found"
        assert error["hint"] == "run:1 made it and was not published: `--at run:1` reads what it made"
        andon(*words, "--at", "run:1", status=1 if words[0] == "check" else 0)


def test_what_is_not_selected_is_not_said_to_be_absent(built: Andon) -> None:
    built.write("datasets/m/other.sql", "select order_id from shop.orders\n")
    built.write(
        "datasets/m/one.sql",
        "/*---\nchecks: |\n  order_id -> m.other\n  rows = count(m.nowhere.x)\n---*/\nselect order_id from shop.orders\n",
    )
    problems = built.json("plan", "m.one", status=2)["error"]["problems"]
    assert [p["message"] for p in problems] == [
        "`m.other` is not selected, and not published yet",
        "there is no dataset `m.nowhere`",
    ]
    built.replace("datasets/m/one.sql", "  rows = count(m.nowhere.x)\n", "")
    built.replace("datasets/m/other.sql", "select", "/*---\nkey: order_id\n---*/\nselect")
    assert {s["dataset"] for s in built.json("plan", "m.one", "m.other")["steps"]} >= {"m.one", "m.other"}
