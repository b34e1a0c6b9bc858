"""The verdict: what was measured, held against what the check says. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from andon.base.duration import Duration
from andon.base.record import Record, replace
from andon.checks.watch import Learning, Limits
from andon.model.check import (
    AgainstOther,
    AgainstPublished,
    Between,
    Check,
    CheckStatus,
    Comparison,
    Condition,
    MaxAge,
    Measure,
    Rows,
    SchemaRule,
    Tolerance,
    TotalRule,
    Watch,
)

#: See `compile.SLACK`.
_SLACK = 1e-14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = {"min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WIDER = {
    "TINYINT": ("SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    "SMALLINT": ("INTEGER", "BIGINT", "HUGEINT"),
    "INTEGER": ("BIGINT", "HUGEINT"),
    "BIGINT": ("HUGEINT",),
    "FLOAT": ("DOUBLE",),
}


class Measured(Record):
    """What an execution found.

    Attributes:
        bad, total: rows; of `lost keys` the lost keys and all published ones, of `changed rows` the changed and all common keys.
        left: of a check that sets rows aside: those of `bad` that are in the dataset all the same.
        value, limit: of totals; of `max_age` the newest value in microseconds since 1970.
        holds: the engine's own verdict on a comparison or range without tolerance.
        published: the published version's value.
        is_infinite: whether the newest value is infinite.
        skipped: why there was nothing to compare with.
        error: why it could not be measured.
        columns, declared, before: of schema rules: (name, type) now, as declared (type None if not stated), as published.
        limits: of a watched number what its history taught: the limits, or how far learning has come.
    """

    bad: int | None = None
    total: int | None = None
    left: int = 0
    value: Any = None
    limit: Any = None
    holds: bool | None = None
    published: Any = None
    is_infinite: bool = False
    skipped: str | None = None
    error: str | None = None
    columns: Sequence[tuple[str, str]] = ()
    declared: Sequence[tuple[str, str | None]] = ()
    before: Sequence[tuple[str, str]] | None = None
    limits: Limits | Learning | None = None


class Judgement(Record):
    """How a check came out. `bad` and `total` count rows; totals have `value` and `limit`; `reason` says what isn't plain."""

    status: CheckStatus
    value: Any = None
    limit: Any = None
    bad: int | None = None
    total: int | None = None
    reason: str | None = None


def judge(check: Check, measured: Measured, moment: datetime | None = None) -> Judgement:
    """The verdict on what was measured.

    Args:
        moment: the logical time, for `max_age`.

    Raises:
        ValueError: for `max_age` without `moment`.
    """
    if measured.error is not None:
        return Judgement(CheckStatus.ERROR, reason=measured.error)
    if measured.skipped is not None:
        return Judgement(CheckStatus.SKIPPED, value=measured.value, reason=measured.skipped)
    match check.form:
        case Rows(condition):
            return _number(measured, condition)
        case TotalRule(_, condition) | AgainstOther(_, condition):
            return _total(measured, condition)
        case AgainstPublished():
            return _published(check.form, measured)
        case MaxAge():
            if moment is None:
                raise ValueError("`max_age` needs the logical time")
            return _age(check.form, measured, moment)
        case SchemaRule():
            return _schema(check.form, measured)
        case Watch():
            return _watch(measured)
    return _rows(check, measured)


def _rows(check: Check, measured: Measured) -> Judgement:
    bad, total = measured.bad or 0, measured.total
    allow = check.allow or check.quarantine
    most: int | Fraction = 0
    if allow is not None:
        most = allow.count if allow.count is not None else Fraction(allow.share or 0) * (total or 0)
    status = CheckStatus.PASS if bad <= most and not measured.left else CheckStatus.FAIL
    reason = f"{measured.left:,} of them are in the dataset itself" if measured.left else None
    return Judgement(status, limit=None if allow is None else math.floor(most), bad=bad, total=total, reason=reason)


def _is_missing(value: Any) -> str | None:
    if value is None:
        return "no value"
    return "the value is NaN" if isinstance(value, float) and math.isnan(value) else None


def _total(measured: Measured, condition: Condition) -> Judgement:
    value, limit = measured.value, measured.limit
    missing = _is_missing(value)
    if missing is None and isinstance(condition, Comparison):
        other = _is_missing(limit)
        missing = f"{other} to compare with" if other == "no value" else other
    if missing is not None:
        return Judgement(CheckStatus.FAIL, value, limit, reason=missing)
    if isinstance(condition, Comparison) and condition.tolerance is not None:
        holds = is_near(value, limit, condition.tolerance)
    else:
        holds = bool(measured.holds)
    return Judgement(CheckStatus.PASS if holds else CheckStatus.FAIL, value, _wanted(condition, limit))


