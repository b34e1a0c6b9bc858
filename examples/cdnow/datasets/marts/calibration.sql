/*---
description: Recency and frequency of the published sample in its first 39 weeks, on which the model is fitted.
owner: ben
tags: [research]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  frequency: {description: Repeat purchases (days with a purchase after the first one), checks: "0.."}
  recency: {description: Weeks from the first to the latest purchase, checks: "0.."}
  age: {description: Weeks from the first purchase to 1997-09-30, checks: "26..39"}
checks: |
  recency <= age
  rows = 2_357
  distinct(frequency) > 10
caveats:
  - text: The sample is fixed; months after September 1997 never change it.
    id: fixed_sample
---*/
select
  customer_id,
  count(*) - 1 as frequency,
  date_diff('day', min(purchased_on), max(purchased_on)) / 7 as recency,
  date_diff('day', min(purchased_on), date '1997-09-30') / 7 as age
from staging.purchases
join shop.sample_customers using (customer_id)
where purchased_on <= date '1997-09-30'
group by customer_id
order by customer_id
