"""Sources in Python: what a function hands out is published, with the state that it leaves behind; undo and branches hold for both."""

from __future__ import annotations

import os
import random
import textwrap
from types import SimpleNamespace

import pytest

from kit.api import Api, serving
from kit.clones import Clone

TOKEN = "s3cret-t0ken-of-the-shop"
FETCH = """
import json, os, urllib.request
from andon import source


def fetched(since):
    request = urllib.request.Request("{url}" + (f"?since={{since}}" if since else ""))
    request.add_header("Authorization", "Bearer " + os.environ["SHOP_TOKEN"])
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]["items"]


@source(hosts=["127.0.0.1:{port}"], secrets=["SHOP_TOKEN"], {settings})
def orders(state):
    for row in fetched(state.get("since")):
        if row["seen"] > state.get("since", "") or {again}:
            yield row
    known = [row["seen"] for row in fetched(None)]
    state["since"] = max([state.get("since", ""), *known])
"""


@pytest.fixture
def api():
    with serving(
        Api([{"id": n, "customer": c, "seen": f"2026-01-0{n}"} for n, c in ((1, "ada"), (2, "ben"))], by="seen")
    ) as it:
        yield it


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path / "acme", environ={"SHOP_TOKEN": TOKEN})
    made.write("andon.toml", "")
    return made


def fetching(api: Api, settings: str, again: bool = True) -> str:
    return FETCH.format(url=api.url, port=api.port, settings=settings, again=again)


def rows(clone: Clone, at: str | None = None) -> list[tuple]:
    return sorted(clone.ask("select id, customer, seen from shop.orders", at))


def rows_of(api: Api) -> list[tuple]:
    return sorted((r["id"], r["customer"], r["seen"]) for r in api.records)


def error(result):
    found = next(task.error for task in result.tasks if task.error is not None)
    return SimpleNamespace(**{"where": None, "hint": "", **found})


def handing_out(clone: Clone, body: str, settings: str = "") -> None:
    clone.write("sources/shop/orders.py", f"from andon import source\n\n\n@source({settings})\n{textwrap.dedent(body)}")


def test_only_what_is_new_comes_and_is_merged(clone, api):
    clone.write("sources/shop/orders.py", fetching(api, 'load="merge", key="id"'))
    clone.write("datasets/marts/customers.sql", "select distinct customer from shop.orders order by all\n")
    clone.run()
    assert rows(clone) == rows_of(api)
    head = clone.head().id
    assert clone.refresh().commit == head
    api.records.append({"id": 3, "customer": "cleo", "seen": "2026-01-03"})
    api.records[0].update(customer="eve", seen="2026-01-03")
    clone.refresh()
    assert rows(clone) == rows_of(api)
    assert clone.ask("from marts.customers") == [("ben",), ("cleo",), ("eve",)]
    clone.undo()
    assert rows(clone) == [(1, "ada", "2026-01-01"), (2, "ben", "2026-01-02")]
    clone.refresh()
    assert rows(clone) == [(1, "ada", "2026-01-01"), (2, "ben", "2026-01-02")]
    api.records.append({"id": 4, "customer": "dan", "seen": "2026-01-04"})
    clone.refresh()
    assert rows(clone) == rows_of(api)
    assert {params.get("since") for _, params, _ in api.asked} == {None, "2026-01-02", "2026-01-03"} - {"2026-01-03"}


def test_a_load_that_fails_after_rows_leaves_all_as_it_was(clone, api):
    text = fetching(api, 'load="append"', again=False)
    clone.write("sources/shop/orders.py", text)
    clone.run()
    api.records += [{"id": n, "customer": "cleo", "seen": f"2026-01-0{n}"} for n in (3, 4)]
    api.faults = [lambda handler, number: (handler.say(503) or True) if "since" not in handler.path else False]
    found = error(clone.refresh())
    assert (found.code, "503" in found.message, TOKEN in str(found)) == ("build.python_failed", True, False)
    assert len(rows(clone)) == 2
    api.faults = []
    clone.refresh()
    assert rows(clone) == rows_of(api)


