"""Packing one stage: its code, its inputs and what its engine was asked, into a folder that runs without Andon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote_name
from andon.base.record import Record, replace
from andon.engines.bundle.stage import OUT, WrittenCode, relation_entry, sql_step
from andon.engines.engine import Task
from andon.engines.relation import TableRelation
from andon.engines.types import stored_columns
from andon.errors import UsageError
from andon.model.dataset import Kind
from andon.model.load import Taking
from andon.project.files.secrets import find_secrets, find_signed_addresses
from andon.runs.planning.raw_files import RawFiles
from andon.sources.files.paths import is_remote
from andon.sources.files.raw_text import only_path
from andon.sources.render import last_of_each, strict_reads
from andon.sql.history import without_history

if TYPE_CHECKING:
    from andon.engines.bundle.folder import BundleFolder
    from andon.engines.engine import Recipe
    from andon.engines.relation import Relation
    from andon.model.build import Build, InputFile
    from andon.model.dataset import Definition
    from andon.model.version import DataFile
    from andon.runs.rebuilding.again import Rebuilder
    from andon.runs.rebuilding.recording import AskedTask
    from andon.workspace.workspace import Workspace


class PackedSteps(Record):
    """What is run of a stage: its steps, and the files that hold the result after them."""

    steps: tuple[dict[str, Any], ...]
    result: tuple[str, ...]

    @property
    def edits(self) -> list[str]:
        """The files in the folder to work on: where they are edited, something else is run."""
        found = [f"code/{step['written']['path']}" for step in self.steps if step.get("written")]
        found += [path for step in self.steps for path in step.get("edits", ())]
        found += [f"code/{macro['path']}" for step in self.steps for macro in step.get("macros", ()) if macro["path"]]
        return list(dict.fromkeys(found))


class StagePacker:
    """Packs what one build was made of.

    Args:
        rebuilder: makes it again meanwhile.
        known: data files of the lake by the path that an engine knows them by.
    """

    def __init__(
        self,
        workspace: Workspace,
        rebuilder: Rebuilder,
        folder: BundleFolder,
        build: Build,
        definition: Definition,
        known: Mapping[str, DataFile],
    ) -> None:
        self._workspace = workspace
        self._storage = rebuilder.lake.storage
        self._sql = rebuilder.sides_of(build).narrow.engine
        self._written_out: dict[str, list[str]] = {}
        self._folder = folder
        self._build = build
        self._definition = definition
        self._known = known
        self._packed: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        #: by the name of a file that a task wrote the path that it has here
        self._outputs: dict[str, str] = {}
        self._texts = {path: workspace.lake.objects.text(sha) for path, sha in definition.files}

    @property
    def inputs(self) -> list[str]:
        """Names of datasets, and paths of raw files, that are packed."""
        raw = [file.path for file in self._build.files] if self._definition.kind is Kind.SOURCE else []
        return [*self._build.inputs, *raw]

    def code(self) -> dict[str, str]:
        """Pack the code as it was written; gives the hashes by path.

        Raises:
            UsageError: `isolate.secret`.
        """
        for path, text in self._texts.items():
            _require_no_secret(path, text)
            self._folder.text(f"code/{path}", text)
        return dict(self._definition.files)

    def lock(self) -> str | None:
        """The lock of its packages, if it has any of its own."""
        return self._texts[self._definition.lock].decode() if self._definition.lock is not None else None

    def seen(self, recipe: Recipe) -> None:
        """Pack what a task reads, while it is there; of what Python reads the rows."""
        for name, relation in recipe.inputs.items():
            if recipe.sql is not None:
                relation_entry(name, relation, self)
            elif isinstance(relation, TableRelation):
                self._written_out[name] = [self.pack_file(file, name) for file in relation.files]
            else:
                self._written_out[name] = [self._rows(recipe, name, relation)]

    def steps(
        self, asked: Sequence[AskedTask], made: Sequence[DataFile], columns: Sequence[tuple[str, str]]
    ) -> PackedSteps:
        """Pack what engines were asked.

        Args:
            made: the files that hold the result; none where nothing was computed: then it is that of the last task.
            columns: name and type of what the lake stores.
        """
        steps: list[dict[str, Any]] = []
        for number, task in enumerate(asked, start=1):
            types = [(c.name, c.type) for c in task.columns] if task.columns is not None else list(columns)
            aside = (task.aside[0], task.aside[1]) if task.aside is not None else None
            self._outputs[task.output] = f"{OUT}/{number}.parquet"
            if aside is not None:
                self._outputs[aside[0]] = f"{OUT}/{number}-aside.parquet"
            if task.recipe.sql is None:
                step, recipe = self._python(number, task.recipe)
                steps.append(step)
                written = None
            else:
                recipe, written = self._written(task.recipe)
            step, sql = sql_step(number, recipe, types, aside, written, self._macro_files(), self)
            is_loose = written is None and task.recipe.definition is self._definition and task.recipe.sql is not None
            self._folder.text(step["sql"], sql, fixed=not is_loose)
            if is_loose:  # its own text is not found in it: what was run is what can be worked on
                step["edits"] = [step["sql"]]
            steps.append(step)
        last = [steps[-1]["output"]] if steps else []
        return PackedSteps(
            tuple(steps), tuple(self.pack_file(self._place(file), "kept") for file in made) or tuple(last)
        )

    def expected(self, files: Sequence[DataFile]) -> list[str]:
        """Pack the rows that are to come out."""
        places = [self._place(file) for file in files]
        return [self._packed.get(place) or self._copied(place, "expected") for place in places]

    def pack(self, place: str, name: str) -> str:
        """Pack a file that SQL names as a text, if it is one of the lake, and give its path here; another text is given back as it is."""
        found = self._here(place)
        if found is None:
            return self._copied(place, f"inputs/{name}") if place in self._known else place
        return found

    def pack_file(self, place: str, name: str) -> str:
        """Pack a file that an engine is to read, and give its path here."""
        return self._here(place) or self._copied(place, f"inputs/{name}")

    # -- parts

    def _rows(self, recipe: Recipe, name: str, view: Relation) -> str:
        """The rows of a view in a file of the folder."""
        path = f"inputs/{name}/1.parquet"
        target = self._folder.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        asked = replace(recipe, sql=f"from {quote_name(name)}", inputs={name: view}, code={})
        self._sql.run(Task(asked, str(target), stored_columns))
        return self._folder.keep(path)

    def _here(self, place: str) -> str | None:
        """The path of what is in the folder already, or is made there."""
        known = self._outputs.get(PurePosixPath(place).name) or self._packed.get(place)
        roots = (str(self._folder.root), only_path(str(self._folder.root)))
        return known or next((place.removeprefix(f"{r}/") for r in roots if place.startswith(f"{r}/")), None)

    def _copied(self, place: str, folder: str) -> str:
        number = self._counts[folder] = self._counts.get(folder, 0) + 1
        file = self._known.get(place)
        self._packed[place] = self._folder.copy(
            Path(place), f"{folder}/{number}.parquet", file.sha256 if file is not None else None
        )
        return self._packed[place]

    def _place(self, file: DataFile) -> str:
        return self._storage.engine_path(file.path)

    def _macro_files(self) -> dict[str, str]:
        return {path: text.decode() for path, text in self._texts.items() if path.startswith("macros/")}

    def _written(self, recipe: Recipe) -> tuple[Recipe, WrittenCode | None]:
        """A recipe over files of the folder, and what of it stands in the dataset's own file."""
        definition = self._definition
        body = definition.sql or ""
        if definition.history is not None:
            body = without_history(body, definition.history)
        calls: tuple[tuple[int, int, str], ...] = ()
        if definition.kind is Kind.SOURCE and definition.reads and recipe.definition is definition:
            calls = self._reads()
            written = WrittenCode(definition.entry, body, "", calls)
            sql = written.ran
            if definition.load is not None and definition.load.taking is Taking.MERGE:
                sql = last_of_each(sql, definition.key)
            recipe = replace(recipe, sql=sql)
        text = self._texts.get(definition.entry, b"").decode(errors="replace")
        if not body or not text.startswith(body):
            return recipe, None
        return recipe, WrittenCode(definition.entry, body, text[len(body) :], calls)

    def _reads(self) -> tuple[tuple[int, int, str], ...]:
        """The calls of a source that read files, and what is run in their place over files of the folder."""
        raw = RawFiles(self._workspace.root, self._workspace.lake.storage, self._workspace.lake.intact)
        places = {file.path: self._raw(file, raw) for file in self._build.files}
        found = strict_reads(self._definition, self._build.contract or {}, places)
        return tuple(
            (read.start, read.end, self._with_sheets(ran))
            for read, ran in zip(self._definition.reads, found, strict=True)
        )

    def _with_sheets(self, ran: str) -> str:
        """What is run in the place of a call, with what was read of workbooks in the folder, too."""
        from andon.engines.bundle.stage import packed_sql

        def pack(place: str, name: str) -> str:
            found = self.pack(place, name)  # of a workbook its sheets lie beside it as tables
            if found != place or not place.endswith(".parquet") or not Path(place).is_file():
                return found
            number = self._counts["sheets"] = self._counts.get("sheets", 0) + 1
            return self._folder.copy(Path(place), f"inputs/sheets/{number}.parquet")

        return packed_sql(ran, self._definition.dataset, pack)

    def _raw(self, file: InputFile, raw: RawFiles) -> Path:
        name = file.path
        if is_remote(name):
            name = f"remote/{file.sha256[:12]}-{PurePosixPath(name.split('?')[0]).name}"
        path = self._folder.copy(raw.holding(file), f"inputs/files/{name}", file.sha256)
        return self._folder.root / path

    def _python(self, number: int, recipe: Recipe) -> tuple[dict[str, Any], Recipe]:
        """The step that runs a function, and what writes what it returned as the lake stores it."""
        from tempfile import TemporaryDirectory

        from andon.engines.bundle.python_stage import python_step

        made = f"{OUT}/{number}-python.parquet"
        inputs = {name: self._written_out[name] for name in recipe.inputs}
        memory = str(self._build.engine.get("memory_limit") or "")
        with TemporaryDirectory(prefix="andon-") as work:
            step = python_step(recipe, made, inputs, memory, Path(work), self._build.engine.get("seed"))
        return step, replace(recipe, sql=f"select * from read_parquet({literal(made)})", inputs={}, code={})


def _require_no_secret(path: str, text: bytes) -> None:
    """Raise where a file of code holds what must be in no folder that is handed on.

    Raises:
        UsageError: `isolate.secret`.
    """
    said = text.decode(errors="replace")
    found = [*find_secrets(path, said), *find_signed_addresses(path, said)]
    if found:
        raise UsageError(
            "isolate.secret",
            f"`{path}` holds what looks like a secret, and whoever gets the folder would have it: {found[0].message}",
            where=f"{path}:{found[0].line}",
            hint="isolate a dataset that reads it: what was loaded is packed there, and not from where",
        )
