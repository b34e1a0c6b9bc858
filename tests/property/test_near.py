"""Texts and pictures are the same exactly where what they say is: numbers within 1e-9, pixels whatever packed them."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from andon.base.near import NEARLY, lines_apart, near, texts_are_near
from andon.base.png import pixels_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
WORDS = st.text(alphabet="abc äß\n", min_size=1, max_size=6)


@given(st.lists(st.tuples(WORDS, NUMBERS), max_size=6), st.integers(-9, 9))
def test_a_text_is_near_itself_with_other_last_digits(parts: list[tuple[str, float]], tenth: int):
    old = "".join(f"{word} {number!r} " for word, number in parts)
    new = "".join(f"{word} {number * (1 + tenth * NEARLY / 10)!r} " for word, number in parts)
    assert texts_are_near(old, new)
    assert list(lines_apart(old, new)) == []


@given(WORDS, NUMBERS, NUMBERS, WORDS)
def test_a_text_is_not_near_one_with_another_number_or_word(word: str, one: float, other: float, more: str):
    old, new = f"{word} {one!r}", f"{word} {other!r}"
    assert texts_are_near(old, new) == near(one, other)
    assert not texts_are_near(old, f"{old} {more}x")
    assert list(lines_apart(old, f"{old}\nx"))[-1].new == "x"


def packed(width: int, height: int, pixels: bytes, filters: list[int], level: int, chunks: int) -> bytes:
    """A PNG of these pixels (RGB), each row by a filter, in so many chunks."""
    rows, above = b"", bytes(width * 3)
    for number in range(height):
        row = pixels[number * width * 3 : (number + 1) * width * 3]
        way = filters[number % len(filters)]
        out = bytearray()
        for at, value in enumerate(row):
            left, corner = (row[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            guess = left + above[at] - corner
            paeth = min((left, above[at], corner), key=lambda each: abs(guess - each))
            out.append((value - (0, left, above[at], (left + above[at]) // 2, paeth)[way]) & 255)
        rows, above = rows + bytes([way]) + bytes(out), row

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = zlib.compress(rows, level)
    step = max(1, len(data) // chunks)
    parts = b"".join(chunk(b"IDAT", data[at : at + step]) for at in range(0, len(data), step))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"Software\0x") + parts + chunk(b"IEND", b"")


@given(st.data(), st.integers(1, 5), st.integers(1, 4))
def test_pixels_are_the_same_whatever_packed_them(data: st.DataObject, width: int, height: int):
    size = width * height * 3
    pixels = data.draw(st.binary(min_size=size, max_size=size))
    ways = st.lists(st.integers(0, 4), min_size=1, max_size=4)
    one, other = (
        pixels_of(
            packed(width, height, pixels, data.draw(ways), data.draw(st.integers(0, 9)), data.draw(st.integers(1, 3)))
        )
        for _ in range(2)
    )
    assert one is not None
    assert other is not None
    assert one.data == pixels
    assert one.different_from(other) == 0
    at = data.draw(st.integers(0, size - 1))
    turned = pixels[:at] + bytes([pixels[at] ^ 1]) + pixels[at + 1 :]
    changed = pixels_of(packed(width, height, turned, [0], 6, 1))
    assert changed is not None
    assert one.different_from(changed) == 1


@given(st.binary(max_size=200))
def test_what_is_no_picture_has_no_pixels(content: bytes):
    assert pixels_of(content) is None
    assert pixels_of(b"\x89PNG\r\n\x1a\n" + content) is None
