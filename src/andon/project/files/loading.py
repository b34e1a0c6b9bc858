"""How a source's file says how it loads, and which changes of its columns it takes: keys, and what fits together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from andon.base.duration import read_duration, read_fixed
from andon.base.names import did_you_mean
from andon.model.load import LoadPolicy, SchemaPolicy, Taking
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec

_KEYS = ("by", "column", "lookback", "compare")
_PLAIN = tuple(str(each) for each in Taking if each is not Taking.CURSOR)
_CURSOR = "`load: {by: cursor, column: updated_at, lookback: 1h}`"


def read_load(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> LoadPolicy | None:
    """`replace`, `append`, `merge`, or a mapping that names the cursor."""
    if node.kind == "map":
        return _by_cursor(reader, node)
    text = reader.text(known.name, node)
    if text is None:
        return None
    if text not in _PLAIN:
        hint = did_you_mean(text, _PLAIN) or f"by a column that grows: {_CURSOR}"
        words = ", ".join(f"`{each}`" for each in _PLAIN)
        reader.wrong(node, f"`load` must be one of {words}, or a mapping", f"found `{text}`", hint)
        return None
    return None if text == Taking.REPLACE else LoadPolicy(Taking(text))


def _by_cursor(reader: FieldReader, node: PlacedValue) -> LoadPolicy | None:
    said: dict[str, str] = {}
    for name, value in node.value.items():
        if name not in _KEYS:
            line, column = node.keys[name]
            hint = did_you_mean(name, _KEYS) or "known are " + ", ".join(f"`{key}`" for key in _KEYS)
            reader.add("project.unknown_key", f"there is no key `{name}` in `load`", line, column, hint)
            return None
        text = value.raw if name == "lookback" and value.kind == "number" else reader.text(f"load.{name}", value)
        if text is None or not _fits(reader, name, text, value):
            return None
        said[name] = text
    missing = next((name for name in ("by", "column") if name not in said), None)
    if missing is not None:
        reader.wrong(node, f"`load` must say `{missing}`", "found none", f"write {_CURSOR}")
        return None
    reader.named.setdefault(f"load:{said['column']}", (node.line, node.column))
    return LoadPolicy(Taking.CURSOR, said["column"], said.get("lookback"), said.get("compare"))


def _fits(reader: FieldReader, name: str, text: str, node: PlacedValue) -> bool:
    """Whether the text of a key of the mapping is one that it may have; a flaw where it is not."""
    if name == "by" and text != Taking.CURSOR:
        reader.wrong(node, "`load.by` must be `cursor`", f"found `{text}`", f"write {_CURSOR}")
    elif name == "column" and not text:
        reader.wrong(node, "`load.column` must name a column", "found an empty name")
    elif name == "lookback" and read_fixed(text) is None and not text.isdigit():
        hint = _in_days(text) or "such as `30 min`, `6h`, `2d`; beside a cursor of numbers a number"
        reader.wrong(node, "`load.lookback` must be a span of time or a whole number", f"found `{text}`", hint)
    elif name == "compare" and read_fixed(text) is None:
        reader.wrong(
            node,
            "`load.compare` must be a span of time",
            f"found `{text}`",
            _in_days(text) or "such as `6h`, `1d`, `1w`",
        )
    else:
        return True
    return False


def _in_days(text: str) -> str | None:
    """What to write for a span in months or years, which are of unlike length."""
    found = read_duration(text)
    return (
        f"months are of unlike length; in days: `{31 * found.months}d`" if found is not None and found.months else None
    )


def read_schema(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> SchemaPolicy | None:
    """`exact`, `add` or `widen`."""
    text = reader.text(known.name, node)
    if text is None:
        return None
    if text not in known.choices:
        hint = did_you_mean(text, known.choices) or "`add` takes new columns as they come, `widen` wider types too"
        reader.wrong(node, "`schema` must be `exact`, `add` or `widen`", f"found `{text}`", hint)
        return None
    return SchemaPolicy(text)


def read_new_columns(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> SchemaPolicy | None:
    """The earlier name of `schema`."""
    text = reader.text(known.name, node)
    if text is not None and text not in known.choices:
        hint = did_you_mean(text, known.choices) or "`add` takes new columns as they come, `stop` asks"
        reader.wrong(node, "`new_columns` must be `stop` or `add`", f"found `{text}`", hint)
        return None
    return {"add": SchemaPolicy.ADD, "stop": SchemaPolicy.EXACT}.get(text or "")


def as_schema(declared: DeclaredFields) -> DeclaredFields:
    """What is declared, with `new_columns` said as `schema`."""
    if "new_columns" not in declared.values:
        return declared
    values, places = dict(declared.values), dict(declared.places)
    meant, place, flaws = values.pop("new_columns"), places["new_columns"], declared.flaws
    if "schema" in values:
        message = "`new_columns` and `schema` say the same thing"
        flaws = (*flaws, FileFlaw("project.bad_value", message, *place, "keep `schema`"))
    else:
        values["schema"], places["schema"] = meant, place
    return DeclaredFields(values, places, declared.named, flaws)


def load_flaws(declared: DeclaredFields, *, is_remote: bool) -> Iterator[FileFlaw]:
    """Why a source can't load as its file says: by what it lacks.

    Args:
        is_remote: whether it is asked of a database.
    """
    values: Mapping[str, Any] = declared.values
    policy: LoadPolicy | None = values.get("load")
    if policy is None:
        return
    place = declared.places["load"]
    if is_remote and policy.taking is not Taking.CURSOR:
        message = f"`load: {policy.taking}` needs a column that tells what is new in the database"
        yield FileFlaw("project.bad_value", message, *place, f"write {_CURSOR}; with `key:` rows are merged")
    if not is_remote and policy.taking is Taking.CURSOR:
        message = "`load: {by: cursor}` is for sources that name a connection"
        yield FileFlaw("project.bad_value", message, *place, "of raw files `load: append` reads only the new ones")
    needs = "`load: merge`" if policy.taking is Taking.MERGE else "`load.compare`" if policy.compare else None
    if needs is not None and not values.get("key"):
        yield FileFlaw("project.bad_value", f"{needs} needs to know what identifies a row", *place, "add `key: id`")
