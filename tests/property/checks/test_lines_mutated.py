"""Good lines made wrong, by bytes and by tokens: reading and compiling never raise; every refusal has a code, a place, a hint."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.compile.plans import Catalog, Compiled, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.language.tokens import cut
from andon.errors import CODES
from andon.model.dataset import CheckLine
from andon.sql.bind import Binder

CASES = Path(__file__).parents[2] / "cases" / "checks"
GOOD = sorted(
    {
        found["line"]
        for path in CASES.glob("*.txt")
        for found in re.finditer(
            r"^> (?P<line>.+)\n= (?!!|refused|unreadable)", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
)
COLUMNS = [
    ("a", "INTEGER"),
    ("b", "INTEGER"),
    ("x", "DOUBLE"),
    ("status", "VARCHAR"),
    ("d", "DATE"),
    ("t", "TIMESTAMP"),
    ("key", "INTEGER"),
    ("j", "JSON"),
    ("odd name", "INTEGER"),
    ("shop", "STRUCT(customers STRUCT(id INTEGER))"),
]
CATALOG = Catalog(
    {"marts.d": COLUMNS, "shop.customers": COLUMNS, "x.y": COLUMNS}, {"marts.d": ("a",)}, {"plate": "[A-Z]+"}
)
BINDER = Binder()

line = st.sampled_from(GOOD)
BYTES = st.binary(min_size=1, max_size=3) | st.sampled_from(
    [b"'", b'"', b"(", b")", b"..", b"%", b"\x00", b"\xc3", b"--", b";", b"->"]
)
WORDS = (
    """.. +- -> % ' " ( ) , in is not null where allow warn of published rows select case end $$ e' é ٣ /* max_age"""
)
ODD = st.sampled_from([*re.findall(r"\S+", WORDS), "\u2028", "\ud800", "\0"])


@st.composite
def by_bytes(draw: st.DrawFn) -> str:
    text = bytearray(draw(line).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut_off = draw(st.integers(0, 3))
        text[at : at + cut_off] = draw(BYTES) if draw(st.booleans()) else b""
    return text.decode(errors=draw(st.sampled_from(["replace", "surrogateescape", "ignore"])))


@st.composite
def by_tokens(draw: st.DrawFn) -> str:
    parts = [token.text for token in cut(draw(line))]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(parts)))
        match draw(st.sampled_from(["drop", "double", "swap", "odd", "other"])):
            case "drop":
                del parts[at : at + 1]
            case "double":
                parts[at:at] = parts[at : at + 1]
            case "swap" if at + 1 < len(parts):
                parts[at], parts[at + 1] = parts[at + 1], parts[at]
            case "odd":
                parts.insert(at, draw(ODD))
            case "other":
                other = cut(draw(line))
                parts[at:at] = [token.text for token in other[: draw(st.integers(0, len(other)))]]
    return draw(st.sampled_from([" ", " ", ""])).join(parts)


def judged(texts: list[str], for_column: str | None) -> list[Compiled]:
    given_lines = tuple(CheckLine(text, "f.sql", place, 5, for_column) for place, text in enumerate(texts, 1))
    found, problems = read_checks([DeclaredChecks("marts.d", given_lines, ("a",))], CATALOG, binder=BINDER)
    for problem in problems:
        assert problem.code in CODES
        assert problem.message
        assert problem.hint, problem
        assert problem.file == "f.sql"
        assert problem.line is not None
        assert problem.column is not None
        assert 5 <= problem.column <= 5 + len(texts[problem.line - 1])
    return list(found["marts.d"])


@settings(max_examples=120, deadline=None)
@given(st.lists(by_bytes() | by_tokens(), min_size=1, max_size=6), st.sampled_from([None, None, "a", "odd name"]))
def test_a_line_made_wrong_is_read_or_refused(texts: list[str], column: str | None) -> None:
    for one in judged(texts, column):
        assert one.plan is not None
        assert one.check.dataset == "marts.d"


def test_good_lines_cut_short_anywhere_are_read_or_refused() -> None:
    judged(sorted({text[:at] for text in GOOD[::8] for at in range(1, len(text))}), None)


def test_every_line_is_refused_with_what_stands_near_to_it() -> None:
    _, problems = read_checks(
        [DeclaredChecks("marts.d", (CheckLine("sttus in new", "f.sql", 4, 3), CheckLine("a is emial", "f.sql", 5, 3)))],
        CATALOG,
    )
    assert [(p.line, p.column, p.hint) for p in problems] == [
        (4, 3, "did you mean `status`?"),
        (5, 8, "did you mean `email`?; such as `contact is email`"),
    ]


def test_lines_at_the_limits_are_refused_or_read() -> None:
    texts = [
        "(" * 4000 + "a" + ")" * 4000 + " > 0",
        " + ".join(["a"] * 2400) + " > 0",
        "not " * 2400 + "a > 0",
        " and ".join(["a > 0"] * 900),
        "case when a > 0 then " * 300 + "1" + " end" * 300 + " > 0",
        "sum(" * 1200 + "a" + ")" * 1200 + " > 0",
        "a in " + ", ".join(str(number) for number in range(1900)),
        "[" * 900 + "a" + "]" * 900 + " = l",
        "a > 0 " * 1600,
    ]
    judged(texts, None)
