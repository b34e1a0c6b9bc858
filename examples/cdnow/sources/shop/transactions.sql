/*---
description: Every line of every order, as the shop's system exports it once a month.
owner: ana
tags: [shop]
columns:
  customer_id: Number of the customer in the shop system
  purchased_on: Day of the order
  cds: {description: Number of CDs, checks: "1.."}
  amount: {description: Value in US dollars, checks: "0..2_000"}
checks: |
  not null customer_id, purchased_on, cds, amount
  purchased_on 1997-01-01..1998-12-31
  customer_id -> shop.customers
  delivered_once: unique customer_id, purchased_on, cds, amount allow 1%  "a file came twice"
  rows >= 100% of published  "a month that was delivered does not shrink"
  sum(amount) 100%..110% of published  "one month adds a few percent"
caveats:
  - text: Only customers whose first purchase was in the first quarter of 1997.
    id: first_quarter
  - text: Several lines of one customer on one day stand as the shop booked them; they are not marked as one order.
    id: lines_of_a_day
---*/
select
  customer_id,
  date as purchased_on,
  cds,
  amount::decimal(10, 2) as amount
from read_csv('raw/transactions_*.csv.gz')
