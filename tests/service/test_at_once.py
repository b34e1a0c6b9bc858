"""Two at once: what one publishes between another's plan and commit, and who built first. The moves are made at exact places."""

from __future__ import annotations

import pytest

from andon.errors import AndonError, DatasetError, UsageError
from andon.model.event import Planned
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from kit.clones import Clone, closing


def run_with(clone: Clone, meanwhile, **options):
    """A run of `clone`, with `meanwhile` called once after it planned and before it builds."""
    waiting = [meanwhile]

    def report(event):
        if isinstance(event, Planned) and waiting:
            waiting.pop()()

    with closing(clone.open()) as service:
        return service.runs.run(RunOptions(**options, agreed=ANY_PLAN), Listener(report))


def test_a_new_reader_of_what_a_run_writes_is_built_on_it(shared):
    ana, ben = shared
    ben.write("datasets/marts/largest.sql", "select max(amount) as m from shop.orders\n")
    ana.write("raw/orders_06.csv", "id,customer,amount\n9,eve,1000\n")

    run_with(ana, lambda: ben.run("marts.largest"))

    assert ana.ask("select m from marts.largest") == [(1000,)]


def test_what_a_new_dataset_reads_is_not_dropped_beside_it(shared):
    ana, ben = shared
    ben.write("datasets/marts/largest.sql", "select max(n) as m from marts.count\n")
    ana.write("datasets/marts/count.sql", None)

    with pytest.raises(AndonError, match="problem"):
        run_with(ana, lambda: ben.run())

    assert {"marts.count", "marts.largest"} <= ana.leaves().keys()


def test_what_read_an_overtaken_build_is_built_again(shared):
    """The second of two who build one key takes the first one's result; so must all that reads it."""
    ana, ben = shared
    for clone in shared:
        clone.write("datasets/m/dice.sql", "/*---\nallow: [random]\n---*/\nselect random() as x\n")
        clone.write("datasets/m/reader.sql", "select x from m.dice\n")

    run_with(ana, lambda: ben.run(branch="dev"))

    assert ana.ask("select x from m.dice") == ben.ask("select x from m.dice", "dev")
    assert ana.ask("select x from m.dice") == ana.ask("select x from m.reader")
    with closing(ana.open()) as service:
        assert sorted(run.status for run in service.workspace.runs.newest(3)) == ["done", "done", "moved"]


def test_only_branches_move(project):
    project.run()
    with closing(project.open()) as service:
        service.branches.tag("v1", "main")
    project.write("datasets/m/a.sql", "select 1 as v\n")
    tagged = project.head("v1").id

    with pytest.raises(UsageError, match="is a tag"):
        project.run(branch="v1")
    with closing(project.open()) as service:
        for verb in (service.undoing.undo, service.undoing.redo):
            for name in ("v1", "run:1"):
                with pytest.raises(UsageError, match="only branches move"):
                    verb(name)

    assert project.head("v1").id == tagged


def test_a_run_whose_commit_is_stopped_is_not_left_running(project, monkeypatch):
    project.run()
    project.write("datasets/m/a.sql", "select 1 as v\n")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with closing(project.open()) as service:
        monkeypatch.setattr(service.workspace.lake, "commit", stop)
        with pytest.raises(DatasetError, match="stopped"):
            service.runs.run(RunOptions(agreed=ANY_PLAN))
        assert service.workspace.runs.newest(1)[0].status == "interrupted"


def test_a_request_that_is_asked_again_answers_with_what_it_did(project):
    project.run()
    for name in ("a", "b"):
        project.write(f"datasets/m/{name}.sql", "select 1 as v\n")
        project.run()

    with closing(project.open()) as service:
        undoing = service.undoing
        assert undoing.undo(request="first") == undoing.undo(request="first")
        assert undoing.redo(request="second") == undoing.redo(request="second")
    assert {"m.a", "m.b"} <= project.leaves().keys()


def test_connections_of_runs_that_ended_are_closed(project):
    with closing(project.open()) as service:
        for number in range(4):
            project.write("datasets/m/a.sql", f"select {number} as v\n")
            service.runs.run(RunOptions(agreed=ANY_PLAN))
        assert len(service.workspace.lake.database._all) < 4
