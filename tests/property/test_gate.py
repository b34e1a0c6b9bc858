"""Whatever the gate lets through reads the datasets that it named and nothing else: texts by chance, with names and functions that mean
files, run by an engine that would open any file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import UsageError
from andon.query.asking import ask
from andon.query.gate import Question, permit
from kit.attacks import SECRET, Canary

EXAMPLES = int(os.environ.get("ANDON_QUESTIONS", "300"))
DATASETS = ("shop.orders", "marts.totals")

_names = st.sampled_from(
    """x|y|orders|shop|canary.csv|CANARY.CSV|{f}|{j}|{p}|{d}/x/../canary.csv|shop.orders|./canary.json|duckdb_settings|pg_settings
    |sqlite_master|range|read_csv""".replace("\n    ", "").split("|")
)
_readers = st.sampled_from(
    """read_csv('{f}')|read_csv_auto(['{f}'])|read_json('{j}')|read_parquet('{p}')|parquet_scan('{p}')|read_text('{f}')|glob('{d}/*')
    |sniff_csv('{f}')|query('from ''{f}''')|query_table('{f}')|main.read_csv('{f}')|system.main.read_csv('{f}')|"read_csv"('{f}')
    |Read_Text('canary.csv')|parquet_metadata('{p}')|duckdb_settings()|pragma_database_list()|enable_profiling()|range(2)|unnest([1, 2])
    |json_execute_serialized_sql(json_serialize_sql('from ''{f}'''))|repeat(1, 2)|generate_series(1, 2)|json_each('[1]')|whole_file()
    """.replace("\n    ", "").split("|")
)
_scalars = st.sampled_from(
    """1|a|b|'canary.csv'|null|count(*)|max(a)|cents(1)|first_secret()|now()|random()|concat(a, 'x')|getvariable('v')|getenv('HOME')
    |current_setting('temp_directory')|current_user|x.a|[1, 2]|{'a': 1}""".replace("\n    ", "").split("|")
)
_quoted = _names.map(lambda name: f'"{name}"')


def _tables(queries: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inner = st.one_of(
        st.sampled_from(DATASETS),
        _quoted,
        _names.map(lambda name: f"'{name}'"),
        _names.filter(str.isidentifier),
        st.tuples(st.sampled_from(["main", "temp", "system.main", "memory.main", "recurring", "shop"]), _quoted).map(
            ".".join
        ),
        _readers,
        queries.map(lambda q: f"({q})"),
        queries.map(lambda q: f"lateral ({q})"),
        st.just("(values (1, 'v')) as v(a, b)"),
        st.just("(pivot shop.orders on b in ('u') using max(a))"),
        _quoted.map(lambda name: f"(unpivot {name} on a, b)"),
        _quoted.map(lambda name: f"(pivot {name} on b in ('u') using max(a))"),
        st.sampled_from(["(describe {t})", "(summarize {t})", "(show tables)"]),
    )
    joined = st.sampled_from(
        [", ", " join ", " natural join ", " positional join ", " anti join ", " semi join ", " cross join "]
    )
    pair = st.tuples(inner, joined, inner).map(
        lambda t: "".join(t) + (" on true" if t[1].strip() in ("join", "anti join", "semi join") else "")
    )
    return st.one_of(inner, inner, pair)


def _expressions(queries: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _scalars,
        queries.map(lambda q: f"({q} limit 1)"),
        queries.map(lambda q: f"exists({q})"),
        queries.map(lambda q: f"array({q})"),
        queries.map(lambda q: f"list_transform([1], v -> (select count(*) from ({q})))"),
        st.tuples(_scalars, queries).map(lambda t: f"{t[0]} in ({t[1]})"),
        st.tuples(_scalars, queries).map(lambda t: f"case when exists({t[1]}) then {t[0]} end"),
        queries.map(lambda q: f"sum(1) over (order by (select count(*) from ({q})))"),
    )


def _queries(queries: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tables, expressions = _tables(queries), _expressions(queries)
    select = st.tuples(expressions, tables).map(lambda t: f"select {t[0]} as a from {t[1]}")
    return st.one_of(
        select,
        st.tuples(select, expressions).map(lambda t: f"{t[0]} where {t[1]} is not null"),
        st.tuples(select, expressions).map(lambda t: f"{t[0]} order by {t[1]}"),
        tables.map(lambda t: f"from {t}"),
        tables.map(lambda t: f"select columns(*) from {t}"),
        st.tuples(_quoted, queries, queries).map(lambda t: f"with {t[0]} as ({t[1]}) {t[2]}"),
        st.tuples(_quoted, queries, _quoted, queries, queries).map(
            lambda t: f"with {t[0]} as ({t[1]}), {t[2]} as ({t[3]}) {t[4]}"
        ),
        st.tuples(_quoted, queries, queries, queries).map(
            lambda t: f"with recursive {t[0]} as (({t[1]}) union all (select * from ({t[2]}) where false)) {t[3]}"
        ),
        st.tuples(_quoted, queries).map(lambda t: f"with recursive {t[0]} as ({t[1]}) from {t[0]}"),
        st.tuples(
            select, st.sampled_from(["union", "union all", "except", "intersect", "union all by name"]), select
        ).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        expressions.map(lambda e: f"values ({e})"),
    )


QUERIES = st.recursive(
    st.sampled_from(
        ["select 1 as a, 'b' as b", "from shop.orders", "select a, b from shop.orders", "from '{f}'", 'from "{f}"']
    ),
    _queries,
    max_leaves=6,
)
TEXTS = st.one_of(
    QUERIES,
    QUERIES,
    QUERIES,
    QUERIES.map(lambda q: f"explain {q}"),
    QUERIES.map(lambda q: f"explain analyze {q}"),
    QUERIES.map(lambda q: f"explain analyze copy ({q}) to '{{d}}/out.csv'"),
    QUERIES.map(lambda q: f"copy ({q}) to '{{d}}/out.csv'"),
    QUERIES.map(lambda q: f"create macro m() as table {q}"),
    QUERIES.map(lambda q: f"set variable v = ({q})"),
    st.tuples(QUERIES, QUERIES).map("; ".join),
    QUERIES.map(lambda q: f"/* x */ {q} -- y"),
)


class Open:
    """An engine that opens any file, with the datasets and macros of a project."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.canary = Canary(folder)
        self.tells = self.canary.tells_reads()
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute(
            "create schema shop; create schema marts;"
            "create table shop.orders as select 1 as a, 'u' as b; create table marts.totals as select 2 as a, 'w' as b;"
            "create macro first_secret() as (select max(a) from shop.orders); create macro cents(x) as x * 100"
        )

    def read_by(self, question: Question) -> tuple[bool, str]:
        """Whether asking it reads a file that nobody may read, or writes one, and what it answers."""
        import duckdb

        self.canary.forget()
        session = self.connection.cursor()
        try:
            ask(session, question, None)
            rows = str(session.fetchmany(100))
        except duckdb.Error as error:
            rows = str(error)
        finally:
            session.close()
        touched = (self.tells and self.canary.is_read) or self.canary.is_written
        for path in self.canary.folder.iterdir():
            if path not in self.canary.files:
                path.unlink()
        return touched, rows


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("gate") / "outside"
    found = Open(folder)
    before = Path.cwd()
    os.chdir(folder)
    yield found
    os.chdir(before)
    found.connection.close()


def _raw(text: str) -> Question:
    return Question(text, text, "", (), ())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS)
def test_what_passes_the_gate_reads_datasets_alone(opened, text):
    text = opened.canary.fill(text)
    try:
        question = permit(text)
    except UsageError:
        return
    if not set(question.datasets) <= {*DATASETS}:
        return  # it is refused by whoever knows the datasets
    touched, rows = opened.read_by(question)
    assert not touched
    assert SECRET not in rows


def test_such_texts_would_read_files(opened):
    """That the law can be broken: without the gate many of these texts read a file, and with it many are asked."""
    counts = {"reads": 0, "asked": 0}

    @settings(max_examples=120, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(text=TEXTS.filter(lambda text: text.startswith(("select", "from", "with", "values"))))
    def count(text: str) -> None:
        text = opened.canary.fill(text)
        touched, rows = opened.read_by(_raw(text))
        counts["reads"] += touched or SECRET in rows
        try:
            permit(text)
        except UsageError:
            return
        counts["asked"] += 1

    count()
    assert counts["reads"] > 10
    assert counts["asked"] > 10
