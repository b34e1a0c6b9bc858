"""Sheets of Excel workbooks as tables of texts, each cell with what it is: read once, kept while the process lives."""

from __future__ import annotations

import atexit
import re
import threading
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from andon.base.lru import Lru
from andon.base.names import literal
from andon.base.record import Record
from andon.base.temporary import Temporary, system_place
from andon.errors import MachineError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.raw_text import Source
from andon.sources.files.workbook_cells import SheetCells, SheetPart, Wider, letters, write_cells

if TYPE_CHECKING:
    from openpyxl import Workbook

#: Sheets that are kept.
_KEPT = 64
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
#: A variant of the format that few programs write, and that is not read.
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s(?P<of>[^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</"
)
#: A cell with a formula, whatever its value.
_WITH_FORMULA = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]+[0-9]+)\"[^>]*>\s*<(?:\w+:)?f[\s/>]")
#: Says that nobody computed the formulas: whoever opens the workbook should.
_TO_COMPUTE = re.compile(rb"<(?:\w+:)?calcPr\s[^>]*fullCalcOnLoad=\"(?:1|true)\"")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*ref=\"([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)\"")
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+)?(?::\$?([A-Za-z]{1,3})\$?([0-9]+)?)?\Z")


class Sheet(Record):
    """A sheet as a table in a file of Parquet: `r`, the row, and for each column its text `t0` and what it is, `k0`; rows without a cell
    are left out.

    Attributes:
        path: of the workbook in the project.
        name: of the sheet.
        table: the Parquet file.
        left, width: the first column, counted from 1, and how many there are.
        merged: cells that are one: top, left, bottom and right, counted from 1.
    """

    path: str
    name: str
    table: Path
    left: int
    width: int
    merged: tuple[tuple[int, int, int, int], ...]

    def place(self, row: int, column: int) -> str:
        """How a person names a cell; `column` counts from 0 within the table."""
        return f"{self.name}!{letters(self.left + column)}{row}"


def _number(name: str) -> int:
    found = 0
    for sign in name.upper():
        found = found * 26 + ord(sign) - 64
    return found


