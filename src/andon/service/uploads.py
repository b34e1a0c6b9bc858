"""Uploads: a file that somebody has becomes a raw file of the project, and a source reads it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.files import machine_error, write_whole
from andon.base.names import is_name_part
from andon.base.record import Record, replace
from andon.errors import ConflictError, UsageError
from andon.lake.named_files import raw_path
from andon.model.build import InputFile
from andon.model.load import Taking
from andon.model.run import RunResult
from andon.project.folder.scan import hash_files
from andon.service.sources import gathered_with
from andon.service.upload_changes import UploadChanges, in_turn, sweep
from andon.sources.files.paths import match

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions
    from andon.workspace.workspace import Workspace

#: What reads a file, by how its name ends.
_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".txt": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
    ".parquet": "read_parquet",
    ".xlsx": "read_xlsx",
    ".xlsm": "read_xlsx",
}
_PACKED = (".gz", ".zst")
#: Bytes of a file's name that are kept: a system takes 255, and what is put before and behind needs some.
_LONGEST = 160
#: What is packed in itself.
_WHOLE = (".parquet", ".xlsx", ".xlsm")


class Uploaded(Record):
    """A file that was laid into the project.

    Attributes:
        dataset: what shows its rows.
        source: the source's file; `is_new` where it was written for this.
        file: where the copy lies.
        original: its name before.
        sha256, bytes: of its content.
        replaced: raw files whose place it takes.
    """

    dataset: str
    source: str
    is_new: bool
    file: str
    original: str
    sha256: str
    bytes: int
    replaced: tuple[str, ...]

    @property
    def message(self) -> str:
        """What the commit says of it."""
        how = "replaces" if self.replaced else "uploaded as"
        return f"{self.original} {how} {self.dataset} (sha256 {self.sha256[:12]}, {self.bytes:,} bytes)"


class Uploads:
    """Files that somebody has, and the sources that show their rows."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def publish(
        self,
        file: Path,
        dataset: str,
        options: RunOptions,
        run: Callable[[RunOptions], RunResult],
        *,
        replaces: bool = False,
        reading: str = "",
        laid: Callable[[Uploaded], object] = lambda _: None,
    ) -> RunResult:
        """Lay a copy of `file` where the source `dataset` reads, and publish its rows with all that reads them.

        Where it is not published, the folder is as it was before.

        Args:
            options: how to publish; what is selected is chosen here.
            run: as `Runs.run`.
            replaces: take the files that were uploaded for the dataset before away. They are in the lake.
            reading: options for the reader in a source that is written for this, as SQL: `sheet = 'Leads', range = 'A3:F'`.
            laid: hears what was laid into the folder, before it is published.

        Raises:
            UsageError: `usage.bad_argument` for a file or name that can't be taken, `usage.exists` for a content that is there already.
            ConflictError: `usage.in_progress` where another upload of the dataset takes long; `lake.ref_moved`.
            AndonError: what `run` raises.
        """
        _require_name(dataset)
        with in_turn(self._workspace.folder.state, dataset):
            branch = self._workspace.branch(None)
            folder = f"raw/uploads/{dataset.replace('.', '/')}"
            sweep(self._workspace.root, folder, self._is_published(dataset))
            if (done := self._workspace.lake.refs.moved_by(options.request, branch, "branch")) is not None:
                return RunResult(None, branch, done.commit, done.commit, True, None, 0.0, ())  # and its answer was lost
            return self._publish(file, dataset, options, run, folder, reading, laid, replaces=replaces)

    def _publish(
        self,
        file: Path,
        dataset: str,
        options: RunOptions,
        run: Callable[[RunOptions], RunResult],
        folder: str,
        reading: str,
        laid: Callable[[Uploaded], object],
        *,
        replaces: bool,
    ) -> RunResult:
        source = _source(self._workspace, file, dataset, replaces=replaces)
        if reading and not source[2]:
            message = f"`{source[0]}` is there and says how its files are read"
            raise UsageError(
                "usage.bad_argument", message, where=source[0], hint=f"edit it, and leave `--with {reading}` out"
            )
        with UploadChanges(self._workspace.root, folder) as changes:
            uploaded = _lay(self._workspace, file, dataset, source, changes, reading, replaces=replaces)
            laid(uploaded)
            message = options.message or uploaded.message
            try:
                result = run(replace(options, select=(f"{dataset}+",), message=message))
            finally:
                # also where a run of the folder by somebody else came first and took it along
                changes.stay = self._is_published(dataset)(uploaded.file)
            if result.published and not changes.stay:
                raise self._kept_out(dataset, uploaded)
        return result

    def _kept_out(self, dataset: str, uploaded: Uploaded) -> UsageError | ConflictError:
        """Why a file is not among what was published: an undo keeps its source as it is."""
        lake = self._workspace.lake
        head = lake.refs.resolve(self._workspace.branch(None))
        undone = [c.path for c in head.rejected if c.source == dataset or c.path == uploaded.source]
        if not undone:
            message = f"`{uploaded.original}` was not published: somebody else changed `{dataset}` meanwhile"
            return ConflictError("lake.ref_moved", message, where=dataset, hint="upload it again", retryable=True)
        return UsageError(
            "usage.bad_argument",
            f"`{uploaded.original}` was not published: `{undone[0]}` was undone, and until that is let pass `{dataset}` stays as it is",
            where=undone[0],
            hint=f"`andon accept --rejected {undone[0]}`, then this command again; or `--replace`",
        )

    def _is_published(self, dataset: str) -> Callable[[str], bool]:
        """Whether a path is one of the raw files of a dataset as it is published."""

        def is_published(path: str) -> bool:
            lake = self._workspace.lake
            leaf = lake.commits.state(lake.refs.resolve(self._workspace.branch(None))).leaves.get(dataset)
            build = lake.objects.builds([leaf.build]).get(leaf.build) if leaf is not None else None
            return build is not None and path in build.contents

        return is_published


