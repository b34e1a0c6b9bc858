"""The report on a change that a pull request shows: what differs, what it means, which rows, which checks, whom it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.document import Document, Documented
from andon.base.record import field, replace, values_of
from andon.checks.findings import finding
from andon.model.reach import Reach
from andon.model.verdict import Verdict, VerdictKind
from andon.runs.inspection.personal import discreet_kept
from andon.service.history import Diff, DiffDocument
from andon.service.row_diffs import SUMMARY_BYTES, RowOptions
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.runs.inspection.history import CheckHistory
    from andon.runs.planning.outlook import Outlook
    from andon.service.history import History
    from andon.service.row_diffs import RowDiffs
    from andon.workspace.workspace import Workspace

#: Changed rows per dataset that a report shows: it has to fit a screen.
_SAMPLES = 5


class ReportCheck(Document):
    """A check's result.

    Attributes:
        text: the check as it is written. severity: `hold`, `warn` or `info`.
        passed: whether the dataset met it.
        found: what was found, if it did not (`3 rows`, `0.2% of 1,204`).
    """

    dataset: str
    text: str
    severity: str
    passed: bool
    found: str = ""


class DiffReportDocument(DiffDocument, kw_only=True):
    """How two commits differ, for whoever reviews it."""

    verdicts: dict[str, str]
    checks: list[ReportCheck]
    reach: Reach | None


class DiffReport(Documented):
    """A difference and all that is known about it.

    Attributes:
        diff: datasets and rows that differ.
        verdicts: `{dataset: what its change means for readers}`, a few words each.
        checks: results on the newer side.
        reach: whom it reaches; None if nobody looked.
    """

    diff: Diff
    verdicts: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[ReportCheck, ...] = ()
    reach: Reach | None = None

    def document(self) -> DiffReportDocument:
        """The document of the diff with the other sections."""
        return DiffReportDocument.about(self, **values_of(self.diff.document()))


class DiffReports:
    """Makes reports for one workspace."""

    def __init__(
        self, workspace: Workspace, history: History, row_diffs: RowDiffs, outlook: Outlook, checks: CheckHistory
    ) -> None:
        self._workspace = workspace
        self._history = history
        self._row_diffs = row_diffs
        self._outlook = outlook
        self._checks = checks

    def report(self, a: str, b: str, *, limit_bytes: int = SUMMARY_BYTES) -> DiffReport:
        """The report on how `b` differs from `a`: verdicts, rows, the checks of the run that made `b`, and whom it reaches.

        Rows of datasets larger than `limit_bytes` are not compared, and it says so.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        found = self._history.diff(a, b)
        verdicts = {d.dataset: d.verdict for d in found.datasets if d.verdict is not None}
        words = {name: _words(verdict) for name, verdict in verdicts.items()}
        changed = [d.dataset for d in found.datasets if d.change in ("changed", "added", "removed", "code")]
        reach = self._outlook.concerned(found.b, changed, verdicts) if changed else None
        results = self._checks.of_run(found.b.run) if found.b.run is not None else []
        marked = masked_columns(self._workspace, found.b) if results else {}
        results = [discreet_kept(result, marked) for result in results]
        checks = tuple(
            ReportCheck(
                r.dataset,
                r.text,
                str(r.severity),
                not r.failed or r.accepted is not None,
                finding(r) if r.failed else "",
            )
            for r in results
        )
        # Rows of what is on one side only are as many as the table has: no need to read them.
        both = [d.dataset for d in found.datasets if d.change == "changed"]
        options = RowOptions(samples=_SAMPLES, limit_bytes=limit_bytes)
        rows = self._row_diffs.between(found.a, found.b, both, options) if both else ()
        notes = self._history.known(found.b, rows, b)
        return DiffReport(replace(found, rows=rows, notes=notes), words, checks, reach)


def _words(verdict: Verdict) -> str:
    """A verdict in few words."""
    names = ", ".join(f"`{name}`" for name in (verdict.columns or verdict.added)[:6])
    if verdict.kind is VerdictKind.CONTRACT:
        return f"contract: {'; '.join(verdict.reasons[:3])}"
    return f"{verdict.kind}: {names}" if names and verdict.kind is not VerdictKind.NONE else str(verdict.kind)
