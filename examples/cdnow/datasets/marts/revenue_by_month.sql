/*---
description: What the shop took in each month.
owner: ana
tags: [finance]
key: month
columns:
  month: First day of the month
  revenue: {description: Value of all purchases in US dollars, checks: "> 0"}
  orders: Purchases, at most one per customer and day
  customers: Customers who bought at least once
  revenue_per_order: Mean value of a purchase
checks: |
  not null revenue, orders, customers
  customers <= orders
  revenue_per_order 10..200 warn
---*/
select
  date_trunc('month', purchased_on)::date as month,
  money(sum(amount)) as revenue,
  count(*) as orders,
  count(distinct customer_id) as customers,
  round((sum(amount) / count(*))::decimal(18, 6), 2)::decimal(18, 2) as revenue_per_order
from staging.purchases
group by all
order by month
