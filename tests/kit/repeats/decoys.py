"""What looks as if it were done over and over, and is not: nobody would thank for doing these for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kit.repeats.true import CUSTOMERS, ORDERS, _salt

if TYPE_CHECKING:
    from kit.repeats.month import Month


# -- questions


def worked_on_for_a_day(month: Month, name: str) -> list[str]:
    """One person on one day, again and again, until it is right."""
    who, day, salt = month.person(), month.day(), _salt(month)
    start = month.at(day, 10, 1)
    found = []
    for number in range(month.chance.randint(4, 12)):
        sql = f"select region, sum({salt}) from shop.orders where amount > {number} group by region"
        found.append(month.ask(name, start + timedelta(minutes=7 * number), who, sql, datasets=ORDERS))
    return found


def twice(month: Month, name: str) -> list[str]:
    """Two times, weeks apart."""
    who, salt = month.person(), _salt(month)
    sql = f"select channel, avg({salt}) from shop.orders group by channel"
    return [month.ask(name, month.at(day), who, sql, datasets=ORDERS) for day in month.days(2)]


def two_days(month: Month, name: str) -> list[str]:
    """One person, at an evening and at the next morning."""
    who, salt, day = month.person(), _salt(month), month.day(0, 50)
    sql = f"select channel, max({salt}) from shop.orders group by channel"
    moments = [month.at(day, 15, 1), month.at(day, 16.5, 0.2), month.at(day + 1, 8, 0.3), month.at(day + 1, 9, 0.3)]
    return [month.ask(name, at, who, sql, datasets=ORDERS) for at in moments]


def a_dashboard(month: Month, name: str) -> list[str]:
    """A BI tool that asks each morning, to the second."""
    salt, hour = _salt(month), month.chance.uniform(0, 23)
    sql = f"select region, count(*), sum({salt}) from shop.orders group by region"
    days = range(month.chance.randint(0, 30), 60)
    return [month.ask(name, month.exactly(day, hour), "bi", sql, face="http", datasets=ORDERS) for day in days]


def two_dashboards(month: Month, name: str) -> list[str]:
    """Two accounts of tools that ask several times an hour."""
    salt, day = _salt(month), month.chance.uniform(0, 50)
    sql = f"select status, sum({salt}) from shop.orders group by status"
    return [
        month.ask(name, month.exactly(day, number / 4 + 0.01 * place), who, sql, face="http", datasets=ORDERS)
        for number in range(24)
        for place, who in enumerate(("bi", "metabase"))
    ]


def a_loop(month: Month, name: str) -> list[str]:
    """A script that sleeps an hour between two questions, so that it drifts."""
    salt, at = _salt(month), month.at(month.day(0, 50), 9, 3)
    sql = f"select sum({salt}) as total, channel from shop.orders group by channel"
    found = []
    for _ in range(30):
        found.append(month.ask(name, at, "dan", sql, face="python", datasets=ORDERS))
        at += timedelta(hours=1, seconds=month.chance.uniform(2, 9))
    return found


def a_look(month: Month, name: str) -> list[str]:
    """A look at the first rows: everybody does it."""
    table = f"shop.t{_salt(month)}"
    found = []
    for day in month.days(6):
        sql = f"select * from {table} limit {month.chance.choice((5, 10, 100))}"
        found.append(month.ask(name, month.at(day), month.person(), sql, datasets=(table,)))
    return found


def how_many(month: Month, name: str) -> list[str]:
    """How many rows there are."""
    table = f"shop.t{_salt(month)}"
    sql = f"select count(*) from {table} where day = '2026-03-0{{}}'"
    return [
        month.ask(name, month.at(day), month.person(), sql.format(number + 1), datasets=(table,))
        for number, day in enumerate(month.days(6))
    ]


def another_question_each_time(month: Month, name: str) -> list[str]:
    """The same words with values that make it another question: another grain, another way to count."""
    who, salt = month.person(), _salt(month)
    days = month.days(4)
    grains = month.chance.sample(("day", "week", "month", "quarter", "year"), len(days))
    return [
        month.ask(
            name,
            month.at(day),
            who,
            f"select date_trunc('{grain}', ordered_at), sum({salt}) from shop.orders group by 1",
            datasets=ORDERS,
        )
        for day, grain in zip(days, grains, strict=True)
    ]


def one_row(month: Month, name: str) -> list[str]:
    """Somebody calls, and their order is looked up."""
    table = f"shop.t{_salt(month)}"
    return [
        month.ask(
            name,
            month.at(day),
            month.person(),
            f"select * from {table} where order_id = {month.chance.randrange(10**6)}",
            datasets=(table,),
        )
        for day in month.days(8)
    ]


def answered_by_a_dataset(month: Month, name: str) -> list[str]:
    """There is a dataset that says it; they don't know."""
    salt = _salt(month)
    sql = f"select month, sum({salt}) from shop.orders where region = '{{}}' group by month"
    found = [
        month.ask(name, month.at(day), month.person(), sql.format(month.chance.choice(("EU", "US"))), datasets=ORDERS)
        for day in month.days(5)
    ]
    month.records.answered[month.records.asked[-1].sql] = f"marts.{salt}"
    return found


