"""Column lineage against cases worked out by hand; see the form in tests/cases/lineage/selects.txt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from andon.sql.bound_plan import forget
from andon.sql.lineage.query import column_lineage, look_ahead

CASES = Path(__file__).parents[3] / "cases" / "lineage"
FEWEST = 80


@dataclass(frozen=True)
class Case:
    """One case of a file."""

    name: str
    macros: tuple[str, ...]
    sql: str
    columns: dict[str, set[str]]
    influence: set[str]
    fallback: str | None


def read_schemas() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    text = "\n".join(line for line in (CASES / "schemas.txt").read_text().splitlines() if not line.startswith("#"))
    for block in text.strip().split("\n\n"):
        name, *columns = block.strip().splitlines()
        found[name] = [(column, kind) for column, kind in (line.split(" ", 1) for line in columns)]
    return found


def read_cases(path: Path) -> list[Case]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [_case(block.strip()) for block in "\n".join(lines).split("\n---\n")]


def _case(block: str) -> Case:
    question, answer = block.split("\n=>\n")
    name, *lines = question.splitlines()
    macros = tuple(line.removeprefix("macro: ") for line in lines if line.startswith("macro: "))
    sql = "\n".join(line for line in lines if not line.startswith("macro: "))
    if answer.startswith("table-level: "):
        return Case(name, macros, sql, {}, set(), answer.removeprefix("table-level: "))
    columns: dict[str, set[str]] = {}
    for line in answer.splitlines():
        column, sources = line.split(" <-")
        columns[column] = {source.strip() for source in sources.split(",") if source.strip()}
    return Case(name, macros, sql, columns, columns.pop("influence", set()), None)


SCHEMAS = read_schemas()
ALL = [(path.stem, case) for path in sorted(CASES.glob("*.txt")) if path.stem != "schemas" for case in read_cases(path)]


def short(sources: frozenset[tuple[str, str]]) -> set[str]:
    return {f"{dataset.split('.')[1]}.{column}" for dataset, column in sources}


@pytest.mark.parametrize("case", [case for _, case in ALL], ids=[f"{file}: {case.name}" for file, case in ALL])
def test_lineage_is_what_was_worked_out_by_hand(case: Case) -> None:
    found = column_lineage(case.sql, SCHEMAS, case.macros)
    if case.fallback is not None:
        assert found.fallback is not None
        assert found.fallback.startswith("table-level, because ")
        assert case.fallback in found.fallback
        assert not found.columns
        assert not found.influence
        return
    assert found.fallback is None
    assert {name: short(sources) for name, sources in found.columns.items()} == case.columns
    assert short(found.influence) == case.influence


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= FEWEST
    assert len({case.name for _, case in ALL}) == len(ALL)


def test_queries_that_are_planned_at_once_are_traced_as_alone() -> None:
    by_macros: dict[tuple[str, ...], list[str]] = {}
    for _, case in ALL:
        by_macros.setdefault(case.macros, []).append(case.sql)
    for macros, texts in by_macros.items():
        forget()
        alone = [column_lineage(sql, SCHEMAS, macros) for sql in texts]
        forget()
        look_ahead([(sql, SCHEMAS) for sql in (*texts, "drop table shop.orders", "select 1; select 2", "")], macros)
        assert [column_lineage(sql, SCHEMAS, macros) for sql in texts] == alone


def test_what_was_planned_ahead_is_forgotten_when_a_dataset_has_other_columns() -> None:
    forget()
    asked = "select * from a.t"
    look_ahead([(asked, {"a.t": [("x", "INTEGER")]})])
    assert list(column_lineage(asked, {"a.t": [("y", "INTEGER")]}).columns) == ["y"]
    look_ahead([(asked, {"a.t": [("x", "INTEGER")]})])
    assert list(column_lineage(asked, {"a.t": [("x", "INTEGER")]}, ("create macro m() as 1",)).columns) == ["x"]
