"""Files of object storage and of web servers as sources: fetched where they are new, kept by content, and undone like any others."""

from __future__ import annotations

import itertools
import shutil
import socket
from datetime import UTC, datetime

import duckdb  # noqa: TID253
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.runs.goal import RunOptions
from kit.clones import Clone
from kit.remote import TOKEN, Bucket, WebServer
from kit.servers import free_port

MAY = "id,customer,amount\n1,ada,10\n2,ben,20\n"
JUNE = "id,customer,amount\n3,ada,5\n"
JULY = "id,customer,amount\n4,cleo,7\n"
COUNT = "select count(*) as n, sum(amount) as amount from shop.orders\n"
_names = (f"bucket{n}" for n in itertools.count(1))


@pytest.fixture
def web():
    server = WebServer()
    yield server
    server.stop()


@pytest.fixture(params=["s3", "http"])
def place(request):
    if request.param == "http":
        return request.getfixturevalue("web")
    return Bucket(request.getfixturevalue("s3"), next(_names))


def project(folder, place, *urls, name="orders", options="") -> Clone:
    clone = Clone(folder, environ={"S3_SECRET": TOKEN, "WEB_TOKEN": TOKEN})
    clone.write("andon.toml", place.connection())
    listed = ", ".join(f"'{url}'" for url in urls)
    clone.write(f"sources/shop/{name}.sql", f"select * from read_csv([{listed}]{options})\n")
    clone.write("datasets/marts/count.sql", COUNT)
    return clone


@pytest.fixture
def clone(tmp_path, place) -> Clone:
    place.put("may.csv", MAY)
    place.put("june.csv", JUNE)
    made = project(tmp_path / "acme", place, place.url("may.csv"), place.url("june.csv"))
    made.run()
    return made


def failed(result) -> list[dict]:
    return [task.error for task in result.tasks if task.error is not None]


def count(clone: Clone, at: str | None = None) -> tuple:
    return clone.ask("from marts.count", at)[0]


def test_a_run_asks_what_is_new_and_a_refresh_each_time(clone, place):
    assert count(clone) == (3, 35)
    before = clone.head().id
    place.put("june.csv", JULY)
    assert clone.run().run is None
    assert count(clone) == (3, 35)
    clone.refresh()
    assert count(clone) == (3, 37)
    assert count(clone, before) == (3, 35)
    assert clone.refresh().run is None  # nothing new


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_what_did_not_change_is_not_fetched_again(clone, web):
    place = web
    web.asked.clear()
    clone.refresh()
    assert web.asked == [("may.csv", 304), ("june.csv", 304)]
    place.put("june.csv", JULY)
    web.asked.clear()
    clone.refresh()
    assert sorted(web.asked) == [("june.csv", 200), ("may.csv", 304)]


def test_an_undone_file_stays_out_until_it_is_another(clone, place):
    place.put("june.csv", JULY)
    clone.refresh()
    clone.undo()
    assert count(clone) == (3, 35)
    for again in (clone.run, clone.refresh):
        again()
        assert count(clone) == (3, 35)
    place.put("june.csv", "id,customer,amount\n4,cleo,8\n")
    clone.refresh()
    assert count(clone) == (3, 38)


def test_of_two_undone_files_a_corrected_one_lets_the_other_pass(clone, place):
    place.put("june.csv", JULY)
    place.put("may.csv", MAY + "9,eve,100\n")
    clone.refresh()
    clone.undo()
    place.put("june.csv", JUNE)
    clone.refresh()
    assert count(clone) == (4, 135)


def test_accepting_lets_it_pass(clone, place):
    place.put("june.csv", JULY)
    clone.refresh()
    clone.undo()
    clone.accept(place.url("june.csv"))
    clone.refresh()
    assert count(clone) == (3, 37)


def test_an_undone_file_stays_out_under_another_name_of_the_source(clone, place):
    place.put("june.csv", JULY)
    clone.refresh()
    clone.undo()
    clone.write("sources/shop/sales.sql", clone.read("sources/shop/orders.sql"))
    clone.write("sources/shop/orders.sql", None)
    clone.write("datasets/marts/count.sql", COUNT.replace("orders", "sales"))
    clone.run(drop=True)
    assert count(clone) == (3, 35)


def test_what_is_gone_there_is_gone_here(tmp_path, s3):
    place = Bucket(s3, next(_names))
    place.put("in/may.csv", MAY)
    place.put("in/june.csv", JUNE)
    place.put("in/deep/other.csv", JULY)
    clone = project(tmp_path / "acme", place, "s3://" + place.name + "/in/*.csv")
    clone.run()
    assert count(clone) == (3, 35)
    place.remove("in/june.csv")
    clone.refresh()
    assert count(clone) == (2, 30)
    clone.undo()
    assert count(clone) == (3, 35)
    clone.refresh()
    assert count(clone) == (3, 35)  # that it is gone was undone
    place.put("in/july.csv", JULY)
    clone.refresh()
    place.put("in/june.csv", JULY)
    clone.refresh()
    assert count(clone)[0] == 4


