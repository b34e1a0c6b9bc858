"""Draws queries over the tables of `kit/spark_judge.py`: typed expressions, some levels deep, in queries of several shapes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

_DEPTH = 2

#: Type -> columns of it.
_COLUMNS = {
    "INTEGER": ["i", "j", "k"],
    "BIGINT": ["l", "m", "id"],
    "DOUBLE": ["x", "y"],
    "DECIMAL": ["p", "q"],
    "VARCHAR": ["s", "u"],
    "DATE": ["d", "e"],
    "TIMESTAMP": ["t", "w"],
    "BOOLEAN": ["b", "c"],
}
_LITERALS = {
    "INTEGER": ["0", "1", "-3", "7"],
    "BIGINT": ["0::bigint", "12::bigint"],
    "DOUBLE": ["0.5::double", "-2.0::double", "0.0::double"],
    "DECIMAL": ["1.5", "-0.25", "0.0"],
    "VARCHAR": ["'a'", "''", "'it''s'", "'a%_\\b'", "'ñ'"],
    "DATE": ["date '2020-02-29'", "date '1969-12-31'"],
    "TIMESTAMP": ["timestamp '2021-01-03 23:00:00'"],
    "BOOLEAN": ["true", "false"],
}
#: Type -> forms, with the types of what they take.
_FORMS: dict[str, list[tuple[str, ...]]] = {
    "INTEGER": [
        ("({} + {})", "INTEGER", "INTEGER"),
        ("({} - {})", "INTEGER", "INTEGER"),
        ("({} * {})", "INTEGER", "INTEGER"),
        ("({} // {})", "INTEGER", "INTEGER"),
        ("({} % {})", "INTEGER", "INTEGER"),
        ("abs({})", "INTEGER"),
        ("{}::integer", "DOUBLE"),
        ("{}::integer", "DECIMAL"),
        ("{}::integer", "BOOLEAN"),
        ("try_cast({} as integer)", "BIGINT"),
        ("greatest({}, {})", "INTEGER", "INTEGER"),
        ("sign({})::integer", "DOUBLE"),
    ],
    "BIGINT": [
        ("({} + {})", "BIGINT", "BIGINT"),
        ("({} * {})", "BIGINT", "INTEGER"),
        ("({} // {})", "BIGINT", "BIGINT"),
        ("length({})", "VARCHAR"),
        ("instr({}, {})", "VARCHAR", "VARCHAR"),
        ("year({})", "DATE"),
        ("month({})", "TIMESTAMP"),
        ("dayofweek({})", "DATE"),
        ("week({})", "DATE"),
        ("hour({})", "TIMESTAMP"),
        ("date_diff('day', {}, {})", "DATE", "DATE"),
        ("date_diff('month', {}, {})", "TIMESTAMP", "TIMESTAMP"),
        ("date_diff('hour', {}, {})", "TIMESTAMP", "TIMESTAMP"),
        ("({} - {})", "DATE", "DATE"),
        ("{}::bigint", "DOUBLE"),
        ("epoch_ms({})", "TIMESTAMP"),
    ],
    "DOUBLE": [
        ("({} + {})", "DOUBLE", "DOUBLE"),
        ("({} * {})", "DOUBLE", "DOUBLE"),
        ("({} / {})", "INTEGER", "INTEGER"),
        ("({} / {})", "DOUBLE", "DOUBLE"),
        ("({} % {})", "DOUBLE", "DOUBLE"),
        ("round({}, 2)", "DOUBLE"),
        ("round({})", "DOUBLE"),
        ("floor({})", "DOUBLE"),
        ("ceil({})", "DOUBLE"),
        ("{}::double", "BIGINT"),
        ("{}::double", "DECIMAL"),
        ("sqrt(abs({}))", "DOUBLE"),
        ("abs({})", "DOUBLE"),
    ],
    "DECIMAL": [
        ("({} + {})", "DECIMAL", "DECIMAL"),
        ("({} - {})", "DECIMAL", "INTEGER"),
        ("({} * {})::decimal(18,4)", "DECIMAL", "DECIMAL"),
        ("round({}, 1)", "DECIMAL"),
        ("{}::decimal(10,1)", "DECIMAL"),
        ("{}::decimal(12,2)", "DOUBLE"),
        ("{}::decimal(12,2)", "INTEGER"),
        ("abs({})", "DECIMAL"),
    ],
    "VARCHAR": [
        ("({} || {})", "VARCHAR", "VARCHAR"),
        ("concat({}, {})", "VARCHAR", "VARCHAR"),
        ("upper({})", "VARCHAR"),
        ("lower({})", "VARCHAR"),
        ("trim({})", "VARCHAR"),
        ("substr({}, 2, 3)", "VARCHAR"),
        ("left({}, 2)", "VARCHAR"),
        ("lpad({}, 4, '*')", "VARCHAR"),
        ("replace({}, 'a', 'zz')", "VARCHAR"),
        ("split_part({}, 'a', 2)", "VARCHAR"),
        ("regexp_replace({}, '[a-c]', '-', 'g')", "VARCHAR"),
        ("regexp_extract({}, '([a-z]+)', 1)", "VARCHAR"),
        ("strftime({}, '%Y-%m-%d')", "DATE"),
        ("{}::varchar", "INTEGER"),
        ("{}::varchar", "DECIMAL"),
        ("{}::varchar", "TIMESTAMP"),
        ("md5({})", "VARCHAR"),
    ],
    "DATE": [
        ("({} + {} % 1000)", "DATE", "INTEGER"),
        ("{}::date", "TIMESTAMP"),
        ("last_day({})", "DATE"),
        ("date_trunc('month', {})::date", "DATE"),
    ],
    "TIMESTAMP": [
        ("({} + interval 1 month)", "TIMESTAMP"),
        ("({} - interval '1 day 2 hours')", "TIMESTAMP"),
        ("({} + interval 1 month)", "DATE"),
        ("date_trunc('week', {})", "TIMESTAMP"),
        ("date_trunc('hour', {})", "TIMESTAMP"),
        ("{}::timestamp", "DATE"),
    ],
    "BOOLEAN": [
        ("({} and {})", "BOOLEAN", "BOOLEAN"),
        ("({} or {})", "BOOLEAN", "BOOLEAN"),
        ("(not {})", "BOOLEAN"),
        ("({} like 'a%')", "VARCHAR"),
        ("regexp_matches({}, '^[a-z]+$')", "VARCHAR"),
        ("contains({}, {})", "VARCHAR", "VARCHAR"),
        ("({} in (1, 2, null))", "INTEGER"),
        ("isnan({})", "DOUBLE"),
    ],
}
_ANY = [
    ("coalesce({0}, {1})", "same", "same"),
    ("case when {2} then {0} else {1} end", "same", "same", "BOOLEAN"),
    ("nullif({0}, {1})", "same", "same"),
]
_COMPARED = ["=", "<>", "<", ">=", "is distinct from", "is not distinct from"]
_TYPES = list(_COLUMNS)
_AGGREGATES: list[tuple[str, ...]] = [
    ("count(*)",),
    ("count({})", "VARCHAR"),
    ("count(distinct {})", "INTEGER"),
    ("count(distinct {})", "DOUBLE"),
    ("sum({})", "INTEGER"),
    ("sum({})", "BIGINT"),
    ("sum({})", "DECIMAL"),
    ("avg({})", "INTEGER"),
    ("avg({})", "DECIMAL"),
    ("min({})", "VARCHAR"),
    ("max({})", "DOUBLE"),
    ("min({})", "TIMESTAMP"),
    ("max({})", "DATE"),
    ("bool_or({})", "BOOLEAN"),
    ("bool_and({})", "BOOLEAN"),
    ("count_if({})", "BOOLEAN"),
    ("arg_max({}, id)", "VARCHAR"),
    ("min_by({}, id)", "DECIMAL"),
    ("(sum({}) / count(*))", "BIGINT"),
    ("(sum({}) % 7)", "INTEGER"),
    ("(sum({}) // 3)", "INTEGER"),
    ("(sum({}) * 1.5)", "INTEGER"),
    ("sum({})::double", "BIGINT"),
    ("round(avg({}), 2)", "DECIMAL"),
    ("sum({})::decimal(18,1)", "DECIMAL"),
    ("string_agg({}, ',' order by id)", "VARCHAR"),
    ("stddev({}::double)", "INTEGER"),
    ("median({}::double)", "DECIMAL"),
]


@st.composite
def _expression(draw: Callable[..., str], kind: str, depth: int = _DEPTH, prefix: str = "") -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        named = draw(st.integers(0, 4)) > 0
        return prefix + draw(st.sampled_from(_COLUMNS[kind])) if named else draw(st.sampled_from(_LITERALS[kind]))
    forms = _FORMS[kind] + _ANY
    if kind == "BOOLEAN" and draw(st.booleans()):
        of = draw(st.sampled_from(_TYPES))
        comparison = draw(st.sampled_from(_COMPARED))
        one, other = (draw(_expression(of, depth - 1, prefix)) for _ in range(2))
        return f"({one} {comparison} {other})"
    form, *kinds = draw(st.sampled_from(forms))
    parts = [draw(_expression(kind if of == "same" else of, depth - 1, prefix)) for of in kinds]
    return form.format(*parts)


@st.composite
def _column(draw: Callable[..., str], prefix: str = "") -> str:
    return draw(_expression(draw(st.sampled_from(_TYPES)), prefix=prefix))


@st.composite
def _aggregate(draw: Callable[..., str]) -> str:
    form, *kinds = draw(st.sampled_from(_AGGREGATES))
    said = form.format(*(draw(_expression(kind, 1)) for kind in kinds))
    return f"{said} filter (where {draw(_expression('BOOLEAN', 1))})" if draw(st.integers(0, 3)) == 0 else said


@st.composite
def queries(draw: Callable[..., str]) -> str:
    """A query."""
    table = draw(st.sampled_from(["t.a", "t.a", "t.a", "t.edges"]))
    where = f" where {draw(_expression('BOOLEAN'))}" if draw(st.booleans()) else ""
    shape = draw(
        st.sampled_from(
            ["rows", "groups", "rollup", "window", "join", "in", "set", "top", "distinct", "scalar", "with"]
        )
    )
    if shape == "groups":
        keys = [draw(_column()) for _ in range(draw(st.integers(1, 2)))]
        values = [draw(_aggregate()) for _ in range(3)]
        return f"select {_named(keys + values)} from {table}{where} group by {', '.join(str(n + 1) for n in range(len(keys)))}"
    if shape == "rollup":
        return f"select k, b, grouping(k, b) as g, {_named([draw(_aggregate())])} from {table}{where} group by rollup (k, b)"
    if shape == "window":
        kind = draw(st.sampled_from(_TYPES))
        by = draw(_expression(kind, 1))
        frame = draw(
            st.sampled_from(
                ["", " rows between 2 preceding and current row", " rows between 1 preceding and 2 following"]
            )
        )
        over = f"over (partition by {by} order by {draw(st.sampled_from(_COLUMNS['VARCHAR']))}, id{frame})"
        plain = f"over (partition by {by} order by id desc)"
        parts = [f"sum({draw(_expression('INTEGER', 1))}) {over}", f"max({draw(_expression('VARCHAR', 1))}) {over}"]
        parts += [f"lag({draw(_column())}) {plain}", f"row_number() {plain}"]
        return f"select id, {_named(parts)} from {table}{where}"
    if shape == "join":
        word = draw(st.sampled_from(["join", "left join", "right join", "full join"]))
        on = draw(st.sampled_from(["a.id = b.id", "a.k = b.k and a.id < b.id", "a.x = b.x", "a.s = b.s"]))
        return f"select {_named([draw(_column('a.')), 'a.id', 'b.s', 'b.x'])} from {table} a {word} t.b b on {on}"
    if shape == "in":
        kind = draw(st.sampled_from(["INTEGER", "DOUBLE", "VARCHAR"]))
        word = draw(st.sampled_from(["in", "not in"]))
        inner = draw(_expression(kind, 1))
        return f"select id, {draw(_expression(kind, 1))} {word} (select {inner} from t.a where id < 9) as v from {table}{where}"
    if shape == "set":
        word = draw(st.sampled_from(["union", "union all", "except", "intersect"]))
        kind = draw(st.sampled_from(_TYPES))
        one, other = (draw(_expression(kind)) for _ in range(2))
        return f"select {one} as v, k from {table}{where} {word} select {other} as v, k from t.a"
    if shape == "top":
        way = draw(st.sampled_from(["", " desc", " nulls first", " desc nulls last"]))
        return f"select {_named([draw(_column()), 'id'])} from {table}{where} order by {draw(_column())}{way}, id limit 7 offset 2"
    if shape == "distinct":
        return f"select distinct {_named([draw(_column()), draw(_column())])} from {table}{where}"
    if shape == "with":
        inner = f"select k, b, {_named([draw(_column()), draw(_column())])} from {table}{where}"
        outer = "select k, v0, count(*) as n, max(v1) as m from c group by all"
        return f"with c as ({inner}) {outer} union all select k, v0, count(*) over (partition by v0), v1 from c where b"
    if shape == "scalar":
        return f"select id, (select {draw(_aggregate())} from t.a a where a.k = o.k) as v from {table} o"
    return f"select id, {_named([draw(_column()) for _ in range(4)])} from {table}{where}"


def _named(parts: list[str]) -> str:
    return ", ".join(f"{part} as v{number}" for number, part in enumerate(parts))
