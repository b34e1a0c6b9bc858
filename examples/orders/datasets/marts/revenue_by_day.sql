/*---
description: What came in each day; a refresh makes only the days whose orders changed.
materialize: incremental
incremental: {by: time, column: day, grain: day}
key: day
refresh: {max_age: 1d}
checks: |
  orders > 0
  revenue > 0
---*/
select day, count(*) as orders, sum(amount) as revenue
from shop.orders
where status <> 'returned'
group by day
