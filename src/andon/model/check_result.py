"""A check result: how one check came out on the very versions that it read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.hashing import content_id
from andon.base.record import Record, field
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.quarantine import aside_of


class Samples(Record, array_like=True):
    """Failing rows in full, as many as were wanted: column names, and per row the values as texts (None for NULL).

    Attributes:
        masked: columns marked `pii`, whose values are not kept.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    masked: tuple[str, ...] = ()

    def by_name(self) -> list[dict[str, str | None]]:
        """A mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class CheckDocument(Document, kw_only=True):
    """How a check came out; in its history also in which run."""

    run: int | UnsetType | None = UNSET
    dataset: str
    check: str
    text: str
    kind: CheckKind
    severity: Severity
    status: CheckStatus
    value: Any
    limit: Any
    bad: int | None
    total: int | None
    quarantined: int | UnsetType = UNSET
    samples: list[dict[str, str | None]]
    seconds: float
    how: str
    ran: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    why: str | UnsetType = UNSET
    accepted: dict[str, Any] | UnsetType = UNSET
    last_good: dict[str, Any] | UnsetType = UNSET


class CheckResult(Documented):
    """One check on one set of versions.

    Attributes:
        key: id of the question: see `result_key`.
        check: id of the check.
        label, text: its name, else its text; and its text.
        value, limit: of totals: number or text; `limit` also the rows that `allow` permits.
        bad, total: rows.
        reason: what isn't plain (`no value`, why it could not run).
        how: `proof`, `count`, `scan`, `join`, or `alone`; `kept` when the result is an earlier one.
        ran: where it was asked, of a dataset that another engine is asked about: that, or `duckdb, not spark: …` with why not; else None.
        version: of the dataset; `others`: `{dataset: version}`; `published`: version that it was compared with.
        run: the run in which it was found, or None.
        at: when it was found (ISO text).
        accepted: who published in spite of it, and why (see `Acceptance`), if so.
        last_good: of a failing check: run, commit, value and bad rows of the newest publish in which it passed.
    """

    key: str
    check: str
    dataset: str
    label: str
    text: str
    kind: CheckKind
    severity: Severity
    status: CheckStatus
    value: Any = None
    limit: Any = None
    bad: int | None = None
    total: int | None = None
    reason: str | None = None
    why: str | None = None
    samples: Samples = field(default_factory=Samples)
    seconds: float = 0.0
    how: str = "alone"
    ran: str | None = None
    version: str | None = None
    others: tuple[tuple[str, str], ...] = ()
    published: str | None = None
    run: int | None = None
    at: str | None = None
    file: str | None = None
    line: int | None = None
    accepted: dict[str, Any] | None = None
    last_good: dict[str, Any] | None = None

    @property
    def subject(self) -> str:
        """What an acceptance of this result names."""
        return subject_key(self.check, self.version or "", self.others)

    @property
    def spoken(self) -> str:
        """How people and commands name it: its name, else its text without the reason."""
        return self.label.removesuffix(f'"{self.why}"').rstrip() if self.why else self.label

    @property
    def quarantined(self) -> int | None:
        """Of a check that sets rows aside: how many it did."""
        return self.bad if any(name == aside_of(self.dataset) for name, _ in self.others) and not self.reason else None

    @property
    def datasets(self) -> tuple[str, ...]:
        """All datasets that the check names."""
        return (self.dataset, *(name for name, _ in self.others))

    @property
    def failed(self) -> bool:
        """Whether it failed or could not run."""
        return self.status in (CheckStatus.FAIL, CheckStatus.ERROR)

    @property
    def holds(self) -> bool:
        """Whether it holds a publish."""
        return self.failed and self.severity is Severity.HOLD and self.accepted is None

    def document(self) -> CheckDocument:
        """As in `run --json` and `check --json`."""
        samples = self.samples.by_name()
        return CheckDocument.about(self, run=UNSET, check=self.label, samples=samples, seconds=round(self.seconds, 4))


def subject_key(check: str, version: str, others: Sequence[tuple[str, str]] = ()) -> str:
    """Id of a check on the versions that it is about, whatever it compares them with: what an acceptance names."""
    return content_id(["check subject", check, version, sorted(others)])


def result_key(
    check: str,
    version: str,
    others: Sequence[tuple[str, str]] = (),
    published: str | None = None,
    moment: str | None = None,
) -> str:
    """Id of a check on given versions: `others` sorted `(dataset, version)`, `published` if it compares with that, `moment` if used."""
    return content_id(["check result", check, version, sorted(others), published, moment])
