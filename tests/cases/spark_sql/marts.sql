-- group by all, date_trunc: equal
select date_trunc('month', ordered_at) as m, status, count(*) n, sum(amount) s from shop.orders group by all;
-- filter of an aggregate: equal
select customer_id, count(*) filter (where status='paid') paid, sum(amount) filter (where status='void') v from shop.orders group by 1;
-- qualify: equal
select customer_id, id, amount from shop.orders qualify row_number() over (partition by customer_id order by ordered_at desc, id) = 1;
-- left join, coalesce: equal
select c.id, c.name, coalesce(sum(o.amount),0) as rev from shop.customers c left join shop.orders o on o.customer_id=c.id group by 1,2;
-- integer division: equal
select id, qty/2 as h, qty//2 as i, qty%3 as r from shop.orders;
-- null order: equal
select status, id from shop.orders order by status, id limit 5;
-- null order desc: equal
select sku, id from shop.orders order by sku desc, id limit 5;
-- string_agg in order: equal
select customer_id, string_agg(status, ',' order by id) as l from shop.orders where status is not null group by 1;
-- list of a group: the aggregate `list`
select customer_id, len(list(id)) n, list_sort(list(distinct qty)) q from shop.orders group by 1;
-- unnest: equal
select id, unnest(tags) as t from shop.orders where id < 100;
-- parts of a struct: equal
select addr.a as a, addr.b as b, count(*) n from shop.orders group by all;
-- json ->>: the function `->>`
select meta::json->>'$.src' as src, cast(meta::json->>'$.n' as int) as n, count(*) c from shop.orders group by all;
-- date_diff, cast: equal
select id, date_diff('day', since, date '2024-12-31') as days, date_diff('month', since, date '2024-12-31') as months from shop.customers;
-- strftime, strptime: the function `strptime`
select strftime(ordered_at, '%Y-%m') as ym, min(strptime('31/12/2024','%d/%m/%Y')) x from shop.orders group by 1;
-- asof join: ASOF JOIN
select o.id, p.price from shop.orders o asof left join shop.prices p on o.sku=p.sku and o.ordered_at >= p.valid_from where o.id<1000;
-- pivot with written values: equal
select * from (pivot (select customer_id, status, amount from shop.orders where customer_id<50) on status in ('paid','open','void') using sum(amount) group by customer_id);
-- exclude, replace: equal
select * exclude (meta, tags, addr) replace (amount*2 as amount) from shop.orders where id<100;
-- median, quantile of a decimal: the aggregate `median(DECIMAL(10,2))`
select status, median(amount) m, quantile_cont(amount, 0.9) q from shop.orders group by 1;
-- the same of a double: equal
select status, median(amount::double) m, quantile_cont(amount::double, 0.9) q from shop.orders group by 1;
-- arg_max, max_by: equal
select customer_id, arg_max(id, ordered_at) a, max_by(status, ordered_at) b from shop.orders group by 1;
-- distinct on: equal
select distinct on (customer_id) customer_id, id from shop.orders order by customer_id, ordered_at, id;
-- frame of a window: equal
select customer_id, id, sum(amount) over (partition by customer_id order by ordered_at, id rows between unbounded preceding and current row) r, lag(amount) over (partition by customer_id order by ordered_at, id) l from shop.orders;
-- regexp, split_part: apache
select regexp_extract(email, '([a-z]+)([0-9]+)@', 2) as n, split_part(email,'@',2) dom, regexp_replace(name,' ','_') u from shop.customers;
-- ilike, like, starts_with: equal
select count(*) filter (where name ilike 'CUSTOMER 1%') a, count(*) filter (where starts_with(name,'Customer 2')) b, count(*) filter(where country='es') c from shop.customers;
-- calendar of generate_series: `generate_series` of other values
select d::date as d, count(o.id) n from generate_series(date '2024-01-01', date '2024-01-31', interval 1 day) t(d) left join shop.orders o on o.ordered_at::date = d::date group by 1;
-- the same by days: equal
select d, count(o.id) n from (select date '2024-01-01' + i::integer as d from generate_series(0, 30) t(i)) left join shop.orders o on o.ordered_at::date = d group by 1;
-- alias beside: equal
select id, amount*0.19 as tax, tax+amount as gross from shop.orders;
-- anti join: equal
select count(*) n from shop.customers c anti join shop.orders o on o.customer_id=c.id and o.status='void';
-- from first, try_cast: equal
from shop.orders select id, try_cast(sku[5:8] as int) as k, coalesce(try_cast('x' as int), -1) z where id<500;
-- slice without an end: a constant of type INTEGER[]
from shop.orders select id, sku[5:] as k;
-- cte, union all by name: equal
with a as (select id, amount from shop.orders where id<10), b as (select amount, id from shop.orders where id between 10 and 20) select * from a union all by name select * from b;
-- avg of a decimal, round: equal
select status, avg(amount) a, round(avg(amount),2) r, sum(amount)/count(*) q, round(2.5::double) k from shop.orders group by 1;
-- bool_or, count_if, case: equal
select customer_id, bool_or(status='paid') p, count_if(qty>3) c, sum(case when qty>3 then amount end) s from shop.orders group by 1;
-- lambda: the function `list_
select id, list_transform(list_filter(tags, lambda x: x is not null), lambda x: x*2) as t from shop.orders where id<100;
-- interval, last_day, parts: equal
select id, ordered_at + interval 1 month as p, last_day(ordered_at) l, dayofweek(ordered_at) dw, week(ordered_at) w, extract('epoch' from ordered_at) ep from shop.orders;
-- grouping sets, rollup: equal
select status, qty, sum(amount) s, grouping(status) g from shop.orders group by rollup(status, qty);
-- concat and null: equal
select id, status || '-' || sku as a, concat(status,'-',sku) b, concat_ws('-',status,sku) c from shop.orders;
