"""How code is shown: lines with quiet marks, and two texts beside or below each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from andon.base.record import Record
from andon.render.visible import visible

#: Lines around a difference that are shown with it.
_CONTEXT = 3
#: Lines above which texts are compared line by line, without looking for the words that differ.
_MOST = 4000

_SQL = (
    "select from where group by order having limit with as on join left right full inner outer cross using and or not in is null case"
    " when then else end union all distinct over partition between like create or replace macro table values filter qualify exists"
    " true false asc desc interval cast"
)
_PYTHON = (
    "def return import from as if elif else for in while with class not and or is None True False lambda yield raise try except"
    " finally pass"
)
_WORDS = {"sql": frozenset(_SQL.split()), "py": frozenset(_PYTHON.split())}
_COMMENT = {"sql": r"--.*|/\*.*?\*/", "py": r"\#.*"}
_PIECE = r"(?P<comment>{comment})|(?P<text>'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\")|(?P<word>[A-Za-z_]\w*)|(?P<number>\b\d[\d_.]*)"


class Span(Record):
    """A piece of a line. `mark` is `comment`, `text`, `word`, `number`, or empty; `differs` where the other side has something else."""

    text: str
    mark: str = ""
    differs: bool = False


class Row(Record):
    """A line of a comparison.

    Attributes:
        sign: ` `, `-`, `+`; `~` where both sides have a line that differs; `…` for lines that are left out.
        old, new: numbers of the lines; None where that side has none.
        left, right: what stands there.
    """

    sign: str
    old: int | None
    new: int | None
    left: tuple[Span, ...]
    right: tuple[Span, ...]


def kind_of(path: str) -> str:
    """How a file's lines are marked: `sql`, `py`, or empty."""
    suffix = path.rpartition(".")[2].lower()
    return suffix if suffix in _WORDS else ""


def lines_of(text: str, kind: str = "") -> list[tuple[Span, ...]]:
    """The lines of a text, each as spans."""
    return [marked(line, kind) for line in _split(text)]


def marked(line: str, kind: str) -> tuple[Span, ...]:
    """A line as spans, joined they are the line."""
    line = visible(line)
    if not kind:
        return (Span(line),)
    found, place = [], 0
    for match in re.finditer(_PIECE.format(comment=_COMMENT[kind]), line):
        mark = match.lastgroup or ""
        if mark == "word" and (match[0].lower() if kind == "sql" else match[0]) not in _WORDS[kind]:
            continue
        if match.start() > place:
            found.append(Span(line[place : match.start()]))
        found.append(Span(match[0], mark))
        place = match.end()
    if place < len(line) or not found:
        found.append(Span(line[place:]))
    return tuple(found)


def side_by_side(before: str | None, after: str | None, kind: str = "") -> list[Row]:
    """Two texts as rows, with what is equal far from any difference left out."""
    old, new = _split(before or ""), _split(after or "")
    rows: list[Row] = []
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT))
    end = 0
    for group in groups:
        if group[0][1] > end:
            rows.append(_left_out(group[0][1] - end))
        for tag, i, j, k, m in group:
            rows += _rows(tag, old[i:j], new[k:m], i, k, kind)
        end = group[-1][2]
    if groups and end < len(old):
        rows.append(_left_out(len(old) - end))
    return rows


def unified(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows of which each has one side: what was there, then what is there."""
    waiting: list[Row] = []
    for row in rows:
        if row.sign == "~":
            yield Row("-", row.old, None, row.left, ())
            waiting.append(Row("+", None, row.new, (), row.right))
            continue
        yield from waiting if row.sign != "-" else ()
        waiting = waiting if row.sign == "-" else []
        yield row
    yield from waiting


def _rows(tag: str, old: Sequence[str], new: Sequence[str], i: int, k: int, kind: str) -> Iterator[Row]:
    if tag == "equal":
        for n, line in enumerate(old):
            spans = marked(line, kind)
            yield Row(" ", i + n + 1, k + n + 1, spans, spans)
        return
    both = min(len(old), len(new))
    for n in range(both):
        left, right = (
            _differing(old[n], new[n]) if len(old) + len(new) < _MOST else (marked(old[n], kind), marked(new[n], kind))
        )
        yield Row("~", i + n + 1, k + n + 1, left, right)
    for n in range(both, len(old)):
        yield Row("-", i + n + 1, None, marked(old[n], kind), ())
    for n in range(both, len(new)):
        yield Row("+", None, k + n + 1, (), marked(new[n], kind))


def _differing(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both lines, with the words that differ; nothing is pointed at where hardly anything is common."""
    one, other = _pieces(visible(old)), _pieces(visible(new))
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < 0.4:
        return (Span("".join(one)),), (Span("".join(other)),)
    left, right = [], []
    for tag, i, j, k, m in matcher.get_opcodes():
        left.append(Span("".join(one[i:j]), "", tag != "equal"))
        right.append(Span("".join(other[k:m]), "", tag != "equal"))
    return tuple(span for span in left if span.text), tuple(span for span in right if span.text)


def _pieces(line: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", line)


def _left_out(count: int) -> Row:
    return Row("…", None, None, (Span(f"{count:,} equal lines" if count > 1 else "1 equal line"),), ())


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines
