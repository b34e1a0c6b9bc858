/*---
description: One row per customer and day with a purchase; what was ordered on one day counts as one purchase.
owner: ana
tags: [shop]
key: [customer_id, purchased_on]
columns:
  customer_id: Number of the customer in the shop system
  purchased_on: Day of the purchase
  cds: {description: Number of CDs, checks: "1.."}
  amount: {description: Value in US dollars, checks: "0.."}
handles:
  lines_of_a_day: what a customer ordered on one day is one purchase here
checks: |
  reconciles: sum(amount) = sum(shop.transactions.amount)  "no purchase is lost or counted twice"
---*/
select
  customer_id,
  purchased_on,
  sum(cds) as cds,
  money(sum(amount)) as amount
from shop.transactions
group by customer_id, purchased_on
order by customer_id, purchased_on
