"""Queries of many commits, on the pool of states that a workspace reads from."""

import pytest

from andon.errors import UsageError
from andon.relations.pool import MOST
from kit.clones import closing


def test_many_commits_are_asked_and_few_are_kept(project):
    for number in range(MOST + 4):
        project.write("datasets/marts/count.sql", f"select {number} as n\n")
        project.run()
    with closing(project.open()) as service:
        asked = [service.querying.ask("select n from marts.count", at=f"main~{back}") for back in range(MOST + 4)]
        pool = service.workspace.readers.wide
        assert len(pool.keys) == MOST + 4  # all are still to be read
        assert [result.fetch() for result in asked] == [[(number,)] for number in reversed(range(MOST + 4))]
        assert len(pool.keys) == MOST
        assert asked[-1].fetch() == [(0,)]  # asked again, of a state that was given up


def test_an_answer_is_read_when_the_workspace_is_closed_and_read_again(project):
    project.run()
    with closing(project.open()) as service:
        result = service.querying.ask("select customer from marts.totals")
        pool = service.workspace.readers.wide
    assert result.fetch() == [("ada",), ("ben",)]
    assert pool.keys == ()
    assert result.fetch(1) == [("ada",)]
    assert pool.keys == ()


def test_an_answer_that_is_not_wanted_is_closed(project):
    project.run()
    with closing(project.open()) as service:
        result = service.querying.ask("select customer from marts.totals")
        result.close()
        result.close()
        (state,) = service.workspace.readers.wide._states.values()
        assert result.fetch() == [("ada",), ("ben",)]
        assert state.leases == 0


def test_a_query_that_fails_gives_its_lease_back(project):
    project.run()
    with closing(project.open()) as service:
        for sql in ("select nothing from marts.totals", "select customer::int from marts.totals"):
            with pytest.raises(UsageError):
                service.querying.ask(sql).fetch()
        (state,) = service.workspace.readers.wide._states.values()
        service.workspace.readers.wide.reading().release()
        assert state.leases == 0
