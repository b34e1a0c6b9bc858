"""What answers a question for all values answers it for each: the rows of one value are those that the question had."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.sql.question import question_form
from andon.sql.regroup import for_all_values, with_parameters

_TABLE = (
    "create table t as select range as id, ['EU', 'US', 'x''y'][range % 3 + 1] as region, range % 4 as kind, range * 7 % 11 as v"
    " from range(40)"
)


@cache
def _engine() -> Any:
    import duckdb

    engine = duckdb.connect()
    engine.execute(_TABLE)
    return engine


@st.composite
def questions(draw) -> tuple[str, str, tuple[str, ...]]:
    """A question over one table with a filter, its other conditions, and what it is grouped by."""
    by = draw(st.sampled_from([(), ("kind",), ("id % 2",), ("kind", "id % 2")]))
    measures = draw(
        st.lists(st.sampled_from(["sum(v)", "count(*)", "min(v)", "count(distinct id)"]), min_size=1, max_size=2)
    )
    names = [f"{part} as p{n}" for n, part in enumerate(by)] + [f"{part} as m{n}" for n, part in enumerate(measures)]
    alias = draw(st.sampled_from(["", "q"]))
    column = f"{alias}.region" if alias and draw(st.booleans()) else "region"
    value = draw(st.sampled_from(["'EU'", "'x''y'"]))
    filtered = draw(st.sampled_from([f"{column} = {value}", f"{value} = {column}", f"{column} in ({value})"]))
    others = draw(
        st.lists(
            st.sampled_from(["v between 1 and 9", "id > 3", "(kind = 1 or kind = 2)", "v <> 5 -- no\n"]), max_size=2
        )
    )
    conditions = draw(st.permutations([filtered, *others]))
    groups = draw(st.sampled_from(["names", "numbers", "all"])) if by else "none"
    said = {"names": ", ".join(by), "numbers": ", ".join(str(n + 1) for n in range(len(by))), "all": "all", "none": ""}
    group = f" group by {said[groups]}" if by else ""
    having = draw(st.sampled_from(["", " having count(*) > 1"])) if by else ""
    order = draw(st.sampled_from(["", " order by 1", ";"]))
    sql = f"select {', '.join(names)} from t {alias} where {' and '.join(conditions)}{group}{having}{order}"
    return sql, value, tuple(by)


@given(questions())
@settings(max_examples=120, deadline=None)
def test_the_rows_of_one_value_are_those_of_the_question(question: tuple[str, str, tuple[str, ...]]) -> None:
    sql, value, by = question
    form = question_form(sql)
    assert form is not None
    (gone,) = (one for one in form.filters if one.column == "region")
    wide = for_all_values(sql, form, [gone])
    assert wide is not None, sql
    asked = _engine().execute(sql).fetchall()
    wide = wide.rstrip(";")
    again = _engine().execute(f"select * exclude (region) from ({wide}) where region = {value}").fetchall()
    if not by and not again:
        return  # without groups a question has a row even of no rows
    assert sorted(asked) == sorted(again), wide
    narrow = with_parameters(sql, {gone.slot: "wanted"}, form)
    assert narrow is not None
    plain = value[1:-1].replace("''", "'")
    assert sorted(_engine().execute(narrow, {"wanted": plain}).fetchall()) == sorted(asked)


def test_where_it_is_not_plain_there_is_no_answer() -> None:
    for sql in (
        "select kind, sum(v) from t where region = 'EU' group by kind limit 3",
        "select distinct kind from t where region = 'EU'",
        "select kind from t where region = 'EU' union select 1",
        "select kind, sum(v) from t where region = 'EU' group by rollup (kind)",
        "select kind, sum(v) from t where region = 'EU' or kind = 1 group by kind",
        "from t select kind, sum(v) where region = 'EU' group by kind",
    ):
        form = question_form(sql)
        assert form is not None
        gone = [one for one in form.filters if one.column == "region"]
        assert for_all_values(sql, form, gone) is None, sql