def _wanted(condition: Condition, limit: Any) -> Any:
    """The limit with operator, unit and tolerance; a value that is to be met exactly is that value."""
    if isinstance(condition, Between) or limit is None:
        return shown(condition)
    if condition.operator == "=" and condition.tolerance is None and not condition.is_share:
        return limit
    return _compared(condition, _written(limit))


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        value = value.quantize(1) if value == value.to_integral_value() else value.normalize()
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compared(condition: Comparison, right: str) -> str:
    operator = "" if condition.operator == "=" else condition.operator + " "
    tolerance = condition.tolerance
    within = ""
    if tolerance is not None:
        within = f" +- {_percent(tolerance.amount) if tolerance.relative else format(tolerance.amount, 'f')}"
    return operator + (_percent(Decimal(right)) if condition.is_share else right) + within


def _percent(share: Decimal) -> str:
    """`5%` for 0.05."""
    return _written(share * 100) + "%"


def _number(measured: Measured, condition: Condition) -> Judgement:
    """A number against numbers that stand in the check."""
    missing = _is_missing(measured.value)
    if missing is not None:
        return Judgement(CheckStatus.FAIL, measured.value, shown(condition), reason=missing)
    holds = satisfies(measured.value, condition)
    return Judgement(CheckStatus.PASS if holds else CheckStatus.FAIL, measured.value, shown(condition))


def _published(form: AgainstPublished, measured: Measured) -> Judgement:
    if form.measure in (Measure.ROWS, Measure.TOTAL):
        for value, what in ((measured.value, "no value"), (measured.published, "no published value")):
            if _is_missing(value) is not None:
                return Judgement(CheckStatus.FAIL, measured.value, reason=what if value is None else "the value is NaN")
        base = Fraction(measured.published) if not _is_inf(measured.published) else None
        if base is None:
            return Judgement(
                CheckStatus.FAIL, measured.value, measured.published, reason="the published value is infinite"
            )
        return _scaled(measured.value, form.condition, base)
    bad, total = measured.bad or 0, measured.total or 0
    share = Fraction(bad, total) if total else Fraction(0)
    value = share if form.is_share else Fraction(bad)
    holds = satisfies(value, form.condition)
    told: Any = float(share) if form.is_share else bad
    return Judgement(CheckStatus.PASS if holds else CheckStatus.FAIL, told, shown(form.condition), bad, total)


