"""What a source's function may hand out: rows, lists of rows, tables, one after the other; what is none of these is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import andon.engines.python.run as running

sys.path.append(str(Path(running.__file__).parent / "child"))

import _andon_results
import _andon_source


def handed_out(function, folder: Path, state: dict | None = None) -> tuple[list[tuple], dict]:
    """The rows of all parts, columns by name, and the state."""
    import duckdb

    connection = duckdb.connect()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    job = {"state": {} if state is None else state, "parameters": [[n, n] for n in names], "parts": str(folder)}
    report = _andon_source.load(job, connection, function)
    paths = [part["path"] for part in report["parts"]]
    assert sum(part["rows"] for part in report["parts"]) == report["rows"]
    if not paths:
        return [], report["state"]
    listed = connection.execute("select * from read_parquet(?, union_by_name = true)", [paths])
    return [dict(zip([c[0] for c in listed.description], row, strict=True)) for row in listed.fetchall()], report[
        "state"
    ]


def _rows():
    yield {"id": 1, "name": "a"}
    yield {"id": 2, "name": None}


def _lists():
    yield [{"id": 1, "name": "a"}]
    yield []
    yield [{"id": 2}]


def _frames():
    import pandas
    import polars
    import pyarrow

    yield pandas.DataFrame({"id": [1], "name": ["a"]})
    yield polars.DataFrame({"id": [2], "name": [None]}, schema={"id": polars.Int64, "name": polars.String})
    yield pyarrow.RecordBatch.from_pylist([{"id": 3, "name": "c"}])
    yield pyarrow.table({"id": [4], "name": ["d"]})


def _between():
    import pyarrow

    yield {"id": 1, "name": "a"}
    yield pyarrow.table({"id": [2], "name": ["b"]})
    yield {"id": 3}


class _Iterable:
    def __iter__(self):
        return _rows()


SHAPES = {
    "rows": (_rows, 2),
    "lists of rows": (_lists, 2),
    "a list": (lambda: [{"id": 1, "name": "a"}, {"id": 2}], 2),
    "columns": (lambda: {"id": [1, 2], "name": ["a", None]}, 2),
    "an iterator": (lambda: iter([{"id": 1, "name": "a"}]), 1),
    "an iterable": (_Iterable, 2),
    "a state": (lambda state: _rows(), 2),
    "frames": (_frames, 4),
    "rows and tables": (_between, 3),
    "nothing new": (list, 0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_rows_is_taken_in_order(name, tmp_path):
    function, count = SHAPES[name]
    if not hasattr(function, "__code__"):
        made = function
        function = lambda: made()  # noqa: E731
    found, _ = handed_out(function, tmp_path)
    assert [row["id"] for row in found] == list(range(1, count + 1))


def test_many_rows_are_written_bit_by_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(_andon_source, "_ROWS", 10)
    found, _ = handed_out(lambda: ({"id": n, "late": None if n < 25 else "x"} for n in range(1, 36)), tmp_path)
    assert [row["id"] for row in found] == list(range(1, 36))
    assert [row["late"] for row in found[23:26]] == [None, "x", "x"]
    assert len(list(tmp_path.iterdir())) == 4


def test_what_is_remembered_is_given_back(tmp_path):
    def load(state):
        state["count"] = state.get("count", 0) + 1
        state["last"] = {"seen": ["2026-01-01", 1.5, True, None]}
        yield {"id": 1}

    _, state = handed_out(load, tmp_path)
    _, state = handed_out(load, tmp_path, state)
    assert state == {"count": 2, "last": {"seen": ["2026-01-01", 1.5, True, None]}}


def test_what_is_nested_has_one_type_whatever_its_values(tmp_path):
    rows = [{"id": 1, "a": {"x": 1, "l": [1, None]}}, {"id": 2, "a": {"x": 2**40, "y": 0.5}}, {"id": 3, "a": None}]
    found, _ = handed_out(lambda: rows, tmp_path)
    assert [row["a"] for row in found] == [
        {"x": 1, "l": [1, None], "y": None},
        {"x": 2**40, "l": None, "y": 0.5},
        None,
    ]
    import duckdb

    job = {"state": {}, "parameters": [], "parts": str(tmp_path)}
    kinds = [
        _andon_source.load(job, duckdb.connect(), lambda n=n: [{"a": {"x": n, "l": [n]}}])["parts"][0]["columns"]
        for n in (1, 2**40)
    ]
    assert kinds[0] == kinds[1] == [["a", "STRUCT(x BIGINT, l BIGINT[])"]]


def _keeping(value):
    def load(state):
        state["x"] = value
        return []

    return load


WRONG = {
    "nothing": (lambda: None, "returned nothing"),
    "a text": (lambda: "x", "no table"),
    "a number": (lambda: 1, "no table"),
    "texts": (lambda: iter("x"), "handed out a `str`"),
    "a list with a text": (lambda: iter([[{"id": 1}, "x"]]), "a list with a `str`"),
    "two types": (lambda: [{"id": 1}, {"id": "x"}], "mixes values"),
    "a list of two types": (lambda: [{"id": 1, "a": [1, "x"]}], r"`a\[\]` mixes"),
    "two types within": (lambda: [{"a": {"x": 1}}, {"a": {"x": True}}], r"`a\.x` mixes"),
    "an object and a list": (lambda: [{"a": {"x": {}}}, {"a": {"x": []}}], r"`a\.x` mixes"),
    "digits of a number beside a fraction": (lambda: [{"a": 2**60 + 1}, {"a": 0.5}], "`a` mixes"),
    "digits that would go": (lambda: [{"a": [2**60 + 1, 0.5]}], r"`a\[\]` mixes"),
    "a set": (_keeping({1}), "no JSON"),
    "a tuple": (_keeping((1, 2)), "not say again"),
    "a number as a name": (_keeping({1: 2}), "not say again"),
    "not a number": (_keeping(float("nan")), "no JSON"),
    "all that came": (_keeping("x" * 2_000_000), "larger than"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_is_told(name, tmp_path):
    function, words = WRONG[name]
    with pytest.raises(_andon_results.ResultError, match=words) as caught:
        handed_out(function, tmp_path)
    assert caught.value.hint
