"""Raw text files as bytes: compression, encoding, line ends. What can't be text is refused before anything guesses at it."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from andon.base.names import literal
from andon.base.record import Record
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.conversions import converted, filtered, to_utf8
from andon.sources.files.readings import readings

_CHUNK = 1 << 20
#: How DuckDB's readers call what is `none` here; its JSON reader knows no other word.
_ENGINE_COMPRESSION = {"none": "uncompressed"}
_ENDINGS = {".gz": "gzip", ".zst": "zstd"}
#: Encodings that DuckDB reads by itself, as Python names them.
_PYTHON_NAMES = {
    "utf-8": "utf-8-sig",
    "latin-1": "latin-1",
    "utf-16": "utf-16-le",
}


class Source(Record):
    """One file to look at: `path` as the project knows it, `stored` as it lies on disk, `spelled` as the engine is told of it."""

    path: str
    stored: Path
    compression: str
    encoding: str = "utf-8"
    spelled: str = ""

    @property
    def pattern(self) -> str:
        """SQL text that means only this file, although readers take patterns."""
        return literal(only_path(self.spelled or str(self.stored)))

    @property
    def codec(self) -> str:
        """The Python codec of the text; a mark at the start of UTF-8 is no part of it."""
        return _PYTHON_NAMES.get(self.encoding.lower(), self.encoding)


def only_path(path: str) -> str:
    """`path` as a pattern that means only itself."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def joined(sources: Sequence[Source], read: Callable[[Sequence[Source], str], str]) -> str:
    """SQL: the rows of `sources`. A call has one compression, so files that differ in it are read apart, in runs.

    Args:
        read: gives the call for files of one compression, and the option's text.
    """
    runs: list[list[Source]] = []
    for source in sources:
        if runs and runs[-1][0].compression == source.compression:
            runs[-1].append(source)
        else:
            runs.append([source])
    calls = [read(run, literal(_ENGINE_COMPRESSION.get(run[0].compression, run[0].compression))) for run in runs]
    return (
        calls[0]
        if len(calls) == 1
        else "(" + " union all ".join(f"select *, filename from {call}" for call in calls) + ")"
    )


def compression_of(path: str, stated: str | None) -> str:
    """`gzip`, `zstd` or `none`: what was stated, else by the ending of the project path."""
    if stated and stated.lower() not in ("auto", "auto_detect"):
        return {"uncompressed": "none"}.get(stated.lower(), stated.lower())
    if path.startswith(("http://", "https://")):
        path = path.split("?", 1)[0]
    return next((kind for ending, kind in _ENDINGS.items() if path.lower().endswith(ending)), "none")


def open_bytes(source: Source) -> IO[bytes]:
    """The uncompressed bytes of `source`."""
    if source.compression == "gzip":
        return cast("IO[bytes]", gzip.open(source.stored, "rb"))
    if source.compression == "zstd":
        import pyarrow

        return cast("IO[bytes]", pyarrow.input_stream(str(source.stored), compression="zstd"))
    return source.stored.open("rb")


def chunks(source: Source) -> Iterator[bytes]:
    """The uncompressed bytes in pieces.

    Raises:
        DatasetError: `source.truncated` when the compressed data ends early or is damaged.
    """
    try:
        with open_bytes(source) as stream:
            while piece := stream.read(_CHUNK):
                yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError) or source.compression == "none":
            raise
        raise damaged(source, error) from error


def damaged(source: Source, error: Exception) -> DatasetError:
    """The error for compressed data that can't be read to its end."""
    if not source.stored.stat().st_size:
        return empty(source)
    what = (
        "ends too early"
        if isinstance(error, EOFError) or "runcated" in str(error)
        else "is damaged or not compressed this way"
    )
    return stop(
        "source.truncated", f"the {source.compression} data {what}: {error}", source.path, hint="fetch the file again"
    )


def empty(source: Source) -> DatasetError:
    """The error for a file without a byte."""
    return stop(
        "source.empty",
        "the file is empty",
        source.path,
        hint="fetch the file again, or remove it from the source's pattern",
    )


def check_whole(source: Source) -> None:
    """Refuse an empty file, and compressed data that does not end as it should (the engine would take what it gets)."""
    if not source.stored.stat().st_size:
        raise empty(source)
    if source.compression != "none" and not sum(len(piece) for piece in chunks(source)):
        raise empty(source)


@dataclass(slots=True)
class _Ends:
    """Line ends that were seen; a `\\r` that ends a piece waits for the next."""

    crlf: int = 0
    lf: int = 0
    cr: int = 0
    pending: bool = False

    def take(self, piece: bytes) -> int:
        """Count those of `piece`; gives its line feeds."""
        feeds = piece.count(b"\n")
        if not self.pending and b"\r" not in piece:
            self.lf += feeds
            return feeds
        if self.pending:
            piece = b"\r" + piece
        self.pending = piece.endswith(b"\r")
        if self.pending:
            piece = piece[:-1]
        crlf = piece.count(b"\r\n")
        self.crlf += crlf
        self.lf += feeds - crlf
        self.cr += piece.count(b"\r") - crlf
        return feeds


class TextFacts(Record):
    """What a look at all of a file's text says: line feeds, carriage returns that stand alone, and whether the last line has an end."""

    feeds: int
    returns: int
    ended: bool

    @property
    def lines(self) -> int:
        """How many lines there are, an unfinished last one included."""
        return self.feeds + (not self.ended)


def check_text(source: Source, call: Call) -> TextFacts:
    """Refuse what is no text in the encoding of `source`: other encodings, compressed data that ends early.

    Raises:
        DatasetError: `source.empty`, `source.encoding`, `source.truncated`, `source.ambiguous` for lone `\\r` as line ends.
    """
    decoder = codecs.getincrementaldecoder(source.codec)() if source.codec != "latin-1" else None
    wide = "16" in source.codec
    ends, line, size, piece, last = _Ends(), 1, 0, b"", b""
    for piece in chunks(source):
        if not size:
            _check_start(source, piece, call)
        size += len(piece)
        if b"\0" in piece and not wide:
            raise _nul(source, piece, line, call)
        if decoder is not None:
            try:
                text = "" if piece.isascii() and not wide and not decoder.getstate()[0] else decoder.decode(piece)
            except UnicodeDecodeError as error:
                raise _undecodable(source, error, line, call) from error
            piece = text.encode() if wide else piece
        else:
            _check_latin(source, piece, line, call)
        line += ends.take(piece)
        last = piece[-1:] or last
    if not size:
        raise empty(source)
    if decoder is not None and decoder.getstate()[0]:
        raise stop(
            "source.encoding",
            f"the file ends within a {source.encoding} character",
            source.path,
            line,
            "fetch the file again",
        )
    if ends.cr + ends.pending and not ends.lf and not ends.crlf and not wide:
        hint = f"convert it: `{_filtered(source, _RETURNS)}`"
        raise stop("source.ambiguous", "lines end in a carriage return alone", source.path, 1, hint)
    return TextFacts(ends.lf + ends.crlf, ends.cr + ends.pending, last == b"\n")


def check_utf8(source: Source, call: Call) -> None:
    """Refuse what is no UTF-8 text.

    Raises:
        DatasetError: `source.encoding`.
    """
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    for piece in chunks(source):
        if not piece.isascii() or decoder.getstate()[0]:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                raise _undecodable(source, error, line, call) from error
        line += piece.count(b"\n")


#: Makes line feeds of carriage returns.
_RETURNS = r"tr '\r' '\n'"


def _filtered(source: Source, command: str) -> str:
    return filtered(source.path, command, source.compression)


def _or_option(hint: str, source: Source, call: Call) -> str:
    """`hint`, or the option by which the engine reads one of the two orders of bytes of UTF-16."""
    if source.compression != "none" or "encoding" in call.stated:
        return hint
    return f"if all files of the source are: `{call.suggest(encoding=literal('utf-16'))}`; or {hint}"