def columns_that_change(month: Month, name: str) -> list[str]:
    """Somebody looks at another column each time."""
    who = month.person()
    return [
        month.ask(
            name,
            month.at(day),
            who,
            f"select region, sum({_salt(month)}) from shop.orders group by region",
            datasets=ORDERS,
        )
        for day in month.days(5)
    ]


def of_the_platform(month: Month, name: str) -> list[str]:
    """What pages and promises ask by themselves."""
    sql = f"select max({_salt(month)}), min(ordered_at), region from shop.orders group by region"
    return [
        month.ask(
            name,
            month.at(day),
            month.person(),
            sql,
            face=month.chance.choice(("show", "due")),
            datasets=CUSTOMERS,
        )
        for day in month.days(9)
    ]


# -- runs


def of_the_scheduler(month: Month, name: str) -> list[str]:
    """Nobody did it."""
    what = f"shop.{_salt(month)}"
    return [month.run(name, month.exactly(day, 5), "andon", what, face="schedule") for day in range(10, 40)]


def by_cron(month: Month, name: str) -> list[str]:
    """A line in a crontab does it, under a person's name."""
    what, who, hour = f"shop.{_salt(month)}", month.person(), month.chance.uniform(0, 23)
    return [month.run(name, month.exactly(day, hour), who, what) for day in range(5, 45)]


def three_on_one_day(month: Month, name: str) -> list[str]:
    """Until it went well."""
    what, who, day = f"shop.{_salt(month)}", month.person(), month.day()
    statuses = ["failed", "failed", "held", "done", "done"]
    return [
        month.run(name, month.at(day, 9 + number, 0.3), who, what, status=status)
        for number, status in enumerate(statuses)
    ]


def run_twice(month: Month, name: str) -> list[str]:
    """Two times."""
    what, who = f"marts.{_salt(month)}", month.person()
    return [month.run(name, month.at(day), who, what) for day in month.days(2)]


def another_selection(month: Month, name: str) -> list[str]:
    """Something else each time."""
    who, salt = month.person(), _salt(month)
    return [month.run(name, month.at(day), who, f"shop.{salt}", f"marts.{_salt(month)}") for day in month.days(5)]


def changes(month: Month, name: str) -> list[str]:
    """Somebody works on a dataset, day by day."""
    what, who = f"marts.{_salt(month)}", month.person()
    return [month.run(name, month.at(day), who, what, kind="change", command="run") for day in month.days(8)]


def beside_main(month: Month, name: str) -> list[str]:
    """On a branch, which is gone when it is done."""
    what, who = f"marts.{_salt(month)}", month.person()
    return [month.run(name, month.at(day), who, what, branch="try") for day in month.days(6)]


def has_a_schedule(month: Month, name: str) -> list[str]:
    """It runs by itself, and somebody could not wait."""
    what, who = f"shop.{_salt(month)}", month.person()
    month.records.scheduled.add(what)
    return [month.run(name, month.at(day), who, what) for day in month.days(4)]


def never_done(month: Month, name: str) -> list[str]:
    """It failed each time."""
    what, who = f"shop.{_salt(month)}", month.person()
    return [month.run(name, month.at(day), who, what, status="failed") for day in month.days(4)]


