"""What is said of a column goes where its values go, and nowhere else: held against paths, one by one, and against rows."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.lineage.descriptions import handed_texts, worth_tracing
from andon.model.dataset import ColumnSpec, Dataset, Definition, Kind, Materialize
from andon.sql.lineage.query import column_lineage
from kit.queries.traced import DATA, MACROS, SCHEMAS, Writer

COLUMNS = ("a", "B", "c")
Lake = tuple[dict[str, Dataset], dict[str, dict[str, tuple[tuple[str, str], ...]]]]


@st.composite
def lakes(draw: st.DrawFn) -> Lake:
    names = [f"m.d{index}" for index in range(draw(st.integers(2, 6)))]
    datasets: dict[str, Dataset] = {}
    unchanged: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}
    for index, name in enumerate(names):
        above = [(other, column) for other in names[:index] for column in COLUMNS]
        for column in COLUMNS if index else ():
            sources = draw(st.lists(st.sampled_from(above), max_size=3, unique=True))
            if sources:
                unchanged.setdefault(name, {})[column] = tuple(sorted(sources))
        said = draw(st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from(["one", "two", " "]), max_size=2))
        definition = Definition(
            dataset=name,
            kind=Kind.SQL,
            materialize=Materialize.TABLE,
            entry=f"datasets/m/d{index}.sql",
            meaning="",
            inputs=tuple(names[:index]),
            files=(),
            id=name,
        )
        datasets[name] = Dataset(definition, columns=tuple(ColumnSpec(c.lower(), text) for c, text in said.items()))
    return datasets, unchanged


def along(lake: Lake, name: str, column: str) -> set[tuple[str, str]] | None:
    """Every `(text, origin)` at the end of a way up from a column; None where one of the ways ends with nothing said."""
    datasets, unchanged = lake
    own = {c.name: c.description for c in datasets[name].columns if c.description and c.description.strip()}
    if column.lower() in own:
        return {(own[column.lower()], f"{name}.{column.lower()}")}
    ways = [along(lake, above, of) for above, of in unchanged.get(name, {}).get(column, ())]
    if not ways or any(way is None for way in ways):
        return None
    found = set().union(*(way or set() for way in ways))
    return found if len({text for text, _ in found}) == 1 else None


@given(lakes())
def test_a_description_is_where_all_ways_up_lead_to_it(lake: Lake) -> None:
    datasets, unchanged = lake
    found = handed_texts(datasets, unchanged)
    for name, dataset in datasets.items():
        own = {c.name for c in dataset.columns if c.description and c.description.strip()}
        for column in COLUMNS:
            handed = found.get(name, {}).get(column.lower())
            expected = None if column.lower() in own else along(lake, name, column)
            told = None if handed is None else {(handed.text, origin) for origin in handed.origins}
            assert told == expected, (name, column)
    # what is not traced, because nothing described stands above it or it lacks nothing, would have nothing
    traced = worth_tracing(datasets, {name: COLUMNS for name in datasets})
    assert handed_texts(datasets, {n: of for n, of in unchanged.items() if n in traced}) == found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40))
def test_what_is_called_unchanged_holds_the_values_of_its_sources_alone(seed: int) -> None:
    """On random queries and data: each value of such a column is NULL, or stands in a source that is named."""
    sql, pick = Writer(seed).whole(), random.Random(seed)
    found = column_lineage(sql, SCHEMAS, MACROS)
    DATA.draw(pick)
    rows = DATA.values(sql, pick, None)
    if rows is None or found.fallback is not None:
        return
    for index, (name, derived) in enumerate(found.columns.items()):
        sources = found.unchanged.get(name)
        if sources is None:
            continue
        assert sources <= derived
        there = {
            repr(value)
            for dataset, column in sources
            for (value,) in DATA.values(f"select {column} from {dataset}", pick, None) or ()
        }
        assert {repr(row[index]) for row in rows if row[index] is not None} <= there, (sql, name)
