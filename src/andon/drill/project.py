"""The project of the drill: a shop's daily files and its customers in a database, three layers, checks and playbooks. Texts only."""

from __future__ import annotations

from collections.abc import Mapping

_CONFIG = """\
author = "ana"

[connections.crm]
kind = "duckdb"
path = "crm/crm.db"

[schedules.daily]
select = ["shop.sales", "crm.customers"]
cron = "0 6,13 * * *"

[notify.team]
kind = "webhook"
url = "{url}"
changes = ["opened", "reopened", "worse", "called"]
"""

_SALES = """\
/*---
description: Every line of every order; the shop's till sends a file for each day.
owner: ana
key: sale_id
columns:
  sale_id: Number of the line
  customer_id: Who bought
  sold_on: Day of the order
  cds: {description: Number of CDs, checks: "1.."}
  amount: {description: Value in US dollars, checks: "0..2_000"}
checks: |
  not null customer_id, sold_on
  priced: not null amount quarantine 5 rows
  known: customer_id -> crm.customers
  arrives: max_age 53h by sold_on  "the till sends yesterday's file before six"
  typical: coalesce(avg(amount), 40) 15..90 where sold_on = current_date - 1
  watch coalesce(sum(amount) / sum(cds), 14) where sold_on = current_date - 1
---*/
select
  sale_id,
  customer_id,
  sold_on,
  cds,
  amount::decimal(10, 2) as amount
from read_csv('inbox/sales_*.csv', union_by_name = true)
"""

_CUSTOMERS = """\
/*---
description: Whom the shop knows, as its customer system has them.
owner: ben
connection: crm
key: customer_id
columns:
  customer_id: Number of the customer
  joined_on: Day on which the customer was entered
checks: |
  not null joined_on
  rows >= 99% of published
---*/
select customer_id, joined_on from customers
"""

_STAGED = """\
/*---
description: Purchases, one per customer and day.
owner: ana
key: [customer_id, sold_on]
columns:
  customer_id: Who bought
  sold_on: Day
  lines: Lines of the orders
  cds: Number of CDs
  amount: Value in US dollars
checks: |
  lines >= 1
---*/
select
  customer_id,
  sold_on,
  count(*) as lines,
  sum(cds)::bigint as cds,
  sum(amount)::decimal(18, 2) as amount
from shop.sales
group by all
order by all
"""

_DAYS = """\
/*---
description: What the shop took, day by day.
owner: ana
key: sold_on
columns:
  sold_on: Day
  purchases: Purchases, one per customer and day
  revenue: Value in US dollars
checks: |
  agrees: sum(revenue) = sum(shop.sales.amount)  "finance goes by it"
  purchases >= 1
---*/
select sold_on, count(*) as purchases, sum(amount)::decimal(18, 2) as revenue
from staging.purchases
group by all
order by all
"""

_VALUE = """\
/*---
description: What each customer was worth so far.
owner: ben
key: customer_id
columns:
  customer_id: Number of the customer
  joined_on: Day on which the customer was entered
  purchases: Days with a purchase
  revenue: Value in US dollars
checks: |
  reconciles: sum(revenue) = sum(shop.sales.amount)
---*/
select
  customer_id,
  any_value(c.joined_on) as joined_on,
  count(*) as purchases,
  sum(p.amount)::decimal(18, 2) as revenue
from staging.purchases as p
join crm.customers as c using (customer_id)
group by customer_id
order by customer_id
"""

_BEST = """\
/*---
description: The customers to whom the shop writes, best first.
owner: ben
key: customer_id
columns:
  customer_id: Number of the customer
  revenue: Value in US dollars
checks: |
  short: rows 1..200 warn  "each letter costs a dollar"
---*/
select customer_id, revenue
from marts.customer_value
order by revenue desc, customer_id
limit 100
"""

_WEEKS = """\
/*---
description: What the shop took, week by week.
owner: ana
key: week
columns:
  week: Monday of the week
  revenue: Value in US dollars
checks: |
  whole: sum(revenue) = sum(marts.revenue_by_day.revenue) warn
---*/
select date_trunc('week', sold_on)::date as week, sum(revenue)::decimal(18, 2) as revenue
from marts.revenue_by_day
group by all
order by all
"""

_PLAYBOOKS = """\
breakers: {incident: 8, dataset: 6, workspace: 20}
playbooks:
  - name: take new columns
    on: {kind: schema, dataset: shop.sales}
    do: accept-schema
    mode: automatic
    attempts: 3
  - name: take back what readers should not see
    on: {check: [short, whole, "watch *"], state: open}
    do: undo
    mode: automatic
    attempts: 1
"""

BEST, WEEKS = "datasets/reports/best_customers.sql", "datasets/reports/revenue_by_week.sql"

#: What a colleague publishes by mistake: by path the text before and after.
MISTAKES: Mapping[str, tuple[str, str]] = {
    BEST: ("limit 100", "limit 1000"),
    WEEKS: ("sum(revenue)::decimal(18, 2) as revenue", "sum(revenue * 2)::decimal(18, 2) as revenue"),
}


def files(url: str) -> dict[str, str]:
    """The files of the project, by path.

    Args:
        url: where messages go.
    """
    return {
        "andon.toml": _CONFIG.format(url=url),
        "sources/shop/sales.sql": _SALES,
        "sources/crm/customers.sql": _CUSTOMERS,
        "datasets/staging/purchases.sql": _STAGED,
        "datasets/marts/revenue_by_day.sql": _DAYS,
        "datasets/marts/customer_value.sql": _VALUE,
        BEST: _BEST,
        WEEKS: _WEEKS,
        "playbooks.yml": _PLAYBOOKS,
    }
