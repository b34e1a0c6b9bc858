/*---
description: Every customer that the shop's system knows.
owner: ana
tags: [shop]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
checks: |
  rows >= 100% of published
---*/
select customer_id
from read_csv('raw/customers.csv.gz')