def _lay(
    workspace: Workspace,
    file: Path,
    dataset: str,
    read_by: tuple[str, str, bool],
    changes: UploadChanges,
    reading: str,
    *,
    replaces: bool,
) -> Uploaded:
    """Copy the file to where the source reads, and write the source where there is none."""
    source, pattern, is_new = read_by
    folder = f"raw/uploads/{dataset.replace('.', '/')}"
    there = _uploads(workspace, folder)
    stamp = workspace.clock().strftime("%Y%m%d-%H%M%S")
    path = _free(workspace, f"{folder}/{stamp}", _safe(file.name))
    if not is_new and not match(pattern, path):
        message = f"the source `{source}` reads `{pattern}`, which `{file.name}` does not fit"
        hint = "give it a name of its own, or another format"
        raise UsageError("usage.bad_argument", message, where=source, hint=hint)
    target = changes.making(workspace.root / path)
    part = target.with_name(f".{target.name}.part")  # no pattern finds half a file
    try:
        shutil.copyfile(file, part)
        part.replace(target)
    except OSError as error:
        raise machine_error(error, f"copy `{file}` to `{path}`") from error
    finally:
        part.unlink(missing_ok=True)
    fact = hash_files(workspace.root, [path], workspace.cache)[path]
    same = next((other for other, known in there.items() if known.sha256 == fact.sha256), None)
    if same is not None and not replaces:
        message = f"`{file.name}` was uploaded before: `{same}` holds the same"
        raise UsageError("usage.exists", message, where=same, hint=_way(workspace, same, len(there)))
    replaced = tuple(sorted(there)) if replaces else ()
    _require_kept(workspace, [there[name] for name in replaced])
    for name in replaced:
        changes.put_aside(workspace.root / name)
    if is_new:
        write_whole(changes.making(workspace.root / source), _text(file.name, pattern, reading).encode())
    return Uploaded(dataset, source, is_new, path, file.name, fact.sha256, fact.size, replaced)


def _require_name(dataset: str) -> None:
    schema, _, name = dataset.partition(".")
    if not (is_name_part(schema) and is_name_part(name)):
        raise UsageError(
            "usage.bad_argument", f"`{dataset}` can't name a dataset", where=dataset, hint="`--as crm.leads`"
        )


