"""What a check found against what it wanted, in words: with operator and unit, and so precise that the two can be told apart. Pure."""

from __future__ import annotations

import re
from typing import Any

from andon.base.text import plural
from andon.model.check import CheckStatus
from andon.model.check_result import CheckResult

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
# a limit as `judge` tells it: `> 0`, `< 75%`, `120 +- 0.1%`, `0..10`
_COMPARED = re.compile(
    rf"(?P<operator>(?:<=|>=|<>|<|>) )?(?P<number>{_NUMBER})(?P<unit>%?)(?P<rest> \+- {_NUMBER}%?)?\Z"
)
_RANGE = re.compile(rf"(?P<low>{_NUMBER})?(?P<unit>%?)\.\.(?P<high>{_NUMBER})?%?\Z")
_KEYS = re.compile(r"(?:\w+:)?\s*(?:lost\s+keys|changed\s+rows)\b", re.IGNORECASE)
_AGE = re.compile(r"(?:\w+:)?\s*max_age\b", re.IGNORECASE)
_ENOUGH = 15
#: From here on a number has its thousands apart.
_LONG = 10_000


def finding(check: CheckResult) -> str:
    """What was found; of a check that fails also what was wanted."""
    if check.status is CheckStatus.ERROR:
        return f"could not run: {check.reason}"
    if check.status is CheckStatus.SKIPPED:
        return check.reason or "skipped"
    if check.bad is not None:
        return _rows(check, check.bad)
    if check.value is None and check.reason:
        return check.reason + (f", wanted {limit_text(check.limit)}" if check.failed and _may_be_wanted(check) else "")
    value, limit = _pair(check)
    if check.limit is not None and check.failed:
        value += f", wanted {limit}"
    return f"{value} ({check.reason})" if check.reason else value


def _may_be_wanted(check: CheckResult) -> bool:
    return check.limit is not None and check.reason == "no value"


def _rows(check: CheckResult, bad: int) -> str:
    what = "key" if _KEYS.match(check.text) else "row"
    if check.total is None:
        return plural(bad, what)
    if not bad:
        return plural(check.total, what)
    share = f" ({_share(bad / check.total)})" if check.total else ""
    allowed = ""
    if isinstance(check.limit, int) and not isinstance(check.limit, bool):
        allowed = f", {check.limit:,} allowed"
    elif check.limit is not None and check.failed:
        allowed = f", wanted {limit_text(check.limit)}"
    aside = " set aside" if check.quarantined is not None else ""
    reason = f" ({check.reason})" if check.reason else ""
    return f"{bad:,} of {plural(check.total, what)}{share}{aside}{allowed}{reason}"


def _pair(check: CheckResult) -> tuple[str, str]:
    """Value and limit; where the value would read like a bound that it does not keep, with all its digits."""
    limit = limit_text(check.limit)
    if _AGE.match(check.text):
        return f"newest {moment_text(check.value)}", f"{moment_text(check.limit)} or later"
    in_percent = _has_unit(check.limit)
    numbers = re.findall(r"-?[\d,]+(?:\.\d+)?", limit)
    value = _percent(check.value) if in_percent else measured_text(check.value)
    if check.failed and value.rstrip("%") in numbers and isinstance(check.value, int | float):
        exact = 100 * check.value if in_percent else check.value
        value = f"{exact:,.{_ENOUGH}g}" + ("%" if in_percent else "")
        if value.rstrip("%") in numbers:
            value = repr(exact).removesuffix(".0") + ("%" if in_percent else "")
    return value, limit


def _has_unit(limit: Any) -> bool:
    match = (_COMPARED.match(limit) or _RANGE.match(limit)) if isinstance(limit, str) else None
    return match is not None and (match["unit"] == "%" or (limit.endswith("%") and ".." in limit))


def _percent(value: Any) -> str:
    return f"{100 * value:.4g}%" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def measured_text(value: Any) -> str:
    """A measured value for people."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1 else f"{value:,.2f}".rstrip("0").rstrip(".")
    return str(value)


def limit_text(limit: Any) -> str:
    """A limit for people: long numbers with their thousands apart."""
    if not isinstance(limit, str):
        return measured_text(limit)
    match = _COMPARED.match(limit)
    if match:
        return f"{match['operator'] or ''}{_bound(match['number'])}{match['unit']}{match['rest'] or ''}"
    match = _RANGE.match(limit)
    if match is None:
        return limit
    unit = "%" if limit.endswith("%") or match["unit"] else ""
    return "..".join(f"{_bound(end)}{unit}" if end else "" for end in (match["low"], match["high"]))


def moment_text(value: Any) -> str:
    """A moment without noise: no zone, which is UTC, and no midnight."""
    return str(value).removesuffix("+00:00").replace("T", " ").removesuffix(" 00:00:00")


def _share(share: float) -> str:
    return f"{share:.2%}" if share >= 0.0001 else "< 0.01%"


def _bound(text: str) -> str:
    """A number as it was written; a long one with its thousands apart, and two digits after the point."""
    value = float(text)
    if abs(value) < _LONG or "e" in text:
        return text
    return measured_text(int(text) if value.is_integer() and "." not in text else value)
