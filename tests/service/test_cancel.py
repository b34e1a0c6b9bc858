"""A run that is stopped from another thread, wherever it is: nothing is published or left, what was built is kept, the next run works."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from andon.base.cancel import CancelToken
from andon.errors import DatasetError
from andon.model.event import Planned, TaskStarted
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.service import Service
from kit.clones import FILES, Clone, closing, did
from kit.servers import PASSWORD

#: A stopped run must end long before what it does would.
SOON = 20
ENDLESS = "select count(*) as n from shop.orders, range(400000) a, range(400000) b where a.range + b.range + id = -1\n"
SLEEPER = """\
import time

from andon import dataset, read


@dataset
def slow(orders=read("shop.orders")):
    time.sleep(600)
    return orders
"""
RULE = "select t.amount from marts.totals t, range(400000) a, range(400000) b where a.range + b.range + t.amount = -1\n"


def from_outside(token: CancelToken) -> None:
    """Say stop in another thread, and wait until it was said."""
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()


def stopped(service: Service, when: Callable[[object], bool], after: float = 0.0, **options: object) -> DatasetError:
    """The error of a run that is told to stop at the first event for which `when` holds, `after` seconds later."""
    token = CancelToken()
    timers: list[threading.Timer] = []

    def report(event: object) -> None:
        if not timers and when(event):
            timers.append(threading.Timer(after, token.cancel))
            timers[0].start()
            if not after:
                timers[0].join()

    began = time.monotonic()
    with pytest.raises(DatasetError) as caught:
        service.runs.run(RunOptions(**options, agreed=ANY_PLAN), Listener(report, token))
    assert time.monotonic() - began < SOON
    for timer in timers:
        timer.join()
    return caught.value


@pytest.fixture
def built(project: Clone) -> Iterator[tuple[Clone, Service, str]]:
    """A project that was published, opened, with its head; after the test the same must hold of every stopped run."""
    before = set(threading.enumerate())
    project.run()
    head = project.head().id
    with closing(project.open()) as service:
        yield project, service, head
        assert service.workspace.lake.refs.resolve("main").id == head
        record = service.workspace.runs.newest(1)[0]
        assert (record.status, record.published, record.commit) == ("interrupted", False, None)
        assert record.ended is not None
        assert service.workspace.lake.refs.find(f"run:{record.number}") is None
        assert list((project.root / ".andon" / "tmp").glob("*")) == []
        assert not [t.name for t in threading.enumerate() if t.name.startswith("andon") and t not in before]


def started(dataset: str) -> Callable[[object], bool]:
    return lambda event: isinstance(event, TaskStarted) and event.dataset == dataset


def test_before_it_builds(built):
    project, service, _ = built
    project.write("datasets/marts/count.sql", ENDLESS)
    error = stopped(service, lambda event: isinstance(event, Planned))
    assert error.code == "build.interrupted"
    assert error.where == f"run:{service.workspace.runs.newest(1)[0].number}"


def test_while_it_is_planned(project):
    token = CancelToken()
    project.run()
    head = project.head().id
    project.write("datasets/marts/count.sql", ENDLESS)
    asked = ticking_with(lambda: from_outside(token))
    project.clock = asked
    with closing(project.open()) as service, pytest.raises(DatasetError, match="stopped; nothing was published"):
        service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(cancel=token))
    assert project.head().id == head


def ticking_with(call: Callable[[], None]):
    """A clock at which something happens whenever it is looked at."""
    from kit.clones import ticking

    tick = ticking()

    def clock():
        call()
        return tick()

    return clock


def test_in_the_middle_of_sql(built):
    project, service, _ = built
    project.write("datasets/marts/added.sql", "select 1 as one\n")
    project.write("datasets/marts/count.sql", ENDLESS)
    error = stopped(service, started("marts.count"), after=1.0)
    assert error.code == "build.interrupted"


#: By kind of server: a query that takes a minute, and how many of those it works on.
SLOW = {
    "postgres": (
        "select n, pg_sleep(20)::text as slept from generate_series(1, 3) n",
        "select count(*) from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()",
    ),
    "maria": (
        "select n, sleep(20) as slept from (select 1 as n union all select 2 union all select 3) q",
        "select count(*) from information_schema.processlist where info like '%sleep(20)%' and id <> connection_id()",
    ),
}


@pytest.mark.parametrize("kind", SLOW)
def test_in_the_middle_of_a_query_of_a_server(built, kind, request):
    """It is told to stop: else it would work on, and the run would wait for it."""
    project, _, _ = built
    server = request.getfixturevalue(kind)
    project.write("andon.toml", server.connection())
    project.environ["SHOP_PASSWORD"] = PASSWORD
    query, asked = SLOW[kind]
    project.write("sources/shop/slow.sql", f"/*---\nconnection: shop\n---*/\n{query}\n")
    with closing(project.open()) as service:
        error = stopped(service, started("shop.slow"), after=1.0)
        assert error.code == "build.interrupted"
        assert server.run(asked).strip() == "0"


def test_in_the_middle_of_python(built):
    project, service, _ = built
    project.write("datasets/marts/slow.py", SLEEPER)
    assert stopped(service, started("marts.slow"), after=2.0).code == "build.interrupted"


def test_in_the_middle_of_a_check_of_what_was_built(built):
    project, service, _ = built
    project.write("datasets/marts/totals.sql", FILES["datasets/marts/totals.sql"].replace("sum(", "2 * sum("))
    project.write("checks/slow.sql", RULE)
    assert stopped(service, started("marts.totals"), after=2.0).code == "build.interrupted"


def test_in_the_middle_of_a_check_of_what_is_there(built):
    """Nothing is built: what the change brings is asked before its commit."""
    project, service, _ = built
    project.write("checks/slow.sql", RULE)
    stopped(service, lambda event: isinstance(event, Planned), after=2.0)


def test_between_its_two_transactions(project):
    """The latest moment: what was built is recorded, and the commit is about to be written."""
    project.run()
    head = project.head().id
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    token = CancelToken()
    services: list[Service] = []

    def at_last() -> None:
        if services and is_recorded(project):
            from_outside(token)

    project.clock = ticking_with(at_last)
    with closing(project.open()) as service:
        services.append(service)
        with pytest.raises(DatasetError, match="stopped"):
            service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(cancel=token))
        assert service.workspace.runs.newest(1)[0].status == "interrupted"
        services.clear()
        assert service.workspace.lake.refs.resolve("main").id == head
        assert did(service.runs.run(RunOptions(agreed=ANY_PLAN))) == {}  # it was built
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]


def is_recorded(project: Clone) -> bool:
    """Whether others may read in the catalog of two builds of `marts.count`."""
    with closing(sqlite3.connect(f"file:{project.root / '.andon/catalog.db'}?mode=ro", uri=True)) as catalog:
        ((count,),) = catalog.execute("select count(*) from build where dataset = 'marts.count'").fetchall()
    return count == 2


def test_the_next_run_takes_what_a_stopped_one_built(built):
    project, service, _ = built
    project.write("datasets/marts/added.sql", "select 1 as one\n")
    project.write("datasets/marts/count.sql", ENDLESS.replace("shop.orders", "marts.added, shop.orders"))
    stopped(service, started("marts.count"), after=1.0)
    project.write("datasets/marts/count.sql", "select count(*) as n from shop.orders, marts.added\n")
    with closing(project.open()) as other:
        result = other.runs.run(RunOptions(branch="next", agreed=ANY_PLAN))
        assert result.published
        assert did(result) == {"marts.count": "build"}
        # the fixture looks at the newest run: stop one again
    project.write("datasets/marts/count.sql", ENDLESS)
    stopped(service, started("marts.count"), after=0.5)


def test_a_token_that_was_said_before_stops_at_once_and_one_said_after_does_nothing(built):
    project, service, _ = built
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    late = CancelToken()
    result = service.runs.run(RunOptions(branch="aside", agreed=ANY_PLAN), Listener(cancel=late))
    from_outside(late)
    assert result.published
    said = CancelToken()
    said.cancel()
    said.cancel()
    project.write("datasets/marts/count.sql", "select count(*) + 2 as n from shop.orders\n")
    with pytest.raises(DatasetError, match="stopped"):
        service.runs.run(RunOptions(agreed=ANY_PLAN), Listener(cancel=said))


def test_a_publish_and_a_refresh_are_stopped_as_a_run_is(built):
    project, service, _ = built
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    service.runs.run(RunOptions(branch="aside", agreed=ANY_PLAN))
    said = CancelToken()
    said.cancel()
    with pytest.raises(DatasetError, match="stopped"):
        service.branches.publish("aside", options=RunOptions(agreed=ANY_PLAN), listener=Listener(cancel=said))
    assert service.workspace.runs.newest(1)[0].status == "interrupted"
    project.write("raw/orders_06.csv", "id,customer,amount\n4,ada,1\n")
    with pytest.raises(DatasetError, match="stopped"):
        service.runs.refresh(listener=Listener(cancel=said))
