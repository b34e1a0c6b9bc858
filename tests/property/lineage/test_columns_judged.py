"""Column lineage is judged by what happens: random queries run on random data, then again on data that differs in source columns
of which the lineage says that they don't matter. The values that come out must be the same.

Few values make matches, ties and empty groups common.
"""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.sql.lineage.query import Lineage, column_lineage
from kit.queries.traced import DATA, MACROS, SCHEMAS, Data, Writer


def wrong_columns(data: Data, sql: str, found: Lineage, pick: random.Random) -> list[str] | None:
    """The output columns whose values changed though nothing did from which they come; None if the query does not run."""
    before = data.values(sql, pick, None)
    if before is None:
        return None
    wrong = []
    for index, (name, sources) in enumerate(found.columns.items()):
        after = data.values(sql, pick, set(sources | found.influence))
        if after is None:
            continue
        if Counter(row[index] for row in before) != Counter(row[index] for row in after):
            wrong.append(name)
    kept = set(found.influence.union(*found.columns.values()))
    after = data.values(sql, pick, kept)
    if after is not None and Counter(before) != Counter(after):
        wrong.append("the rows as a whole")
    return wrong


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**40))
def test_what_is_not_in_the_lineage_does_not_matter(seed: int) -> None:
    sql, pick = Writer(seed).whole(), random.Random(seed)
    found = column_lineage(sql, SCHEMAS, MACROS)
    DATA.draw(pick)
    if found.fallback is not None:
        # what runs here is traced: nothing that the writer writes is a declared fallback
        assert DATA.values(sql, pick, None) is None, (sql, found.fallback)
        return
    assert not wrong_columns(DATA, sql, found, pick), sql


def test_the_judge_notices_what_is_missing() -> None:
    sql = "select a.x as c0, count(*) over (partition by a.y) as c1 from s.a join s.c on a.x = c.k"
    found = column_lineage(sql, SCHEMAS, MACROS)
    for missing in sorted(found.influence):
        noticed = []
        for seed in range(10):
            pick = random.Random(seed)
            DATA.draw(pick)
            less = Lineage(found.columns, found.influence - {missing})
            noticed += wrong_columns(DATA, sql, less, pick) or []
        assert noticed, missing