def test_another_folder_of_the_lake_sees_what_was_loaded(clone, place, tmp_path):
    other = Clone(tmp_path / "ben", author="ben", environ=clone.environ)
    kept = clone.root / ".andon"
    toml = f'storage = "{kept}/lake"\ncatalog = "{kept}/catalog.db"\n' + place.connection()
    clone.write("andon.toml", toml)
    clone.run()
    shutil.copytree(clone.root, other.root, ignore=shutil.ignore_patterns(".andon"))
    place.put("june.csv", JULY)
    clone.refresh()
    assert other.run().run is None
    assert count(other) == (3, 37)
    other.refresh()
    assert count(other) == (3, 37)


def test_a_branch_and_main_both_load_and_the_later_counts(clone, place):
    for later, first, second in (("branch", JULY, MAY.replace("10", "11")), ("main", MAY.replace("10", "12"), JULY)):
        clone.branch("try" + later)
        place.put("june.csv", first)
        order = ["main", "try" + later] if later == "branch" else ["try" + later, "main"]
        clone.refresh(branch=order[0])
        place.put("june.csv", second)
        clone.refresh(branch=order[1])
        at_second = count(clone, order[1])
        clone.publish("try" + later)
        assert count(clone) == at_second


def test_a_load_on_a_branch_is_published(clone, place):
    clone.branch("try")
    place.put("june.csv", JULY)
    clone.refresh(branch="try")
    assert (count(clone), count(clone, "try")) == ((3, 35), (3, 37))
    clone.publish("try")
    assert count(clone) == (3, 37)
    clone.undo()
    clone.branch("again")
    clone.refresh(branch="again")
    assert (count(clone), count(clone, "again")) == ((3, 35), (3, 35))


def test_a_look_at_a_source_asks_and_loads_nothing(clone, place):
    from andon.service.source_check import check_sources

    def look():
        with clone.opened() as service:
            (report,) = check_sources(service.workspace, ["shop.orders"])
        return report.brings, report.error and report.error.code

    assert look() == ("nothing new", None)
    place.put("june.csv", JULY)
    assert look() == ("1 changed of 2 files", None)
    place.put("june.csv", JULY.replace("4", "x"))
    assert count(clone) == (3, 35)
    assert clone.run().run is None


def test_of_what_is_not_selected_nobody_is_asked(tmp_path, web):
    other = WebServer()
    web.put("may.csv", MAY)
    other.put("a.csv", MAY)
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.write("sources/shop/other.sql", f"select * from read_csv('{other.url('a.csv')}')\n")
    clone.run()
    other.stop()
    web.put("may.csv", JULY)
    other.asked.clear()
    assert failed(clone.refresh(select=("shop.orders+",))) == []
    assert count(clone) == (1, 7)
    assert [error["code"] for error in failed(clone.refresh())] == ["source.unreachable"]


def test_two_sources_of_one_file_read_the_same(clone, place, web):
    clone.write("sources/shop/also.sql", f"select * from read_csv('{place.url('june.csv')}')\n")
    web.asked.clear()
    clone.run()
    assert [status for _, status in web.asked] in ([], [304])
    place.put("june.csv", JULY)
    clone.refresh()
    assert clone.ask("select id from shop.also") == [(4,)]
    assert count(clone) == (3, 37)


def test_any_name_is_read(tmp_path, place):
    names = ["a b.csv", "50%.csv", "x=1.csv", "übung.csv", "a+b&c#d.csv", "%20.csv"]
    for n, name in enumerate(names):
        place.put(f"in/{name}", f"id,customer,amount\n{n},ada,1\n{n},ben,1\n")
    urls = [place.url(f"in/{name}") for name in names]
    clone = project(tmp_path / "acme", place, *urls, options=", filename = true")
    clone.run()
    assert clone.ask("select distinct filename, id from shop.orders order by id") == [
        (u, n) for n, u in enumerate(urls)
    ]


