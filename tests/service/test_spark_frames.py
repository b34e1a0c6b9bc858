"""A function takes Spark DataFrames of its inputs, asks nothing else of Spark, and what it returns is built as any dataset."""

from __future__ import annotations

import time

import pytest

from andon.errors import ProjectError, UsageError
from kit.clones import FILES, Clone, closing, did
from kit.connect import ConnectServer, server
from kit.spark_projects import engine_of, failure, spark_settings

TOTALS = "datasets/marts/totals.py"
HEAD = "from andon import dataset, logical_time, read\nfrom pyspark.sql import functions as F\n\n\n@dataset({})\n"
BODY = "return orders.groupBy('customer').agg(F.sum('amount').cast('bigint').alias('amount'))"


def config(url: str | None = None) -> str:
    return spark_settings(url, patience="2s")


def function(*lines: str, mark: str = "", given: str = 'orders=read("shop.orders").spark()') -> str:
    return HEAD.format(mark) + f"def totals({given}):\n" + "".join(f"    {line}\n" for line in lines or (BODY,))


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    files = {name: text for name, text in FILES.items() if name != "datasets/marts/totals.sql"}
    made.fill({**files, "andon.toml": config(), TOTALS: function()})
    return made


def problem(clone):
    with pytest.raises(ProjectError) as caught:
        clone.plan()
    (found,) = caught.value.problems
    return found


def test_it_is_built_recorded_checked_and_built_again_like_the_rest(clone):
    checked = 'key="customer", checks="amount > 0\\nrows = 2"'
    clone.write(TOTALS, function(mark=checked))
    result = clone.run()
    assert result.published, failure(result)
    assert {check.status for check in result.checks} == {"pass"}
    engine = engine_of(clone)
    assert (engine["name"], engine["server"]) == ("spark", server())
    assert engine["compared"] == "not compared with duckdb: it is a function in Python"
    assert {"client", "python", "isolation", "network", "seed", "writer"} <= engine.keys()
    assert sorted(clone.ask("select * from marts.totals")) == [("ada", 15), ("ben", 20)]
    assert clone.ask("select * from marts.best") == [("ben",)]
    assert clone.run().run is None
    with closing(clone.open()) as service:
        assert str(service.reproducing.reproduce("marts.totals").verdict) == "identical"


@pytest.mark.parametrize("means", [("namespaces",), ("network", "landlock"), ()])
def test_it_asks_through_andon_however_its_process_is_kept_apart(clone, monkeypatch, means):
    """Without a network, where the system can keep it from a process: the way is a file."""
    monkeypatch.setattr("andon.engines.python.run.bubblewrap", lambda: None)
    monkeypatch.setattr("andon.engines.python.run.CHILD_MEANS", means)
    clone.write("datasets/marts/best.sql", None)
    clone.write(TOTALS, function("assert orders.count() == 3", "return orders.limit(2)"))
    result = clone.run()
    assert result.published, failure(result)
    engine = engine_of(clone)
    assert engine["isolation"] in (*means, "none")
    assert engine["network"] in (("blocked", "reachable") if means else ("reachable",))


def test_what_comes_out_the_same_in_another_order_ends_there(clone):
    clone.run()
    before = clone.leaves()
    clone.write(TOTALS, function(BODY + ".orderBy(F.desc('customer'))"))
    result = clone.run()
    assert did(result) == {"marts.totals": "build"}
    assert clone.leaves()["marts.totals"].version == before["marts.totals"].version


def test_a_function_may_take_both_and_return_any_table(clone):
    given = 'orders=read("shop.orders").spark(), plain=read("shop.orders")'
    clone.write(
        TOTALS,
        function(
            "n = plain.count('*').fetchone()[0]", "assert orders.count() == n", "return orders.toArrow()", given=given
        ),
    )
    clone.write("datasets/marts/best.sql", None)
    result = clone.run()
    assert result.published, failure(result)
    assert clone.ask("select count(*) from marts.totals") == clone.ask("select count(*) from shop.orders")
    assert engine_of(clone)["name"] == "spark"


