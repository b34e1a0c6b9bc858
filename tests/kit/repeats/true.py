"""What is done over and over: each a story that anybody would want to have done for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kit.repeats.month import Month

ORDERS, CUSTOMERS = ("shop.orders",), ("shop.customers", "shop.orders")


def _salt(month: Month) -> str:
    """Something that makes the shapes of two stories two."""
    return "c" + "".join(month.chance.choices("bdfghjkmnprstvwxz", k=7))


# -- questions


def one_person_on_many_days(month: Month, name: str) -> list[str]:
    """The revenue of a region, typed anew each time, by values that vary."""
    who, salt = month.person(), _salt(month)
    found = []
    for number, day in enumerate(month.days(month.chance.randint(3, 9))):
        region = ("EU", "US", "APAC")[number % 3]
        alias = month.chance.choice(("month", "m", "mon"))
        total = month.chance.choice(("sum(amount)", "SUM(amount)", "sum( o.amount )"))
        table = "shop.orders o" if "o." in total else "shop.orders"
        sql = (
            f"select date_trunc('month', {salt}) as {alias}, {total} as revenue from {table}"
            f" where region = '{region}' group by 1 order by 1"
        )
        found.append(month.ask(name, month.at(day), who, sql, datasets=ORDERS))
    return found


def two_people(month: Month, name: str) -> list[str]:
    """A join that one asks, and another one too, on a day or two."""
    salt, day = _salt(month), month.day(0, 50)
    sql = (
        f"select c.segment, count(*) as orders, sum(o.{salt}) as revenue from shop.orders o"
        " join shop.customers c on c.customer_id = o.customer_id where o.ordered_at >= date '2026-0{}-01' group by all"
    )
    one, two = month.two()
    asks = [(day, one), (day + month.chance.randint(0, 4), two), (day + month.chance.randint(0, 6), two)]
    asks += [(month.day(day, 59), month.chance.choice((one, two))) for _ in range(month.chance.randint(0, 5))]
    return [
        month.ask(name, month.at(d), who, sql.format(month.chance.randint(1, 4)), datasets=CUSTOMERS) for d, who in asks
    ]


def a_habit(month: Month, name: str) -> list[str]:
    """To the letter the same, every morning at about the same time: a person's, not a machine's."""
    who, salt, hour = month.person(), _salt(month), month.chance.uniform(7.5, 10)
    sql = f"select status, count(*) as orders, avg({salt}) as size from shop.orders group by status having count(*) > 5"
    first, count = month.chance.randint(0, 30), month.chance.randint(4, 20)
    days = [d for d in range(first, 60) if d % 7 < 5][:count]
    return [month.ask(name, month.at(d, hour, 0.4), who, sql, face="http", datasets=ORDERS) for d in days]


def a_range_that_moves(month: Month, name: str) -> list[str]:
    """The best customers of a period that is another one each week."""
    who, salt = month.person(), _salt(month)
    found = []
    for number, day in enumerate(month.days(month.chance.randint(3, 8))):
        low = f"2026-{number % 3 + 1:02d}-{number % 9 + 1:02d}"
        when = month.chance.choice(
            (f"ordered_at between '{low}' and '2026-04-30'", f"ordered_at >= '{low}' and ordered_at <= '2026-04-30'")
        )
        sql = (
            f"select customer_id, sum({salt}) as value from shop.orders where {when}"
            f" group by customer_id order by 2 desc limit {month.chance.choice((10, 20, 50))}"
        )
        found.append(month.ask(name, month.at(day), who, sql, datasets=ORDERS))
    return found


def a_window_in_a_cte(month: Month, name: str) -> list[str]:
    """Something long, kept in somebody's notebook."""
    who, salt = month.person(), _salt(month)
    sql = (
        f"with ranked as (select customer_id, {salt}, row_number() over (partition by customer_id order by ordered_at)"
        " as n from shop.orders where status in ('paid', 'sent'))"
        f" select n, avg({salt}) from ranked where n <= 5 group by n"
    )
    days = month.days(month.chance.randint(3, 6))
    return [month.ask(name, month.at(d), who, sql, face="python", datasets=ORDERS) for d in days]


# -- runs


def every_week(month: Month, name: str) -> list[str]:
    """On the same day of the week, in the morning."""
    who, what, weekday = month.person(), f"shop.weekly_{_salt(month)}", month.chance.randrange(5)
    hour, weeks = month.chance.uniform(7, 11), month.chance.randint(3, 8)
    return [month.run(name, month.at(7 * w + weekday, hour, 0.5), who, what) for w in range(weeks)]


def every_working_day(month: Month, name: str) -> list[str]:
    """Before the others come; by whoever comes first."""
    people, what = month.two(), f"marts.daily_{_salt(month)}+"
    hour, first = month.chance.uniform(6, 9), month.chance.randint(0, 40)
    days = [d for d in range(first, 60) if d % 7 < 5][: month.chance.randint(5, 12)]
    return [month.run(name, month.at(d, hour, 0.4), month.chance.choice(people), what) for d in days]


