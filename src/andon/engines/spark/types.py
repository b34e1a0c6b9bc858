"""Columns of the lake's files as Spark is told them. Pure."""

from __future__ import annotations

from andon.engines.engine import Types
from andon.engines.spark.capabilities import UNREADABLE
from andon.engines.spark.translation.types import name, spark_type
from andon.model.types import parse_type


def unreadable(kind: str) -> str | None:
    """The part of a lake's type that Spark has none for, or None."""
    waiting = [parse_type(kind)]
    while waiting:
        node = waiting.pop()
        if node.name in UNREADABLE:
            return node.name
        waiting += [field.type for field in node.fields]
    return None


def schema_of(columns: Types) -> str:
    """The columns of files of the lake: those that Spark can read, without the ids in the files, which it would hand on to what it
    writes."""
    return ", ".join(
        f"{name(called)} {spark_type(parse_type(kind))}" for called, kind in columns if unreadable(kind) is None
    )
