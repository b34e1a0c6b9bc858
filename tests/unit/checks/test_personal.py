"""What of a check's result is made from values of personal columns."""

import pytest

from andon.checks.judge import Measured, judge
from andon.checks.language.parse import parse_check
from andon.checks.personal import Telling, discreet, telling
from andon.model.check import Check

COLUMNS = [
    ("id", "BIGINT"),
    ("pay", "DECIMAL(9,2)"),
    ("Net Pay", "DOUBLE"),
    ("sick", "BOOLEAN"),
    ("p", "STRUCT(a INT)"),
]
PERSONAL = frozenset(("pay", "net pay", "sick", "p"))


def check_of(line: str) -> Check:
    found = parse_check(line, dataset="hr.staff", columns=COLUMNS, key=("id",))
    assert isinstance(found, Check), found
    return found


@pytest.mark.parametrize(
    ("line", "value", "limit"),
    [
        ("rows > 0", False, False),
        ("count(pay) > 0", False, False),
        ("distinct(pay) > 0", False, False),
        ("share(pay is null) < 5%", False, False),
        ("share(sick) < 5%", False, False),
        ("count_if(pay > 5) = 0", False, False),
        ("count(*) filter (pay > 5) = 0", False, False),
        ("sum(case when pay > 5 then 1 else 0 end) = 0", False, False),
        ("sum(id) filter (where pay > 5) = 0", False, False),
        ("first(id order by pay) = 0", False, False),
        ("max(id) = (select count(*) from hr.staff)", False, False),
        ("max(id) = (select max(s.id) from hr.staff s)", False, False),
        ("sum(pay) > 0", True, False),
        ("avg(PAY) > 0", True, False),
        ('stddev("net pay") > 0', True, False),
        ("pay.max() > 0", True, False),
        ("pay.max().abs() > 0", True, False),
        ("bool_or(sick) = false", True, False),
        ("sum(case when id = 2 then pay else 0 end) = 0", True, False),
        ("sum(case when pay = 1 then 1 when pay = 2 then 2 else 0 end) = 0", True, False),
        ("max(case when id = 2 then pay > 5 end) = true", True, False),
        ("count(id) * max(pay) > 0", True, False),
        ("max(p.a) > 0", True, False),
        ("max(id) > sum(pay)", False, True),
        ("rows > sum(pay)", False, True),
        ("max(id) = sum(hr.other.pay)", False, True),
        ("sum(pay) 90%..110% of published", True, True),
        ("rows 90%..110% of published", False, False),
        ("watch sum(pay)", True, True),
        ("watch share(pay > 5)", False, False),
        ("max(id) = (select max(s)::varchar::int from hr.staff s)", False, True),
        ("max(id) = (select max(staff)::varchar::int from hr.staff)", False, True),
        ("max(id) = (select max(b) from hr.staff s(a, b))", False, True),
        ("max(id) = (select max(#2) from hr.staff)", False, True),
        ("max(id) = (select max(v) from (select pay as v from hr.staff))", False, True),
        ("max(id) = (select max(columns('p.y')) from hr.staff)", False, True),
    ],
)
def test_only_numbers_of_rows_are_told(line, value, limit):
    assert telling(check_of(line), PERSONAL) == Telling(value, limit)


@pytest.mark.parametrize(
    ("line", "value", "limit", "reason"),
    [
        ("sum(pay) 10..20", 5, None, "too small"),
        ("sum(pay) 10..20", 25, None, "too large"),
        ("sum(pay) ..20", 25, None, "too large"),
        ("sum(pay) 10..", 5.5, None, "too small"),
        ("sum(pay) = 10", 5, 10, "too small"),
        ("sum(pay) = 10 +- 1", 12, 10, "too large"),
        ("sum(pay) = sum(hr.other.pay) +- 1%", 12, 10, "too large"),
        ("sum(pay) > 10", 5, 10, None),  # the limit says it
        ("sum(pay) > 10", None, 10, "no value"),
        ("sum(id) 10..20", 5, None, None),  # the value is shown
    ],
)
def test_of_a_hidden_number_the_side_is_told(line, value, limit, reason):
    check = check_of(line)
    verdict = discreet(check, judge(check, Measured(value=value, limit=limit, holds=False)), PERSONAL)
    assert verdict.reason == reason
    if "pay" in line:
        assert verdict.value == (None if value is None else "•••")
