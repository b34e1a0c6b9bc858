"""A second engine that is real: Polars reads Parquet, runs its own SQL and writes Parquet, with nothing of DuckDB in it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from andon.base.names import quote
from andon.engines.engine import Capabilities, EngineKind, EngineSettings, Produced, Recipe, Task, Types, stopped
from andon.engines.relation import TableRelation
from andon.errors import AndonError, DatasetError, MachineError
from andon.model.dataset import Kind
from andon.model.types import DuckType, parse_type
from andon.model.version import Column, ColumnStats

CAPABILITIES = Capabilities(
    name="polars",
    kinds=frozenset({Kind.SQL}),
    clock=False,
    macros=False,
    views=False,
    takes_views=False,
    rewritten=False,
    unstored=frozenset({"UUID"}),
)

_NAMES = {
    "Boolean": "BOOLEAN",
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "Int128": "HUGEINT",
    "UInt8": "UTINYINT",
    "UInt16": "USMALLINT",
    "UInt32": "UINTEGER",
    "UInt64": "UBIGINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "String": "VARCHAR",
    "Binary": "BLOB",
    "Date": "DATE",
    "Time": "TIME",
    "Null": "NULL",
}
#: Types whose least and greatest value this engine tells.
BOUNDED = ("BOOLEAN", "INTEGER", "BIGINT", "VARCHAR", "DATE")


class PolarsEngine:
    """See `andon.engines.engine.Engine`."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._stopped = threading.Event()

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def facts(self) -> Mapping[str, Any]:
        import polars

        return {"name": "polars", "version": polars.__version__}

    def describe(self, recipe: Recipe) -> Types:
        raise DatasetError("build.not_supported", "this engine makes no views", where=recipe.definition.entry)

    def run(self, task: Task) -> Produced:
        recipe = task.recipe
        if self._stopped.is_set():
            raise stopped(recipe.dataset)
        try:
            return self._write(task, _lazy(recipe))
        except BaseException as error:
            Path(task.output).unlink(missing_ok=True)
            if isinstance(error, AndonError) or not isinstance(error, Exception):
                raise
            raise _explained(error, recipe) from error

    def interrupt(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        """Nothing is held between two tasks."""

    def _write(self, task: Task, lazy: Any) -> Produced:
        import pyarrow.parquet

        types = [(name, _duck(dtype).text) for name, dtype in lazy.collect_schema().items()]
        columns = task.stored(types)
        schema = _arrow_schema(columns)
        rows = 0
        with pyarrow.parquet.ParquetWriter(task.output, schema, compression="zstd") as writer:
            for batch in lazy.collect_batches(maintain_order=True):
                if self._stopped.is_set():
                    raise stopped(task.recipe.dataset)
                rows += len(batch)
                writer.write_table(batch.to_arrow().cast(schema))
        footer = pyarrow.parquet.read_metadata(task.output)
        return Produced(columns, rows, _stats(footer, columns), self.facts())


def polars_kind() -> EngineKind:
    """The engine, as a workspace is given it."""
    return EngineKind(CAPABILITIES, lambda settings, _: PolarsEngine(settings))


def _lazy(recipe: Recipe) -> Any:
    import polars

    context = polars.SQLContext()
    for name, relation in recipe.inputs.items():
        if not isinstance(relation, TableRelation):
            raise DatasetError("build.not_supported", f"`{name}` is a view", where=recipe.definition.entry)
        for file in relation.files:
            if not Path(file).is_file():
                message = f"the data file of `{name}` is not there: {file}"
                raise MachineError("lake.corrupt", message, where=name)
        context.register(name, polars.scan_parquet(list(relation.files)))
    return context.execute(recipe.sql or "")


def _explained(error: Exception, recipe: Recipe) -> AndonError:
    if recipe.explain is not None:
        return recipe.explain(error)
    text = str(error).strip().split("\n", 1)[0]
    return DatasetError("build.failed", text, where=recipe.definition.entry, hint="see the documentation of Polars SQL")


# -- types


def _duck(dtype: Any) -> DuckType:
    import polars

    if isinstance(dtype, polars.Decimal):
        return DuckType("DECIMAL", (str(dtype.precision), str(dtype.scale)))
    if isinstance(dtype, polars.Datetime):
        return DuckType("TIMESTAMP WITH TIME ZONE" if dtype.time_zone else "TIMESTAMP")
    return parse_type(_text(dtype))


def _text(dtype: Any) -> str:
    import polars

    if isinstance(dtype, polars.List):
        return f"{_text(dtype.inner)}[]"
    if isinstance(dtype, polars.Struct):
        members = ", ".join(f"{_written(field.name)} {_text(field.dtype)}" for field in dtype.fields)
        return f"STRUCT({members})"
    if type(dtype).__name__ == "Map":
        return f"MAP({_text(dtype.key)}, {_text(dtype.value)})"
    if isinstance(dtype, polars.Decimal | polars.Datetime):
        return _duck(dtype).text
    return _NAMES[type(dtype).__name__ if not isinstance(dtype, type) else dtype.__name__]


def _written(name: str) -> str:
    """A member's name as DuckDB prints it, but for keywords."""
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else quote(name)


def _arrow_schema(columns: tuple[Column, ...]) -> Any:
    import pyarrow

    return pyarrow.schema([_arrow_field(c.name, parse_type(c.type), c.field_id, (), dict(c.children)) for c in columns])


def _arrow_field(name: str, node: DuckType, number: int, path: tuple[str, ...], ids: dict[Any, int]) -> Any:
    import pyarrow

    def part(at: int, *, required: bool = False) -> Any:
        inner = node.fields[at]
        there = (*path, inner.name)
        field = _arrow_field(inner.name, inner.type, ids[there], there, ids)
        return field.with_nullable(False) if required else field

    match node.name:
        case "LIST":
            kind = pyarrow.list_(part(0))
        case "STRUCT":
            kind = pyarrow.struct([part(at) for at in range(len(node.fields))])
        case "MAP":
            kind = pyarrow.map_(part(0, required=True), part(1))
        case "DECIMAL":
            kind = pyarrow.decimal128(*(int(a) for a in node.arguments))
        case other:
            kind = _simple(other)
    return pyarrow.field(name, kind, metadata={"PARQUET:field_id": str(number)})


def _simple(name: str) -> Any:
    import pyarrow

    return {
        "BOOLEAN": pyarrow.bool_(),
        "INTEGER": pyarrow.int32(),
        "BIGINT": pyarrow.int64(),
        "FLOAT": pyarrow.float32(),
        "DOUBLE": pyarrow.float64(),
        "VARCHAR": pyarrow.string(),
        "BLOB": pyarrow.binary(),
        "DATE": pyarrow.date32(),
        "TIME": pyarrow.time64("us"),
        "TIMESTAMP": pyarrow.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pyarrow.timestamp("us", tz="UTC"),
    }[name]


# -- statistics


def _stats(footer: Any, columns: tuple[Column, ...]) -> dict[str, ColumnStats]:
    """By column, as the file's own footer tells; of nested parts nothing."""
    types = {column.name: column.type for column in columns}
    found: dict[str, list[Any]] = {}
    for group in range(footer.num_row_groups):
        for at in range(footer.num_columns):
            chunk = footer.row_group(group).column(at)
            if chunk.path_in_schema in types:
                found.setdefault(chunk.path_in_schema, []).append(chunk)
    return {f'"{name}"': _one(chunks, types[name]) for name, chunks in found.items()}


def _one(chunks: list[Any], kind: str) -> ColumnStats:
    said = [chunk.statistics for chunk in chunks]
    nulls = sum(s.null_count for s in said) if all(s is not None and s.has_null_count for s in said) else None
    bounds: tuple[str | None, str | None] = (None, None)
    filled = [s for s in said if s is not None and s.has_min_max]
    if kind in BOUNDED and filled:
        bounds = _word(min(s.min for s in filled), kind), _word(max(s.max for s in filled), kind)
    size = sum(chunk.total_compressed_size for chunk in chunks)
    return ColumnStats(nulls, sum(chunk.num_values for chunk in chunks), *bounds, size=size)


def _word(value: Any, kind: str) -> str:
    return str(int(value)) if kind == "BOOLEAN" else str(value)
