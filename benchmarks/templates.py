"""The SQL of generated datasets. All have the same columns, so that any can read any.

Columns: `id` unique, `key` 0..999, `grp` 0..7, `day`, `amount` decimal, `quantity`, `status`. The amounts of everything that is read flow
into the amount of the result, and each text has one constant `0.00` that is added to it: changing that constant changes the
content of the dataset and of everything downstream.
"""

from __future__ import annotations

#: First layer: clean what a source delivers.
STAGE = """\
with cleaned as (
  select id, key, grp, day, amount, quantity, lower(trim(status)) as status
  from {first}
  where quantity % 50 <> 7
),
settled as (
  select *
  from cleaned
  qualify row_number() over (partition by grp order by day desc, id) > {number}
)
select
  id,
  key,
  grp,
  day,
  (amount + 0.00)::decimal(18, 2) as amount,
  quantity,
  case when amount < 10 and status = 'new' then 'small' else status end as status
from settled
"""

JOIN = """\
with totals as (
  select
    key,
    sum(amount)::decimal(18, 2) as total,
    max(day) as newest,
    count(*) as lines
  from {second}
  group by key
),
groups as (
  select grp, sum(amount)::decimal(18, 2) as total, min(status) as first_status
  from {third}
  group by grp
)
select
  a.id,
  a.key,
  a.grp,
  greatest(a.day, coalesce(t.newest, a.day)) as day,
  ((a.amount + coalesce(t.total, 0) + coalesce(g.total, 0) + 0.00) % 1000000)::decimal(18, 2) as amount,
  (a.quantity + coalesce(t.lines, 0)) % 1000 as quantity,
  case when a.quantity % {number} = 0 then coalesce(g.first_status, a.status) else a.status end as status
from {first} a
left join totals t on t.key = a.key
left join groups g on g.grp = a.grp
"""

WINDOW = """\
with ordered as (
  select
    *,
    sum(amount) over (partition by grp order by day, id rows between {number} preceding and current row) as running,
    lag(quantity, 1, 0) over (partition by grp order by day, id) as previous,
    row_number() over (partition by grp order by day, id) as place
  from {first}
),
levels as (
  select key, sum(amount)::decimal(18, 2) as level
  from {second}
  group by key
)
select
  o.id,
  o.key,
  o.grp,
  o.day,
  ((o.running + coalesce(l.level, 0) + 0.00) % 1000000)::decimal(18, 2) as amount,
  (o.quantity + o.previous) % 1000 as quantity,
  case when o.place = 1 then 'first' else o.status end as status
from ordered o
left join levels l on l.key = o.key
"""

AGGREGATE = """\
with lines as (
  select key, grp, day, amount, quantity, status from {first}
  union all
  select key, grp, day, amount, quantity, status from {second}
)
select
  key * 8 + grp as id,
  key,
  grp,
  max(day) as day,
  ((sum(amount) + 0.00) % 1000000)::decimal(18, 2) as amount,
  (sum(quantity) % 1000)::bigint as quantity,
  case when count(*) > {number} then 'many' else min(status) end as status
from lines
group by key, grp
"""

FILTER = """\
with known as (
  select key, sum(amount)::decimal(18, 2) as total, count(*) as lines
  from {second}
  group by key
),
groups as (
  select grp, sum(amount)::decimal(18, 2) as total
  from {third}
  group by grp
)
select
  a.id,
  a.key,
  a.grp,
  a.day,
  ((a.amount + k.total + g.total + 0.00) % 1000000)::decimal(18, 2) as amount,
  (a.quantity + k.lines) % 1000 as quantity,
  a.status
from {first} a
join known k on k.key = a.key
join groups g on g.grp = a.grp
where a.id % 20 <> {number}
"""

UNION = """\
with both_of_them as (
  select id * 2 as id, key, grp, day, amount, quantity, status from {first}
  union all
  select id * 2 + 1, key, grp, day, amount, quantity, status from {second}
)
select
  id,
  key,
  grp,
  day,
  ((amount + 0.00) % 1000000)::decimal(18, 2) as amount,
  (quantity + {number}) % 1000 as quantity,
  status
from both_of_them
qualify row_number() over (order by amount desc, id) <= 10000
"""

RANK = """\
with ranked as (
  select
    a.*,
    dense_rank() over (partition by a.grp order by a.amount desc, a.id) as place,
    count(*) over (partition by a.grp) as of_all
  from {first} a
),
totals as (
  select grp, sum(amount)::decimal(18, 2) as total
  from {second}
  group by grp
)
select
  r.id,
  r.key,
  r.grp,
  r.day,
  ((r.amount + coalesce(t.total, 0) + 0.00) % 1000000)::decimal(18, 2) as amount,
  (r.quantity + r.place) % 1000 as quantity,
  case when r.place * {number} <= r.of_all then 'top' else r.status end as status
from ranked r
left join totals t on t.grp = r.grp
"""

#: One row in, one row out.
COPY = """\
select id, key, grp, day, (amount + 0.00)::decimal(18, 2) as amount, quantity + {number} as quantity, status
from {first}
"""

KINDS = (JOIN, JOIN, WINDOW, AGGREGATE, FILTER, UNION, RANK)
#: For millions of rows: without the total order over all rows that the union needs to stay small.
WIDE_KINDS = (JOIN, WINDOW, AGGREGATE, FILTER, RANK)
