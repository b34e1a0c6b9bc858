"""The code of an analysis: its file, the modules that it uses, its lock, from the folder, from a commit, or as a run kept it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record
from andon.errors import Problem, ProjectError, UsageError
from andon.model.analysis import AnalysisParameter, AnalysisRun, Scalar
from andon.model.lock import locked_for
from andon.project.files.analyses import ENDINGS, FOLDER, AnalysisFacts, named, read_analysis
from andon.project.files.facts import ModuleFile
from andon.project.files.python import parsed, read_module
from andon.project.files.secrets import find_secrets
from andon.project.link.modules import Modules
from andon.workspace.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from andon.workspace.workspace import Workspace


class AnalysisCode(Record):
    """An analysis as it is run.

    Attributes:
        file: project path of its own file.
        facts: what that says.
        files: `{project path: content}` of its file and the modules that it uses.
        lock: content of its lock, None where it has no packages.
        names: what its texts and those of its modules name that may be datasets.
    """

    name: str
    file: str
    facts: AnalysisFacts
    files: Mapping[str, bytes]
    lock: bytes | None
    names: frozenset[str]

    def chosen(self, said: Mapping[str, str | Scalar]) -> dict[str, Scalar]:
        """All parameters of a run: what was said, else the defaults.

        Args:
            said: texts are read as the type of the default.

        Raises:
            UsageError: `usage.bad_argument`: an unknown name, or what is not of the type.
        """
        known = {each.name: each for each in self.facts.parameters}
        for name in said:
            if name not in known:
                hint = did_you_mean(name, known) or (
                    f"it has {', '.join(f'`{each}`' for each in known)}" if known else "it has none"
                )
                message = f"the analysis `{self.name}` has no parameter `{name}`"
                raise UsageError("usage.bad_argument", message, where=f"-p {name}", hint=hint)
        return {name: _typed(each, said[name]) if name in said else each.default for name, each in known.items()}


def folder_analyses(root: Path) -> dict[str, str]:
    """The analyses in a folder: `{name: project path}`, by name."""
    found = [path for ending in ENDINGS for path in sorted((root / FOLDER).glob(f"*{ending}"))]
    return dict(sorted((path.stem, f"{FOLDER}/{path.name}") for path in found if is_name_part(path.stem)))


def commit_analyses(files: Iterable[str]) -> dict[str, str]:
    """The same of the code of a commit."""
    found = {}
    for path in sorted(files):
        folder, _, name = path.partition("/")
        stem, dot, ending = name.rpartition(".")
        if folder == FOLDER and dot + ending in ENDINGS and is_name_part(stem):
            found[stem] = path
    return found


def found_code(workspace: Workspace, name: str, view: View) -> AnalysisCode:
    """An analysis as it lies in the folder, else as the commit has it.

    Raises:
        UsageError: `lake.analysis_not_found`.
        ProjectError: it can't be read, or its packages are not locked.
    """
    here, there = folder_analyses(workspace.root), view.state.files()
    committed = commit_analyses(there)
    if name in here:
        both = [f"{FOLDER}/{name}{ending}" for ending in ENDINGS]
        if all((workspace.root / path).exists() for path in both):
            message = f"there are two analyses named `{name}`"
            raise ProjectError.of([Problem("project.bad_name", message, both[1], hint=f"rename it, or `{both[0]}`")])

        def read(path: str) -> bytes | None:
            place = workspace.root / path
            return place.read_bytes() if place.is_file() else None

        modules = [path.relative_to(workspace.root).as_posix() for path in (workspace.root / "modules").rglob("*.py")]
        return _code(name, here[name], read, modules)
    if name in committed:
        texts = workspace.lake.objects.texts(there.values())
        return _code(name, committed[name], lambda path: texts.get(there.get(path, "")), [*there])
    raise no_analysis(name, {*here, *committed})


def kept_code(workspace: Workspace, run: AnalysisRun) -> AnalysisCode:
    """An analysis as a run kept it.

    Raises:
        MachineError: `lake.corrupt`: a text is not there any more.
    """
    objects = workspace.lake.objects
    files = {path: objects.text(sha) for path, sha in run.code.items()}
    lock = objects.text(run.lock) if run.lock is not None else None
    facts = read_analysis(run.file, files[run.file])
    return AnalysisCode(run.name, run.file, facts, files, lock, _names(facts, files.values()))


def analysis_name(said: str) -> str:
    """The name of an analysis, of which its file may be typed: `months`, `analyses/months.py`."""
    name = said.removeprefix(f"{FOLDER}/")
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def no_analysis(name: str, known: Collection[str]) -> UsageError:
    """The error for an analysis that is not there."""
    hint = did_you_mean(name, known) or (
        "an analysis is named by letters from a to z, digits and `_`, as datasets are: rename its file"
        if not is_name_part(name)
        else "`andon analysis list` has all"
        if known
        else f"write one: `{FOLDER}/{name}.py`, a script or a notebook"
    )
    return UsageError("lake.analysis_not_found", f"no analysis is named `{name}`", where=name, hint=hint)


def refuse_analysis(workspace: Workspace, said: str, hint: str) -> None:
    """Refuse the name of an analysis, or of a run of one, where a dataset is asked for.

    Args:
        said: as it was typed, `NAME@N` too.
        hint: what to do with an analysis; `{0}` stands for it, or for the run that was said.

    Raises:
        UsageError: `lake.dataset_not_found`.
    """
    label, sign, number = said.partition("@")
    name = analysis_name(label)
    if "." in name:  # a dataset's
        return
    if name in folder_analyses(workspace.root) or workspace.lake.analysis_runs.find(name) is not None:
        run = f"{name}@{number}" if sign and number.isdecimal() else name
        message = f"`{name}` is an analysis, and no dataset"
        raise UsageError("lake.dataset_not_found", message, where=said, hint=hint.format(run))


def _code(name: str, file: str, read: Callable[[str], bytes | None], paths: Sequence[str]) -> AnalysisCode:
    content = read(file) or b""
    facts = read_analysis(file, content)
    modules: dict[str, bytes] = {}
    files: dict[str, ModuleFile] = {}
    for path in paths:
        if path.startswith("modules/") and path.endswith(".py"):
            modules[path] = read(path) or b""
            said = read_module(path, modules[path].decode("utf-8", errors="replace")).said
            if isinstance(said, ModuleFile):
                files[path] = said
    needed = {path: modules[path] for path in Modules(files).needed(facts.imports)}
    lock = read(f"{FOLDER}/{name}.lock.txt") if facts.packages.dependencies else None
    _require_lock(name, file, facts, lock)
    texts = {file: facts.text, **{path: text.decode("utf-8", errors="replace") for path, text in needed.items()}}
    secrets = [problem for path, text in texts.items() for problem in find_secrets(path, text)]
    if secrets:  # what is run is kept
        raise ProjectError.of(secrets)
    return AnalysisCode(name, file, facts, {file: content, **needed}, lock, _names(facts, needed.values()))


def _names(facts: AnalysisFacts, modules: Iterable[bytes]) -> frozenset[str]:
    trees = [parsed(text.decode("utf-8", errors="replace")) for text in modules]
    return facts.names.union(*(named(tree) for tree in trees if not isinstance(tree, Record)))


def _require_lock(name: str, file: str, facts: AnalysisFacts, lock: bytes | None) -> None:
    wanted = facts.packages
    if not wanted.dependencies:
        return
    packages = ", ".join(f"`{each}`" for each in wanted.dependencies)
    hint = f"run `andon lock {FOLDER}/{name}`, and keep the file with the code"
    if lock is None:
        raise ProjectError.of(
            [Problem("build.no_lock", f"the packages {packages} are not locked", file, 1, 1, hint=hint)]
        )
    if locked_for(lock.decode("utf-8", errors="replace")) != wanted.digest:
        message = f"the lock was made for other packages than {packages}, or another Python"
        place = f"{FOLDER}/{name}.lock.txt"
        raise ProjectError.of([Problem("build.stale_lock", message, place, 1, 1, hint=hint)])


def _typed(parameter: AnalysisParameter, said: str | Scalar) -> Scalar:
    """A value of the type of the default."""
    default = parameter.default
    try:
        if isinstance(default, bool):
            if isinstance(said, bool):
                return said
            return {"true": True, "false": False}[str(said).lower()]
        if isinstance(default, str):
            return str(said)
        if isinstance(said, bool):
            raise ValueError
        if isinstance(default, int):
            if isinstance(said, float) and not said.is_integer():
                raise ValueError
            return int(said or 0)
        found = float(said or 0)
        if found - found != 0:
            raise ValueError
        return found
    except (ValueError, KeyError, TypeError, OverflowError):
        kind = {bool: "`true` or `false`", int: "a whole number", float: "a number"}[type(default)]
        message = f"`{said}` is not {kind}, as the parameter `{parameter.name}` is"
        raise UsageError(
            "usage.bad_argument", message, where=f"-p {parameter.name}", hint=f"its default is `{default}`"
        ) from None
