"""The sources of a project: what each reads, when it was last loaded, and what stands in its way. Nothing is asked of anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.model.dataset import Definition, Kind
from andon.model.load import Taking
from andon.model.run import TaskStatus
from andon.runs.planning.going_on import asks
from andon.service.sources import gathered_sources

if TYPE_CHECKING:
    from andon.model.run import TaskResult
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace

#: So many runs are looked through for the last one of a source.
_RUNS = 50


class SourceInfo(Document):
    """One line of `source list`.

    Attributes:
        kind: of the connection, or `files`, `rest`, `python`.
        reads: the connection, the host, the file of the function, or the patterns of the files.
        load: what becomes of earlier rows: `replace`, `append`, `merge`, `cursor`.
        loaded: when what is published was loaded; None: nothing is.
        run: the run that did it.
        state: `published`, `new`, `changed` (its code or files), `undone`, `failed`.
        why: of what is not published: a sentence.
        files: how many raw files are in what is published; None where it reads none.
        asks: what the next load asks for, of whom somebody else is; None for files.
    """

    dataset: str
    file: str
    kind: str
    reads: tuple[str, ...]
    load: Taking
    rows: int | None
    loaded: str | None
    run: int | None
    state: str
    why: str | None
    files: int | None
    asks: str | None


def list_sources(workspace: Workspace, branch: str | None = None) -> list[SourceInfo]:
    """The sources of the folder and the branch, by name.

    Raises:
        ConflictError: `lake.folder_conflict`.
    """
    gathered = gathered_sources(workspace, branch)
    names = [name for name, definition in sorted(gathered.definitions.items()) if definition.kind is Kind.SOURCE]
    versions = [gathered.builds[name].version for name in names if name in gathered.builds]
    counts = workspace.lake.objects.row_counts(versions)
    last = _last_tasks(workspace, workspace.branch(branch), set(names))
    found = []
    for name in names:
        definition, build = gathered.definitions[name], gathered.builds.get(name)
        state, why = _state(gathered, name, last.get(name))
        rows = counts.get(build.version, (None, 0))[0] if build is not None else None
        found.append(
            SourceInfo(
                name,
                definition.entry,
                kind_of(workspace, definition),
                reads_of(definition),
                _taking(definition),
                rows,
                build.created if build is not None else None,
                build.run if build is not None else None,
                state,
                why,
                len(build.files) if build is not None and build.files else None,
                asks(definition, build) if definition.connection is not None or definition.asks is not None else None,
            )
        )
    return found


def _taking(definition: Definition) -> Taking:
    if definition.rest is not None and definition.rest.since is not None:
        return Taking.CURSOR
    return definition.load.taking if definition.load is not None else Taking.REPLACE


def kind_of(workspace: Workspace, definition: Definition) -> str:
    """What a source is asked of."""
    if definition.connection is None:
        return "files" if definition.asks is None else "python" if definition.is_function else "rest"
    known = workspace.databases.connections.get(definition.connection)
    return known.kind if known is not None else "no such connection"


def reads_of(definition: Definition) -> tuple[str, ...]:
    """The connection, the host, or the patterns of the files."""
    if definition.connection is not None:
        return (definition.connection,)
    if definition.asks is not None:
        return (definition.asks,)
    return tuple(dict.fromkeys(pattern for read in definition.reads for pattern in read.patterns))


def _state(gathered: Gathered, name: str, last: TaskResult | None) -> tuple[str, str | None]:
    """Where a source stands, and why it is not just published."""
    definition, leaf = gathered.definitions[name], gathered.state.leaves.get(name)
    if last is not None and last.status is TaskStatus.FAILED:
        return "failed", str((last.error or {}).get("message", last.reason))
    undone = [cause for cause in gathered.head.rejected if cause.source == name or cause.path == definition.entry]
    if undone and not gathered.passed.issuperset(undone):
        return "undone", f"`andon accept --rejected {undone[0].path}` lets it pass"
    if leaf is None:
        return "new", "`andon run` loads it"
    source = gathered.sources.get(name)
    if leaf.definition != definition.id:
        return "changed", "its code: `andon run` takes it"
    moved = (*source.added, *source.changed, *source.removed) if source is not None else ()
    if moved:
        more = f" and {len(moved) - 1:,} more" if len(moved) > 1 else ""
        return "changed", f"its files: {moved[0]}{more}"
    return "published", None


def _last_tasks(workspace: Workspace, branch: str, names: set[str]) -> dict[str, TaskResult]:
    """What became of each source in the last run of the branch that had it."""
    found: dict[str, TaskResult] = {}
    for run in workspace.runs.newest(_RUNS):
        if run.branch == branch and not names <= found.keys():
            for task in workspace.runs.tasks(run.number):
                if task.dataset in names:
                    found.setdefault(task.dataset, task)
    return found
