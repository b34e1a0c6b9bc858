/*---
description: One row per order. Each refresh asks for those that are new or changed.
connection: shop
key: id
load: {by: cursor, column: updated_at, lookback: 1h}
checks: |
  customer_id -> shop.customers
  amount > 0
  status in open, paid, returned
---*/
select id, customer_id, day, amount, status, updated_at from orders
