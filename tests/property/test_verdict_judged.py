"""Verdicts and reuse are judged by what happens: random queries, reworded and changed, run on random data.

A verdict may say too much; it must never say too little. Beside other words, the new text finds the rows of its inputs in another
order, unless it was called the same as it stands.
"""

from __future__ import annotations

import random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.model.verdict import Verdict, VerdictKind
from andon.sql import verdict as verdicts
from andon.sql.reuse import Needs, Reading, Rebuild, Reuse, can_reuse, reads_of
from andon.sql.verdict import DefinitionQuery, verdict
from kit.queries.data import Data, counted, drawn, shuffled
from kit.queries.texts import MACROS, SCHEMAS, changed, query, reworded, varied

DATA = Data()
TIMES = 3
NEW_COLUMNS = ["n", "c0", "c1", "w", "k", "y", "x", "u", "q1", "v2", "t"]


def wrong(old: str, new: str, pick: random.Random) -> str | None:
    """What the verdict of a change claims and does not hold, or None."""
    found = verdict(DefinitionQuery(old, MACROS), DefinitionQuery(new, MACROS), SCHEMAS)
    if found.rows:
        return None
    for _ in range(TIMES):
        tables = drawn(pick)
        DATA.load(tables)
        before = DATA.run(old)
        if "as it stands" not in found.proof:
            DATA.load(shuffled(tables, pick))
        after = DATA.run(new)
        if before is None or after is None:
            continue
        if found.kind is VerdictKind.NONE and (before[0] != after[0] or counted(before) != counted(after)):
            return f"called none: {tables}"
        kept = [name for name in before[0] if name in after[0] and name not in found.touched]
        if counted(before, kept) != counted(after, kept):
            return f"{kept} called untouched: {tables}"
        for one, other in found.renamed:
            values = {name for name, _, _ in found.retyped} | set(found.columns)
            if other not in values and counted(before, [one]) != counted(after, [other]):
                return f"{one} called renamed to {other}: {tables}"
    return None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_a_verdict_never_says_too_little(seed: int) -> None:
    pick = random.Random(seed)
    old, draws = query(seed)
    for new in (
        reworded(seed, draws, pick.randrange(2**30)),
        changed(seed, draws, pick),
        varied(seed, draws, pick, 1),
        varied(seed, draws, pick, -1),
    ):
        assert wrong(old, new, pick) is None, f"{wrong(old, new, pick)}\n{old}\n{new}"


def test_most_queries_in_other_words_are_proved_the_same() -> None:
    proved = asked = 0
    for seed in range(80):
        old, draws = query(seed)
        reading = reads_of(old, SCHEMAS, MACROS)
        if reading.is_open or reading.reason:
            continue
        asked += 1
        found = verdict(
            DefinitionQuery(old, MACROS), DefinitionQuery(reworded(seed, draws, seed + 999), MACROS), SCHEMAS
        )
        proved += found.kind is VerdictKind.NONE
    assert asked > 40
    assert proved > 0.9 * asked


def test_the_judge_notices_a_wrong_verdict() -> None:
    noticed = 0
    lie = Verdict(VerdictKind.NONE, proof="a lie")
    for seed in range(40):
        pick = random.Random(seed)
        old, draws = query(seed)
        new = varied(seed, draws, pick, -1)
        honest = verdict(DefinitionQuery(old, MACROS), DefinitionQuery(new, MACROS), SCHEMAS)
        with patch.object(verdicts, "compare", return_value=lie):
            noticed += honest.kind is not VerdictKind.NONE and wrong(old, new, pick) is not None
    assert noticed > 10


def other_schemas(reading: Reading, pick: random.Random) -> dict[str, list[tuple[str, str]]]:
    """The datasets with columns gone that are not read, new ones, and in another order."""
    found = {}
    for dataset, columns in SCHEMAS.items():
        read = reading.columns.get(dataset, frozenset())
        kept = [pair for pair in columns if pair[0] in read or pick.random() < 0.7]
        new = pick.choice(NEW_COLUMNS)
        if pick.random() < 0.5 and new not in [name for name, _ in columns]:
            kept.append((new, "INTEGER"))
        if pick.random() < 0.3:
            pick.shuffle(kept)
        found[dataset] = kept or [("n", "INTEGER")]
    return found


def wrongly_kept(
    sql: str, found: Reuse | Needs, schemas: dict[str, list[tuple[str, str]]], pick: random.Random
) -> bool:
    """Whether a result changes though the columns that matter don't."""
    needs = found.columns if isinstance(found, Needs) else {}
    for _ in range(TIMES):
        before, after = drawn(pick), drawn(pick, schemas)
        for dataset, columns in needs.items():
            for column in columns:
                after[dataset][column] = before[dataset][column]
        DATA.load(before)
        one = DATA.run(sql)
        DATA.load(shuffled(after, pick), schemas)
        other = DATA.run(sql)
        if one is not None and other is not None and (one[0] != other[0] or counted(one) != counted(other)):
            return True
    return False


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_a_result_that_is_kept_is_the_one_that_would_be_built(seed: int) -> None:
    pick = random.Random(seed)
    sql, _ = query(seed)
    schemas = other_schemas(reads_of(sql, SCHEMAS, MACROS), pick)
    for new in (dict(SCHEMAS), schemas):
        found = can_reuse(sql, MACROS, SCHEMAS, new, dict.fromkeys(SCHEMAS))
        if not isinstance(found, Rebuild):
            assert not wrongly_kept(sql, found, new, pick), (sql, new, found)
