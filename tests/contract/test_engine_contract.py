"""What every engine that builds must do: Parquet in, Parquet out. An engine joins by a line in `ENGINES`.

What an engine declares that it can't do stands in `GAPS`: those tests run as well, and must fail.
"""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from andon.base.names import literal
from andon.base.record import replace
from andon.engines import types
from andon.engines.engine import Aside, missing
from andon.engines.relation import TableRelation, view_over
from andon.errors import AndonError, DatasetError, MachineError
from andon.model.dataset import ClockUse, Kind, Materialize
from andon.model.quarantine import AsideRule, row_hash
from andon.model.types import parse_type
from kit import engines
from kit.empty_engine import empty_engine

ENGINES = {
    "narrow": engines.narrow,
    "wide": engines.wide,
    "python": engines.python,
    "polars": engines.polars,
    "spark": engines.spark,
    "frames": engines.frames,
}

_NO_MACROS = "no macros"
_NO_VIEWS = "no views"
#: By test, the engines that declare that they can't, and how.
GAPS = {
    "test_the_clock_shows_the_logical_time": {"polars": "no clock"},
    "test_an_input_that_is_a_view": {"polars": _NO_VIEWS},
    "test_macros_of_the_definition_and_of_a_view_are_kept_apart": {
        "polars": _NO_MACROS,
        "python": "no macros: a function calls functions",
        "frames": "no macros: a function calls functions",
    },
    "test_what_the_lake_does_not_store_is_stored_as_its_next_type": {
        "spark": "reads the lake's types and no others",
        "frames": "reads the lake's types and no others",
    },
    "test_rows_are_set_aside_in_the_same_write": {"polars": _NO_VIEWS},
    "test_what_a_recipe_returns_is_told_without_computing_it": {
        "polars": _NO_VIEWS,
        "python": "known when the function has run",
        "frames": "known when the function has run",
    },
}

#: By type of the lake: values as DuckDB writes them, the least and the greatest that count first.
VALUES = {
    "BOOLEAN": ["false", "true"],
    "INTEGER": ["-2147483648", "2147483647", "0"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "0"],
    "FLOAT": ["-1.5", "3.25", "0"],
    "DOUBLE": ["-1e300", "1e300", "0.1"],
    "DECIMAL(4,1)": ["-999.9", "999.9", "0.0"],
    "DECIMAL(18,2)": ["-1234567890123456.78", "0.01"],
    "DECIMAL(38,10)": ["-1234567890123456789012345678.0123456789", "9.0000000001"],
    "VARCHAR": ["''", "'ünï ''quoted'' 漢字'", "'a'"],
    "BLOB": [r"'\x00\xFF'::blob", "'b'::blob"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "DATE": ["date '0001-01-01'", "date '9999-12-31'", "date '1969-12-31'"],
    "TIME": ["time '00:00:00'", "time '23:59:59.999999'"],
    "TIMESTAMP": ["timestamp '1066-10-14 09:00:00.000001'", "timestamp '9999-12-31 23:59:59.999999'"],
    "TIMESTAMP WITH TIME ZONE": ["timestamptz '1900-01-01 00:00:00+00'", "timestamptz '2262-04-12 00:00:00.5+00'"],
}
NESTED = {
    "INTEGER[]": ["[1, null, 3]", "[]", "null"],
    "VARCHAR[][]": ["[['a'], [], null]", "[]"],
    "STRUCT(a INTEGER, b VARCHAR)": ["{'a': 1, 'b': 'x'}", "{'a': null, 'b': null}", "null"],
    "STRUCT(a INTEGER, l STRUCT(d DATE)[])[]": ["[{'a': 1, 'l': [{'d': date '2020-01-02'}]}]", "null"],
    "MAP(VARCHAR, INTEGER)": ["map {'k': 1, 'l': null}", "map {}", "null"],
}
#: Types that are stored as another one.
CAST = {
    "TINYINT": ("INTEGER", ["-128", "127"]),
    "UBIGINT": ("DECIMAL(20,0)", ["0", "18446744073709551615"]),
    "UINTEGER": ("BIGINT", ["0", "4294967295"]),
}


@pytest.fixture(params=ENGINES)
def bench(request, tmp_path):
    gap = GAPS.get(request.function.__name__, {}).get(request.param)
    if gap is not None:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"declared: {gap}"))
    with ENGINES[request.param](tmp_path) as made:
        yield made


def parquet(place: Path, name: str, sql: str) -> TableRelation:
    """An input of one file."""
    file = place / f"{name}.parquet"
    ask(f"copy ({sql}) to '{file}' (format parquet)")
    return TableRelation((str(file),))


