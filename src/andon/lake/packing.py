"""How objects are stored in the catalog: canonical JSON, compressed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from andon.base.document import from_json
from andon.base.hashing import canonical, digest
from andon.base.record import LEARNING, values_of
from andon.lake.list_parts import Parts, is_long, list_text
from andon.lake.row_texts import damaged_row, decompressed
from andon.model.build import Build, BuildTrace, InputFile
from andon.model.commit import Leaf
from andon.model.dataset import Definition
from andon.model.version import DataFile, Version

_VERSION_COLUMNS = ("id", "dataset", "is_view")
_BUILD_COLUMNS = ("id", "key", "dataset", "definition", "version", "run", "created")


class _TracePart(msgspec.Struct, frozen=True):
    """What of a build's body is read of many; the rest is passed over."""

    inputs: Mapping[str, str] = {}
    files: tuple[InputFile, ...] = ()
    seconds: float = 0.0


class HeldPart(msgspec.Struct, frozen=True, array_like=True):
    """Of a data file where it lies, and its size."""

    path: str
    size: int


class _FilesPart(msgspec.Struct, frozen=True):
    files: tuple[HeldPart, ...] = ()


def _beside(kind: type[msgspec.Struct], columns: Collection[str]) -> Any:
    """What of a record lies in the body of its row."""
    rest = [f for f in msgspec.structs.fields(kind) if f.name not in columns]
    # what has no default comes first
    given = [(f.name, f.type, *_default(f)) for f in sorted(rest, key=lambda f: bool(_default(f)))]
    return msgspec.defstruct(f"{kind.__name__}Body", given, forbid_unknown_fields=True)


def _default(of: Any) -> tuple[Any, ...]:
    if of.default is not msgspec.NODEFAULT:
        return (of.default,)
    return (msgspec.field(default_factory=of.default_factory),) if of.default_factory is not msgspec.NODEFAULT else ()


_LEAVES = msgspec.json.Encoder(order="deterministic")
_BODIES = msgspec.json.Encoder(order="sorted")
with LEARNING:
    _BUILD = msgspec.json.Decoder(_beside(Build, _BUILD_COLUMNS))
    _VERSION = msgspec.json.Decoder(_beside(Version, _VERSION_COLUMNS))
    _DEFINITION = msgspec.json.Decoder(Definition)
    _FILES = msgspec.json.Decoder(_FilesPart)
    _TRACE = msgspec.json.Decoder(_TracePart)
    _LEAVES_READ = msgspec.json.Decoder(dict[str, Leaf])


def pack(value: Any) -> bytes:
    """JSON `value`, compressed."""
    return zlib.compress(canonical(value), 1)


def unpack(body: bytes) -> Any:
    """Inverse of `pack`.

    Raises:
        MachineError: `lake.corrupt`.
    """
    return parsed(decompressed(body))


def parsed(text: str | bytes) -> Any:
    """The JSON value of a row.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged_row(error) from error


def leaves_text(leaves: Mapping[str, Leaf]) -> bytes:
    """A tree of leaves, by name, as the bytes of `canonical`: they are texts in lists, and there are thousands."""
    return _LEAVES.encode(leaves)


def leaves_id(text: bytes) -> str:
    """The id of the tree that is `leaves_text`: as `content_id(["tree", tree])`."""
    return digest(b'["tree",' + text + b"]")


def leaves_of(text: bytes) -> dict[str, Leaf]:
    """Inverse of `leaves_text`.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        return _LEAVES_READ.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise damaged_row(error) from error


def version_text(version: Version, parts: Parts) -> bytes:
    """What of a version has no column of its own. Columns, files and statistics are lists, since there are many; the list of files stands
    in `parts` where it is long."""
    files = list_text([_file_text(file, parts) for file in version.files], parts)
    return b'{"columns":' + _BODIES.encode(version.columns) + b',"files":' + files + b"}"


def _file_text(file: DataFile, parts: Parts) -> bytes:
    if not is_long(file.packed) and not is_long(file.part_of):
        return _BODIES.encode(file)
    values = [getattr(file, name) for name in DataFile.__struct_fields__]
    return b"[" + b",".join(_hashes_text(value, parts) for value in values) + b"]"


def _hashes_text(value: Any, parts: Parts) -> bytes:
    if isinstance(value, tuple) and is_long(value) and isinstance(value[0], str):
        return list_text([_BODIES.encode(each) for each in value], parts)
    return _BODIES.encode(value)


def version_of(version_id: str, dataset: str, is_view: bool, text: bytes) -> Version:
    """Inverse of `version_text`, made whole.

    Raises:
        MachineError: `lake.corrupt`.
    """
    return Version(id=version_id, dataset=dataset, is_view=bool(is_view), **_read(_VERSION, text))


def build_text(build: Build, parts: Parts) -> bytes:
    """What of a build has no column of its own; the list of raw files stands in `parts` where it is long."""
    held = {name: value for name, value in values_of(build).items() if name not in (*_BUILD_COLUMNS, "files")}
    files = list_text([_BODIES.encode(file) for file in build.files], parts)
    return _BODIES.encode(held)[:-1] + b',"files":' + files + b"}"


def build_of(row: tuple[Any, ...]) -> Build:
    """The build of a row `(id, key, dataset, definition, version, run, created, text)`.

    Raises:
        MachineError: `lake.corrupt`.
    """
    *columns, text = row
    return Build(**dict(zip(_BUILD_COLUMNS, columns, strict=True)), **_read(_BUILD, text))


def trace_of(created: str, text: bytes) -> BuildTrace:
    """What the build of a row `(created, text)` read, and what it took.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        part = _TRACE.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise damaged_row(error) from error
    return BuildTrace(created, part.seconds, part.inputs, part.files)


def files_of(text: bytes) -> tuple[HeldPart, ...]:
    """The data files of a version, by its text; several times as cheap as `version_of`.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        return _FILES.decode(text).files
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise damaged_row(error) from error


def definition_text(definition: Definition) -> str:
    """A definition as JSON text."""
    return canonical(msgspec.to_builtins(definition)).decode()


def definition_of(text: str) -> Definition:
    """Inverse of `definition_text`.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        if '"new_columns"' not in text:
            return _DEFINITION.decode(text)
        said = fields(parsed(text))
        if "new_columns" in said:  # as it was called before
            said["schema"] = "add" if said.pop("new_columns") == "add" else "exact"
        return from_json(Definition, said, stored=True)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError) as error:
        raise damaged_row(error) from error


def _read(decoder: Any, text: bytes) -> dict[str, Any]:
    try:
        return msgspec.structs.asdict(decoder.decode(text))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise damaged_row(error) from error


def fields(body: Any) -> dict[str, Any]:
    """An object of a row, and nothing else.

    Raises:
        MachineError: `lake.corrupt`.
    """
    if not isinstance(body, dict):
        raise damaged_row(TypeError("an object was written, something else stands there"))
    return body