#: What a function asks, and what it is told that this is.
REFUSED = {
    "spark.read.text('/etc/passwd').count()": "reading what is no input",
    "spark.table('default.x').count()": "reading what is no input",
    "spark.sql('select 1 as x').count()": "a text of SQL",
    "orders.selectExpr('(select count(*) from parquet.`/tmp`) as n').count()": "a query within an expression",
    "orders.where('exists (from orders)').count()": "a query within an expression",
    "orders.withColumn('at', F.current_timestamp()).count()": "`current_timestamp(…)`",
    "orders.selectExpr('now() as at').count()": "`now(…)`",
    "orders.selectExpr('CURRENT_DATE as at').count()": "`current_date(…)`",
    "orders.withColumn('x', F.rand()).count()": "`rand(…)`",
    "orders.withColumn('x', F.reflect(F.lit('java.util.UUID'), F.lit('randomUUID'))).count()": "`reflect(…)`",
    "orders.selectExpr('secret(\\'a\\', \\'b\\') as x').count()": "`secret(…)`",
    "orders.select(F.call_function('http_request', 'id')).count()": "Python that runs on Spark",
    "orders.select('_metadata.file_path').count()": "`_metadata`",
    "orders.selectExpr('_metadata.file_path').count()": "`_metadata`",
    "orders.select(orders.metadataColumn('_metadata')).count()": "`_metadata`",
    "orders.sample(0.5).count()": "rows drawn by chance",
    "orders.dropDuplicates(['customer']).count()": "one row of several by chance",
    "orders.groupBy('customer').agg(F.first('id')).count()": "`first(…)`",
    "orders.select(F.udf(lambda x: x, 'string')('customer')).count()": "Python that runs on Spark",
    "orders.mapInArrow(lambda rows: rows, 'id int').count()": "Python that runs on Spark",
    "orders.createOrReplaceTempView('o')": "a view of Spark's session",
    "orders.write.parquet('/tmp/x')": "writing from the function",
    "spark.conf.set('spark.sql.ansi.enabled', 'false')": "what changes Spark's session",
    "spark.catalog.listTables()": "the catalog of Spark",
    "orders.cache()": "keeping rows in Spark's memory (`cache`)",
    "spark.interruptAll()": "what changes Spark's session",
    "spark.addArtifact(F.__file__, file=True)": "a large table of this process, or a file",
}
#: What looks like it and may be asked.
ALLOWED = [
    "orders.selectExpr('extract(year from date \\'2026-01-01\\') as now', 'trim(both from customer) as first')",
    "orders.where(\"customer != 'now()'\").select('customer', F.col('id').alias('uuid')).where('uuid > 0')",
    "orders.selectExpr('first(id) over (partition by customer order by id) as f')",
    "orders.select(F.first('id').over(Window.partitionBy('customer').orderBy('id')).alias('f'))",
    "orders.dropDuplicates()",
    "orders.select((-F.col('id') % 7 + 1).alias('n'), F.col('customer').startswith('a') & ~F.isnull('id'), F.map_from_arrays("
    "F.array('id'), F.array('amount')).alias('m')).where(F.col('n').isin(1, -2, 0, -1, 2) | F.col('m').isNotNull())",
    "orders.selectExpr('map(id, amount) as m', 'transform(array(id), x -> x + 1) as t', 'date_diff(date \\'2026-01-02\\', date"
    " \\'2026-01-01\\') as d', 'case when id > 1 then xxhash64(customer) else 0L end as h', 'timestampdiff(DAY, timestamp"
    " \\'2026-01-01\\', timestamp \\'2026-01-02\\') as n', 'count_if(id > 1) over (partition by customer) as c')",
    "orders.groupBy(F.window(F.lit('2026-01-01').cast('timestamp'), '1 day')).agg(F.count('*'), F.percentile('id', 0.5), F.stddev('id'))",
    "orders.groupBy('customer').pivot('id', [1, 2]).sum('amount').na.fill(0)",
    "orders.join(spark.createDataFrame([('ada', 1)], 'customer string, n int'), 'customer')",
]


