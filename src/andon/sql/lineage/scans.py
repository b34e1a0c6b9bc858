"""Where a plan's values come from: datasets, and table functions that only compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.sql.bound_plan import Node, UntracedError, scanned_columns
from andon.sql.lineage.columns import NOTHING, ColumnUse, Sources, TracedColumn, TracedRelation
from andon.sql.lineage.expressions import union
from andon.sql.names import TABLE_FUNCTIONS, words

#: `(schema, table)` in lower case -> the dataset's name and its columns by their names in lower case.
Datasets = Mapping[tuple[str, str], tuple[str, Mapping[str, str]]]

#: What a scan may say.
SCAN_KEYS = words("""table_index returned_types names name arguments catalog_name schema_name has_serialize function_data parameters
    named_parameters input_table_types input_table_names projected_input column_indexes extra_info ordinality_idx""")

_EXTRA_KEYS = frozenset({"total_files", "filtered_files"})
_TABLE_KEYS = words("catalog schema table is_index_scan is_create_index")


def scan(node: Node, below: Sequence[TracedRelation], datasets: Datasets, sources: Sources) -> TracedRelation:
    """The columns of a dataset or of a table function, in the order in which the plan takes them.

    Raises:
        UntracedError: if it reads anything else: a file, the engine's catalog, a table that is not a dataset.
    """
    if node.get("extra_info", {}).keys() - _EXTRA_KEYS:
        raise UntracedError("a scan filters in a way that is not known here")
    data = node.get("function_data", {})
    if node["name"] == "seq_scan" and not below:
        if data.keys() - _TABLE_KEYS or data.get("is_index_scan"):
            raise UntracedError("a scan reads in a way that is not known here")
        return _dataset(node, datasets, sources)
    if node["name"] not in TABLE_FUNCTIONS:
        raise UntracedError(f"it reads `{node['name']}(…)`, which is not a dataset")
    return _function(node, below)


def _dataset(node: Node, datasets: Datasets, sources: Sources) -> TracedRelation:
    data = node["function_data"]
    found = datasets.get((data["schema"].lower(), data["table"].lower()))
    if found is None:
        raise UntracedError(f"it reads `{data['schema']}.{data['table']}`, which is not a known dataset")
    dataset, known = found
    names, kinds = node["names"], node["returned_types"]
    columns = []
    for position, index in enumerate(scanned_columns(node)):
        place = (node["table_index"], position)
        if index >= len(names):
            # the engine takes the number of the row where it needs no column at all
            columns.append(TracedColumn(place=place, reason=f"it reads the row numbers of `{dataset}`"))
            continue
        column = known.get(names[index].lower())
        if column is None:
            raise UntracedError(f"`{dataset}` has no column `{names[index]}`")
        bit = sources.bit(dataset, column)
        columns.append(TracedColumn(ColumnUse(bit), place, kinds[index], carried=bit))
    return TracedRelation(columns)


def _function(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    """A table function: all that it gives is made of its arguments, and they decide how many rows there are."""
    arguments, rows, order = ColumnUse(), NOTHING, NOTHING
    passed: list[TracedColumn] = []
    if below:
        (child,) = below
        count = len(node.get("input_table_types", ()))
        if not 0 < count <= len(child.columns):
            raise UntracedError(f"the arguments of `{node['name']}(…)` are not the ones expected")
        arguments = union(column.use for column in child.columns[:count])
        passed = [child.columns[index] for index in node.get("projected_input", ())]
        rows, order = child.rows | arguments.any, child.order
    kinds, number = node["returned_types"], node.get("ordinality_idx")
    columns = []
    for position, index in enumerate(scanned_columns(node)):
        if index >= len(kinds):
            columns.append(TracedColumn(place=(node["table_index"], position), reason="it reads row numbers"))
            continue
        use = ColumnUse() if index == number else arguments
        columns.append(TracedColumn(use, (node["table_index"], position), kinds[index]))
    return TracedRelation(columns + passed, rows, order)
