"""Tests of dbt, as they stand at a model or a column, read into check lines with their thresholds, conditions and names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from andon.base.record import Record, replace
from andon.contracts.dbt.generics import AskedTest, Generic, NoLine, find
from andon.contracts.lines import LineModifiers, can_name, column_text
from andon.contracts.taking import Taker, is_computed
from andon.contracts.values import GatheredLines
from andon.project.files.nodes import PlacedValue

_THRESHOLD = re.compile(r"\s*(>=|>|!=|<>)\s*(\d{1,15})\s*\Z")
_REASONS = {
    "limit": "up to twenty failing rows are kept with each result anyway",
    "store_failures": "failing rows are kept with each result anyway",
    "store_failures_as": "failing rows are kept with each result anyway",
    "tags": "a check has no tags",
    "meta": "a check has no properties of its own",
    "alias": "`name` names a check",
    "fail_calc": "a check counts rows: another number is a rule over a total",
}
#: Keys that stand beside the arguments of a test, or in `config`.
_TEXTS = ("severity", "where", "error_if", "warn_if")
_SWITCHES = ("enabled", "fail_calc")
_GROUPED = ("group_by_columns", "group_by", "partition_by")


class _Limits(Record):
    """How many rows may be bad: for the hold, for the warning; None where there is no such line."""

    hold: int | None
    warn: int | None


def read_tests(owner: Taker, found: GatheredLines, column: str | None) -> None:
    """Add the lines of all tests that stand below `tests` or `data_tests`."""
    for key in ("tests", "data_tests"):
        for number, item in enumerate(owner.items(key)):
            _read(item, owner, f"{owner.under(key)}[{number}]", found, column)


def _read(item: PlacedValue, owner: Taker, path: str, found: GatheredLines, column: str | None) -> None:
    notes = owner.notes
    if item.kind == "text":
        name, said = str(item.value).strip(), Taker(PlacedValue("map", {}, item.line, item.column), notes, path)
    elif item.kind == "map" and "test_name" in item.value:
        said = Taker(item, notes, path)
        name = said.text("test_name") or ""
    elif item.kind == "map" and len(item.value) == 1:
        name, body = next(iter(item.value.items()))
        if body.kind == "null":
            body = PlacedValue("map", {}, item.line, item.column)
        taken = Taker.of(body, notes, f"{path}.{name}")
        if taken is None:
            return
        said = taken
    else:
        hint = "its arguments stand below its name, indented further"
        notes.wrong(item, f"`{path}` is no test, found {item.shown()}", hint)
        return
    _test(name, said, item, found, column)


def _test(name: str, said: Taker, item: PlacedValue, found: GatheredLines, column: str | None) -> None:
    why = None
    generic = find(name)
    if generic is None:
        why = "no line is known that says it: a rule of `checks/*.sql` can"
    elif is_computed(_without_refs(item), said.notes):
        why = "it is computed when dbt runs"
    if why is None and generic is not None:
        why = _add(generic, said, item, found, column)
    if why is not None:
        said.notes.leave(
            (item.line, item.column), f"{said.path}: {name}" if not said.path.endswith(name) else said.path, why
        )


def _without_refs(item: PlacedValue) -> PlacedValue:
    """The test without the arguments that name a model: those are read as what they are."""
    if item.kind != "map":
        return item
    kept = {key: _without_refs(value) for key, value in item.value.items() if key not in ("to", "description", "meta")}
    return PlacedValue("map", kept, item.line, item.column, keys=item.keys)


def _add(generic: Generic, said: Taker, item: PlacedValue, found: GatheredLines, column: str | None) -> str | None:
    """Add the lines that a test says; why there are none, else."""
    config = said.map("config")
    arguments = said.map("arguments") or said
    own = said.text("column_name") or (arguments.text("column_name") if arguments is not said else None) or column
    given = [config, said] if config is not None else [said]
    at = {key: next((each for each in given if each.has(key)), None) for key in (*_TEXTS, *_SWITCHES)}
    texts = {key: (each.text(key) if each is not None else None) for key, each in at.items() if key in _TEXTS}
    if _is_off(at["enabled"]):
        return "it is switched off"
    if any(arguments.has(key) for key in _GROUPED):
        return "it asks groups, which no line does"
    mostly = arguments.take("mostly") if arguments.has("mostly") else None
    if at["fail_calc"] is not None:
        return _REASONS["fail_calc"]
    name = None if own is None else found.column(own)
    asked = AskedTest(arguments, found, None if name is None else column_text(name), name)
    try:
        form = generic.made(asked)
    except NoLine as reason:
        return str(reason)
    if form is None:
        return "its arguments come to no line"
    limits = _limits(texts, generic, mostly)
    if isinstance(limits, str):
        return limits
    where = [texts["where"], arguments.text("row_condition"), arguments.text("from_condition")]
    conditions = [each for each in where if each]
    if arguments.has("to_condition"):
        return "a condition on the other side needs a view that holds those rows"
    label = said.text("name")
    why = said.text("description")
    if label is not None and not can_name(label):
        said.notes.leave(said.place, f"{said.under('name')}: {label}", "it can't name a check")
    made = LineModifiers(
        name=found.name(label) if label is not None and can_name(label) else None,
        where=" and ".join(f"({each})" for each in conditions) if len(conditions) > 1 else "".join(conditions) or None,
        why=why,
    )
    for line in _lines(form, made, limits, mostly):
        found.add(line, item, said.path)
    for each in (config, arguments, said):
        if each is not None:
            each.end(_REASONS, "the test has no such argument here")
    return None


def _is_off(place: Taker | None) -> bool:
    node = place.take("enabled") if place is not None else None
    return node is not None and node.kind == "flag" and not node.value


def _limits(texts: dict[str, str | None], generic: Generic, mostly: PlacedValue | None) -> _Limits | str:
    """How many rows may be bad, or why that can't be said."""
    found: dict[str, int] = {}
    for key in ("error_if", "warn_if"):
        said = texts[key]
        match = _THRESHOLD.match(said) if said is not None else None
        if said is not None and (match is None or (match[1] in ("!=", "<>") and match[2] != "0")):
            return f"`{key}: {said}` is no upper limit of rows"
        found[key] = 0 if match is None or match[1] in ("!=", "<>") else int(match[2]) - (match[1] == ">=")
    if max(found.values()) > 0 and not generic.of_rows:
        return "its limit counts other things than rows: see `allow` in the reference of checks"
    if mostly is not None and (mostly.kind != "number" or not 0 < mostly.value <= 1 or not generic.of_rows):
        return "`mostly` is no share that a line could allow"
    severity = (texts["severity"] or "error").lower()
    if severity not in ("error", "warn"):
        return f"`severity: {severity}` is neither error nor warn"
    if severity == "warn":
        return _Limits(None, max(found["warn_if"], 0))
    is_apart = texts["warn_if"] is not None and found["warn_if"] < found["error_if"]
    return _Limits(max(found["error_if"], 0), max(found["warn_if"], 0) if is_apart else None)


def _lines(form: str, made: LineModifiers, limits: _Limits, mostly: PlacedValue | None) -> Sequence[str]:
    share = None
    if mostly is not None and mostly.value < 1:
        share = f"{format(((1 - Decimal(mostly.raw)) * 100).normalize(), 'f')}%"
    lines: list[str] = []
    for count, severity in ((limits.hold, ""), (limits.warn, "warn")):
        if count is not None:
            allow = f"{count} rows" if count else share
            name = made.name if not lines else None
            lines.append(replace(made, allow=allow, severity=severity, name=name).around(form))
    return lines