def test_folders_of_parquet_files_and_large_ones(tmp_path, s3):
    place = Bucket(s3, next(_names))
    for day in (1, 2):
        file = tmp_path / f"{day}.parquet"
        duckdb.sql(
            f"copy (select i::bigint id, 'ada' customer, {day} amount, md5(i::varchar) m from range(100000) t(i)) to '{file}'"
        )
        assert file.stat().st_size > 2 << 20
        place.put(f"orders/day=2026-05-0{day}/part 0.parquet", file.read_bytes())
    clone = project(tmp_path / "acme", place)
    clone.write("sources/shop/orders.sql", f"from read_parquet('s3://{place.name}/orders/**/*.parquet')")
    clone.run()
    assert count(clone) == (200_000, 300_000)
    assert clone.ask("select day, count(*) from shop.orders group by 1 order by 1")[0][1] == 100_000


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(["put 0", "put 1", "back 0", "refresh", "refresh", "run", "undo"]), min_size=4, max_size=7)
)
def test_any_history_shows_what_there_was_and_then_what_there_is(tmp_path_factory, steps):
    """A run changes nothing, an undo shows what was before, a refresh what there is or (where that was undone) what there was."""
    web, value = WebServer(), itertools.count(1)
    there: dict[int, list[int]] = {0: [], 1: []}

    def put(n: int, v: int) -> None:
        there[n].append(v)
        web.put(f"{n}.csv", f"n,v\n{n},{v}\n{n},{v}\n")

    def shown() -> dict[int, int]:
        return dict(clone.ask("select distinct n, v from shop.orders order by n"))

    for n in there:
        put(n, next(value))
    clone = project(tmp_path_factory.mktemp("any"), web, web.url("0.csv"), web.url("1.csv"))
    clone.write("datasets/marts/count.sql", "select count(*) as n from shop.orders\n")
    clone.run()
    states, undone = [shown()], set()
    for step in steps:
        before = shown()
        if step.startswith("put"):
            put(int(step[-1]), next(value))
        elif step.startswith("back") and len(there[0]) > 1:
            put(0, there[0][-2])
        elif step == "undo" and len(states) > 1:
            clone.undo()
            left = states.pop()
            undone |= {(n, v) for n, v in left.items() if states[-1][n] != v}
            assert shown() == states[-1]
        elif step == "refresh":
            clone.refresh()
            now = {n: found[-1] for n, found in there.items()}
            allowed = [now] if undone.isdisjoint(now.items()) else [now, before]
            assert shown() in allowed
            if shown() != before:
                states.append(shown())
        elif step == "run":
            clone.run()
        if step not in ("undo", "refresh"):
            assert shown() == before
    for n in there:
        put(n, next(value))
    clone.refresh()
    assert shown() == {n: found[-1] for n, found in there.items()}
    web.stop()


# --- faults


FAULTS = [
    ("status:503", "source.unreachable", "answers with status 503"),
    ("status:403", "source.unreachable", "is not for who asks (status 403)"),
    ("status:418", "source.unreachable", "status 418"),
    ("cut", "source.truncated", "came in part"),
    ("slow length", "source.truncated", "came in part"),
    ("html", "source.ambiguous", "a web page (HTML)"),
]


@pytest.mark.parametrize(("fault", "code", "says"), FAULTS)
def test_a_fault_leaves_main_as_it_is_and_the_rest_goes_on(fault, code, says, tmp_path, web):
    web.put("may.csv", MAY)
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.write("raw/here.csv", "id\n1\n2\n")
    clone.write("sources/shop/here.sql", "select * from read_csv('raw/here.csv')\n")
    clone.run()
    web.put("may.csv", MAY + "5,eve,1\n")
    web.fault = fault
    clone.write("raw/here.csv", "id\n1\n2\n3\n")
    result = clone.refresh()
    errors = failed(result)
    assert [error["code"] for error in errors] == [code], errors
    assert says in errors[0]["message"]
    assert errors[0]["hint"]
    assert TOKEN not in repr(errors)
    assert clone.ask("select count(*) from shop.here") == [(3,)]
    assert count(clone) == (2, 30)
    web.fault = ""
    clone.refresh()
    assert count(clone) == (3, 31)


def test_a_fault_of_a_first_load_is_told_and_the_next_run_is_whole(tmp_path, web):
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    errors = failed(clone.run())
    assert [(e["code"], e["where"]) for e in errors] == [("source.missing", web.url("may.csv"))]
    web.put("may.csv", MAY)
    clone.run()
    assert count(clone) == (2, 30)


def test_a_server_that_is_down_is_told(tmp_path, place):
    place.put("may.csv", MAY)
    clone = project(tmp_path / "acme", place, place.url("may.csv"))
    clone.run()
    nobody = f"http://127.0.0.1:{free_port()}"
    if place.scheme == "s3":
        clone.write("andon.toml", place.connection(nobody))
    else:
        place.stop()
    (error,) = failed(clone.refresh())
    assert (error["code"], error["retryable"]) == ("source.unreachable", True)
    assert "nothing listens there" in error["message"] or "no connection" in error["message"]
    assert TOKEN not in repr(error)
    assert failed(clone.run()) == []
    assert count(clone) == (2, 30)


