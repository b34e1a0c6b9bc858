"""History: log and diff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.names import did_you_mean
from andon.base.record import replace, values_of
from andon.errors import AndonError, UsageError
from andon.lake.undo import with_undone
from andon.model.acceptance import Acceptance
from andon.model.commit import Commit, CommitKind, Leaf
from andon.model.origin import GitState, Origin
from andon.model.row_diff import ColumnChangeDocument, RetypedDocument, RowDiff, RowSampleDocument
from andon.model.verdict import Renamed, Verdict, VerdictDocument
from andon.relations.changed_files import changed_files
from andon.service.schema_changes import SchemaChange, schema_diff, verdict_of
from andon.service.trust import TrustNote

if TYPE_CHECKING:
    from andon.lake.changed_names import ChangedNames
    from andon.model.version import Version
    from andon.runs.planning.outlook import Outlook
    from andon.service.row_diffs import RowDiffs, RowOptions
    from andon.service.trust import Trust
    from andon.workspace.workspace import Workspace


class CheckCounts(Document):
    """How many checks a run asked, and how many of them failed."""

    asked: int
    failed: int


class LogDocument(Document):
    """A commit of a branch's history.

    Attributes:
        git: the commit of git that its run's folder was at, with `-dirty` where the folder held other code; missing where there was none.
    """

    checks: CheckCounts | None
    accepted: list[Acceptance]
    commit: str
    parent: str | None
    parents: list[str]
    kind: CommitKind
    message: str
    author: str
    at: str
    run: int | None
    changed: list[str]
    undone: bool
    target: str | None
    git: str | UnsetType = UNSET


class LogEntry(Documented):
    """A commit of a branch's history, with the datasets it changed against its first parent.

    Attributes:
        checks: how many its run asked, and how many of them failed; None without a run.
        git: the checkout that its run's folder was; None where there was none.
    """

    commit: Commit
    changed: tuple[str, ...]
    undone: bool = False
    checks: tuple[int, int] | None = None
    git: GitState | None = None

    def document(self) -> LogDocument:
        """As in `log --json`."""
        commit = self.commit
        return LogDocument.about(
            commit,
            checks=CheckCounts(*self.checks) if self.checks else None,
            accepted=[a for a in commit.acceptances if a.run is not None],
            commit=commit.id,
            at=commit.time,
            changed=self.changed,
            undone=self.undone,
            git=UNSET if self.git is None else f"{self.git.commit or 'none'}{'-dirty' if self.git.is_dirty else ''}",
        )


class RowsDocument(Document):
    """Rows before and after, and how many differ where that was asked for (null where they were not compared)."""

    a: int | None
    b: int | None
    added: int | UnsetType | None = UNSET
    removed: int | UnsetType | None = UNSET
    changed: int | UnsetType | None = UNSET


class DatasetDiffDocument(Document, kw_only=True):
    """How a dataset differs between two commits; with `--rows` also all that is known of its rows."""

    dataset: str
    change: str
    verdict: VerdictDocument | UnsetType = UNSET
    schema: list[str]
    rows: RowsDocument
    code: list[str]
    columns: dict[str, int] | UnsetType = UNSET
    key: list[str] | UnsetType = UNSET
    where: str | UnsetType | None = UNSET
    tolerance: str | UnsetType | None = UNSET
    skipped: str | UnsetType | None = UNSET
    notes: list[str] | UnsetType = UNSET
    columns_added: list[str] | UnsetType = UNSET
    columns_removed: list[str] | UnsetType = UNSET
    renamed: list[Renamed] | UnsetType = UNSET
    retyped: list[RetypedDocument] | UnsetType = UNSET
    detail: dict[str, ColumnChangeDocument] | UnsetType = UNSET
    samples: list[RowSampleDocument] | UnsetType = UNSET
    output: str | UnsetType | None = UNSET


class DiffDocument(Document, kw_only=True):
    """How two commits differ; with rows, `notes` where something is known of the datasets that they are of, on the later side."""

    a: str
    b: str
    datasets: list[DatasetDiffDocument]
    files: list[str]
    notes: list[TrustNote] | UnsetType = UNSET


class DatasetDiff(Documented):
    """How one dataset differs between two commits.

    Attributes:
        change: `added`, `removed`, `changed` (content), `code` (same content, other definition), `text` (comments or layout only),
            or `equal` for a dataset that was asked for by name and does not differ.
        schema: lines like `+ amount DECIMAL(10,2)`, `- x`, `~ y INTEGER -> BIGINT`.
        rows: before and after; None for views and absent ones.
        code: paths of own files that differ, with their texts before and after.
        verdict: what the change of the definition means; None where that did not change.
    """

    dataset: str
    change: str
    schema: tuple[str, ...]
    rows: tuple[int | None, int | None]
    code: tuple[tuple[str, str | None, str | None], ...] = ()
    verdict: Verdict | None = None

    def document(self) -> DatasetDiffDocument:
        """As in `diff --json`."""
        return DatasetDiffDocument.about(
            self, verdict=self.verdict or UNSET, rows=RowsDocument(*self.rows), code=[path for path, _, _ in self.code]
        )


class Diff(Documented):
    """Difference of two commits: datasets, and shared files as `(path, text before, text after)`.

    Attributes:
        rows: which rows differ, where that was asked for.
        notes: what is known of the datasets that these are of, at `b`.
    """

    a: Commit
    b: Commit
    datasets: tuple[DatasetDiff, ...]
    files: tuple[tuple[str, str | None, str | None], ...]
    rows: tuple[RowDiff, ...] | None = None
    notes: tuple[TrustNote, ...] = ()

    def document(self) -> DiffDocument:
        """As in `diff --json`."""
        return DiffDocument(
            a=self.a.id,
            b=self.b.id,
            datasets=[self._dataset(d) for d in self.datasets],
            files=[path for path, _, _ in self.files],
            notes=list(self.notes) or UNSET,
        )

    def _dataset(self, found: DatasetDiff) -> DatasetDiffDocument:
        """One dataset; with its rows, if they were asked for. What has the same version on both sides has the same rows."""
        document = found.document()
        if self.rows is None:
            return document
        known = next((r for r in self.rows if r.dataset == found.dataset), RowDiff(found.dataset)).document()
        counts = values_of(known.rows) if known.rows else dict.fromkeys(("added", "removed", "changed"))
        return replace(document, **{**values_of(known), "rows": replace(document.rows, **counts)})


#: Commits that are looked at together, at first and later on: who wants the newest does not wait for all.
_FIRST, _MOST = 20, 400
#: Commits that are looked through before anybody asks.
_LEARNT = 5000


class History:
    """What happened on one workspace's lake."""

    def __init__(
        self,
        workspace: Workspace,
        outlook: Outlook,
        row_diffs: RowDiffs,
        changed_names: ChangedNames,
        trust: Callable[[], Trust],
    ) -> None:
        self._trust = trust
        self._workspace = workspace
        self._changed_names = changed_names
        self._outlook = outlook
        self._row_diffs = row_diffs
        self._lake = workspace.lake

    def log(self, ref: str | None = None, dataset: str | None = None, limit: int = 20) -> list[LogEntry]:
        """The newest commits of a branch (or of any ref's history), newest first; with `dataset` only those that changed it.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found` for a dataset that this history never had.
        """
        entries: list[LogEntry] = []
        seen: list[tuple[str, ...]] = []
        for commit, changes, undone in self._walk(ref):
            if dataset is None or dataset in changes:
                entries.append(LogEntry(commit, changes, undone))
            seen.append(changes)
            if len(entries) >= limit:
                break
        if dataset is not None and not entries:
            self._require(dataset, ref, chain.from_iterable(seen))
        runs = [e.commit.run for e in entries if e.commit.run is not None]
        counts, origins = self._workspace.check_results.counts(runs), self._workspace.origins.of_all(runs)
        return [self._of_run(e, e.commit.run, counts, origins) if e.commit.run is not None else e for e in entries]

    def _of_run(
        self, entry: LogEntry, run: int, counts: Mapping[int, tuple[int, int]], origins: Mapping[int, Origin]
    ) -> LogEntry:
        """An entry with what is known of its run."""
        origin = origins.get(run)
        return replace(entry, checks=counts.get(run), git=(origin.git or None) if origin is not None else None)

    def learn(self, is_ending: Callable[[], bool]) -> None:
        """Look through the commits of the caller's branch once, beside other work, so that nobody waits for it: what each changed is
        remembered. A lake that can't be read says so to whoever asks it.

        Args:
            is_ending: asked now and then: true makes it stop.
        """
        try:
            head = self._lake.refs.resolve(self._workspace.reading())
            history = islice(self._lake.commits.first_parents(head), _LEARNT)
            while not is_ending() and (batch := list(islice(history, _FIRST))):
                self._changed_names.of(batch)
        except AndonError:
            return

    def schema_log(self, dataset: str, ref: str | None = None, limit: int = 20) -> list[SchemaChange]:
        """Every change of a dataset's columns and types in a branch's history, newest first; the first is when it came.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found` for a dataset that this history never had.
        """
        found: list[SchemaChange] = []
        seen: set[str] = set()
        for commit, changes, undone in self._walk(ref):
            seen.update(changes)
            if dataset not in changes:
                continue
            before, after = self.pair(commit, dataset)
            versions = self._lake.objects.versions(leaf.version for leaf in (before, after) if leaf is not None)
            old = versions[before.version].columns if before else ()
            new = versions[after.version].columns if after else ()
            lines = schema_diff(old, new)
            if lines or before is None or after is None:
                change = "added" if before is None else "removed" if after is None else "changed"
                columns = tuple((c.name, c.type) for c in new)
                verdict = self._verdict(commit, dataset)
                if verdict is None and change == "changed":
                    verdict = verdict_of(old, new)
                found.append(SchemaChange(commit, dataset, change, lines, columns, undone, verdict))
            if len(found) >= limit:
                break
        if not found:
            self._require(dataset, ref, seen)
        return found

    def _verdict(self, commit: Commit, dataset: str) -> str | None:
        """What the commit's change of a dataset's definition meant."""
        if commit.parent is None:
            return None
        found = self._outlook.between(self._lake.commits.get(commit.parent), commit, [dataset])
        return str(found[dataset].kind) if dataset in found else None

    def diff_rows(self, a: str, b: str, datasets: Sequence[str] = (), options: RowOptions | None = None) -> Diff:
        """How `b` differs from `a`, with the rows that differ.

        Args:
            datasets: only these, whether they differ or not; none means all that differ.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; see `RowDiffs.rows`.
        """
        found = self.diff(a, b)
        rows = self._row_diffs.between(found.a, found.b, datasets, options)
        found = replace(found, rows=rows, notes=self.known(found.b, rows, b))
        if not datasets:
            return found
        known = {d.dataset: d for d in found.datasets}
        return replace(found, datasets=tuple(known.get(n) or self._equal(n, found.b) for n in datasets))

    def known(self, commit: Commit, rows: Sequence[RowDiff], at: str) -> tuple[TrustNote, ...]:
        """What is to be known of the datasets that rows are told of, on the side of `commit`, which was named `at`."""
        there = self._lake.commits.state(commit).leaves
        names = [each.dataset for each in rows if each.dataset in there]
        return tuple(self._trust().notes(commit, names, at, is_masked=True))

    def diff(self, a: str, b: str) -> Diff:
        """How `b` differs from `a`.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        lake = self._lake
        left, right = lake.refs.resolve(a), lake.refs.resolve(b)
        changes = lake.commits.changed_leaves(left, right)
        versions = lake.objects.versions(
            {leaf.version for pair in changes.values() for leaf in pair if leaf is not None}
        )
        verdicts = self._outlook.between(left, right, changes)
        datasets = []
        for name, (before, after) in changes.items():
            old = versions.get(before.version) if before else None
            new = versions.get(after.version) if after else None
            change = change_of(before, after, old, new)
            if change is None:
                continue
            datasets.append(
                DatasetDiff(
                    name,
                    change,
                    schema_diff(old.columns if old else (), new.columns if new else ()) if old and new else (),
                    (old.rows if old else None, new.rows if new else None),
                    self._texts(dict(before.files) if before else {}, dict(after.files) if after else {}),
                    verdicts.get(name),
                )
            )
        files = self._texts(lake.commits.shared(left), lake.commits.shared(right))
        return Diff(left, right, tuple(datasets), files)

    def pair(self, commit: Commit, dataset: str) -> tuple[Leaf | None, Leaf | None]:
        """A dataset before and after a commit."""
        commits = self._lake.commits
        before = commits.leaf(commits.get(commit.parent), dataset) if commit.parent is not None else None
        return before, commits.leaf(commit, dataset)

    # -- parts

    def _walk(self, ref: str | None) -> Iterator[tuple[Commit, tuple[str, ...], bool]]:
        """The commits that readers saw, newest first: what each changed against its first parent, and whether it was undone."""
        commits = self._lake.commits
        head = self._lake.refs.resolve(self._workspace.reading(ref))
        history = with_undone(commits.first_parents(head))
        many = _FIRST
        while batch := list(islice(history, many)):
            names = self._changed_names.of([commit for commit, _ in batch])
            for commit, undone in batch:
                yield commit, names[commit.id], undone
            many = min(2 * many, _MOST)

    def _require(self, dataset: str, ref: str | None, seen: Iterable[str]) -> None:
        """Refuse a dataset that neither the commit nor its history has."""
        place = self._workspace.reading(ref)
        leaves = self._lake.commits.state(self._lake.refs.resolve(place)).leaves
        if dataset not in leaves:
            raise UsageError(
                "lake.dataset_not_found",
                f"no dataset is or was named `{dataset}` in the history of {place}",
                where=dataset,
                hint=did_you_mean(dataset, {*seen, *leaves}) or "`andon ls` lists all datasets",
            )

    def _equal(self, dataset: str, commit: Commit) -> DatasetDiff:
        version = self._lake.commits.state(commit).leaves[dataset].version
        rows = self._lake.objects.row_counts([version])[version][0]
        return DatasetDiff(dataset, "equal", (), (rows, rows))

    def _texts(
        self, before: Mapping[str, str], after: Mapping[str, str]
    ) -> tuple[tuple[str, str | None, str | None], ...]:
        changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
        return tuple(
            (
                path,
                self._text(before[path]) if path in before else None,
                self._text(after[path]) if path in after else None,
            )
            for path in changed
        )

    def _text(self, sha: str) -> str:
        return self._lake.objects.text(sha).decode("utf-8", errors="replace")


def _hold_the_same_rows(old: Version | None, new: Version | None) -> bool:
    """Whether one table is the other in other files: small ones that were put together."""
    if old is None or new is None or old.is_view or new.is_view or [*old.columns] != [*new.columns]:
        return False
    change = changed_files(old, new)
    return not change.new and not change.gone


def change_of(before: Leaf | None, after: Leaf | None, old: Version | None, new: Version | None) -> str | None:
    """How a dataset changed, as of `DatasetDiff.change`; None where only another build of the same content stands there.

    Args:
        old, new: the versions of both leaves.
    """
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.version != after.version and not _hold_the_same_rows(old, new):
        return "changed"
    if before.definition != after.definition:
        return "code"
    if before.files != after.files:
        return "text"
    return None
