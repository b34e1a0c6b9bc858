"""Functions of lists and structs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.types import ORDERED, name
from andon.engines.spark.translation.values import text_literal

_PLAIN = ORDERED - {"FLOAT", "DOUBLE"}


def _element(call: FunctionCall) -> str:
    if call.kinds[0] != "LIST":
        raise call.refused("`substr(text, 2, 1)` takes a letter out of a text")
    place = call.written(1)
    if place == 0:
        raise call.refused("lists are counted from 1")
    return f"try_element_at({call.texts[0]}, {place})"


def _holds(call: FunctionCall) -> str:
    given, wanted = call.arguments
    inner = given.type.fields[0].type if given.type.name == "LIST" else None
    if inner is None or inner != wanted.type or inner.name not in _PLAIN:
        raise call.refused("look for a value of the list's own type")
    if not wanted.is_constant or (wanted.constant is None and wanted.text.startswith("cast(null")):
        raise call.refused("write what is looked for out")
    listed, value = call.texts
    return f"(case when {listed} is not null then coalesce(array_contains({listed}, {value}), false) end)"


def _written(call: FunctionCall) -> str:
    if call.type.name != "LIST" or not call.arguments:
        raise call.refused("write `cast([] as INTEGER[])` in a dataset of its own")
    inner = call.type.fields[0].type
    if any(argument.type != inner for argument in call.arguments):
        raise call.refused("cast all entries to one type")
    return f"array({', '.join(call.texts)})"


def _field(call: FunctionCall) -> str:
    return f"({call.texts[0]}).{name(call.words(1))}"


def _struct(call: FunctionCall) -> str:
    if call.type.name != "STRUCT" or len(call.type.fields) != len(call.arguments):
        raise call.refused("name each part: `{'a': 1}`")
    parts = (f"{text_literal(part.name)}, {text}" for part, text in zip(call.type.fields, call.texts, strict=True))
    return f"named_struct({', '.join(parts)})"


LISTS: Mapping[str, Callable[[FunctionCall], str]] = {
    "array_contains": _holds,
    "array_extract": _element,
    "contains": _holds,
    "list_contains": _holds,
    "list_element": _element,
    "list_extract": _element,
    "list_has": _holds,
    "list_pack": _written,
    "list_value": _written,
    "struct_extract": _field,
    "struct_pack": _struct,
}
