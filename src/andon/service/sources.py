"""Sources: writing what the first load recorded into the source's own file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import write_whole
from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.errors import UsageError
from andon.model.dataset import Kind
from andon.project.set_key import set_key
from andon.runs.planning.bases import common_base
from andon.runs.planning.gather import Gathered, Gatherer
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.schemas import with_contracts
from andon.sources.contract import describe
from andon.sources.pin import pin

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class Pinned(Document):
    """A source whose contract was written into its file; `contract` is what a person reads."""

    dataset: str
    file: str
    changed: bool
    contract: tuple[str, ...]


class Accepted(Document):
    """A source whose next load records anew how its files are read."""

    dataset: str
    file: str
    recorded: int


def accept_source(workspace: Workspace, name: str, branch: str | None = None) -> Accepted:
    """Count up `recorded` in the file of the source `name`: its next load finds dialect, columns and types anew.

    Raises:
        UsageError: `usage.bad_argument` if it is no source.
        ProjectError: `project.cannot_add`.
    """
    definition = gathered_with(workspace, name, branch).definitions[name]
    path = workspace.root / definition.entry
    count = definition.recorded + 1
    write_whole(path, set_key(definition.entry, path.read_text(encoding="utf-8"), "recorded", count).encode())
    return Accepted(name, definition.entry, count)


def gathered_with(workspace: Workspace, name: str, branch: str | None) -> Gathered:
    """What there is of the folder and the branch, with the source `name` in it.

    Raises:
        UsageError: `usage.bad_argument` if there is no such source.
    """
    gathered = gathered_sources(workspace, branch)
    undone = f"sources/{name.replace('.', '/', 1)}.sql"
    if name not in gathered.definitions and any(cause.path == undone for cause in gathered.code.rejected):
        raise _undone(name, undone, branch)
    chosen_sources(gathered, [name])
    return gathered


def gathered_sources(workspace: Workspace, branch: str | None, *, anew: bool = False) -> Gathered:
    """What there is of the folder and the branch.

    Args:
        anew: whether the places of remote files are asked for what was loaded before, too.
    """
    chosen = workspace.branch(branch)
    ref = chosen if workspace.lake.refs.find(chosen) else "main"
    gatherer = Gatherer(workspace)
    side = replace(gatherer.folder(), asks_anew=anew)
    return gatherer.gather(workspace.lake.refs.resolve(ref), side, common_base(workspace, chosen))


def chosen_sources(gathered: Gathered, names: Sequence[str]) -> list[str]:
    """The sources of these names; all where there are none.

    Raises:
        UsageError: `usage.bad_argument` if one is no source.
    """
    sources = sorted(d for d, definition in gathered.definitions.items() if definition.kind is Kind.SOURCE)
    for name in names:
        if name not in sources:
            raise _no_source(name, sources)
    return list(dict.fromkeys(names)) or sources


def _undone(name: str, path: str, branch: str | None) -> UsageError:
    message = f"`{name}` was undone: until `{path}` is let pass or edited, there is no such source"
    there = f" --branch {branch}" if branch else ""
    hint = f"`andon accept --rejected {path}{there}`, then this command again"
    return UsageError("usage.bad_argument", message, where=path, hint=hint)


def _no_source(name: str, sources: Sequence[str]) -> UsageError:
    return UsageError(
        "usage.bad_argument",
        f"`{name}` is not a source",
        where=name,
        hint=did_you_mean(name, sources) or "sources lie in `sources/<schema>/`",
    )


def pin_source(workspace: Workspace, name: str, branch: str | None = None) -> Pinned:
    """Write the dialect, columns and types that `name` is read by into its SQL.

    Raises:
        UsageError: `usage.bad_argument` if it is no source.
        DatasetError: what stands in the way of reading it.
    """
    gathered = gathered_with(workspace, name, branch)
    definition = gathered.definitions[name]
    if definition.asks is not None and definition.connection is None:
        message = f"`{name}` is asked of {definition.asks}, and there is no SQL to write into"
        hint = f"state types in `{definition.entry}`: `columns: {{id: {{type: BIGINT}}}}`"
        raise UsageError("usage.bad_argument", message, where=definition.entry, hint=hint)
    if definition.connection is not None:
        message = f"`{name}` is asked of a database, which says itself what its columns are"
        hint = "name the columns in its query; what it returns is recorded with each load"
        raise UsageError("usage.bad_argument", message, where=gathered.definitions[name].entry, hint=hint)
    raw = RawFiles(workspace.root, workspace.lake.storage, workspace.lake.intact)
    gathered = with_contracts(workspace, gathered, raw, [name])
    if name in gathered.failures:
        raise gathered.failures[name]
    definition, contract = gathered.definitions[name], gathered.sources[name].contract
    if contract is None:
        raise UsageError(
            "usage.bad_argument", f"`{name}` has not been read yet", where=name, hint="`andon run` reads it"
        )
    path = workspace.root / definition.entry
    before = path.read_text(encoding="utf-8")
    after = pin(before, definition, contract)
    if after != before:
        write_whole(path, after.encode())
    return Pinned(name, definition.entry, after != before, tuple(describe(contract)))
