"""Datasets over all that two runs of one query may differ by, each with what is declared of it: exact, or open by which construct.

Over one table of events that is large enough for several threads, whose doubles don't add up the same in another order, and which is full of
ties.
"""

# ruff: noqa: E501 - a dataset is one line

from __future__ import annotations

from typing import NamedTuple

#: Of each of two raw files: so many that two threads read at once, and fewer where one does.
MANY, FEW = 130_000, 20_000


class Entry(NamedTuple):
    """A dataset: `open` names what the lint tells of it where several threads work on it; None is exact."""

    name: str
    open: str | None
    sql: str
    front: str = ""

    @property
    def text(self) -> str:
        """Its file."""
        return f"/*---\n{self.front}---*/\n{self.sql}\n" if self.front else f"{self.sql}\n"


def _pair(name: str, what: str, sql: str, exact: str) -> tuple[Entry, Entry]:
    return Entry(f"{name}_open", what, sql), Entry(f"{name}_exact", None, exact)


PAIRS = [
    _pair("total", "sum(…)", "select g, sum(x) as v from lab.events group by g order by g", "select g, sum(x::decimal(18, 6)) as v from lab.events group by g order by g"),
    _pair("mean", "avg(…)", "select avg(x) as v from lab.events", "select avg(price) as v, avg(id) as w from lab.events"),
    _pair("kahan", "favg(…)", "select g, favg(x) as v from lab.events group by g order by g", "select g, sum(price) as v from lab.events group by g order by g"),
    _pair("spread", "stddev(…)", "select stddev(x) as v from lab.events", "select median(x) as v, quantile_cont(x, 0.9) as q, mad(x) as m from lab.events"),
    _pair("variance", "var_pop(…)", "select var_pop(x) as v from lab.events", "select max(x) - min(x) as v, count(distinct x) as n from lab.events"),
    _pair("related", "corr(…)", "select corr(x, n) as v from lab.events", "select count(x) as v, max(x) as m from lab.events"),
    _pair("slope", "regr_slope(…)", "select regr_slope(x, n) as v from lab.events", "select n, quantile_disc(x, 0.5) as v from lab.events group by n order by n"),
    _pair("window_total", "sum() over", "select id, sum(x) over () as v from lab.events", "select id, sum(price) over () as v from lab.events"),
    _pair("first", "first(…)", "select g, first(word) as v from lab.events group by g order by g", "select g, min(word) as v from lab.events group by g order by g"),
    _pair("last", "last(…)", "select g, last(word) as v from lab.events group by g order by g", "select g, last(word order by id) as v from lab.events group by g order by g"),
    _pair("any", "any_value(…)", "select g, any_value(word) as v from lab.events group by g order by g", "select word, any_value(word) as v from lab.events group by word order by word"),
    _pair("one_each", "distinct on", "select distinct on (g) g, word from lab.events order by g", "select distinct on (g) g, word from lab.events order by g, id"),
    _pair("greatest", "arg_max(…)", "select g, arg_max(id, day) as v from lab.events group by g order by g", "select g, arg_max(id, (day, id)) as v from lab.events group by g order by g"),
    _pair("least", "min_by(…)", "select g, min_by(word, n) as v from lab.events group by g order by g", "select g, min_by(word, (n, id)) as v from lab.events group by g order by g"),
    _pair("common", "mode(…)", "select g, mode(id) as v from lab.events group by g order by g", "select g, histogram(n) as v from lab.events group by g order by g"),
    _pair("place", "row_number() over", "select id, row_number() over (order by day) as v from lab.events", "select id, row_number() over (order by day, id) as v from lab.events"),
    _pair("newest", "row_number() over", "select id, g from lab.events qualify row_number() over (partition by g order by day desc) = 1", "select id, g from lab.events qualify row_number() over (partition by g order by day desc, id) = 1"),
    _pair("before", "lag() over", "select id, lag(x) over (partition by g order by day) as v from lab.events", "select id, lag(x) over (partition by g order by day, id) as v from lab.events"),
    _pair("parts", "ntile() over", "select id, ntile(7) over (order by day) as v from lab.events", "select id, rank() over (order by day) as v, dense_rank() over (order by day) as d from lab.events"),
    _pair("running", "sum() over", "select id, sum(price) over (order by day rows unbounded preceding) as v from lab.events", "select id, sum(price) over (order by day) as v from lab.events"),
    _pair("words", "string_agg(…)", "select g, string_agg(word, ',') as v from lab.events group by g order by g", "select g, string_agg(word, ',' order by word) as v from lab.events where id % 50 = 0 group by g order by g"),
    _pair("all_of", "list(…)", "select g, list(id) as v from lab.events group by g order by g", "select g, list(id order by id) as v from lab.events group by g order by g"),
    _pair("quantile", "approx_quantile(…)", "select approx_quantile(x, 0.5) as v from lab.events", "select quantile_cont(x, 0.5) as v from lab.events"),
    _pair("reservoir", "reservoir_quantile(…)", "select reservoir_quantile(x, 0.5) as v from lab.events", "select approx_count_distinct(x) as v from lab.events"),
    _pair("top", "approx_top_k(…)", "select approx_top_k(id % 9973, 5) as v from lab.events", "select word, count(*) as n from lab.events group by word order by n desc, word limit 5"),
    _pair("some", "limit", "select g, count(*) as n from lab.events group by g limit 5", "select g, count(*) as n from lab.events group by g order by g limit 5"),
    _pair("few", "limit", "select id, day from lab.events order by day limit 1000", "select id, day from lab.events order by day, id limit 1000"),
]  # fmt: skip

