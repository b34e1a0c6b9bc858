/*---
description: The 500 good customers who may be about to leave, best first; marketing writes to them every month.
owner: ana
tags: [marketing]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  last_purchase: Day of the latest purchase
  purchases: Days with a purchase
  revenue: Purchases to date in US dollars
  alive: {description: Probability of being a customer still, checks: "0.2..0.7"}
  at_stake: {description: Expected revenue of the next 13 weeks in US dollars, checks: "0.."}
checks: |
  customer_id -> marts.customer_value
  rows 1..500
---*/
select
  customer_id,
  v.last_purchase,
  v.purchases,
  v.revenue,
  round(p.alive, 3) as alive,
  money(p.expected_revenue) as at_stake
from marts.predictions as p
join marts.customer_value as v using (customer_id)
where p.alive between 0.2 and 0.7
  and v.purchases >= 3
order by p.expected_revenue desc, customer_id
limit 500
