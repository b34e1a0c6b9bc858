"""Planned execution: how each check is answered, what failing rows show, and that one check's error is its own."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.checks.compile.check import Catalog, compile_check
from andon.checks.execute import queries
from andon.checks.execute.planned import CheckQuestion, Executed, Target, execute, explain_sql
from andon.checks.language.parse import parse_check
from andon.engines.duckdb.stats import parse_return_stats
from andon.model.check import Check
from andon.model.version import DataFile
from andon.sql.bind import Binder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Shop:
    """Datasets written to files, and questions about `shop.orders`."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.folder = folder
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'UTC'")
        self.count = 0

    def write(self, *queries_: str) -> Target:
        files, paths = [], []
        for sql in queries_:
            self.count += 1
            path = str(self.folder / f"{self.count}.parquet")
            row = self.connection.execute(f"copy ({sql}) to {literal(path)} (format parquet, return_stats)").fetchall()[
                0
            ]
            sha = str(hash(Path(path).read_bytes()))
            files.append(DataFile(path, int(row[2]), sha, int(row[1]), parse_return_stats(row[4])))
            paths.append(path)
        relation = f"read_parquet([{', '.join(literal(path) for path in paths)}])"
        described = self.connection.execute(f"describe from {relation}").fetchall()
        return Target(relation, [(row[0], row[1]) for row in described], tuple(files), tuple(paths))

    def question(
        self, own: Target, lines: Sequence[str], others: Mapping[str, Target] | None = None, **more: Any
    ) -> CheckQuestion:
        known = {"shop.orders": own.columns, **{name: one.columns for name, one in (others or {}).items()}}
        catalog, binder, items = Catalog(known, {}, {}), Binder(), []
        for line in lines:
            check = parse_check(line, dataset="shop.orders", columns=own.columns, key=None)
            assert isinstance(check, Check), check
            plan = compile_check(check, catalog, binder)
            items.append((check, plan))
        return CheckQuestion(items, own, others or {}, more.pop("published", None), **more)  # type: ignore[arg-type]

    def ask(self, own: Target, *lines: str, **more: Any) -> list[Executed]:
        return execute(self.question(own, lines, **more), self.connection, NOW)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def told(done: Executed) -> tuple[str, str, int | None]:
    return str(done.verdict.status), done.how, done.verdict.bad


def test_what_the_write_told_is_proof(shop: Shop) -> None:
    own = shop.write("select i as id, null::int as nothing, 5 as five, date '2026-11-22' as day from range(10) t(i)")
    lines = [
        "not null id",
        "not null nothing",
        "id 0..9",
        "id >= 0",
        "id 20..",
        "five in 4, 5",
        "rows = 10",
        "max_age 1d by day",
    ]
    assert [told(done) for done in shop.ask(own, *lines)] == [
        ("pass", "proof", 0),
        ("fail", "proof", 10),
        ("pass", "proof", 0),
        ("pass", "proof", 0),
        ("fail", "proof", 10),
        ("pass", "proof", 0),
        ("pass", "proof", None),
        ("pass", "proof", None),
    ]


def test_nan_is_not_hidden_by_bounds(shop: Shop) -> None:
    """The write says 1 to 2, and of the last row group that it has no NaN."""
    own = shop.write("select case when i = 3 then 'nan'::double else 1 + i % 2 end as x from range(200000) t(i)")
    assert told(shop.ask(own, "x 0..5")[0]) == ("fail", "scan", 1)


def test_long_texts_are_not_taken_for_equal(shop: Shop) -> None:
    """The write's bounds are cut."""
    own = shop.write("select repeat('x', 300) || i as s from range(2) t(i)")
    assert len(own.files[0].stats['"s"'].minimum or "") == 256
    text = "x" * 256
    assert told(shop.ask(own, f"s in '{text}'")[0]) == ("fail", "scan", 2)


def test_rows_are_counted_not_values_or_keys(shop: Shop) -> None:
    """Other tools count one bad value for five rows, or two keys for four rows."""
    own = shop.write("select i // 2 as k, 'lost' as status from range(5) t(i)")
    done = shop.ask(own, "status in new, paid", "unique k", "key k")
    assert [one.verdict.bad for one in done] == [5, 4, 4]


def test_uniqueness_of_a_column_alone_is_never_ignored(shop: Shop) -> None:
    own = shop.write("select unnest(['a', 'b', 'a']) as s")
    view = Target(own.relation, own.columns)
    assert [told(shop.ask(target, "unique s")[0])[0] for target in (own, view)] == ["fail", "fail"]


def test_an_error_is_of_one_check_and_never_a_pass(shop: Shop) -> None:
    own = shop.write("select unnest(['1', 'two']) as s, unnest([1, 2]) as n")
    done = shop.ask(own, "s::int > 0", "n > 1", "sum(n) > 2", masked=frozenset({"s"}))
    assert [str(one.verdict.status) for one in done] == ["error", "fail", "pass"]
    assert "two" not in str(done[0].verdict.reason)