ALONE = [
    # what is exact whatever works on it
    Entry("scan", None, "select * from lab.events where n > 3"),
    Entry("joined", None, "select e.id, e.word, k.label from lab.events e join lab.kinds k on e.n = k.n"),
    Entry("outer_joined", None, "select k.label, e.id from lab.kinds k left join lab.events e on e.n = k.n and e.id % 100 = 0"),
    Entry("semi", None, "select id from lab.events where n in (select n from lab.kinds where label like '%a%')"),
    Entry("grouped", None, "select word, g, count(*) as c, min(moment) as since, max(price) as most from lab.events group by all"),
    Entry("different", None, "select distinct word, n from lab.events"),
    Entry("sorted", None, "select id, x from lab.events order by x desc, id"),
    Entry("united", None, "select id, word from lab.events where n = 1 union select id, word from lab.events where n = 2"),
    Entry("both", None, "select word from lab.events intersect select label from lab.kinds"),
    Entry("without", None, "select n from lab.kinds except select n from lab.events where n < 4"),
    Entry("rolled", None, "select g % 5 as a, n, count(*) as c, sum(price) as p from lab.events group by rollup (a, n)"),
    Entry("wide_form", None, "select * from (select n, g % 3 as c, price from lab.events) pivot (sum(price) for c in (0, 1, 2)) order by n"),
    Entry("nested", None, "select g, {'lo': min(x), 'hi': max(x)} as span, list(distinct n order by n) as kinds from lab.events group by g"),
    Entry("texts", None, "select id, upper(word) || '-' || n as label, regexp_replace(word, '[ae]', '_', 'g') as masked, hash(word) as h from lab.events"),
    Entry("numbers", None, "select id, sin(x) as s, ln(abs(x) + 1) as l, x / 3 as t, round(x, 2) as r from lab.events"),
    Entry("sampled", None, "select id from lab.events using sample 5 percent (bernoulli, 42)"),
    Entry("recursive", None, "with recursive up(n) as (select 1 union all select n + 1 from up where n < 500) select n, n * n as square from up"),
    Entry("exact_by_reason", None, "select g, first(g) as v -- exact: all alike\nfrom lab.events group by g order by g"),
    # the clock that is recorded
    Entry("today", None, "select id, current_date as today, epoch(age(day)) as since from lab.events where id < 100"),
    Entry("moment", None, "select now() as at, current_timestamp as also, localtimestamp as here, today() as day, count(*) as n from lab.events"),
    Entry("zones", None, "select id, moment::timestamptz as there, strftime(moment, '%A %d %B %Y') as told, date_trunc('week', moment) as week from lab.events where id < 5000"),
    # other kinds of datasets
    Entry("seen", None, "select g, count(*) as n from lab.events group by g", "materialize: view\n"),
    Entry("over_view", None, "select sum(n) as n from lab.seen"),
    Entry("appended", None, "select id, price * 2 as twice from lab.events", "materialize: incremental\nincremental: {by: append}\n"),
    Entry("by_day", None, "select day, id, price from lab.events", "materialize: incremental\nincremental: {by: time, column: day}\n"),
    Entry("by_key", None, "select g, max(price) as most from lab.events group by g", "materialize: incremental\nkey: g\nincremental: {by: key}\n"),
    Entry("then", None, "select g, count(*) as n from lab.events group by g", "materialize: history\nkey: g\n"),
    Entry("parted", None, "select word, id, n from lab.events", "partition: [word]\n"),
    Entry("put_aside", None, "select id, price from lab.events", "checks: |\n  price < 900 quarantine 50%\n"),
    Entry("by_macro", None, "select id, doubled(price) as v from lab.events where id < 1000"),
    Entry("odd_macro", "first(…)", "select g, one_of(word) as v from lab.events group by g order by g"),
]  # fmt: skip

