"""What checks found, in words."""

from __future__ import annotations

from typing import Any

import pytest

from andon.base.record import replace
from andon.checks.findings import limit_text, measured_text
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.render.checks import finding_text, tally_text


def result(status: CheckStatus, **facts: Any) -> CheckResult:
    made = CheckResult("k", "c", "s.d", "a > 0", "a > 0", CheckKind.ROW, Severity.HOLD, status)
    return replace(made, **facts)


PASS, FAIL, ERROR, SKIPPED = CheckStatus.PASS, CheckStatus.FAIL, CheckStatus.ERROR, CheckStatus.SKIPPED


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (result(PASS, bad=0, total=1), "1 row"),
        (result(PASS, bad=0, total=1204), "1,204 rows"),
        (result(FAIL, bad=3, total=1204), "3 of 1,204 rows (0.25%)"),
        (result(FAIL, bad=1, total=1_000_000), "1 of 1,000,000 rows (< 0.01%)"),
        (result(FAIL, bad=30, total=100, limit=20), "30 of 100 rows (30.00%), 20 allowed"),
        (result(FAIL, bad=2), "2 rows"),
        (result(PASS, value=12_000, limit="10_000..20_000"), "12,000"),
        (result(FAIL, value=9, limit="10000.0..20000"), "9, wanted 10,000..20,000"),
        (result(FAIL, value=0.123456789, limit=0.5), "0.123457, wanted 0.5"),
        (result(FAIL, value=-3.25, limit="> 0"), "-3.25, wanted > 0"),
        (result(FAIL, value=1234567.5, limit="<= 1000000"), "1,234,567.5, wanted <= 1,000,000"),
        (result(FAIL, value=0.8, limit="< 75%"), "80%, wanted < 75%"),
        (result(FAIL, value=0.75, limit="< 75%"), "75%, wanted < 75%"),
        (result(FAIL, value=0.750001, limit="..75%"), "75.0001%, wanted ..75%"),
        (result(FAIL, value=0.1234567, limit="20%..30%"), "12.35%, wanted 20%..30%"),
        (result(FAIL, value=1234.567891, limit=1234.57), "1,234.567891, wanted 1,234.57"),
        (result(FAIL, value=5.0000001, limit="..5"), "5.0000001, wanted ..5"),
        (result(FAIL, value=120, limit="100 +- 1%"), "120, wanted 100 +- 1%"),
        (result(FAIL, value="y", limit="< y10000"), "y, wanted < y10000"),
        (result(FAIL, bad=3, total=10, text="lost keys < 5%", limit="< 5%"), "3 of 10 keys (30.00%), wanted < 5%"),
        (
            result(FAIL, bad=1, total=10, text="n: changed rows < 5%", limit="< 5%"),
            "1 of 10 keys (10.00%), wanted < 5%",
        ),
        (
            result(FAIL, text="max_age 1d by t", value="2026-11-20T10:00:00+00:00", limit="2026-11-21T00:00:00+00:00"),
            "newest 2026-11-20 10:00:00, wanted 2026-11-21 or later",
        ),
        (result(FAIL, reason="no value"), "no value"),
        (result(FAIL, reason="no value", limit="> 0"), "no value, wanted > 0"),
        (result(FAIL, value=4, limit=3, reason="learned"), "4, wanted 3 (learned)"),
        (result(ERROR, reason="no such function"), "could not run: no such function"),
        (result(SKIPPED), "skipped"),
        (result(SKIPPED, reason="nothing published"), "nothing published"),
        (
            result(FAIL, bad=1, accepted={"who": "ana", "reason": "a sale"}),
            "1 row; accepted by ana: a sale",
        ),
        (result(PASS, bad=0, total=2, accepted={"who": "ana", "reason": "a sale"}), "2 rows"),
    ],
)
def test_what_was_found(check: CheckResult, text: str) -> None:
    assert finding_text(check) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "true"), (1234567, "1,234,567"), (0.5, "0.5"), (1234.5, "1,234.5"), (2.0, "2"),
        ("2026-11-01", "2026-11-01"),
    ],
)  # fmt: skip
def test_measured_values(value: object, text: str) -> None:
    assert measured_text(value) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (None, ""), (1234567, "1,234,567"), ("9999..10000", "9999..10,000"), ("..5", "..5"), ("a..b", "a..b"),
        (">= 123456", ">= 123,456"), ("20%..30%", "20%..30%"), ("..30%", "..30%"), ("20%..", "20%.."),
        ("2026-01-01..2026-12-31", "2026-01-01..2026-12-31"), ("12000 +- 10%", "12,000 +- 10%"),
        ("<= 5.0", "<= 5.0"), ("-12345.60..", "-12,345.6.."),
        ("12345678901234567890..", "12,345,678,901,234,567,890.."), ("> 1e+20", "> 1e+20"),
    ],
)  # fmt: skip
def test_limits(limit: object, text: str) -> None:
    assert limit_text(limit) == text


def test_how_many_hold() -> None:
    assert tally_text([]) == "no checks"
    assert tally_text([result(PASS)]) == "1 check: 1 holds"
    some = [result(PASS), result(PASS), result(FAIL), result(ERROR), result(SKIPPED)]
    assert tally_text(some) == "5 checks: 2 hold, 1 fails, 1 could not run, 1 skipped"
