"""What the failure of a source's rendered SQL means for a person: project paths, the line, what to write."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from andon.engines.duckdb.failures import disk_failure, translate
from andon.errors import AndonError, DatasetError
from andon.model.dataset import Definition
from andon.model.types import INTEGERS
from andon.sources.failures import engine_error, refused, shown, stop
from andon.sources.files import documents, excel
from andon.sources.files.amounts import proposals
from andon.sources.files.calls import Call, parse_call, written
from andon.sources.files.dialect import Dialect, find_dialect, first_record, records, stated_dialect
from andon.sources.files.look import locate
from andon.sources.files.paths import files_of
from andon.sources.files.raw_text import Source, open_text
from andon.sources.files.table import sources_of

#: Of files above this no further values are looked at to say what reads them.
_LARGEST = 64 << 20


def explain(error: Exception, definition: Definition, files: Mapping[str, Path]) -> AndonError:
    """The error that a person sees for `error`, which the engine raised for the rendered SQL of `definition` over `files`.

    An `AndonError` is given back as it is; what has nothing to do with the files is explained as for any dataset. Stored paths
    are turned into project paths; the line is looked up in the files where the engine does not know it.
    """
    if isinstance(error, AndonError):
        return error
    failed = disk_failure(error, definition)
    if failed is not None:
        return failed
    message = _text(str(error))
    value = refused(message)
    if value is not None:
        return _refused_value(definition, files, *value)
    calls = [parse_call(read, definition.dataset) for read in definition.reads]
    suggest = calls[0].suggest if len(calls) == 1 else None
    found = engine_error(message, _projected(files), definition.entry, suggest)
    if found.code != "build.failed":
        return found
    general = translate(error, definition)
    text = general.message
    for stored, path in _projected(files).items():
        text = text.replace(stored, path)
    # The engine's place is one in the rendered text, so only the file is named.
    where = definition.entry if isinstance(general, DatasetError) else general.where
    return type(general)(general.code, text, where, general.hint, general.retryable)


def _text(message: str) -> str:
    """The engine's message; some of its doors hand it out as JSON."""
    start = message.find('{"exception_type"')
    if start < 0:
        return message
    try:
        return str(json.loads(message[start:]).get("exception_message", message))
    except ValueError:
        return message


def _projected(files: Mapping[str, Path]) -> dict[str, str]:
    spelled = {str(stored): path for path, stored in files.items()}
    return spelled | {f"{stored.parent}/./{stored.name}": path for path, stored in files.items()}


def _refused_value(
    definition: Definition, files: Mapping[str, Path], column: str, kind: str, value: str
) -> DatasetError:
    for read in definition.reads:
        call = parse_call(read, definition.dataset)
        place = _place(call, files, column, value)
        if place is None:
            continue
        path, line = place
        if call.format == "json":
            call = documents.with_known(call, sources_of(call, files, files_of(call.read, list(files))))
        message = f"`{shown(value)}` in column `{column}` is not {_a(kind)} without changing it"
        if kind in ("TIMESTAMP_NS", "TIME_NS"):
            message = f"`{shown(value)}` in column `{column}` is finer than the microseconds that the lake keeps"
        hint = f"fix the value, or state another type: `{call.suggest_type(column, 'VARCHAR')}`"
        if kind == "DOUBLE" and re.fullmatch(r"[-+]?[0-9]*[.]?[0-9]+", value):
            hint += f", or `{call.suggest_type(column, 'DOUBLE')}` if it is a number all the same"
        elif kind in (*INTEGERS, "DOUBLE") or kind.startswith(("DECIMAL", "AMOUNT")):
            hint += "".join(_amounts(call, files, column, value))
        return stop("source.contract", message, path, line, hint, column=column, value=value)
    message = f"`{shown(value)}` in column `{column}` is not {_a(kind)} without changing it"
    return stop(
        "source.contract",
        message,
        definition.entry,
        hint="fix the value, or state another type",
        column=column,
        value=value,
    )


def _a(kind: str) -> str:
    """A type with its article."""
    return f"{'an' if kind[:1] in 'AEIO' else 'a'} {kind}"


def _place(call: Call, files: Mapping[str, Path], column: str, value: str) -> tuple[str, int | None] | None:
    """File and line of a value, None when the call's files have no such column."""
    paths = files_of(call.read, list(files))
    if call.format == "xlsx":
        return excel.locate(call, sources_of(call, files, paths), column, value)
    if call.format == "json" or not paths:
        return _json_place(call, files, paths, value)
    sources = sources_of(call, files, paths)
    for source in sources:
        field = _field(call, source, column)
        if field is None:
            continue
        dialect, index = field
        path, line = locate([source], dialect, index, {value, value.strip()})
        if line is not None:
            return path, line
    return (paths[0], None) if len(paths) == 1 else None


def _field(call: Call, source: Source, column: str) -> tuple[Dialect, int] | None:
    """How a file is written, and the place of `column` in its rows."""
    try:
        dialect = find_dialect(source, call)
    except DatasetError:
        dialect = stated_dialect(call)
    first = first_record(source, dialect)
    stated = call.get("columns") or call.get("names")
    names = [n.strip().lower() for n in (list(stated) if stated else first.fields if first else [])]
    wanted = column.lower()
    if wanted not in names and not (wanted.startswith("column") and wanted[6:].isdigit()):
        return None
    return dialect, names.index(wanted) if wanted in names else int(wanted[6:])


def _amounts(call: Call, files: Mapping[str, Path], column: str, value: str) -> Iterator[str]:
    """What reads a value that is no number of its type, and all others of its column, as amounts."""
    if call.format != "csv":
        return
    stated = stated_dialect(call)
    if not any(proposals([value], stated)):
        return
    for amount, marks in proposals(_column(call, files, column) or [value], stated):
        told = {"thousands": (marks.thousands, stated.thousands), "decimal_separator": (marks.decimal, stated.decimal)}
        options = {name: written(new) for name, (new, old) in told.items() if new != old}
        line = call.suggest_type(column, amount.written, **options) if amount else call.suggest(**options)
        yield f", or `{line}` if amounts are written like that"


def _column(call: Call, files: Mapping[str, Path], column: str) -> list[str]:
    """The values of a column that say something; none where looking at all of them would take long."""
    found: set[str] = set()
    sources = sources_of(call, files, files_of(call.read, list(files)))
    if sum(s.stored.stat().st_size for s in sources) > _LARGEST:
        return []
    nothing = call.get("nullstr", [])
    for source in sources:
        field = _field(call, source, column)
        if field is None:
            continue
        dialect, index = field
        try:
            with open_text(source) as stream:
                rows = iter(records(stream, dialect))
                if dialect.header is not False:
                    next(rows, None)
                found |= {row.fields[index] for row in rows if index < len(row.fields)}
        except (csv.Error, OSError, EOFError):
            return []
    return sorted(found - {"", *([nothing] if isinstance(nothing, str) else nothing)})


def _json_place(call: Call, files: Mapping[str, Path], paths: list[str], value: str) -> tuple[str, int | None] | None:
    """The first line that holds the value's text, however it is spaced."""
    bare = value.replace(" ", "")
    for source in sources_of(call, files, paths):
        with open_text(source) as stream:
            for number, line in enumerate(stream, 1):
                if bare and bare in line.replace(" ", ""):
                    return source.path, number
    return (paths[0], None) if len(paths) == 1 else None
