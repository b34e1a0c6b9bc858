"""The headers of CSV files, which every file of a read must have alike."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from andon.base.names import literal
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call, written
from andon.sources.files.dialect import Dialect, first_record
from andon.sources.files.paths import has_magic
from andon.sources.files.raw_text import Source, open_text
from andon.sources.files.table import Table

_DELIMITERS = (",", ";", "\t", "|")
#: A header is looked for in so many lines.
_NEAR = 100
_LIKE_VALUE = re.compile(r"[+-]?[.,]?[0-9]")


def check_alike(call: Call, dialect: Dialect, first: Source, head: Sequence[str], source: Source) -> None:
    """Refuse a file of a first load whose header is another than that of the first file.

    Where nobody said that there is a header, only rows of names that have some in common are taken for such.

    Raises:
        DatasetError: `source.contract`.
    """
    record = first_record(source, dialect)
    expected, found = [h.strip() for h in head], [f.strip() for f in record.fields] if record else []
    if record is None or dialect.header is False or any(_LIKE_VALUE.match(h) or not h for h in expected):
        return
    found = found[:-1] if len(found) == len(expected) + 1 and not found[-1] else found
    same = {f.lower() for f in found} & {e.lower() for e in expected}
    if found == expected or not (same or _other_delimiter(expected, found) or _below(source, dialect, expected)):
        return
    raise _other_columns(call, dialect, source, record.line, expected, found, first.path)


def check_head(call: Call, table: Table, source: Source) -> None:
    """Refuse a file whose header, or whose number of columns, is not that of `table`.

    Raises:
        DatasetError: `source.contract`, `source.empty`.
    """
    first = first_record(source, table.dialect)
    if first is None:
        raise stop("source.empty", "the file has no rows", source.path, hint="fetch the file again")
    if not table.dialect.comment and first.line != table.dialect.skip + 1:
        message = f"the table starts at line {first.line}, not at line {table.dialect.skip + 1} as recorded"
        raise stop(
            "source.contract", message, source.path, first.line, "remove the blank lines at the start of the file"
        )
    found, width = [f.strip() for f in first.fields], len(table.casts)
    if len(found) == width + 1 and not found[-1]:
        found.pop()
    if table.head is None:
        if len(found) != width:
            message = f"the file has {len(found)} columns, expected {width}"
            raise stop("source.contract", message, source.path, first.line, f"fix the file; {call.anew}")
        return
    expected = [h.strip() for h in table.head]
    if found == expected:
        return
    if call.get("union_by_name") and set(found) <= set(expected) and len(set(found)) == len(found):
        return
    raise _other_columns(call, table.dialect, source, first.line, expected, found)


def _other_columns(
    call: Call, dialect: Dialect, source: Source, line: int, expected: list[str], found: list[str], origin: str = ""
) -> DatasetError:
    """The error for another header than the recorded one, or that of the file `origin`, and what to write."""
    more, less = [f for f in found if f not in expected], [e for e in expected if e not in found]
    wanted = f"that of `{origin}`" if origin else "the recorded one"
    lists = f"expected `{shown(', '.join(expected))}`, found `{shown(', '.join(found))}`"
    only_new = bool(more) and not less and not origin
    delim = _other_delimiter(expected, found)
    below = None if set(found) & set(expected) or found[0].startswith("#") else _below(source, dialect, expected)
    if below is not None:
        message = f"the header `{shown(', '.join(expected))}` stands in line {below} of the file, not in line {line}"
        return stop("source.contract", message, source.path, line, "take out the lines above it", only_new=False)
    if delim is not None:
        message = f"the file's header is cut by {_said(delim)}, {wanted} by {_said(dialect.delim)}"
    elif not set(found) & set(expected) and any(map(_LIKE_VALUE.match, found)):
        message = f"the first row is not the header: {lists}"
    else:
        parts = [f"{what}: {_named(names)}" for what, names in (("new", more), ("missing", less)) if names]
        message = f"the header differs from {wanted} ({'; '.join(parts) or 'the order differs'}): {lists}"
    hint = _way(call, source, expected, found, delim, bool(origin))
    return stop("source.contract", message, source.path, line, hint, expected=expected, found=found, only_new=only_new)


def _way(call: Call, source: Source, expected: list[str], found: list[str], delim: str | None, first_load: bool) -> str:
    """What to do about a file with another header."""
    many = len(call.read.patterns) > 1 or any(map(has_magic, call.read.patterns))
    head = f"`{shown(','.join(expected))}`"
    again = "" if many or first_load else f"; {call.anew}"
    if delim is not None:
        apart = f"{call.read.function}({literal(source.path)}, delim = {written(delim)})"
        return (
            f"write the file anew like the others, or read it in a source of its own: `{apart}`"
            if many
            else f"fix the file{again}"
        )
    if found[0].startswith("#") and not call.get("comment"):
        return f"if that is a comment: `{call.suggest(comment=literal('#'))}`"
    known = {e.lower() for e in expected}
    twice = len({f.lower() for f in found}) < len(found)
    if not {f.lower() for f in found} & known or twice:
        return f"make {head} the first line of the file{again}"
    if [f.lower() for f in found] == [e.lower() for e in expected] or {f for f in found if f.lower() in known} - set(
        expected
    ):
        return f"write the names in the header as in {head}{again}"
    if many and not call.get("union_by_name"):
        return f"columns by their names, NULL where a file has not all: `{call.suggest(union_by_name='true')}`; or fix the file"
    more = [f for f in found if f not in expected]
    if sorted(found) == sorted(expected):
        return f"columns by their names: `{call.suggest(union_by_name='true')}`; {call.anew}"
    if more and set(expected) <= set(found):
        return call.more_columns(more)
    return f"fix the file; {call.anew}"


def _other_delimiter(expected: Sequence[str], found: Sequence[str]) -> str | None:
    """What cuts the one field of `found` into names that are expected."""
    if len(found) != 1 or len(expected) < 2:
        return None
    known = {e.lower() for e in expected}
    cut = {d: [part.strip(' "').lower() for part in found[0].split(d)] for d in _DELIMITERS}
    return next((d for d, parts in cut.items() if len(parts) > 1 and 2 * len(set(parts) & known) >= len(parts)), None)


def _below(source: Source, dialect: Dialect, expected: Sequence[str]) -> int | None:
    """The line near the start of a file that is the header."""
    with open_text(source) as stream:
        for number, text in enumerate(itertools.islice(stream, _NEAR), 1):
            if [cell.strip().strip(dialect.quote or None) for cell in text.split(dialect.delim)] == list(expected):
                return number
    return None


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{shown(n)}`" for n in names[:5])


def _said(delim: str) -> str:
    return "tabs" if delim == "\t" else f"`{delim}`"