def stated_range(call: Call) -> SheetPart:
    """The part of the sheet that the call states.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    text = call.get("range")
    if text is None:
        return SheetPart()
    found = _RANGE.match(str(text).strip())
    if found is None:
        hint = f"`{call.suggest(range=literal('A3:F'))}`: the columns A to F from row 3 on"
        raise stop("source.ambiguous", f"`{shown(str(text))}` is no range of cells", call.read.patterns[0], hint=hint)
    left, top, right, bottom = found.groups()
    last = _number(right) if right else None
    return SheetPart(int(top or 1), _number(left), int(bottom) if bottom else None, last)


class _Sheets:
    """Sheets that were read in this process, in files that are gone with it."""

    def __init__(self) -> None:
        self._folder = Temporary([system_place()], "sheets")
        self._known: Lru[tuple[object, ...], Sheet] = Lru(_KEPT)
        self._files: list[Path] = []
        self._lock = threading.Lock()
        atexit.register(self._folder.close)

    def of(self, source: Source, call: Call) -> Sheet:
        """See `sheet_of`."""
        status = source.stored.stat()
        said = (call.get("sheet"), str(call.get("range")), call.get("merged"), call.get("formulas"))
        key = (source.path, str(source.stored), status.st_ino, status.st_size, status.st_mtime_ns, *said)
        with self._lock:
            found = self._known.get(key)
            if found is None or not found.table.exists():
                found = _read(source, call, self._place)
                self._known.put(key, found)
            return found

    def _place(self) -> Path:
        path = self._folder.path / f"{len(self._files)}.parquet"
        self._files.append(path)
        if len(self._files) > _KEPT:
            self._files[-1 - _KEPT].unlink(missing_ok=True)
        return path


_SHEETS = _Sheets()


def sheet_of(source: Source, call: Call) -> Sheet:
    """The sheet that `call` reads of a workbook.

    Raises:
        DatasetError: `source.encoding` for what is no workbook, `source.truncated`, `source.ambiguous` where it is not clear which sheet is
            meant or what a cell says.
        MachineError: `machine.missing` if what reads workbooks is not installed.
    """
    return _SHEETS.of(source, call)


def _read(source: Source, call: Call, place: Any) -> Sheet:
    within = stated_range(call)
    with source.stored.open("rb") as stream:
        _check_kind(source, stream)
        try:
            with zipfile.ZipFile(stream) as archive:
                if _STRICT in archive.read("xl/workbook.xml"):
                    message = "the workbook is in the strict variant of the format"
                    raise stop("source.encoding", message, source.path, hint="save it as an ordinary .xlsx")
                parts = _parts(archive)
                name = _chosen(source, call, parts, archive)
                computed = (
                    _TO_COMPUTE.search(archive.read("xl/workbook.xml")) is None or call.get("formulas") == "saved"
                )
                looked = _Looked.of(archive.read(parts[name][0]), computed)
            stream.seek(0)
            book = _opened(stream)
            _check_formulas(source, call, name, looked, within)
            return _table(source, call, book, name, within, looked, place)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            message = f"the workbook is damaged or ends too early: {error}"
            raise stop("source.truncated", message, source.path, hint="fetch the file again") from error


def _check_formulas(source: Source, call: Call, name: str, looked: _Looked, within: SheetPart) -> None:
    """Refuse formulas of which nobody computed the value."""
    first = _first(looked.empty, within)
    if first is not None:
        message = f"the formula in `{name}!{first}` has no value: the program that wrote the workbook computed none"
        hint = "open it in a spreadsheet program and save it, or write the value into the cell"
        raise stop("source.ambiguous", message, source.path, _row(first), hint)
    first = _first(looked.uncomputed, within)
    if first is not None:
        message = f"nobody computed the formula in `{name}!{first}`: the workbook leaves that to who opens it"
        way = call.suggest(formulas=literal("saved"))
        hint = f"open it in a spreadsheet program and save it; or take the values that stand there: `{way}`"
        raise stop("source.ambiguous", message, source.path, _row(first), hint)


def _first(cells: Sequence[str], within: SheetPart) -> str | None:
    """The first of the cells in a part of the sheet."""
    for cell in cells:
        row, column = _row(cell), _number(cell.rstrip("0123456789"))
        is_row = within.top <= row <= (within.bottom or row)
        if is_row and within.left <= column <= (within.right or column):
            return cell
    return None


def _row(cell: str) -> int:
    return int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _check_kind(source: Source, stream: IO[bytes]) -> None:
    start = stream.read(8)
    stream.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return
    if not start:
        raise stop("source.empty", "the file is empty", source.path, hint="fetch the file again")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        message = "the file is an old Excel workbook (.xls), or one with a password"
        raise stop("source.encoding", message, source.path, hint="save it as .xlsx without a password")
    hint = f"if it is text: `read_csv({literal(source.path)})`; else save it as .xlsx"
    raise stop("source.encoding", "the file is no Excel workbook (.xlsx)", source.path, hint=hint)


def _parts(archive: zipfile.ZipFile) -> dict[str, tuple[str, bool]]:
    """The sheets of a workbook: where each stands in the archive, and whether people see it."""
    from xml.etree import ElementTree

    names = archive.namelist()
    if "xl/workbook.bin" in names:
        raise KeyError("it is a binary workbook (.xlsb); save it as .xlsx")
    relations = {
        each.get("Id"): str(each.get("Target"))
        for each in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat bounds entities
    }
    found = {}
    for each in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if each.tag != f"{_MAIN}sheet":
            continue
        target = next((relations.get(value) for key, value in each.attrib.items() if key.endswith("}id")), None)
        if target is not None and "chartsheets" not in target:
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            found[str(each.get("name"))] = (part, each.get("state", "visible") == "visible")
    return found


def _chosen(source: Source, call: Call, parts: dict[str, tuple[str, bool]], archive: zipfile.ZipFile) -> str:
    """The sheet that is read: the stated one, or the only one that people see and that holds something."""
    wanted = call.get("sheet")
    visible = [name for name, (_, is_visible) in parts.items() if is_visible]
    if wanted is None and len(visible) > 1:
        visible = [name for name in visible if _CELL.search(archive.read(parts[name][0]))] or visible
    if wanted is not None:
        match = next((name for name in parts if name.lower() == str(wanted).lower()), None)
        if match is not None:
            return match
    elif len(visible) == 1:
        return visible[0]
    ways = " or ".join(f"`{call.suggest(sheet=literal(name))}`" for name in (visible or list(parts))[:5])
    what = f"there is no sheet `{wanted}`" if wanted is not None else f"the workbook has {len(visible)} sheets"
    names = ", ".join(f"`{name}`" for name in parts)
    raise stop(
        "source.contract" if wanted is not None else "source.ambiguous",
        f"{what}; it has {names}" if wanted is not None else f"{what}: {names}",
        source.path,
        hint=f"write {ways}",
    )


class _Looked(Record):
    """What the text of a sheet says that its cells don't.

    Attributes:
        empty: cells whose formula has no value.
        uncomputed: cells whose formula has one that nobody computed.
        merged: cells that are one.
    """

    empty: tuple[str, ...]
    uncomputed: tuple[str, ...]
    merged: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def of(cls, text: bytes, computed: bool) -> _Looked:
        """What is found in the text of a sheet, whose formulas were `computed` or not."""
        empty = []
        for found in _FORMULA.finditer(text):
            said = found["of"].decode("ascii", "replace")
            cell = re.search(r"\br=\"([A-Z]+[0-9]+)\"", said)
            if cell is not None and 't="str"' not in said:
                empty.append(cell[1])
        merged = tuple(
            (int(top), _number(left.decode()), int(bottom), _number(right.decode()))
            for left, top, right, bottom in _MERGED.findall(text)
        )
        others = () if computed else tuple(cell.decode() for cell in _WITH_FORMULA.findall(text))
        return cls(tuple(empty), others, merged)


def _opened(stream: IO[bytes]) -> Workbook:
    try:
        import openpyxl
    except ImportError as error:
        raise MachineError(
            "machine.missing",
            "the package `openpyxl`, which reads Excel workbooks, is not installed",
            where="openpyxl",
            hint="pip install 'andon[excel]'",
        ) from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not read
        return openpyxl.load_workbook(stream, read_only=True, data_only=True)


def _table(
    source: Source, call: Call, book: Workbook, name: str, within: SheetPart, looked: _Looked, place: Any
) -> Sheet:
    sheet = book[name]
    wide = sheet.max_column or 1
    sheet.reset_dimensions()
    width = (within.right or wide) - within.left + 1
    while True:
        try:
            table = place()
            filled = looked.merged if call.get("merged") == "fill" else ()
            write_cells(SheetCells(source.path, name, within, width, filled), sheet, table)
            return Sheet(source.path, name, table, within.left, max(width, 0), looked.merged)
        except Wider as wider:
            width = wider.width
