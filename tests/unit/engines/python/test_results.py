"""From what a function may return to rows: every accepted kind, and each trap that is refused."""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
from decimal import Decimal
from pathlib import Path

import pytest

import andon.engines.python

CHILD = Path(andon.engines.python.__file__).parent / "child"


def load(name):
    spec = importlib.util.spec_from_file_location(name, CHILD / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


results = load("_andon_results")


@pytest.fixture
def take(tmp_path):
    """`take(value)`: the types and rows that stand in the Parquet file."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})

    def go(value):
        path = str(tmp_path / "out.parquet")
        results.to_relation(connection, value).write_parquet(path)
        read = connection.read_parquet(path)
        return dict(zip(read.columns, map(str, read.types), strict=True)), read.fetchall()

    return go


def refused(take, value):
    with pytest.raises(results.ResultError) as caught:
        take(value)
    assert caught.value.hint
    return str(caught.value)


def test_list_of_dicts(take):
    rows = [
        {"n": 1, "t": "a", "x": 1.5, "d": dt.date(2026, 1, 2), "m": Decimal("1.50"), "b": True, "l": [1]},
        {"n": 2**40, "x": 2},
    ]
    types, values = take(rows)
    assert types == {
        "n": "BIGINT",
        "t": "VARCHAR",
        "x": "DOUBLE",
        "d": "DATE",
        "m": "DECIMAL(3,2)",
        "b": "BOOLEAN",
        "l": "INTEGER[]",
    }
    assert values == [
        (1, "a", 1.5, dt.date(2026, 1, 2), Decimal("1.50"), True, [1]),
        (2**40, None, 2.0, None, None, None, None),
    ]


def test_nan_and_infinities_in_lists_stay(take):
    _, values = take([{"x": math.nan}, {"x": math.inf}, {"x": None}, {"x": 0.1}])
    assert math.isnan(values[0][0])
    assert [value for (value,) in values[1:]] == [math.inf, None, 0.1]


def test_dict_of_arrays_and_lists(take):
    import numpy as np

    types, values = take(
        {
            "n": np.arange(3),
            "name": ["a", "b", None],
            "x": np.array([1.0, np.nan, np.inf]),
            "masked": np.ma.masked_array([1, 2, 3], mask=[False, True, False]),
            "strided": np.arange(6)[::2],
            "text": np.array(["x", "yy", "z"]),
            "day": np.array(["2026-01-01", "NaT", "2026-01-03"], dtype="datetime64[D]"),
            "single": np.array([1, np.nan, 3], dtype=np.float32),
            "objects": np.array([dt.date(2026, 1, 1), None, None], dtype=object),
            "big": np.arange(3, dtype=">i4"),
        }
    )
    assert types["masked"] == "BIGINT"
    assert (types["text"], types["day"], types["single"], types["objects"]) == ("VARCHAR", "DATE", "FLOAT", "DATE")
    assert values[0] == (0, "a", 1.0, 1, 0, "x", dt.date(2026, 1, 1), 1.0, dt.date(2026, 1, 1), 0)
    assert values[1][:2] == (1, "b")
    assert math.isnan(values[1][2])
    assert values[1][3:7] == (None, 2, "yy", None)
    assert math.isnan(values[1][7])
    assert values[2] == (2, None, math.inf, 3, 4, "z", dt.date(2026, 1, 3), 3.0, None, 2)


def test_rows_of_numpy_values(take):
    import numpy as np

    types, values = take([{"n": np.int64(1), "x": np.float64(0.5)}, {"n": np.int64(2), "x": np.float64("nan")}])
    assert types == {"n": "BIGINT", "x": "DOUBLE"}
    assert values[0] == (1, 0.5)
    assert math.isnan(values[1][1])


def test_frames(take):
    import pandas
    import polars
    import pyarrow

    columns = {"n": [1, None, 3], "t": ["a", None, "c"], "x": [0.5, math.nan, None]}
    expected = [(1, "a", 0.5), (None, None, None), (3, "c", None)]
    table = pyarrow.table(columns)
    for value in (
        table,
        table.to_reader(),
        table.to_batches()[0],
        polars.DataFrame(columns),
        polars.LazyFrame(columns),
    ):
        types, values = take(value)
        assert types == {"n": "BIGINT", "t": "VARCHAR", "x": "DOUBLE"}, type(value)
        assert values[1][:2] == (None, None)
        assert math.isnan(values[1][2])  # in Arrow NaN is a number
        assert [values[0], values[2]] == [expected[0], expected[2]]
    frame = pandas.DataFrame({**columns, "n": pandas.array([1, None, 3], dtype="Int64")})
    assert take(frame) == ({"n": "BIGINT", "t": "VARCHAR", "x": "DOUBLE"}, expected)


def test_anything_with_an_arrow_stream(take):
    import pyarrow

    class Other:
        def __arrow_c_stream__(self, requested_schema=None):
            return pyarrow.table({"a": [1]}).__arrow_c_stream__(requested_schema)

    assert take(Other()) == ({"a": "BIGINT"}, [(1,)])


def test_empty_frames_keep_their_types(take):
    import pandas
    import polars
    import pyarrow

    assert take(polars.DataFrame({"a": []}, schema={"a": polars.Date})) == ({"a": "DATE"}, [])
    assert take(pyarrow.table({"a": pyarrow.array([], pyarrow.string())})) == ({"a": "VARCHAR"}, [])
    assert take(pandas.DataFrame({"a": pandas.Series([], dtype=object)})) == ({"a": "VARCHAR"}, [])
    assert take(pandas.DataFrame({"a": pandas.Series([None, None], dtype=object)}))[0] == {"a": "VARCHAR"}


def test_what_parquet_would_lose_is_cast(take):
    import duckdb

    relation = duckdb.sql(
        """select 1::hugeint as h, {'HUGEINT': [2::uhugeint]} as s, 'it''s'::enum('b', 'it''s') as e, map {'a': 3::hugeint} as m"""
    )
    types, values = take(relation)
    assert types == {
        "h": "BIGINT",
        "s": "STRUCT(HUGEINT BIGINT[])",
        "e": "VARCHAR",
        "m": "MAP(VARCHAR, BIGINT)",
    }
    assert values == [(1, {"HUGEINT": [2]}, "it's", {"a": 3})]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select interval 3 days as x", "duration"),
        ("select {'i': [interval 3 days]} as x", "duration"),
        ("select '101'::bit as x", "bit string"),
        ("select timetz '10:00:00+02' as x", "offset"),
        ("select 'low'::enum('low', 'high') as x", "categories in an order"),
    ],
)
def test_what_would_sort_or_add_otherwise_is_refused(take, sql, said):
    import duckdb

    message = refused(take, duckdb.sql(sql))
    assert "`x`" in message
    assert said in message


def test_times_are_stored_to_the_microsecond_or_not_at_all(take):
    import duckdb

    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = {"t": [dt.time(1, 2, 3, 4), None]}
    assert take(polars.DataFrame(columns)) == ({"t": "TIME"}, [(dt.time(1, 2, 3, 4),), (None,)])
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 - without a zone is the case here
    assert take(pandas.DataFrame({"t": pandas.Series([moment, None], dtype="datetime64[ns]")})) == (
        {"t": "TIMESTAMP"},
        [(moment,), (None,)],
    )
    for sql in (
        "select '2026-01-02 03:04:05.123456789'::timestamp_ns as x",
        "select '01:02:03.123456789'::time_ns as x",
        "select [{'t': '01:02:03.123456789'::time_ns}] as x",
    ):
        with pytest.raises(duckdb.Error, match="column `x` has times finer than a microsecond"):
            take(duckdb.sql(sql))


def test_an_index_that_says_something_is_no_column_and_refused(take):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})
    assert take(frame[frame.a > 1]) == ({"a": "BIGINT", "b": "VARCHAR"}, [(2, "y"), (3, "x")])
    assert "an index named `b`" in refused(take, frame.groupby("b").sum())
    assert "an index named `b`" in refused(take, frame.set_index(["b"]))
    assert "an index named `b`, `a`" in refused(take, frame.set_index(["b", "a"]).assign(c=1))
    assert "an index of" in refused(take, frame.describe())
    assert take(frame.groupby("b", as_index=False).sum())[1] == [("x", 4), ("y", 2)]


def test_a_number_that_does_not_fit_is_an_error(take):
    import duckdb

    with pytest.raises(duckdb.ConversionException):
        take(duckdb.sql("select 170141183460469231731687303715884105727::hugeint as h"))
    with pytest.raises(duckdb.ConversionException):
        take([{"n": 2**70}])


def test_mixed_types_are_refused(take):
    import numpy as np
    import pandas

    assert "mixes values of different types: int, str" in refused(take, [{"a": 1}, {"a": "x"}])
    assert "bool, int" in refused(take, [{"a": 1}, {"a": True}])
    assert "int, str" in refused(take, pandas.DataFrame({"a": [1] * 2000 + ["x"]}))
    assert "int, str" in refused(take, {"a": np.array([1, "x"], dtype=object)})
    aware = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert "with and without a zone" in refused(take, [{"a": aware}, {"a": aware.replace(tzinfo=None)}])
    assert "NaN within" in refused(take, [{"a": [math.nan]}])
    assert "no value but None" in refused(take, [{"a": None}])


def test_shapes_that_are_no_table_are_refused(take):
    import numpy as np
    import pandas
    import polars

    assert "`polars.Series`" in refused(take, polars.Series("a", [1]))
    assert "`pandas.Series`" in refused(take, pandas.Series([1]))
    assert "`numpy.ndarray`" in refused(take, np.zeros(3))
    assert "not of one length: `a` 1, `b` 2" in refused(take, {"a": [1], "b": [1, 2]})
    assert "more than one dimension" in refused(take, {"a": np.zeros((2, 2))})
    assert "`a` is a `str`" in refused(take, {"a": "xyz"})
    assert "complex" in refused(take, {"a": np.zeros(1, dtype=complex)})
    assert "`generator`" in refused(take, (row for row in ()))


def test_names_that_are_no_names_are_refused(take):
    import duckdb
    import pandas
    import pyarrow

    assert "two columns named `a`" in refused(take, pyarrow.table([[1], [2]], names=["a", "a"]))
    assert "two columns named `a`" in refused(take, duckdb.sql("select 1 as a, 2 as a"))
    assert "two columns named `A` (`a`)" in refused(take, pandas.DataFrame([[1, 2]], columns=["a", "A"]))
    assert "column name 0 (a `int`" in refused(take, pandas.DataFrame([[1, 2]]))
    assert "without columns" in refused(take, pandas.DataFrame())
    assert "without a name" in refused(take, {"": [1]})


def test_a_union_is_refused(take):
    import duckdb

    assert "UNION" in refused(take, duckdb.sql("select union_value(k := 1) as u"))


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("INTEGER", "INTEGER"),
        ("DECIMAL(38, 5)", "DECIMAL(38,5)"),
        ("HUGEINT[3]", "BIGINT[3]"),
        ("ENUM('a)', 'HUGEINT')[]", "VARCHAR[]"),
        (
            'STRUCT("ENUM(" TIME_NS, "a""BIT" HUGEINT, HUGEINT UHUGEINT)',
            'STRUCT("ENUM(" TIME, "a""BIT" BIGINT, "HUGEINT" BIGINT)',
        ),
        ("MAP(VARCHAR, STRUCT(a TIME_NS)[])", 'MAP(VARCHAR, STRUCT("a" TIME)[])'),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
        ("UNION(a INTEGER)[]", None),
    ],
)
def test_parquet_type(kind, stored):
    import duckdb

    assert results.parquet_type(duckdb.sql(f"select null::{kind} as x").types[0]) == stored
