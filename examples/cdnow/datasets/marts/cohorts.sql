/*---
description: How many of the customers who joined in a month came back, month by month.
owner: ana
tags: [customers]
key: [cohort, months_later]
columns:
  cohort: First day of the month of the first purchase
  months_later: Months since the cohort's month; 0 is the month of joining
  customers: Customers of the cohort who bought in that month
  revenue: What they spent, in US dollars
  retention: {description: customers as a share of the cohort, checks: "0..1"}
checks: |
  months_later 0..17
  retention = 1 where months_later = 0
  sum(revenue) = sum(shop.transactions.amount)
---*/
with sizes as (
  select cohort, count(*) as size
  from staging.customers
  group by cohort
),
activity as (
  select
    c.cohort,
    date_diff('month', c.cohort, p.purchased_on) as months_later,
    count(distinct p.customer_id) as customers,
    money(sum(p.amount)) as revenue
  from staging.purchases as p
  join staging.customers as c using (customer_id)
  group by all
)
select
  cohort,
  months_later,
  customers,
  revenue,
  round(customers / size, 4) as retention
from activity
join sizes using (cohort)
order by cohort, months_later