def _check_start(source: Source, piece: bytes, call: Call) -> None:
    if not piece.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    width = "32" if piece.startswith(b"\xff\xfe\0\0") else "16"
    hint = f"convert it: `{_filtered(source, to_utf8(f'utf-{width}'))}`"
    if "encoding" not in call.stated:
        if width == "16" and piece.startswith(b"\xff\xfe"):
            hint = _or_option(hint, source, call)
        raise stop("source.encoding", f"the file is UTF-{width}, not UTF-8", source.path, 1, hint)
    if "16" in source.codec and piece.startswith(b"\xfe\xff"):
        message = "the file is big-endian UTF-16, which the engine can't read"
        hint += " and take `encoding` out of the call"
        raise stop("source.encoding", message, source.path, 1, hint)


def _nul(source: Source, piece: bytes, line: int, call: Call) -> DatasetError:
    """The error for bytes of nothing: between all characters of a text they are UTF-16, elsewhere damage."""
    place = line + piece[: piece.index(b"\0")].count(b"\n")
    for page, found, other in (("utf-16le", piece[1::2], piece[::2]), ("utf-16be", piece[::2], piece[1::2])):
        if found.count(0) > 0.7 * len(found) and other.count(0) < 0.1 * len(other):
            hint = f"convert it: `{_filtered(source, to_utf8(page))}`"
            hint = _or_option(hint, source, call) if page == "utf-16le" else hint
            return stop("source.encoding", "the file is UTF-16, not UTF-8", source.path, 1, hint)
    hint = f"fetch the file again, or take them out: `{_filtered(source, _NULS)}`"
    return stop(
        "source.encoding", "the file holds NUL bytes: it is damaged, or not plain text", source.path, place, hint
    )


_NULS = r"tr -d '\000'"


def _check_latin(source: Source, piece: bytes, line: int, call: Call) -> None:
    """The engine's latin-1 has no characters for 0x80-0x9f; files that use them are windows-1252."""
    found = next((i for i, byte in enumerate(piece) if 0x80 <= byte <= 0x9F), None) if not piece.isascii() else None
    if found is None:
        return
    place = line + piece[:found].count(b"\n")
    message = f"byte 0x{piece[found]:02x} is not latin-1; the file is probably windows-1252"
    raise stop("source.encoding", message, source.path, place, converted(call, "windows-1252"))


def _undecodable(source: Source, error: UnicodeDecodeError, line: int, call: Call) -> DatasetError:
    data = bytes(error.object)
    place = line + data[: error.start].count(b"\n")
    lines = [part.rstrip(b"\r") for part in data.split(b"\n") if not part.isascii()]
    if source.codec == "utf-8-sig" and any(map(_is_utf8, lines[:-1])):
        message = f"line {place} is not UTF-8, others are: byte 0x{data[error.start]:02x}"
        return stop("source.encoding", message, source.path, place, "write that line anew in UTF-8")
    found = readings(lines[:_LINES])
    ways = []
    for reading in found:
        latin = (
            call.format == "csv" and reading.page == "windows-1252" and not any(0x80 <= byte <= 0x9F for byte in data)
        )
        way = call.suggest(encoding=literal("latin-1")) if latin else _filtered(source, to_utf8(reading.page))
        ways.append(f"if it is right as `{shown(reading.text)}`: `{way}`")
    message = f"byte 0x{data[error.start]:02x} is not {source.encoding}"
    hint = "; ".join(ways) or "find out how the file was written, and convert it to UTF-8 with `iconv`"
    return stop("source.encoding", message, source.path, place, hint)


#: So many lines are looked at to find an encoding.
_LINES = 50


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def open_text(source: Source) -> io.TextIOWrapper:
    """`source` as text with its line ends left as they are; what can't be decoded shows as a mark."""
    stream = open_bytes(source)
    if "16" in source.codec:
        return io.TextIOWrapper(stream, encoding="utf-16-le", errors="replace", newline="")
    return io.TextIOWrapper(stream, encoding=source.codec, errors="replace", newline="")


def head(source: Source, size: int) -> tuple[str, bool]:
    """The first `size` characters of `source`, and whether that is all of it.

    Raises:
        DatasetError: `source.truncated`.
    """
    try:
        with open_text(source) as stream:
            text = stream.read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError) or source.compression == "none":
            raise
        raise damaged(source, error) from error
    text = text.removeprefix("\ufeff")
    return text[:size], len(text) <= size