def test_what_a_function_may_not_ask_is_refused_with_what_to_write(clone):
    """All that a function could reach by Spark, and what would be another answer when it is asked again."""
    refused = [f"lambda: {ask}" for ask in REFUSED]
    lines = [
        "from pyspark.sql import Window",
        "spark, said = orders.sparkSession, []",
        f"for ask in ({', '.join(refused)}):",
        "    try:",
        "        ask()",
        "        said.append('it may')",
        "    except Exception as error:",
        "        said.append(str(error))",
        f"assert all(each.count() > 0 for each in ({', '.join(ALLOWED)}))",
        "return {'n': list(range(len(said))), 'said': said}",
    ]
    clone.write(TOTALS, function(*lines))
    clone.write("datasets/marts/best.sql", None)
    result = clone.run()
    assert result.published, failure(result)
    found = [said for (said,) in clone.ask("select said from marts.totals order by n")]
    assert len(found) == len(REFUSED)
    for (ask, construct), said in zip(REFUSED.items(), found, strict=True):
        assert construct in said, ask
        assert ": write " in said, ask


def test_what_is_refused_is_told_with_its_line(clone):
    clone.write(TOTALS, function("total = orders.count()", "return orders.withColumn('x', F.rand())"))
    error = failure(clone.run())
    assert (error["code"], error["where"]) == ("build.not_supported", f"{TOTALS}:6")
    assert error["message"] == "`marts.totals` asks Spark for `rand(…)`, which a function may not"
    clone.write(TOTALS, function("orders.cache()", "return orders"))
    assert failure(clone.run())["where"] == f"{TOTALS}:7"


def test_what_is_wrong_is_told_by_the_plan(clone):
    clone.write("andon.toml", "")
    assert (problem(clone).code, problem(clone).file) == ("engine.not_set", TOTALS)
    clone.write("andon.toml", config())
    clone.write(TOTALS, function(mark='engine="duckdb"'))
    assert problem(clone).message == "a parameter takes a Spark DataFrame, which DuckDB does not give"
    clone.write(TOTALS, function("return orders", mark='engine="spark"', given='orders=read("shop.orders")'))
    assert problem(clone).hint.startswith('write `orders=read("shop.orders").spark()`')
    clone.write("datasets/marts/at.sql", "select time '10:00' as t")
    clone.write(TOTALS, function("return orders", given='orders=read("marts.at").spark()'))
    clone.write("datasets/marts/best.sql", None)
    found = problem(clone)
    assert (found.code, found.file) == ("build.not_supported", TOTALS)
    assert "no type for TIME of its column `t`" in found.message


def test_an_endpoint_that_is_away_fails_there_alone(clone):
    clone.write("andon.toml", config("sc://127.0.0.1:1").replace("2s", "1s"))
    result = clone.run()
    assert failure(result)["code"] == "engine.unreachable"
    assert {t.dataset for t in result.tasks if t.status == "failed"} == {"marts.totals"}


def test_a_type_that_the_lake_does_not_store_is_told(clone):
    clone.write("datasets/marts/best.sql", None)
    for column, hint in (("F.lit(None)", "F.lit(None).cast"), ("F.expr('interval 1 day')", "seconds")):
        clone.write(TOTALS, function(f"return orders.select({column}.alias('x'))"))
        error = failure(clone.run())
        assert (error["code"], hint in error["hint"]) == ("build.python_failed", True)
        assert "the column `x` has Spark's type" in error["message"]
    clone.write(TOTALS, function("return orders.select('id', 'id')"))
    assert "two columns named `id`" in failure(clone.run())["message"]


