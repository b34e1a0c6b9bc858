/*---
name: revenue_matches
severity: hold
why: The cohorts and the values of their customers are the same money.
---*/
select cohort, by_month.revenue, by_customer.revenue as revenue_of_customers
from (
  select cohort, sum(revenue) as revenue
  from marts.cohorts
  group by cohort
) as by_month
full join (
  select date_trunc('month', first_purchase)::date as cohort, sum(revenue) as revenue
  from marts.customer_value
  group by all
) as by_customer using (cohort)
where by_month.revenue is distinct from by_customer.revenue