def _source(workspace: Workspace, file: Path, dataset: str, *, replaces: bool) -> tuple[str, str, bool]:
    """The source's file, the pattern that it reads uploads by, and whether it must be written.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    if not file.is_file():
        raise UsageError("usage.bad_argument", f"there is no file `{file}`", where=str(file))
    schema, _, name = dataset.partition(".")
    ending = _ending(file.name)
    if ending is None:
        known = ", ".join(f"`{each}`" for each in _READERS)
        message = f"`{file.name}` is no file that a source reads"
        raise UsageError(
            "usage.bad_argument",
            message,
            where=str(file),
            hint=f"its name must end in {known}, or one of them with `.gz`",
        )
    source = f"sources/{schema}/{name}.sql"
    pattern = f"raw/uploads/{schema}/{name}/*{ending}"
    if not (workspace.root / source).exists():
        other = next((workspace.root / "datasets" / schema).glob(f"{name}.*"), None)
        if other is not None:
            message = f"`{dataset}` is made by `{other.relative_to(workspace.root)}`, and only a source takes uploads"
            raise UsageError(
                "usage.bad_argument", message, where=dataset, hint=f"take another name: `--as {schema}.{name}_upload`"
            )
        return source, pattern, True
    definition = gathered_with(workspace, dataset, None).definitions[dataset]
    patterns = [pattern for read in definition.reads for pattern in read.patterns]
    mine = next((p for p in patterns if p.startswith(f"raw/uploads/{schema}/{name}/")), None)
    if mine is None:
        message = f"the source `{source}` does not read uploads"
        hint = f"let it read `{pattern}` too, or take another name"
        raise UsageError("usage.bad_argument", message, where=source, hint=hint)
    if replaces and definition.load is not None and definition.load.taking is Taking.APPEND:
        message = f"`{dataset}` keeps the rows of files that went (`load: append`), so nothing takes the place of them"
        hint = f"upload it without `--replace`, or take `load: append` out of `{source}`"
        raise UsageError("usage.bad_argument", message, where=source, hint=hint)
    return source, mine, False


def _ending(name: str) -> str | None:
    """How a file's name ends, in lower case, if a reader knows it."""
    lower = name.lower()
    packed = next((p for p in _PACKED if lower.endswith(p)), "")
    plain = Path(lower.removesuffix(packed)).suffix
    return plain + packed if plain in _READERS and not (packed and plain in _WHOLE) else None


def _text(original: str, pattern: str, reading: str) -> str:
    reader = _READERS[Path(pattern.lower().removesuffix(".gz").removesuffix(".zst")).suffix]
    options = f", {reading.strip().removeprefix(',').strip()}" if reading.strip() else ""
    said = json.dumps(f"What was uploaded, {original} first.", ensure_ascii=False)  # whatever signs the name has
    return f"/*---\ndescription: {said}\n---*/\nselect * from {reader}('{pattern}'{options})\n"


def _safe(name: str) -> str:
    """A file's name without signs that mean something in patterns and shells; its end in lower case."""
    ending = _ending(name) or ""
    stem = name[: len(name) - len(ending)]
    plain = re.sub(r"[^\w.-]+", "_", stem).encode()[:_LONGEST].decode(errors="ignore")
    return (plain.strip("._") or "file") + ending


def _way(workspace: Workspace, path: str, there: int) -> str:
    """What to do about a content that lies at `path` already."""
    head = workspace.lake.refs.resolve(workspace.branch(None))
    if any(cause.path == path for cause in head.rejected):
        return f"it was undone: `andon accept --rejected {path}`, then `andon refresh` lets it in again"
    others = f" and the {there - 1:,} others that lie there" if there > 1 else ""
    return f"`andon refresh` reads it where that was not done; `--replace` puts this in the place of it{others}"


def _free(workspace: Workspace, place: str, name: str) -> str:
    """A path where no file lies: two uploads of a second may have one name."""
    paths = (f"{place}-{name}" if n == 1 else f"{place}-{n}-{name}" for n in itertools.count(1))
    return next(path for path in paths if not (workspace.root / path).exists())


def _uploads(workspace: Workspace, folder: str) -> dict[str, InputFile]:
    place = workspace.root / folder
    paths = (
        [
            f"{folder}/{each.name}"
            for each in sorted(place.iterdir())
            if each.is_file() and not each.name.startswith(".")
        ]
        if place.is_dir()
        else []
    )
    facts = hash_files(workspace.root, paths, workspace.cache)
    return {path: InputFile(path, fact.sha256, fact.size) for path, fact in facts.items()}


def _require_kept(workspace: Workspace, files: Sequence[InputFile]) -> None:
    """Nothing is taken out of the folder that is nowhere else.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    there = workspace.lake.storage.sizes(raw_path(file) for file in files)
    lost = [file.path for file in files if raw_path(file) not in there]
    if lost:
        message = f"`{lost[0]}` was never loaded: it is in this folder and nowhere else"
        raise UsageError(
            "usage.bad_argument", message, where=lost[0], hint="`andon run` loads it; or move it away yourself"
        )
