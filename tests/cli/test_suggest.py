"""`andon check --suggest`: the lines, what is written, JSON, a narrow terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from andon.cli.output import Ink
from andon.cli.text.proposals import proposal_lines
from andon.model.proposed_line import ProposedLine
from andon.service.proposing import ProposedChecks

if TYPE_CHECKING:
    from kit.command_line import Andon

ROWS = "\n".join(
    ["order_id,customer,ordered_at,amount", *(f"{i},c{i % 9},2026-01-{i % 28 + 1:02d},{i % 50}.25" for i in range(120))]
)


@pytest.fixture
def shop(andon: Andon) -> Andon:
    """A project with a source that has no check, and one that has."""
    andon.write("raw/sales.csv", ROWS + "\n")
    andon.write("sources/shop/sales.sql", "-- of the till\nselect * from read_csv('raw/sales.csv')\n")
    andon("run", "--yes")
    return andon


def without_place(shop: Andon, text: str) -> str:
    return text.replace(str(shop.folder), "FOLDER")


def test_lines_and_what_to_do_next(shop: Andon, golden: Callable[[str, str], None]) -> None:
    found = shop("check", "shop", "--suggest")
    golden("check_suggest", without_place(shop, found.out + found.err))


def test_write(shop: Andon, golden: Callable[[str, str], None]) -> None:
    found = shop("check", "shop.sales", "--suggest", "--write")
    text = (shop.folder / "sources/shop/sales.sql").read_text()
    golden("check_suggest_write", without_place(shop, found.out + found.err + text))
    again = shop("check", "shop.sales", "--suggest", "--write")
    assert again.out == "nothing to add to shop.sales\n"
    assert again.err == "nothing to add\n"
    assert "published" in shop("run", "--yes").out


def test_json(shop: Andon) -> None:
    document = shop.json("check", "shop.sales", "--suggest", "--write")
    (one,) = document["datasets"]
    assert (one["dataset"], one["file"], one["past_versions"]) == ("shop.sales", "sources/shop/sales.sql", 0)
    assert one["suggestions"][0] == {
        "dataset": "shop.sales",
        "line": "key order_id",
        "columns": ["order_id"],
        "rule": "key",
        "evidence": "120 rows, as many different values, none empty",
        "past_failures": 0,
        "past_versions": 0,
    }
    assert document["written"]["sources/shop/sales.sql"][0] == "key order_id"


def test_write_needs_suggest(shop: Andon) -> None:
    assert "--suggest" in shop("check", "--write", status=2).err


def test_a_file_that_cannot_be_added_to(shop: Andon) -> None:
    shop.write(
        "sources/shop/sales.sql", "/*---\nchecks: rows > 0  # some\n---*/\nselect * from read_csv('raw/sales.csv')\n"
    )
    found = shop("check", "shop.sales", "--suggest", "--write", status=2)
    assert "project.cannot_add" in found.err
    assert "key order_id" in found.err


def test_on_a_narrow_terminal_the_lines_stay_whole() -> None:
    lines = (
        ProposedLine("a.b", "sum(revenue) = sum(shop.orders.amount)", ("revenue",), "totals", "both are 12,345", 0, 4),
        ProposedLine("a.b", "not null a", ("a",), "not null", "none of 5,000 rows is empty", 1, 4),
    )
    found = ProposedChecks("a.b", "datasets/a/b.sql", 5000, 2, 4, lines)
    shown = proposal_lines([found], Ink(io.StringIO(), False, {}), 61)
    assert shown == [
        "a.b",
        "  5,000 rows · 2 checks so far · tried on 4 earlier versions",
        "  sum(revenue) = sum(shop.orders.amount)",
        "    would have failed on 0 of 4 · both are 12,345",
        "  not null a",
        "    would have failed on 1 of 4 · none of 5,000 rows is empty",
    ]
