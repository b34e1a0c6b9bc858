"""Hints by which a project gets simpler: found by who reads what, written out, taken on a branch, and then they are gone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from andon.errors import ConflictError, UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.state.queries import QueryRecord
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
        "with recursive n as (select 1 as id union all select id + 1 from n where id < 3)"
        " select n.id, n.id as amount from n, shop.orders as o limit 1\n",
        reads("recursing"),
    ),
    "counted": (
        "with recursive n as (select 1 as id union all select id + 1 from n where id < 3)"
        " select n.id, o.amount from n join shop.orders o using (id)\n",
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
        "/*---\nkey: id\nchecks: |\n  not null id\n  amount 0..100\n  # wider\n  amount 0..1000\n  amount 0..1000 warn\n"
        "  wide: amount 0..2000\n"
        "  note in x, y, z, w\n  note in x, y, z\n"
        "  amount 0..90 warn\n---*/\nselect id, amount, note from shop.orders\n"
    ),
    "datasets/marts/wide.sql": "select id, customer, -- who\n  amount, note,\n  id + amount as sum_of\nfrom shop.orders\n",
    "datasets/marts/narrow.sql": "select id, sum_of from marts.wide\n",
    "tests/tested.yml": (
        "- name: same\n  dataset: marts.tested\n  given:\n    staging.tested:\n"
        "      - {id: 1, amount: 2}\n  expect:\n    - {id: 1, amount: 2}\n"
    ),
    "insights/lines.yml": "title: How many?\nuses: [staging.insightful.amount]\n",
    "queries/lines.sql": "select amount from staging.queried where id = $id\n",
    "checks/lines.sql": "select * from staging.ruled where amount < 0\n",
}
INLINED = {name for name in ONE_READER if name not in STAYS}


def asked(who: str, dataset: str, *columns: str, at: str = "2026-04-11T09:00:00.000000Z") -> QueryRecord:
    """A question as a server writes it down."""
    named = tuple(f"{dataset}.{column}" for column in columns)
    return QueryRecord(at, who, "http", f"from {dataset}", (dataset,), None, 0.1, 1, None, named)


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
        service.workspace.query_log.add(asked("ben", "marts.wide", "customer"))
    return clone


@pytest.fixture
def lake(messy, tmp_path) -> Clone:
    clock = Days()
    clock.now = messy.clock.now
    return Clone(Path(copytree(messy.root, tmp_path / "acme")), clock=clock)


def told(service: Service) -> dict[tuple[str, str], int]:
    return {(str(each.kind), each.subject): each.number for each in service.simplifying.list().hints}


def contents(clone: Clone) -> dict[str, tuple[list[str], list[tuple]]]:
    """The rows of all datasets."""
    found = {}
    with clone.opened() as service:
        for name in clone.leaves():
            # by a face by which nobody reads
            answer = service.by(Caller("ana", "show")).querying.ask(f"from {name}")
            found[name] = list(answer.columns), sorted(answer.fetch(), key=repr)
    return found


def publish(service: Service, branch: str) -> None:
    assert service.branches.publish(branch, options=RunOptions(agreed=ANY_PLAN)).published


def test_each_case_is_told_or_is_not(lake):
    with lake.opened() as service:
        found = told(service)
        inlined = {subject for kind, subject in found if kind in ("inline", "view")}
        assert inlined == {f"staging.{name}" for name in INLINED}
        assert ("view", "staging.viewing") in found
        others = {key for key in found if key[0] not in ("inline", "view")}
        assert others == {
            ("same", "marts.rows_of"),
            ("same", "marts.caveated"),
            ("check", "marts.repeating"),
            ("columns", "marts.wide"),
            ("macro", "macro:half"),
            ("macro", "macro:net"),
            ("macro", "macro:never"),
        }
        repeated = [h.title for h in service.simplifying.list().hints if h.kind == "check"]
        assert sorted(repeated) == [
            "take the check `amount 0..1000 warn` off `marts.repeating`",
            "take the check `amount 0..1000` off `marts.repeating`",
            "take the check `not null id` off `marts.repeating`",
            "take the check `note in x, y, z, w` off `marts.repeating`",
        ]
        wide = service.simplifying.show(found["columns", "marts.wide"])
        assert (wide.verdict, wide.problem) == ("contract", None)
        assert "select id, customer, -- who\n  amount, id + amount as sum_of\n" in wide.files[0].after
        described = service.simplifying.show(found["inline", "staging.described"])
        made = described.files[1].after
        assert "columns:\n  amount: In euro.\n" in made
        assert "-- staging.described: Lines.\n--   amount: In euro.\n" in made
        halves = service.simplifying.show(found["macro", "macro:half"])
        assert {f.file: f.after for f in halves.files} == {
            "datasets/marts/halves.sql": (
                "select id, ((amount + 1) / 2) as amount -- half of it\nfrom shop.orders\n-- a half\n"
            ),
            "macros/money.sql": (
                "-- without tax\ncreate macro net(a, by_share := 2) as a / by_share;\n"
                "create macro never(a) as a;\ncreate macro held(a) as a > 0;\n"
            ),
        }
        assert service.simplifying.open_hints() == len(service.simplifying.list().hints)


def test_all_are_taken_one_after_the_other_and_no_answer_changes(lake):
    before = contents(lake)
    taken: list[tuple[str, str, str]] = []
    with lake.opened() as service:
        for (_, subject), number in told(service).items():
            if subject.partition(".")[2] in ("counted", "described", "order", "plain", "starred"):
                service.simplifying.dismiss(number)  # they are as the others
        while hints := [h for h in service.simplifying.list().hints if h.is_written]:
            assert len(taken) < 40, taken
            done = service.simplifying.accept(hints[0].number)
            assert done.state == "accepted", done.problem
            assert (hints[0].number, "open") not in {(h.number, h.state) for h in service.simplifying.list().hints}
            taken.append((str(done.kind), done.subject, done.title))
            publish(service, done.branch)
    assert len(set(taken)) == len(taken), "what was taken is not told again"
    after = contents(lake)
    gone = {subject for kind, subject, _ in taken if kind in ("inline", "view")}
    assert before.keys() - after.keys() == gone
    for name, (columns, rows) in after.items():
        kept = [before[name][0].index(column) for column in columns]
        assert rows == sorted((tuple(row[at] for at in kept) for row in before[name][1]), key=repr), name
        assert name == "marts.wide" or columns == before[name][0]
    assert {kind for kind, _, _ in taken} == {"inline", "view", "same", "check", "columns", "macro"}


def test_dismissed_stays_dismissed_while_it_is_about_the_same(lake):
    with lake.opened() as service:
        numbers = told(service)
        number, wide = numbers["inline", "staging.plain"], numbers["columns", "marts.wide"]
        assert service.simplifying.dismiss(number, "the shop reads it soon").why == "the shop reads it soon"
        service.simplifying.dismiss(wide)
        with pytest.raises(UsageError, match="there is no hint 99"):
            service.simplifying.dismiss(99)
    lake.write("datasets/staging/plain.sql", "select id, amount + 1 as amount from shop.orders\n")
    lake.write("datasets/marts/wide.sql", FILES["datasets/marts/wide.sql"].replace("note,", "note, 1 as one,"))
    assert lake.run().published
    with lake.opened() as service:
        found = told(service)
        assert ("inline", "staging.plain") not in found
        # one column more is another hint, of which those that were dismissed are no part
        assert "`one`" in service.simplifying.show(found["columns", "marts.wide"]).title
        assert "`note`" not in service.simplifying.show(found["columns", "marts.wide"]).title
        decided = {h.number: (h.state, h.who) for h in service.simplifying.list(decided=True).hints}
        assert decided[number] == ("dismissed", "ana")
    # read by another one alone it is another matter
    lake.write("datasets/marts/plain.sql", "select 1 as one\n")
    lake.write("datasets/marts/other.sql", reads("plain"))
    assert lake.run().published
    with lake.opened() as service:
        assert ("inline", "staging.plain") in told(service)


def test_who_decides_first_wins_and_a_dropped_branch_opens_it_again(lake):
    with lake.opened() as service:
        number = told(service)["inline", "staging.summed"]
        with pytest.raises(UsageError, match="is not written on main"):
            service.simplifying.accept(number, "main")
        done = service.simplifying.accept(number)
        assert (done.branch, done.state) == (f"simplify-{number}", "accepted")
        assert [s.dataset for s in service.simplifying.show(number).plan.steps if s.action == "drop"] == [
            "staging.summed"
        ]
        ben = service.by(Caller("ben", "python"))
        for refused in (lambda: ben.simplifying.accept(number), lambda: ben.simplifying.dismiss(number)):
            with pytest.raises(UsageError, match="was accepted"):
                refused()
        assert "staging.summed" in lake.leaves(), "main is as it was"
        service.branches.drop(done.branch)
        assert ("inline", "staging.summed") in told(service)
        # somebody asks it meanwhile: then nothing speaks for it any more
        service.workspace.query_log.add(asked("ben", "staging.summed", "id"))
        with pytest.raises(UsageError, match="nothing speaks for hint"):
            service.simplifying.accept(number)
        offer = service.workspace.hints.find(told(service)["inline", "staging.plain"])
        ben.simplifying.dismiss(offer.number)
        with pytest.raises(ConflictError, match="ben dismissed it meanwhile"):
            service.simplifying._decide(offer, "accepted", "aside", None)


def test_what_comes_out_otherwise_leaves_no_branch(lake):
    """A hint that was written for other rows: what is built is read, and not believed."""
    with lake.opened() as service:
        number = told(service)["inline", "staging.plain"]
        offer = service.workspace.hints.find(number)
        wrong = offer.body.replace("from shop.orders", "from shop.orders where false --")
        database = service.workspace.lake.database
        with database.write() as transaction:
            transaction.execute("update hint set body = ? where number = ?", [wrong, number])
        with pytest.raises(ConflictError, match=r"otherwise than on main: marts\.plain"):
            service.simplifying.accept(number)
        assert service.workspace.lake.refs.find(f"simplify-{number}") is None
        assert ("inline", "staging.plain") in told(service)


def test_a_schedule_is_as_fine_as_people_read(lake):
    lake.write("sources/shop/orders.sql", "/*---\nrefresh: {every: 10 min} # often\n---*/\n" + SOURCE)
    lake.write(
        "datasets/marts/soon.sql", "/*---\nrefresh: {every: 30 min}\n---*/\nselect count(*) as n from marts.wide\n"
    )
    assert lake.run().published
    with lake.opened() as service:
        for day in range(1, 9):
            at = f"2026-04-{day:02}T07:30:00.000000Z"
            service.workspace.query_log.add(asked("ben", "marts.wide", "customer", at=at))
            service.workspace.query_log.add(asked("ana", "marts.soon", "n", at=at))
        assert [s for k, s in told(service) if k == "schedule"] == [], "what is made of it is to be newer"
    lake.write("datasets/marts/soon.sql", None)
    assert lake.run().published
    with lake.opened() as service:
        found = service.simplifying.show(told(service)["schedule", "shop.orders"])
        assert found.files[0].after.startswith("/*---\nrefresh: {every: 1d}\n---*/\n")
        service.workspace.query_log.add(asked("eve", "marts.wide", "id", at="2026-04-03T19:30:00.000000Z"))
        assert ("schedule", "shop.orders") not in told(service)
        # an hour apart is one reading; a day on which it was read twice is not


def test_what_held_the_same_again_and_again_is_there_twice(lake):
    lake.write("datasets/marts/by_hand.sql", "select id, customer from shop.orders where amount >= 3\n")
    lake.write(
        "datasets/marts/by_sum.sql",
        "select id, any_value(customer) as customer from shop.orders group by id having sum(amount) > 2\n",
    )
    assert lake.run().published
    for number in range(2):
        with lake.opened() as service:
            assert ("same", "marts.by_sum") not in told(service), number
        lake.write(f"raw/orders_1{number}.csv", f"id,customer,amount,note\n{number + 20},zoe,9,x\n")
        assert lake.refresh().published
    with lake.opened() as service:
        found = service.simplifying.show(told(service)["same", "marts.by_sum"])
        assert "they held the same rows in 3 versions, and never others" in found.evidence
        assert found.files[0].after.startswith("/*---\ndeprecated: {use: marts.by_hand}\n---*/\n")
    lake.write("raw/orders_20.csv", "id,customer,amount,note\n30,zoe,1,x\n31,kim,3,x\n30,zoe,2,x\n")
    assert lake.refresh().published
    with lake.opened() as service:
        assert ("same", "marts.by_sum") not in told(service)


def test_nothing_is_looked_at_where_nothing_changed(lake, monkeypatch):
    with lake.opened() as service:
        first = service.simplifying.list()
        scenes = service.simplifying._scenes
        monkeypatch.setattr(scenes, "scene", lambda _: pytest.fail("it was looked for again"))
        assert service.simplifying.list() == first
    with lake.opened() as service:
        assert service.simplifying.list() == first


SHAPES = (
    "select id, {a} as a, amount from {x}",
    "select * from {x} where amount > {n}",
    "with x as (select * from {x}) select id, max(amount) as amount from x group by id",
    "select id, amount from {x} union all select id, {n} from {y}",
    "select x.id, y.amount from {x} as x join {y} as y on x.id = y.id",
)


@given(st.data())
@settings(
    max_examples=int(os.environ.get("ANDON_SIMPLIFY", "2")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)
def test_whatever_is_used_stays_and_whatever_goes_is_not_missed(tmp_path_factory, data):
    names = ["shop.orders"]
    files: dict[str, str] = {"andon.toml": "", "raw/orders_05.csv": RAW, "sources/shop/orders.sql": SOURCE}
    needs: dict[str, set[str]] = {}
    for number in range(data.draw(st.integers(3, 6))):
        x, y = (data.draw(st.sampled_from(names)) for _ in "xy")
        shape = data.draw(st.sampled_from(SHAPES))
        view = data.draw(st.sampled_from(("", "", "/*---\nmaterialize: view\n---*/\n")))
        name = f"marts.d{number}"
        files[f"datasets/marts/d{number}.sql"] = f"{view}-- of {number}\n{shape.format(x=x, y=y, n=number, a=number)}\n"
        needs[name] = {x, y} if "{y}" in shape else {x}
        names.append(name)
    used = set(data.draw(st.lists(st.sampled_from(names), max_size=2)))
    asked_of = set(data.draw(st.lists(st.sampled_from(names), max_size=2)))
    files |= {f"insights/{each.replace('.', '_')}.yml": f"title: What?\nuses: [{each}]\n" for each in used}
    clone = Clone(tmp_path_factory.mktemp("law") / "acme", clock=Days())
    clone.fill(files)
    assert clone.run().published
    clone.clock.now += timedelta(days=40)
    before = contents(clone)
    gone: set[str] = set()
    with clone.opened() as service:
        for each in asked_of:
            service.workspace.query_log.add(asked("ben", each, "id"))
        for step in range(30):
            hints = [h for h in service.simplifying.list().hints if h.is_written]
            for hint in hints:
                if hint.kind in ("inline", "view"):
                    there = [name for name, read in needs.items() if hint.subject in read and name not in gone]
                    assert hint.subject not in used | asked_of
                    assert step or len(there) == 1, (hint, needs)
                if hint.kind == "columns":
                    assert hint.subject not in used
            if not hints:
                break
            done = service.simplifying.accept(data.draw(st.sampled_from(hints)).number)
            assert done.state == "accepted", done.problem
            publish(service, done.branch)
            gone |= {done.subject} if done.kind in ("inline", "view") else set()
        else:
            pytest.fail("it goes on for ever")
    after = contents(clone)
    assert before.keys() - after.keys() == gone
    for name, (columns, rows) in after.items():
        kept = [before[name][0].index(column) for column in columns]
        assert rows == sorted((tuple(row[at] for at in kept) for row in before[name][1]), key=repr), name


def test_a_column_that_a_reader_names_stays_even_where_nothing_comes_of_it(tmp_path):
    clone = Clone(tmp_path / "acme", clock=Days())
    clone.root.mkdir()
    clone.fill(
        {
            "andon.toml": "",
            "raw/orders_05.csv": RAW,
            "sources/shop/orders.sql": SOURCE,
            "datasets/marts/all.sql": "select id, amount, note, customer from shop.orders\n",
            "datasets/marts/some.sql": "with a as (select id, amount, note from marts.all) select id from a\n",
            "datasets/marts/other.sql": "select id + 1 as id from marts.all\n",
            "insights/some.md": "---\nquestion: Some?\nuses: [marts.some, marts.other]\n---\n",
        }
    )
    assert clone.run().published
    clone.clock.now += timedelta(days=40)

    with clone.opened() as service:
        (hint,) = (each for each in service.simplifying.list().hints if each.kind == "columns")
        assert hint.title == "take 1 column off `marts.all`: `customer`"
        assert service.simplifying.accept(hint.number).state == "accepted"


def test_a_column_stays_that_stands_in_two_texts(tmp_path):
    """A dataset with Spark SQL of its own would lose it in one of them."""
    clone = Clone(tmp_path / "acme", clock=Days())
    clone.root.mkdir()
    clone.fill(
        {
            "andon.toml": "",
            "raw/orders_05.csv": RAW,
            "sources/shop/orders.sql": SOURCE,
            "datasets/marts/all.sql": "select id, customer from shop.orders\n",
            "datasets/marts/some.sql": "select id from marts.all\n",
            "datasets/marts/other.sql": "select id + 1 as id from marts.all\n",
            "insights/some.md": "---\nquestion: Some?\nuses: [marts.some, marts.other]\n---\n",
        }
    )
    for own, expected in (
        (None, ["take 1 column off `marts.all`: `customer`"]),
        ("select id, customer from shop.orders\n", []),
    ):
        if own is not None:
            clone.write("datasets/marts/all.spark.sql", own)
        assert clone.run().published
        clone.clock.now += timedelta(days=40)
        with clone.opened() as service:
            found = [each.title for each in service.simplifying.list().hints if each.kind == "columns"]
        assert found == expected
