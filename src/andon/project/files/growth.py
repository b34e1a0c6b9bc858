"""How a table that grows does so: the mapping `incremental` of a dataset's file."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Any

from andon.base.duration import Duration, read_duration
from andon.base.names import did_you_mean
from andon.model.growth import ASSUMABLE, By, Grain, Growth
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec, read_choice, read_text

_EXAMPLES = {
    By.APPEND: "`incremental: {by: append}`",
    By.TIME: "`incremental: {by: time, column: day, grain: day}`",
    By.KEY: "`incremental: {by: key}`, with the `key:` of the dataset",
}
#: Which of the other keys go with which kind of growth.
_FITTING = {
    By.APPEND: ("assume",),
    By.TIME: ("column", "grain", "lookback", "batch", "start", "assume"),
    By.KEY: ("deleted", "assume"),
}


def _read_length(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Duration | None:
    found = read_duration(node.value) if node.kind == "text" else None
    if found is None:
        hint = "such as `12h`, `3d`, `2w`, `1mo`, `1y`"
        reader.wrong(node, f"`{known.name}` must be a length of time", f"found {node.shown()}", hint)
    return found


def _read_start(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = reader.text(known.name, node)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        hint = "such as `2024-01-01` or `2024-01-01T06:00:00`, in UTC and without an offset"
        reader.wrong(node, f"`{known.name}` must be a date or a time", f"found `{text}`", hint)
        return None
    return moment.isoformat()


def _read_assume(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    pairs = reader.texts(known.name, node)
    if pairs is None:
        return None
    for text, place in pairs:
        if text not in ASSUMABLE:
            hint = did_you_mean(text, ASSUMABLE) or "known are " + ", ".join(f"`{word}`" for word in ASSUMABLE)
            reader.wrong(place, "`assume` says what can't be proved", f"found `{text}`", hint)
    return tuple(sorted({text for text, _ in pairs if text in ASSUMABLE}))


#: Keys of the mapping `incremental`. The reference page of project files is made from it.
GROWTH_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "by",
        "append, time or key",
        "must be given",
        "What tells the rows that a run makes anew: new files of its inputs, intervals of time, or keys.",
        read_choice,
        tuple(By),
    ),
    FieldSpec(
        "column", "column", "must be given by time", "By time: the column that tells a row's interval.", read_text
    ),
    FieldSpec(
        "grain", "hour, day, week, month or year", "day", "By time: how long an interval is.", read_choice, tuple(Grain)
    ),
    FieldSpec(
        "lookback",
        "length of time",
        "all that changed",
        "By time: of an input that was loaded whole anew, what is older than this, back from the newest interval, is not compared: it"
        " stays as it was.",
        _read_length,
    ),
    FieldSpec(
        "batch",
        "length of time",
        "all at once",
        "By time: how much is filled at once, in whole intervals, in one file.",
        _read_length,
    ),
    FieldSpec("start", "date or time", "all", "By time: rows from before it are left out.", _read_start),
    FieldSpec(
        "deleted", "column", "none", "By key: the column that is true where there is no such row any more.", read_text
    ),
    FieldSpec(
        "assume",
        "list of texts",
        "nothing",
        "What you answer for where it can't be proved: `rows apart` (a row is made only of input rows of its own file, interval or"
        " key), `same time` (rows may keep the clock that they were made by), `same chance` (rows may keep what chance gave).",
        _read_assume,
    ),
)


def read_growth(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> Growth | None:
    """The value of `incremental`."""
    if node.kind != "map":
        reader.wrong(node, "`incremental` must be a mapping", f"found {node.shown()}", f"write {_EXAMPLES[By.APPEND]}")
        return None
    inner = FieldReader(reader.file)
    declared = inner.read(node, GROWTH_FIELDS)
    reader.flaws += inner.flaws
    values: dict[str, Any] = dict(declared.values)
    if "by" not in values:
        if "by" not in node.value:
            hint = "; ".join(_EXAMPLES.values())
            reader.wrong(node, "`incremental` must say what the table grows `by`", "found no `by`", hint)
        return None
    by = By(values.pop("by"))
    grain = Grain(values.pop("grain", Grain.DAY))
    _refuse_unfitting(reader, by, node)
    if by is By.TIME and "column" not in values:
        if "column" not in node.value:
            reader.wrong(node, "growth by time needs a `column`", "found none", _EXAMPLES[by])
        return None
    for name in ("column", "deleted"):
        if name in values:
            place = node.value[name]
            reader.named[f"incremental:{values[name]}"] = (place.line, place.column)
    return Growth(by=by, grain=grain, **values)


def _refuse_unfitting(reader: FieldReader, by: By, node: PlacedValue) -> None:
    for name, (line, column) in node.keys.items():
        if name != "by" and name not in _FITTING[by] and any(name in names for names in _FITTING.values()):
            kind = next(kind for kind, names in _FITTING.items() if name in names)
            reader.add(
                "project.bad_value", f"`{name}` is for growth by {kind}, not by {by}", line, column, "take it out"
            )


def growth_problem(values: Mapping[str, Any], said: Container[str], kind: str) -> tuple[str, str, str] | None:
    """What is wrong with how a file says that its dataset grows: the key to show, what, and what to do. None if nothing is.

    Args:
        said: the keys that the file has, with good values or not.
        kind: `sql`, `source` or `python`.
    """
    grows, growth = values.get("materialize") == "incremental", values.get("incremental")
    if kind != "sql" and (grows or growth is not None):
        key = "materialize" if grows else "incremental"
        what = "a source loads by its own rules" if kind == "source" else "a Python dataset is made whole at every run"
        return key, f"`incremental` is for SQL datasets: {what}", f"take `{key}` out"
    if grows and "incremental" not in said:
        return "materialize", "`materialize: incremental` needs to know by what", f"add {_EXAMPLES[By.APPEND]}"
    if growth is None or not isinstance(growth, Growth):
        return None
    if not grows:
        return (
            "incremental",
            "`incremental` says how a table grows, and this one doesn't",
            "add `materialize: incremental`",
        )
    if growth.by is By.KEY and not values.get("key"):
        return "incremental", "growth by key needs the `key` of the dataset", "add `key: customer_id`"
    return None
