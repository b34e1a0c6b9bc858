/*---
description: Customers as they were on any day.
materialize: history
key: id
columns:
  email: {pii: true}
---*/
select id, email, city from shop.customers
