"""What checks said run by run, as a row of small bars. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from andon.base.record import Record
from andon.model.check import CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.render.checks import finding_text

#: Runs that a strip shows.
RUNS = 40

#: States of a result that is no pass.
_STATES = {CheckStatus.PASS: "ok", CheckStatus.SKIPPED: "idle", CheckStatus.ERROR: "fail"}


class Beat(Record):
    """One run of a check."""

    run: int
    state: str
    said: str


class CheckRow(Record):
    """A check as a page shows it.

    Attributes:
        state: how it stands.
        found: what was found against what was wanted.
        beats: the newest runs that met it, oldest first.
    """

    result: CheckResult
    state: str
    found: str
    beats: tuple[Beat, ...]

    @property
    def told(self) -> str:
        """The strip in words."""
        bad = sum(1 for beat in self.beats if beat.state in ("fail", "warn"))
        return f"{len(self.beats)} runs, {bad} of them failed" if self.beats else "no run asked it"


def state_of(result: CheckResult) -> str:
    """How a check stands: what only warns, or was accepted, does not fail."""
    if result.status is CheckStatus.FAIL or result.status is CheckStatus.ERROR:
        return "fail" if result.holds else "idle" if result.severity is Severity.INFO else "warn"
    return _STATES[result.status]


def check_rows(results: Sequence[CheckResult], history: Iterable[CheckResult]) -> list[CheckRow]:
    """The checks of a dataset, those that fail first.

    Args:
        history: newest run first.
    """
    beats = _beats(history)
    rows = [
        CheckRow(result, state_of(result), finding_text(result), tuple(beats.get(result.check, ())))
        for result in results
    ]
    order = {"fail": 0, "warn": 1}
    return sorted(rows, key=lambda row: order.get(row.state, 2))


def _beats(history: Iterable[CheckResult]) -> Mapping[str, list[Beat]]:
    found: dict[str, list[Beat]] = {}
    for result in history:
        known = found.setdefault(result.check, [])
        if result.run is not None and len(known) < RUNS:
            known.append(Beat(result.run, state_of(result), finding_text(result)))
    return {check: known[::-1] for check, known in found.items()}
