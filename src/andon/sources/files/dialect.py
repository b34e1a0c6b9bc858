"""The dialect of a CSV file, found by an independent count of fields, and never by a guess between two that both fit."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set

from andon.base.record import Record, replace
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call, written
from andon.sources.files.raw_text import Source, head, open_text

#: How many characters are looked at to find the dialect; all rows are checked against it afterwards.
SAMPLE_CHARACTERS = 1 << 20
MAX_COLUMNS = 10_000
_DELIMITERS = (",", ";", "|", "\t")
_UNIT = "\x1f"
_RARE_DELIMITERS = (":", "~", "^", "\x1f", "\x01")


class Dialect(Record):
    """How a CSV file is written. `header` None: not known yet."""

    delim: str
    quote: str = '"'
    escape: str = '"'
    header: bool | None = None
    skip: int = 0
    comment: str = ""
    encoding: str = "utf-8"
    new_line: str = ""
    decimal: str = "."
    thousands: str = ""


def stated_dialect(call: Call) -> Dialect:
    """The dialect as far as the call states it, DuckDB's defaults for the rest."""
    quote = call.get("quote", '"')
    for name in ("quote", "escape", "comment", "decimal_separator", "thousands"):
        if len(str(call.get(name, ""))) > 1:
            message = f"`{name}` must be one character, not `{call.get(name)}`"
            raise stop(
                "source.ambiguous", message, call.read.patterns[0], hint="state the one character that the file uses"
            )
    return Dialect(
        delim=call.get("delim", ",").replace("\\t", "\t"),
        quote=quote,
        escape=call.get("escape", quote),
        header=call.get("header"),
        skip=int(call.get("skip", 0)),
        comment=call.get("comment", ""),
        encoding=str(call.get("encoding", "utf-8")).lower(),
        new_line=call.get("new_line", ""),
        decimal=call.get("decimal_separator", "."),
        thousands=call.get("thousands", ""),
    )


class CsvRecord(Record):
    """One row as Python's csv module sees it, with the line it starts on."""

    line: int
    fields: list[str]


def records(lines: Iterable[str], dialect: Dialect, spaces: bool = False) -> Iterator[CsvRecord]:
    """Rows of `lines` (that keep their ends); blank lines and comment lines are none.

    Raises:
        csv.Error: for a quote that is never closed, or text after a closing quote.
    """
    usable = _without_comments(lines, dialect)
    if len(dialect.delim) > 1:
        # Python's reader takes one character only.
        usable = (line.replace(dialect.delim, _UNIT) for line in usable)
    reader = csv.reader(
        usable,
        delimiter=dialect.delim if len(dialect.delim) == 1 else _UNIT,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape in ("", dialect.quote),
        escapechar=dialect.escape if dialect.escape not in ("", dialect.quote) else None,
        skipinitialspace=spaces,
        strict=True,
    )
    line = 1
    for fields in reader:
        if fields and line > dialect.skip:
            yield CsvRecord(line, fields)
        line = reader.line_num + 1


def _without_comments(lines: Iterable[str], dialect: Dialect) -> Iterator[str]:
    for number, line in enumerate(lines):
        skipped = number < dialect.skip or (dialect.comment and line.startswith(dialect.comment))
        yield "\n" if skipped else line


def first_record(source: Source, dialect: Dialect) -> CsvRecord | None:
    """The first row of `source`, None if it has none."""
    csv.field_size_limit(SAMPLE_CHARACTERS * 4)
    with open_text(source) as stream:
        try:
            found = next(records(unmarked(stream), dialect, spaces=True), None)
        except csv.Error as error:
            raise unreadable(source, dialect, error, 1) from error
    return found


def unmarked(stream: Iterable[str]) -> Iterator[str]:
    """The lines of `stream` without the mark that UTF text may begin with."""
    for number, line in enumerate(stream):
        yield line.removeprefix("\ufeff") if number == 0 else line


def find_dialect(source: Source, call: Call) -> Dialect:
    """The one dialect in which the start of `source` is a table.

    Raises:
        DatasetError: `source.ambiguous` or `source.ragged`, with what to write, when there is none or more than one.
    """
    dialect = stated_dialect(call)
    text, whole = head(source, SAMPLE_CHARACTERS)
    csv.field_size_limit(SAMPLE_CHARACTERS * 4)
    _check_first_line(source, call, dialect, text)
    _check_quotes(source, call, dialect, text, whole)
    if "delim" in call.stated:
        _check_regular(source, call, dialect, _count(text, whole, dialect), text)
        return dialect
    counted = {delim: _count(text, whole, replace(dialect, delim=delim)) for delim in _DELIMITERS if delim in text}
    fitting = [delim for delim, count in counted.items() if count.width > 1 and count.regular]
    if len(fitting) > 1:
        raise _two_delimiters(source, call, text, fitting)
    if fitting:
        return replace(dialect, delim=fitting[0])
    # what stands nowhere cuts nothing; how its rows would be read counts only here
    counted = {d: counted.get(d) or _count(text, whole, replace(dialect, delim=d)) for d in _DELIMITERS}
    return _single_column(source, call, dialect, text, counted)


