"""Hints by which a project gets simpler: found by who reads what, written out, taken on a branch, and then they are gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import Clone


class Days:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=700)
        return self.now


RAW = "id,customer,amount,note\n1,ada,10,x\n2,ben,20,y\n3,ada,5,z\n"
SOURCE = "select id, customer, amount, note from read_csv('raw/orders_*.csv')\n"


def reads(name: str, more: str = "") -> str:
    return f"{more}select id, amount from staging.{name}\n"


def staged(more: str = "", sql: str = "select id, amount from shop.orders\n") -> str:
    return f"{more}{sql}"


#: Datasets with one reader each, `staging.NAME` and `marts.NAME`: what is put in, and what is not, by its name.
ONE_READER: Mapping[str, tuple[str, str]] = {
    "plain": (staged(), reads("plain")),
    "starred": ("select * from shop.orders\n", "select * from staging.starred -- all of it\n"),
    "clashing": (
        staged(),
        "with clashing as (select 1 as id)\nselect c.id, s.amount from clashing c join staging.clashing s using (id)\n",
    ),
    "recursing": (
        "with recursive n as (select 1 as id union all select id + 1 from n where id < 3) select n.id, n.id as amount from n, shop.orders as o limit 1\n",
        reads("recursing"),
    ),
    "counted": (
        "with recursive n as (select 1 as id union all select id + 1 from n where id < 3) select n.id, o.amount from n join shop.orders o using (id)\n",
        reads("counted"),
    ),
    "summed": ("select id, sum(amount) as amount from shop.orders group by id\n", reads("summed")),
    "order": (staged(), 'select "order".id, amount from "staging"."order"\n'),
    "viewing": (
        staged(
            "/*---\nmaterialize: view\n---*/\n", "select id, net(amount, by_share := 3) as amount from shop.orders\n"
        ),
        reads("viewing", "/*---\nmaterialize: view\n---*/\n"),
    ),
    "described": (staged("/*---\ndescription: Lines.\ncolumns:\n  amount: In euro.\n---*/\n"), reads("described")),
    # and those that stay
    "checked": (staged("/*---\nchecks: |\n  amount > 0\n---*/\n"), reads("checked")),
    "keyed": (staged("/*---\nkey: id\n---*/\n"), reads("keyed")),
    "caveated": (staged("/*---\ncaveats: [One of two]\n---*/\n"), reads("caveated")),
    "warned": (staged("/*---\ncaveats: [A third of it]\n---*/\n"), reads("warned")),
    "handling": (
        staged("/*---\nhandles: {one_of_two: by a factor}\n---*/\n", "select id, amount from staging.caveated\n"),
        reads("handling"),
    ),
    "growing": (staged("/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\n"), reads("growing")),
    "tested": (staged(), reads("tested")),
    "insightful": (staged(), reads("insightful")),
    "queried": (staged(), reads("queried")),
    "ruled": (staged(), reads("ruled")),
    "asked": (staged(), reads("asked")),
    "doubled": (
        staged("/*---\ncolumns:\n  amount: In euro.\n---*/\n"),
        "select id, amount * 2 as amount from staging.doubled\n",
    ),
    "chosen": (staged("", "select any_value(id) as id, amount from shop.orders group by amount\n"), reads("chosen")),
    "personal": (staged("/*---\ncolumns:\n  amount: {pii: true}\n---*/\n"), reads("personal")),
    "referred": (
        staged(),
        "/*---\nchecks: |\n  id -> staging.referred.id\n---*/\nselect id, amount from staging.referred\n",
    ),
    "scheduled": (staged("/*---\nrefresh: {every: 2d}\n---*/\n"), reads("scheduled")),
    "owned": (staged("/*---\nowner: ben\n---*/\n"), reads("owned")),
    "limited": (staged(), "select id, amount from staging.limited limit 1\n"),
}
STAYS = frozenset(list(ONE_READER)[list(ONE_READER).index("checked") :]) | {"recursing"}
FILES = {
    "andon.toml": "",
    "raw/orders_05.csv": RAW,
    "sources/shop/orders.sql": SOURCE,
    **{
        # no two of them are the same
        f"datasets/staging/{name}.sql": inner
        if inner.startswith("with")
        else inner.replace("from shop.orders\n", f"from shop.orders where id <> {at + 10}\n").replace(
            "from shop.orders group", f"from shop.orders where id <> {at + 10} group"
        )
        for at, (name, (inner, _)) in enumerate(ONE_READER.items())
    },
    **{f"datasets/marts/{name}.sql": f"-- {name}\n{outer}" for name, (_, outer) in ONE_READER.items()},
    "datasets/staging/snake.sql": staged(),
    "datasets/marts/snake.py": (
        'from andon import dataset, read\n\n\n@dataset()\ndef snake(lines=read("staging.snake")):\n'
        '    """Lines."""\n    return lines.filter("amount > 0")\n'
    ),
    "macros/money.sql": (
        "-- without tax\ncreate macro net(a, by_share := 2) as a / by_share;\n-- a half\ncreate macro half(a) as a / 2;\n"
        "create macro never(a) as a;\ncreate macro held(a) as a > 0;\n"
    ),
    "datasets/marts/halves.sql": "select id, half(amount + 1) as amount -- half of it\nfrom shop.orders\n",
    "datasets/marts/positive.sql": "/*---\nchecks: |\n  held(amount) = true\n---*/\nselect id, held(amount) as amount from shop.orders\n",
    "datasets/marts/rows_of.sql": "select o.id, o.note from shop.orders as o where 0 < o.amount\n",
    "datasets/marts/lines_of.sql": "select id, note from shop.orders where amount > 0\n",
    "datasets/marts/repeating.sql": (
        "/*---\nkey: id\nchecks: |\n  not null id\n  amount 0..100\n  # wider\n  amount 0..1000\n  amount 0..1000 warn\n  wide: amount 0..2000\n"
        "  note in x, y, z, w\n  note in x, y, z\n  amount 0..90 warn\n---*/\nselect id, amount, note from shop.orders\n"
    ),
    "datasets/marts/wide.sql": "select id, customer, -- who\n  amount, note,\n  id + amount as sum_of\nfrom shop.orders\n",
    "datasets/marts/narrow.sql": "select id, sum_of from marts.wide\n",
    "tests/tested.yml": (
        "- name: same\n  dataset: marts.tested\n  given:\n    staging.tested:\n      - {id: 1, amount: 2}\n  expect:\n    - {id: 1, amount: 2}\n"
    ),
    "insights/lines.yml": "title: How many?\nuses: [staging.insightful.amount]\n",
    "queries/lines.sql": "select amount from staging.queried where id = $id\n",
    "checks/lines.sql": "select * from staging.ruled where amount < 0\n",
}
INLINED = {name for name in ONE_READER if name not in STAYS}


@pytest.fixture(scope="module")
def messy(tmp_path_factory) -> Clone:
    """A lake of 40 days, with questions of then."""
    clone = Clone(tmp_path_factory.mktemp("messy") / "acme", clock=Days())
    clone.fill(FILES)
    done = clone.run()
    assert done.published, (done.held, done.failed_checks, [t.error for t in done.tasks if t.error])
    clone.clock.now += timedelta(days=40)
    with clone.opened() as service:
        ben = service.by(Caller("ben", "python"))
        ben.querying.ask("select amount from staging.asked").fetch()
        ben.querying.ask("select customer from marts.wide").fetch()
    return clone


@pytest.fixture
def lake(messy, tmp_path) -> Clone:
    clock = Days()
    clock.now = messy.clock.now
    return Clone(Path(copytree(messy.root, tmp_path / "acme")), clock=clock)


def told(service: Service) -> set[tuple[str, str]]:
    return {(str(each.kind), each.subject) for each in service.simplifying.list().hints}


def test_each_case_is_told_or_is_not(lake):
    with lake.opened() as service:
        found = told(service)
    print(found)
    assert {subject for kind, subject in found if kind in ("inline", "view")} == {f"staging.{name}" for name in INLINED}
    assert ("view", "staging.viewing") in found


def test_dbg(lake):
    with lake.opened() as service:
        from andon.simplify.columns import unread
        from andon.workspace.view import View

        v = View.at(service.workspace, "main")
        sc = service.simplifying._scenes.scene(v)
        w = sc.project.datasets["marts.wide"]
        print(
            unread(sc, w),
            sc.asked.get("marts.wide"),
            sc.graph.out_of.get("marts.wide"),
            sc.named_in.get("marts.wide"),
            sc.readers.get("marts.wide"),
        )
        for h in service.simplifying.list().hints:
            print(h.number, h.kind, h.title)
        assert 0