def test_masked_values_never_leave_the_engine(shop: Shop) -> None:
    own = shop.write("select 1 as id, 'ana@x.com' as email union all select 1, null")
    done = shop.ask(own, "unique id", "max(email) = 'x'", masked=frozenset({"email"}))
    assert [dict(zip(done[0].samples.columns, row, strict=True)) for row in done[0].samples.rows] in (
        [{"id": "1", "email": "•••"}, {"id": "1", "email": None}],
        [{"id": "1", "email": None}, {"id": "1", "email": "•••"}],
    )
    assert done[0].samples.masked == ("email",)
    assert (done[1].verdict.value, done[1].verdict.limit) == ("•••", "x")


@pytest.mark.parametrize("is_large", [False, True])
def test_failing_rows_are_the_first_ones_in_full(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    monkeypatch.setattr(queries, "LARGE", 0 if is_large else 10**9)
    first = "select i as id, i % 10 as n, 'r' || i as s from range(1000) t(i)"
    own = shop.write(first, first.replace("range(1000)", "range(1000, 1010)"))
    lines = ["n <> 3", "id < 1005", "n in 0, 1, 2", "n -> shop.numbers", "n > 0 where id > 500"]
    done = shop.ask(own, *lines, others={"shop.numbers": shop.write("select unnest([0, 1, 2]) as n")})
    assert [row[0] for row in done[0].samples.rows] == [str(number) for number in range(3, 203, 10)]
    assert [row for row in done[1].samples.rows] == [(str(i), str(i % 10), f"r{i}") for i in range(1005, 1010)]
    assert [len(one.samples.rows) for one in done[2:]] == [20, 20, 20]
    assert done[4].samples.rows[0][0] == "510"


def test_a_column_may_be_called_as_the_engine_numbers_rows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LARGE", 0)
    own = shop.write("select 7 as file_row_number, 'x' as s union all select 7, 'y'")
    done = shop.ask(own, "s in x", "unique file_row_number")
    assert [one.samples.rows for one in done] == [(("7", "y"),), (("7", "x"), ("7", "y"))]


def test_repeated_texts_are_found_by_their_hashes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LARGE", 0)
    own = shop.write(
        "select 's' || (case when i = 7 then 3 else i end) as s, i as id from range(50) t(i) union all select null, 50"
    )
    done = shop.ask(own, "unique s", "key s")
    assert [(one.verdict.bad, one.how) for one in done] == [(2, "join"), (3, "join")]
    assert {row[1] for row in done[0].samples.rows} == {"3", "7"}
    assert {row[1] for row in done[1].samples.rows} == {"3", "7", "50"}


class States:
    """States in memory that note what is asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, keys: Sequence[str]) -> dict[str, Any]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, states: Mapping[str, Any]) -> None:
        self.kept.update(states)


def test_only_new_files_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that were asked before are gone when the version that adds one is checked."""
    monkeypatch.setattr(queries, "LARGE", 0)
    first = "select i as id, i % 10 as n, i::decimal(9, 2) as m, 's' || i as s from range(100) t(i)"
    lines = ["key id", "n in 0, 1, 2, 3, 4, 5, 6, 7, 8, 9", "sum(m) > 0", "n % 10 = n", "n -> shop.numbers"]
    others = {"shop.numbers": shop.write("select i as n from range(10) t(i)")}
    own, states = shop.write(first), States()
    assert {one[0] for one in map(told, shop.ask(own, *lines, others=others, states=states))} == {"pass"}
    more = shop.write(first.replace("range(100)", "range(100, 120)"))
    both = Target(
        f"read_parquet([{literal(own.paths[0])}, {literal(more.paths[0])}])",
        own.columns,
        own.files + more.files,
        own.paths + more.paths,
    )
    Path(own.paths[0]).unlink()
    done = shop.ask(both, *lines, others=others, states=states)
    assert [(one.verdict.status.value, one.verdict.total) for one in done] == [
        ("pass", 120),
        ("pass", 120),
        ("pass", None),
        ("pass", 120),
        ("pass", 120),
    ]
    assert done[2].verdict.value == 7140
    again = shop.ask(both, *lines, others=others, states=states)
    assert {one.how for one in again} == {"proof"}


def together(*targets: Target) -> Target:
    """The rows of several versions in one."""
    paths = tuple(path for target in targets for path in target.paths)
    relation = f"read_parquet([{', '.join(literal(path) for path in paths)}])"
    return Target(relation, targets[0].columns, tuple(file for target in targets for file in target.files), paths)


@pytest.mark.parametrize("seed", range(30))
def test_a_key_is_asked_of_what_is_new_and_duplicates_across_files_are_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Files are kept, put together, written without some rows, and new ones come whose keys may be there: with what was known of the
    files of before the answer is that of asking all rows."""
    monkeypatch.setattr(queries, "LARGE", 0)
    chance = random.Random(seed)
    kind = chance.choice(["i", "'k' || i", "i::decimal(9, 2)", "date '2024-01-01' + i", "i / 2", "if(i = 7, null, i)"])

    def write(keys: Sequence[int]) -> Target:
        return shop.write(f"select {kind} as id from (values {', '.join(f'({i}::int)' for i in keys)}) t(i)")

    keys = list(range(24))
    if chance.random() < 0.5:
        chance.shuffle(keys)
    before = [keys[at : at + 6] for at in range(0, 24, 6)]
    files, states = [write(each) for each in before], States()
    shop.ask(together(*files), "key id", states=states)
    now: list[Target] = []
    gone: list[int] = []
    for listed, target in zip(before, files, strict=True):
        what = chance.choice(["kept", "kept", "part", "put together", "gone"])
        if what == "kept":
            now.append(target)
        elif what == "gone":
            gone += listed
        else:
            left = listed if what == "put together" else chance.sample(listed, 4)
            gone += [key for key in listed if key not in left]
            (file,), sha = (made := write(left)).files, target.files[0].sha256
            file = replace(file, packed=(sha,)) if what == "put together" else replace(file, part_of=(sha,))
            now.append(replace(made, files=(file,)))
    new = [*chance.sample(gone, min(2, len(gone))), 30, *([chance.choice(keys)] if chance.random() < 0.6 else [])]
    own = together(*now, write(new[:1]), *([write(new[1:])] if new[1:] else []))
    known = {"before": tuple(target.files[0] for target in files), "states": states}
    told = [(one.verdict.status, one.verdict.bad) for one in shop.ask(own, "key id", "unique id", **known)]
    assert told == [(one.verdict.status, one.verdict.bad) for one in shop.ask(own, "key id", "unique id")]


def test_of_a_key_only_files_are_read_that_may_hold_what_is_new(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LARGE", 0)
    first, second = (shop.write(f"select i as id from range({at}, {at + 100}) t(i)") for at in (0, 100))
    states = States()
    assert told(shop.ask(together(first, second), "key id", states=states)[0])[0] == "pass"
    part = shop.write("select i as id from range(100, 190) t(i)")
    part = replace(part, files=(replace(part.files[0], part_of=(second.files[0].sha256,)),))
    for path in first.paths:
        Path(path).unlink()
    known = {"before": (*first.files, *second.files), "states": states}
    own = together(first, part, shop.write("select i as id from range(190, 205) t(i)"))
    done = shop.ask(own, "key id", **known)
    assert (told(done[0])[0], done[0].how) == ("pass", "join")
    own = together(first, part, shop.write("select i as id from range(189, 205) t(i)"))
    assert told(shop.ask(own, "key id", **known)[0])[0] == "error", "a duplicate has all files asked, and one is gone"


def test_what_runs_is_told(shop: Shop) -> None:
    own = shop.write("select 1 as id, 'x' as s, 1.5::double as x")
    lines = ["not null id", "s matches 'x|y'", "x > 0", "id -> shop.ids", "sum(x) > 0 where id = 1"]
    question = shop.question(own, lines, {"shop.ids": shop.write("select 1 as id")})
    hows = [how for _, how, _ in explain_sql(question)]
    assert hows == ["proof", "scan", "scan", "join", "alone"]
    assert hows == [one.how for one in execute(question, shop.connection, NOW)]
    shared = {sql for _, how, sql in explain_sql(question) if how == "scan"}
    assert len(shared) == 1
    for _, _, sql in explain_sql(question):
        if sql:
            shop.connection.execute(sql).fetchall()


def test_an_interruption_is_no_result(shop: Shop) -> None:
    import threading

    import duckdb

    own = shop.write("select i as id from range(1000) t(i)")
    slow = Target(f"(select id from {own.relation}, range(100000000) r(j) where j % 7 <> id % 5)", own.columns)
    timer = threading.Timer(0.2, shop.connection.interrupt)
    timer.start()
    with pytest.raises(duckdb.InterruptException):
        shop.ask(slow, "id * 2 >= 0")
    timer.join()


def test_odd_names(shop: Shop) -> None:
    name = 'a "b" .c'
    own = shop.write(f'select 1 as {quote(name)}, 2 as "select"')
    done = shop.ask(
        own, f"not null {quote(name)}", f'unique {quote(name)}, "select"', '"select" 1..2', f"{quote(name)} = 2"
    )
    assert [told(one)[0] for one in done] == ["pass", "pass", "pass", "fail"]
    assert done[3].samples.rows == (("1", "2"),)
