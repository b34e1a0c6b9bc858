"""What a packed folder says of its rows is what a look at all of them says, whatever they hold."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import andon.engines.bundle
from andon.engines.bundle.expected import EXPECTED, RESULT
from andon.engines.duckdb.fingerprint import content_sql
from andon.engines.duckdb.nearly import apart_sql
from andon.model.version import Column

CHILD = Path(andon.engines.bundle.__file__).parent / "child"
COLUMNS = (Column("k e\"y'é", "BIGINT", 1), Column("Text", "VARCHAR", 2), Column("n", "DOUBLE", 3))
ROW = st.tuples(
    st.integers(1, 6),
    st.sampled_from([None, "", "a", "it's", '"q"', "é\n"]),
    st.sampled_from([None, 0.0, 1.5, 1e9, -2.0, float("inf")]),
)


@pytest.fixture(scope="module")
def verdicts() -> Any:
    sys.path.insert(0, str(CHILD))
    try:
        import _andon_verdict  # type: ignore[import-not-found]

        yield _andon_verdict
    finally:
        sys.path.remove(str(CHILD))


def judged(verdicts: Any, folder: Path, old: list[Any], new: list[Any], key: list[str]) -> Any:
    import duckdb

    with duckdb.connect() as connection:
        listed = ", ".join(f'"{c.name.replace(chr(34), chr(34) * 2)}" {c.type}' for c in COLUMNS)
        for name, rows in (("old", old), ("new", new)):
            connection.execute(f"create or replace table {name} ({listed})")
            if rows:
                connection.executemany(f"insert into {name} values (?, ?, ?)", rows)
            connection.execute(f"copy {name} to '{folder / name}.parquet'")
        fingerprint = connection.execute(content_sql(COLUMNS, "old")).fetchall()[0]
        stage = {
            "key": key,
            "expected": {
                "files": [f"{folder}/old.parquet"],
                "fingerprint": [None if each is None else int(each) for each in fingerprint],
                "place": EXPECTED,
                "fingerprint_sql": content_sql(COLUMNS, EXPECTED),
                "nearly_sql": apart_sql(EXPECTED, RESULT, COLUMNS, key),
            },
        }
        return verdicts.judged(connection, stage, [f"{folder}/new.parquet"])


@settings(max_examples=40, deadline=None)
@given(old=st.lists(ROW, max_size=6), new=st.lists(ROW, max_size=6))
def test_rows_without_a_key_are_counted_as_a_bag(verdicts, tmp_path_factory, old, new):
    found = judged(verdicts, tmp_path_factory.getbasetemp(), old, new, [])
    before, after = Counter(old), Counter(new)
    if before == after:
        assert found.verdict == verdicts.IDENTICAL
        return
    assert found.verdict == verdicts.DIFFERENT
    gone, come = (before - after).total(), (after - before).total()
    assert found.counts == {"are missing": gone, "are new": come}
    assert len(found.rows) == min(gone + come, verdicts.SHOWN)


@settings(max_examples=40, deadline=None)
@given(
    old=st.lists(ROW, max_size=6, unique_by=lambda row: row[0]),
    new=st.lists(ROW, max_size=6, unique_by=lambda row: row[0]),
)
def test_rows_with_a_key_are_told_by_it(verdicts, tmp_path_factory, old, new):
    found = judged(verdicts, tmp_path_factory.getbasetemp(), old, new, [COLUMNS[0].name])
    before, after = {row[0]: row for row in old}, {row[0]: row for row in new}
    if before == after:
        assert found.verdict == verdicts.IDENTICAL
        return
    assert found.verdict == verdicts.DIFFERENT
    both = [(before[key], after[key]) for key in before.keys() & after.keys()]
    assert found.counts == {
        "are new": len(after.keys() - before.keys()),
        "are missing": len(before.keys() - after.keys()),
        "have other values": sum(one != other for one, other in both),
    }
    assert found.changed == {
        "Text": sum(one[1] != other[1] for one, other in both),
        "n": sum(one[2] != other[2] for one, other in both),
    }


@pytest.mark.parametrize(("share", "verdict"), [(1e-12, "EQUAL WITHIN 1e-9"), (1e-6, "DIFFERENT")])
@pytest.mark.parametrize("key", [[], [COLUMNS[0].name]])
def test_numbers_that_differ_in_their_last_digits_are_equal(verdicts, tmp_path, share, verdict, key):
    old = [(1, "a", 3.25), (2, None, 1e9)]
    new = [(key_, text, number * (1 + share)) for key_, text, number in old]
    assert judged(verdicts, tmp_path, old, new, key).verdict == verdict
