"""Quality rules of the standard as check lines."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite

from andon.contracts.lines import (
    LineModifiers,
    can_name,
    column_text,
    columns_text,
    matches_text,
    range_text,
    value_text,
)
from andon.contracts.odcs.words import CHECK, METRICS, OPERATORS, SEVERITIES
from andon.contracts.taking import Taker, says_nothing
from andon.contracts.values import GatheredLines
from andon.project.files.nodes import PlacedValue

_WHY_SQL = "it is SQL of another database: a rule of `checks/*.sql` says it, by the names of the datasets"
_WHY_TEXT = "it is a text for people: write the check that it means, or a caveat"
_REASONS = {
    "dimension": "Andon sorts checks by what they read, not by dimensions",
    "method": "Andon has no word for it",
    "schedule": "checks are asked in the run that makes their data",
    "scheduler": "checks are asked in the run that makes their data",
    "tags": "a check has no tags",
    "unit": "the limit has no unit of its own here",
}


def read_rule(rule: Taker, found: GatheredLines, column: str | None) -> None:
    """Add the line that a rule says, or tell why there is none."""
    kind = rule.text("type") or "library"
    place = rule.node
    if kind == "library":
        form = _library(rule, found, column)
    else:
        form = None
        why = {"sql": _WHY_SQL, "text": _WHY_TEXT}.get(kind)
        if kind == "custom":
            why = f"it is written for {rule.text('engine') or '?'}, which is not asked here"
        if why is not None:
            said = rule.text("name") or rule.text("description") or kind
            rule.notes.leave(rule.place, f"{rule.path}: {said}", why)
        else:
            rule.notes.wrong(place, f"`{rule.under('type')}` must be library, sql, text or custom, found `{kind}`")
    if form is None:
        rule.ignore(rule.node.value)  # the rule is told as a whole
        return
    found.add(
        _modifiers(rule, found).around(form) if "\0" not in form else _allowed(rule, found, form), place, rule.path
    )
    rule.ignore(["id", "type"])
    rule.end(_REASONS)


def _allowed(rule: Taker, found: GatheredLines, form: str) -> str:
    """A line whose form has an allowance behind it."""
    text, _, allow = form.partition("\0")
    made = _modifiers(rule, found)
    return LineModifiers(name=made.name, allow=allow, severity=made.severity, why=made.why).around(text)


def _modifiers(rule: Taker, found: GatheredLines) -> LineModifiers:
    name, why = rule.text("name"), rule.text("description")
    said = rule.text("severity")
    severity = SEVERITIES.get((said or "error").lower())
    if severity is None:
        rule.notes.leave(rule.place, f"{rule.under('severity')}: {said}", "no such severity is known: it holds")
    if name is not None and not can_name(name):
        why, name = why or name, None
    impact = rule.text("businessImpact")
    if why is None:
        why = impact
    elif impact is not None:
        rule.notes.leave(rule.place, f"{rule.under('businessImpact')}: {impact}", "a check has one reason")
    return LineModifiers(name=found.name(name), severity=severity or "", why=why)


# -- the library


def _library(rule: Taker, found: GatheredLines, column: str | None) -> str | None:
    metric = rule.text("metric") or rule.text("rule")
    measure = METRICS.get(metric or "")
    if measure is None:
        message = f"`{rule.path}` names no measure" if metric is None else f"`{metric}` is no measure of the standard"
        rule.notes.leave(rule.place, rule.path, f"{message}; known are {', '.join(sorted(METRICS))}")
        return None
    arguments = rule.map("arguments")
    limit = _limit(rule)
    if limit is None:
        return None
    try:
        form = _measured(measure, rule, arguments, limit, found, column)
    finally:
        if arguments is not None:
            arguments.end(why="the measure has no such argument")
    return form


def _measured(
    measure: str,
    rule: Taker,
    arguments: Taker | None,
    limit: tuple[str, list[str]],
    found: GatheredLines,
    column: str | None,
) -> str | None:
    if measure == "rows":
        return _condition("rows", limit)
    if measure == "duplicates":
        return _duplicates(rule, arguments, limit, found, column)
    if column is None:
        rule.notes.leave(rule.place, rule.path, "the measure is of a column, and stands at none")
        return None
    name = column_text(column)
    if measure == "nulls":
        return _counted(rule, f"not null {name}", f"{name} is null", limit)
    if measure == "missing":
        return _missing(rule, arguments, limit, name)
    return _invalid(rule, arguments, limit, found, column)


def _limit(rule: Taker) -> tuple[str, list[str]] | None:
    """The operator's sign and its numbers; None, and told, where there is none, or more than one."""
    named = [name for name in OPERATORS if rule.has(name)]
    if len(named) != 1:
        what = "no operator" if not named else "several operators"
        rule.notes.wrong(rule.node, f"`{rule.path}` has {what}", f"one of {', '.join(OPERATORS)}")
        return None
    node = rule.take(named[0])
    sign = OPERATORS[named[0]]
    numbers = node.value if node is not None and node.kind == "list" else [node]
    is_right = len(numbers) == (2 if ".." in sign else 1)
    if not is_right or any(each is None or each.kind != "number" or not isfinite(float(each.raw)) for each in numbers):
        expected = "two numbers" if ".." in sign else "a number"
        shown = node.shown() if node is not None else "nothing"
        rule.notes.wrong(node or rule.node, f"`{rule.under(named[0])}` must be {expected}, found {shown}")
        return None
    return sign, [each.raw for each in numbers if each is not None]


