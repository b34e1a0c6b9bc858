"""Who uses a dataset: people by the log of queries, saved queries and datasets that read it, insights that rest on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document
from andon.base.graph import reach, reverse
from andon.catalog.entries import first_line
from andon.catalog.readers import ReadColumn, ReadingPerson, readers_of
from andon.catalog.use import DAYS
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.workspace.workspace import Workspace


class ReadingQuery(Document):
    """A saved query that reads a dataset."""

    query: str
    meaning: str | None
    owner: str | None


class ReadingDataset(Document):
    """A dataset that reads another one directly, and how many people read it in turn."""

    dataset: str
    owner: str | None
    readers: int


class RestingInsight(Document):
    """An insight that rests on a dataset: directly, or through what reads it. `columns` are those that it names."""

    insight: str
    title: str
    kind: str
    owner: str | None
    direct: bool
    columns: list[str]


class ReadersDocument(Document):
    """Who uses a dataset.

    Attributes:
        days: that count for `people` and `columns`, today with them.
        people: who asked it, who does it most first.
        columns: what of it they read, by those questions that told it.
        queries, datasets, insights: what reads it at the commit.
    """

    dataset: str
    commit: str
    days: int
    reads: int
    people: list[ReadingPerson]
    columns: list[ReadColumn]
    queries: list[ReadingQuery]
    datasets: list[ReadingDataset]
    insights: list[RestingInsight]


class ReaderBook:
    """Tells who uses the datasets of one workspace's lake."""

    def __init__(self, workspace: Workspace, catalogs: Catalogs, uses: UseBook) -> None:
        self._workspace = workspace
        self._catalogs = catalogs
        self._uses = uses

    def of(self, dataset: str, at: str | None = None) -> ReadersDocument:
        """Who uses `dataset` at the commit that `at` names; people are those of the last thirty days, whatever commit they asked.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        view.leaf(dataset)
        now = self._workspace.clock()
        since = to_text(now - timedelta(days=DAYS - 1))[:10]
        renamed = self._workspace.lake.former_names.of(view.commit, view.state)
        had = [dataset, *sorted(name for name, now_is in renamed.items() if now_is == dataset)]
        log = self._workspace.query_log
        people, columns = readers_of((read for name in had for read in log.reads_of(name, since)), had)
        entries, uses = self._catalogs.contents(view.commit).entries, self._uses.uses(now, lambda: renamed)
        direct = sorted(name for name, entry in entries.items() if dataset in entry.reads)
        return ReadersDocument(
            dataset=dataset,
            commit=view.commit.id,
            days=DAYS,
            reads=sum(reader.reads for reader in people),
            people=people,
            columns=columns,
            queries=[
                ReadingQuery(query.name, first_line(query.description), query.owner)
                for query in view.project.queries
                if dataset in query.datasets
            ],
            datasets=[
                ReadingDataset(name, entries[name].owner, uses[name].readers if name in uses else 0) for name in direct
            ],
            insights=self._insights(view, dataset),
        )

    def _insights(self, view: View, dataset: str) -> list[RestingInsight]:
        """Those that name the dataset before those that rest on it through others."""
        entries = self._catalogs.contents(view.commit).entries
        below = reach(reverse({name: entry.reads for name, entry in entries.items()}), [dataset])
        start = f"{dataset}."
        found = [
            RestingInsight(
                insight.name,
                insight.title,
                insight.kind,
                insight.owner,
                dataset in insight.datasets,
                [use.removeprefix(start) for use in insight.uses if use.startswith(start)],
            )
            for insight in view.project.insights
            if dataset in insight.datasets or not below.isdisjoint(insight.datasets)
        ]
        return sorted(found, key=lambda insight: (not insight.direct, insight.insight))
