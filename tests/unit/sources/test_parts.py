"""The parts of `andon.sources` that need no case file: patterns, contracts, pinning, compressed and damaged files, Parquet."""

from __future__ import annotations

import gzip
import json
import os
import time
from decimal import Decimal
from pathlib import Path

import duckdb  # noqa: TID253
import pyarrow  # noqa: TID253
import pyarrow.parquet  # noqa: TID253
import pytest

from andon.errors import DatasetError, UsageError
from andon.sources.contract import describe, establish
from andon.sources.explain import explain
from andon.sources.files.paths import expand, files_of, glob, match
from andon.sources.pin import pin
from andon.sources.render import render
from kit.sources import definition, load, store

# --- patterns

TREE = ["a.csv", ".h.csv", "s/b.csv", "s/t/c.csv", ".hid/d.csv", "a1.csv", "aB.csv", "A.CSV", "!x.csv", "we[ird].csv"]
PATTERNS = [
    "*.csv",
    "**",
    "**/*.csv",
    "*/*.csv",
    "**/c.csv",
    "a?.csv",
    "a[!0-9].csv",
    "a[0-9].csv",
    "[!a]*.csv",
    "*",
    "**/t/*.csv",
    "a.csv",
    "[^a]*.csv",
    "a[A-C].csv",
    "{a,a1}.csv",
    "s/**",
    "we[[]ird].csv",
    "nothing*.csv",
    "s",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n")
    (tmp_path / "link").symlink_to("s")
    return tmp_path


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_they_mean_to_the_engine(tree: Path, pattern: str) -> None:
    rows = duckdb.connect().execute("select file from glob(?)", [f"{tree}/{pattern}"]).fetchall()
    expected = sorted(str(Path(name).relative_to(tree)) for (name,) in rows)
    found = glob(tree, pattern)
    assert found == expected
    everything = [p.relative_to(tree).as_posix() for p in tree.rglob("*") if p.is_file()]
    linked = {name for name in found if name.startswith("link/")}
    assert sorted(name for name in everything if match(pattern, name)) == [n for n in found if n not in linked]


def test_absolute_patterns_give_absolute_paths(tree: Path) -> None:
    assert glob(Path("/nowhere"), f"{tree}/s/*.csv") == [f"{tree}/s/b.csv"]


def test_paths_are_cleaned(tree: Path) -> None:
    assert glob(tree, "./s//b.csv") == ["s/b.csv"]
    assert glob(tree, "s/../a.csv") == ["a.csv"]
    assert match("./s/../a.csv", "a.csv")


def test_a_missing_file_names_the_near_ones(tree: Path) -> None:
    read = definition("from 's/bb.csv'").reads
    with pytest.raises(DatasetError) as caught:
        expand(read, lambda pattern: glob(tree, pattern))
    assert caught.value.code == "source.missing"
    assert "`s/b.csv`" in (caught.value.hint or "")


def test_a_missing_file_is_no_hidden_one(tmp_path: Path) -> None:
    for path in (".git/HEAD", ".andon/cache.db", "raw/.part.csv", "notes.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    with pytest.raises(DatasetError) as caught:
        expand(definition("from 'raw/a_*.csv'").reads, lambda pattern: glob(tmp_path, pattern))
    assert ".git" not in caught.value.hint
    assert ".part" not in caught.value.hint
    with pytest.raises(DatasetError) as caught:
        expand(definition("from 'raw/.parts.csv'").reads, lambda pattern: glob(tmp_path, pattern))
    assert "`raw/.part.csv`" in caught.value.hint


@pytest.mark.parametrize("pattern", ["gone.csv", "*.csv", "**", "**/gone.csv"])
def test_a_link_that_leads_nowhere_is_told(tree: Path, pattern: str) -> None:
    (tree / "gone.csv").symlink_to("moved/away.csv")
    with pytest.raises(DatasetError) as caught:
        glob(tree, pattern)
    assert (caught.value.code, caught.value.where) == ("source.missing", "gone.csv")
    assert "moved/away.csv" in caught.value.message
    assert glob(tree, "s/*.csv") == ["s/b.csv"]


@pytest.mark.parametrize("path", ["ftp://example.org/a.csv", "gs://b/a.json"])
def test_other_places_are_not_read(tree: Path, tmp_path: Path, path: str) -> None:
    read = definition(f"from '{path}'").reads
    for attempt in (lambda: glob(tree, path), lambda: expand(read, lambda pattern: glob(tree, pattern))):
        with pytest.raises(DatasetError) as caught:
            attempt()
        assert caught.value.code == "usage.not_yet"
        assert path in caught.value.message
    outcome = load(f"from '{path}'", {}, tmp_path)
    assert outcome.error is not None
    assert outcome.error.code == "usage.not_yet"


def test_expand_keeps_the_order_and_reads_no_file_twice(tree: Path) -> None:
    (read,) = definition("from read_csv(['s/*.csv', '*.csv', 'a.csv'], header = true)").reads
    paths = expand([read], lambda pattern: glob(tree, pattern))[read]
    assert paths[0] == "s/b.csv"
    assert len(set(paths)) == len(paths)
    assert files_of(read, sorted(paths)) == list(paths)


# --- contracts

ORDERS = {"in/orders.csv": b"id,day,amount\n1,2024-01-05,1.5\n"}


def test_a_contract_is_plain_json_and_repeats(tmp_path: Path) -> None:
    source = definition("from 'in/orders.csv'")
    stored = store(ORDERS, tmp_path)
    contract = establish(source, stored, None)
    assert json.loads(json.dumps(contract)) == contract
    assert establish(source, stored, contract) == contract == establish(source, stored, None)
    assert describe(contract) == [
        'read_csv: delimiter `,`, quote `"`, header, utf-8',
        "  id      BIGINT",
        "  day     DATE",
        "  amount  DOUBLE  without zeros at the end",
    ]
    assert str(tmp_path) not in json.dumps(contract)


def test_a_changed_call_is_recorded_anew(tmp_path: Path) -> None:
    before = load("from 'in/orders.csv'", ORDERS, tmp_path)
    changed = {"in/orders.csv": b"id;day\nx;2024-01-05\n"}
    assert load("from 'in/orders.csv'", changed, tmp_path, before.contract).error is not None
    assert load("from read_csv('in/orders.csv', delim = ';')", changed, tmp_path, before.contract).error is None


def test_layout_of_a_call_is_no_change(tmp_path: Path) -> None:
    one = load("from read_csv('in/orders.csv', header = true)", ORDERS, tmp_path)
    two = load("from read_csv(\n  'in/orders.csv', -- the shop's\n  header = true)", ORDERS, tmp_path)
    assert one.contract == two.contract


def test_rendered_sql_keeps_the_line_numbers(tmp_path: Path) -> None:
    sql = "select id,\n  amount\nfrom read_csv(\n  'in/orders.csv'\n) as o\nwhere o.id > 0"
    outcome = load(sql, ORDERS, tmp_path)
    assert outcome.rows == [(1, 1.5)]
    assert (outcome.sql or "").count("\n") == sql.count("\n")


def test_two_reads_in_one_source(tmp_path: Path) -> None:
    files = {"a.csv": b"id,x\n1,a\n", "b.csv": b"id;y\n1;b\n"}
    outcome = load("select a.id, x, y from 'a.csv' a join read_csv('b.csv') b on a.id = b.id", files, tmp_path)
    assert outcome.rows == [(1, "a", "b")]
    assert len((outcome.contract or {})["reads"]) == 2


def test_where_copies_lie_is_never_seen(tmp_path: Path) -> None:
    outcome = load("select filename from 'in/orders.csv'", ORDERS, tmp_path)
    assert outcome.error is not None
    assert str(tmp_path) not in str(outcome.error)


def test_folders_with_pattern_marks_in_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "it's [1]*"
    folder.mkdir()
    assert load("from 'in/orders.csv'", ORDERS, folder).rows == [(1, "2024-01-05", 1.5)]


def test_files_of_one_pattern_make_one_contract(tmp_path: Path) -> None:
    files = {"a.csv": b"id,n\n1,2\n", "b.csv": b"id,n\n1.5,3\n"}
    outcome = load("from '*.csv'", files, tmp_path)
    assert outcome.columns == "id DOUBLE, n BIGINT"
    assert outcome.rows == [(1.0, 2), (1.5, 3)]


def test_a_value_far_down_counts(tmp_path: Path) -> None:
    lines = "".join(f"{i},x\n" for i in range(30_000))
    wide = load("from 'x.csv'", {"x.csv": f"id,n\n{lines}1.5,x\n".encode()}, tmp_path)
    assert wide.columns == "id DOUBLE, n VARCHAR"
    word = load("from 'x.csv'", {"x.csv": f"id,n\n{lines}oops,x\n".encode()}, tmp_path)
    assert word.error is not None
    assert word.error.where == "x.csv:30002"
    assert "`oops`" in word.error.message


def test_a_ragged_row_far_down_counts(tmp_path: Path) -> None:
    text = "id,n\n" + "".join(f"{i},{'x' * 50}\n" for i in range(30_000)) + "1\n2,x\n"
    outcome = load("from 'x.csv'", {"x.csv": text.encode()}, tmp_path)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.where) == ("source.ragged", "x.csv:30002")


def test_ignored_errors_are_the_authors_choice(tmp_path: Path) -> None:
    files = {"x.csv": b"id,n\n1,2\n2\n3,4\n"}
    outcome = load("from read_csv('x.csv', ignore_errors = true, header = true)", files, tmp_path)
    assert outcome.rows == [(1, 2), (3, 4)]


def test_padded_rows_are_the_authors_choice(tmp_path: Path) -> None:
    files = {"x.csv": b"id,n\n1,2\n2\n"}
    assert load("from read_csv('x.csv', null_padding = true)", files, tmp_path).rows == [(1, 2), (2, None)]


# --- compressed and damaged files

TABLE = b"id,name\n" + b"".join(b"%d,customer %d\n" % (i, i) for i in range(5000))


def test_compressed_files(tmp_path: Path) -> None:
    packed = pyarrow.compress(TABLE, codec="zstd", asbytes=True)
    files = {"a.csv": TABLE, "b.csv.gz": gzip.compress(TABLE), "c.csv.zst": packed}
    outcome = load(
        "select count(*), sum(id), count(distinct filename) from read_csv('*.csv*', filename = true)", files, tmp_path
    )
    assert outcome.rows == [(15000, 3 * sum(range(5000)), 3)]


@pytest.mark.parametrize("damage", ["cut", "checksum", "flipped", "tail"])
def test_damaged_gzip_is_noticed(tmp_path: Path, damage: str) -> None:
    good = gzip.compress(TABLE)
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    bad = {
        "cut": good[: len(good) // 2],
        "checksum": good[:-8] + bytes(8),
        "flipped": bytes(flipped),
        "tail": good[:-3],
    }[damage]
    first = load("from 'x.csv.gz'", {"x.csv.gz": bad}, tmp_path)
    assert first.error is not None
    assert (first.error.code, first.error.details["file"]) == ("source.truncated", "x.csv.gz")
    before = load("from 'x.csv.gz'", {"x.csv.gz": good}, tmp_path)
    later = load("from 'x.csv.gz'", {"x.csv.gz": bad}, tmp_path, before.contract)
    assert later.error is not None
    assert later.error.code == "source.truncated"


def test_cut_zstd_is_noticed(tmp_path: Path) -> None:
    packed = pyarrow.compress(TABLE, codec="zstd", asbytes=True)
    outcome = load("from 'x.csv.zst'", {"x.csv.zst": packed[: len(packed) // 2]}, tmp_path)
    assert outcome.error is not None
    assert outcome.error.code == "source.truncated"


def _parquet(folder: Path, select: str) -> bytes:
    path = folder / "made.parquet"
    duckdb.connect().execute(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


def test_parquet(tmp_path: Path) -> None:
    one = _parquet(tmp_path, "select 1 as a, 'x' as b, {'k': [1.5]} as c")
    first = load("select *, filename from read_parquet('in/*', filename = true)", {"in/a": one, "in/b": one}, tmp_path)
    assert [row[-1] for row in first.rows or []] == ["in/a", "in/b"]
    assert first.contract is not None
    assert first.contract["reads"][0]["columns"] == [
        ["a", "INTEGER"],
        ["b", "VARCHAR"],
        ["c", "STRUCT(k DECIMAL(2,1)[])"],
    ]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ("select 'y' as a, 'x' as b", "column `a` is VARCHAR"),
        ("select 1 as a", "missing: `b`"),
        ("select 1 as a, 'x' as b, 2 as c", "new: `c`"),
        ("select 'x' as b, 1 as a", "the order differs"),
    ],
)
def test_parquet_files_must_agree(tmp_path: Path, other: str, says: str) -> None:
    one, two = _parquet(tmp_path, "select 1 as a, 'x' as b"), _parquet(tmp_path, other)
    together = load("from read_parquet('in/*')", {"in/a": one, "in/b": two}, tmp_path)
    before = load("from read_parquet('in/*')", {"in/a": one}, tmp_path)
    later = load("from read_parquet('in/*')", {"in/b": two}, tmp_path, before.contract)
    for outcome in (together, later):
        assert outcome.error is not None
        assert (outcome.error.code, outcome.error.where) == ("source.contract", "in/b")
        assert says in outcome.error.message


def test_parquet_by_name(tmp_path: Path) -> None:
    files = {
        "a.parquet": _parquet(tmp_path, "select 1 as a, 'x' as b"),
        "b.parquet": _parquet(tmp_path, "select 'y' as b"),
    }
    outcome = load("from read_parquet('*.parquet', union_by_name = true)", files, tmp_path)
    assert outcome.rows == [(1, "x"), (None, "y")]
    files["c.parquet"] = _parquet(tmp_path, "select 'z' as a")
    wrong = load("from read_parquet('*.parquet', union_by_name = true)", files, tmp_path)
    assert wrong.error is not None
    assert (wrong.error.code, wrong.error.where) == ("source.contract", "c.parquet")


def _arrow(folder: Path, **columns: pyarrow.Array) -> bytes:
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("nested", [False, True])
def test_parquet_times_are_never_cut(tmp_path: Path, zone: str | None, nested: bool) -> None:
    def times(value: int) -> pyarrow.Array:
        kind = pyarrow.timestamp("ns", zone)
        return pyarrow.array([{"a": value}], pyarrow.struct([("a", kind)])) if nested else pyarrow.array([value], kind)

    good = _arrow(tmp_path, id=pyarrow.array([1]), t=times(1704448800123456000))
    before = load("from read_parquet('in/*')", {"in/a": good}, tmp_path)
    assert before.error is None
    bad = _arrow(tmp_path, id=pyarrow.array([1]), t=times(1704448800123456789))
    for previous in (None, before.contract):
        outcome = load("from read_parquet('in/*')", {"in/a": good, "in/b": bad}, tmp_path, previous)
        assert outcome.error is not None, outcome.rows
        assert (outcome.error.code, outcome.error.where) == ("source.ambiguous", "in/b")
        assert "column `t` has times finer than a microsecond" in outcome.error.message


def test_parquet_times_of_a_day_are_never_cut(tmp_path: Path) -> None:
    bad = _arrow(tmp_path, t=pyarrow.array([123456789], pyarrow.time64("ns")))
    assert load("from read_parquet('x')", {"x": bad}, tmp_path).error is not None


def test_parquet_numbers_that_the_engine_can_not_hold(tmp_path: Path) -> None:
    bad = _arrow(tmp_path, d=pyarrow.array([Decimal("1.2e39")], pyarrow.decimal256(50, 10)))
    outcome = load("from read_parquet('x')", {"x": bad}, tmp_path)
    assert outcome.error is not None, outcome.rows
    assert "DECIMAL(50,10)" in outcome.error.message


@pytest.mark.parametrize("keep", [0, 3, 40, -1])
def test_cut_parquet(tmp_path: Path, keep: int) -> None:
    whole = _parquet(tmp_path, "select range as a from range(1000)")
    outcome = load("from 'x.parquet'", {"x.parquet": whole[:keep] if keep else b""}, tmp_path)
    assert outcome.error is not None
    assert outcome.error.code == ("source.truncated" if keep else "source.empty")
    assert outcome.error.where == "x.parquet"


def test_a_hundred_small_sources_cost_little(tmp_path: Path) -> None:
    stored = store({"x.parquet": _parquet(tmp_path, "select 1 as a, 'x' as b")}, tmp_path)
    sources = [definition("select a, b from 'x.parquet'") for _ in range(100)]
    render(sources[0], establish(sources[0], stored, None), stored)
    start = time.process_time()
    for source in sources:
        render(source, establish(source, stored, None), stored)
    assert time.process_time() - start < 1.0


# --- errors of a run


def test_explain_names_the_project_file(tmp_path: Path) -> None:
    source, stored = definition("from 'x.csv'"), store({"x.csv": b"id,n\n1,2\n"}, tmp_path)
    contract = establish(source, stored, None)
    os.truncate(stored["x.csv"], 0)
    stored["x.csv"].write_bytes(b"id,n\n1,2\n3,4,5\n")
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute(render(source, contract, stored)).fetchall()
    error = explain(caught.value, source, stored)
    assert (error.code, error.where) == ("source.ragged", "x.csv:3")
    assert explain(error, source, stored) is error


def test_explain_of_something_else(tmp_path: Path) -> None:
    source, stored = definition("from 'x.csv'"), store({"x.csv": b"id,n\n1,2\n"}, tmp_path)
    error = explain(duckdb.Error(f"Binder Error: no column in {stored['x.csv']}"), source, stored)
    assert error.code == "build.failed"
    assert "no column in x.csv" in error.message
    assert error.where == "sources/shop/t.sql"


def test_explain_of_the_machine(tmp_path: Path) -> None:
    source, stored = definition("from 'x.csv'"), store({"x.csv": b"id,n\n1,2\n"}, tmp_path)
    assert explain(duckdb.OutOfMemoryException("no more"), source, stored).code == "machine.memory"
    assert explain(duckdb.InterruptException("INTERRUPT"), source, stored).code == "build.interrupted"


def test_explain_reads_the_engines_json(tmp_path: Path) -> None:
    source, stored = definition("from 'x.csv'"), store({"x.csv": b"id,n\n1,2\n"}, tmp_path)
    contract = establish(source, stored, None)
    stored["x.csv"].write_bytes(b"id,n\n1,2\n3.5,4\n")
    engine = duckdb.connect()
    engine.execute("set errors_as_json = true")
    with pytest.raises(duckdb.Error) as caught:
        engine.execute(render(source, contract, stored)).fetchall()
    error = explain(caught.value, source, stored)
    assert (error.code, error.where) == ("source.contract", "x.csv:3")


def test_a_copy_that_is_gone(tmp_path: Path) -> None:
    source, stored = definition("from 'x.csv'"), store({"x.csv": b"id,n\n1,2\n"}, tmp_path)
    stored["x.csv"].unlink()
    with pytest.raises(DatasetError) as caught:
        establish(source, stored, None)
    assert (caught.value.code, caught.value.where) == ("source.missing", "x.csv")


# --- pinning


def _pinned(text: str, files: dict[str, bytes], folder: Path) -> str:
    source = definition(text)
    return pin(text, source, establish(source, store(files, folder), None))


@pytest.mark.parametrize(
    ("sql", "files"),
    [
        ("from 'in/orders.csv'", ORDERS),
        ("from read_csv('in/orders.csv')", ORDERS),
        ("from read_csv('in/orders.csv', types = {'id': 'VARCHAR'}, sample_size = 10)", ORDERS),
        ("from read_csv(\n  'in/orders.csv', -- from the shop\n  nullstr = 'x' -- none\n) as o", ORDERS),
        ("from 'x.tsv'", {"x.tsv": b"a\td\n1\t31/01/2024\n"}),
        ("from 'x.csv'", {"x.csv": b"\n\na,t\n1,31.01.2024 10:00\n"}),
        ("from 'x.json'", {"x.json": b'{"a": 1, "b": {"c": [1.5]}}\n'}),
        ("from 'x.csv'", {"x.csv": "größe,it's\n1,2\n".encode()}),
    ],
)
def test_pinning_reads_the_same_and_once(tmp_path: Path, sql: str, files: dict[str, bytes]) -> None:
    text = f"/*---\ndescription: Orders\n---*/\n-- a remark\nselect *\n{sql}\n"
    pinned = _pinned(text, files, tmp_path)
    assert "columns = {" in pinned
    assert pinned.startswith("/*---\ndescription: Orders\n---*/\n-- a remark\nselect *\n")
    assert _pinned(pinned, files, tmp_path) == pinned
    before, after = load(text, files, tmp_path), load(pinned, files, tmp_path)
    assert (after.rows, after.columns, after.error) == (before.rows, before.columns, None)
    if "-- from the shop" in text:
        assert "-- from the shop" in pinned


def test_pinned_text_runs_in_the_engine_alone(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_bytes(b"id;day;n\n007;31/01/2024;1\n")
    text = f"from read_csv('{tmp_path}/o.csv', types = {{'id': 'VARCHAR'}})"
    source = definition(text)
    files = {f"{tmp_path}/o.csv": tmp_path / "o.csv"}
    pinned = pin(text, source, establish(source, files, None))
    rows = duckdb.connect().execute(pinned).fetchall()
    assert [(i, str(d), n) for i, d, n in rows] == [("007", "2024-01-31", 1)]


def test_parquet_needs_no_pin(tmp_path: Path) -> None:
    text = "from 'x.parquet'"
    assert _pinned(text, {"x.parquet": _parquet(tmp_path, "select 1 as a")}, tmp_path) == text


def test_formats_that_one_call_cannot_state(tmp_path: Path) -> None:
    files = {"x.csv": b"a,b\n31/01/2024,31.01.2024\n"}
    assert load("from 'x.csv'", files, tmp_path).rows == [("2024-01-31", "2024-01-31")]
    with pytest.raises(UsageError, match="formats"):
        _pinned("from 'x.csv'", files, tmp_path)
