"""The errors of sources, made in one place so that each has a place, an excerpt and a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from andon.base.names import literal
from andon.errors import DatasetError

#: How much of an offending text is shown.
SHOWN = 60


def shown(text: str) -> str:
    """`text` short enough for a message, with what can't be seen made visible."""
    visible = text if text.isprintable() else repr(text)[1:-1]
    return visible if len(visible) <= SHOWN else visible[: SHOWN - 1] + "…"


def stop(
    code: str, message: str, path: str, line: int | None = None, hint: str | None = None, **details: object
) -> DatasetError:
    """The error that stops a source at `path`, `line`."""
    where = f"{path}:{line}" if line else path
    return DatasetError(code, message, where=where, hint=hint, details={"file": path, "line": line, **details})


_One = TypeVar("_One")
_Result = TypeVar("_Result")
#: So many files are told beside the first one.
_TOLD = 5


def each(items: Iterable[_One], check: Callable[[_One], _Result]) -> list[_Result]:
    """What `check` gives for each of `items`.

    Raises:
        DatasetError: with what is wrong with all of them, not with the first alone.
    """
    results: list[_Result] = []
    errors: list[DatasetError] = []
    for item in items:
        try:
            results.append(check(item))
        except DatasetError as error:
            errors.append(error)
    if errors:
        raise _together(errors)
    return results


def _together(errors: Sequence[DatasetError]) -> DatasetError:
    first, others = errors[0], errors[1:]
    if not others:
        return first
    told = [f"`{e.where}`" if e.message == first.message else f"`{e.where}`: {e.message}" for e in others[:_TOLD]]
    left = len(others) - len(told)
    more = f", and {left} more" if left else ""
    files = "file" if len(others) == 1 else "files"
    message = f"{first.message} (and {len(others)} more {files}: {'; '.join(told)}{more})"
    hints = list(dict.fromkeys(e.hint for e in errors[: _TOLD + 1] if e.hint))
    details = {**first.details}
    if "only_new" in details:
        details["only_new"] = all(e.details.get("only_new") for e in errors)
    return DatasetError(first.code, message, where=first.where, hint="; ".join(hints) or None, details=details)


#: Stands at the start of the message of a strict cast that refused a value; then follow column, type and value.
REFUSED = "andon refuses"
_PART = "\x1f"


def refusal(column: str, kind: str, text: str) -> str:
    """SQL that fails with a message from which `refused` gets column, type and value back."""
    return f"error({literal(_PART.join((REFUSED, column, kind, '')))} || {text})"


def refused(message: str) -> tuple[str, str, str] | None:
    """Column, type and value of a strict cast that failed with `message`; None for any other message."""
    _, found, rest = message.partition(REFUSED + _PART)
    parts = rest.split(_PART, 2)
    return (parts[0], parts[1], parts[2]) if found and len(parts) == 3 else None


#: (what the engine's message says, code, what to say, what to write); `{…}` are named groups of the pattern.
_MESSAGES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"Expected Number of Columns: (?P<expected>\d+) Found: (?P<found>\d+)",
        "source.ragged",
        "the row has {found} fields where the table has {expected}",
        "fix the row; quote a value that holds the delimiter",
    ),
    (
        r"unterminated quote",
        "source.ambiguous",
        "the quotes of a row don't pair",
        "double the quotes inside a quoted value, or fix the row",
    ),
    (
        r"Invalid unicode",
        "source.encoding",
        "the text is not UTF-8",
        "if it is latin-1, write `encoding = 'latin-1'`; else convert it to UTF-8",
    ),
    (
        r"File is not (?P<encoding>[\w-]+) encoded",
        "source.encoding",
        "the file is not {encoding}",
        "convert it to UTF-8: `iconv -t utf-8 …`",
    ),
    (
        r"does not support the encoding: \"(?P<encoding>[^\"]+)\"",
        "source.encoding",
        "the engine can't read {encoding}",
        "convert it to UTF-8: `iconv -f {encoding} -t utf-8 …`",
    ),
    (
        r"Maximum line size of (?P<size>\d+) bytes",
        "source.ambiguous",
        "a line is longer than {size} bytes",
        "fix a quote that is never closed, or write `max_line_size = …`",
    ),
    (
        r"state machine reached an invalid state",
        "source.ambiguous",
        "line ends or quotes are mixed",
        "write the file anew with one kind of line end, or write `strict_mode = false`",
    ),
    (
        r"converting column \"(?P<column>[^\"]+)\"\. Could not convert string \"(?P<value>.*?)\" to '(?P<kind>[^']+)'",
        "source.contract",
        "`{value}` in column `{column}` is no {kind}",
        "fix the value, or state another type",
    ),
    (
        r"No magic bytes|too small to be a Parquet|[Cc]orrupt|footer|TType|unexpected end|[Tt]runcated|decompress|GZIP|ZSTD",
        "source.truncated",
        "the file is damaged or ends too early",
        "fetch the file again",
    ),
    (r"invalid UTF-8 encoding", "source.encoding", "the text is not UTF-8", "convert it to UTF-8: `iconv -t utf-8 …`"),
    (r"Malformed JSON", "source.truncated", "the JSON is damaged or ends too early", "fetch the file again, or fix it"),
    (
        r"has duplicate key \"(?P<name>[^\"]*)\"",
        "source.ambiguous",
        "a record has the key `{name}` twice",
        "rename or take out one of them in the file",
    ),
    (
        r"Duplicate name \"(?P<name>[^\"]+)\" in struct",
        "source.ambiguous",
        "an object has names that differ in case only: `{name}` and another",
        "rename one in the file, or state the type of its column as 'JSON' in `columns`",
    ),
    (
        r"JSON transform error[^:]*: (?P<what>[^\n]*)",
        "source.contract",
        "a value is not of the recorded type: {what}",
        "fix the value, or state another type",
    ),
    (
        r"No files found|Cannot open file|No such file",
        "source.missing",
        "the file can't be opened",
        "fetch the file again",
    ),
)


def engine_error(
    message: str, projected: Mapping[str, str], default: str, suggest: Callable[..., str] | None = None
) -> DatasetError:
    """What the engine's `message` about a read means.

    Args:
        projected: project path by stored path; stored paths never reach a reader.
        default: the project path to name when the message names none.
        suggest: `Call.suggest`, for hints that show the whole call.
    """
    text, path = message, default
    for stored, project in sorted(projected.items(), key=lambda item: -len(item[0])):
        if stored in text:
            text, path = text.replace(stored, project), project
    found = re.search(r"CSV Error on Line: (\d+)", text) or re.search(r"in line (\d+)", text)
    line = int(found.group(1)) if found else None
    for pattern, code, what, hint in _MESSAGES:
        match = re.search(pattern, text, re.DOTALL)
        if match is None:
            continue
        values = {name: shown(value) for name, value in match.groupdict().items()}
        original = re.search(r"Original Line: (.*)\n", text)
        shown_line = f": `{shown(original.group(1))}`" if original and code != "source.contract" else ""
        if suggest is not None and "strict_mode" in hint:
            hint = f"write the file anew with one kind of line end, or write `{suggest(strict_mode='false')}`"
        return stop(code, what.format(**values) + shown_line, path, line, hint.format(**values))
    return stop("build.failed", text.split("\n\nLINE ")[0].split("\nPossible")[0].strip(), path, line)
