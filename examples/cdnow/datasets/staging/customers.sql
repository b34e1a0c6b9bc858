/*---
description: One row per customer, with the month in which the customer joined.
owner: ana
tags: [shop]
materialize: view
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  first_purchase: Day of the first purchase
  cohort: First day of the month of the first purchase
checks: |
  not null first_purchase, cohort
  cohort <= first_purchase
---*/
select
  customer_id,
  min(purchased_on) as first_purchase,
  date_trunc('month', min(purchased_on))::date as cohort
from staging.purchases
group by customer_id
