/*---
description: One row per customer, with value to date.
owner: ana
tags: [customers]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  first_purchase: Day of the first purchase
  last_purchase: Day of the latest purchase
  purchases: Days with a purchase
  revenue: {description: Purchases to date in US dollars, checks: ">= 0"}
  segment:
    description: "new: bought once; regular: bought in the last 90 days of the data; lapsed: the others"
    checks: in new, regular, lapsed
checks: |
  not null first_purchase, last_purchase
  last_purchase >= first_purchase
  share(revenue = 0) < 5% warn
  reconciles: sum(revenue) = sum(shop.transactions.amount) +- 0.1%
  rows 20_000..30_000
caveats:
  - text: A segment is as of the last month in the data, not as of today.
    columns: [segment]
---*/
with until as (
  select last_day(max(purchased_on)) as day from staging.purchases
)
select
  customer_id,
  min(purchased_on) as first_purchase,
  max(purchased_on) as last_purchase,
  count(*) as purchases,
  money(sum(amount)) as revenue,
  case
    when count(*) = 1 then 'new'
    when max(purchased_on) > any_value(until.day) - 90 then 'regular'
    else 'lapsed'
  end as segment
from staging.purchases, until
group by customer_id
order by customer_id
