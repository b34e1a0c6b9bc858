"""What an analysis asks for beside the lake, by hand: in an editor nobody chooses its parameters, and no run keeps things."""

from __future__ import annotations

from typing import TypeVar

_Value = TypeVar("_Value")


def parameter(name: str, default: _Value, about: str = "") -> _Value:
    """What was chosen for a run of an analysis (`andon analysis run … -p NAME=VALUE`); by hand its default.

    Args:
        name: a text, as it is written.
        default: a number, a text, True or False, as it is written; what is chosen has its type.
        about: what it means, in a line.
    """
    del name, about
    return default


def keep(name: str, value: _Value) -> _Value:
    """Keep a table, a figure or a number of an analysis under a name, with its run; gives it back. By hand it does nothing else."""
    del name
    return value