def _check_first_line(source: Source, call: Call, dialect: Dialect, text: str) -> None:
    """Refuse a first line that programs write for other programs, before anything is guessed from it."""
    first = text.split("\n", 1)[0].strip()
    if dialect.skip or dialect.comment:
        return
    named = re.fullmatch(r"sep=(.)", first, re.IGNORECASE)
    if named is not None:
        hint = f"write `{call.suggest(skip='1', delim=written(named.group(1)))}`"
        raise stop("source.ambiguous", f"the first line, `{first}`, is meant for Excel", source.path, 1, hint)
    if first.startswith("#TYPE "):
        hint = f"write `{call.suggest(skip='1')}`"
        raise stop(
            "source.ambiguous", f"the first line, `{shown(first)}`, is meant for PowerShell", source.path, 1, hint
        )


def _check_quotes(source: Source, call: Call, dialect: Dialect, text: str, whole: bool) -> None:
    """Refuse a file that is a table only where values stand in single quotes."""
    if "quote" in call.stated or not re.search(r"(?m)[,;|\t]'[^'\n]*[,;|\t][^'\n]*'([,;|\t\r]|$)", text):
        return
    delims = [dialect.delim] if "delim" in call.stated else list(_DELIMITERS)
    single = replace(dialect, quote="'", escape="'")
    plain = [d for d in delims if (c := _count(text, whole, replace(dialect, delim=d))).width > 1 and c.regular]
    fitting = [d for d in delims if (c := _count(text, whole, replace(single, delim=d))).width > 1 and c.regular]
    if fitting and not plain:
        hint = f"write `{call.suggest(quote=written(chr(39)))}`"
        raise stop("source.ambiguous", "values stand in single quotes", source.path, 1, hint)


class _Count(Record):
    """How the rows of a sample fall into fields: their usual number, and the first row that differs."""

    rows: list[CsvRecord]
    width: int
    share: float
    odd: CsvRecord | None
    error: csv.Error | None = None
    line: int = 0

    @property
    def regular(self) -> bool:
        return self.odd is None and self.error is None and bool(self.rows)


def _count(text: str, whole: bool, dialect: Dialect) -> _Count:
    result = _count_once(text, whole, dialect, spaces=False)
    if result.regular:
        return result
    spaced = _count_once(text, whole, dialect, spaces=True)
    return spaced if spaced.regular and spaced.width == result.width else result


def _count_once(text: str, whole: bool, dialect: Dialect, spaces: bool) -> _Count:
    found: list[CsvRecord] = []
    error: csv.Error | None = None
    try:
        for record in records(io.StringIO(text, newline=""), dialect, spaces):
            found.append(record)
    except csv.Error as caught:
        error = caught
    line = found[-1].line + 1 if found else 1
    if not whole:
        found, error = found[:-1], (error if error and len(found) < 3 else None)
    widths = Counter(width_of(r) for r in found)
    width, most = max(widths.items(), key=lambda item: (item[1], item[0])) if widths else (0, 0)
    first = width_of(found[0]) if found else 0
    # A table is as wide as its first row, unless nearly all rows agree on something else.
    if first != width and most < 0.8 * len(found):
        width, most = first, widths[first]
    odd = next((r for r in found if not fits(r, width)), None)
    return _Count(found, width, most / len(found) if found else 0.0, odd, error, line)


def width_of(record: CsvRecord) -> int:
    """Number of fields."""
    return len(record.fields)


def fits(record: CsvRecord, width: int) -> bool:
    """Whether a row has `width` fields; one empty field more (a final delimiter) loses nothing, and the engine takes it."""
    return len(record.fields) == width or (len(record.fields) == width + 1 and not record.fields[-1])


def _check_regular(source: Source, call: Call, dialect: Dialect, count: _Count, text: str) -> None:
    if takes_odd_rows(call):
        return
    if count.error is not None:
        raise unreadable(source, dialect, count.error, count.line, text, call)
    if count.odd is not None:
        raise ragged(source, call, dialect, count.odd, count.width, count.rows, text.endswith(("\n", "\r")))


def takes_odd_rows(call: Call) -> bool:
    """Whether the author asked for rows of other widths to be padded or passed over."""
    return bool(call.get("null_padding") or call.get("ignore_errors") or call.get("strict_mode") is False)


