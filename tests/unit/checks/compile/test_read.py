"""Checks of many datasets read at once: what is known, what isn't yet, what is kept, and what the project adds to a line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from andon.base.cache import FileCache, MemoryCache
from andon.checks.compile.plans import Catalog, DeclaredChecks, RowPlan
from andon.checks.compile.read import read_checks
from andon.checks.language.clock import mentions_clock
from andon.model.dataset import CheckLine

COLUMNS = {
    "shop.orders": (("id", "INTEGER"), ("customer", "INTEGER"), ("amount", "DECIMAL(9,2)"), ("plate", "VARCHAR")),
    "shop.customers": (("id", "INTEGER"), ("since", "DATE")),
}


def declared(dataset: str, *lines: str, key: tuple[str, ...] = ()) -> DeclaredChecks:
    return DeclaredChecks(dataset, tuple(CheckLine(text, "f.sql", at, 3) for at, text in enumerate(lines, 1)), key)


def catalog(patterns: dict[str, str] | None = None, macros: tuple[str, ...] = ()) -> Catalog:
    return Catalog(COLUMNS, {"shop.customers": ("id",)}, patterns or {}, macros)


def ids(given: DeclaredChecks, known: Catalog) -> list[str]:
    found, problems = read_checks([given], known)
    assert not problems
    return [one.check.id for one in found[given.dataset]]


def test_the_checks_of_datasets_with_their_keys_first() -> None:
    found, problems = read_checks(
        [
            declared("shop.orders", "amount > 0", "id in 1, 2", key=("id",)),
            declared("shop.customers", "since 2020-01-01.."),
        ],
        catalog(),
    )
    assert not problems
    assert [one.check.text for one in found["shop.orders"]] == ["key id", "amount > 0", "id in 1, 2"]
    assert [one.plan for one in found["shop.customers"]] == [
        RowPlan("""((since) >= cast('2020-01-01' as DATE)) is false""")
    ]


def test_all_problems_in_the_order_of_their_places() -> None:
    lines = ("id between", "amount > 'x'::date", "twice: id > 0", "twice: id > 1", "nope > 0", "nope -> shop.customers")
    found, problems = read_checks(
        [declared("shop.orders", *lines), declared("shop.customers", "id -> no.where")], catalog()
    )
    assert [problem.line for problem in problems] == [1, 2, 4, 5, 6, 1]
    assert all(problem.hint and problem.column for problem in problems)
    assert [one.check.text for one in found["shop.orders"]] == ["id > 0"]


def test_what_is_not_built_yet_is_only_parsed() -> None:
    lines = ("a > 0", "a -> shop.customers", "sum(a) = sum(shop.orders.amount)")
    found, problems = read_checks([declared("py.made", *lines)], catalog())
    assert not problems
    assert [one.plan for one in found["py.made"]] == [None, None, None]
    given = [declared("shop.orders", "customer -> py.made.a")]
    found, problems = read_checks(given, catalog(), datasets=("py.made",))
    assert [one.plan for one in found["shop.orders"]] == [None]
    assert not problems
    _, problems = read_checks(given, catalog())
    assert [problem.code for problem in problems] == ["project.unknown_dataset"]


def test_what_changes_is_read_again() -> None:
    cache = MemoryCache()
    given = [declared("shop.orders", "customer -> shop.customers"), declared("shop.customers", "rows > 0", key=("id",))]
    before, _ = read_checks(given, catalog(), cache)
    other = Catalog({**COLUMNS, "shop.customers": (("id", "VARCHAR"),)}, {"shop.customers": ("id",)}, {})
    _, problems = read_checks(given, other, cache)
    assert [problem.code for problem in problems] == ["project.bad_check"]
    assert read_checks(given, catalog(), cache) == (before, [])
    no_key = Catalog({**COLUMNS, "shop.customers": (("customer", "INTEGER"),)}, {}, {})
    after, _ = read_checks([given[0], declared("shop.customers", "rows > 0")], no_key, cache)
    assert [one.plan.targets for one in after["shop.orders"]] == [("customer",)]  # type: ignore[union-attr]


def test_a_dataset_that_goes_is_missed() -> None:
    cache = MemoryCache()
    given = [declared("shop.orders", "customer -> py.made.a")]
    assert not read_checks(given, catalog(), cache, datasets=("py.made",))[1]
    assert read_checks(given, catalog(), cache)[1]


def test_a_pattern_of_the_project() -> None:
    given = declared("shop.orders", "plate is car_plate", "plate is email")
    one, other = (ids(given, catalog({"car_plate": regex})) for regex in ("[A-Z]+", "[A-Z]*"))
    assert one[0] != other[0]
    assert one[1] == other[1]


def test_patterns_that_are_wrong_are_told_with_their_places() -> None:
    toml = 'author = "ana"\n\n[patterns]\nok = "x"\nopen = "("\nemail = "x"\n'
    own = {"ok": "x", "open": "(", "email": "x"}
    cache = MemoryCache()
    for _ in range(2):
        _, problems = read_checks([declared("shop.orders", "plate is ok")], catalog(own), cache, toml=toml)
        assert [(p.code, p.file, p.line, p.column) for p in problems] == [
            ("project.bad_value", "andon.toml", 5, 1),
            ("project.bad_value", "andon.toml", 6, 1),
        ]
        assert all(problem.hint for problem in problems)


def test_macros_are_part_of_what_a_check_means() -> None:
    given = declared("shop.orders", "big(amount) = true", "amount > 0", "recent(id) = true")

    def macros(limit: int) -> tuple[str, ...]:
        return (
            f"create macro big(v) as v > {limit}",
            "create macro moment() as now()",
            "create macro recent(v) as v < epoch(moment())",
        )  # fmt: skip

    one, other = (ids(given, catalog(macros=macros(limit))) for limit in (1, 2))
    assert [a == b for a, b in zip(one, other, strict=True)] == [False, True, True]
    found, _ = read_checks([given], catalog(macros=macros(1)))
    assert [item.check.uses_clock for item in found["shop.orders"]] == [False, False, True]
    assert mentions_clock(given.lines, macros(1))
    assert not mentions_clock(given.lines[:2], macros(1))


def test_the_clock_is_told_from_the_text() -> None:
    for text, says in (
        ("max_age 2d by t", True),
        ("t <= NOW()", True),
        ("d < current_date", True),
        ('"today"() > d', True),
        ("a > 0", False),
        ("nowhere > 0", False),
    ):
        assert mentions_clock([CheckLine(text, "f", 1)]) is says


def test_what_is_kept_needs_no_engine(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache.db", "1")
    given = [declared("shop.orders", "amount * 2 > 0", key=("id",))]
    read_checks(given, catalog(), cache)
    cache.close()
    script = f"""
import sys
from pathlib import Path
from andon.base.cache import FileCache
from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.model.dataset import CheckLine
given = [DeclaredChecks("shop.orders", (CheckLine("amount * 2 > 0", "f.sql", 1, 3),), ("id",))]
known = Catalog({COLUMNS!r}, {{"shop.customers": ("id",)}}, {{}})
found, problems = read_checks(given, known, FileCache(Path({str(tmp_path / "cache.db")!r}), "1"))
assert len(found["shop.orders"]) == 2 and not problems
heavy = {{"duckdb", "andon.checks.compile.reader", "andon.checks.language.parse", "andon.sql.parse"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_name_that_is_not_there_is_shown_where_it_stands() -> None:
    lines = ("total: id + amout > 0", "amount > 0 where plat = 'x'", "-> shop.custmers", "amount > lenght('x')")
    given = DeclaredChecks(
        "shop.orders",
        tuple(CheckLine(text, "f.sql", at, 3, "customer") for at, text in enumerate(lines, 1)),
    )
    _, problems = read_checks([given], catalog())
    assert [(p.line, p.column, p.code) for p in problems] == [
        (1, 3 + 12, "project.unknown_column"),
        (2, 3 + 17, "project.unknown_column"),
        (3, 3 + 3, "project.unknown_dataset"),
        (4, 3 + 9, "project.unknown_function"),
    ]
    assert all(problem.hint and "did you mean" in problem.hint for problem in problems)
