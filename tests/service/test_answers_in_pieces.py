"""An answer that is taken piece by piece is the one that is taken whole, however far it is read."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import andon
from andon.errors import UsageError
from kit.clones import FILES, Clone
from kit.serving import serving

EVERY = """
select i, i / 7 as f, (i / 3)::decimal(9, 2) as d, 'é' || i as t, date '2026-01-01' + i::integer as day, [i, null] as l, {'a': i} as s,
  (i * 100000000000000000000)::hugeint as h, case when i % 3 = 0 then null else to_seconds(i) end as v, md5(i::varchar)::uuid as u
from range(COUNT) r(i)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("acme"), "ana")
    clone.fill(FILES)
    clone.run()
    return clone


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([0, 1, 2_047, 2_048, 10_001]), st.integers(1, 12_000))
def test_each_row_comes_once_and_in_its_order(project: Clone, count: int, size: int):
    sql = EVERY.replace("COUNT", str(count))
    with andon.open(project.root) as lake:
        whole = lake.sql(sql).fetchall()
        assert list(lake.sql(sql)) == whole
        result = lake.sql(sql)
        batches = list(result.batches(size))
        assert all(batch.num_rows <= size for batch in batches)
        assert sum(batch.num_rows for batch in batches) == len(whole) == count
        assert [row for batch in batches for row in batch.column(0).to_pylist()] == [row[0] for row in whole]
        assert list(result) == whole, "it is asked again"
        assert (result.fetchall(), list(result)) == (whole, whole)


def test_what_nobody_wants_to_the_end_is_logged_once_with_what_was_read(project: Clone):
    with andon.open(project.root) as lake:
        log = lake._service.workspace.query_log
        for take in (iter, andon.Result.batches):
            result = lake.sql("select * from range(1_000_000)")
            pieces = iter(take(result))
            next(pieces)
            pieces.close()
            (line,) = log.newest(1)
            assert line.error is None
            assert 1 <= line.rows <= 200_000
            before = log.newest(2)
            next(iter(result))
            assert log.newest(2) == before, "one question is one line"


def test_what_fails_while_it_is_read_is_told(project: Clone):
    sql = "select case when i = 900_000 then error('no such i') else i end as i from range(1_000_000) r(i)"
    with andon.open(project.root) as lake:
        for take in (iter, andon.Result.batches):
            with pytest.raises(UsageError, match="no such i"):
                for _ in take(lake.sql(sql)):
                    pass
            (line,) = lake._service.workspace.query_log.newest(1)
            assert "no such i" in (line.error or "")
        with pytest.raises(UsageError, match="no such i"):
            lake._service.querying.ask(sql).write(project.root / "answer.arrow", "arrow")
        with pytest.raises(UsageError, match="no such i"):
            list(lake._service.querying.stream(sql).arrow())


def test_a_server_s_answer_is_taken_in_pieces_too(project: Clone):
    with serving(project.root) as server, andon.connect(server.address) as lake:
        whole = lake.sql("from shop.orders order by id").fetchall()
        assert list(lake.sql("from shop.orders order by id")) == whole
        result = lake.sql("from shop.orders order by id")
        assert [batch.num_rows for batch in result.batches(2)] == [2, 1]
