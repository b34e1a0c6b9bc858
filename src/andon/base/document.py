"""Documents: what is written as JSON and read again. One type says which keys a document has, checks what is read, and gives its schema."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from andon.base.record import Record, learn
from andon.errors import AndonError, MachineError, Problem, UsageError

__all__ = ["UNSET", "Document", "Documented", "ErrorDocument", "UnsetType", "from_json", "schemas", "to_json"]

T = TypeVar("T")

#: The line that stands for a record in a notebook, and a text in it, at most.
_LONGEST_LINE, _LONGEST_TEXT = 160, 48
#: What nothing is in, and what most values are.
_PLAIN = frozenset({str, int, float, bool, type(None)})
_ID = re.compile(r"[0-9a-f]{32,64}\Z")


class Documented(Record):
    """A record that has a document.

    Attributes:
        shown_first: fields that a person wants to see before the others.
    """

    shown_first: ClassVar[tuple[str, ...]] = ()

    def document(self) -> Document:
        """What is shown of it."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """The document as plain values, ready for JSON."""
        found: dict[str, Any] = to_json(self.document())
        return found

    def __repr__(self) -> str:
        """One line with what a person wants to see first: a notebook shows it unasked. `to_json` has all."""
        said = f"<{type(self).__name__}"
        for name in dict.fromkeys((*self.shown_first, *self.__struct_fields__)):
            text = _brief(getattr(self, name))
            if text is None:
                continue
            if len(said) + len(name) + len(text) > _LONGEST_LINE:
                return f"{said} …>"
            said += f" {name}={text}"
        return f"{said}>"


class Document(Documented):
    """A record that is written as it is: its fields are the keys, in their order.

    A key may have another name (`field(name="from")`), and may be missing (`str | UnsetType = UNSET`).
    """

    def document(self) -> Document:
        """Itself; a subclass may round its numbers."""
        return self

    @classmethod
    def about(cls, noun: object, **values: Any) -> Self:
        """The document about `noun`: `values`, and for all other fields the attributes of the same name.

        What has a document of its own is shown by that. A key that may be missing is, where the noun has no such attribute, or None.
        """
        found = {name: _shown(value) for name, value in values.items()}
        missing = _may_be_missing(cls)
        for name in cls.__struct_fields__:
            if name in found:
                continue
            value = getattr(noun, name, None) if name in missing else getattr(noun, name)
            if value is not None or name not in missing:
                found[name] = value if type(value) in _PLAIN else _shown(value)
        return cls(**found)


class ErrorDocument(Document, kw_only=True):
    """An error, as `AndonError.to_json` gives it."""

    code: str
    message: str
    where: str | None
    hint: str | None
    retryable: bool
    problems: list[Problem]
    details: dict[str, Any] | UnsetType = UNSET


def to_json(value: Any) -> Any:
    """`value`, made of records, dataclasses, enums and plain values, as what JSON knows."""
    return _listed(msgspec.to_builtins(value))


def from_json(type: type[T], document: Any, *, stored: bool = False) -> T:
    """The value of `type` that `document` says: the inverse of `to_json`.

    Args:
        stored: whether it comes from the lake, and not from a person or another program.

    Raises:
        UsageError: `usage.bad_argument` with the place in the document: a key that there is not, a missing one, a wrong type.
        MachineError: `lake.corrupt`, the same of what is stored.
    """
    learn(type)
    try:
        return msgspec.convert(document, type)
    except msgspec.ValidationError as error:
        raise _unfit(getattr(type, "__name__", str(type)), str(error), stored) from error


def schemas(types: Any) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """JSON Schema (2020-12) of each of `types`, and the definitions that they refer to as `#/$defs/NAME`."""
    return msgspec.json.schema_components(types, ref_template="#/$defs/{name}")


@cache
def _may_be_missing(kind: type[Document]) -> frozenset[str]:
    defaults = kind.__struct_defaults__
    names = kind.__struct_fields__[-len(defaults) :] if defaults else ()
    return frozenset(name for name, default in zip(names, defaults, strict=True) if default is UNSET)


def _brief(value: Any) -> str | None:
    """A field in a few words: counts of what is many, beginnings of ids and long texts; None for what is empty."""
    match value:
        case None | "" | msgspec.UNSET:
            return None
        case Enum():
            return str(value)
        case bool() | int():
            return repr(value)
        case float():
            return format(value, ".4g")
        case str() if _ID.match(value):
            return value[:8]
        case str():
            return repr(value if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 1]}…")
        case Collection():
            return str(len(value)) if len(value) else None
    named = getattr(value, "id", None) or getattr(value, "dataset", None) or getattr(value, "name", None)
    return _brief(named) if isinstance(named, str) else type(value).__name__


def _shown(value: Any) -> Any:
    if isinstance(value, Documented):
        return value.document()
    if isinstance(value, (tuple, list)):
        return [_shown(item) for item in value]
    return value


def _listed(value: Any) -> Any:
    """`value` with lists for tuples: as JSON reads it back."""
    if isinstance(value, dict):
        return {key: item if type(item) in _PLAIN else _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, (tuple, list)) else value


def _unfit(name: str, told: str, stored: bool) -> AndonError:
    message, _, place = told.partition(" - at `")
    where = place.rstrip("`") or "$"
    text = f"this is no `{name}`: {message[:1].lower()}{message[1:]}"
    if stored:
        return MachineError("lake.corrupt", text, where=where, hint="`andon doctor` looks at what is stored")
    return UsageError(
        "usage.bad_argument", text, where=where, hint="the reference of JSON documents tells what each holds"
    )
