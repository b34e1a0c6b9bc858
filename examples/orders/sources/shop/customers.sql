/*---
description: The shop's customers as they are now.
connection: shop
key: id
columns:
  name: {pii: true}
  email: {pii: true}
checks: |
  not null email
  unique email
---*/
select id, name, email, city from customers
