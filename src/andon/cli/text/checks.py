"""Results of checks as lines for people. Pure."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from andon.checks.findings import measured_text
from andon.cli.output import Cell, Ink
from andon.cli.table import lay_out, table
from andon.model.check import CheckStatus, Severity
from andon.model.check_result import CheckResult, Samples
from andon.render.checks import finding_text
from andon.render.words import names, short

if TYPE_CHECKING:
    from andon.service.checks import CheckSql

#: What stands in the place of a query where none is asked.
_WITHOUT = {"proof": "-- known from what the write told", "skipped": "-- nothing published to compare with"}

#: Failing rows that are shown in all; each failing check shows at least so many.
_ROWS = 20
_FEWEST = 5
#: What a shell reads as more than itself between double quotes.
_EXPANDED = re.compile(r'["$`\\!]')
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
    if not rows:
        return ["no checks"]
    wide = tuple(table(rows, ink))
    fits = width is None or lay_out(rows, ink, width=width).lines == wide
    return list(wide) if fits or width is None else _by_dataset(rows, ink, width)


def _by_dataset(rows: Sequence[Sequence[Cell]], ink: Ink, width: int) -> list[str]:
    """The same, for narrow terminals: the dataset on a line of its own, and below it what is asked of it."""
    laid = lay_out([row[1:] for row in rows], ink, width=width, indent="  ", whole=[0, 3], wrap=[1, 2], drop=())
    lines: list[str] = []
    below = iter(laid.lines)
    for row, height in zip(rows, laid.heights, strict=True):
        if row[0]:
            lines.append(ink.paint(str(row[0]), "bold"))
        lines += islice(below, height)
    return lines


def next_steps(run: int, holding: Sequence[CheckResult], command: str, kept: Sequence[str] = ()) -> list[str]:
    """What can be done about a held result.

    Args:
        kept: where the rest was published: the datasets of which readers see what they saw before.
    """
    spoken = Counter(check.spoken for check in holding)
    labels = [c.spoken if spoken[c.spoken] == 1 else f"{c.dataset}: {c.spoken}" for c in holding]
    quoted = " ".join(_quoted(label) for label in labels[:_NAMED])
    quoted += " …" if len(labels) > _NAMED else ""
    return [
        f"{'of ' + names(kept) + ' ' if kept else ''}readers see what they saw before; what next:",
        f"  {command} diff main run:{run}   compares the held result, `query --at run:{run}` asks it",
        "  correct the data or the code and run again: what was built is reused",
        f'  {command} accept run:{run} {quoted} --reason "…"   publishes it all the same, once',
    ]


def _quoted(text: str) -> str:
    """`text` as one word for a shell."""
    if "'" not in text:
        return f"'{text}'"
    return f'"{text}"' if not _EXPANDED.search(text) else shlex.quote(text)


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
    """Failing rows as a table; columns that don't fit the terminal are named below."""
    if not samples.rows:
        return []
    shown = samples.rows[:most]
    rows: list[Sequence[Cell]] = [[_value(value) for value in row] for row in shown]
    right = [i for i in range(len(samples.columns)) if all(_is_number(row[i]) for row in shown)]
    rest = "`--json` has all"
    lines = ["", *table(rows, ink, headers=samples.columns, right=right, width=width, indent="    ", rest=rest)]
    if bad is not None and bad > len(shown):
        lines.append(f"    {ink.paint(f'… {bad - len(shown):,} more rows', 'dim')}")
    return lines


def _value(text: str | None) -> Cell:
    return ("NULL", "dim") if text is None else text


def _is_number(text: str | None) -> bool:
    return text is None or text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def sql_lines(plans: Sequence[CheckSql], ink: Ink) -> list[str]:
    """What each check asks, as it can be typed elsewhere."""
    lines = []
    for plan in plans:
        asked = plan.sql or _WITHOUT.get(plan.how, "-- nothing to run")
        lines += [ink.paint(f"-- {plan.dataset}: {plan.label} ({plan.how})", "dim"), *asked.split("\n"), ""]
    return lines


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
        lines += table(rows, ink, width=width, indent="  ", whole=[0, 1, 3], wrap=[2], drop=())
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
    return table(rows, ink, width=None if width is None else width - 2, whole=[0, 3], wrap=[1, 2], drop=())
