create schema shop;
create table shop.orders as
select i::bigint as id, (i % 37)::integer as customer_id,
    case i % 5 when 0 then null when 1 then 'open' when 2 then 'void' else 'paid' end as status,
    case when i % 11 = 0 then null else 'SKU-' || (i % 23) end as sku,
    ((i * 7) % 9)::integer as qty, ((i * 7919) % 100000 / 100)::decimal(10,2) as amount,
    timestamp '2024-01-01 00:00:00' + interval (i * 7) hour + interval (i) second as ordered_at,
    case i % 4 when 0 then null when 1 then []::integer[] when 2 then [i % 5, null] else [i % 7, i % 3] end as tags,
    case when i % 6 = 0 then null else {'a': (i % 3)::integer, 'b': 'b' || (i % 2)} end as addr,
    '{"src": "web", "n": ' || (i % 3) || '}' as meta
from range(1, 400) r(i);
create table shop.customers as
select i::bigint as id, 'Customer ' || i as name, 'user' || i || '@mail' || (i % 3) || '.com' as email,
    date '2020-01-31' + (i * 41)::integer as since, case i % 3 when 0 then 'es' when 1 then 'fr' end as country
from range(0, 45) r(i);
create table shop.prices as
select 'SKU-' || (i % 23) as sku, timestamp '2024-01-01' + interval (i) day as valid_from, (i / 3)::decimal(10,2) as price
from range(0, 60) r(i);