def test_a_bucket_or_object_that_is_not_there(tmp_path, s3):
    place = Bucket(s3, next(_names))
    for url, says in (
        (place.url("no.csv"), f"look at what lies in the bucket `{place.name}`"),
        (place.url("in/*.csv"), "fits the pattern"),
        ("s3://nobucket/x.csv", "there is no bucket `nobucket`"),
    ):
        clone = project(tmp_path / url.replace("/", "_"), place, url)
        if "nobucket" in url:
            clone.write("andon.toml", place.connection().replace(place.name, "nobucket"))
        (error,) = failed(clone.run())
        assert (error["code"], says in error["hint"]) == ("source.missing", True), error


def test_an_object_that_is_replaced_after_it_was_listed(monkeypatch, tmp_path, s3):
    from andon.sources.remote.s3 import S3Place

    place = Bucket(s3, next(_names))
    place.put("in/may.csv", MAY)
    clone = project(tmp_path / "acme", place, place.url("in/*.csv"))
    clone.run()
    place.put("in/may.csv", JUNE)
    listed = S3Place.listed

    def then_replaced(self, pattern):
        found = listed(self, pattern)
        place.put("in/may.csv", JULY)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(S3Place, "listed", then_replaced)
        (error,) = failed(clone.refresh())
    assert (error["code"], error["retryable"]) == ("source.changed_while_read", True)
    assert count(clone) == (2, 30)
    clone.refresh()
    assert count(clone) == (1, 7)


def test_who_asks_is_told_to_the_server_that_was_named_alone(tmp_path, web):
    other = WebServer()
    web.needs_token = True
    other.put("may.csv", MAY)
    web.away["may.csv"] = other.url("may.csv")
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.run()
    assert count(clone) == (2, 30)
    assert web.seen[-1]["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in other.seen[-1]
    other.stop()
    clone.write("andon.toml", "")
    (error,) = failed(clone.refresh())
    assert (error["code"], "[connections.NAME]" in error["hint"]) == ("source.unreachable", True)


def test_what_has_no_marks_is_told_apart_by_its_content(tmp_path, web):
    web.fault = "no marks"
    web.put("may.csv", MAY)
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.run()
    assert clone.refresh().run is None
    web.put("may.csv", JULY)
    clone.refresh()
    assert count(clone) == (1, 7)


def test_a_copy_that_is_damaged_is_fetched_again(tmp_path, web):
    web.put("may.csv", MAY)
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.run()
    for copy in (clone.root / ".andon/lake").rglob("raw/*/*"):
        copy.write_bytes(b"")
    (error,) = failed(clone.run(force=True))
    assert (error["code"], "andon refresh" in error["hint"]) == ("lake.corrupt", True)
    clone.refresh(force=True)
    assert count(clone) == (2, 30)


def test_a_hanging_server_does_not_hold_a_run_for_ever(monkeypatch, tmp_path, place):
    monkeypatch.setattr("andon.sources.remote.http.READ_SECONDS", 0.2)
    monkeypatch.setattr("andon.sources.remote.s3.READ_TIME", "200ms")
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    clone = project(tmp_path / "acme", place, f"{address}/may.csv" if place.scheme == "http" else place.url("may.csv"))
    clone.write("andon.toml", place.connection(address))
    (error,) = failed(clone.run())
    assert (error["code"], "does not answer in time" in error["message"]) == ("source.unreachable", True)
    silent.close()


def test_a_connection_of_files_is_no_database(tmp_path, web):
    clone = project(tmp_path / "acme", web, web.url("may.csv"))
    clone.write("sources/shop/orders.sql", "/*---\nconnection: files\n---*/\nselect 1 as id\n")
    (error,) = failed(clone.run())
    assert (error["code"], "holds files" in error["message"]) == ("project.bad_value", True)


@pytest.mark.parametrize("place", ["http"], indirect=True)
def test_what_is_due_asks_nobody_and_a_run_that_asks_nobody_makes_nothing_new(clone, web):
    clone.write("datasets/m/board.sql", "/*--- refresh: {max_age: 6h} ---*/ select count(*) as n from shop.orders\n")
    clone.run(now=datetime(2026, 11, 2, tzinfo=UTC))
    clone.refresh(now=datetime(2026, 11, 2, 1, tzinfo=UTC))
    clone.run(now=datetime(2026, 11, 2, 6, tzinfo=UTC))
    web.asked.clear()
    with clone.opened() as service:
        early = service.promises.due(RunOptions(now=datetime(2026, 11, 2, 6, 59, tzinfo=UTC)))
        late = service.promises.due(RunOptions(now=datetime(2026, 11, 2, 7, tzinfo=UTC)))
    assert ([x.dataset for x in early.due], [x.dataset for x in late.due]) == ([], ["m.board"])
    assert (late.asked, web.asked) == (("shop.orders",), [])
