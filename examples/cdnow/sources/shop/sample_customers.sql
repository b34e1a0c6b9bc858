/*---
description: The published 1/10 sample of customers, on which models of customer behaviour are compared.
owner: ben
tags: [research]
key: customer_id
columns:
  customer_id: Number of the customer in the shop system
checks: |
  rows = 2_357
  customer_id -> staging.customers
---*/
select customer_id
from read_csv('raw/sample_customers.csv.gz')
