"""What nobody described yet, what most people read first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.catalog.entries import CatalogEntry
    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.workspace.workspace import Workspace

#: Datasets that are listed where nobody says how many.
LISTED = 20
#: Columns that a next step names.
_NAMED = 3


class UndescribedDataset(Document):
    """A dataset of which something is not described.

    Attributes:
        file: the file that would say it.
        readers: people who asked it within 30 days.
        described: whether the dataset itself is described.
        columns: those that nobody describes, here or where their values come from.
        of: how many columns it has.
        next: the one next step.
    """

    dataset: str
    file: str
    owner: str | None
    readers: int
    described: bool
    columns: list[str]
    of: int
    next: str


class UndescribedDocument(Document):
    """What lacks a description at a commit.

    Attributes:
        total: datasets that lack one, or of which columns do; `datasets` may be a part of them.
        of: how many datasets there are.
        columns: columns that are described in no place; `handed`: those that are where their values come from.
        of_columns: how many columns there are.
    """

    commit: str
    total: int
    of: int
    columns: int
    handed: int
    of_columns: int
    datasets: list[UndescribedDataset]


class Undescribed:
    """Tells what is not described in one workspace's lake."""

    def __init__(self, workspace: Workspace, catalogs: Catalogs, uses: UseBook) -> None:
        self._workspace = workspace
        self._catalogs = catalogs
        self._uses = uses

    def list(self, limit: int | None = LISTED, at: str | None = None) -> UndescribedDocument:
        """Datasets that lack a description, or of which columns do: what most people read first, then by name.

        Args:
            limit: so many; all where it is None.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        entries = self._catalogs.of(view.commit).entries
        names = self._workspace.lake.former_names
        uses = self._uses.uses(self._workspace.clock(), lambda: names.of(view.commit, view.state))
        found = []
        for name, entry in entries.items():
            missing = [column.name for column in entry.columns if not column.meaning]
            if missing or not entry.description:
                readers = uses[name].readers if name in uses else 0
                info = view.project.datasets.get(name)
                file = info.definition.entry if info is not None else ""
                found.append(_lacking(entry, missing, file, readers))
        found.sort(key=lambda each: (-each.readers, each.described, each.dataset))
        columns = [column for entry in entries.values() for column in entry.columns]
        return UndescribedDocument(
            commit=view.commit.id,
            total=len(found),
            of=len(entries),
            columns=sum(not column.meaning for column in columns),
            handed=sum(not column.description and column.handed is not None for column in columns),
            of_columns=len(columns),
            datasets=found[:limit],
        )


def _lacking(entry: CatalogEntry, missing: list[str], file: str, readers: int) -> UndescribedDataset:
    if not entry.description:
        step = "description: …"
    else:
        named = ", ".join(f"{column}: …" for column in missing[:_NAMED])
        step = f"columns: {{{named}{', …' if len(missing) > _NAMED else ''}}}"
    return UndescribedDataset(
        dataset=entry.dataset,
        file=file,
        owner=entry.owner,
        readers=readers,
        described=bool(entry.description),
        columns=missing,
        of=len(entry.columns),
        next=f"write `{step}` in {file}",
    )
