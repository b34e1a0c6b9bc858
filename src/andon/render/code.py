"""Code as pieces that can be coloured, and the difference of two texts of it, as blocks that stand side by side or below each other.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from andon.base.record import Record

#: Unchanged lines around a change.
_AROUND = 3
#: Texts with more lines than that are compared by lines alone, not within them, and not coloured.
_MANY = 4000
#: A pair of lines that has less in common is another line, and not a changed one.
_ALIKE = 0.4
#: Longer lines are not compared within.
_LONG = 1000

_SQL_WORDS = """
all and any anti array as asc asof between by case cast cross cube current date desc distinct else end except exclude exists extract
false filter first following for from full group grouping having ilike in inner intersect interval into is join lambda last lateral
left like limit materialized natural not null nulls offset on or order outer over partition pivot positional preceding qualify range
recursive replace respect right rollup row rows sample select semi sets similar some struct table then time timestamp true unbounded
union unnest unpivot using values when where window with within
"""
_PYTHON_WORDS = """
and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda
match None nonlocal not or pass raise return True try while with yield
"""

_SQL = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>'(?:[^']|'')*(?:'|\Z))|(?P<name>"(?:[^"]|"")*(?:"|\Z))"""
    r"""|(?P<number>\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?P<word>[^\W\d]\w*)""",
    re.IGNORECASE | re.DOTALL,
)
_PYTHON = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>[rbfuRBFU]{0,2}(?:\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))"""
    r"""|(?P<number>\b\d[\d_]*(?:\.\d+)?\b)|(?P<word>[^\W\d]\w*)""",
    re.DOTALL,
)
_YAML = re.compile(
    r"""(?P<comment>(?:^|(?<=\s))\#[^\n]*)|(?P<key>^[ \t]*(?:-[ \t]+)*[\w.$-]+(?=:(?:\s|\Z)))"""
    r"""|(?P<string>"(?:\\.|[^"\\\n])*"?|'(?:[^'\n]|'')*'?)"""
    r"""|(?P<number>\b\d[\d_]*(?:\.\d+)?\b)|(?P<word>[^\W\d]\w*)""",
    re.MULTILINE,
)
_KINDS = {
    ".sql": (_SQL, frozenset(_SQL_WORDS.split())),
    ".py": (_PYTHON, frozenset(_PYTHON_WORDS.split())),
    ".yml": (_YAML, frozenset(("true", "false", "null"))),
    ".yaml": (_YAML, frozenset(("true", "false", "null"))),
    ".toml": (_YAML, frozenset(("true", "false"))),
}
_PIECE = re.compile(r"\w+|\s+|[^\w\s]")


class Piece(Record):
    """A part of a line.

    Attributes:
        kind: `comment`, `string`, `number`, `keyword`, `key`, or empty.
        is_marked: whether just this differs from the line on the other side.
    """

    text: str
    kind: str = ""
    is_marked: bool = False


#: Tag, and where it begins and ends on both sides.
_Change = tuple[str, int, int, int, int]
#: A line as it is drawn.
Pieces = tuple[Piece, ...]


class CodeLine(Record):
    """A line with its number, from 1."""

    number: int
    pieces: Pieces


class Block(Record):
    """Lines that belong together: as many on both sides where they are the same; else what went, and what came.

    Attributes:
        is_same: whether nothing differs.
        lines: `(before, after)` side by side; None where a side has no line there.
    """

    is_same: bool
    lines: tuple[tuple[CodeLine | None, CodeLine | None], ...]

    @property
    def before(self) -> list[CodeLine]:
        """What stood there."""
        return [old for old, _ in self.lines if old is not None]

    @property
    def after(self) -> list[CodeLine]:
        """What stands there now."""
        return [new for _, new in self.lines if new is not None]


class Hunk(Record):
    """Changes that lie close together, with what stands around them.

    Attributes:
        skipped: how many unchanged lines lie between this one and the one before it, or the beginning.
    """

    skipped: int
    blocks: tuple[Block, ...]


class CodeDiff(Record):
    """How a file differs.

    Attributes:
        before, after: whether it was there, is there.
        added, removed: lines.
        skipped: unchanged lines behind the last hunk.
    """

    path: str
    before: bool
    after: bool
    added: int
    removed: int
    hunks: tuple[Hunk, ...]
    skipped: int = 0


def code_lines(text: str, path: str) -> list[Pieces]:
    """The lines of a text with what each part of it is, by the ending of the file."""
    known = _KINDS.get("." + path.rpartition(".")[2].lower())
    lines: list[list[Piece]] = [[]]
    for piece in _pieces(text, *known) if known is not None else (Piece(text),):
        first, *rest = piece.text.split("\n")
        for number, part in enumerate((first, *rest)):
            if number:
                lines.append([])
            if part := part.removesuffix("\r"):
                lines[-1].append(Piece(part, piece.kind))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [tuple(line) for line in lines]


