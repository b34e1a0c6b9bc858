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

_CHUNK = 1 << 20
#: How DuckDB's readers call what is `none` here; its JSON reader knows no other word.
_ENGINE_COMPRESSION = {"none": "uncompressed"}
_ENDINGS = {".gz": "gzip", ".zst": "zstd"}
#: Encodings that DuckDB reads by itself, as Python names them.
_PYTHON_NAMES = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "latin-1": "latin-1",
    "latin1": "latin-1",
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
        return literal(engine_path(self.spelled or str(self.stored)))

    @property
    def codec(self) -> str:
        """The Python codec of the text; a mark at the start of UTF-8 is no part of it."""
        return _PYTHON_NAMES.get(self.encoding.lower(), self.encoding)


def engine_path(path: str) -> str:
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


def check_text(source: Source, stated_encoding: bool, suggest: Callable[..., str]) -> TextFacts:
    """Refuse what is no text in the encoding of `source`: binary data, other encodings, compressed data that ends early.

    Raises:
        DatasetError: `source.empty`, `source.encoding`, `source.truncated`, `source.ambiguous` for lone `\\r` as line ends.
    """
    decoder = codecs.getincrementaldecoder(source.codec)() if source.codec != "latin-1" else None
    wide = "16" in source.codec
    ends, line, size, piece, last = _Ends(), 1, 0, b"", b""
    for piece in chunks(source):
        if not size:
            _check_start(source, piece, stated_encoding)
        size += len(piece)
        if b"\0" in piece and not wide:
            place = line + piece[: piece.index(b"\0")].count(b"\n")
            raise stop(
                "source.encoding",
                "the file holds NUL bytes: it is not plain text",
                source.path,
                place,
                _convert_hint(source),
            )
        if decoder is not None:
            try:
                text = "" if piece.isascii() and not wide and not decoder.getstate()[0] else decoder.decode(piece)
            except UnicodeDecodeError as error:
                raise _undecodable(source, error, line, suggest) from error
            piece = text.encode() if wide else piece
        else:
            _check_latin(source, piece, line)
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
        message = "lines end in a carriage return alone"
        raise stop(
            "source.ambiguous", message, source.path, 1, f"convert it: `tr '\\r' '\\n' < {source.path} > fixed.csv`"
        )
    return TextFacts(ends.lf + ends.crlf, ends.cr + ends.pending, last == b"\n")


def _check_start(source: Source, piece: bytes, stated: bool) -> None:
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")) and not stated:
        raise stop("source.encoding", "the file is UTF-16, not UTF-8", source.path, 1, _convert_hint(source, "utf-16"))
    if "16" in source.codec and piece.startswith(b"\xfe\xff"):
        raise stop(
            "source.encoding",
            "the file is big-endian UTF-16, which the engine can't read",
            source.path,
            1,
            _convert_hint(source, "utf-16"),
        )
    if piece.startswith((b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\x28\xb5\x2f\xfd")):
        kind = {0x1F: "gzip", 0x50: "zip, Excel or Parquet", 0x28: "zstd"}[piece[0]]
        hint = (
            f"say so: `compression = '{kind}'`"
            if kind in ("gzip", "zstd")
            else "unpack or export it as CSV, or read it by its own format"
        )
        raise stop("source.encoding", f"the file is not text: it looks like {kind} data", source.path, hint=hint)


def _check_latin(source: Source, piece: bytes, line: int) -> None:
    """The engine's latin-1 has no characters for 0x80-0x9f; files that use them are windows-1252."""
    found = next((i for i, byte in enumerate(piece) if 0x80 <= byte <= 0x9F), None) if not piece.isascii() else None
    if found is not None:
        place = line + piece[:found].count(b"\n")
        message = f"byte 0x{piece[found]:02x} is not latin-1; the file is probably windows-1252"
        raise stop("source.encoding", message, source.path, place, _convert_hint(source, "windows-1252"))


def _undecodable(source: Source, error: UnicodeDecodeError, line: int, suggest: Callable[..., str]) -> DatasetError:
    data = bytes(error.object)
    place = line + data[: error.start].count(b"\n")
    start = data.rfind(b"\n", 0, error.start) + 1
    text = data[start : error.end + 20].split(b"\n")[0].rstrip(b"\r").decode("latin-1")
    other = [byte for byte in data if byte > 0x7F]
    windows = any(0x80 <= byte <= 0x9F for byte in other)
    latin = f"if that is right: `{suggest(encoding=literal('latin-1'))}`"
    hint = _convert_hint(source, "windows-1252") if windows else latin
    message = f"byte 0x{data[error.start]:02x} is not {source.encoding}; read as latin-1 the line is `{shown(text)}`"
    return stop("source.encoding", message, source.path, place, hint)


def _convert_hint(source: Source, encoding: str = "utf-16") -> str:
    return f"convert it: `iconv -f {encoding} -t utf-8 {source.path} > fixed.csv` (if it is {encoding} text)"


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
