"""Bounds: exact values of Iceberg's binary form, and none where there is doubt."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest

from andon.lake.iceberg.bounds import lower_bound, upper_bound


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("boolean", "0", b"\x00"),
        ("boolean", "1", b"\x01"),
        ("int", "-5", struct.pack("<i", -5)),
        ("long", "9223372036854775807", b"\xff" * 7 + b"\x7f"),
        ("date", "1970-01-01", struct.pack("<i", 0)),
        ("date", "1969-12-31", struct.pack("<i", -1)),
        ("date", "2000-02-29", struct.pack("<i", 11016)),
        ("date", "12345-01-01", struct.pack("<i", 3789391)),
        ("date", "0001-01-01 (BC)", struct.pack("<i", -719528)),
        ("time", "23:59:59.999999", struct.pack("<q", 86_399_999_999)),
        ("time", "00:00:00.1", struct.pack("<q", 100_000)),
        ("timestamp", "1969-12-31 23:59:59.5", struct.pack("<q", -500_000)),
        ("timestamptz", "1970-01-01 00:00:01+00", struct.pack("<q", 1_000_000)),
        ("uuid", "ffffffff-0000-0000-0000-000000000001", b"\xff" * 4 + b"\x00" * 11 + b"\x01"),
        ("decimal(4, 1)", "0.0", b"\x00"),
        ("decimal(4, 1)", "12.7", b"\x7f"),
        ("decimal(4, 1)", "12.8", b"\x00\x80"),
        ("decimal(4, 1)", "-12.8", b"\x80"),
        ("decimal(4, 1)", "-12.9", b"\xff\x7f"),
        ("decimal(38, 38)", "-." + "0" * 37 + "9", b"\xf7"),
        ("decimal(38, 0)", "9" * 38, (10**38 - 1).to_bytes(16, "big")),
        ("decimal(38, 2)", "-" + "9" * 36 + ".99", (1 - 10**38).to_bytes(16, "big", signed=True)),
        ("string", "", b""),
        ("string", "Ünï😀", "Ünï😀".encode()),
        ("string", "\x00" * 16, b"\x00" * 16),
    ],
)
def test_exact_bounds(kind: str, text: str, expected: bytes) -> None:
    assert lower_bound(kind, text) == expected
    assert upper_bound(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "infinity"),
        ("date", "-infinity"),
        ("timestamp", "infinity"),
        ("timestamp", "2020-01-01"),
        ("timestamptz", "-infinity"),
        ("timestamptz", "2020-01-01 00:00:00+05:30"),
        ("timestamptz", "2020-01-01 00:00:00"),
        ("time", "24:00:00"),
        ("binary", "FF00"),
        ("int", "2147483648"),
        ("int", "1.0"),
        ("int", "٣"),
        ("boolean", "maybe"),
        ("uuid", "x"),
        ("decimal(4, 1)", "1.25"),
        ("decimal(4, 1)", ""),
        ("decimal(4, 1)", "-"),
        ("decimal(4, 1)", "1e3"),
        ("float", "nan"),
        ("double", "x"),
        ("float", "1e300"),
        ("struct", "1"),
    ],
)
def test_no_bound_where_there_is_doubt(kind: str, text: str) -> None:
    assert lower_bound(kind, text) is None
    assert upper_bound(kind, text) is None


@pytest.mark.parametrize(
    ("text", "above"),
    [
        ("a" * 16, "a" * 16),
        ("a" * 17, "a" * 15 + "b"),
        ("a" * 15 + "\U0010ffffx", "a" * 14 + "b"),
        ("a" * 15 + "\ud7ffx", "a" * 15 + "\ue000"),
        ("\U0010ffff" * 17, None),
        ("é" * 300, "é" * 15 + "ê"),
    ],
)
def test_long_strings_are_cut_and_stay_bounds(text: str, above: str | None) -> None:
    assert lower_bound("string", text) == text[:16].encode() <= text.encode()
    bound = upper_bound("string", text)
    assert bound == (None if above is None else above.encode())
    assert bound is None or bound >= text.encode()


def test_floats_have_only_a_lower_bound() -> None:
    assert upper_bound("double", "1.5") is upper_bound("float", "1.5") is None
    assert lower_bound("double", "0.1") == struct.pack("<d", 0.1)
    assert lower_bound("float", "1.5") == struct.pack("<f", 1.5)
    assert lower_bound("double", "-inf") == struct.pack("<d", float("-inf"))
    assert lower_bound("float", "inf") == struct.pack("<f", float("inf"))


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("text", ["0.0", "-0.0"])
def test_zero_is_bounded_by_the_negative_one(kind: str, text: str) -> None:
    assert lower_bound(kind, text) == struct.pack("<f" if kind == "float" else "<d", -0.0)


@pytest.mark.parametrize(
    "text", ["0.1", "-0.1", "0.33333334", "3.4028235e+38", "-3.4028235e+38", "1e-45", "-1e-45", "16777217"]
)
def test_a_float_is_never_bounded_above_its_text(text: str) -> None:
    bound = lower_bound("float", text)
    assert bound is not None
    assert struct.unpack("<f", bound)[0] <= float(text)


def test_dates_agree_with_the_calendar() -> None:
    day = datetime(1, 1, 1, tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    while day.year < 9990:
        assert lower_bound("date", f"{day:%Y-%m-%d}".rjust(10, "0")) == struct.pack("<i", (day - epoch).days)
        day += timedelta(days=97)