def ragged(
    source: Source,
    call: Call,
    dialect: Dialect,
    odd: CsvRecord,
    width: int,
    rows: list[CsvRecord],
    ended: bool = True,
    starts: Set[str] | None = None,
) -> DatasetError:
    """The error for a row with another number of fields than the table.

    Args:
        ended: whether the last line has an end.
        starts: characters with which good rows start; those of `rows` where it is None.
    """
    found = len(odd.fields)
    text = shown(dialect.delim.join(odd.fields))
    fields = "1 field" if found == 1 else f"{found} fields"
    message = f"the row has {fields} where the table has {width}: `{text}`"
    good = [r for r in rows if fits(r, width)]
    bad = [r for r in rows if not fits(r, width)]
    hint = f"fix the row, or write `{call.suggest(null_padding='true')}` to fill missing fields with NULL"
    if found < width and any(len(r.fields) > width for r in rows):
        hint = "fix the rows: some have too few fields, some too many"
    if found > width:
        hint = "quote the value that holds the delimiter, or fix the row"
    first = {r.fields[0][:1] for r in good} if starts is None else starts
    if text.startswith(("#", "-", "/", "(", "*", "=", "%")) and text[0] not in first:
        hint = f"if that is a comment: `{call.suggest(comment=written(text[0]))}`"
    elif good and bad and bad[-1].line < good[0].line and len(bad) <= 20:
        hint = f"if the table starts at line {good[0].line}: `{call.suggest(skip=str(good[0].line - 1))}`"
    elif not ended and odd is rows[-1] and found < width and rows[-1].fields[-1:] != [""]:
        message = f"the last row has {fields} where the table has {width}; the file may end too early: `{text}`"
        return stop("source.truncated", message, source.path, odd.line, "fetch the file again, or fix its last row")
    return stop("source.ragged", message, source.path, odd.line, hint, expected=width, found=found)


def _two_delimiters(source: Source, call: Call, text: str, fitting: list[str]) -> DatasetError:
    line = next((r for r in text.splitlines() if any(d in r for d in fitting)), "")
    options = [call.suggest(delim=written(delim)) for delim in fitting]
    if "," in fitting:
        other = next(d for d in fitting if d != ",")
        options = [call.suggest(delim=written(other), decimal_separator="','"), call.suggest(delim="','")]
    names = " and ".join(f"`{_name(d)}`" for d in fitting)
    hint = "write which one it is: " + " or ".join(f"`{o}`" for o in options)
    return stop("source.ambiguous", f"the rows can be cut at {names} alike: `{shown(line)}`", source.path, 1, hint)


def _single_column(source: Source, call: Call, dialect: Dialect, text: str, counted: dict[str, _Count]) -> Dialect:
    """A file that no delimiter cuts into a regular table is one column, if no delimiter occurs in it at all."""
    wide = {d: c for d, c in counted.items() if c.width > 1 or c.odd is not None or c.error is not None}
    if not wide:
        rare = [
            d for d in _RARE_DELIMITERS if (c := _count(text, False, replace(dialect, delim=d))).width > 1 and c.regular
        ]
        if rare:
            hint = f"`{call.suggest(delim=written(rare[0]))}`, or `{call.suggest(delim=written(','))}` for one column"
            raise stop(
                "source.ambiguous",
                f"every row has `{_name(rare[0])}` in it: is it the delimiter?",
                source.path,
                1,
                hint,
            )
        return dialect
    delim, count = max(wide.items(), key=lambda item: (item[1].width > 1, item[1].share, item[1].width))
    chosen = replace(dialect, delim=delim)
    if takes_odd_rows(call) and count.width > 1:
        return chosen
    if count.width > 1 and count.odd is not None:
        raise ragged(source, call, chosen, count.odd, count.width, count.rows, text.endswith(("\n", "\r")))
    if count.error is not None:
        raise unreadable(source, chosen, count.error, count.line, text, call)
    line = count.odd.line if count.odd else 1
    sample = dialect.delim.join(count.odd.fields) if count.odd else text[:SHOWN_LINE]
    free = next((d for d in ("\t", "|", ";", ",") if d not in text), "\x01")
    hint = f"if the file is one column: `{call.suggest(delim=written(free))}`; else write the delimiter, or quote the values"
    message = f"one column only, with `{_name(delim)}` in some of its values: `{shown(sample)}`"
    raise stop("source.ambiguous", message, source.path, line, hint)


SHOWN_LINE = 200


def unreadable(
    source: Source, dialect: Dialect, error: Exception, line: int, text: str | None = None, call: Call | None = None
) -> DatasetError:
    """The error for quotes that do not pair."""
    hint = "double the quotes inside a quoted value, or fix the row"
    if call is not None:
        if text is not None and "\\" + dialect.quote in text and dialect.escape != "\\":
            hint = f"if quotes are escaped with a backslash: `{call.suggest(escape=written(chr(92)))}`"
        else:
            hint = f"fix the row, or if quotes have no meaning here: `{call.suggest(quote=written(''))}`"
    what = (
        "a quoted value is never closed" if "end of data" in str(error) else f"the quotes of a row don't pair ({error})"
    )
    if "field larger than" in str(error):
        what = "a value is longer than 4 MB: a quote before it is probably never closed"
    return stop("source.ambiguous", what, source.path, line, hint)


def _name(delim: str) -> str:
    return {"\t": "tab"}.get(delim, delim if delim.isprintable() else repr(delim)[1:-1])
