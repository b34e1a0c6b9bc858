"""Parameters of queries: values that are never read as SQL, refused where SQL has no like of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import andon
from andon.engines.duckdb.parameters import arguments
from andon.errors import UsageError

VALUES: list[Any] = [
    None,
    True,
    0,
    -(2**63),
    2**63,
    2**127 - 1,
    -(2**127),
    0.1 + 0.2,
    float("inf"),
    5e-324,
    Decimal("1.10"),
    Decimal("-0.001"),
    Decimal("12345678901234567890123456789012345678"),
    "x'y; drop table t --",
    "",
    "日本語\n",
    date(1, 1, 1),
    datetime(2026, 1, 5, 1, 2, 3, 456789),  # noqa: DTZ001 - as TIMESTAMP is
    datetime(2026, 1, 5, tzinfo=UTC),
    time(23, 59, 59, 999999),
    timedelta(days=-400, microseconds=1),
    UUID(int=7),
    b"\x00\xff'",
    [1, None, 2],
    [],
    {"k'": [1, 2], "t": "a"},
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("parameters")
    (folder / "andon.toml").write_text("")
    with andon.open(folder) as found:
        yield found


def test_every_value_comes_back_as_it_was_given(lake: andon.Lake) -> None:
    for value in VALUES:
        assert lake.sql("select ?", [value]).fetchall() == [(value,)], repr(value)
        assert lake.sql("select $v as v, $v as w", {"v": value}).fetchall() == [(value, value)], repr(value)


def test_values_of_numpy_and_pandas_are_taken_or_refused(lake: andon.Lake) -> None:
    import numpy as np
    import pandas as pd

    midnight = datetime(2026, 1, 5)  # noqa: DTZ001 - as TIMESTAMP is
    found = lake.sql("select ?, ?, ?, ?", [np.int64(5), np.float32(1.5), pd.NaT, pd.Timestamp("2026-01-05")])
    assert found.fetchall() == [(5, 1.5, None, midnight)]
    for value in (np.array([1, 2]), pd.Timestamp("2026-01-05 01:02:03.123456789"), pd.DataFrame()):
        with pytest.raises(UsageError):
            lake.sql("select ?", [value])


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",))))
def test_no_text_is_ever_read_as_sql(lake: andon.Lake, text: str) -> None:
    assert lake.sql("select ? as x", [text]).fetchall() == [(text,)]


def test_results_are_asked_again_and_written_with_their_values(lake: andon.Lake, tmp_path) -> None:
    found = lake.sql("select range as n from range(10) where range >= $least limit $most", {"least": 4, "most": 3})
    assert found.fetchall() == [(4,), (5,), (6,)]
    assert found.arrow().num_rows == len(found.df()) == 3
    answer = lake._service.querying.ask("select ?::int as n", parameters=["5"])
    assert answer.write(tmp_path / "x.csv", "csv") == 1
    assert (tmp_path / "x.csv").read_text() == "n\n5\n"


@pytest.mark.parametrize(
    ("query", "given", "message"),
    [
        ("select ?, ?", [1], "the query has no value for `$2`"),
        ("select $a", None, "the query has no value for `$a`"),
        ("select $a", {"b": 1}, "the query has no value for `$a`"),
        ("select ?", [1, 2], "the query has no parameter `$2`"),
        ("select $amount", {"amount": 1, "amonut": 2}, "the query has no parameter `$amonut`"),
        ("select 1", ["x"], "the query has no parameter `$1`"),
        ("select ?", [{1}], "the value of `$1` is a `set`"),
        ("select ?", [[object()]], "the value of `$1` is a `object`"),
        ("select ?", [[1, "2"]], "a list of texts and other values"),
        ("select ?", [2**127], "a whole number of more than 128 bits"),
        ("select ?", [Decimal(1).scaleb(-39)], "a decimal of 39 digits"),
        ("select ?", [Decimal("NaN")], "the decimal NaN"),
        ("select ?", ["a\0b"], "text that holds what is no character"),
        ("select ?", "main", "parameters are a list or a mapping, found a `str`"),
        ("select ?, $n", [1], "both `?` and `$name`"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(lake: andon.Lake, query: str, given: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        lake.sql(query, given)
    assert message in caught.value.message
    assert caught.value.hint


def test_places_in_the_query_stay_what_they_are(lake: andon.Lake) -> None:
    with pytest.raises(UsageError) as caught:
        lake.sql("select 1\n  + nothing + $n::int", {"n": 5})
    assert caught.value.where == "query:2:5"
    with pytest.raises(UsageError) as caught:
        lake.sql("select $n + 1", {"n": "5"})
    assert "$n::int" in str(caught.value.hint)
    with pytest.raises(UsageError, match="no dataset is named"):
        lake.sql("from a.b where x = $n", {"n": 5})


def test_arguments_stand_in_order_or_by_name() -> None:
    assert arguments({"2", "10", "1"}, list(range(10, 20))[:0] or {"1": 1, "2": 2, "10": 3}) == "1, 2, 3"
    assert arguments({"a", 'b"c'}, {"$a": None, 'b"c': "x"}) == '"a" := null, "b""c" := \'x\''


def test_public_values_are_short_in_a_notebook_and_errors_say_things_once(lake: andon.Lake) -> None:
    for found in (lake, lake.branches, lake.plan(), lake.status(), *lake.log(), *lake.branches.list(), lake.pull()):
        assert repr(found).startswith("<")
        assert len(repr(found).splitlines()) == 1
        assert len(repr(found)) <= 165
    with pytest.raises(UsageError) as caught:
        lake.sql("select nothing")
    assert str(caught.value).count(caught.value.message) == 1
    assert "select nothing" in str(caught.value)
    assert repr(caught.value) == f"<UsageError usage.query_failed: {caught.value.message}>"
