"""Frozen values with named fields: what facts are made of. They are cheap to define and to make, and typed codecs know their shape."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any, dataclass_transform

import msgspec
from msgspec import field

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value, /, **changes):
        """`value`, a record or a dataclass, with other values in the named fields."""
        change = msgspec.structs.replace if isinstance(value, msgspec.Struct) else dataclasses.replace
        return change(value, **changes)


__all__ = ["LEARNING", "Record", "field", "learn", "replace", "values_of"]

#: Held while msgspec makes a decoder. It learns a class when it first reads one, and what two threads learn at once is half of
#: each: the process crashes.
LEARNING = threading.RLock()
_learnt: set[Any] = set()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen value: equal if its type and all fields are. Fields are declared as in a dataclass, and names can't be added.

    Keywords beside the class's name: `tag=True` for the members of a union, so that what was written tells which it is;
    `omit_defaults=True` to write only what differs from the defaults; `array_like=True` for values that are written as a list;
    `order=True` for what is sorted; `dict=True` for what remembers computed properties.
    """


def learn(kind: Any) -> None:
    """Let msgspec know a type, and all types within it, before it is read: one thread at a time, and each type once."""
    if kind not in _learnt:
        with LEARNING:
            msgspec.json.Decoder(kind)
            _learnt.add(kind)


def values_of(record: Record) -> dict[str, Any]:
    """The values of a record by field; what is in them stays as it is."""
    return msgspec.structs.asdict(record)