def test_types_and_times_come_as_spark_has_them_and_are_kept(clone):
    """As DataFrames, Arrow and pandas: whatever the time zone of the machine is, instants are instants, and local times have none."""
    rows = (
        "select 1::tinyint as small, 1.50::decimal(10,2) as price, timestamp '2026-03-29 02:30:00' as local,"
        " timestamptz '2026-03-29 02:30:00+00' as instant, date '2026-03-29' as day, [1, null] as list,"
        " {'a': 'x'} as part, map {'k': 1} as pairs, 'é😀' as text, 'nan'::double as x, '\\xFF'::blob as bytes"
    )
    clone.write("datasets/marts/kinds.sql", rows)
    clone.write("datasets/marts/best.sql", None)
    listed = ("orders", "orders.toArrow()")
    for number, shown in enumerate(listed):
        lines = [
            "import datetime",
            "row = orders.collect()[0]",
            "assert row.local == datetime.datetime(2026, 3, 29, 2, 30), row.local",
            "assert row.instant.timestamp() == 1774751400, row.instant",
            "kinds = dict(orders.dtypes)",
            "assert (kinds['local'], kinds['instant'], kinds['price']) == ('timestamp_ntz', 'timestamp', 'decimal(10,2)')",
            "assert orders.where(F.col('instant') == F.lit(datetime.datetime(2026, 3, 29, 2, 30))).count() == 1",
            "assert str(orders.select(F.date_format('instant', 'HH')).first()[0]) == '02'",
            f"return {shown}",
        ]
        text = function(*lines, given='orders=read("marts.kinds").spark()').replace("def totals", f"def kinds{number}")
        clone.write(f"datasets/marts/kinds{number}.py", text)
    clone.write(TOTALS, None)
    result = clone.run()
    assert result.published, [task.error for task in result.tasks]
    wanted = clone.ask("select columns(*)::varchar from marts.kinds")
    types = clone.ask("select typeof(columns(*)) from marts.kinds")
    for number, _ in enumerate(listed):
        assert clone.ask(f"select columns(*)::varchar from marts.kinds{number}") == wanted
        assert clone.ask(f"select typeof(columns(*)) from marts.kinds{number}") == types


def test_a_function_that_takes_too_long_is_stopped_whatever_spark_does(clone):
    """Sail hears nothing while it computes: a server of its own, which nobody else waits for."""
    own = ConnectServer()
    clone.write("andon.toml", config(own.url))
    clone.write("raw/orders_05.csv", "id,customer,amount\n" + "".join(f"{n},c,1\n" for n in range(20_000)))
    asked = "orders.alias('a').crossJoin(orders.alias('b')).crossJoin(orders.alias('c'))"
    lines = f"return {asked}.selectExpr('sum((a.id + b.id + c.id) % 7) as n').toArrow()"
    clone.write(TOTALS, function(lines, mark="timeout=4"))
    clone.write("datasets/marts/best.sql", None)
    began = time.monotonic()
    try:
        assert failure(clone.run())["code"] == "build.python_timeout"
        assert time.monotonic() - began < 40
    finally:
        own.stop()


def test_what_only_a_run_can_do_says_so(clone, tmp_path):
    """A unit test has no Spark, and a folder without Andon brings none."""
    assert clone.run().published
    clone.write("tests/totals.yml", "- name: sums\n  dataset: marts.totals\n  given: {shop.orders: []}\n  expect: []\n")
    with clone.opened() as service:
        (found,) = service.unit_tests.run()
        assert "takes a Spark DataFrame, and no Spark is asked here" in str(found.message)
        with pytest.raises(UsageError) as refused:
            service.isolating.isolate("marts.totals", tmp_path / "packed")
    assert refused.value.code == "isolate.other_engine"


def test_a_function_of_its_own_test_may_be_called_by_hand(clone):
    """Outside of a run the mark is a name."""
    from andon import read

    assert read("shop.orders").spark() == "shop.orders"
