"""The doctor: what is installed, missing and at risk, and what uses the disk."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import tree_size
from andon.base.postgres import PostgresDatabase
from andon.base.record import replace
from andon.base.s3 import SCHEME
from andon.base.text import plural, size
from andon.errors import AndonError, MachineError
from andon.lake.refs import MAIN
from andon.lake.wrong_objects import wrong_objects
from andon.service.stored_files import Broken, StoredFiles
from andon.version import __version__
from andon.workspace.git import git_info

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from andon.workspace.workspace import Workspace

#: So many datasets are named in one line.
_NAMED = 10


class Finding(Document):
    """One line of `doctor`: `level` is `ok`, `note` or `risk`."""

    level: str
    what: str
    detail: str
    hint: str | None = None


def doctor(workspace: Workspace | None, deep: bool = False) -> list[Finding]:
    """What is installed, missing and at risk; with a workspace also its lake, and what it uses on disk.

    Args:
        deep: read every file and every object of the catalog, and compare it with its hash.
    """
    findings = [
        Finding("ok", "andon", __version__),
        Finding("ok", "python", f"{sys.version.split()[0]} at {sys.executable}"),
        *(_package(name, hint) for name, hint in _PACKAGES),
    ]
    if workspace is not None:
        findings += _readers({each.kind for each in workspace.databases.connections.values()})
        findings += _spark(workspace)
        findings += _lake(workspace, deep)
    return findings


_PACKAGES = (
    ("duckdb", None),
    ("pyarrow", None),
    ("uv", None),
    ("fastavro", None),
    ("pandas", "pip install 'andon[frames]' for `.df()`"),
    ("polars", "pip install 'andon[frames]' for `.pl()`"),
    ("duckdb-extension-iceberg", "pip install 'andon[iceberg]' lets DuckDB read Iceberg"),
)


#: What reads the files of a kind of connection.
_FILE_READERS = {"s3": "obstore", "http": "urllib3", "iceberg": "duckdb-extension-iceberg"}


def _package(name: str, hint: str | None) -> Finding:
    try:
        return Finding("ok", name, version(name))
    except PackageNotFoundError:
        if hint is None:
            return Finding("risk", name, "not installed", "reinstall Andon: `pip install --force-reinstall andon`")
        return Finding("note", name, "not installed", hint)


def _readers(kinds: Iterable[str]) -> Iterator[Finding]:
    """What reads the kinds of databases that the project names."""
    from andon.sources.databases.kinds import DATABASES

    for kind in sorted(kinds):
        if kind in _FILE_READERS:
            found = _package(_FILE_READERS[kind], f"pip install 'andon[{kind}]' reads the files of such connections")
            yield found if found.level == "ok" else replace(found, level="risk")
            continue
        extension = DATABASES[kind].extension
        if extension is not None:
            name = f"duckdb-extension-{extension.replace('_', '-')}"
            found = _package(name, f"pip install 'andon[{kind}]' reads the project's connections of kind `{kind}`")
            yield found if found.level == "ok" else replace(found, level="risk")


def _spark(workspace: Workspace) -> Iterator[Finding]:
    """Whether the Spark that the project names answers."""
    if not workspace.settings.get("engines.spark.url"):
        return
    from andon.engines.spark.probe import who_answers
    from andon.workspace.spark import spark_settings

    try:
        yield Finding("ok", "spark", f"{who_answers(spark_settings(workspace.settings, ''))} answers")
    except AndonError as error:
        yield Finding("risk", "spark", error.message, error.hint)


def _lake(workspace: Workspace, deep: bool) -> list[Finding]:
    try:
        return _whole_lake(workspace, deep)
    except AndonError as error:
        what = "storage" if (error.where or "").startswith(SCHEME) else "catalog"
        return [Finding("risk", what, error.message, _own_hint(error))]


def _own_hint(error: AndonError) -> str | None:
    """The hint of an error as the doctor gives it: who asks the doctor is not sent to the doctor."""
    if error.hint is None or "andon doctor" not in error.hint:
        return error.hint
    if error.retryable:
        return "free some space and run it again"
    return "restore it from a backup"


def _whole_lake(workspace: Workspace, deep: bool) -> list[Finding]:
    lake = workspace.lake
    findings = [Finding("ok", "project", str(workspace.root)), _catalog(workspace, deep)]
    findings += _files(StoredFiles(lake), deep)
    root = lake.storage.root.resolve()
    places = [("data", root / "data"), ("raw copies", root / "raw"), ("iceberg metadata", root / "iceberg")]
    if not lake.storage.shares_locks:
        findings.append(Finding("ok", "storage", f"{lake.storage.url} answers"))
        places = [("copies of what lies there", root)]
    for what, place in places:
        count, total = tree_size(place)
        findings.append(Finding("ok", f"disk: {what}", f"{size(total)} in {plural(count, 'file')}"))
    count, total = tree_size(workspace.folder.state / "tmp")
    findings.append(Finding("ok", "disk: temporary files", f"{size(total)} in {plural(count, 'file')}"))
    free = shutil.disk_usage(workspace.root).free
    findings.append(
        Finding(
            "risk" if free < 1_000_000_000 else "ok",
            "disk: free",
            size(free),
            "free some space" if free < 1_000_000_000 else None,
        )
    )
    findings += _left(workspace)
    findings += _messages(workspace)
    if git_info(workspace.root) is not None and root.is_relative_to(workspace.root):
        findings.append(
            Finding(
                "note",
                "lake in the git folder",
                "`git clean -fdx` spares it; `git clean -ffdx` (twice f) removes it",
                "set `storage` and `catalog` in andon.toml to a place outside for anything you can't load again",
            )
        )
    return findings


def _catalog(workspace: Workspace, deep: bool) -> Finding:
    """Whether the database is sound and, `deep`, whether each object in it is what its id says."""
    database = workspace.lake.database
    rows = [("ok",)] if isinstance(database, PostgresDatabase) else database.query("pragma integrity_check")
    if rows[0][0] != "ok":
        return Finding("risk", "catalog", str(rows[0][0]), "restore it from a backup")
    wrong = wrong_objects(database) if deep else []
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        detail = f"{plural(len(wrong), 'object')} that are not what their id says: {', '.join(wrong[:_NAMED])}{more}"
        return Finding("risk", "catalog", detail, "restore it from a backup")
    sound = f"{database.place} answers" if isinstance(database, PostgresDatabase) else "whole"
    return Finding("ok", "catalog", f"{sound}, and every object is what its id says" if deep else sound)


def _left(workspace: Workspace) -> list[Finding]:
    """What killed processes left behind."""
    from andon.service.leftovers import find

    try:
        left = find(workspace)
    except MachineError as error:
        return [Finding("risk", "left behind", error.message, error.hint)]
    if not left.files:
        return []
    detail = f"{size(left.bytes)} in {plural(left.files, 'file')} that nothing names, for example {left.paths[0]}"
    return [Finding("note", "left behind", detail, "`andon doctor --clean` removes them")]


def _messages(workspace: Workspace) -> list[Finding]:
    """Whether people are told of incidents, and whether it arrives."""
    from andon.service.messages import MessageDesk

    channels = workspace.notify.channels
    if not channels:
        return []
    trouble = MessageDesk(workspace).trouble()
    if trouble is not None:
        return [Finding("risk", "messages", trouble, "`andon notify test` tries each channel")]
    return [Finding("ok", "messages", f"{plural(len(channels), 'channel')}, all that was sent arrived")]


def cleaned(workspace: Workspace) -> Finding:
    """Remove what killed processes left behind, and say how much that was."""
    from andon.service.leftovers import remove

    left = remove(workspace)
    return Finding("ok", "removed", f"{size(left.bytes)} in {plural(left.files, 'file')} that nothing named")


def _files(stored: StoredFiles, deep: bool) -> list[Finding]:
    """Whether every file that a branch, a tag or a run shows is what was written."""
    findings = []
    for what, files in (("data files", stored.data()), ("copies of raw files", stored.raw())):
        broken = stored.broken(files, deep)
        if broken:
            findings += _broken(what, broken, len(files))
        else:
            whole = "all hold what was written" if deep else "all there with their size"
            findings.append(Finding("ok", what, f"{plural(len(files), 'file')} of branches, tags and runs, {whole}"))
    return findings


def _broken(what: str, broken: Sequence[Broken], total: int) -> list[Finding]:
    """A line for what is shown by each branch, since each is mended there, and one for what only the past shows."""
    by_branch: dict[str | None, list[Broken]] = {}
    for each in broken:
        by_branch.setdefault(each.stored.branch, []).append(each)
    findings = []
    for branch, found in by_branch.items():
        where = f"that `{branch}` shows" if branch is not None else "that only older commits show"
        named = [f"{b.stored.dataset} {b.what} ({b.stored.path})" for b in found[:_NAMED]]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        detail = f"{len(found)} of {plural(total, 'file')}, {where}: {', '.join(named)}{more}"
        findings.append(Finding("risk", what, detail, _mend(branch, {b.stored.dataset for b in found})))
    return findings


def _mend(branch: str | None, datasets: Iterable[str]) -> str:
    if branch is None:
        return "`andon repair` builds them again where the same bytes come out; what branches show is not touched by it"
    on = "" if branch == MAIN else f" --branch {branch}"
    force = f"`andon run --force{on} {' '.join(sorted(datasets))}`"
    return f"{force} makes them again, `andon repair` as they were; else restore them from a backup"