def _condition(what: str, limit: tuple[str, list[str]], share: str = "") -> str:
    """`what` held against a limit."""
    sign, numbers = limit
    if sign == "..":
        return range_text(what, *[f"{number}{share}" for number in numbers]) or what
    if sign == "not ..":
        return f"{what} < {numbers[0]}{share} or {what} > {numbers[1]}{share}"
    return f"{what} {sign} {numbers[0]}{share}"


def _counted(rule: Taker, form: str, bad: str, limit: tuple[str, list[str]]) -> str:
    """A rule of rows whose number of bad ones has a limit: the form itself where that only allows some, else the number of them."""
    is_share = (rule.text("unit") or "rows").lower() in ("percent", "%", "percentage")
    sign, numbers = limit
    most = numbers[-1] if sign in ("=", "<=") or (sign == ".." and float(numbers[0]) == 0) else None
    if sign == "<" and not is_share and float(numbers[0]) == int(float(numbers[0])) and float(numbers[0]) > 0:
        most = str(int(float(numbers[0])) - 1)
    if most is not None and float(most) == 0:
        return form
    if most is not None and sign != "=" and float(most) > 0 and (is_share or float(most) == int(float(most))):
        return f"{form}\0{most}%" if is_share else f"{form}\0{int(float(most))} rows"
    what = f"share({bad})" if is_share else f"count_if({bad})"
    return _condition(what, limit, "%" if is_share else "")


def _duplicates(
    rule: Taker, arguments: Taker | None, limit: tuple[str, list[str]], found: GatheredLines, column: str | None
) -> str | None:
    named = arguments.texts("properties") if arguments is not None else ()
    columns = [found.column(name) for name in named] if named else [column] if column is not None else []
    if not columns:
        rule.notes.leave(rule.place, rule.path, "it says of no columns that they are unique")
        return None
    unit = (rule.text("unit") or "rows").lower()
    sign, numbers = limit
    is_none = (sign in ("=", "<=") and float(numbers[0]) == 0) or (sign == "<" and numbers == ["1"] and unit == "rows")
    if is_none:
        return f"unique {columns_text(columns)}"
    if len(columns) > 1:
        rule.notes.leave(
            rule.place, rule.path, "how many rows of several columns may be double can't be counted in a line"
        )
        return None
    name = column_text(columns[0])
    count, distinct = f"count({name})", f"distinct({name})"
    if unit in ("percent", "%", "percentage"):
        if sign not in ("<", "<="):
            rule.notes.leave(rule.place, rule.path, "a share of double values is only known as an upper limit")
            return None
        return f"{distinct} {'>' if sign == '<' else '>='} {_kept(numbers[0])} * {count}"
    return _condition(f"{count} - {distinct}", limit)


def _kept(percent: str) -> str:
    """The share that is left when so many percent are taken away."""
    return format(1 - Decimal(percent) / 100, "f")


def _missing(rule: Taker, arguments: Taker | None, limit: tuple[str, list[str]], name: str) -> str:
    values = arguments.items("missingValues") if arguments is not None else []
    texts = [value_text(each) for each in values if each.kind not in ("null", "list", "map")]
    has_null = not values or any(each.kind == "null" for each in values)
    if not texts:
        return _counted(rule, f"not null {name}", f"{name} is null", limit)
    listed = f"{name} not in ({', '.join(texts)})"
    holds = f"{name} is not null and {listed}" if has_null else listed
    return _counted(rule, holds, f"not ({holds})", limit)


def _invalid(
    rule: Taker, arguments: Taker | None, limit: tuple[str, list[str]], found: GatheredLines, column: str
) -> str | None:
    name = column_text(column)
    valid = rule.take("validValues") if rule.has("validValues") else None
    if arguments is not None and valid is None:
        valid = arguments.take("validValues")
    pattern = arguments.text("pattern") if arguments is not None else None
    if valid is not None and valid.kind == "list":
        listed = in_text(valid.value, name, (found.types or {}).get(column.lower()))
        if listed is not None:
            return _counted(rule, listed, f"not ({name} in {_bracketed(listed, name)})", limit)
    if pattern is not None:
        holds = matches_text(name, pattern)
        bad = (
            f"not ({holds})"
            if " matches " not in holds
            else f"not regexp_full_match({name}, {holds.split(' matches ', 1)[1]})"
        )
        return _counted(rule, holds, bad, limit)
    rule.notes.leave(rule.place, rule.path, "it does not say which values are valid")
    return None


def in_text(values: list[PlacedValue], name: str, kind: str | None) -> str | None:
    """That a column has one of some values; NULL passes anyway."""
    texts = [value_text(each, kind) for each in values if each.kind not in ("null", "list", "map")]
    return f"{name} in {', '.join(dict.fromkeys(texts))}" if texts else None


def _bracketed(listed: str, name: str) -> str:
    return f"({listed.removeprefix(f'{name} in ')})"


def kept_line(rule: Taker) -> str | None:
    """The line that a rule was made of, where Andon wrote it; the rule is not touched."""
    own = rule.node.value.get("customProperties")
    for each in own.value if own is not None and own.kind == "list" else ():
        if each.kind == "map" and "property" in each.value and each.value["property"].value == CHECK:
            value = each.value.get("value")
            return str(value.value) if value is not None and value.kind == "text" and not says_nothing(value) else None
    return None