def day_and_next_day(month: Month, name: str) -> list[str]:
    """Four times, on two days."""
    what, who, day = f"shop.{_salt(month)}", month.person(), month.day(0, 50)
    moments = [month.at(day, 9, 1), month.at(day, 13, 1), month.at(day + 1, 9, 1), month.at(day + 1, 15, 1)]
    return [month.run(name, at, who, what) for at in moments]


# -- files


def changing_columns(month: Month, name: str) -> list[str]:
    """Each has other columns."""
    who, salt = month.person(), _salt(month)
    found = []
    for number in range(5):
        stem = f"{salt}_{number + 1:02d}"
        columns = f"id:BIGINT v{number}:DOUBLE"
        found.append(month.file(name, month.at(8 * number), who, f"wild.{stem}", f"raw/{stem}.csv", columns))
    return found


def changing_types(month: Month, name: str) -> list[str]:
    """The columns are called the same, and hold something else."""
    who, salt = month.person(), _salt(month)
    found = []
    for number, kind in enumerate(("BIGINT", "VARCHAR", "DATE", "DOUBLE")):
        stem = f"{salt}_{number + 1:02d}"
        columns = f"id:BIGINT v:{kind}"
        found.append(month.file(name, month.at(8 * number), who, f"wild.{stem}", f"raw/{stem}.csv", columns))
    return found


def lists_of_names(month: Month, name: str) -> list[str]:
    """Lists that all have a number and a name, of different things."""
    salt = _salt(month)
    found = []
    for number, what in enumerate(month.chance.sample(("vendors", "regions", "brands", "stores", "colours"), 4)):
        path = f"raw/{what}{salt}.csv" if number % 2 else f"raw/{salt}{what}.csv"
        columns = "id:BIGINT name:VARCHAR"
        at = month.at(8 * number)
        found.append(month.file(name, at, month.person(), f"ref.{what}_{salt}", path, columns))
    return found


def two_files(month: Month, name: str) -> list[str]:
    """Two, so far."""
    who, salt = month.person(), _salt(month)
    return [
        month.file(
            name, month.at(20 * n), who, f"crm.{salt}_{n + 1}", f"raw/{salt}_{n + 1}.csv", f"id:BIGINT {salt}:DOUBLE"
        )
        for n in range(2)
    ]


def one_source(month: Month, name: str) -> list[str]:
    """A source that reads whatever comes there: it is automated."""
    who, salt = month.person(), _salt(month)
    columns = f"id:BIGINT {salt}:DOUBLE"
    return [month.file(name, month.at(9 * n), who, f"crm.{salt}", f"raw/{salt}_{n + 1}.csv", columns) for n in range(6)]


def read_in_other_ways(month: Month, name: str) -> list[str]:
    """Each needs a query of its own."""
    who, salt = month.person(), _salt(month)
    return [
        month.file(
            name,
            month.at(9 * n),
            who,
            f"crm.{salt}_{n + 1}",
            f"raw/{salt}_{n + 1}.csv",
            f"id:BIGINT {salt}:DOUBLE",
            f"select id, {salt} * {n + 2} from read_csv(?, skip = {n})",
        )
        for n in range(4)
    ]


def once_per_thing(month: Month, name: str) -> list[str]:
    """Two of a kind in one folder and others elsewhere."""
    who, salt = month.person(), _salt(month)
    found = []
    for number, folder in enumerate(("finance", "hr", "sales", "ops")):
        path = f"raw/{folder}/{folder}_{salt}.csv"
        columns = "code:VARCHAR label:VARCHAR"
        found.append(month.file(name, month.at(7 * number), who, f"{folder}.{salt}", path, columns))
    return found


# -- corrections


def undone(month: Month, name: str) -> list[str]:
    """It was done, and taken back."""
    return _tried(month, name, lambda _: {"action": "quarantine", "is_undone": True})


def did_not_help(month: Month, name: str) -> list[str]:
    """It was done each time, and did not help."""
    return _tried(month, name, lambda _: {"action": "reload", "outcome": "failed"})


