"""Which places of the code of datasets leave open what comes out, in their own files and those of their macros."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from andon.model.dataset import Definition, Kind, Materialize
from andon.model.lint import LintFinding
from andon.model.version import Columns

if TYPE_CHECKING:
    from andon.sql.constructs import OpenPlace

#: Gives the text of a file by its path and the hash of its bytes.
ReadText = Callable[[str, str], str]


def is_read(definition: Definition) -> bool:
    """Whether a definition is SQL of the engine or a dataset in Python, which is read for open places."""
    return is_sql(definition) or definition.kind is Kind.PYTHON


def is_sql(definition: Definition) -> bool:
    """Whether a definition is SQL of the engine."""
    return definition.sql is not None and definition.connection is None


def row_keys(definitions: Iterable[Definition]) -> dict[str, tuple[str, ...]]:
    """What tells the rows of datasets apart, by name in lower case; a history has several rows of a key."""
    return {
        each.dataset.lower(): each.key
        for each in definitions
        if each.key and each.materialize is not Materialize.HISTORY
    }


def open_places(
    definition: Definition,
    schemas: Mapping[str, Columns] | None,
    keys: Mapping[str, tuple[str, ...]],
    read: ReadText,
    *,
    is_wide: bool,
) -> list[LintFinding]:
    """The places of a definition by which two runs may differ, by file and line, those that are silenced among them.

    Args:
        schemas: the columns of what it reads; None where they are not known.
        keys: as `row_keys` gives them.
        read: gives texts of macro files and of Python.
        is_wide: whether several threads work on it.
    """
    from andon.sql.constructs import constructs_of
    from andon.sql.macros import macro_bodies
    from andon.sql.rounding import rounding_of

    if definition.kind is Kind.PYTHON:
        return _of_python(definition, read)
    if definition.sql is None or not is_sql(definition):
        return []
    rounding = rounding_of(definition.sql, schemas, definition.macros) if is_wide and schemas is not None else None
    found: dict[tuple[str, int, str], LintFinding] = {}

    def add(file: str, places: Iterable[OpenPlace]) -> None:
        for each in places:
            if is_wide or not each.is_wide:
                told = LintFinding(
                    definition.dataset, each.what, file, each.line, each.why, each.exact, each.is_wide, each.silenced
                )
                found.setdefault((file, each.line, each.what), told)

    add(definition.entry, constructs_of(definition.sql, rounding=rounding, keys=keys))
    if definition.macros:
        for path, sha in definition.files:
            if path.startswith("macros/"):
                text = read(path, sha)
                for body in macro_bodies(text, definition.macros):
                    add(path, constructs_of(body, rounding=rounding, keys=keys, file=text))
    return [found[key] for key in sorted(found, key=lambda key: (key[0] != definition.entry, *key))]


def _of_python(definition: Definition, read: ReadText) -> list[LintFinding]:
    """Those of a dataset's file, then those of the modules that it uses."""
    from andon.project.files.python_places import python_places

    paths = [path for path, _ in definition.files if path == definition.entry or path.startswith("modules/")]
    files, name = dict(definition.files), definition.dataset
    return [
        LintFinding(name, each.what, path, each.line, each.why, each.exact, each.is_wide, each.silenced)
        for path in sorted(paths, key=lambda path: (path != definition.entry, path))
        for each in python_places(read(path, files[path]))
    ]


def added_places(
    before: Iterable[tuple[LintFinding, str]], after: Iterable[tuple[LintFinding, str]]
) -> list[LintFinding]:
    """Those of `after` that are not silenced, on lines that `before` does not have; each with the line that it stands on."""
    known = {(each.what, " ".join(line.split())) for each, line in before}
    return [each for each, line in after if each.silenced is None and (each.what, " ".join(line.split())) not in known]
