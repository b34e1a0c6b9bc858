/*---
name: revenue_matches
severity: hold
why: The month that finance sees, the cohorts and the customers' values are the same money.
---*/
select m.month, m.revenue, c.revenue as revenue_of_cohorts
from marts.revenue_by_month as m
left join (
  select (cohort + to_months(months_later))::date as month, sum(revenue) as revenue
  from marts.cohorts
  group by all
) as c using (month)
where c.revenue is distinct from m.revenue
