"""How new a dataset promises to be: the value `refresh` of its file."""

from __future__ import annotations

from andon.base.names import did_you_mean
from andon.model.schedule import MANUAL, RULES, rule_flaw
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec

_FLAGS = ("upstream", MANUAL)
_KEYS = (*RULES, "tz", *_FLAGS)


def read_refresh(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[tuple[str, str], ...] | None:
    """The value of `refresh`: each rule that can be read, with its text."""
    if node.kind == "text" and node.value == MANUAL:
        return ((MANUAL, "true"),)
    if node.kind != "map":
        hint = "write `refresh: {max_age: 6h}`, or `refresh: manual`"
        reader.wrong(node, "`refresh` must be a mapping", f"found {node.shown()}", hint)
        return None
    found: list[tuple[str, str]] = []
    for name, value in node.value.items():
        if name not in _KEYS:
            line, column = node.keys[name]
            hint = did_you_mean(name, _KEYS) or "known are " + ", ".join(f"`{k}`" for k in _KEYS)
            reader.add("project.unknown_key", f"there is no key `{name}` in `refresh`", line, column, hint)
        elif (text := _rule(reader, name, value)) is not None:
            found.append((name, text))
    _together(reader, node, dict(found))
    return tuple(found)


def _rule(reader: FieldReader, name: str, value: PlacedValue) -> str | None:
    if name in _FLAGS:
        if value.kind != "flag":
            reader.wrong(value, f"`refresh.{name}` must be true or false", f"found {value.shown()}")
            return None
        return str(value.value).lower()
    text = reader.text(f"refresh.{name}", value)
    if text is None:
        return None
    wrong = rule_flaw(name, text)
    if wrong is not None:
        flaw, hint = wrong
        reader.wrong(value, f"`refresh.{name}` {flaw}", f"found `{text}`", hint)
        return None
    return text


def _together(reader: FieldReader, node: PlacedValue, found: dict[str, str]) -> None:
    """What does not go together."""
    if "tz" in found and "cron" not in found:
        reader.wrong(node.value["tz"], "`refresh.tz` is of the times of `cron`, and there is none", "found `tz` alone")
    others = [name for name in RULES if name in found]
    if found.get(MANUAL) == "true" and others:
        message = "`refresh.manual` is brought up to date by hand alone"
        reader.wrong(node.value[MANUAL], message, f"found `{others[0]}` beside it", "keep one of them")
