"""Where the rows of a plan come from, in terms of their meaning: datasets, and table functions that only compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.sql.bound_plan import Node, UntracedError, scanned_columns
from andon.sql.meaning.expressions import Expressions, as_it_stands
from andon.sql.meaning.terms import Factor, MeantColumn, MeantRelation, Term, mark
from andon.sql.names import TABLE_FUNCTIONS, words

_ALWAYS = frozenset({"type", "children"})
#: Keys that are looked at, or that only number things; all others are part of what a scan means.
_SCAN_KEYS = words("table_index returned_types names name function_data column_indexes arguments original_arguments")
_FUNCTION_KEYS = words(
    "table_index returned_types names column_indexes input_table_names projected_input arguments original_arguments"
)


def scan(node: Node, datasets: frozenset[tuple[str, str]], expressions: Expressions) -> MeantRelation:
    """A dataset as it lies.

    Raises:
        UntracedError: if it is anything else that is scanned.
    """
    data = node["function_data"]
    name = (data["schema"].lower(), data["table"].lower())
    if data.get("is_index_scan") or name not in datasets:
        raise UntracedError(f"it reads `{'.'.join(name)}`, which is not a known dataset")
    factor = Factor(mark("scan", name, rest_of(node, _SCAN_KEYS)), scan=True)
    names, kinds = node["names"], node["returned_types"]
    cells = []
    for position, index in enumerate(scanned_columns(node)):
        place = (node["table_index"], position)
        if index < len(names):
            label = mark("column", names[index].lower(), kinds[index])
            cells.append(MeantColumn(Term(label, (), (factor,)), place, kinds[index]))
        else:
            # the engine takes the number of the row where it needs no column at all
            cells.append(MeantColumn(expressions.opened(Term("row number", (), (factor,))), place))
    return MeantRelation(cells, [factor])


def table_function(node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
    """A function in FROM: what it gives is made of its arguments.

    Raises:
        UntracedError: if it reads anything.
    """
    if node["name"] not in TABLE_FUNCTIONS:
        raise UntracedError(f"it reads `{node['name']}(…)`, which is not a dataset")
    child = below[0] if below else MeantRelation()
    arguments = child.cells[: len(node.get("input_table_types", ()))]
    label = mark("function", rest_of(node, _FUNCTION_KEYS), bool(below))
    factor = Factor(label, [cell.term for cell in arguments])
    cells = []
    for position, index in enumerate(scanned_columns(node)):
        kinds = node["returned_types"]
        kind = kinds[index] if index < len(kinds) else None
        cells.append(MeantColumn(Term(mark("given", index), (), (factor,)), (node["table_index"], position), kind))
    cells += [child.cells[index] for index in node.get("projected_input", ())]
    return MeantRelation(cells, [*child.factors, factor], child.filters)


def rest_of(node: Node, looked_at: frozenset[str]) -> Any:
    """What else an operator says."""
    return as_it_stands({key: part for key, part in node.items() if key not in looked_at and key not in _ALWAYS})
