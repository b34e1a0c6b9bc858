"""What is said over the line, in this order: an `Inquiry`; what was read of it (`Readout`); what its names stand for (`Grant`); how the
answer looks (`Heading`); how it is wanted (`Order`); the answer in pieces; how it ended (`Ending`); what else is
known of it (`Afterword`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.document import to_json
from andon.base.record import Record, field
from andon.engines.relation import Relation, TableRelation, ViewRelation
from andon.errors import CODES, AndonError, MachineError, Problem, UsageError
from andon.query.limits import QueryLimits
from andon.sql.ctes import Cte


class Told(Record):
    """An error on its way to who asked."""

    kind: str
    code: str
    message: str
    where: str | None
    hint: str | None
    retryable: bool
    details: dict[str, Any]
    problems: tuple[Problem, ...]


class Greeting(Record):
    """The process is there."""

    pid: int
    isolation: str


class Inquiry(Record):
    """A question, and what answering it may take.

    Attributes:
        part: the name of a CTE that is asked alone.
        only_outline: whether nothing is asked but what the text is made of.
    """

    text: str
    limits: QueryLimits
    part: str | None = None
    only_outline: bool = False


class Outlined(Record):
    """What a text is made of: its CTEs, and the names of its parameters."""

    ctes: tuple[Cte, ...]
    parameters: tuple[str, ...]


class Readout(Record):
    """What the gate says of the question: its text where that is a part of what was asked, names with their places, its parameters; or why
    it is none."""

    tables: tuple[tuple[str, int], ...] = ()
    parameters: tuple[str, ...] = ()
    shape: str | None = None
    exact: str | None = None
    error: Told | None = None
    part: str | None = None


class GrantedNode(Record, omit_defaults=True):
    """A relation: a table's files, or a view over nodes before it by their numbers."""

    files: tuple[str, ...] = ()
    key: str = ""
    sql: str = ""
    macros: tuple[str, ...] = ()
    inputs: dict[str, int] = field(default_factory=dict)


class Grant(Record):
    """What the names stand for, and nothing but that can be read.

    Attributes:
        names: by the name of a dataset its node.
        arguments: values of the parameters as SQL.
    """

    nodes: tuple[GrantedNode, ...]
    names: dict[str, int]
    arguments: str | None

    @property
    def files(self) -> list[str]:
        """All files that may be read."""
        return list(dict.fromkeys(file for node in self.nodes for file in node.files))

    @property
    def tables(self) -> dict[str, str]:
        """The names of tables by the first of their files."""
        named = [entry for node in self.nodes for entry in node.inputs.items()]
        found = {}
        for name, number in [*named, *self.names.items()]:
            if self.nodes[number].files:
                found[self.nodes[number].files[0]] = name
        return found


class Heading(Record):
    """The answer's columns; it is there, or will be written, without an error so far."""

    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    error: Told | None = None


class Order(Record):
    """How the answer is wanted: `arrow`, `rows` (as `values` writes them), `lines` (as `lines` does), `csv`, `json`, `parquet`; at most so
    many rows; and what Arrow and Parquet hold beside them (JSON)."""

    form: str
    rows: int | None
    notes: str | None = None


class Ending(Record):
    """How it ended."""

    rows: int = 0
    bytes: int = 0
    truncated: bool = False
    error: Told | None = None


class Afterword(Record):
    """What was found out when the answer was given: the columns that were read, None where that is not known."""

    columns: tuple[str, ...] | None


def telling(error: AndonError) -> Told:
    """An error as a message."""
    details = {key: value for key, value in to_json(dict(error.details)).items() if key != "traceback"}
    return Told(
        type(error).__name__,
        error.code,
        error.message,
        error.where,
        error.hint,
        error.retryable,
        details,
        error.problems,
    )


def raised(said: Told) -> AndonError:
    """The error of a message. The process that sent it may have gone wrong, so it is taken for what it can be."""
    kind = {"UsageError": UsageError, "MachineError": MachineError}.get(said.kind, MachineError)
    code = said.code if said.code in CODES else "internal.error"
    return kind(code, said.message, said.where, said.hint, said.retryable, said.details, said.problems)


def as_nodes(relations: Mapping[str, Relation]) -> tuple[tuple[GrantedNode, ...], dict[str, int]]:
    """Relations by name as nodes, each once and after those that it reads, and the nodes of the names."""
    nodes: list[GrantedNode] = []
    numbers: dict[object, int] = {}

    def number(relation: Relation) -> int:
        known: object = relation.files if isinstance(relation, TableRelation) else relation.key
        if known not in numbers:
            if isinstance(relation, TableRelation):
                node = GrantedNode(files=relation.files)
            else:
                inputs = {name: number(each) for name, each in relation.inputs.items()}
                node = GrantedNode((), relation.key, relation.sql, relation.macros, inputs)
            nodes.append(node)
            numbers[known] = len(nodes) - 1
        return numbers[known]

    names = {name: number(relation) for name, relation in relations.items()}
    return tuple(nodes), names


def as_relations(nodes: Sequence[GrantedNode], names: Mapping[str, int]) -> dict[str, Relation]:
    """The inverse of `as_nodes`."""
    made: list[Relation] = []
    for node in nodes:
        if node.sql:
            inputs = {name: made[each] for name, each in node.inputs.items()}
            has_macros = bool(node.macros) or any(isinstance(v, ViewRelation) and v.has_macros for v in inputs.values())
            made.append(ViewRelation(node.key, node.sql, node.macros, inputs, has_macros))
        else:
            made.append(TableRelation(node.files))
    return {name: made[number] for name, number in names.items()}