ENTRIES = [*(entry for pair in PAIRS for entry in pair), *ALONE]
MACROS = "create macro doubled(a) as a * 2;\ncreate macro one_of(a) as first(a);\n"


def files(*, wide: bool) -> dict[str, str]:
    """The project, for one thread each or for two: raw files are written by `write_events`."""
    settings = "[engine]\nthreads = 2\nwide_above = 1\n" if wide else "[engine]\nmemory_limit = '2 GB'\n"
    made = {"andon.toml": settings, "macros/corpus.sql": MACROS}
    made["sources/lab/events.sql"] = "/*---\nkey: id\n---*/\nselect * from read_parquet('raw/events/*.parquet')\n"
    made["sources/lab/kinds.sql"] = "/*---\nkey: n\n---*/\nselect n, label from read_csv('raw/kinds.csv')\n"
    made["raw/kinds.csv"] = "n,label\n" + "".join(f"{n},{'abcde'[n % 5] * 3}\n" for n in range(9))
    for entry in ENTRIES:
        made[f"datasets/lab/{entry.name}.sql"] = entry.text
    return made


def events(part: int, rows: int) -> str:
    """SQL that gives one raw file's rows: they don't hang on where or when it runs."""
    return (
        f"select i as id, (hash(i) % 97)::int as g, chr((97 + hash(i * 7) % 23)::int) || chr((97 + hash(i * 13) % 5)::int) as word,"
        f" case when hash(i * 3) % 11 = 0 then null else ((hash(i * 5) % 2000000)::int - 1000000) / 777.7 * power(10, (hash(i * 17) % 9)::int) end as x,"
        f" ((hash(i * 19) % 100000) / 100)::decimal(12, 2) as price, (hash(i * 23) % 7)::int as n,"
        f" date '2025-01-01' + (hash(i * 29) % 40)::int + {part} * 40 as day,"
        f" timestamp '2025-01-01 22:30:00' + to_minutes((hash(i * 31) % 60000)::int) as moment"
        f" from range({part * rows}, {(part + 1) * rows}) t(i)"
    )


_HEAD = """# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "pandas", "polars", "pyarrow", "scipy", "scikit-learn"]
# ///
"""


def _python(name: str, open: str | None, imports: str, body: str) -> Entry:
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    marks = "from andon import dataset, read"
    text = f'{_HEAD}{imports}\n\n{marks}\n\n\n@dataset()\ndef {name}(points=read("lab.points")):\n{lines}'
    return Entry(name, open, text)