def columns_of(place: Path, kinds: dict[str, list[str]]) -> TableRelation:
    """An input with a column `c0`, `c1`, … for each type, its values one below the other, and NULL in the last row."""
    length = max(len(values) for values in kinds.values()) + 1
    listed = []
    for at, (kind, values) in enumerate(kinds.items()):
        filled = [*values, *["null"] * (length - len(values))]
        listed.append(f"unnest([{', '.join(f'cast({value} as {kind})' for value in filled)}]) as c{at}")
    return parquet(place, "in", f"select {', '.join(listed)}")


def read(task) -> list[tuple]:
    return ask(f"select * from '{task.output}'")


def ask(sql: str) -> list[tuple]:
    with empty_engine() as connection:
        return connection.execute("set timezone = 'UTC'").execute(sql).fetchall()


def numbers(place: Path, count: int = 5, name: str = "numbers") -> dict[str, TableRelation]:
    return {"data.t": parquet(place, name, f"select range as x, 'w' || range as word from range({count})")}


def nothing_is_left(task) -> bool:
    return not list(Path(task.output).parent.glob(f"{Path(task.output).stem}*"))


# -- types


def test_every_type_of_the_lake_goes_through_as_it_is(bench):
    kinds = {k: v for k, v in (VALUES | NESTED).items() if k not in bench.engine.capabilities.unstored}
    source = columns_of(bench.place, kinds)
    task, produced = bench.run(bench.texts.same, {"data.t": source})
    assert [c.type for c in produced.columns] == list(kinds)
    assert ask(f"select column_type from (describe from '{task.output}')") == [(kind,) for kind in kinds]
    shown = "select columns(*)::varchar from '{}'"
    written, given = (list(zip(*ask(shown.format(file)), strict=True)) for file in (task.output, *source.files))
    for at, kind in enumerate(kinds):
        assert written[at] == given[at], kind


def test_a_type_that_is_declared_as_not_stored_does_not_go_through(bench):
    for kind in bench.engine.capabilities.unstored:
        source = columns_of(bench.place, {kind: VALUES[kind]})
        if bench.name in ("spark", "frames"):
            with pytest.raises(DatasetError, match=r"type (for )?(TIME|UUID)"):
                bench.run(bench.texts.same, {"data.t": source})
            continue
        _, produced = bench.run(bench.texts.same, {"data.t": source})
        assert produced.columns[0].type != kind


def test_what_the_lake_does_not_store_is_stored_as_its_next_type(bench):
    source = columns_of(bench.place, {kind: values for kind, (_, values) in CAST.items()})
    task, produced = bench.run(bench.texts.same, {"data.t": source})
    assert [c.type for c in produced.columns] == [stored for stored, _ in CAST.values()]
    assert list(zip(*ask(f"select columns(*)::varchar from '{task.output}' limit 2"), strict=True)) == [
        tuple(values) for _, values in CAST.values()
    ]


def test_what_is_no_number_stays_so(bench):
    values = "(1.5::double, 1::float), ('nan', 'nan'), ('-inf', 'inf'), (null, null)"
    source = parquet(bench.place, "in", f"select d::double as d, f::float as f from (values {values}) t(d, f)")
    task, produced = bench.run(bench.texts.same, {"data.t": source})
    shown = "select d::varchar, f::varchar from '{}'"
    assert ask(shown.format(task.output)) == ask(shown.format(source.files[0]))
    stats = produced.stats['"d"']
    assert stats.nulls == 1
    assert stats.has_nan or stats.maximum is None  # else a check could conclude that all are below it


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1582-10-15"])
def test_days_far_away(bench, day):
    source = parquet(bench.place, "in", f"select date '{day}' as d")
    task, produced = bench.run(bench.texts.same, {"data.t": source})
    assert ask(f"select d::varchar from '{task.output}'") == [(day,)]
    assert produced.stats['"d"'].minimum in (day, None)


def test_field_ids_are_those_that_were_given(bench):
    source = parquet(bench.place, "in", "select 1 as x, [{'a': 2}] as l, map {'k': 3} as m, {'z': 4, 'y': [5]} as s")
    task, produced = bench.run(bench.texts.same, {"data.t": source})
    written = ask(
        f"select field_id from parquet_schema('{task.output}') where field_id is not null and name != 'duckdb_schema'"
    )
    given = [number for c in produced.columns for number in (c.field_id, *(i for _, i in c.children))]
    assert sorted(number for (number,) in written) == sorted(given)


