/*---
description: Purchases and CDs by day of the week; made for the shifts of the warehouse, which are planned otherwise now.
owner: cleo
tags: [shop]
key: weekday
columns:
  weekday: {description: "Day of the week, 1 is Monday", checks: "1..7"}
  orders: {description: "Purchases, at most one per customer and day", checks: "> 0"}
  cds: Number of CDs
checks: |
  rows = 7
  sum(cds) = sum(staging.purchases.cds)
---*/
select
  isodow(purchased_on) as weekday,
  count(*) as orders,
  sum(cds) as cds
from staging.purchases
group by all
order by weekday
