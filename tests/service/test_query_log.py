"""The log of queries, whatever door they come through: what is asked again is known, what is old is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from andon.errors import ProjectError, UsageError
from kit.clones import closing


def test_one_question_has_one_mark_in_each_process(project):
    project.run()
    with closing(project.open()) as service:
        service.querying.ask("select customer from shop.orders where id = 1").fetch()
        service.querying.ask("select o.customer as c from shop.orders o where 2 = o.id").fetch()
        service.querying.stream("SELECT customer FROM shop.orders WHERE id = 3").rows()
        with pytest.raises(UsageError):
            service.querying.ask("select customer from shop.orders where id = 'x'").fetch()
        lines = service.workspace.query_log.newest(4)
    assert len({line.shape for line in lines}) == 1
    assert lines[0].shape
    assert len({line.exact for line in lines}) == 4
    assert [line.columns for line in lines[1:2]] == [("shop.orders.id", "shop.orders.customer")]


def test_long_texts_are_cut_in_the_log(project):
    project.run()
    text = "select '" + "x" * 100_000 + "' as a"
    with closing(project.open()) as service:
        assert len(service.querying.ask(text).fetch()[0][0]) == 100_000
        with pytest.raises(UsageError):
            service.querying.ask(text + "y" * 200_000)
        for line in service.workspace.query_log.newest(2):
            assert len(line.sql) < 20_010


def test_old_lines_are_forgotten(project, monkeypatch):
    import itertools

    from andon.query import logged

    project.run()
    project.write("andon.toml", (project.root / "andon.toml").read_text() + '\n[query]\nkeep_log = "2d"\n')
    with closing(project.open()) as service:
        for days in (5, 3, 1):
            monkeypatch.setattr(logged, "_written", itertools.count(1))
            moment = service.workspace.clock() - timedelta(days=days)
            with monkeypatch.context() as patch:
                patch.setattr(service.workspace._adapters, "clock", lambda moment=moment: moment)
                service.querying.ask(f"select {days} as a").fetch()
        monkeypatch.setattr(logged, "_written", itertools.count(0))
        service.querying.ask("select 0 as a").fetch()
        assert [line.sql for line in service.workspace.query_log.newest()] == ["select 0 as a", "select 1 as a"]


def test_how_long_they_are_kept_is_a_length_of_time(project):
    project.write("andon.toml", '[query]\nkeep_log = "a while"\n')
    with pytest.raises(ProjectError, match=r"`query\.keep_log` must be a length of time"):
        project.open()
