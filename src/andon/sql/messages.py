"""DuckDB's messages turned into problems: one sentence, the place in the text, what to do."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from andon.base.names import did_you_mean, nearest
from andon.base.record import Record
from andon.sql.parse import place_of
from andon.sql.tokens import tokens
from andon.sql.uses import SqlProblem

_KIND = re.compile(r"\A(?P<kind>[A-Z][A-Za-z ]+?) Error: ")
_LINE = re.compile(r"\n+LINE (?P<number>\d+): (?P<shown>[^\n]*)\n(?P<blank> *)\^", re.DOTALL)
_SCANNED = re.compile(r" at (?:or near|end of input)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_SHOWN = 3
#: Stands before what went wrong when some of the rows were read already.
_ON_ITS_WAY = "unsuccessful or closed pending query result\nError: "

#: Kinds of errors that come from values, not from the text's meaning.
_VALUE_KINDS = frozenset({"Conversion", "Invalid Input", "Invalid", "Mismatch Type", "Constraint"})


class _Report(Record):
    """An error of the engine taken apart: its kind (`Binder`), its whole message, the place in the text."""

    kind: str
    message: str
    offset: int | None


def explain(error: Exception, text: str, datasets: Iterable[str] = ()) -> SqlProblem:
    """The problem that `error`, which the engine raised for `text`, reports.

    Args:
        error: any exception of DuckDB's; of others the message is taken as it is.
        text: the SQL that the engine was given.
        datasets: known names, for a hint when the text names an unknown one.
    """
    report = _take_apart(str(error), text)
    for pattern, handler in _HANDLERS:
        match = re.search(pattern, report.message)
        if match:
            return handler(match, report, text, tuple(datasets))
    return _plain(report, text)


def _take_apart(raw: str, text: str) -> _Report:
    raw = raw.partition(_ON_ITS_WAY)[2] or raw
    match = _KIND.match(raw)
    kind, message = (match["kind"], raw[match.end() :]) if match else ("", raw)
    if message.startswith('{"exception_type"'):
        try:
            fields: dict[str, Any] = json.loads(message)
        except ValueError:
            return _Report(kind, message, None)
        return _Report(kind, str(fields["exception_message"]), place_of(text, fields))
    line = _LINE.search(message)
    if line is None:
        return _Report(kind, message.strip(), None)
    shown, offset = message[: line.start()].strip(), _marked(line, text)
    if offset is not None and kind == "Parser" and _SCANNED.search(shown):
        # the engine takes the scanner's count of characters for one of bytes when it draws the caret
        offset = min(len(text[:offset].encode()), len(text))
    return _Report(kind, shown, offset)


def _marked(line: re.Match[str], text: str) -> int | None:
    """The character under the caret. The engine shows a window of a long line, between `...`, and counts screen columns."""
    lines = text.split("\n")
    number = int(line["number"])
    if number > len(lines):
        return None
    whole, shown = lines[number - 1], line["shown"]
    width = len(line["blank"]) - len(f"LINE {number}: ")
    at = 0
    while at < len(shown) and width > 0:
        width -= 2 if unicodedata.east_asian_width(shown[at]) in "WF" else 1
        at += 1
    begin = 0
    if not whole.startswith(shown.removesuffix("...")):
        if not shown.startswith("..."):
            return None
        begin = whole.find(shown.removeprefix("...").removesuffix("...")) - 3
        if begin < -3:
            return None
    offset = sum(len(part) + 1 for part in lines[: number - 1]) + begin + at
    return offset if 0 <= offset <= len(text) else None


def _find(text: str, name: str) -> int | None:
    """Where the identifier `name` first stands in `text`."""
    wanted = name.lower()
    return next((t.start for t in tokens(text) if t.kind in ("word", "quoted") and t.name == wanted), None)


def _ticked(text: str) -> str:
    return _QUOTED.sub(lambda match: f"`{match[1]}`", text)


def _sentence(message: str) -> str:
    """The first sentence of a message, names in backticks, no mark at the end."""
    first = message.split("\n")[0].strip()
    return _ticked(first).rstrip(".!: ")


def _names(message: str, heading: str) -> list[str]:
    """The names after `heading` in a message: `Candidate bindings: "a", "b"`."""
    match = re.search(re.escape(heading) + r"[^:\n]*:(.*)", message)
    return [name.replace('""', '"') for name in _QUOTED.findall(match[1])] if match else []


def _candidates(name: str, found: list[str]) -> str | None:
    if not found:
        return None
    best = nearest(name, found)
    if best is not None:
        return f"did you mean `{best}`?"
    return "there are " + ", ".join(f"`{other}`" for other in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")


def _column(match: re.Match[str], report: _Report, text: str, _: tuple[str, ...]) -> SqlProblem:
    name = match["name"]
    offset = report.offset if report.offset is not None else _find(text, name.split(".")[-1])
    if "FROM clause is missing" in report.message:
        hint = f"a text value stands in single quotes: '{name}'"
        return SqlProblem("project.unknown_column", f"there is no FROM that could have a column `{name}`", offset, hint)
    hint_ = _candidates(name, _names(report.message, "Candidate"))
    return SqlProblem("project.unknown_column", f"there is no column `{name}`", offset, hint_)


def _alias(match: re.Match[str], report: _Report, text: str, _: tuple[str, ...]) -> SqlProblem:
    name = match["name"]
    offset = report.offset if report.offset is not None else _find(text, name.split(".")[-1])
    hint = _candidates(name, _names(report.message, "Candidate tables"))
    return SqlProblem("project.unknown_column", f"`{name}` is neither a table nor an alias in FROM", offset, hint)


def _table(match: re.Match[str], report: _Report, text: str, datasets: tuple[str, ...]) -> SqlProblem:
    name = match["name"].strip('"')
    at = report.offset if report.offset is not None else _find(text, name.split(".")[-1])
    written = name
    if at is not None:
        written = _written_name(text, at) or name
    last = written.split(".")[-1]
    twins = sorted(known for known in datasets if known.split(".")[-1] == last)
    if twins and "." not in written:
        hint: str | None = f"datasets are named with their schema: `{twins[0]}`"
    else:
        hint = did_you_mean(written, datasets)
        if hint is None and twins:
            hint = f"did you mean `{twins[0]}`?"
    return SqlProblem("project.unknown_dataset", f"there is no dataset `{written}`", at, hint)


def _written_name(text: str, offset: int) -> str | None:
    parts: list[str] = []
    for token in tokens(text, offset):
        if len(parts) % 2 == 0 and token.kind in ("word", "quoted"):
            parts.append(token.name)
        elif len(parts) % 2 == 1 and token.text == ".":
            parts.append(".")
        else:
            break
    return "".join(parts).rstrip(".") or None


def _function(match: re.Match[str], report: _Report, text: str, _: tuple[str, ...]) -> SqlProblem:
    name = match["name"].strip('"')
    offset = report.offset if report.offset is not None else _find(text, name.split(".")[-1])
    near = re.search(r'Did you mean "([^"]+)"', report.message)
    # the engine names the nearest of all, however far
    hint = (did_you_mean(name, [near[1]]) if near else None) or "own functions are macros in `macros/`"
    return SqlProblem("project.unknown_function", f"there is no function `{name}`", offset, hint)


def _arguments(match: re.Match[str], report: _Report, text: str, _: tuple[str, ...]) -> SqlProblem:
    call = match["call"].replace("STRING_LITERAL", "VARCHAR").replace("INTEGER_LITERAL", "INTEGER")
    name = call.split("(")[0]
    offset = report.offset if report.offset is not None else _find(text, name)
    forms = [
        line.strip().split(" -> ")[0] for line in report.message.split("\n") if line.startswith("\t") and "(" in line
    ]
    hint = "it takes " + ", ".join(f"`{form}`" for form in forms[:_SHOWN]) + (", …" if len(forms) > _SHOWN else "")
    if "(VARCHAR" in call and not any("VARCHAR" in form for form in forms):
        hint += "; what is text becomes something else by a cast, or where its source states the type"
    return SqlProblem("project.bind_failed", f"`{name}` can't be called as `{call}`", offset, hint if forms else None)


def _struct_key(match: re.Match[str], report: _Report, text: str, _: tuple[str, ...]) -> SqlProblem:
    name = match["name"]
    offset = report.offset if report.offset is not None else _find(text, name)
    hint = _candidates(name, _names(report.message, "Candidate Entries"))
    return SqlProblem("project.unknown_column", f"there is no field `{name}` in the struct", offset, hint)


def _group(match: re.Match[str], report: _Report, _text: str, _: tuple[str, ...]) -> SqlProblem:
    name = match["name"]
    message = f"`{name}` is neither grouped by nor aggregated"
    return SqlProblem("project.bind_failed", message, report.offset, f"add it to GROUP BY, or take `any_value({name})`")


def _ambiguous(match: re.Match[str], report: _Report, _text: str, _: tuple[str, ...]) -> SqlProblem:
    names = _QUOTED.findall(match["rest"])
    hint = "write " + " or ".join(f"`{name}`" for name in names) if names else None
    return SqlProblem("project.bind_failed", f"`{match['name']}` may be more than one column", report.offset, hint)


def _depth(_match: re.Match[str], report: _Report, _text: str, _: tuple[str, ...]) -> SqlProblem:
    message = "together with the views that it reads, the SQL is nested deeper than the engine can follow"
    return SqlProblem(
        "project.bind_failed", message, report.offset, "make one of the views on the way a table (`materialize: table`)"
    )


def _syntax(match: re.Match[str], report: _Report, _text: str, _: tuple[str, ...]) -> SqlProblem:
    hint = None if "end of input" not in match[0] else "something is missing at the end"
    return SqlProblem("project.bad_sql", _sentence(report.message), report.offset, hint)


def _plain(report: _Report, text: str) -> SqlProblem:
    """What no handler knows: the first sentence, and a code by the kind of error."""
    message = _sentence(report.message) or "the engine gave no reason"
    offset = report.offset
    if offset is None:
        named = _QUOTED.search(report.message.split("\n")[0])
        offset = _find(text, named[1]) if named and named[1] else None
    near = re.search(r'Did you mean "([^"]+)"', report.message)
    hint = f"did you mean `{near[1]}`?" if near else None
    if report.kind == "Out of Range":
        return SqlProblem("build.overflow", message, offset, hint or "cast to a wider type before computing")
    if report.kind in _VALUE_KINDS:
        return SqlProblem(
            "build.failed", message, offset, hint or "`try_cast(… as …)` gives NULL for what does not fit"
        )
    if report.kind == "Out of Memory":
        return SqlProblem("machine.memory", message, None, "raise the memory limit, or make the query smaller")
    if report.kind == "Parser":
        return SqlProblem("project.bad_sql", message, offset, hint)
    return SqlProblem("project.bind_failed", message, offset, hint)


# Texts, compiled when an error is first explained: most commands meet none.
_HANDLERS = (
    (r'Referenced column "(?P<name>.+?)" (?:was )?not found', _column),
    (r'Column "(?P<name>.+?)" in \w+ list not found', _column),
    (r'Column "(?P<name>.+?)" does not exist on (?:left|right) side of join', _column),
    (r'(?:T|t)able "[^"]+" does not have a column named "(?P<name>[^"]+)"', _column),
    (r'Referenced table "(?P<name>.+?)" not found', _alias),
    (r'Could not find key "(?P<name>.+?)" in struct', _struct_key),
    (r"\ATable with name (?P<name>\"[^\"]+\"|\S+) does not exist", _table),
    (r"\A(?:\w+ )+Function with name (?P<name>\"[^\"]+\"|\S+) does not exist", _function),
    (r"No function matches the given name and argument types '(?P<call>.+?)'\. ", _arguments),
    (r'\Acolumn "(?P<name>.+?)" must appear in the GROUP BY', _group),
    (r'\AAmbiguous reference to column name "(?P<name>.+?)"(?P<rest>.*)', _ambiguous),
    (r"\AMax expression depth limit", _depth),
    (r"\Asyntax error at .*", _syntax),
)
