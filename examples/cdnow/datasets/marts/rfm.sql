/*---
description: Recency, frequency and monetary value per customer up to the last month in the data; time in weeks.
owner: ben
tags: [customers]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
  frequency: {description: Repeat purchases (days with a purchase after the first one), checks: "0.."}
  recency: {description: Weeks from the first to the latest purchase, checks: "0.."}
  age: {description: Weeks from the first purchase to the end of the data, checks: "0.."}
  monetary: {description: Mean value of a purchase in US dollars, checks: "0.."}
checks: |
  recency <= age
  recency = 0 where frequency = 0
  customer_id -> staging.customers
---*/
with until as (
  select last_day(max(purchased_on)) as day from staging.purchases
)
select
  customer_id,
  count(*) - 1 as frequency,
  date_diff('day', min(purchased_on), max(purchased_on)) / 7 as recency,
  date_diff('day', min(purchased_on), any_value(until.day)) / 7 as age,
  (sum(amount) / count(*))::double as monetary
from staging.purchases, until
group by customer_id
order by customer_id
