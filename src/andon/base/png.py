"""The pixels of a PNG, so that two pictures can be compared whatever packed them. Pure, and packed into folders: of
Andon it knows nothing."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Samples of a pixel by colour type.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: Pixels that are looked at; larger pictures are compared by their bytes.
_MOST_PIXELS = 20_000_000


@dataclass(frozen=True)
class Pixels:
    """The pixels of a picture, row by row; `size` is the bytes of one pixel."""

    width: int
    height: int
    size: int
    data: bytes

    def different_from(self, other: Pixels) -> int:
        """How many pixels are others; all of them where the sizes differ."""
        if (self.width, self.height, self.size) != (other.width, other.height, other.size):
            return max(self.width * self.height, other.width * other.height)
        if self.data == other.data:
            return 0
        step = self.size
        return sum(self.data[at : at + step] != other.data[at : at + step] for at in range(0, len(self.data), step))


def pixels_of(content: bytes) -> Pixels | None:
    """The pixels of a PNG of 8 bits; None for what is none, is interlaced, or is too large."""
    try:
        if not content.startswith(_SIGNATURE):
            return None
        header, packed, palette = b"", b"", b""
        at = len(_SIGNATURE)
        while at < len(content):
            (size,) = struct.unpack_from(">I", content, at)
            kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
            if kind == b"IHDR":
                header = body
            elif kind == b"IDAT":
                packed += body
            elif kind in (b"PLTE", b"tRNS"):
                palette += body
            at += size + 12
        width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
        if depth != 8 or interlaced or colour not in _CHANNELS or not 0 < width * height <= _MOST_PIXELS:
            return None
        step = _CHANNELS[colour]
        rows = _unfiltered(zlib.decompress(packed), width * step, height, step)
        return Pixels(width, height, step, rows) if colour != 3 else _painted(width, height, rows, palette)
    except (struct.error, zlib.error, IndexError, ValueError):
        return None


def _painted(width: int, height: int, rows: bytes, palette: bytes) -> Pixels:
    colours = [palette[at : at + 3] for at in range(0, len(palette), 3)]
    return Pixels(width, height, 3, b"".join(colours[index] for index in rows))


def _unfiltered(data: bytes, length: int, height: int, step: int) -> bytes:
    """Rows without the filters that a PNG packs them with."""
    if len(data) != height * (length + 1):
        raise ValueError("the rows are not as long as the header says")
    above = bytearray(length)
    found = bytearray()
    for number in range(height):
        begin = number * (length + 1)
        way, row = data[begin], bytearray(data[begin + 1 : begin + 1 + length])
        if way == 1:
            for at in range(step, length):
                row[at] = (row[at] + row[at - step]) & 255
        elif way == 2:
            row = bytearray((one + up) & 255 for one, up in zip(row, above, strict=True))
        elif way == 3:
            for at in range(length):
                left = row[at - step] if at >= step else 0
                row[at] = (row[at] + (left + above[at]) // 2) & 255
        elif way == 4:
            for at in range(length):
                left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
                row[at] = (row[at] + _nearest(left, above[at], corner)) & 255
        found += row
        above = row
    return bytes(found)


def _nearest(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    by_left, by_up, by_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner
