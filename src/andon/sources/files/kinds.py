"""What a file is that is no CSV or JSON whatever its name says, and what to do with it."""

from __future__ import annotations

import codecs
import json
import re

from andon.base.names import literal
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.conversions import converted, filtered
from andon.sources.files.raw_text import Source, chunks

_HEAD = 1 << 16
#: How files begin, what they are, and the command that unpacks them or what to do.
_UNPACKED = ((b"BZh", "bzip2", "bzip2 -dc"), (b"\xfd7zXZ\x00", "xz", "xz -dc"))
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as .xlsx, which `read_xlsx` reads"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF document", "get the data as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it"),
    (b"ARROW1", "an Arrow file", "write it anew as Parquet"),
    (b"Obj\x01", "an Avro file", "write it anew as Parquet"),
    (b"ORC", "an ORC file", "write it anew as Parquet"),
    (b"RDX", "an R data file", "write it anew as CSV"),
)


def check_kind(source: Source, call: Call) -> None:
    """Refuse a file that is something else than what `call` reads.

    Raises:
        DatasetError: `source.encoding`, `source.ambiguous`; `source.truncated` for compressed data that is damaged.
    """
    start = next(chunks(source), b"")[:_HEAD]
    error = _encoding(source, call) or _binary(source, call, start) or _text(source, call, start)
    if error is not None:
        raise error


#: How Python calls the encodings that the engine reads, and how the engine does.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "utf-8",
    "iso8859-1": "latin-1",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16",
}


def _encoding(source: Source, call: Call) -> DatasetError | None:
    """The error for an encoding that the engine does not know by this name."""
    stated = call.get("encoding")
    if not isinstance(stated, str) or stated.lower() in _ENCODINGS.values():
        return None
    try:
        name = codecs.lookup(stated).name
    except LookupError:
        ways = " or ".join(f"`{call.suggest(encoding=literal(e))}`" for e in ("utf-8", "latin-1", "utf-16"))
        hint = f"write {ways}, or convert the files to UTF-8"
        return stop("source.encoding", f"there is no encoding `{shown(stated)}`", source.path, hint=hint)
    known = _ENCODINGS.get(name)
    hint = f"write `{call.suggest(encoding=literal(known))}`" if known else converted(call, stated)
    return stop("source.encoding", f"the engine can't read the encoding `{shown(stated)}`", source.path, hint=hint)


def _binary(source: Source, call: Call, start: bytes) -> DatasetError | None:
    def told(what: str, hint: str) -> DatasetError:
        return stop("source.encoding", f"the file is not text: it is {what}", source.path, hint=hint)

    if start.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        kind = "gzip" if start.startswith(b"\x1f") else "zstd"
        return told(f"{kind} data", f"write `{call.suggest(compression=literal(kind))}`, or give the file its ending")
    if start.startswith(b"PAR1"):
        return told("a Parquet file", f"write `read_parquet({literal(source.path)})`")
    if start.startswith(b"PK\x03\x04"):
        if b"xl/" in start or b"[Content_Types].xml" in start:
            return told("an Excel workbook", f"write `read_xlsx({literal(source.path)})`")
        unpack = filtered(source.path, "funzip", source.compression)
        return told("a zip archive", f"unpack it; if it holds one file: `{unpack}`")
    for begins, what, command in _UNPACKED:
        if start.startswith(begins):
            return told(f"{what} data", f"unpack it: `{filtered(source.path, command, source.compression)}`")
    return next((told(what, hint) for begins, what, hint in _OTHERS if start.startswith(begins)), None)


def _text(source: Source, call: Call, start: bytes) -> DatasetError | None:
    text = start[:_HEAD].decode("utf-8", "replace").removeprefix("\ufeff").lstrip()
    first = text.split("\n", 1)[0].strip()
    what, hint = "", "fetch the file again: a server may have answered with this page"
    if re.match(r"(?i)<!doctype html|<html[\s>]|<head[\s>]|<table[\s>]", text):
        what = "a web page (HTML)"
    elif re.match(r"<\?xml[\s?]", text):
        what, hint = "XML", "fetch the file again as CSV or JSON, or convert it"
    elif text.startswith("version https://git-lfs"):
        what, hint = "a pointer of Git LFS, not the file itself", "`git lfs pull`"
    elif call.format == "csv" and _is_json(text):
        what, hint = "JSON", f"write `read_json({literal(source.path)})`"
    elif call.format == "json" and text and not _may_be_json(first):
        what, hint = "no JSON", f"write JSON, or if it is CSV: `read_csv({literal(source.path)})`"
    if not what:
        return None
    return stop("source.ambiguous", f"the file is {what}: `{shown(first)}`", source.path, 1, hint)


def _may_be_json(line: str) -> bool:
    """Whether the first line of a file is how JSON may begin."""
    if line.startswith(("{", "[")):
        return True
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _is_json(text: str) -> bool:
    """Whether a text is an object or a list of objects, or begins with a line that is one."""
    if not re.match(r"\{\s*[\"}]|\[\s*\{", text):
        return False
    for part in (text, text.split("\n", 1)[0]):
        try:
            return isinstance(json.loads(part), dict | list)
        except ValueError:
            continue
    return re.match(r'\[\s*\{\s*"|\{\s*"[^"]*"\s*:', text) is not None
