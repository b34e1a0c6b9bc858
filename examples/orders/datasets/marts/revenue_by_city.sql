/*---
description: Revenue by the city in which a customer lives now.
key: city
---*/
select c.city, sum(o.amount) as revenue
from shop.orders o
join marts.customers c on c.id = o.customer_id and c.is_current
where o.status <> 'returned'
group by c.city
