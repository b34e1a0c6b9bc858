"""Whom a plan breaks: insights, saved queries, people and tools that read what is gone or of another type. Each of their queries is bound
over the columns as they are and as they will be; who reads something else is not named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from andon.base.clock import day_said, to_text
from andon.base.graph import reach
from andon.base.record import Record, replace
from andon.catalog.broken import MovedColumns, breaking, moved_between
from andon.catalog.by_clock import asking_of
from andon.catalog.use import DAYS
from andon.lake.refs import MAIN
from andon.model.broken_reader import Breaking, BrokenReader, BrokenReaderKind
from andon.model.insight import use_parts
from andon.model.plan import Action, Step
from andon.model.version import Schemas
from andon.query.used import MOST_KINDS, datasets_of, is_plan, kind_of, select_of
from andon.value.shares import yearly
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.insight import Insight
    from andon.model.project import Project
    from andon.runs.planning.gather import Gathered
    from andon.service.log_reads import LogReads
    from andon.state.queries import AnsweredLine
    from andon.workspace.workspace import Workspace

#: Commits of a branch that are walked back to find what was asked of it.
_COMMITS = 2_000
_ORDER = tuple(BrokenReaderKind)
_WORST = tuple(Breaking)


class _Found(Record):
    """Something that a plan breaks: a reader, or one question of one."""

    kind: BrokenReaderKind
    name: str
    how: Breaking
    datasets: frozenset[str]
    columns: tuple[str, ...] = ()
    line: AnsweredLine | None = None
    worth: int = 0


class BrokenReaders:
    """Tells whom plans of one workspace break."""

    def __init__(self, workspace: Workspace, reads: LogReads) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._reads = reads

    def of_plan(
        self, steps: Sequence[Step], gathered: Gathered, bound: Mapping[str, Sequence[tuple[str, str]]]
    ) -> tuple[Step, ...]:
        """The steps that change code, with whom they break: what matters most first.

        Args:
            bound: the columns that changed code returns.
        """
        dropped = {step.dataset for step in steps if step.action is Action.DROP}
        kept = {step.dataset for step in steps if step.action is Action.KEEP}
        coming = {name: columns for name, columns in bound.items() if name not in kept}
        leaves = gathered.state.leaves
        suspects = (coming.keys() | dropped) & leaves.keys()
        if not suspects or not moved_between(*self._schemas(gathered, coming, dropped, suspects)).datasets:
            return tuple(steps)
        before, after = self._schemas(gathered, coming, dropped, leaves.keys() | coming.keys())
        moved = moved_between(before, after)
        scene = _Scene(self._reads, gathered.head, before, after, moved)
        project = project_at(self._workspace, gathered.state)
        found = [
            *_broken_saved(scene, project, gathered),
            *_broken_insights(scene, project, gathered),
            *self._asked(scene),
        ]
        return self._told(steps, gathered, moved, found) if found else tuple(steps)

    # -- what changes

    def _schemas(
        self,
        gathered: Gathered,
        coming: Mapping[str, Sequence[tuple[str, str]]],
        dropped: Collection[str],
        wanted: Collection[str],
    ) -> tuple[Schemas, Schemas]:
        """The columns of datasets as they are, and as they will be."""
        from andon.runs.planning.bound_columns import known_columns

        leaves = gathered.state.leaves
        versions = self._lake.objects.versions(leaves[name].version for name in wanted if name in leaves)
        before = {
            name: versions[leaves[name].version].types
            for name in wanted
            if name in leaves and leaves[name].version in versions
        }
        new = known_columns(self._workspace, gathered, coming, [name for name in coming if name in wanted])
        return before, {**{name: columns for name, columns in before.items() if name not in dropped}, **new}

    # -- questions

    def _asked(self, scene: _Scene) -> list[_Found]:
        """What was asked within the days that count."""
        since = to_text(self._workspace.clock() - timedelta(days=DAYS - 1))[:10]
        lines = [line for line in self._reads.lines(since=since) if not scene.moved.datasets.isdisjoint(line.datasets)]
        newest: dict[tuple[str, str, str | None], AnsweredLine] = {}
        last: dict[str, AnsweredLine] = {}
        for line in lines:
            newest[line.who, kind_of(line), line.commit] = line
            last.pop(kind_of(line), None)
            last[kind_of(line)] = line
        kinds = dict(list(last.items())[-MOST_KINDS:])
        judged = scene.judge({kind: (line.sql, line.datasets) for kind, line in kinds.items()}, kinds)
        by_clock = self._reads.by_clock()
        found = []
        for (_, asked, _), line in newest.items():
            if asked in judged:
                how, columns = judged[asked]
                kind = BrokenReaderKind.TOOL if by_clock(line) else BrokenReaderKind.PERSON
                found.append(_Found(kind, line.who, how, scene.moved.datasets & set(line.datasets), columns, line))
        return found

    def _branches(self, commits: Iterable[str | None]) -> Mapping[str, str | None]:
        """By commit the branch that has it; None for main."""
        left = {each for each in commits if each is not None}
        found: dict[str, str | None] = {}
        names = sorted((ref.name for ref in self._lake.refs.of_kind("branch")), key=lambda name: (name != MAIN, name))
        for name in names:
            for count, commit in enumerate(self._lake.commits.first_parents(self._lake.refs.head(name))):
                if not left or count > _COMMITS:
                    break
                if commit.id in left:
                    left.discard(commit.id)
                    found[commit.id] = None if name == MAIN else name
        return found

    # -- telling

    def _told(
        self, steps: Sequence[Step], gathered: Gathered, moved: MovedColumns, found: Sequence[_Found]
    ) -> tuple[Step, ...]:
        causes = _causes(steps, gathered, moved)
        branches = self._branches(each.line.commit for each in found if each.line is not None)
        people = {each.name for each in found if each.kind is BrokenReaderKind.PERSON}
        now = self._workspace.clock()
        result = []
        for step in steps:
            own = [each for each in found if any(step.dataset in causes[d] for d in each.datasets)]
            readers = _grouped(own, branches, now, people)
            first = [r.words for r in readers if r.kind in (BrokenReaderKind.INSIGHT, BrokenReaderKind.QUERY)]
            last = [r.words for r in readers if r.kind in (BrokenReaderKind.PERSON, BrokenReaderKind.TOOL)]
            breaks = tuple(dict.fromkeys([*first, *step.breaks, *last]))
            result.append(replace(step, breaks=breaks, readers=readers) if readers else step)
        return tuple(result)


class _Scene(Record):
    """Columns as they are and as they will be, and what queries use of them."""

    reads: LogReads
    head: Commit
    before: Schemas
    after: Schemas
    moved: MovedColumns

    def judge(
        self, texts: Mapping[str, tuple[str, Sequence[str]]], lines: Mapping[str, AnsweredLine] | None = None
    ) -> dict[str, tuple[Breaking, tuple[str, ...]]]:
        """By key, what becomes of texts, and the columns that they use and that are gone or of another type; what stays as it is is not
        in it.

        Args:
            texts: by key a text and the datasets that it names.
            lines: by key a line of the log with the text: that could be read once.
        """
        from andon.sql.lineage.used import is_made_alike, outcomes

        selects = {key: select for key, (sql, _) in texts.items() if (select := select_of(sql)) is not None}
        names = {name for _, datasets in texts.values() for name in datasets}
        before = outcomes(selects, {d: c for d, c in self.before.items() if d in names})
        after = outcomes(selects, {d: c for d, c in self.after.items() if d in names})
        found = {}
        for key, (sql, datasets) in texts.items():
            used = self.reads.of_text(sql, datasets, self.head.id)
            is_readable = key in selects
            if used is None and lines is not None:
                bound, used = self.reads.once(lines[key])
                is_readable = is_readable and bound
            schemas = [{d: of[d] for d in datasets if d in of} for of in (self.before, self.after)]
            how = breaking(
                before.get(key, ""),
                after.get(key, ""),
                datasets,
                used,
                self.moved,
                partial(is_made_alike, selects.get(key, ""), *schemas),
                is_readable=is_readable,
            )
            if how is not None and (how is Breaking.FAILS or not is_plan(sql)):
                found[key] = how, tuple(self.moved.hit(used or {}))
        return found


def _broken_saved(scene: _Scene, project: Project, gathered: Gathered) -> list[_Found]:
    """Saved queries that stay. What is edited with the change is not broken by it, unless it fails."""
    from andon.runs.planning.saved_queries import as_select

    texts = {
        query.name: (as_select(query)[0], query.datasets)
        for query in gathered.project.queries
        if not scene.moved.datasets.isdisjoint(query.datasets)
    }
    there = {query.name for query in project.queries}
    edited = {query.name for query in gathered.project.queries if _is_edited(query.file, gathered)}
    return [
        _Found(BrokenReaderKind.QUERY, name, how, scene.moved.datasets & set(texts[name][1]), columns)
        for name, (how, columns) in scene.judge(texts).items()
        if name in there and (name not in edited or how is Breaking.FAILS)
    ]


def _broken_insights(scene: _Scene, project: Project, gathered: Gathered) -> list[_Found]:
    """Insights that stay, by what they ask and by what they name."""
    from andon.runs.planning.saved_queries import as_select

    there = {insight.name for insight in project.insights}
    queries = {query.name: as_select(query)[0] for query in gathered.project.queries}
    texts: dict[str, tuple[str, tuple[str, ...]]] = {}
    of: dict[str, list[str]] = {}
    for insight in gathered.project.insights:
        for sql in insight.texts(queries):
            if insight.name in there and (datasets := datasets_of(sql)):
                of.setdefault(insight.name, []).append(sql)
                texts[sql] = sql, datasets
    judged = scene.judge({key: each for key, each in texts.items() if not scene.moved.datasets.isdisjoint(each[1])})
    found = []
    for insight in gathered.project.insights:
        if insight.name not in there:
            continue
        parts = [
            (*judged[sql], scene.moved.datasets & set(texts[sql][1]))
            for sql in of.get(insight.name, ())
            if sql in judged
        ]
        parts += _named(scene.moved, insight, {name for sql in of.get(insight.name, ()) for name in texts[sql][1]})
        if _is_edited(insight.file, gathered):
            parts = [part for part in parts if part[0] is Breaking.FAILS]
        if parts:
            worth = yearly(insight.worth)
            found.append(
                _Found(
                    BrokenReaderKind.INSIGHT,
                    insight.name,
                    min((part[0] for part in parts), key=_WORST.index),
                    frozenset().union(*(part[2] for part in parts)),
                    tuple(sorted({column for part in parts for column in part[1]})),
                    worth=worth[1] if worth is not None else 0,
                )
            )
    return found


def _named(
    moved: MovedColumns, insight: Insight, asked: set[str]
) -> list[tuple[Breaking, tuple[str, ...], frozenset[str]]]:
    """What becomes of what an insight names; of a dataset that its query reads, that tells which columns."""
    found: list[tuple[Breaking, tuple[str, ...], frozenset[str]]] = []
    for dataset, column in map(use_parts, insight.uses):
        if dataset in moved.gone:
            found.append((Breaking.FAILS, (), frozenset((dataset,))))
        elif column is not None and column.lower() in moved.columns.get(dataset, ()):
            found.append((Breaking.FAILS, (f"{dataset}.{column}",), frozenset((dataset,))))
        elif column is None and dataset in moved.columns and dataset not in asked:
            found.append((Breaking.UNKNOWN, (), frozenset((dataset,))))
    return found


def _is_edited(file: str, gathered: Gathered) -> bool:
    return gathered.state.shared.get(file) != gathered.shared.get(file)


def _causes(steps: Sequence[Step], gathered: Gathered, moved: MovedColumns) -> dict[str, set[str]]:
    """By dataset whose columns change, the datasets whose code does that: itself, or those above it."""
    changed = {step.dataset for step in steps if step.code_changed or step.action is Action.DROP}
    needs = {name: definition.inputs for name, definition in gathered.definitions.items()}
    found = {}
    for dataset in moved.datasets:
        above = reach(needs, [dataset]) & changed & moved.datasets
        found[dataset] = {dataset} if dataset in changed else above or {dataset}
    return found


def _grouped(
    found: Sequence[_Found], branches: Mapping[str, str | None], now: datetime, people: set[str]
) -> tuple[BrokenReader, ...]:
    """One for each reader and branch, in the order in which they are told."""
    groups: dict[tuple[BrokenReaderKind, str, str | None], list[_Found]] = {}
    for each in found:
        branch = None if each.line is None else _branch_of(each.line, branches)
        groups.setdefault((each.kind, each.name, branch), []).append(each)
    readers = [(_reader(*key, group, now, people), group) for key, group in groups.items()]
    readers.sort(key=lambda each: (each[0].name, each[0].branch or ""))
    readers.sort(key=lambda each: each[0].last or "", reverse=True)
    readers.sort(key=lambda each: (_ORDER.index(each[0].kind), -max(one.worth for one in each[1])))
    return tuple(reader for reader, _ in readers)


def _branch_of(line: AnsweredLine, branches: Mapping[str, str | None]) -> str | None:
    """The branch of which a line was asked; None for main, the commit where no branch has it any more."""
    commit = line.commit or ""
    return branches[commit] if commit in branches else f"commit {commit[:8]}"


def _reader(
    kind: BrokenReaderKind, name: str, branch: str | None, group: Sequence[_Found], now: datetime, people: set[str]
) -> BrokenReader:
    how = min((each.how for each in group), key=_WORST.index)
    lines = [each.line for each in group if each.line is not None]
    newest = max(lines, key=lambda line: line.at) if lines else None
    count = len({asking_of(line) for line in lines})
    datasets = sorted({dataset for each in group for dataset in each.datasets})
    if newest is None:
        words = f"{kind} {name}"
    elif kind is BrokenReaderKind.TOOL:
        words = f"{name}'s query by the clock" if name in people else f"tool {name}"
    else:
        day = day_said(newest.at, now)
        words = f"{name}'s query of {day}" if count == 1 else f"{name}'s {count} queries, the last of {day}"
    if branch is not None:
        words += f" at {branch}" if branch.startswith("commit ") else f" on branch {branch}"
    return BrokenReader(
        kind=kind,
        name=name,
        how=how,
        datasets=datasets,
        columns=sorted({column for each in group for column in each.columns}),
        queries=count,
        last=None if newest is None else newest.at,
        door=None if newest is None else newest.face,
        branch=branch,
        words=words + _SAID.get(how, "").format(", ".join(datasets)),
    )


#: What is said of a reader that does not simply fail.
_SAID = {
    Breaking.COLUMNS: " (gets other columns)",
    Breaking.ROWS: " (may get other rows)",
    Breaking.UNKNOWN: " (reads {}; which columns is not known)",
}
