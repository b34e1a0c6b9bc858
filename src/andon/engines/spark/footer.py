"""The end of a Parquet file, said anew: what its columns are called, and by which ids. All data stay where they are.

A footer is one struct of Thrift's compact protocol. It is read without knowing what its fields mean, so that nothing of it is lost but what
is put in place of it: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MAGIC = b"PAR1"
#: Length of the footer, and the magic.
_TAIL = 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_I32 = 5
#: Of `FileMetaData`: schema, row groups, what writers noted. Of the parts below: columns, their facts, names and ids.
_SCHEMA, _GROUPS, _NOTES = 2, 4, 5
_COLUMNS, _FACTS, _PATH = 1, 3, 3
_NAME, _CHILDREN, _ID = 4, 5, 9

#: A value with its type.
_Typed = tuple[int, Any]


class NotFlat(ValueError):
    """The file is none whose footer can be said anew: it has columns in columns, or is none of Parquet."""


def renamed_footer(file: Path, names: Sequence[str], ids: Sequence[int]) -> tuple[int, bytes]:
    """Where the footer of a file of Parquet begins, and what is to stand from there on so that its columns have other names, and ids.
    What its writer noted beside them is left out.

    Raises:
        NotFlat: its columns are not so many flat ones.
    """
    with file.open("rb") as opened:
        size = opened.seek(0, io.SEEK_END)
        opened.seek(max(size - _TAIL, 0))
        tail = opened.read(_TAIL)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > size - 2 * _TAIL:
            raise NotFlat("it is no Parquet file that is open to all")
        begin = opened.seek(size - _TAIL - length)
        footer = renamed(opened.read(length), names, ids)
    return begin, footer + len(footer).to_bytes(4, "little") + MAGIC


def rename_columns(file: Path, names: Sequence[str], ids: Sequence[int]) -> None:
    """Give the columns of a file other names, and ids.

    Raises:
        NotFlat: as `renamed_footer`; the file stays as it is.
        OSError: it can't be written.
    """
    begin, end = renamed_footer(file, names, ids)
    with file.open("r+b") as opened:
        opened.seek(begin)
        opened.write(end)
        opened.truncate()


def renamed(footer: bytes, names: Sequence[str], ids: Sequence[int]) -> bytes:
    """A footer in which the columns have other names, and ids.

    Raises:
        NotFlat: it has other columns than so many flat ones.
    """
    try:
        whole = _struct(io.BytesIO(footer))
        columns = [fields for _, fields in _entries(whole, _SCHEMA)][1:]
        chunks = [[chunk for _, chunk in _entries(group, _COLUMNS)] for _, group in _entries(whole, _GROUPS)]
    except (IndexError, KeyError) as error:
        raise NotFlat("its footer is of another form") from error
    if len(columns) != len(names) or any(_CHILDREN in fields for fields in columns):
        raise NotFlat("it has columns in columns, or other ones")
    texts = [name.encode() for name in names]
    for fields, text, number in zip(columns, texts, ids, strict=True):
        fields[_NAME] = (_BINARY, text)
        fields[_ID] = (_I32, number)
    for group in chunks:
        for chunk, text in zip(group, texts, strict=True):
            chunk[_FACTS][1][_PATH] = (_LIST, (_BINARY, [(_BINARY, text)]))
    whole.pop(_NOTES, None)
    written = io.BytesIO()
    _write_struct(written, whole)
    return written.getvalue()


def _entries(fields: dict[int, _Typed], number: int) -> list[_Typed]:
    found: list[_Typed] = fields[number][1][1]
    return found


# reading


def _number(read: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = read.read(1)[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value
        shift += 7


def _signed(read: io.BytesIO) -> int:
    value = _number(read)
    return (value >> 1) ^ -(value & 1)


def _struct(read: io.BytesIO) -> dict[int, _Typed]:
    fields: dict[int, _Typed] = {}
    number = 0
    while (head := read.read(1)[0]) != 0:
        number = number + (head >> 4) if head >> 4 else _signed(read)
        kind = head & 0x0F
        fields[number] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else _value(read, kind))
    return fields


def _value(read: io.BytesIO, kind: int) -> Any:
    if kind in (_TRUE, _FALSE, _BYTE):
        return read.read(1)
    if kind == _DOUBLE:
        return read.read(8)
    if kind == _BINARY:
        return read.read(_number(read))
    if kind in (_LIST, _SET):
        head = read.read(1)[0]
        count = _number(read) if head >> 4 == 0x0F else head >> 4
        return head & 0x0F, [(head & 0x0F, _value(read, head & 0x0F)) for _ in range(count)]
    if kind == _MAP:
        count = _number(read)
        kinds = read.read(1)[0] if count else 0
        return kinds, [(_value(read, kinds >> 4), _value(read, kinds & 0x0F)) for _ in range(count)]
    return _struct(read) if kind == _STRUCT else _signed(read)


# writing


def _write_number(write: io.BytesIO, value: int) -> None:
    while value > 0x7F:
        write.write(bytes([value & 0x7F | 0x80]))
        value >>= 7
    write.write(bytes([value]))


def _write_signed(write: io.BytesIO, value: int) -> None:
    _write_number(write, value << 1 if value >= 0 else (-value << 1) - 1)


def _write_struct(write: io.BytesIO, fields: dict[int, _Typed]) -> None:
    before = 0
    for number in sorted(fields):
        kind, value = fields[number]
        step = number - before
        if 0 < step < 0x10:
            write.write(bytes([step << 4 | kind]))
        else:
            write.write(bytes([kind]))
            _write_signed(write, number)
        if kind not in (_TRUE, _FALSE):
            _write_value(write, kind, value)
        before = number
    write.write(b"\0")


def _write_value(write: io.BytesIO, kind: int, value: Any) -> None:
    if kind in (_TRUE, _FALSE, _BYTE, _DOUBLE):
        write.write(value)
    elif kind == _BINARY:
        _write_number(write, len(value))
        write.write(value)
    elif kind in (_LIST, _SET):
        inner, entries = value
        write.write(bytes([min(len(entries), 0x0F) << 4 | inner]))
        if len(entries) >= 0x0F:
            _write_number(write, len(entries))
        for _, entry in entries:
            _write_value(write, inner, entry)
    elif kind == _MAP:
        kinds, entries = value
        _write_number(write, len(entries))
        if entries:
            write.write(bytes([kinds]))
        for key, entry in entries:
            _write_value(write, kinds >> 4, key)
            _write_value(write, kinds & 0x0F, entry)
    elif kind == _STRUCT:
        _write_struct(write, value)
    else:
        _write_signed(write, value)
