"""What an engine reads where a dataset's name stands: data files, or a view over other relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from andon.base.record import Record


class TableRelation(Record):
    """A table's data files (as the engine names them)."""

    files: tuple[str, ...]


class ViewRelation(Record, eq=False):
    """A view: its SQL and macros over its own inputs.

    Attributes:
        key: what it is, with all that is below it: relations with one key are equal.
        has_macros: whether it uses macros, itself or by a view below it.
    """

    key: str
    sql: str
    macros: tuple[str, ...]
    inputs: Mapping[str, TableRelation | ViewRelation]
    has_macros: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ViewRelation) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


Relation = TableRelation | ViewRelation


def view_over(key: str, sql: str, macros: tuple[str, ...], inputs: Mapping[str, Relation]) -> ViewRelation:
    """The relation of a view over those of its inputs."""
    return ViewRelation(key, sql, macros, inputs, bool(macros) or any(map(uses_macros, inputs.values())))


def uses_macros(relation: Relation) -> bool:
    """Whether a relation is a view that uses macros, itself or by a view that it reads."""
    return isinstance(relation, ViewRelation) and relation.has_macros


def views_in(relation: ViewRelation) -> list[ViewRelation]:
    """The views among what a view reads."""
    return [each for each in relation.inputs.values() if isinstance(each, ViewRelation)]


def files_of(relations: Iterable[Relation]) -> Iterator[str]:
    """The data files that relations read, those of views among them; one may come twice."""
    for relation in relations:
        if isinstance(relation, TableRelation):
            yield from relation.files
        else:
            yield from files_of(relation.inputs.values())