def _is_inf(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _scaled(value: Any, condition: Condition, base: Fraction) -> Judgement:
    """`value` against shares of `base`; doubles may be off by their rounding."""
    if isinstance(condition, Comparison):
        limit = Fraction(condition.right) * base
        holds = _compare(value, condition.operator, limit)
        wanted = _wanted(replace(condition, is_share=False), _told(limit))
        return Judgement(CheckStatus.PASS if holds else CheckStatus.FAIL, value, wanted)
    ends = sorted(Fraction(end.text) * base for end in (condition.low, condition.high) if end is not None)
    low = None if condition.low is None else Fraction(condition.low.text) * base
    high = None if condition.high is None else Fraction(condition.high.text) * base
    if base < 0 and low is not None and high is not None:
        low, high = ends[0], ends[1]
    holds = (low is None or _compare(value, ">=", low)) and (high is None or _compare(value, "<=", high))
    return Judgement(
        CheckStatus.PASS if holds else CheckStatus.FAIL,
        value,
        "..".join("" if e is None else str(_told(e)) for e in (low, high)),
    )


def _told(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def satisfies(value: Any, condition: Condition) -> bool:
    """Whether a number satisfies a condition whose numbers stand in it."""
    if isinstance(condition, Between):
        low = condition.low is None or _compare(value, ">=", Fraction(condition.low.text))
        return low and (condition.high is None or _compare(value, "<=", Fraction(condition.high.text)))
    if condition.tolerance is not None:
        return is_near(value, Decimal(condition.right), condition.tolerance)
    return _compare(value, condition.operator, Fraction(condition.right))


def _compare(value: Any, operator: str, limit: Fraction) -> bool:
    """Exact for whole and decimal numbers; a double is equal to a limit that it differs from by rounding only."""
    if isinstance(value, float):
        if math.isinf(value):
            number = Fraction(0)
            order = 1 if value > 0 else -1
        else:
            number = Fraction(value)
            near = abs(number - limit) <= Fraction(_SLACK) * max(abs(number), abs(limit))
            order = 0 if near else (number > limit) - (number < limit)
    else:
        number = Fraction(value)
        order = (number > limit) - (number < limit)
    return {"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[
        operator
    ]


def is_near(value: Any, limit: Any, tolerance: Tolerance) -> bool:
    """Whether two numbers are equal within the tolerance; both ends count, and doubles may be off by their rounding."""
    if _is_inf(value) or _is_inf(limit):
        return bool(value == limit)
    one, other = Fraction(value), Fraction(limit)
    most = Fraction(tolerance.amount) * (abs(other) if tolerance.relative else 1)
    if isinstance(value, float) or isinstance(limit, float):
        most += Fraction(_SLACK) * max(abs(one), abs(other))
    return abs(one - other) <= most


def shown(condition: Condition) -> str:
    """A condition as one would write it, for showing as the limit."""
    if isinstance(condition, Between):
        ends = ("" if end is None else end.text for end in (condition.low, condition.high))
        return "..".join(_percent(Decimal(end)) if end and condition.is_share else end for end in ends)
    return _compared(condition, condition.right)


def _age(form: MaxAge, measured: Measured, moment: datetime) -> Judgement:
    oldest = earlier(moment, form)
    limit = oldest.isoformat()
    if measured.is_infinite:
        return Judgement(CheckStatus.FAIL, "infinity", limit, reason="the newest value is in the future")
    if measured.value is None:
        return Judgement(CheckStatus.FAIL, None, limit, reason="no value")
    try:
        newest = _EPOCH + timedelta(microseconds=int(measured.value))
    except OverflowError:
        reason = (
            "the newest value is in the future" if measured.value > 0 else "the newest value is too old to be shown"
        )
        return Judgement(CheckStatus.FAIL, str(measured.value), limit, reason=reason)
    if newest > moment:
        return Judgement(CheckStatus.FAIL, newest.isoformat(), limit, reason="the newest value is in the future")
    return Judgement(CheckStatus.PASS if newest >= oldest else CheckStatus.FAIL, newest.isoformat(), limit)


def earlier(moment: datetime, form: MaxAge) -> datetime:
    """The instant that lies the form's duration before `moment`; months keep the day, or take the month's last."""
    if form.unit == "mo":
        return Duration(months=int(form.amount)).before(moment)
    return Duration(seconds=float(form.amount * _SECONDS[form.unit])).before(moment)


def _schema(form: SchemaRule, measured: Measured) -> Judgement:
    now = {name.lower(): (name, kind) for name, kind in measured.columns}
    faults = _differences(form, now, {name.lower(): (name, kind) for name, kind in measured.declared}, "declared")
    if measured.before is not None:
        faults += _differences(form, now, {name.lower(): (name, kind) for name, kind in measured.before}, "published")
    if not measured.declared and measured.before is None:
        return Judgement(CheckStatus.SKIPPED, reason="no columns are declared or published to compare with")
    reason = "; ".join(dict.fromkeys(faults))
    return Judgement(CheckStatus.FAIL if faults else CheckStatus.PASS, reason=reason or None)


def _differences(
    form: SchemaRule, now: Mapping[str, tuple[str, str]], then: Mapping[str, tuple[str, str | None]], what: str
) -> list[str]:
    if not then:
        return []
    faults = [f"`{name}` is {what} and missing" for lower, (name, _) in then.items() if lower not in now]
    if not form.add:
        added = [name for lower, (name, _) in now.items() if lower not in then]
        faults += [f"`{name}` is new" if what == "published" else f"`{name}` is not declared" for name in added]
    for lower, (name, kind) in now.items():
        before = then.get(lower, (name, None))[1]
        if before is None or before == kind or (form.widen and is_wider(before, kind)):
            continue
        faults.append(f"`{name}` is {kind}, {what} as {before}")
    return faults


def is_wider(before: str, now: str) -> bool:
    """Whether every value of type `before` is one of type `now`, unchanged (Iceberg's promotions)."""
    if now in _WIDER.get(before, ()):
        return True
    one, other = _decimal(before), _decimal(now)
    return one is not None and other is not None and one[1] == other[1] and one[0] <= other[0]


def _decimal(kind: str) -> tuple[int, int] | None:
    if not kind.startswith("DECIMAL("):
        return None
    precision, scale = kind[8:-1].split(",")
    return int(precision), int(scale)


def _watch(measured: Measured) -> Judgement:
    limits, value = measured.limits, measured.value
    if limits is None:
        return Judgement(CheckStatus.SKIPPED, value, reason="no limits are learned yet")
    if isinstance(limits, Learning):
        return Judgement(CheckStatus.SKIPPED, value, reason=limits.shown)
    fault = _is_missing(value) or limits.fault(value)
    return Judgement(CheckStatus.FAIL if fault else CheckStatus.PASS, value, limits.shown, reason=fault)
