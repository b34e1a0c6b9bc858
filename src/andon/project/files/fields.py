"""What a dataset's file may say about it: one table of keys, and how their values are read. Serves front matter and decorators."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.names import did_you_mean, is_name_part
from andon.model.dataset import ENGINES, CheckLine, ColumnSpec
from andon.model.load import SchemaPolicy
from andon.project.files.growth import read_growth
from andon.project.files.history import read_history
from andon.project.files.loading import as_schema, read_load, read_new_columns, read_schema
from andon.project.files.nodes import PlacedValue
from andon.project.files.partition import read_partition
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec, read_choice, read_text, read_texts
from andon.project.files.refresh import read_refresh
from andon.project.files.standing import (
    read_budget,
    read_caveats,
    read_certified,
    read_deprecated,
    read_handles,
    read_length,
    read_retention,
    read_review,
)


def _read_key(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    """A column, or several; each place is kept by `key:column` or `sort:column`."""
    name, message = known.name, f"`{known.name}` must be a column or a list of columns"
    if node.kind == "list":
        pairs = reader.texts(name, node) or ()
    else:
        if node.kind != "text":
            reader.wrong(node, message, f"found {node.shown()}", f"write `{name}: customer_id` or `{name}: [a, b]`")
            return None
        parts = [part.strip() for part in node.value.split(",")]
        pairs = tuple((part, node) for part in parts)
    seen: set[str] = set()
    for column, place in pairs:
        if not column:
            reader.wrong(place, message, "found an empty name")
            return None
        if column.lower() in seen:
            reader.wrong(place, f"`{name}` names a column once", f"found `{column}` twice")
        seen.add(column.lower())
        reader.named.setdefault(f"{name}:{column}", (place.line, place.column))
    if not pairs and node.kind == "list" and not node.value:
        reader.wrong(node, message, "found an empty list")
        return None
    return tuple(column for column, _ in pairs)


def _read_timeout(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> float | None:
    if node.kind == "number" and node.value > 0:
        return float(node.value)
    reader.wrong(node, "`timeout` must be a number of seconds", f"found {node.shown()}", "such as `timeout: 900`")
    return None


def _read_recorded(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> int | None:
    if node.kind == "number" and node.value >= 0 and node.value == int(node.value):
        return int(node.value)
    reader.wrong(
        node, "`recorded` must be a whole number", f"found {node.shown()}", "`andon source accept` counts it up"
    )
    return None


def _read_connection(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None or is_name_part(text):
        return text
    hint = "name a connection of `andon.toml`: `[connections.shop]` is `shop`"
    reader.wrong(node, "`connection` must be the name of a connection", f"found `{text}`", hint)
    return None


def _read_allow(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    pairs = reader.texts(known.name, node)
    if pairs is None:
        return None
    for text, place in pairs:
        if text not in known.choices:
            reader.wrong(place, "`allow` may hold `random`", f"found `{text}`", did_you_mean(text, known.choices))
    return tuple(sorted({text for text, _ in pairs if text in known.choices}))


def _read_checks(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[CheckLine, ...] | None:
    return check_lines(reader, node, None)


def check_lines(reader: FieldReader, node: PlacedValue, column: str | None) -> tuple[CheckLine, ...] | None:
    """The checks in a text (one per line) or a list of texts, without blank lines and comments."""
    if node.kind == "text":
        return tuple(_lines_of(reader, node, column))
    if node.kind != "list":
        of = f"`columns.{column}.checks`" if column else "`checks`"
        reader.wrong(
            node, f"{of} must be lines of text", f"found {node.shown()}", "write `checks: |` and one check per line"
        )
        return None
    found: list[CheckLine] = []
    for item in node.value:
        if reader.text("checks", item, "each item of `checks`") is not None:
            found += _lines_of(reader, item, column)
    return tuple(found)


def _lines_of(reader: FieldReader, node: PlacedValue, column: str | None) -> list[CheckLine]:
    found = []
    for number, written in enumerate(node.value.split("\n")):
        text = written.strip()
        if not text or text.startswith(("#", "--")):
            continue
        if node.lines is not None:
            blanks = len(written) - len(written.lstrip())
            found.append(CheckLine(text, reader.file, node.lines + number, node.indent + blanks + 1, column))
        else:
            found.append(CheckLine(text, reader.file, node.line, node.column, column))
    return found


def _read_column_text(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    return reader.text(known.name, node)


def _read_flag(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> bool | None:
    if node.kind == "flag":
        return bool(node.value)
    reader.wrong(node, f"`{known.name}` must be true or false", f"found {node.shown()}")
    return None


def _read_lineage(
    reader: FieldReader, _known: FieldSpec, node: PlacedValue
) -> tuple[tuple[str, tuple[tuple[str, tuple[int, int]], ...]], ...] | None:
    """By column the texts that name its sources, each with its place; what they mean is known with the inputs."""
    if not reader.file.endswith(".py"):
        hint = "take it out; only a Python dataset declares it"
        reader.wrong(node, "`lineage` is read from the SQL itself", "and can't be declared", hint)
        return None
    if node.kind != "map":
        hint = 'write `lineage={"revenue": ["orders.amount"]}`'
        reader.wrong(node, "`lineage` must be a mapping of columns", f"found {node.shown()}", hint)
        return None
    found = []
    for name, value in node.value.items():
        reader.named[f"lineage:{name}"] = node.keys[name]
        pairs = ((value.value, value),) if value.kind == "text" else reader.texts(name, value)
        if pairs is not None:
            found.append((name, tuple((text.strip(), (item.line, item.column)) for text, item in pairs)))
    return tuple(found)


def _read_nothing(_reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> PlacedValue:
    return node


#: Keys of one column under `columns`.
COLUMN_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("description", "text", "none", "What the column says.", _read_column_text),
    FieldSpec(
        "type", "text", "what the SQL gives", "The type that is expected, as DuckDB writes it.", _read_column_text
    ),
    FieldSpec("checks", "lines", "none", "Checks of this column, its name left out.", _read_nothing),
    FieldSpec("pii", "true or false", "false", "Whether it says something about a person.", _read_flag),
    FieldSpec("was", "column", "none", "The name it had: it keeps the field id of that column.", read_text),
)


def _read_columns(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[ColumnSpec, ...] | None:
    if node.kind != "map":
        hint = "write `name: what it says` on each line below `columns:`"
        reader.wrong(node, "`columns` must be a mapping", f"found {node.shown()}", hint)
        return None
    found: list[ColumnSpec] = []
    for name, value in node.value.items():
        reader.named[f"column:{name}"] = node.keys[name]
        twins = [other for other in node.value if other != name and other.lower() == name.lower()]
        if twins and list(node.value).index(twins[0]) < list(node.value).index(name):
            line, column = node.keys[name]
            reader.add(
                "project.bad_value",
                f"columns `{twins[0]}` and `{name}` are one to the engine",
                line,
                column,
                "keep one",
            )
        if value.kind == "text":
            found.append(ColumnSpec(name, value.value.strip() or None))
        elif value.kind == "null":
            found.append(ColumnSpec(name))
        elif value.kind == "map":
            found.append(_column(reader, name, value, {spec.was: spec.name for spec in found if spec.was}))
        else:
            hint = f"write `{name}: what it says`, or a mapping with `description`, `type`, `checks`, `pii`, `was`"
            reader.wrong(value, f"column `{name}` must be a text or a mapping", f"found {value.shown()}", hint)
    return tuple(found)


def _column(reader: FieldReader, name: str, node: PlacedValue, taken: Mapping[str, str]) -> ColumnSpec:
    """One column. `taken` are the former names that columns before it declare, with those columns."""
    values = reader.read(node, COLUMN_FIELDS).values
    checks = values.get("checks")
    lines = check_lines(reader, checks, name) if checks is not None else ()
    reader.for_columns += lines or ()
    return ColumnSpec(
        name,
        values.get("description") or None,
        values.get("type") or None,
        tuple(line.text for line in lines or ()),
        bool(values.get("pii", False)),
        _former(reader, name, values.get("was"), node, taken),
    )


def _former(reader: FieldReader, name: str, was: str | None, node: PlacedValue, taken: Mapping[str, str]) -> str | None:
    """The name that a column had, if it can have had it."""
    if was is None:
        return None
    if was == name:
        hint = "name the column that it was before, or take `was` out"
        reader.wrong(node.value["was"], "`was` must name another column", f"found `{was}` itself", hint)
        return None
    if was in taken:
        hint = "one column is renamed to one column: keep one `was`"
        reader.wrong(node.value["was"], "`was` must name a column once", f"`{taken[was]}` was `{was}`, too", hint)
        return None
    return was


#: Keys of a dataset, in front matter and as arguments of `@dataset`. The reference page of project files is made from it.
FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("description", "text", "none", "What one row is, and what the dataset is for.", read_text),
    FieldSpec("owner", "text", "none", "Who answers questions about it.", read_text),
    FieldSpec("tags", "list of texts", "none", "Words to select datasets by (`tag:x`).", read_texts),
    FieldSpec(
        "materialize",
        "table, view, incremental or history",
        "table",
        "Whether its rows are stored, or computed when it is read; of a stored table that grows, a run makes only what is new; a history"
        " also keeps what they were before.",
        read_choice,
        ("table", "view", "incremental", "history"),
    ),
    FieldSpec(
        "incremental",
        "mapping: by, column, grain, lookback, batch, start, deleted, assume",
        "none",
        "With `materialize: incremental`: how the table grows.",
        read_growth,
    ),
    FieldSpec(
        "history",
        "mapping: changed_at, rows, deleted",
        "all rows, compared at each run",
        "With `materialize: history`: how it knows what changed.",
        read_history,
    ),
    FieldSpec("key", "column or list of columns", "none", "Identity of a row: row diffs, uniqueness.", _read_key),
    FieldSpec(
        "sort",
        "column or list of columns",
        "as the SQL returns them",
        "In which order the rows of each of its files lie: what is asked by these columns reads less.",
        _read_key,
    ),
    FieldSpec(
        "partition",
        "column, mapping: column, grain, or list of these",
        "one file, or those that growth makes",
        "Rows of different values (or intervals: `{column: day, grain: month}`) lie in files of their own: what is asked by them opens few,"
        " and what stays the same of a result stays the same file.",
        read_partition,
    ),
    FieldSpec(
        "refresh",
        "mapping: max_age, every, cron with tz, when, upstream; or manual",
        "on upstream change, and what groups say",
        "How new it has to be, and when it is brought up to date.",
        read_refresh,
    ),
    FieldSpec(
        "columns",
        "mapping: name → text, or description, type, checks, pii",
        "none",
        "What its columns say; each must be in the result.",
        _read_columns,
    ),
    FieldSpec("checks", "lines or list of texts", "none", "What must hold, one check per line.", _read_checks),
    FieldSpec(
        "caveats",
        "list of texts, or of mappings: text, id, columns, since",
        "none",
        "Known limits, inherited by what reads it; with `columns`, by what is made of these.",
        read_caveats,
    ),
    FieldSpec(
        "handles",
        "mapping: caveat → how",
        "none",
        "Caveats of what it reads that it deals with: what reads it does not inherit them.",
        read_handles,
    ),
    FieldSpec(
        "deprecated",
        "mapping: use, until, why; or why",
        "none",
        "That it ends, and what to use in its place.",
        read_deprecated,
    ),
    FieldSpec(
        "retention",
        "mapping: by, keep",
        "none",
        "How long its rows may be kept: what is older is an incident; nothing is deleted by it.",
        read_retention,
    ),
    FieldSpec(
        "keep",
        "length of time",
        "`[retention]`",
        "How long its data stay after something newer took their place: `90d`, `13mo`, `10y`. `andon gc` takes away what is older.",
        read_length,
    ),
    FieldSpec(
        "review",
        "owner",
        "none",
        "That its owner approves what others change of its code before readers of `main` see it (`andon approve`).",
        read_review,
        ("owner",),
    ),
    FieldSpec(
        "budget",
        "length of time, or sum of money",
        "none",
        "What one build of it may take, as measured: `10min`, or by the rate of `[cost]` `2 EUR`. The result of a dearer one is held"
        " until somebody accepts it.",
        read_budget,
    ),
    FieldSpec("certified", "who, or mapping: by, on", "none", "Who vouches for it.", read_certified),
    FieldSpec("allow", "list: random", "none", "Accept that its result can't be repeated.", _read_allow, ("random",)),
    FieldSpec(
        "engine",
        "duckdb or spark",
        "duckdb, where `[engines.spark]` says nothing else",
        "What runs it; both give the same rows.",
        read_choice,
        ENGINES,
    ),
    FieldSpec(
        "lineage",
        "mapping: column → list of `input.column`",
        "its inputs as a whole",
        "Of a Python dataset: which columns of its inputs a column is made of; `*` says which decide what rows there are.",
        _read_lineage,
    ),
    FieldSpec(
        "timeout", "seconds", "the setting `python.timeout`", "How long a Python dataset may take.", _read_timeout
    ),
    FieldSpec(
        "schema",
        "exact, add or widen",
        "exact",
        "Of a source: which changes of its columns a load takes by itself. `add`: new ones; `widen`: also wider types.",
        read_schema,
        tuple(str(each) for each in SchemaPolicy),
    ),
    FieldSpec(
        "new_columns",
        "stop or add",
        "stop",
        "Of a source, an earlier word: `add` is `schema: add`.",
        read_new_columns,
        ("stop", "add"),
    ),
    FieldSpec(
        "recorded",
        "whole number",
        "0",
        "Of a source: with another number, the next load records anew how its files are read (`andon source accept`).",
        _read_recorded,
    ),
    FieldSpec(
        "connection",
        "name of a connection",
        "none: it reads files",
        "Of a source: the database of `[connections.NAME]` that its query, in that database's own SQL, is asked of.",
        _read_connection,
    ),
    FieldSpec(
        "load",
        "replace, append, merge, or mapping: by, column, lookback, compare",
        "replace",
        "Of a source: whether what arrives takes the place of what is there, is added to it, or replaces the rows of its keys;"
        " of a database also the column that tells what is new.",
        read_load,
    ),
)

#: Keys that only sources have.
OF_SOURCES = ("schema", "recorded", "connection", "load")

#: Keys that a source without SQL of its own has like any other dataset.
SOURCE_KEYS = (
    *("description", "owner", "tags", "key", "refresh", "columns", "checks"),
    *("caveats", "deprecated", "certified", "retention", "keep", "budget", "review", "schema", "recorded"),
)

#: What somebody may take for a key, and where it stands.
ELSEWHERE: Mapping[str, str] = {
    "tests": "unit tests stand in `tests/*.yml`",
    "quarantine": "it stands after a check of rows: `amount > 0 quarantine 0.1%`",
}


def read_fields(node: PlacedValue, file: str) -> DeclaredFields:
    """What the mapping `node` of the file `file` declares about a dataset; checks of columns are among its `checks`."""
    reader = FieldReader(file)
    return with_column_checks(as_schema(reader.read(node, FIELDS, ELSEWHERE)), reader)


def with_column_checks(declared: DeclaredFields, reader: FieldReader) -> DeclaredFields:
    """What was declared; checks that stand with a column are among its `checks`."""
    if reader.for_columns:
        checks = (*declared.get("checks", ()), *reader.for_columns)
        return DeclaredFields({**declared.values, "checks": checks}, declared.places, declared.named, declared.flaws)
    return declared