# -- statistics


def test_rows_nulls_and_bounds_are_right(bench):
    kinds = {k: v for k, v in VALUES.items() if k not in bench.engine.capabilities.unstored}
    task, produced = bench.run(bench.texts.same, {"data.t": columns_of(bench.place, kinds)})
    for at, kind in enumerate(kinds):
        rows, nulls, least, most = ask(
            f"select count(*), count(*) - count(c{at}), min(c{at})::varchar, max(c{at})::varchar from '{task.output}'"
        )[0]
        stats = produced.stats[f'"c{at}"']
        assert (produced.rows, stats.nulls, stats.values) == (rows, nulls, rows), kind
        assert 0 < stats.size < Path(task.output).stat().st_size
        if kind in ("BLOB", "UUID"):
            continue  # bytes have no text that all agree on
        for told, true in ((stats.minimum, least), (stats.maximum, most)):
            assert told is not None or (bench.bounded and kind not in bench.bounded), kind
            assert told is None or ask(f"select {literal(told)}::{kind}::varchar") == [(true,)], kind


def test_statistics_are_of_all_rows_of_a_large_result(bench):
    source = parquet(
        bench.place, "in", "select range as x, if(range % 7 = 0, null, range) as y from range(300000) order by x % 1000"
    )
    _, produced = bench.run(bench.texts.same, {"data.t": source})
    x, y = (produced.stats[f'"{name}"'] for name in "xy")
    assert produced.rows == 300_000
    assert (x.minimum, x.maximum, x.nulls, y.nulls) == ("0", "299999", 0, 42858)


def test_a_result_without_rows_has_its_columns(bench):
    task, produced = bench.run(bench.texts.none, numbers(bench.place))
    assert produced.rows == 0
    assert [(c.name, c.type) for c in produced.columns] == [("x", "BIGINT"), ("word", "VARCHAR")]
    assert read(task) == []
    assert ask(f"select column_name from (describe from '{task.output}')") == [("x",), ("word",)]


# -- inputs


def test_an_input_of_several_files(bench):
    parts = [parquet(bench.place, f"part {n}", f"select {n} as x") for n in (1, 2, 3)]
    task, produced = bench.run(bench.texts.same, {"data.t": TableRelation(tuple(p.files[0] for p in parts))})
    assert (produced.rows, sorted(read(task))) == (3, [(1,), (2,), (3,)])


def test_several_inputs_of_two_schemas_with_one_name(bench):
    inputs = {
        "data.t": parquet(bench.place, "one", "select 1 as x"),
        "more.t": parquet(bench.place, "two", "select 2 as y"),
    }
    by_name = {
        "python": "return {'x': t.fetchall()[0], 'y': u.fetchall()[0]}",
        "frames": "return t.join(u, t.x < u.y)",
    }
    sql = "select a.x, b.y from data.t a join more.t b on a.x < b.y"
    task, _ = bench.run(by_name.get(bench.name, sql), inputs)
    assert read(task) == [(1, 2)]


def test_an_input_that_is_a_view(bench):
    table = parquet(bench.place, "in", "select range as x from range(4)")
    inner = view_over("inner", "select x + plus() as x from data.t", ("create macro plus() as 10",), {"data.t": table})
    outer = view_over("outer", "select max(x) as x from marts.v", (), {"marts.v": inner})
    task, produced = bench.run(bench.texts.same, {"marts.w": outer})
    assert (read(task), produced.rows) == ([(13,)], 1)


def test_one_name_may_stand_for_other_files_in_another_task(bench):
    for number in (3, 8, 3):
        task, _ = bench.run(bench.texts.same, {"data.t": parquet(bench.place, f"in{number}", f"select {number} as x")})
        assert read(task) == [(number,)]


def test_macros_of_the_definition_and_of_a_view_are_kept_apart(bench):
    table = parquet(bench.place, "in", "select 1 as x")
    view = view_over("v", "select twice(x) as x from data.t", ("create macro twice(a) as 200 * a",), {"data.t": table})
    macros = ("create macro twice(a) as 2 * a",)
    task, _ = bench.run(bench.texts.doubled, {"data.t": table}, macros=macros)
    assert read(task) == [(2,)]
    task, _ = bench.run(bench.texts.doubled, {"marts.v": view}, macros=macros)
    assert read(task) == [(400,)]
    with pytest.raises(DatasetError):
        bench.run(bench.texts.doubled, {"data.t": table})


# -- time


