"""A check result: how one check came out on the very versions that it read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from andon.base.hashing import content_id
from andon.model.check import CheckKind, CheckStatus, Severity


@dataclass(frozen=True, slots=True)
class Samples:
    """Failing rows in full, as many as were wanted: column names, and per row the values as texts (None for NULL).

    Attributes:
        masked: columns marked `pii`, whose values are not kept.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    masked: tuple[str, ...] = ()

    def to_json(self) -> list[dict[str, str | None]]:
        """A mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one set of versions.

    Attributes:
        key: id of the question: see `result_key`.
        check: id of the check.
        label, text: its name, else its text; and its text.
        value, limit: of totals: number or text; `limit` also the rows that `allow` permits.
        bad, total: rows.
        reason: what isn't plain (`no value`, why it could not run).
        how: `proof`, `count`, `scan`, `join`, or `alone`; `kept` when the result is an earlier one.
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

    def to_json(self) -> dict[str, Any]:
        """As in `run --json` and `check --json`."""
        document: dict[str, Any] = {
            "dataset": self.dataset,
            "check": self.label,
            "text": self.text,
            "kind": str(self.kind),
            "severity": str(self.severity),
            "status": str(self.status),
            "value": self.value,
            "limit": self.limit,
            "bad": self.bad,
            "total": self.total,
            "samples": self.samples.to_json(),
            "seconds": round(self.seconds, 4),
            "how": self.how,
        }
        for name in ("reason", "why", "accepted", "last_good"):
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        return document


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