def code_diff(path: str, before: str | None, after: str | None, around: int = _AROUND) -> CodeDiff:
    """How a file differs, line by line.

    Args:
        before, after: its texts; None where there is none.
        around: how many unchanged lines stand around a change.
    """
    old, new = before or "", after or ""
    a, b = old.splitlines(), new.splitlines()
    fine = max(len(a), len(b)) <= _MANY
    left, right = (code_lines(text, path) if text and fine else [] for text in (old, new))
    if (len(left), len(right)) != (
        len(a),
        len(b),
    ):  # very many, or a line ends with another mark
        left, right = ([_plain(line) for line in lines] for lines in (a, b))
    hunks: list[Hunk] = []
    at = added = removed = 0
    for group in _grouped(_changes(a, b), around):
        blocks: list[Block] = []
        skipped, at = group[0][1] - at, group[-1][2]
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                numbers = zip(range(i1, i2), range(j1, j2), strict=True)
                pairs = [(CodeLine(i + 1, left[i]), CodeLine(j + 1, right[j])) for i, j in numbers]
                blocks.append(Block(True, tuple(pairs)))
                continue
            removed, added = removed + i2 - i1, added + j2 - j1
            blocks.append(Block(False, tuple(_side_by_side(a, b, left, right, (i1, i2, j1, j2), fine=fine))))
        hunks.append(Hunk(skipped, tuple(blocks)))
    behind = max(0, len(a) - at) if hunks else 0
    return CodeDiff(path, before is not None, after is not None, added, removed, tuple(hunks), behind)


def _plain(line: str) -> Pieces:
    return (Piece(line),) if line else ()


def _changes(a: Sequence[str], b: Sequence[str]) -> list[_Change]:
    """What leads from one text to the other; what both begin and end with costs nothing."""
    shorter = min(len(a), len(b))
    head = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    tail = next((i for i in range(shorter - head) if a[-1 - i] != b[-1 - i]), shorter - head)
    middle = a[head : len(a) - tail], b[head : len(b) - tail]
    matcher = SequenceMatcher(None, *middle, autojunk=max(map(len, middle)) > _MANY)
    found: list[_Change] = [("equal", 0, head, 0, head)] if head else []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        found.append((tag, i1 + head, i2 + head, j1 + head, j2 + head))
    if tail:
        found.append(("equal", len(a) - tail, len(a), len(b) - tail, len(b)))
    return found


def _grouped(changes: Sequence[_Change], around: int) -> Iterator[list[_Change]]:
    """Changes that lie close together, each group with the unchanged lines around it."""
    group: list[_Change] = []
    for number, (tag, i1, i2, j1, j2) in enumerate(changes):
        is_last = number == len(changes) - 1
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue
        if group and (is_last or i2 - i1 > 2 * around):
            first = min(around, i2 - i1)
            end: list[_Change] = [(tag, i1, i1 + first, j1, j1 + first)] if first else []
            yield group + end
            group = []
        if not is_last:
            start = max(i1, i2 - around) if not group else i1
            group += [(tag, start, i2, j2 - (i2 - start), j2)] if start < i2 else []
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _side_by_side(
    a: Sequence[str],
    b: Sequence[str],
    left: Sequence[Pieces],
    right: Sequence[Pieces],
    span: tuple[int, int, int, int],
    *,
    fine: bool,
) -> Iterator[tuple[CodeLine | None, CodeLine | None]]:
    i1, i2, j1, j2 = span
    for k in range(max(i2 - i1, j2 - j1)):
        i, j = i1 + k, j1 + k
        old = left[i] if i < i2 else None
        new = right[j] if j < j2 else None
        if old is not None and new is not None and fine and max(len(a[i]), len(b[j])) <= _LONG:
            old, new = _marked(a[i], b[j], old, new)
        yield (
            CodeLine(i + 1, old) if old is not None else None,
            CodeLine(j + 1, new) if new is not None else None,
        )


def _marked(a: str, b: str, old: Pieces, new: Pieces) -> tuple[Pieces, Pieces]:
    """Two lines of which those parts are marked that differ, where they are mostly the same."""
    one, other = _PIECE.findall(a), _PIECE.findall(b)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return old, new
    first, second = _offsets(one), _offsets(other)
    cuts: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            cuts[0].append((first[i1], first[i2]))
            cuts[1].append((second[j1], second[j2]))
    return _cut(old, cuts[0]), _cut(new, cuts[1])


def _offsets(parts: Sequence[str]) -> list[int]:
    found = [0]
    for part in parts:
        found.append(found[-1] + len(part))
    return found


def _cut(pieces: Pieces, spans: Sequence[tuple[int, int]]) -> Pieces:
    """Pieces parted at the ends of `spans`, and marked within them."""
    found, at = [], 0
    for piece in pieces:
        end = at + len(piece.text)
        edges = sorted({at, end, *(edge for span in spans for edge in span if at < edge < end)})
        for start, stop in pairwise(edges):
            inside = any(first <= start and stop <= last for first, last in spans)
            found.append(Piece(piece.text[start - at : stop - at], piece.kind, inside))
        at = end
    return tuple(found)


def _pieces(text: str, pattern: re.Pattern[str], words: frozenset[str]) -> Iterator[Piece]:
    at = 0
    is_sql = pattern is _SQL
    for match in pattern.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()])
        kind, found = match.lastgroup or "", match[0]
        if kind == "word":
            kind = "keyword" if (found.lower() if is_sql else found) in words else ""
        yield Piece(found, "" if kind == "name" else kind)
        at = match.end()
    if at < len(text):
        yield Piece(text[at:])