def test_the_clock_shows_the_logical_time(bench):
    other = datetime(1999, 12, 31, 23, 59, 59, 5, tzinfo=UTC)
    for moment in (engines.MOMENT, other, engines.MOMENT):
        inputs = {"data.t": parquet(bench.place, "in", "select 1 as x")}
        recipe = bench.recipe(bench.texts.clock, inputs, moment, clock=ClockUse.INSTANT)
        task = bench.task(recipe)
        bench.engine.run(task)
        ((instant, day),) = ask(f"select epoch_us(instant), day from '{task.output}'")
        assert (datetime.fromtimestamp(instant / 1e6, UTC), day) == (moment, moment.date())


def test_equal_inputs_give_equal_rows_and_where_declared_equal_bytes(bench):
    inputs = numbers(bench.place, 50_000)
    outputs = [bench.run(bench.texts.same, inputs)[0] for _ in range(3)]
    assert all(sorted(read(task)) == sorted(read(outputs[0])) for task in outputs)
    if bench.engine.capabilities.repeats:
        assert len({Path(task.output).read_bytes() for task in outputs}) == 1


# -- what is told


def test_what_is_stored_is_asked_once_with_the_types_of_the_result(bench):
    asked = []

    def stored(types):
        asked.append([tuple(pair) for pair in types])
        return engines.numbered(types)

    task = bench.task(bench.recipe(bench.texts.same, numbers(bench.place)), stored)
    bench.engine.run(task)
    assert asked == [[("x", "BIGINT"), ("word", "VARCHAR")]]


def test_what_a_recipe_returns_is_told_without_computing_it(bench):
    recipe = bench.recipe(bench.texts.same, numbers(bench.place))
    assert [tuple(pair) for pair in bench.engine.describe(recipe)] == [("x", "BIGINT"), ("word", "VARCHAR")]


def test_a_build_records_the_engine_and_its_version(bench):
    _, produced = bench.run(bench.texts.same, numbers(bench.place))
    assert {"name", "version"} <= produced.facts.keys()
    assert (produced.log is not None) == (bench.texts.kind is Kind.PYTHON)


# -- failures


def test_a_failure_names_the_dataset_and_leaves_nothing(bench):
    task = bench.task(bench.recipe(bench.texts.failing, numbers(bench.place)))
    with pytest.raises(DatasetError) as caught:
        bench.engine.run(task)
    assert caught.value.code.startswith("build.")
    assert "made/result" in (caught.value.where or "")
    assert nothing_is_left(task)
    done = bench.task(bench.recipe(bench.texts.same, numbers(bench.place)))
    assert bench.engine.run(done).rows == 5  # the next task does not feel it


def test_a_lost_file_is_told_with_the_input_that_it_was(bench):
    inputs = {"data.t": TableRelation((str(bench.place / "lost.parquet"),))}
    task = bench.task(bench.recipe(bench.texts.same, inputs))
    with pytest.raises(AndonError) as caught:
        bench.engine.run(task)
    assert "lost.parquet" in caught.value.message
    if bench.texts.kind is not Kind.PYTHON:  # a function reads when it likes: there it is the function that fails
        assert isinstance(caught.value, MachineError)
        assert (caught.value.code, caught.value.where) == ("lake.corrupt", "data.t")
    assert nothing_is_left(task)


def test_what_is_refused_for_storing_leaves_nothing(bench):
    def refuse(types):
        raise DatasetError("build.not_supported", "no such column", where="made.result")

    task = bench.task(bench.recipe(bench.texts.same, numbers(bench.place)), refuse)
    with pytest.raises(DatasetError, match="no such column"):
        bench.engine.run(task)
    assert nothing_is_left(task)


def test_who_knows_better_explains_the_failure(bench):
    if bench.texts.kind is Kind.PYTHON:
        text, heard = "return t", []  # the function's own errors are told by the child; those of its result are asked

        def stored(types):
            raise ValueError("odd")
    else:
        text, heard, stored = bench.texts.failing, [], None

    def explain(error):
        heard.append(error)
        return DatasetError("source.contract", "better words", where="raw/file.csv")

    recipe = replace(bench.recipe(text, numbers(bench.place)), explain=explain)
    with pytest.raises(DatasetError, match="better words"):
        bench.engine.run(bench.task(recipe, stored))
    assert len(heard) == 1


# -- threads


def test_a_task_is_stopped_from_another_thread(bench):
    long = {"data.t": parquet(bench.place, "long", f"select range % 1000 as x from range({bench.long})")}
    task = bench.task(bench.recipe(bench.texts.endless, long))
    caught = []

    def work():
        try:
            bench.engine.run(task)
        except AndonError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    began = time.monotonic()
    bench.engine.interrupt()
    thread.join(20)
    assert time.monotonic() - began < 5
    assert [error.code for error in caught] == ["build.interrupted"]
    assert nothing_is_left(task)
    with pytest.raises(DatasetError) as refused:  # and nothing is begun after it
        bench.run(bench.texts.same, numbers(bench.place))
    assert refused.value.code == "build.interrupted"


def test_tasks_at_once_do_not_meet(bench):
    """Each thread builds over files of its own under one name, with times of its own where there is a clock."""
    problems = []
    gate = threading.Barrier(4)

    def work(number):
        try:
            gate.wait()
            for turn in range(1 if bench.name == "frames" else 3):
                count = 10 * number + turn
                inputs = numbers(bench.place, count, f"in-{number}-{turn}")
                moment = datetime(2000 + number, 1, 1, tzinfo=UTC)
                task = bench.task(bench.recipe(bench.texts.same, inputs, moment))
                produced = bench.engine.run(task)
                if produced.rows != count or len(read(task)) != count:
                    problems.append((number, turn, produced.rows))
        except BaseException as error:
            problems.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


# -- rows that are set aside


def test_rows_are_set_aside_in_the_same_write(bench):
    """One result in two files: what is not to be in it, and, in its order, the rest. A rule that can't be told for a row says no."""
    place = str(bench.place / "aside.parquet")
    rules = [AsideRule("a", "a", "x % 3 = 1", ()), AsideRule("b", "b", "replace(word, 'w', '')::int > 7", ())]
    for count, kept, aside in ((10, [0, 2, 3, 5, 6], [1, 4, 7, 8, 9]), (1, [0], []), (0, [], [])):
        task = bench.task(bench.recipe(bench.texts.same, numbers(bench.place, count, f"in-{count}")))
        produced = bench.engine.run(replace(task, aside=Aside(place, lambda _: rules)))
        assert ([row[0] for row in read(task)], produced.rows, produced.aside) == (kept, len(kept), len(aside))
        assert Path(place).exists() == bool(aside)
        assert sum(s.values or 0 for name, s in produced.stats.items() if name == '"x"') == len(kept)
        if aside:
            assert [row[0] for row in ask(f"select * from '{place}'")] == aside
            Path(place).unlink()
    released = ask(f"select {row_hash(['x', 'word'])} from (select 4::bigint as x, 'w4' as word)")[0][0]
    task = bench.task(bench.recipe(bench.texts.same, numbers(bench.place, 6, "released")))
    all_bad = [AsideRule("a", "a", "true", (released,))]
    assert bench.engine.run(replace(task, aside=Aside(place, lambda _: all_bad))).aside == 5
    assert read(task) == [(4, "w4")]
    Path(place).unlink()


# -- what is declared


def test_what_an_engine_lacks_is_told_before_a_run(bench):
    can = bench.engine.capabilities
    plain = bench.definition({"data.t": TableRelation(())})
    assert missing(can, plain) is None
    wanting = {
        "clock": replace(plain, clock=ClockUse.DATE),
        "macros": replace(plain, macros=("create macro m() as 1",)),
        "views": replace(plain, materialize=Materialize.VIEW),
    }
    for ability, definition in wanting.items():
        problem = missing(can, definition)
        assert (problem is None) == getattr(can, ability), ability
        assert problem is None or (problem.code, problem.file) == ("build.not_supported", plain.entry)
    assert (missing(can, plain, views={"data.t", "other.v"}) is None) == can.takes_views
    for kind in set(Kind) - {Kind.QUARANTINE}:  # which is written with its dataset
        assert (missing(can, replace(plain, kind=kind)) is None) == (kind in can.kinds)


def test_every_gap_of_the_suite_is_declared(tmp_path):
    declared = {
        "no clock": lambda can: not can.clock,
        _NO_MACROS: lambda can: not can.macros,
        _NO_VIEWS: lambda can: not can.views,
    }
    for name, make in ENGINES.items():
        for gaps in GAPS.values():
            reason = gaps.get(name)
            if reason in declared:
                with make(tmp_path) as bench:
                    assert declared[reason](bench.engine.capabilities)


def test_the_suite_knows_all_types_of_the_lake():
    assert {parse_type(kind).name for kind in VALUES} == types._KEPT
    assert all(types.lake_type(kind) == kind for kind in [*VALUES, *NESTED])
