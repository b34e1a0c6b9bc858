"""The versions of one dataset: who made them, why, and what they changed; its texts in any two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.errors import UsageError
from andon.model.commit import Commit
from andon.model.row_diff import RowCounts
from andon.service.history import change_of
from andon.service.schema_changes import schema_diff
from andon.workspace.view import unpublished_run

if TYPE_CHECKING:
    from andon.model.commit import Leaf
    from andon.service.history import History, LogEntry
    from andon.service.row_diffs import RowDiffs
    from andon.workspace.workspace import Workspace

#: So many bytes of a text are shown; what is longer is no code that somebody reads.
_LONGEST = 400_000


class DatasetVersion(Record):
    """What one commit made of a dataset.

    Attributes:
        entry: the commit, and whether it was taken back.
        change: `added`, `removed`, `changed` (content), `code` (same content, other definition) or `text`.
        schema: lines as of `DatasetDiff.schema`.
        rows: before and after; None for views and absent ones.
        counts: which rows differ, where that is known without reading any.
        has_other_code: whether its definition is another one.
    """

    entry: LogEntry
    change: str
    schema: tuple[str, ...]
    rows: tuple[int | None, int | None]
    counts: RowCounts | None
    has_other_code: bool


class TextPair(Record):
    """A file of a dataset in two commits; None where a side lacks it."""

    path: str
    before: str | None
    after: str | None


class AbsentDataset(Record):
    """Where a dataset is that a commit does not have.

    Attributes:
        gone: the commit of its history that retired it.
        held: the newest one that has it, before that.
        branches: branches that have it.
        run: the run that made it and was not published.
    """

    gone: Commit | None
    held: str | None
    branches: tuple[str, ...]
    run: int | None

    @property
    def is_anywhere(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.gone or self.branches or self.run)


class DatasetVersions:
    """Tells how datasets of one workspace came to be what they are."""

    def __init__(self, workspace: Workspace, history: History, row_diffs: RowDiffs) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._history = history
        self._row_diffs = row_diffs

    def of(self, dataset: str, ref: str | None = None, limit: int = 20) -> list[DatasetVersion]:
        """The newest versions in the history of a ref, newest first; a retired dataset's last one is that it went.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found` for a dataset that this history never had.
        """
        entries = self._history.log(ref, dataset, limit)
        pairs = [self._history.pair(entry.commit, dataset) for entry in entries]
        versions = self._lake.objects.versions({leaf.version for pair in pairs for leaf in pair if leaf is not None})
        counts = self._row_diffs.known_counts(pairs)
        found = []
        for entry, (before, after), known in zip(entries, pairs, counts, strict=True):
            old, new = (versions.get(leaf.version) if leaf is not None else None for leaf in (before, after))
            found.append(
                DatasetVersion(
                    entry,
                    change_of(before, after, old, new) or "changed",
                    schema_diff(old.columns, new.columns) if old and new else (),
                    (old.rows if old else None, new.rows if new else None),
                    known,
                    before is not None and after is not None and before.definition != after.definition,
                )
            )
        return found

    def code_from(self, dataset: str, entries: Sequence[LogEntry]) -> LogEntry | None:
        """The newest of `entries`, the newest first, that brought another text of a dataset that was there before."""
        for entry in entries:
            before, after = self._history.pair(entry.commit, dataset)
            if before is not None and after is not None and before.files != after.files:
                return entry
        return None

    def absent(self, dataset: str, ref: str | None = None) -> AbsentDataset:
        """Where a dataset is that a ref does not have. Raises UsageError `lake.ref_not_found`."""
        refs, commits = self._lake.refs, self._lake.commits
        try:
            newest = self._history.log(ref, dataset, 1)
        except UsageError as error:
            if error.code != "lake.dataset_not_found":
                raise
            newest = []
        gone = newest[0].commit if newest else None
        branches = (each.name for each in refs.of_kind("branch") if commits.leaf(refs.head(each.name), dataset))
        run = unpublished_run(self._workspace, dataset)
        return AbsentDataset(gone, gone.parent if gone is not None else None, tuple(sorted(branches)), run)

    def texts(self, dataset: str, a: str, b: str) -> tuple[TextPair, ...]:
        """The dataset's own files in two commits, all of them, by path.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found` where neither has it.
        """
        commits = [self._lake.refs.resolve(ref) for ref in (a, b)]
        before, after = (self._lake.commits.leaf(commit, dataset) for commit in commits)
        if before is None and after is None:
            raise UsageError(
                "lake.dataset_not_found",
                f"no dataset is named `{dataset}` at {a} or {b}",
                where=dataset,
                hint="choose two of its versions",
            )
        old, new = (dict(leaf.files) if leaf is not None else {} for leaf in (before, after))
        return tuple(TextPair(path, self._text(old.get(path)), self._text(new.get(path))) for path in sorted(old | new))

    def owned(self, dataset: str, ref: str | None = None) -> tuple[TextPair, ...]:
        """The dataset's own files at one commit; both sides of each are the same."""
        commit: Commit = self._lake.refs.resolve(self._workspace.reading(ref))
        leaf: Leaf | None = self._lake.commits.leaf(commit, dataset)
        texts = {path: self._text(sha) for path, sha in (leaf.files if leaf is not None else ())}
        return tuple(TextPair(path, text, text) for path, text in texts.items())

    def _text(self, sha: str | None) -> str | None:
        if sha is None:
            return None
        data = self._lake.objects.text(sha)
        text = data[:_LONGEST].decode("utf-8", errors="replace")
        return text if len(data) <= _LONGEST else f"{text}\n… {len(data) - _LONGEST} bytes more"
