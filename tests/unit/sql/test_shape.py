"""Questions that are the same have one mark, those that look so have two."""

from __future__ import annotations

import pytest

from andon.sql.facts import read_question
from andon.sql.shape import Fingerprint

SAME = [
    ("select a from s.t where b = 1", "select a from s.t where b = 2"),
    ("select a from s.t where b = 1", "SELECT  A\nFROM S.T -- of today\nWHERE B=7"),
    ("select a from s.t", "from s.t select a"),
    ("select o.a from s.t o", "select a from s.t"),
    ("select o.a from s.t as o where o.b > 5", "select x.a from s.t x where x.b > 6"),
    ("select t.a from s.t", "select s.t.a from s.t"),
    ("select a, sum(b) from s.t group by a", "select a as who, sum(b) as total from s.t group by 1"),
    ("select upper(a) as k, count(*) from s.t group by k", "select upper(a) as v, count(*) from s.t group by 1"),
    ("select a from s.t where b = 1 and c = 'x'", "select a from s.t where c = 'y' and b = 2"),
    ("select a from s.t where (b = 1 and c = 2) and d = 3", "select a from s.t where b = 1 and (c = 2 and d = 3)"),
    ("select a from s.t where b in (1, 2)", "select a from s.t where b in (3, 4, 5, 6)"),
    ("select a from s.t order by a limit 10", "select a from s.t limit 20"),
    ("select a from s.t where d >= date '2026-01-01'", "select a from s.t where d >= '2026-02-01'"),
    ("select a from s.t where b = $b", "select a from s.t where b = 4"),
    ("select a from s.t where b between 1 and 3", "select a from s.t where b >= 4 and b <= 9"),
    ("select a from s.t where 5 < b", "select a from s.t where b > 6"),
    ("with x as (select a from s.t) select a from x", "with y as (select a from s.t) select y.a from y"),
    ("select u.a from s.t u join s.v w on u.k = w.k", "select a1.a from s.t a1 join s.v b1 on b1.k = a1.k"),
    ("select a from s.t where b = -1", "select a from s.t where b = 1"),
    ("select a from (select a, b from s.t) q where q.b = 1", "select a from (select a, b from s.t) where b = 2"),
    ("with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) from r",
     "with recursive q(n) as (select 1 union all select n + 1 from q where n < 9) from q"),
]  # fmt: skip
OTHER = [
    ("select a from s.t", "select b from s.t"),
    ("select a from s.t", "select a from s.u"),
    ("select a from s.t", "select a from r.t"),
    ("select a from s.t", "select distinct a from s.t"),
    ("select a, b from s.t", "select b, a from s.t"),
    ("select sum(a) from s.t", "select avg(a) from s.t"),
    ("select sum(a) from s.t", "select sum(distinct a) from s.t"),
    ("select a from s.t where b = 1", "select a from s.t where b > 1"),
    ("select a from s.t where b > 1", "select a from s.t where b < 1"),
    ("select a from s.t where b = 1 and c = 2", "select a from s.t where b = 1 or c = 2"),
    ("select a from s.t where b = 1 and (c = 2 or d = 3)", "select a from s.t where (b = 1 and c = 2) or d = 3"),
    ("select a from s.t where b in (1)", "select a from s.t where b not in (1)"),
    ("select a, count(*) from s.t group by 1", "select a, count(*) from s.t group by 2"),
    ("select u.a from s.t u join s.v w on u.k = w.k", "select w.a from s.t u join s.v w on u.k = w.k"),
    ("select u.a from s.t u join s.v w on u.k = w.k", "select u.a from s.t u left join s.v w on u.k = w.k"),
    ("select u.a from s.t u join s.t w on u.k = w.p", "select u.a from s.t u join s.t w on u.p = w.k"),
    ("select a from s.t union select a from s.u", "select a from s.t union all select a from s.u"),
    ("select a from (select a from s.t order by b limit 1)", "select a from (select a from s.t order by c limit 1)"),
    ("(select a from s.t order by b limit 1) union all from s.u", "(select a from s.t order by c limit 1) union all from s.u"),
    ("select a from s.t where b is null", "select a from s.t where b is not null"),
    ("select a - b from s.t", "select b - a from s.t"),
    ("select a from s.t where b like 'x%'", "select a from s.t where b not like 'x%'"),
    ("select a from s.t where exists (from s.u where u.k = t.k)", "select a from s.t where exists (from s.u where u.k = u.j)"),
    ("select a from s.t where exists (from s.u where u.k = t.k)", "select a from s.t where exists (from s.u where u.k = k)"),
    ("select a from s.t x where exists (from s.u where u.k = x.k)", "select a from s.t x where exists (from s.u where u.k = k)"),
    ("with x as (select a from s.t), y as (select b from s.u) select a from x",
     "with x as (select a from s.t), y as (select b from s.u) select b from y"),
    ("select sum(a) filter (where b) from s.t", "select sum(a) filter (where c) from s.t"),
    ("select lag(a) over (order by b) from s.t", "select lag(a) over (partition by b) from s.t"),
    ("select d::date from s.t", "select d::timestamp from s.t"),
    ("select upper(a) as a, count(*) from s.t group by a", "select upper(a) as a, count(*) from s.t group by upper(a)"),
    ("select x.b from (select a as b, c from s.t) x", "select x.b from (select c as b, a from s.t) x"),
]  # fmt: skip
#: One shape and two exact marks, or one.
EXACTLY = [
    ("select a from s.t where b = 1", "select a from s.t where b = 2", False),
    ("select a from s.t where b = 1", "select t.a from s.t where 1 = t.b", True),
    ("select a from s.t where b in (1, 2)", "select a from s.t where b in (2, 1)", True),
    ("select a from s.t limit 1", "select a from s.t limit 2", False),
    ("select a from s.t order by a", "select a from s.t", False),
    ("select a as x from s.t", "select a from s.t", True),
    ("select a from s.t where b = 1", "select a from s.t where b = '1'", False),
]


def marks(text: str) -> Fingerprint:
    found = read_question(text)[1]
    assert found is not None
    return found


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_differs_in_values_and_names_is_one_shape(one, other):
    assert marks(one).shape == marks(other).shape


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_asks_something_else_is_another_shape(one, other):
    assert marks(one).shape != marks(other).shape


@pytest.mark.parametrize(("one", "other", "same"), EXACTLY)
def test_the_exact_mark_knows_values(one, other, same):
    assert marks(one).shape == marks(other).shape
    assert (marks(one).exact == marks(other).exact) is same


def test_what_does_not_parse_has_no_mark():
    assert read_question("select from where")[1] is None
    assert read_question("select 1; select 2")[1] is None
