"""Many callers on one Service: whose name stands on what they do, and what they share."""

import threading
from concurrent.futures import ThreadPoolExecutor

from andon.base.record import replace
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.workspace.caller import Caller
from andon.workspace.engines import Engines
from kit.clones import closing

THREADS = 8


def at_once(call, arguments):
    """The answers of `call`, begun at the same moment in a thread for each of `arguments`."""
    begin = threading.Barrier(len(arguments))

    def begun(argument):
        begin.wait(30)
        return call(argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(begun, arguments))


def test_what_a_caller_does_has_its_name_and_goes_to_its_branch(project):
    project.run()
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    with closing(project.open()) as service:
        bea, carl = service.by(Caller("bea", "http", "bea")), service.by(Caller("carl", "python"))
        result = bea.runs.run(RunOptions(agreed=ANY_PLAN))
        assert result.branch == "bea"
        assert bea.querying.ask("select n from marts.count").fetch() == [(4,)]
        assert carl.querying.ask("select n from marts.count").fetch() == [(3,)]
        lake = service.workspace.lake
        assert lake.refs.resolve("bea").author == "bea"
        assert lake.refs.resolve("main").author == "ana"
        assert [(q.who, q.face) for q in service.workspace.query_log.newest(2)] == [("carl", "python"), ("bea", "http")]
        run = service.workspace.runs.find(result.run)
        assert run is not None
        assert run.author == "bea"
        assert {b.name for b in bea.branches.list() if b.current} == {"bea"}
        assert {b.name for b in carl.branches.list() if b.current} == {"main"}


def test_callers_that_begin_at_once_share_one_set_of_engines_and_graphs(project):
    project.run()
    with closing(project.open()) as service:
        callers = [service.by(Caller(f"a{n}", "http")) for n in range(THREADS)]
        found = at_once(
            lambda c: (c._shared.graphs, c._shared.workers, c.workspace.readers, c.workspace.cache), callers
        )
        assert len({tuple(map(id, each)) for each in found}) == 1


def test_the_first_use_of_a_lake_by_many_makes_it_once(project):
    with closing(project.open()) as service:
        callers = [service.by(Caller(f"a{n}", "http")) for n in range(THREADS)]
        heads = at_once(lambda c: (c.workspace.lake.refs.resolve("main").id, c.workspace.take_new()), callers)
        assert len({head for head, _ in heads}) == 1
        assert [new for _, new in heads].count(True) == 1


def test_what_one_caller_leaves_is_not_what_another_works_with(project):
    """Engines that ask outside of a run have a place for temporary files of their own."""
    with closing(project.open()) as service:
        moment = service.workspace.clock()
        with Engines(service.workspace, None, moment) as one:
            one()
            kept = one.temporary / "spilled"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text("x")
            with Engines(service.workspace, None, moment) as other:
                other()
                assert other.temporary != one.temporary
            assert kept.exists()
        assert not kept.exists()


def test_checks_and_profiles_that_are_asked_at_once_say_the_same(project):
    project.write(
        "datasets/marts/totals.sql",
        "/*---\nchecks: amount > 10\n---*/\nselect customer, sum(amount) as amount from shop.orders group by customer\n",
    )
    project.run()
    with closing(project.open()) as service:
        callers = [service.by(Caller(f"a{n}", "http")) for n in range(THREADS)]
        reports = at_once(lambda c: c.checks.run((), "main", again=True), callers)
        assert {tuple((r.dataset, r.status) for r in report.results) for report in reports} == {
            (("marts.totals", "pass"),)
        }
        profiles = at_once(lambda c: c.profiles.profile("marts.totals"), callers)
        assert len({repr(replace(p, seconds=0.0)) for p in profiles}) == 1
        pages = at_once(lambda c: c.datasets.show("marts.totals").iceberg, callers)
        assert len(set(pages)) == 1
