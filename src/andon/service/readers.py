"""Who uses a dataset: people by the log of queries, saved queries and datasets that read it, insights that rest on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.clock import day_said, from_text, to_text
from andon.base.document import Document
from andon.base.graph import reach, reverse
from andon.base.record import Record
from andon.catalog.entries import first_line
from andon.catalog.last_use import LastReader, LastUse, LastUses
from andon.catalog.readers import ReadColumn, ReadingPerson, ReadingTool, readers_of
from andon.catalog.use import DAYS
from andon.model.insight import use_parts
from andon.model.lineage import NodeKind, column_id, downstream
from andon.query.used import datasets_of
from andon.service.spending import GRACE_DAYS
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.lineage.kept import LineageGraphs
    from andon.model.insight import Insight
    from andon.model.lineage import Graph
    from andon.service.log_reads import LogReads
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


class ReadColumnUse(Document):
    """When a column was read last, and what else uses it.

    Attributes:
        person: who read it last; `tool`: what comes by the clock and read it last; as far back as the log of questions goes.
        perhaps: who asked the dataset later than both, when nobody can tell which columns.
        feeds: datasets whose values come from it or are decided by it.
        named: insights and saved queries that use it: `insight revenue`, `query best`.
        unread: that no person reads it, in words; null where one did within the days that count, and where something feeds on it or
            names it.
    """

    column: str
    person: LastReader | None
    tool: LastReader | None
    perhaps: LastReader | None
    feeds: list[str]
    named: list[str]
    unread: str | None


class ReadersDocument(Document):
    """Who uses a dataset.

    Attributes:
        days: that count for `people`, `tools` and `columns`, today with them.
        reads: how often people asked it.
        people: who asked it, who does it most first; as `find` counts them.
        tools: what asks it by the clock.
        columns: what of it people read.
        queries, datasets, insights: what reads it at the commit.
        person, tool: who read it last; null where nobody did as far back as the log of questions goes.
        unread: that no person reads it, in words; null where one did within the days that count.
        since: from when on it is known who read it (ISO text).
        is_young: whether it is not there long enough that who does not read it could be told.
        use: each of its columns, in their order.
    """

    dataset: str
    commit: str
    days: int
    reads: int
    people: list[ReadingPerson]
    tools: list[ReadingTool]
    columns: list[ReadColumn]
    queries: list[ReadingQuery]
    datasets: list[ReadingDataset]
    insights: list[RestingInsight]
    person: LastReader | None
    tool: LastReader | None
    unread: str | None
    since: str
    is_young: bool
    use: list[ReadColumnUse]


class ReaderBook:
    """Tells who uses the datasets of one workspace's lake."""

    def __init__(
        self,
        workspace: Workspace,
        catalogs: Catalogs,
        uses: UseBook,
        reads: LogReads,
        graphs: Callable[[], LineageGraphs],
    ) -> None:
        self._workspace = workspace
        self._catalogs = catalogs
        self._uses = uses
        self._reads = reads
        self._graphs = graphs

    def of(self, dataset: str, at: str | None = None) -> ReadersDocument:
        """Who uses `dataset` at the commit that `at` names, and since when what of it is not read. People are those of the last thirty
        days, whatever commit they asked.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        view.leaf(dataset)
        now = self._workspace.clock()
        since = to_text(now - timedelta(days=DAYS - 1))[:10]
        renamed = self._workspace.lake.former_names.of(view.commit, view.state)
        had = [dataset, *sorted(name for name, now_is in renamed.items() if now_is == dataset)]
        lines, used = self._reads.answered(had, renamed=renamed)
        last = self._reads.last(lines, used)
        found = readers_of([line for line in lines if line.at >= since], dataset, used, self._reads.by_clock())
        entries, uses = self._catalogs.contents(view.commit).entries, self._uses.uses(now, lambda: renamed)
        direct = sorted(name for name, entry in entries.items() if dataset in entry.reads)
        born = self._workspace.lake.holdings.first_built().get(dataset, view.commit.time)
        span = _Span(max(born, self._reads.told_since(now)), born, since, now)
        whole = last.of(dataset)
        return ReadersDocument(
            dataset=dataset,
            commit=view.commit.id,
            days=DAYS,
            reads=sum(reader.reads for reader in found.people),
            people=found.people,
            tools=found.tools,
            columns=found.columns,
            queries=[
                ReadingQuery(query.name, first_line(query.description), query.owner)
                for query in view.project.queries
                if dataset in query.datasets
            ],
            datasets=[
                ReadingDataset(name, entries[name].owner, uses[name].readers if name in uses else 0) for name in direct
            ],
            insights=self._insights(view, dataset),
            person=whole.person,
            tool=whole.tool,
            unread=span.unread(whole),
            since=span.since,
            is_young=born > to_text(now - timedelta(days=GRACE_DAYS)),
            use=self._use(view, dataset, last, span),
        )

    def _use(self, view: View, dataset: str, last: LastUses, span: _Span) -> list[ReadColumnUse]:
        graph = self._graphs().graph(view.commit)
        version = self._workspace.lake.objects.versions([view.leaf(dataset).version])
        named = self._named(view, dataset)
        found = []
        for column in next(iter(version.values())).columns if version else ():
            use = last.of(dataset, column.name)
            feeds = _feeds(graph, dataset, column.name)
            names = sorted({*named.get(column.name.lower(), ()), *named.get("*", ())})
            unread = None if feeds or names else span.unread(use)
            found.append(ReadColumnUse(column.name, use.person, use.tool, use.perhaps, feeds, names, unread))
        return found

    def _named(self, view: View, dataset: str) -> Mapping[str, set[str]]:
        """By column in lower case, the insights and saved queries that use it; those of which nobody can tell stand at `*`."""
        found: dict[str, set[str]] = {}
        for query in view.project.queries:
            if dataset in query.datasets:
                for column in self._reads.columns_of(query.sql, query.datasets, view.commit.id, dataset):
                    found.setdefault(column, set()).add(f"query {query.name}")
        for insight in view.project.insights:
            for column in self._of_insight(view, insight, dataset):
                found.setdefault(column, set()).add(f"insight {insight.name}")
        return found

    def _of_insight(self, view: View, insight: Insight, dataset: str) -> set[str]:
        """The columns of a dataset that an insight uses, as `LogReads.columns_of`: those of its query, and those that it names."""
        queries = {query.name: query.sql for query in view.project.queries}
        read = [(text, datasets_of(text)) for text in insight.texts(queries)]
        columns = {
            each
            for text, datasets in read
            if dataset in datasets
            for each in self._reads.columns_of(text, datasets, view.commit.id, dataset)
        }
        is_asked = any(dataset in datasets for _, datasets in read)
        for used, column in map(use_parts, insight.uses):
            if used == dataset and not (column is None and is_asked):
                columns.add((column or "*").lower())
        return columns

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


class _Span(Record):
    """Times that count.

    Attributes:
        since: from when on it is known who read what; `born`: when the dataset was made first; `counts`: what is read since then is
            read; all ISO texts.
    """

    since: str
    born: str
    counts: str
    now: datetime

    def unread(self, use: LastUse) -> str | None:
        """That no person reads something, in words."""
        if use.person is not None:
            return None if use.person.at >= self.counts else f"not read since {day_said(use.person.at, self.now)}"
        if use.perhaps is not None:
            return None
        if self.since <= self.born:
            return "never read since it exists"
        return f"not read for {(self.now - from_text(self.since)).days} days, as far back as is known"


def _feeds(graph: Graph, dataset: str, column: str) -> list[str]:
    """The datasets that a column goes into, or decides over, directly."""
    node = column_id(dataset, column)
    if node not in graph.nodes:
        return []
    reached = {graph.nodes[graph.holder(spot.node)] for spot in downstream(graph, [node], 1).hops}
    return sorted(each.id for each in reached if each.kind is NodeKind.DATASET and each.id != dataset)