def now_and_then(month: Month, name: str) -> list[str]:
    """When somebody thinks of it."""
    who, what = month.person(), [f"shop.a_{_salt(month)}", f"shop.b_{_salt(month)}"]
    found = []
    for day in month.days(month.chance.randint(3, 7)):
        month.chance.shuffle(what)  # in whatever order they are named
        face = month.chance.choice(("cli", "http"))
        found.append(month.run(name, month.at(day), who, *what, face=face))
    return found


def the_first_of_the_month(month: Month, name: str) -> list[str]:
    """Each month's load; sixty days hold three firsts."""
    who, what = month.person(), f"shop.monthly_{_salt(month)}"
    hour = month.chance.uniform(8, 15)
    return [month.run(name, month.at(day, hour, 1.0), who, what) for day in (0, 31, 59)]


# -- files


def uploaded_each_month(month: Month, name: str) -> list[str]:
    """Each under a name of its own."""
    who, salt = month.person(), _salt(month)
    found = []
    for number in range(month.chance.randint(3, 6)):
        dataset = f"crm.{salt}_{('jan', 'feb', 'mar', 'apr', 'may', 'jun')[number]}"
        path = f"raw/uploads/{dataset.replace('.', '/')}/20260{number + 1}01-090000-leads_{number + 1}.csv"
        at = month.at(min(9 * number + month.chance.randint(0, 8), 59))
        columns = "lead_id:BIGINT email:VARCHAR since:DATE"
        found.append(month.file(name, at, who, dataset, path, columns))
    return found


def put_by_hand(month: Month, name: str) -> list[str]:
    """A source is written for each, copied from the last one."""
    who, salt = month.person(), _salt(month)
    found = []
    for number in range(month.chance.randint(3, 7)):
        stem = f"{salt}_2026_{number + 1:02d}"
        at = month.at(min(8 * number + month.chance.randint(0, 7), 59))
        columns = "order_id:BIGINT amount:DOUBLE"
        reading = "select order_id, amount from read_csv(?)"
        found.append(month.file(name, at, who, f"shop.{stem}", f"raw/{stem}.csv", columns, reading))
    return found


def dated_files(month: Month, name: str) -> list[str]:
    """A partner sends one with a date in its name, and somebody else takes care of it each time."""
    salt = _salt(month)
    found = []
    for number in range(month.chance.randint(3, 5)):
        date = f"2026-03-{3 * number + 1:02d}"
        at = month.at(min(10 * number + month.chance.randint(0, 5), 59))
        dataset = f"partner.{salt}_{date.replace('-', '')}"
        path, columns = f"raw/partner/{salt}-{date}.parquet", "sku:VARCHAR stock:BIGINT price:DOUBLE"
        found.append(month.file(name, at, month.person(), dataset, path, columns, "select * from ?"))
    return found


# -- corrections


def late_and_loaded_again(month: Month, name: str) -> list[str]:
    """A source that comes late is loaded again, and that helps."""
    return _fixed(month, name, "late", f"stripe.{_salt(month)}", "reload", {})


def rows_set_aside(month: Month, name: str) -> list[str]:
    """Bad rows are set aside, with the same words."""
    return _fixed(month, name, "check", f"shop.{_salt(month)}", "quarantine", {"limit": "0.1%"})


def a_gap_filled(month: Month, name: str) -> list[str]:
    """A gap is filled; once it filled itself."""
    return _fixed(month, name, "gap", f"shop.{_salt(month)}", "backfill", {}, by_itself=1)


def retried(month: Month, name: str) -> list[str]:
    """A failed run is tried again by hand."""
    return _fixed(month, name, "failed", f"api.{_salt(month)}", "retry", {}, other=True)


def _fixed(
    month: Month,
    name: str,
    kind: str,
    dataset: str,
    action: str,
    params: dict[str, str],
    *,
    by_itself: int = 0,
    other: bool = False,
) -> list[str]:
    found = []
    days = month.days(month.chance.randint(3, 7) + by_itself)
    for number, day in enumerate(days):
        at = month.at(day, 9, 2)
        incident = month.incident(name, at, kind, dataset)
        if number == 3 and by_itself:
            continue
        if number == 0 and other:
            # something else was tried before, and did not help
            month.fix(at + timedelta(minutes=20), incident, kind, dataset, "accept", "ana", outcome="failed")
        found.append(at.isoformat())
        month.fix(at + timedelta(hours=1), incident, kind, dataset, action, month.person(), params=params)
    return [_text(one) for one in found]


def _text(moment: str) -> str:
    from datetime import datetime

    from andon.base.clock import to_text

    return to_text(datetime.fromisoformat(moment))


STORIES = {
    "query": [one_person_on_many_days, two_people, a_habit, a_range_that_moves, a_window_in_a_cte],
    "run": [every_week, every_working_day, now_and_then, the_first_of_the_month],
    "file": [uploaded_each_month, put_by_hand, dated_files],
    "correction": [late_and_loaded_again, rows_set_aside, a_gap_filled, retried],
}
