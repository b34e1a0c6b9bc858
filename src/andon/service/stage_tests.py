"""A stage as a unit test of the project: a few rows of its inputs, and the rows that come of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.base.files import machine_error, write_whole
from andon.base.names import quote
from andon.base.record import replace
from andon.base.text import plural
from andon.engines.duckdb.instance import file_list
from andon.errors import UsageError
from andon.model.dataset import ClockUse, Kind, Materialize
from andon.model.quarantine import is_aside
from andon.service.isolating import PREFIX, not_for_analyses
from andon.service.reduced_inputs import Reduction, reduced, require_condition
from andon.workspace.masks import masked_columns
from andon.workspace.view import View, commit_ref

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import Version
    from andon.runs.rebuilding.again import Rebuilder
    from andon.service.isolating import IsolateOptions
    from andon.workspace.workspace import Workspace

#: Rows of each input where nobody says how many.
SMALL = 10
#: The most rows that a test has, its own and those expected.
_MOST = 500
_NUMBERS = ("INTEGER", "BIGINT", "DECIMAL")


class StageTest(Document):
    """A unit test made of a stage.

    Attributes:
        file: where it stands, or would; `written` says which.
        rows: of its inputs; `expected`, that come of them.
    """

    dataset: str
    name: str
    file: str
    text: str
    rows: int
    expected: int
    masked: dict[str, list[str]]
    written: bool


class StageTests:
    """Makes unit tests of stages, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def make(self, name: str, options: IsolateOptions, ref: str | None = None, *, write: bool = False) -> StageTest:
        """A unit test of a version: rows of its inputs, those of personal columns with other values, and what its code makes of them.

        Args:
            options: `sample` and `where` count: without them the test has ten rows of each input.
            write: put it into the folder, behind what stands in the file.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; `usage.exists` where the file has the test; `usage.bad_argument` for
                more rows than a test should have; `isolate.raw_files` for a source; `isolate.analysis` for an analysis.
        """
        from andon.runs.rebuilding.again import Rebuilder

        if name.startswith(PREFIX):
            raise not_for_analyses(name, "a unit test")
        if options.where is not None:
            require_condition(options.where)
        dataset, _, place = name.partition("@")
        view = View.at(self._workspace, commit_ref(self._workspace, place or ref))
        view.leaf(dataset)
        sample = options.sample if options.sample is not None or options.where is not None else SMALL
        reduction = Reduction(sample, options.where, masked_columns(self._workspace, view.commit))
        with Rebuilder(self._workspace, view.commit) as rebuilder:
            build, definition = rebuilder.made_with(dataset)
            if definition.kind is Kind.SOURCE or is_aside(dataset):
                raise UsageError(
                    "isolate.raw_files",
                    f"`{dataset}` is made of raw files or with another dataset, so its rows make no test",
                    where=definition.entry,
                    hint="take a dataset that reads it",
                )
            given = reduced(rebuilder, build, build.inputs, reduction)
            made = rebuilder.tried(build, _plain(definition), given.versions).made
            rows = sum(each.rows or 0 for each in given.versions.values())
            if rows + (made.rows or 0) > _MOST:
                raise UsageError(
                    "usage.bad_argument",
                    f"the test would have {plural(rows, 'row')} and expect {made.rows:,}, and {_MOST:,} in all is the most",
                    where=dataset,
                    hint="`--sample N` takes fewer of each input",
                )
            called = f"{dataset} as in {view.commit.id[:8]}"
            lines = [f"- name: {called}", f"  dataset: {dataset}"]
            if build.logical_time is not None and (
                definition.clock is not ClockUse.NONE or definition.kind is Kind.PYTHON
            ):
                lines.append(f"  now: {build.logical_time}")
            lines.append("  given:")
            for input_name, version in given.versions.items():
                lines += _rows(f"    {input_name}:", rebuilder, build, version)
            lines += _rows("  expect:", rebuilder, build, made)
        text = "\n".join(lines) + "\n"
        path = f"tests/{dataset.replace('.', '_')}.yml"
        if write:
            self._write(path, text, called)
        return StageTest(dataset, called, path, text, rows, made.rows or 0, given.masked, write)

    def _write(self, path: str, text: str, name: str) -> None:
        target = self._workspace.root / path
        try:
            target.parent.mkdir(exist_ok=True)
            before = target.read_text(encoding="utf-8") if target.exists() else ""
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        if f"- name: {name}\n" in before:
            message = f"`{path}` has a test `{name}` already"
            raise UsageError("usage.exists", message, where=path, hint="take it out, or rename it there")
        apart = "\n" if before and not before.endswith("\n") else ""
        write_whole(target, f"{before}{apart}{text}".encode())


def _plain(definition: Definition) -> Definition:
    """A definition as a unit test takes it: its own SQL or Python, whatever becomes of the rows."""
    return replace(
        definition,
        materialize=Materialize.TABLE,
        growth=None,
        history=None,
        quarantine=(),
        corrected=None,
        partition=(),
    )


def _rows(head: str, rebuilder: Rebuilder, build: Build, version: Version) -> list[str]:
    """The rows of a version as YAML, below a line."""
    storage = rebuilder.lake.storage
    places = [storage.engine_path(file.path) for file in version.files]
    listed = ", ".join(_value_sql(name, kind) for name, kind in version.types)
    session = rebuilder.sides_of(build).narrow.session()
    found = session.connection.execute(f"select {listed} from read_parquet({file_list(places)})").fetchall()
    if not found:
        return [f"{head} []"]
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    names = [json.dumps(name, ensure_ascii=False) for name, _ in version.types]
    kinds = [kind for _, kind in version.types]
    return [
        head,
        *(
            f"{indent}- {{{', '.join(f'{n}: {_written(v, k)}' for n, k, v in zip(names, kinds, row, strict=True))}}}"
            for row in found
        ),
    ]


def _value_sql(name: str, kind: str) -> str:
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    return f"to_json({quote(name)})::varchar" if nested else f"{quote(name)}::varchar"


def _written(value: Any, kind: str) -> str:
    """A value, read as a text, in YAML."""
    if value is None:
        return "null"
    text = str(value)
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return text
    if kind == "BOOLEAN" or kind.startswith(_NUMBERS):
        return text
    if kind in ("DOUBLE", "FLOAT") and math.isfinite(float(text)):
        return text
    return json.dumps(text, ensure_ascii=False)
