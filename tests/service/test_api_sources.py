"""Sources that ask an HTTP API: what it holds is what is published; whatever goes wrong is told, and `main` stays as it was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from andon.errors import UsageError
from kit.api import Api, at, cut, hanging, serving, status
from kit.clones import Clone

TOKEN = "s3cret-t0ken-of-the-shop"
RECORDS = [
    {"id": 1, "customer": "ada", "amount": 10.5, "seen": "2026-01-01T08:00:00Z"},
    {"id": 2, "customer": "ben", "amount": 20.25, "seen": "2026-01-02T08:00:00Z"},
    {"id": 3, "customer": "ada", "amount": 5.75, "seen": "2026-01-03T08:00:00Z"},
]
CLEO = {"id": 4, "customer": "cleo", "amount": 7.0, "seen": "2026-01-04T08:00:00Z"}
PAGED = "pagination: {by: page, size: 2, size_param: size}\n"


@pytest.fixture
def api():
    with serving(Api([dict(record) for record in RECORDS], pages="page")) as running:
        yield running


@pytest.fixture
def clone(tmp_path, api) -> Clone:
    made = Clone(tmp_path / "acme", environ={"SHOP_TOKEN": TOKEN})
    made.write("andon.toml", "")
    made.write("sources/shop/orders.yml", source(api))
    made.write("datasets/marts/customers.sql", "select distinct customer from shop.orders order by all\n")
    return made


def source(api: Api, more: str = PAGED, key: str = "key: id\n", retries: int = 2) -> str:
    auth = 'auth: {bearer: "${env:SHOP_TOKEN}"}\n'
    start = f"kind: rest\nurl: {api.url}\nrecords: data.items\ntimeout: 2\nretries: {retries}\n"
    return start + auth + more + key


def ids(clone: Clone, at: str | None = None) -> list[int]:
    return [row[0] for row in clone.ask("select id from shop.orders order by id", at)]


def reasons(result) -> str:
    return "\n".join(f"{task.reason} {(task.error or {}).get('message')}" for task in result.tasks)


def error(result):
    found = next(task.error for task in result.tasks if task.error is not None and task.dataset == "shop.orders")
    return SimpleNamespace(**{"where": None, "hint": "", **found})


# -- loads


def test_a_run_asks_what_is_new_and_a_refresh_each_time(clone, api):
    clone.run()
    asked = len(api.asked)
    assert ids(clone) == [1, 2, 3]
    assert clone.ask("select id, customer, amount, seen::text from shop.orders order by id")[0] == (
        1,
        "ada",
        10.5,
        "2026-01-01 08:00:00+00",
    )
    assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, _, headers in api.asked)
    api.records.append(dict(CLEO))
    assert clone.run().run is None
    assert len(api.asked) == asked
    clone.refresh()
    assert ids(clone) == [1, 2, 3, 4]
    assert clone.ask("select count(*) from marts.customers") == [(3,)]


def test_a_load_that_brings_nothing_leaves_the_branch(clone, api):
    clone.run()
    head = clone.head().id
    api.records.reverse()
    assert (clone.refresh().commit, clone.head().id) == (head, head)


def test_an_undone_load_stays_out_until_the_api_holds_something_else(clone, api):
    clone.run()
    api.records.append(dict(CLEO))
    clone.refresh()
    clone.undo()
    for _ in range(2):
        assert "undone" in reasons(clone.refresh())
        assert ids(clone) == [1, 2, 3]
    api.records[-1]["amount"] = 8.0
    clone.refresh()
    assert ids(clone) == [1, 2, 3, 4]


@pytest.mark.parametrize("pages", ["offset", "link"])
def test_pages_that_are_smaller_than_asked_for_give_all_records(clone, api, pages):
    api.pages = pages
    api.records = [{"id": i, "customer": "ada"} for i in range(11)]
    by = {
        "offset": "pagination: {by: offset, size: 500, size_param: size}\ntotal: meta.total\n",
        "link": "pagination: link\n",
    }[pages]
    api.largest = 3  # whatever it is asked for
    clone.write("sources/shop/orders.yml", source(api, by))
    clone.run()
    assert ids(clone) == list(range(11))


def test_pages_are_kept_as_they_came(clone, api):
    clone.run()
    with clone.opened() as service:
        workspace = service.workspace
        leaf = workspace.lake.commits.state(workspace.lake.refs.resolve("main")).leaves["shop.orders"]
        build = workspace.lake.objects.builds([leaf.build])[leaf.build]
        from andon.lake.named_files import named_files, raw_path

        kept = [workspace.lake.storage.read(raw_path(file)) for file in build.files]
        assert len(kept) == 3  # the last one is empty and says that there are no more
        assert b'"customer": "ada"' in kept[0]
        assert {raw_path(file) for file in build.files} <= named_files(workspace.lake.database)
        from andon.service.leftovers import find

        assert find(workspace).files == 0
    api.records.reverse()
    clone.refresh()
    with clone.opened() as service:
        assert find(service.workspace).files == 0


# -- what goes wrong


@pytest.fixture
def loaded(clone, api) -> Clone:
    clone.run()
    api.records.append(dict(CLEO))
    return clone


FATAL = {
    "source.bad_answer: Sign in": status(200, b"<!DOCTYPE html><title>Sign in</title>"),
    "source.unreachable: ***": at(2, status(401, b'{"message": "bad token ' + TOKEN.encode() + b'"}')),
    "source.bad_answer: no JSON": at(2, cut),
}


def test_whatever_ends_a_load_leaves_main_and_the_next_is_complete(loaded, api):
    head = loaded.head().id
    for expected, fault in FATAL.items():
        code, _, words = expected.partition(": ")
        api.faults = [fault]
        found = error(loaded.refresh())
        assert (found.code, words in found.message, found.where) == (code, True, "sources/shop/orders.yml")
        assert TOKEN not in f"{found.message} {found.hint}"
        assert (loaded.head().id, ids(loaded)) == (head, [1, 2, 3])
    api.faults = []
    loaded.refresh()
    assert ids(loaded) == [1, 2, 3, 4]


def test_an_api_that_hangs_or_is_down_fails_in_time(clone, api):
    clone.run()
    clone.write("sources/shop/orders.yml", source(api, retries=0).replace("timeout: 2", "timeout: 0.2"))
    clone.run()
    api.faults = [hanging(1.0)]
    began = time.monotonic()
    found = error(clone.refresh())
    assert (found.code, "0.2 seconds" in found.message, time.monotonic() - began < 3) == (
        "source.unreachable",
        True,
        True,
    )
    api.faults = []
    port = api.port
    clone.write("sources/shop/orders.yml", source(api, retries=0).replace(str(port), "9"))
    assert error(clone.run()).code == "source.unreachable"
    assert ids(clone) == [1, 2, 3]


def test_a_total_that_disagrees_stops_the_load(clone, api):
    clone.write("sources/shop/orders.yml", source(api, PAGED + "total: meta.total\n"))
    clone.run()
    assert [params["page"] for _, params, _ in api.asked] == ["1", "2"]
    api.records.append(dict(CLEO))
    api.total = 5
    found = error(clone.refresh())
    assert (found.code, "5 records, and 4 came" in found.message) == ("source.incomplete", True)
    assert ids(clone) == [1, 2, 3]


def test_a_record_on_two_pages_counts_once_with_a_key(clone, api):
    moved = {"id": 2, "customer": "ben", "amount": 21.0, "seen": "2026-01-02T09:00:00Z"}
    api.records.insert(2, moved)
    result = clone.run()
    assert "came again under the same key: 1" in reasons(result)
    assert clone.ask("select id, amount from shop.orders order by id") == [(1, 10.5), (2, 21.0), (3, 5.75)]


def test_a_record_on_two_pages_is_told_without_a_key(clone, api):
    clone.write("sources/shop/orders.yml", source(api, key=""))
    api.records.insert(2, dict(RECORDS[1]))
    result = clone.run()
    assert "on two pages: 1" in reasons(result)
    assert ids(clone) == [1, 2, 2, 3]


def test_a_host_that_is_named_may_be_led_to_and_learns_nothing(clone, api):
    with serving(Api([dict(r) for r in RECORDS], pages="page")) as other:
        api.faults = [
            lambda handler, _: handler.say(302, Location=f"http://127.0.0.1:{other.port}{handler.path}") or True
        ]
        clone.write("sources/shop/orders.yml", source(api, PAGED + f'hosts: ["127.0.0.1:{other.port}"]\n'))
        clone.run()
    assert ids(clone) == [1, 2, 3]
    assert all("authorization" in headers for _, _, headers in api.asked)
    assert not any("authorization" in headers for _, _, headers in other.asked)


# -- the strictness of files


CHANGED = [
    ({**CLEO, "id": "four"}, '`"four"`'),
    ({**CLEO, "amount": "7,5"}, '`"7,5"`'),
    ({**CLEO, "new": 1}, "new key `new`"),
    ({**CLEO, "id": 2**70}, "id"),
    ({**CLEO, "id": 4.5}, "4.5"),
    ({**CLEO, "seen": "soon"}, "`soon`"),
]


def test_later_records_are_held_to_the_first(loaded, api):
    for record, words in CHANGED:
        api.records[-1] = record
        found = error(loaded.refresh())
        assert (found.code, words in found.message) == ("source.contract", True), found.message
        assert (found.where, "read_ndjson" in f"{found.message}{found.hint}") == ("sources/shop/orders.yml", False)
        assert ids(loaded) == [1, 2, 3]


def test_new_columns_are_taken_where_that_is_wanted(clone, api):
    clone.write("sources/shop/orders.yml", source(api) + "schema: add\n")
    clone.run()
    api.records.append({**CLEO, "channel": "web"})
    clone.refresh()
    assert clone.ask("select id, channel from shop.orders order by id") == [(1, None), (2, None), (3, None), (4, "web")]


def test_whole_numbers_keep_their_digits(clone, api):
    api.records = [{"id": 2**53 + 1, "n": 12345678901234567}]
    clone.write("datasets/marts/customers.sql", None)
    clone.run()
    assert clone.ask("select id, n from shop.orders") == [(2**53 + 1, 12345678901234567)]


def test_types_are_stated_where_values_do_not_say_them(clone, api):
    api.records[0]["code"] = "007"
    api.records[1]["code"] = 8
    found = error(clone.run())
    assert (found.code, "columns: {code: {type: VARCHAR}}" in found.hint) == ("source.ambiguous", True), found
    clone.write("sources/shop/orders.yml", source(api) + "columns: {code: {type: VARCHAR}}\n")
    clone.run()
    assert clone.ask("select code from shop.orders order by id") == [("007",), ("8",), (None,)]


def test_no_records_have_no_columns(clone, api):
    api.records = []
    assert error(clone.run()).code == "source.empty"
    api.records = [dict(CLEO)]
    clone.run()
    api.records = []
    clone.refresh()
    assert ids(clone) == []


def test_accepting_records_anew(loaded, api):
    from andon.service.sources import accept_source

    api.records[-1]["id"] = "four"
    assert error(loaded.refresh()).code == "source.contract"
    for record in api.records:
        record["id"] = str(record["id"])
    with loaded.opened() as service:
        accept_source(service.workspace, "shop.orders")
    assert Path(loaded.root, "sources/shop/orders.yml").read_text().endswith("recorded: 1\n")
    loaded.run()
    assert loaded.ask("select id from shop.orders order by id") == [("1",), ("2",), ("3",), ("four",)]


# -- only what is new


SINCE = PAGED + "cursor: {field: seen, param: since}\n"


def by_day(day: int) -> str:
    return f"2026-01-{day:02}"


def test_only_what_is_new_is_asked_for_and_merged_on_the_key(clone, api):
    api.by, api.largest = "seen", 2
    for number, record in enumerate(api.records, 1):
        record["seen"] = by_day(number)
    clone.write("sources/shop/orders.yml", source(api, SINCE))
    clone.run()
    assert "since" not in api.asked[0][1]
    asked = len(api.asked)
    assert "nothing new" in reasons(clone.refresh())
    assert {params["since"] for _, params, _ in api.asked[asked:]} == {"2026-01-03"}
    api.records += [{**CLEO, "seen": by_day(4)}, {**RECORDS[0], "customer": "eve", "seen": by_day(4)}]
    api.records[0:1] = []
    head = clone.head().id
    clone.refresh()
    assert clone.ask("select id, customer from shop.orders order by id") == [
        (1, "eve"),
        (2, "ben"),
        (3, "ada"),
        (4, "cleo"),
    ]
    clone.undo()
    assert clone.ask("select id, customer from shop.orders order by id") == [(1, "ada"), (2, "ben"), (3, "ada")]
    assert clone.ask("select count(*) from shop.orders", head) == [(3,)]
    asked = len(api.asked)
    assert "undone" in reasons(clone.refresh())
    assert {params["since"] for _, params, _ in api.asked[asked:]} == {"2026-01-03"}  # as before the load
    api.records.append({**CLEO, "id": 5, "seen": by_day(4)})
    clone.refresh()
    assert ids(clone) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("key", ["key: id\n", ""])
def test_only_files_with_rows_that_changed_are_written_anew(clone, api, key):
    api.by = "seen"
    for record in api.records:
        record["note"] = None
    clone.write("datasets/marts/customers.sql", None)
    clone.write("sources/shop/orders.yml", source(api, SINCE, key))
    clone.run()

    def files() -> list[str]:
        with clone.opened() as service:
            leaf = clone.leaves()["shop.orders"]
            return [file.path for file in service.workspace.lake.objects.versions([leaf.version])[leaf.version].files]

    first = files()
    api.records.append({**CLEO, "note": None})
    clone.refresh()
    second = files()
    assert (second[0], len(second)) == (first[0], 2)
    changed = {**CLEO, "customer": "dan", "note": None, "seen": "2026-01-05T08:00:00Z"}
    api.records.append({**changed, "id": 4 if key else 5})
    clone.refresh()
    third = files()
    assert (third[0], third[1] == second[1], len(third)) == (first[0], not key, 2 if key else 3)
    assert clone.ask("select customer from shop.orders order by id, customer")[-1] == ("dan",)
    api.records.append({**changed, "id": 6, "note": 7, "seen": "2026-01-06T08:00:00Z"})
    clone.refresh()
    assert clone.ask("select note from shop.orders order by id")[-1] == (7,)
    clone.undo()
    assert files() == third


@pytest.mark.parametrize("key", ["key: id\n", ""])
def test_what_is_new_may_have_a_column_more_and_a_type_for_one_without_values(clone, api, key):
    api.by = "seen"
    for record in api.records:
        record["note"] = None
    clone.write("datasets/marts/customers.sql", None)
    clone.write("sources/shop/orders.yml", source(api, SINCE + "schema: add\n", key))
    clone.run()
    api.records.append({**CLEO, "note": 5, "more": {"x": 1}})
    clone.refresh()
    expected = [(1, None, None), (2, None, None), (3, None, None), (4, 5, {"x": 1})]
    assert clone.ask("select id, note, more from shop.orders order by id") == expected
    api.records.append({**CLEO, "id": 5, "note": "text"})
    assert error(clone.refresh()).code == "source.contract"
    api.records[-1]["note"] = 6
    clone.refresh()
    assert clone.ask("select id, note, more from shop.orders order by id") == [*expected, (5, 6, None)]
    clone.undo()
    assert clone.ask("select id, note, more from shop.orders order by id") == expected


def test_a_whole_load_takes_what_went(clone, api):
    api.by = "seen"
    clone.write("sources/shop/orders.yml", source(api, SINCE))
    clone.run()
    del api.records[1]
    clone.refresh()
    assert ids(clone) == [1, 2, 3]
    clone.run("shop.orders", force=True)
    assert ids(clone) == [1, 3]


def test_a_load_that_fails_half_way_leaves_where_the_next_begins(clone, api):
    api.by = "seen"
    clone.write("sources/shop/orders.yml", source(api, SINCE, retries=0))
    clone.run()
    api.records += [{**CLEO, "id": n, "seen": f"2026-01-{n:02}T08:00:00Z"} for n in range(4, 9)]
    api.faults = [at(3, status(500))]
    assert error(clone.refresh()).code == "source.unreachable"
    assert ids(clone) == [1, 2, 3]
    api.faults = []
    clone.refresh()
    assert ids(clone) == list(range(1, 9))


def test_a_load_that_was_killed_has_brought_nothing_and_the_next_is_complete(clone, api):
    api.by = "seen"
    clone.write("sources/shop/orders.yml", source(api, SINCE))
    clone.run()
    api.records += [{**CLEO, "id": n, "seen": f"2026-01-{n:02}T08:00:00Z"} for n in range(4, 9)]
    api.asked.clear()
    api.faults = [lambda handler, number: number > 2 and hanging(30)(handler, number)]
    environ = {**os.environ, **clone.environ, "ANDON_AUTHOR": "ana", "HOME": str(clone.root)}
    with subprocess.Popen(
        [sys.executable, "-c", "from andon.cli.main import main; main()", "refresh"],
        cwd=clone.root,
        env=environ,
        stdout=subprocess.DEVNULL,
    ) as killed:
        end = time.monotonic() + 30
        while len(api.asked) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        killed.kill()
    assert len(api.asked) >= 3
    assert ids(clone) == [1, 2, 3]
    api.faults = []
    clone.refresh()
    assert ids(clone) == list(range(1, 9))


@pytest.mark.parametrize("field", ["sen", "tags"])
def test_a_cursor_that_is_none_is_told(clone, api, field):
    for record in api.records:
        record["tags"] = ["a"]
    clone.write("sources/shop/orders.yml", source(api, PAGED + f"cursor: {{field: {field}, param: since}}\n"))
    found = error(clone.run())
    assert (found.code, f"`{field}`" in found.message) == ("source.query_failed", True)


def test_a_row_without_its_key_is_told(clone, api):
    api.records[1]["id"] = None
    found = error(clone.run())
    assert (found.code, "no value in `id`" in found.message) == ("source.contract", True)


@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_FEEDS", "2"))))
def test_any_history_of_loads_gives_what_one_full_load_would(clone, api, seed, each_by_itself):
    """Records that come late (within a day), come again and change; loads, undos and a branch with a cursor of its own, in any order."""
    pick = random.Random(seed)
    has_key = seed % 2 == 0
    api.by, api.size, api.inclusive = "seen", pick.randint(1, 4), has_key is False or pick.random() < 0.7
    api.pages = pick.choice(["page", "offset", "cursor", "link"])
    by = {"page": PAGED, "offset": "pagination: offset\n", "link": "pagination: link\n"}
    turn = by.get(api.pages, "pagination: {by: cursor, next: meta.next, param: cursor}\n")
    api.records = [{"id": 0, "customer": "ada", "seen": by_day(1)}]
    day = 1
    text = source(api, turn + "cursor: {field: seen, param: since}\n", "key: id\n" if has_key else "")
    clone.write("sources/shop/orders.yml", text)
    clone.write("datasets/marts/customers.sql", None)
    clone.run()
    clone.branch("dev")
    shown = {"main": rows_of(api), "dev": rows_of(api)}
    undone: list | None = None
    before: list | None = None
    may_redo = False
    for _ in range(12):
        step = pick.choice(["new", "new", "late", "change", "main", "main", "dev", "undo", "redo"])
        if step == "new":
            day += 1
            api.records.append({"id": len(api.records), "customer": pick.choice("abc"), "seen": by_day(day)})
        elif step == "late" and api.inclusive:
            again = {} if has_key or pick.random() < 0.5 else dict(pick.choice(api.records))
            same = {"id": len(api.records), "customer": pick.choice("abc"), "seen": by_day(day), **again}
            api.records.append({**same, "seen": by_day(day)})
        elif step == "change" and has_key:
            day += 1
            api.records[pick.randrange(len(api.records))].update(customer=pick.choice("xyz"), seen=by_day(day))
        elif step == "undo" and before is not None:
            clone.undo()
            undone, shown["main"], before = shown["main"], before, None
            may_redo = True
        elif step == "redo" and may_redo:
            clone.redo()
            before, shown["main"], undone, may_redo = shown["main"], undone, None, False
        elif step in ("main", "dev"):
            result = clone.refresh(branch=step)
            assert all(task.error is None for task in result.tasks), result.tasks
            if not (step == "main" and rows_of(api) == undone):
                may_redo = may_redo and (step != "main" or rows_of(api) == shown["main"])
                if step == "main" and rows_of(api) != shown["main"]:
                    before = shown["main"]
                shown[step] = rows_of(api)
        for branch, expected in shown.items():
            found = clone.ask("select id, customer, seen::text as seen from shop.orders order by all", branch)
            assert sorted(found) == expected, (seed, step, branch)


def rows_of(api: Api) -> list[tuple]:
    return sorted((r["id"], r["customer"], r["seen"]) for r in api.records)


# -- by itself


def test_an_address_becomes_a_source(clone, api):
    from andon.service.source_add_api import add_api
    from andon.service.source_check import check_sources
    from andon.service.source_list import list_sources

    clone.write("sources/shop/orders.yml", None)
    clone.write("datasets/marts/customers.sql", None)
    api.pages = "next"
    with clone.opened() as service:
        done = add_api(service.workspace, api.url, "shop.orders")
        assert (done.records, done.pagination, done.key) == ("data.items", "{by: cursor, next: meta.next}", "id")
        with pytest.raises(UsageError, match="is there already"):
            add_api(service.workspace, api.url, "shop.orders")
        with pytest.raises(UsageError, match="holds a secret"):
            add_api(service.workspace, f"{api.url}?api_key=abc", "shop.others")
        assert not (clone.root / "sources/shop/others.yml").exists()
    clone.run()
    assert ids(clone) == [1, 2, 3]
    with clone.opened() as service:
        (listed,) = list_sources(service.workspace)
        assert (listed.kind, listed.state, listed.rows) == ("rest", "published", 3)
        asked = len(api.asked)
        assert check_sources(service.workspace)[0].error is None
        assert len(api.asked) == asked + 1
        api.faults = [status(401)]
        assert check_sources(service.workspace)[0].error.code == "source.unreachable"


def test_a_variable_that_is_not_set_is_named(clone, api):
    clone.environ.clear()
    assert "`SHOP_TOKEN`, which is not set" in error(clone.run()).message
