"""What is to come out of a stage, as what runs it without Andon compares with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.engines.duckdb.fingerprint import ALGORITHM, content_sql
from andon.engines.duckdb.instance import Session, file_list
from andon.engines.duckdb.nearly import apart_sql
from andon.model.version import Column, Version

#: What stands for a table in SQL that is packed: what was expected, and what was made.
EXPECTED, RESULT = "andon_expected", "andon_result"


def expected_entry(session: Session, version: Version, places: Sequence[str], key: Sequence[str]) -> dict[str, Any]:
    """The fingerprint of a version, whose files lie at `places`, and the SQL that compares others with it."""
    return content_entry(session, version.columns, version.rows, places, key)


def content_entry(
    session: Session, columns: Sequence[Column], rows: int | None, places: Sequence[str], key: Sequence[str]
) -> dict[str, Any]:
    """The same of rows that are no version of a dataset."""
    counted = content_sql(columns, f"read_parquet({file_list(places)})")
    found = session.connection.execute(counted).fetchall()[0]
    return {
        "rows": rows,
        "algorithm": ALGORITHM,
        "fingerprint": [None if each is None else int(each) for each in found],
        "place": EXPECTED,
        "fingerprint_sql": content_sql(columns, EXPECTED),
        "nearly_sql": apart_sql(EXPECTED, RESULT, columns, key),
    }
