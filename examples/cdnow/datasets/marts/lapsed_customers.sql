/*---
description: Customers who bought three times or more and nothing in the last 90 days; marketing wrote to them until the model was there.
owner: cleo
tags: [marketing]
key: customer_id
deprecated:
  use: marts.customers_to_write_to
  until: 1998-09-30
  why: who is on it has left already; the model finds customers who may be about to
columns:
  customer_id: Number of the customer in the shop system
  last_purchase: Day of the latest purchase
  revenue: Purchases to date in US dollars
checks: |
  customer_id -> marts.customer_value
  rows 1..5_000
---*/
select customer_id, last_purchase, revenue
from marts.customer_value
where purchases >= 3
  and last_purchase <= (select last_day(max(purchased_on)) from staging.purchases) - 90
order by customer_id