#: What comes out of Python, each by a way of its own of drawing, adding, ordering and telling the time.
PYTHON = [
    _python("drawn", None, "import random", "return [{'v': random.random(), 'w': random.choice('abc')} for _ in range(50)]"),
    _python("drawn_by_numpy", None, "import numpy as np", "return {'v': np.random.normal(size=50), 'w': np.random.permutation(50)}"),
    _python("sampled_by_pandas", None, "import pandas", "return points.order('id').df().sample(40).reset_index(drop=True)"),
    _python("sampled_by_polars", None, "import polars", "return points.order('id').pl().sample(40, shuffle=True)"),
    _python("grouped_by_pandas", None, "import pandas", "frame = points.df().groupby('g').agg({'x': 'mean', 'y': 'std'})\nreturn frame.reset_index()"),
    _python("grouped_by_polars", None, "import polars as pl", "return points.order('id').pl().group_by('g').agg(pl.col('x').sum(), pl.col('y').mean()).sort('g')"),
    _python("unsorted_by_polars", None, "import polars as pl", "return points.order('id').pl().group_by('g').agg(pl.col('x').sum(), pl.len())"),
    _python("clusters", None, "from sklearn.cluster import KMeans", "frame = points.order('id').df()\nframe['c'] = KMeans(4, n_init=2).fit_predict(frame[['x', 'y']])\nreturn frame"),
    _python("forest", None, "from sklearn.ensemble import RandomForestRegressor", "frame = points.order('id').df()\nmodel = RandomForestRegressor(10).fit(frame[['x']], frame['y'])\nreturn {'p': model.predict(frame[['x']])}"),
    _python("fitted", None, "import numpy as np\nfrom scipy.optimize import differential_evolution, minimize", "x, y = points.select('id, x, y').order('id').df()[['x', 'y']].to_numpy().T\nfound = minimize(lambda p: np.sum((y - p[0] - p[1] * x) ** 2), [0.0, 0.0])\nwide = differential_evolution(lambda p: np.sum((y - p[0] - p[1] * x) ** 2), [(-5, 5), (-5, 5)], maxiter=5)\nreturn [{'a': found.x[0], 'b': found.x[1], 'c': wide.x[0]}]"),
    _python("decomposed", None, "import numpy as np", "values = points.select('id, x, y').order('id').df()[['x', 'y']].to_numpy()\nleft, sizes, right = np.linalg.svd(values @ values.T[:, :200], full_matrices=False)\nreturn {'s': sizes}"),
    _python("words_of_a_set", None, "", "return [{'v': word} for word in {'a', 'bb', 'ccc', 'dddd', 'é'}]"),
    _python("told_the_time", None, "import datetime\nimport time\n\nimport pandas", "return [{'a': datetime.datetime.now().isoformat(), 'b': time.time(), 'c': str(pandas.Timestamp.now()), 'd': str(datetime.date.today())}]"),
    _python("own_generator", None, "import numpy as np\nfrom andon import seed", "return {'v': np.random.default_rng(seed()).normal(size=20)}"),
    # threads add what each of them made in the order in which they are done
    _python("forest_in_threads", "n_jobs", "from sklearn.ensemble import RandomForestRegressor", "frame = points.order('id').df()\nmodel = RandomForestRegressor(10, n_jobs=2).fit(frame[['x']], frame['y'])\nreturn {'p': model.predict(frame[['x']])}"),
    # what nothing makes repeat
    _python("new_generator", "numpy.random.default_rng()", "import numpy as np", "return {'v': np.random.default_rng().normal(size=20)}"),
    _python("of_the_system", "os.urandom()", "import os", "return [{'v': os.urandom(8).hex()}]"),
    _python("unique", "uuid.uuid4()", "import uuid", "return [{'v': str(uuid.uuid4())}]"),
    _python("secret", "secrets.token_hex()", "import secrets", "return [{'v': secrets.token_hex(8)}]"),
    _python("measured", "time.perf_counter()", "import time", "return [{'v': time.perf_counter()}]"),
]  # fmt: skip
POINTS = (
    "select i as id, (i % 7)::int as g, sin(i) * 10 as x, 3 - 2 * sin(i) * 10 + cos(i * 7) as y from range(2000) t(i)\n"
)


def python_files() -> dict[str, str]:
    """A project of these, without their locks."""
    made = {"andon.toml": "", "datasets/lab/points.sql": POINTS}
    return made | {f"datasets/lab/{entry.name}.py": entry.sql for entry in PYTHON}
