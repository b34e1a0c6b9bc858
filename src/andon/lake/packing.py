"""How objects are stored in the catalog: canonical JSON, compressed."""

from __future__ import annotations

import json
import zlib
from typing import Any

from andon.base.hashing import canonical
from andon.model.build import Build, InputFile
from andon.model.dataset import ClockUse, Definition, FileRead, Kind, Materialize
from andon.model.version import Column, ColumnStats, DataFile, Version

_DEFINITION_FIELDS = Definition.__struct_fields__


def pack(value: Any) -> bytes:
    """JSON `value`, compressed."""
    return zlib.compress(canonical(value), 1)


def unpack(body: bytes) -> Any:
    """Inverse of `pack`."""
    return json.loads(zlib.decompress(body))


def version_body(version: Version) -> dict[str, Any]:
    """A version as JSON. Statistics are lists, since there are many."""
    return {
        "columns": [[c.name, c.type, c.field_id, [[list(p), i] for p, i in c.children]] for c in version.columns],
        "files": [
            [
                f.path,
                f.size,
                f.sha256,
                f.rows,
                {name: [s.nulls, s.values, s.minimum, s.maximum, s.size, s.has_nan] for name, s in f.stats.items()},
            ]
            for f in version.files
        ],
    }


def version_of(version_id: str, dataset: str, is_view: bool, body: dict[str, Any]) -> Version:
    """Inverse of `version_body`."""
    columns = tuple(Column(n, t, i, tuple((tuple(p), k) for p, k in kids)) for n, t, i, kids in body["columns"])
    files = tuple(
        DataFile(path, size, sha, rows, {name: ColumnStats(*values) for name, values in stats.items()})
        for path, size, sha, rows, stats in body["files"]
    )
    return Version(version_id, dataset, columns, files, is_view)


def build_body(build: Build) -> dict[str, Any]:
    """What of a build has no column of its own, as JSON."""
    return {
        "inputs": dict(build.inputs),
        "files": [[f.path, f.sha256, f.size] for f in build.files],
        "contract": build.contract,
        "logical_time": build.logical_time,
        "engine": dict(build.engine),
        "lock": build.lock,
        "seconds": build.seconds,
        "proof": build.proof,
        "log": build.log,
    }


def build_of(row: tuple[Any, ...]) -> Build:
    """The build of a row `(id, key, dataset, definition, version, run, body, created)`."""
    build_id, key, dataset, definition, version, run, packed, created = row
    body = unpack(packed)
    return Build(
        id=build_id,
        key=key,
        dataset=dataset,
        definition=definition,
        version=version,
        run=run,
        inputs=body["inputs"],
        files=tuple(InputFile(*f) for f in body["files"]),
        contract=body["contract"],
        logical_time=body["logical_time"],
        engine=body["engine"],
        lock=body["lock"],
        seconds=body["seconds"],
        proof=body["proof"],
        log=body["log"],
        created=created,
    )


def definition_text(definition: Definition) -> str:
    """A definition as JSON text."""
    values = {name: getattr(definition, name) for name in _DEFINITION_FIELDS}
    values["reads"] = [[r.function, r.patterns, r.options, r.start, r.end] for r in definition.reads]
    return canonical(values).decode()


def definition_of(text: str) -> Definition:
    """Inverse of `definition_text`."""
    values = json.loads(text)
    values["kind"] = Kind(values["kind"])
    values["materialize"] = Materialize(values["materialize"])
    values["clock"] = ClockUse(values["clock"])
    values["reads"] = tuple(
        FileRead(function, tuple(patterns), tuple((k, v) for k, v in options), start, end)
        for function, patterns, options, start, end in values["reads"]
    )
    for name in ("inputs", "key", "macros", "allow"):
        values[name] = tuple(values[name])
    for name in ("parameters", "uses", "files", "was"):
        values[name] = tuple((a, b) for a, b in values.get(name, ()))
    return Definition(**values)
