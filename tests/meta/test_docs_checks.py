"""Lines on the pages "from another tool" are lines: each is read and bound over the columns of the reference's example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.language.grammar import EXAMPLE_COLUMNS, EXAMPLE_DATASET, EXAMPLE_KEYS
from andon.model.dataset import CheckLine

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGES = ("from-dbt-tests.md", "from-great-expectations.md", "from-soda.md")
_NO_LINE = re.compile(r"(key|type|columns|checks):|checks/|macros/|allow\Z|id\Z")
_CELLS = re.compile(r"(?<!\\)\|")


def _lines(page: str) -> list[str]:
    """The code in the column `Andon` of every table of a page, but what is no line (a key of the file, a path)."""
    found: list[str] = []
    place: int | None = None
    for row in (HOW_TO / page).read_text(encoding="utf-8").splitlines():
        if not row.startswith("|"):
            place = None
            continue
        cells = [cell.strip() for cell in _CELLS.split(row)[1:-1]]
        if "Andon" in cells:
            place = cells.index("Andon")
        elif place is not None and set(cells[place]) - set("- :"):
            codes = re.findall(r"`([^`]+)`", cells[place])
            found += [code.replace("\\|", "|") for code in codes if not _NO_LINE.match(code)]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_lines_of_a_page_can_be_read(page: str) -> None:
    lines = _lines(page)
    assert len(lines) > 40
    declared = [
        DeclaredChecks(f"shop.orders_{number}", (CheckLine(line, page, number),), ("order_id",))
        for number, line in enumerate(lines)
    ]
    columns = {**EXAMPLE_COLUMNS, **{one.dataset: EXAMPLE_COLUMNS[EXAMPLE_DATASET] for one in declared}}
    keys = {**EXAMPLE_KEYS, **{one.dataset: ("order_id",) for one in declared}}
    _, problems = read_checks(declared, Catalog(columns, keys, {}))
    assert [f"{lines[one.line or 0]}: {one.message}" for one in problems] == []


def test_a_line_that_is_none_would_be_found() -> None:
    given = DeclaredChecks(EXAMPLE_DATASET, (CheckLine("in new, paid", "page", 1),), ("order_id",))
    _, problems = read_checks([given], Catalog(EXAMPLE_COLUMNS, EXAMPLE_KEYS, {}))
    assert len(problems) == 1
