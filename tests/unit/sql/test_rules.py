"""What each kind of text may not use, and that the engine's own functions are all judged."""

from __future__ import annotations

import pytest

from andon.sql.facts import read_facts
from andon.sql.names import (
    CLOCK_NAMES,
    ENGINE_TABLE_FUNCTIONS,
    FILE_FUNCTIONS,
    HIDDEN_READERS,
    RANDOM_NAMES,
    READERS,
    STATE_EXCEPTIONS,
    STATE_NAMES,
    STATE_PREFIXES,
    TABLE_FUNCTIONS,
)
from andon.sql.rules import Role, refusals

NONE: frozenset[str] = frozenset()


def refused(text: str, role: Role = "dataset", allow: frozenset[str] = NONE) -> list[str]:
    """The texts at the places of what is refused."""
    facts = read_facts([text])[0]
    assert facts.problems == ()
    found = refusals(facts, role=role, allow=allow)
    for problem in found:
        assert problem.message
        assert problem.hint
    return [text[problem.offset :] if problem.offset is not None else "" for problem in found]


@pytest.mark.parametrize(
    "text",
    [
        "random()",
        "uuid()",
        "gen_random_uuid()",
        "uuidv4()",
        "UUIDv7()",
        "setseed(1)",
        "nextval('s')",
        "current_setting('threads')",
        "getvariable('x')",
        "current_query()",
        "txid_current()",
        "stats(a)",
        "write_log('x')",
        "sleep_ms(1)",
        "pg_sleep(1)",
        "version()",
        "main.now()",
        "system.main.now()",
        "system.main.current_date()",
        "main.age(a)",
        "current_user",
        "session_user",
        "current_schema()",
        "which_secret('a', 'b')",
        "system.main.random()",
    ],
)
def test_calls_that_no_dataset_may_make(text: str) -> None:
    assert refused(f"select 1, {text} from shop.t") == [f"{text} from shop.t"]


@pytest.mark.parametrize(
    "text",
    [
        "query('select 1')",
        "query_table('t')",
        "histogram('t', 'a')",
        "duckdb_tables()",
        "duckdb_secrets()",
        "duckdb_settings()",
        "pragma_version()",
        "pragma_table_info('t')",
        "enable_logging(storage := 'file')",
        "enable_profiling()",
        "checkpoint()",
        "glob('*')",
        "read_text('x')",
        "read_blob('x')",
        "sniff_csv('x')",
        "parquet_metadata('x')",
        "sqlite_scan('a', 'b')",
        "json_execute_serialized_sql('x')",
        "a.b.c",
        "memory.main.t",
        "information_schema.tables",
        "pg_catalog.pg_class",
        "main.t",
        "temp.t",
        "sqlite_master",
        "duckdb_tables",
    ],
)
@pytest.mark.parametrize("role", ["dataset", "view", "query", "macro", "source"])
def test_what_no_text_may_read(text: str, role: Role) -> None:
    assert f"{text} x" in refused(f"select * from {text} x", role)


def test_versions_are_asked_of_the_lake() -> None:
    assert refused("from shop.t at (version => 3)") == ["shop.t at (version => 3)"]


@pytest.mark.parametrize("text", ["describe select 1", "summarize shop.t", "show tables", "from (describe shop.t)"])
def test_show_is_no_select(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    ("sample", "is_refused"),
    [
        ("tablesample 10%", True),
        ("using sample 3", True),
        ("tablesample reservoir(10 rows)", True),
        ("tablesample system(10%) repeatable (1)", True),
        ("tablesample reservoir(10 rows) repeatable (1)", False),
        ("tablesample bernoulli(10%) repeatable (1)", False),
    ],
)
def test_samples(sample: str, is_refused: bool) -> None:
    assert bool(refused(f"from shop.t {sample}")) is is_refused
    assert refused(f"from shop.t {sample}", allow=frozenset({"random"})) == []
    assert refused(f"from shop.t {sample}", "query") == []


def test_what_a_dataset_may_do() -> None:
    text = (
        "with a as (from shop.t) select now(), current_date, age(d), sum(x), own(x), unnest(l) from a, range(3), "
        "unnest([1]), generate_series(1, 2), own_table(3) where user = 'x'"
    )
    assert refused(text) == []
    assert refused(text, "macro") == []


def test_allow_random_accepts_only_chance() -> None:
    text = "select random(), uuid(), setseed(1), current_setting('x')"
    assert len(refused(text)) == 4
    assert refused(text, allow=frozenset({"random"})) == ["setseed(1), current_setting('x')", "current_setting('x')"]


@pytest.mark.parametrize("text", ["now()", "current_date", "age(d)", "localtimestamp", "today()"])
def test_views_have_no_clock(text: str) -> None:
    assert refused(f"select a, {text} from shop.t") == []
    assert refused(f"select a, {text} from shop.t", "view") == [f"{text} from shop.t"]


def test_files_are_read_in_sources_only_and_datasets_elsewhere_only() -> None:
    text = "from read_csv('a.csv'), shop.t, 'b.parquet'"
    facts = read_facts([text])[0]
    assert [p.code for p in refusals(facts, role="dataset", allow=NONE)] == ["project.file_outside_source"] * 2
    assert [p.code for p in refusals(facts, role="source", allow=NONE)] == ["project.source_reads_dataset"]


def test_a_query_reads_datasets_by_full_name_with_few_table_functions() -> None:
    fine = "with a as (from shop.t) select random(), now() from a, range(3), json_each('[1]') using sample 3"
    assert refused(fine, "query") == []
    text = "select * from t, own_table(1), read_csv('a.csv'), shop.u"
    assert refused(text, "query") == [text[14:], text[17:], text[31:]]
    facts = read_facts([text])[0]
    assert {problem.code for problem in refusals(facts, role="query", allow=NONE)} == {"usage.not_one_select"}


def test_every_volatile_and_every_table_function_of_the_engine_is_judged() -> None:
    import duckdb

    rows = duckdb.connect().execute(
        "select distinct function_name, function_type, stability from duckdb_functions() where database_name = 'system'"
    )
    known = CLOCK_NAMES | RANDOM_NAMES | STATE_NAMES | {"error"}
    tables = ENGINE_TABLE_FUNCTIONS | FILE_FUNCTIONS | HIDDEN_READERS | READERS | TABLE_FUNCTIONS | STATE_NAMES
    for name, kind, stability in rows.fetchall():
        if name.startswith(STATE_PREFIXES) and name not in STATE_EXCEPTIONS:
            continue
        if stability in ("VOLATILE", "CONSISTENT_WITHIN_QUERY"):
            assert name in known, f"{name} is {stability}"
        if kind in ("table", "pragma", "table_macro"):
            assert name in tables, f"{name} is a {kind} function"
