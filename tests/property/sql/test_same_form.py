"""Two texts of one normal form must give one result: random queries over few names, edited at random, are run and compared.

Few names make clashes common: aliases that are columns, CTEs that are tables, schemas that are aliases. One of two may fail where
the other does not (the engine tells cases apart in an ambiguous ORDER BY); two results may never differ.
"""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.sql.facts import read_facts
from kit.queries.clashing import Writer, connect, result


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**9))
def test_texts_of_one_form_give_one_result(seed: int) -> None:
    writer = Writer(seed)
    texts: set[str] = set()
    for _ in range(60):
        text = writer.query(2)
        texts.update(
            [text, *(writer.edited(text) for _ in range(6)), *(writer.edited(writer.edited(text)) for _ in range(6))]
        )
    ordered = sorted(texts)
    groups: dict[str, list[str]] = defaultdict(list)
    for text, facts in zip(ordered, read_facts(ordered), strict=True):
        if facts.normal:
            groups[facts.normal].append(text)
    connection = connect()
    for group in groups.values():
        if len(group) < 2:
            continue
        results = {text: result(connection, text) for text in group}
        assert len({found for found in results.values() if found is not None}) <= 1, results
