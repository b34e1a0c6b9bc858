"""What was edited in a folder that a stage was packed into."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from andon.base.document import Document, from_json
from andon.base.files import machine_error
from andon.errors import UsageError
from andon.model.isolation import PackedFolder


class PackedEdits(Document):
    """Edits of packed code.

    Attributes:
        dataset: what was packed, from `commit`.
        packed: by project path the sha256 of each file as it was packed.
        files: the texts of those that were edited since, and of new ones in the same folders.
    """

    dataset: str
    commit: str
    packed: dict[str, str]
    files: dict[str, str]


def edits_of(folder: Path) -> PackedEdits:
    """What was edited in a folder.

    Raises:
        UsageError: `isolate.no_folder` for a folder that is none, or where a packed file of code is gone or no text; `isolate.analysis`
            where an analysis was packed.
        MachineError: it can't be read.
    """
    try:
        stage = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
        if "analysis" in stage:
            raise _of_analysis(folder, str(stage.get("dataset")))
        known = from_json(_Stage, {name: stage[name] for name in ("dataset", "commit", "code")})
    except FileNotFoundError as error:
        raise _no_folder(folder, "there is no `stage.json` in it") from error
    except OSError as error:
        raise machine_error(error, f"read `{folder}`") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _no_folder(folder, "its `stage.json` is not what was packed") from error
    there = {path.relative_to(folder / "code").as_posix(): path for path in sorted((folder / "code").rglob("*"))}
    files = {}
    for path in sorted({*known.code, *(path for path, file in there.items() if _is_code(file))}):
        try:
            data = (folder / "code" / path).read_bytes()
            if hashlib.sha256(data).hexdigest() != known.code.get(path):
                files[path] = data.decode()
        except FileNotFoundError as error:
            raise _no_folder(folder, f"`code/{path}` is gone: put it back, or delete it in the project") from error
        except UnicodeDecodeError as error:
            raise _no_folder(folder, f"`code/{path}` is not UTF-8 text") from error
        except OSError as error:
            raise machine_error(error, f"read `code/{path}`") from error
    return PackedEdits(known.dataset, known.commit, known.code, files)


def told_of(folder: Path) -> PackedFolder:
    """What was told of a folder when it was packed.

    Raises:
        UsageError: `isolate.no_folder`.
    """
    try:
        told = json.loads((folder / "stage.json").read_text(encoding="utf-8"))["told"]
        return from_json(PackedFolder, {**told, "folder": str(folder)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_folder(folder, "its `stage.json` can't be read") from error


class _Stage(Document):
    dataset: str
    commit: str
    code: dict[str, str]


def _is_code(file: Path) -> bool:
    return file.is_file() and file.suffix in (".sql", ".py", ".yml", ".yaml") and "__pycache__" not in file.parts


def _no_folder(folder: Path, why: str) -> UsageError:
    return UsageError(
        "isolate.no_folder",
        f"nothing can be brought back of `{folder}`: {why}",
        where=str(folder),
        hint="name a folder that `andon isolate DATASET` made",
    )


def _of_analysis(folder: Path, name: str) -> UsageError:
    return UsageError(
        "isolate.analysis",
        f"`{folder}` holds the analysis `{name}`, which is built by nobody: there is no branch to make of it",
        where=str(folder),
        hint="copy what was edited under `code/` into the project; `andon analysis run` runs it there",
    )
