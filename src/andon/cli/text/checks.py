"""Results of checks as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.checks.findings import measured_text
from andon.cli.output import Cell, Ink, display_width, table
from andon.model.check import CheckStatus, Severity
from andon.model.check_result import CheckResult, Samples
from andon.render.checks import finding_text
from andon.render.words import short

#: Failing rows that are shown in all; each failing check shows at least so many.
_ROWS = 20
_FEWEST = 5
#: Checks that a hint names before the rest is left to the reader.
_NAMED = 3


def failed_lines(checks: Sequence[CheckResult], ink: Ink, width: int | None) -> list[str]:
    """What failed: check, value against limit, failing rows, when it last passed."""
    failed = [c for c in checks if c.failed]
    most = max(_FEWEST, _ROWS // max(1, len(failed)))
    lines: list[str] = []
    for check in failed:
        lines += [*_one(check, ink, width, most), ""]
    return lines


def result_lines(checks: Sequence[CheckResult], ink: Ink, width: int | None) -> list[str]:
    """All results as a table, by dataset."""
    rows: list[Sequence[Cell]] = []
    before = ""
    for check in checks:
        name = check.dataset if check.dataset != before else ""
        before = check.dataset
        rows.append(
            (
                name,
                symbol(check),
                check.spoken,
                (finding_text(check), _style(check) if check.failed else "dim"),
                (check.how, "dim"),
            )
        )
    return table(rows, ink, width=width, whole=[0], first=[4, 3]) if rows else ["no checks"]


def next_steps(run: int, holding: Sequence[CheckResult], command: str) -> list[str]:
    """What can be done about a held result."""
    labels = [check.spoken for check in holding]
    quoted = " ".join(f"'{label}'" if "'" not in label else f'"{label}"' for label in labels[:_NAMED])
    quoted += " …" if len(labels) > _NAMED else ""
    return [
        "readers see what they saw before; what next:",
        f"  {command} diff main run:{run}   compares the held result, `query --at run:{run}` asks it",
        "  correct the data or the code and run again: what was built is reused",
        f'  {command} accept run:{run} {quoted} --reason "…"   publishes it all the same, once',
    ]


def symbol(check: CheckResult) -> tuple[str, str]:
    """The sign of a result and its style."""
    if check.failed and check.accepted is not None:
        return "✓", "warn"
    return {
        CheckStatus.PASS: ("✓", "good"),
        CheckStatus.FAIL: ("✗", _style(check)),
        CheckStatus.ERROR: ("✗", _style(check)),
        CheckStatus.SKIPPED: ("○", "dim"),
    }[check.status]


def _style(check: CheckResult) -> str:
    return "bad" if check.severity is Severity.HOLD else "warn" if check.severity is Severity.WARN else "dim"


def _one(check: CheckResult, ink: Ink, width: int | None, most: int) -> list[str]:
    sign, style = symbol(check)
    severity = "" if check.severity is Severity.HOLD else f"  {ink.paint(str(check.severity), 'warn')}"
    head = f"{ink.paint(sign, style)} {ink.paint(check.dataset, 'bold')}  {check.spoken}{severity}"
    lines = [head, f"  {ink.paint(finding_text(check), style)}"]
    if check.spoken != check.text and check.label != check.text:
        lines.append(f"  {ink.paint(check.text, 'dim')}")
    if check.why and check.label == check.text:
        lines.append(f"  {ink.paint(check.why, 'dim')}")
    if check.last_good:
        lines.append(f"  {ink.paint(_last_good(check.last_good), 'dim')}")
    lines += sample_lines(check.samples, ink, width, most, check.bad)
    return lines


def _last_good(good: dict[str, Any]) -> str:
    value = f"{measured_text(good['value'])} " if good.get("value") is not None else ""
    where = f" as {short(good['commit'])}" if good.get("commit") else ""
    return f"last good: {value}in run {good['run']}{where}"


def sample_lines(samples: Samples, ink: Ink, width: int | None, most: int, bad: int | None) -> list[str]:
    """Failing rows as a table; columns that don't fit the terminal are counted."""
    if not samples.rows:
        return []
    shown = samples.rows[:most]
    columns = _fitting(samples, width)
    rows: list[Sequence[Cell]] = [[_value(row[i]) for i in columns] for row in shown]
    right = [at for at, i in enumerate(columns) if all(_is_number(row[i]) for row in shown)]
    headers = [samples.columns[i] for i in columns]
    lines = ["", *table(rows, ink, headers=headers, right=right, width=width, indent="    ")]
    more = []
    if bad is not None and bad > len(shown):
        more.append(f"{bad - len(shown):,} more rows")
    if len(columns) < len(samples.columns):
        more.append(f"{len(samples.columns) - len(columns)} more columns")
    if more:
        lines.append(f"    {ink.paint('… ' + ', '.join(more), 'dim')}")
    return lines


def _fitting(samples: Samples, width: int | None) -> list[int]:
    if width is None:
        return list(range(len(samples.columns)))
    room = width - 4
    chosen: list[int] = []
    for i, name in enumerate(samples.columns):
        wide = max(display_width(name), *(min(24, display_width(row[i] or "NULL")) for row in samples.rows))
        if room - wide - 2 < 0 and chosen:
            break
        room -= wide + 2
        chosen.append(i)
    return chosen


def _value(text: str | None) -> Cell:
    return ("NULL", "dim") if text is None else text


def _is_number(text: str | None) -> bool:
    return text is None or text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def history_lines(results: Sequence[CheckResult], ink: Ink, width: int | None) -> list[str]:
    """Each check with what it said, run by run, newest first; of answers that stay the same, the run that gave it first."""
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.label, []).append(result)
    lines: list[str] = []
    for label, said in by_check.items():
        lines += [*([""] if lines else []), ink.paint(label, "bold")]
        rows: list[Sequence[Cell]] = []
        for at, one in enumerate(said):
            older = said[at + 1] if at + 1 < len(said) else None
            if older is not None and (older.status, finding_text(older)) == (one.status, finding_text(one)):
                continue
            rows.append(
                (
                    (f"run:{one.run}", "accent"),
                    symbol(one),
                    (finding_text(one), _style(one) if one.failed else ""),
                    ((one.at or "")[:16].replace("T", " "), "dim"),
                )
            )
        lines += table(rows, ink, width=width, indent="  ", first=[3])
    return lines


def page_checks(checks: Sequence[CheckResult], ink: Ink, width: int | None) -> list[str]:
    """The checks of one dataset, as its page shows them: sign, line, what was found, in which run."""
    rows: list[Sequence[Cell]] = [
        (
            symbol(c),
            c.spoken,
            (finding_text(c), _style(c) if c.failed else "dim"),
            (f"run:{c.run}" if c.run else "", "dim"),
        )
        for c in checks
    ]
    return table(rows, ink, width=None if width is None else width - 2, first=[2])
