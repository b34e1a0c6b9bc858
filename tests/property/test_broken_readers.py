"""Whom a change breaks, judged by what happens: what people asked is asked again where the change was published, and named are just those
who are not answered any more, or with other columns."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError
from andon.model.broken_reader import Breaking, BrokenReaderKind
from andon.model.plan import Plan
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import Clone

EXAMPLES = int(os.environ.get("ANDON_BROKEN", "4"))
ORDERS = "id,customer,amount,day\n1,ada,10,5\n2,ben,20,6\n3,ada,5,7\n4,ada,5,7\n"
COLUMNS = {"id": "id", "customer": "customer", "amount": "amount", "day": "day", "twice": "amount * 2"}


def files(columns: Mapping[str, str], *, has_side: bool = True, has_sum: bool = True) -> dict[str, str]:
    """A table, a view of it, a view over that view, and a dataset beside them."""
    listed = ", ".join(f"{value} as {name}" for name, value in columns.items())
    total = next((name for name in columns if name in ("amount", "worth")), None)
    summed = f", sum({total})::bigint as total" if total is not None and has_sum else ""
    by = "customer" if "customer" in columns else "'all' as customer"
    group = " group by customer" if "customer" in columns else ""
    made = {
        "andon.toml": "",
        "raw/orders.csv": ORDERS,
        "sources/shop/orders.sql": "select id, customer, amount, day from read_csv('raw/orders.csv')\n",
        "datasets/marts/a.sql": f"select {listed} from shop.orders\n",
        "datasets/marts/v.sql": "/*---\nmaterialize: view\n---*/\nselect * from marts.a\n",
        "datasets/marts/w.sql": f"/*---\nmaterialize: view\n---*/\nselect {by}, count(*) as n{summed} from marts.v{group}\n",
    }
    if has_side:
        made["datasets/marts/side.sql"] = "select customer, id as k, day from shop.orders\n"
    return made


def question(pick: random.Random) -> str:
    """Something that people ask."""
    of = {
        "marts.a": [*COLUMNS],
        "marts.v": [*COLUMNS],
        "marts.w": ["customer", "n", "total"],
        "marts.side": ["customer", "k", "day"],
    }
    name = pick.choice(sorted(of))
    some = pick.sample(of[name], pick.randint(1, len(of[name])))
    one, two = pick.choice(of[name]), pick.choice(of[name])
    return pick.choice(
        [
            f"select {', '.join(some)} from {name}",
            f"select * from {name}",
            f"from {name}",
            f"select {one} from {name} where {two} is not null order by {pick.choice(of[name])}",
            f"select count(*) as n from {name}",
            f"select count(distinct {one}) as n from {name}",
            f"select {one} from (select * from {name})",
            f"select {one} from (select {one}, {two} as x from {name})",
            f"select * exclude ({one}) from {name}",
            f"select customer as {one}, {one} as z from {name}",
            f"select s.k, a.{pick.choice([*COLUMNS])} from marts.side s join marts.a a using (customer)",
            f"select * from marts.side natural join {name}",
            f"with x as (from {name}) select {one} from x",
            f"select columns('{one}|k') from {name}",
            f"select {one} from {name} union all select {one} from {name}",
            f"select max({one}) over (partition by {two}) as m from {name}",
            f"explain select {one} from {name}",
        ]
    )


def changed(pick: random.Random) -> tuple[str, dict[str, str]]:
    """Another project, and how it came about."""
    how = pick.choice(["drop", "rename", "type", "gone", "total", "add"])
    columns = dict(COLUMNS)
    victim = pick.choice(sorted(columns))
    if how == "drop":
        del columns[victim]
    elif how == "rename":
        new = "worth" if victim == "amount" else "k" if victim == "id" else "other"
        columns = {new if name == victim else name: value for name, value in columns.items()}
    elif how == "type":
        columns[victim] = f"({columns[victim]})::{'varchar' if victim != 'customer' else 'blob'}"
        if victim == "amount":
            columns[victim] = "amount::double"
    elif how == "add":
        columns[pick.choice(["k", "n", "extra"])] = "7"
    return how, files(columns, has_side=how != "gone", has_sum=how != "total")


def answer(
    service: Service, who: str, sql: str, at: str | None = None
) -> tuple[Sequence[tuple[str, str]], Counter[object]] | None:
    """Columns and rows; None where it fails."""
    try:
        found = service.by(Caller(who, "http")).querying.ask(sql, at)
        return list(zip(found.columns, found.types, strict=True)), Counter(found.fetch())
    except AndonError:
        return None


def named(plan: Plan) -> dict[str, Breaking]:
    """The people whom a plan breaks, each once."""
    found = [reader for step in plan.steps for reader in step.readers if reader.kind is BrokenReaderKind.PERSON]
    return {reader.name: reader.how for reader in found}


def judge(how: str, sql: str, told: Breaking | None, before: object, after: object) -> None:
    """That what was said of a question is what became of it."""
    assert before is not None
    if after is None:
        # of values that another type does not take, no binder knows: those who use it are named
        assert told is Breaking.FAILS or (how == "type" and told is not None)
        return
    rest = iter(after[0])
    keeps = all(column in rest for column in before[0])
    assert (told is Breaking.COLUMNS) == (not keeps)
    assert told is not Breaking.FAILS
    assert told is not Breaking.UNKNOWN
    if told is None and "marts.w" not in sql:  # which is edited with what it reads, and may have other rows
        assert len(before[0]) < len(after[0]) or before[1] == after[1]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40))
def test_named_are_just_those_whose_questions_are_answered_otherwise(seed: int) -> None:
    pick = random.Random(seed)
    with TemporaryDirectory() as place:
        clone = Clone(Path(place) / "acme")
        clone.fill(files(COLUMNS))
        clone.run()
        asked = {f"p{number}": question(pick) for number in range(12)}
        with clone.opened() as service:
            before = {who: found for who, sql in asked.items() if (found := answer(service, who, sql)) is not None}
        how, after = changed(pick)
        for path in files(COLUMNS).keys() - after.keys():
            clone.write(path, None)
        clone.fill(after)
        ahead = named(clone.plan(drop=True))
        clone.run(branch="try", drop=True)
        with clone.opened() as service:
            published = named(service.branches.plan_publish("try"))
            assert published == ahead
            for who, found in before.items():
                told = ahead.pop(who, None)
                result = answer(service, "judge", asked[who], "try")
                try:
                    judge(how, asked[who], told, found, result)
                except AssertionError as error:
                    raise AssertionError(f"{how}, {told}: {asked[who]}\n{found}\n{result}\n{after}") from error
        assert ahead == {}