@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_FEEDS", "1"))))
def test_any_history_of_loads_gives_what_one_full_load_would(clone, api, seed, each_by_itself):
    pick = random.Random(seed)
    merges = seed % 2 == 0
    settings = 'load="merge", key="id"' if merges else 'load="append"'
    clone.write("sources/shop/orders.py", fetching(api, settings, again=merges))
    clone.run()
    clone.branch("dev")
    shown = {"main": rows_of(api), "dev": rows_of(api)}
    day, undone, before = 2, None, None
    for _ in range(8):
        step = pick.choice(["new", "new", "change", "main", "main", "dev", "undo"])
        day += 1
        if step == "new":
            api.records.append(
                {"id": len(api.records) + 1, "customer": pick.choice("abc"), "seen": f"2026-01-{day:02}"}
            )
        elif step == "change" and merges:
            pick.choice(api.records).update(customer=pick.choice("xyz"), seen=f"2026-01-{day:02}")
        elif step == "undo" and before is not None:
            clone.undo()
            undone, shown["main"], before = shown["main"], before, None
        elif step in ("main", "dev"):
            result = clone.refresh(branch=step)
            assert all(task.error is None for task in result.tasks), result.tasks
            if not (step == "main" and rows_of(api) == undone):
                before = shown["main"] if step == "main" and rows_of(api) != shown["main"] else before
                shown[step] = rows_of(api)
        for branch, expected in shown.items():
            assert rows(clone, branch) == expected, (seed, step, branch)


def test_what_a_function_does_wrongly_is_told_without_its_secrets(clone):
    body = "def orders(state):\n    import os\n    print(os.environ['SHOP_TOKEN'])\n"
    for more, words in (
        ("    raise ValueError(os.environ['SHOP_TOKEN'])\n", "ValueError: ***"),
        ("    state['x'] = os.environ['SHOP_TOKEN']\n    yield {'id': 1}\n", "never kept"),
    ):
        handing_out(clone, body + more, 'secrets=["SHOP_TOKEN"]')
        found = error(clone.run())
        assert (found.code, words in found.message) == ("build.python_failed", True), found
        assert TOKEN not in str(found)
    clone.environ.clear()
    assert "`SHOP_TOKEN`, which is not set" in error(clone.run()).message


def test_later_loads_are_held_to_the_first(clone):
    clone.write("modules/now.py", "ROWS = [{'id': 1, 'n': 1}]\n")
    body = "def orders():\n    from now import ROWS\n    return ROWS\n"
    handing_out(clone, body)
    clone.run()
    for rows_, words in (
        ("[{'id': 1, 'n': 1.5}]", "was BIGINT and is DOUBLE"),
        ("[{'id': 'x', 'n': 1}]", "was BIGINT and is VARCHAR"),
        ("[{'id': 1, 'n': 1, 'new': 2}]", 'a new column: "new"'),
    ):
        clone.write("modules/now.py", f"ROWS = {rows_}\n")
        found = error(clone.run())
        assert (found.code, words in found.message) == ("source.contract", True), found
    clone.write("modules/now.py", "ROWS = [{'id': 2}]\n")
    clone.run()
    assert clone.ask("from shop.orders") == [(2, None)]
    handing_out(clone, body, 'schema="widen"')
    clone.write("modules/now.py", "ROWS = [{'id': 2, 'n': 1.5, 'new': 'x'}]\n")
    clone.run()
    assert clone.ask("from shop.orders") == [(2, 1.5, "x")]


def test_a_state_is_kept_where_no_row_came(clone):
    body = "def orders(state):\n    state['asked'] = state.get('asked', 0) + 1\n    return [{'id': 1}] if state['asked'] == 1 else []\n"
    handing_out(clone, body, 'load="append"')
    clone.run()
    for _ in range(2):
        clone.refresh()
        assert clone.ask("from shop.orders") == [(1,)]
    with clone.opened() as service:
        leaf = clone.leaves()["shop.orders"]
        build = service.workspace.lake.objects.builds([leaf.build])[leaf.build]
        assert build.contract["extract"]["state"] == {"asked": 3}
    clone.undo()
    clone.refresh()
    clone.run("shop.orders", force=True)
    with clone.opened() as service:
        leaf = clone.leaves()["shop.orders"]
        build = service.workspace.lake.objects.builds([leaf.build])[leaf.build]
        assert build.contract["extract"]["state"] == {"asked": 1}
