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
from source_kit import load

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


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delim, lineterminator=end, quoting=quoting)
    writer.writerows([*([header] if header else []), *rows])
    options = "".join(
        [
            f", delim = '{delim}'" if state_delim else "",
            f", header = {'true' if header else 'false'}" if state_header else "",
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        outcome = load(f"from read_csv('x.csv'{options})", {"x.csv": buffer.getvalue().encode()}, Path(folder))
    if outcome.error is not None:
        assert outcome.error.code.startswith("source."), str(outcome.error)
        assert outcome.error.hint
        return
    assert outcome.raw is not None
    assert outcome.contract is not None
    entry = outcome.contract["reads"][0]
    if entry["dialect"]["header"] and not state_header and header is None:
        # Words above numbers are what a header looks like.
        assert not any(VALUE.match(cell) for cell in rows[0]), f"a row was taken for the header: {rows}"
        return
    blank = [r for r in rows if any(r) or (len(r) > 1)] if len(rows[0]) > 1 else rows
    assert len(outcome.raw) == len(blank), (outcome.raw, rows)
    for found, written in zip(outcome.raw, blank, strict=True):
        assert len(found) == len(written)
        for index, (value, text) in enumerate(zip(found, written, strict=True)):
            form = entry["formats"].get(entry["columns"][index][0], "%m")
            assert same(value, said(text), form.startswith("%d")), (value, text, entry)
