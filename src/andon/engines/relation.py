"""What an engine reads where a dataset's name stands: data files, or a view over other relations."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import Record, field


class TableRelation(Record):
    """A table's data files (as the engine names them)."""

    files: tuple[str, ...]


class ViewRelation(Record):
    """A view: its SQL and macros over its own inputs. `key` tells equal ones."""

    key: str
    sql: str
    macros: tuple[str, ...] = ()
    inputs: Mapping[str, TableRelation | ViewRelation] = field(default_factory=dict)


Relation = TableRelation | ViewRelation


def uses_macros(relation: Relation) -> bool:
    """Whether a relation is a view that uses macros, itself or by a view that it reads."""
    return isinstance(relation, ViewRelation) and (
        bool(relation.macros) or any(uses_macros(each) for each in relation.inputs.values())
    )
