"""Any table that Python's csv module writes is read back exactly, or stops with a hint. It is never misread."""

from __future__ import annotations

import csv
import datetime
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.sources import Load, load

VALUE = re.compile(r"\s*[+-]?[.,]?[0-9]+(\Z|[-.,:/0-9])")
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
NASTY = st.sampled_from(
    ["", " ", "007", "1.5", "1,5", "1.234", "1,234", "1e5", "0x10", "1_000", "nan", "NULL", "true", "a;b", 'say "hi"', "x\ny", "x\r\ny",
     "2024-01-05", "01/02/2024", "31/01/2024", "31.01.24", "10:00", "2024-01-05 10:00:00", "2024-01-05T10:00:00+02", "#x", "'", '"', "\t",
     "12345678901234567890", "-0", "+5", " 5", "5 ", "١٢", "½", "1 000", "--", "\\", '\\"', "a|b", "2024-02-30", ".5", "5.", "-", "é",
     "inf"]
)  # fmt: skip
COLUMNS = st.sampled_from(
    [
        TEXT,
        NASTY,
        st.integers(-(10**6), 10**6).map(str),
        st.integers(-(2**70), 2**70).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)).map(str),
        st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(lambda d: d.strftime("%d/%m/%Y")),
        st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)).map(lambda d: d.strftime("%m/%d/%Y")),
        st.datetimes(allow_imaginary=False).filter(lambda t: t.year >= 1000).map(str),
        st.booleans().map(str),
        st.one_of(st.just(""), st.integers(0, 99).map(str)),
    ]
)

COLUMN_OF_ANYTHING = st.one_of(TEXT, NASTY, st.integers().map(str), st.floats().map(repr))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str] | None, list[list[str]]]:
    kinds = draw(st.lists(COLUMNS, min_size=1, max_size=5))
    rows = draw(st.lists(st.tuples(*kinds).map(list), min_size=1, max_size=8))
    header = draw(
        st.sampled_from([None, [f"c{i}" for i in range(len(kinds))], ["id", "größe", "a b", "x;y", "z"][: len(kinds)]])
    )
    return header, rows


def said(text: str) -> str | None:
    """What a cell says, as text: empty and missing are one, as CSV has it."""
    return text or None


def same(value: Any, text: str | None, day_first: bool) -> bool:
    """Whether a typed value says what the text says."""
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, str):
        return value == text
    plain = text.strip()
    if isinstance(value, bool):
        return plain.lower() == str(value).lower()
    if isinstance(value, int):
        return (
            plain.lstrip("+-").isdecimal()
            and int(plain) == value
            and (plain.lstrip("+-") == "0" or plain.lstrip("+-")[0] != "0")
        )
    if isinstance(value, float):
        return float(plain) == value or (value != value and plain.lower().lstrip("+-") == "nan")
    if isinstance(value, datetime.datetime):
        if value.tzinfo:
            return datetime.datetime.fromisoformat(plain) == value
        return _moment(plain) == value
    if isinstance(value, datetime.date):
        formats = ["%Y-%m-%d", "%d/%m/%Y" if day_first else "%m/%d/%Y", "%d.%m.%Y"]
        return any(_parsed(plain, f) == value for f in formats)
    if isinstance(value, datetime.time):
        return datetime.time.fromisoformat(plain) == value
    return False


def _moment(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _parsed(text: str, form: str) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC).date()
    except ValueError:
        return None


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    tables(),
    st.sampled_from([",", ";", "|", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.booleans(),
    st.booleans(),
)
def test_read_back_exactly_or_stopped(
    table: tuple[list[str] | None, list[list[str]]],
    delim: str,
    end: str,
    quoting: int,
    state_delim: bool,
    state_header: bool,
) -> None:
    header, rows = table
    content = written([*([header] if header else []), *rows], delim, end, quoting)
    options = "".join(
        [
            f", delim = '{delim}'" if state_delim else "",
            f", header = {'true' if header else 'false'}" if state_header else "",
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        outcome = load(f"from read_csv('x.csv'{options})", {"x.csv": content}, Path(folder))
    if outcome.error is not None:
        assert outcome.error.code.startswith("source."), str(outcome.error)
        assert outcome.error.hint
        return
    assert outcome.raw is not None
    assert outcome.contract is not None
    entry = outcome.contract["reads"][0]
    if not state_delim and len(rows[0]) == 1 < len(entry["columns"]):
        # One column whose values all have a comma in them, unquoted, is a table of two columns to any reader.
        assert all(entry["dialect"]["delim"] in row[0] for row in rows)
        return
    if entry["dialect"]["header"] and not state_header and header is None:
        # Words above numbers are what a header looks like.
        assert not any(VALUE.match(cell) for cell in rows[0]), f"a row was taken for the header: {rows}"
        return
    check(outcome, rows)


def written(rows: list[list[str]], delim: str, end: str, quoting: int) -> bytes:
    """The table as Python's csv module writes it."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delim, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return buffer.getvalue().encode()


def check(outcome: Load, rows: list[list[str]]) -> None:
    """Every value that was read says what was written."""
    assert outcome.raw is not None
    assert outcome.contract is not None
    entry = outcome.contract["reads"][0]
    assert len(outcome.raw) == len(rows), (outcome.raw, rows)
    for found, expected in zip(outcome.raw, rows, strict=True):
        assert len(found) == len(expected)
        for (name, _), value, text in zip(entry["columns"], found, expected, strict=True):
            day_first = entry["formats"].get(name, "%m").startswith("%d")
            assert same(value, said(text), day_first), (value, text, entry)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), st.sampled_from([",", ";"]))
def test_a_later_load_is_read_exactly_or_stopped(data: st.DataObject, delim: str) -> None:
    kinds = data.draw(st.lists(COLUMNS, min_size=2, max_size=4))
    other = [data.draw(st.sampled_from([kind, COLUMN_OF_ANYTHING])) for kind in kinds]
    first = data.draw(st.lists(st.tuples(*kinds).map(list), min_size=1, max_size=6))
    later = data.draw(st.lists(st.tuples(*other).map(list), min_size=1, max_size=4))
    header = [f"c{i}" for i in range(len(kinds))]
    sql = f"from read_csv('x.csv', delim = '{delim}', header = true)"
    with tempfile.TemporaryDirectory() as folder:
        files = [{"x.csv": written([header, *rows], delim, "\n", csv.QUOTE_MINIMAL)} for rows in (first, later)]
        before = load(sql, files[0], Path(folder))
        if before.error is not None:
            return
        outcome = load(sql, files[1], Path(folder), before.contract)
    if outcome.error is not None:
        assert outcome.error.code.startswith("source."), str(outcome.error)
        return
    check(outcome, later)