def something_else_each_time(month: Month, name: str) -> list[str]:
    """Each time something else helped."""
    ways = month.chance.sample(("reload", "retry", "backfill", "accept", "undo", "quarantine"), 6)
    return _tried(month, name, lambda number: {"action": ways[number]})


def other_words_each_time(month: Month, name: str) -> list[str]:
    """The same verb, to another end each time."""
    return _tried(month, name, lambda number: {"action": "backfill", "params": {"from": f"2026-01-0{number + 1}"}})


def by_itself(month: Month, name: str) -> list[str]:
    """A playbook does it."""
    return _tried(month, name, lambda _: {"action": "retry", "mode": "automatic"})


def one_incident(month: Month, name: str) -> list[str]:
    """One incident, three attempts."""
    dataset, at = f"shop.{_salt(month)}", month.at(month.day())
    incident = month.incident(name, at, "check", dataset, hours=30)
    for number in range(4):
        month.fix(at + timedelta(hours=number + 1), incident, "check", dataset, "reload", "ben")
    return []


def twice_so_far(month: Month, name: str) -> list[str]:
    """Two incidents, fixed in one way."""
    dataset = f"shop.{_salt(month)}"
    for day in month.days(2):
        at = month.at(day)
        incident = month.incident(name, at, "late", dataset)
        month.fix(at + timedelta(hours=1), incident, "late", dataset, "reload", "ana")
    return []


def mostly_needless(month: Month, name: str) -> list[str]:
    """It was done twice; most of the time it goes away by itself."""
    dataset, kind = f"stripe.{_salt(month)}", "late"
    for number, day in enumerate(month.days(9)):
        at = month.at(day)
        incident = month.incident(name, at, kind, dataset, hours=1.5)
        if number in (1, 6):
            month.fix(at + timedelta(hours=1), incident, kind, dataset, "reload", "carla")
    return []


def expected(month: Month, name: str) -> list[str]:
    """A check that people say is wrong: what is needed is another check."""
    dataset = f"shop.{_salt(month)}"
    for number, day in enumerate(month.days(6)):
        at = month.at(day)
        verdict = None if number < 2 else month.chance.choice(("expected", "no-problem"))
        incident = month.incident(name, at, "check", dataset, verdict=verdict)
        if number < 2:
            month.fix(at + timedelta(hours=1), incident, "check", dataset, "accept", "ben")
    return []


def another_kind(month: Month, name: str) -> list[str]:
    """One dataset with all kinds of incidents."""
    dataset = f"shop.{_salt(month)}"
    for day, kind in zip(month.days(4), ("late", "check", "failed", "schema"), strict=True):
        at = month.at(day)
        incident = month.incident(name, at, kind, dataset)
        month.fix(at + timedelta(hours=1), incident, kind, dataset, "reload", "dan")
    return []


def _tried(month: Month, name: str, how: object) -> list[str]:
    dataset, kind = f"shop.{_salt(month)}", month.chance.choice(("check", "late", "failed"))
    for number, day in enumerate(month.days(month.chance.randint(4, 6))):
        at = month.at(day)
        incident = month.incident(name, at, kind, dataset)
        said = how(number)  # type: ignore[operator]
        month.fix(at + timedelta(hours=1), incident, kind, dataset, who=month.person(), **said)
    return []


STORIES = {
    "query": [
        worked_on_for_a_day,
        twice,
        two_days,
        a_dashboard,
        two_dashboards,
        a_loop,
        a_look,
        how_many,
        another_question_each_time,
        one_row,
        answered_by_a_dataset,
        columns_that_change,
        of_the_platform,
    ],
    "run": [
        of_the_scheduler,
        by_cron,
        three_on_one_day,
        run_twice,
        another_selection,
        changes,
        beside_main,
        has_a_schedule,
        never_done,
        day_and_next_day,
    ],
    "file": [
        changing_columns,
        changing_types,
        lists_of_names,
        two_files,
        one_source,
        read_in_other_ways,
        once_per_thing,
    ],
    "correction": [
        undone,
        did_not_help,
        something_else_each_time,
        other_words_each_time,
        by_itself,
        one_incident,
        twice_so_far,
        mostly_needless,
        expected,
        another_kind,
    ],
}
