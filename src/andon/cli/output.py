"""Where text goes and how it looks: data to stdout, everything else to stderr; one accent colour, symbols that fall back to ASCII."""

from __future__ import annotations

import codecs
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

import msgspec

from andon.errors import AndonError, Problem
from andon.render.visible import visible, visible_lines

#: What stands for our own symbols where the terminal's encoding lacks them; one character each, so that tables stay aligned.
_PLAIN = {"·": "-", "→": ">", "…": "~", "✓": "+", "✗": "x", "●": "*", "○": "o", "─": "-", "⏎": "/", "≈": "~"} | {
    "├": "|",
    "└": "`",
    "│": "|",
    "╌": ".",
}

#: Drawn bars and columns, by how much ink they have.
_PLAIN |= dict(zip("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉", "_..:-=+#-----##", strict=True))

_STYLES = {"accent": "36", "dim": "2", "good": "32", "warn": "33", "bad": "31", "bold": "1"}

#: Where our own colours begin and end until a line is written. Nobody can guess it, so no data can hold it.
_MARK = f"\x1b{os.urandom(12).hex()}["

#: A cell of a table: text, or text with the name of a style.
Cell = str | tuple[str, str]


def _fall_back(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found), error.end


codecs.register_error("andon", _fall_back)


def json_text(document: Any) -> str:
    """A JSON document as it is printed: indented by two blanks, all characters as they are."""
    try:
        # indented by msgspec: json does that itself in Python, value by value
        return msgspec.json.format(json.dumps(document, ensure_ascii=False).encode(), indent=2).decode()
    except (UnicodeEncodeError, msgspec.DecodeError):  # half a character, or what is no JSON, as NaN
        return json.dumps(document, ensure_ascii=False, indent=2)


class Ink:
    """One stream and what it can show."""

    def __init__(self, stream: TextIO, color: bool | None, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self.is_terminal = _is_terminal(stream)
        allowed = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.color = self.is_terminal and allowed if color is None else color
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="andon")

    def paint(self, text: str, style: str) -> str:
        """`text` in a style (accent, dim, good, warn, bad, bold), for `line`."""
        return f"{_MARK}{_STYLES[style]}m{text}{_MARK}0m" if self.color and text else text

    def shown(self, text: str) -> str:
        """`text` as a terminal gets it: with the colours of `paint`, all else that would steer it made visible."""
        return "\x1b[".join(visible(part) for part in text.split(_MARK))

    def line(self, text: str = "") -> None:
        """Write one line, `shown`. Whoever reads may have gone; the work goes on without them."""
        self.write(self.shown(text) + "\n")

    def write(self, text: str) -> None:
        """Write text as it is."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self._abandon()

    def write_bytes(self, chunks: Iterable[bytes]) -> None:
        """Write bytes as they are."""
        try:
            self._stream.flush()
            for chunk in chunks:
                self._stream.buffer.write(chunk)
            self._stream.buffer.flush()
        except BrokenPipeError:
            self._abandon()

    @property
    def stream(self) -> TextIO:
        """The stream itself, for a live view."""
        return self._stream

    def _abandon(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


class Console:
    """The terminal of one command.

    Args:
        as_json: whether stdout takes exactly one JSON document.
        color: None lets each stream decide.
    """

    def __init__(
        self, *, as_json: bool = False, color: bool | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        variables = os.environ if environ is None else environ
        self.as_json = as_json
        self.out = Ink(sys.stdout, color, variables)
        self.err = Ink(sys.stderr, color, variables)

    @property
    def can_ask(self) -> bool:
        """Whether a person sits there: both what is read and what is shown is a terminal."""
        return _is_terminal(sys.stdin) and self.err.is_terminal

    @property
    def width(self) -> int | None:
        """Columns of the terminal, or None where lines may be as long as they are."""
        if not self.out.is_terminal:
            return None
        import shutil

        return shutil.get_terminal_size((80, 24)).columns

    def show(self, document: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> None:
        """Show a result: the JSON document, or the lines for people."""
        if self.as_json:
            self.json(document())
        else:
            for text in lines():
                self.out.line(text)

    def json(self, document: Any) -> None:
        """The one JSON document of a command."""
        self.out.write(json_text(document) + "\n")

    def note(self, text: str, style: str = "dim") -> None:
        """A line for people, beside the data."""
        self.err.line(self.err.paint(text, style))

    def error(self, error: AndonError) -> None:
        """An error: text on stderr; with JSON its document on stdout too."""
        if self.as_json:
            self.json({"error": error.to_json()})
        for text in error_lines(error.to_json(), self.err):
            self.err.line(text)


#: Of a user's own stack trace the end is shown; `--json` has all of it.
_TRACE_LINES = 24


def error_lines(error: Mapping[str, Any], ink: Ink, title: str = "error") -> list[str]:
    """An error (as `AndonError.to_json`) as lines: what, where, the excerpt, what to do."""
    problems: list[dict[str, Any]] = list(error.get("problems") or [])
    message = visible_lines(str(error["message"]))
    message = [message[0], *(f"    {text}" for text in message[1:])]  # what goes on is no line of ours
    message[-1] += f"  {ink.paint('[' + error['code'] + ']', 'dim')}"
    message[0] = f"{ink.paint(title + ':', 'bad')} {message[0]}"
    lines = message
    hint = error.get("hint")
    if len(problems) == 1 and problems[0]["message"] == error["message"]:
        only = problems[0]
        lines += _place(only, error.get("where"), ink)
        hint = hint or only.get("hint")
    else:
        if error.get("where"):
            lines.append(f"  at {ink.paint(str(error['where']), 'accent')}")
        for problem in problems:
            lines += ["", f"  {ink.paint(_where(problem), 'accent')}  {problem['message']}"]
            lines += [f"    {text}" for text in str(problem.get("excerpt") or "").splitlines()]
            if problem.get("hint"):
                lines.append(f"    {ink.paint('hint:', 'dim')} {problem['hint']}")
        if problems and hint:
            lines.append("")
    trace = str((error.get("details") or {}).get("traceback") or "").rstrip().splitlines()
    lines += [f"    {ink.paint(text, 'dim')}" for text in trace[-_TRACE_LINES:]]
    if hint:
        lines.append(f"  {ink.paint('hint:', 'accent')} {hint}")
    return lines


def _place(problem: Mapping[str, Any], where: str | None, ink: Ink) -> list[str]:
    place = where or _where(problem)
    lines = [f"  at {ink.paint(place, 'accent')}"] if place else []
    return lines + [f"    {text}" for text in str(problem.get("excerpt") or "").splitlines()]


def _where(problem: Mapping[str, Any]) -> str:
    return Problem("", "", problem.get("file"), problem.get("line"), problem.get("column")).where


def display_width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cell_words(cell: Cell) -> str:
    """The text of a cell, on one line."""
    text = cell[0] if isinstance(cell, tuple) else cell
    return visible(text).replace("\t", " ")


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
