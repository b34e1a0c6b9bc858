"""A review, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.review import ReviewDocument
from andon.render.review import fix_words, late_words, share_words, spread_words

#: Lines of a list before it says how many more there are.
_FEW = 6
#: A definition is not wider, however wide the terminal is.
_WIDEST = 100


def review_lines(found: ReviewDocument, ink: Ink, width: int | None, *, define: bool = False) -> list[str]:
    """The numbers in three blocks (incidents, promises, changes) with what each hangs on below.

    Args:
        define: whether what each number is stands under it.
    """
    lines = _Lines(found, ink, width, define)
    own = found.incidents
    lines.add(f"{ink.paint(found.branch, 'bold')} since {found.since[:10]}")
    lines.head("Incidents")
    lines.number("", f"{own['opened']:,} opened, {own['closed']:,} closed, {own['standing']:,} standing")
    lines.number("noticed after", spread_words(found.detect), "detect")
    lines.number("right again after", spread_words(found.recover), "recover")
    lines.number("done without a person", share_words(found.automatic, "action"), "automatic")
    lines.number("of these for good", share_words(found.success, "action"), "success")
    lines.number("noticed by people first", plural(len(found.escapes), "escape"), "escapes")
    lines.rows([(f"incident {each.incident}", each.dataset, each.what, each.proposal) for each in found.escapes])
    lines.number("called for nothing", plural(sum(each.false for each in found.false_alarms), "time"), "false_alarms")
    lines.rows(
        [
            (each.dataset, each.check or each.kind, f"{each.false} of {each.closed}", each.proposal or "")
            for each in found.false_alarms
        ]
    )
    lines.number("mended by hand most", fix_words(found.repeated_fix), "repeated_fix")
    lines.head("Promises")
    kept = sum(each.late == 0 for each in found.promises)
    lines.number("kept all the time", f"{kept:,} of {plural(len(found.promises), 'dataset')}", "promise")
    lines.rows(
        [(each.dataset, each.rule, f"{each.kept:.2%}", late_words(each)) for each in found.promises if each.late]
    )
    rows = sum(each.rows for each in found.quarantine)
    lines.number("in quarantine", plural(rows, "row"), "quarantine")
    lines.rows(
        [
            (each.dataset, plural(each.rows, "row"), "" if each.days is None else _old(each.days))
            for each in found.quarantine
        ]
    )
    never = [each for each in found.idle_checks if not each.asked]
    spent = sum(each.seconds for each in found.idle_checks)
    idle = f"{plural(len(found.idle_checks), 'check')} found nothing in {spent:.2f} s, {len(never):,} never asked"
    lines.number("idle", idle, "idle_checks")
    lines.rows(
        [
            (each.dataset, each.check, f"{plural(each.asked, 'time')}, {each.seconds:.2f} s")
            for each in found.idle_checks
        ]
    )
    lines.head("Changes")
    lines.number("", f"{plural(found.published, 'publish', 'publishes')}, {found.changes:,} of them changed code")
    lines.number("to readers within", spread_words(found.lead_time), "lead_time")
    lines.number("failed", share_words(found.change_failures, "change"), "change_failures")
    lines.rows([(each.commit[:8], each.why, each.message) for each in found.failed_changes])
    lines.number("mended after", spread_words(found.restore), "restore")
    return lines.lines


class _Lines:
    """Lines that grow."""

    def __init__(self, found: ReviewDocument, ink: Ink, width: int | None, define: bool) -> None:
        self.lines: list[str] = []
        self._found, self._ink, self._width, self._define = found, ink, width, define

    def add(self, line: str) -> None:
        self.lines.append(line)

    def head(self, text: str) -> None:
        self.lines += ["", self._ink.paint(text, "bold")]

    def number(self, label: str, value: str, name: str = "") -> None:
        self.add(f"  {self._ink.paint(f'{label:<23}', 'dim')}  {value}" if label else f"  {value}")
        if self._define and name:
            room = min(self._width or _WIDEST, _WIDEST) - 4
            text = self._found.definitions[name]
            self.lines += [self._ink.paint(f"    {line}", "dim") for line in wrap(text, max(room, 20))]

    def rows(self, rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            return
        cells: list[Sequence[Cell]] = [[row[0], *((cell, "dim") for cell in row[1:])] for row in rows[:_FEW]]
        last = len(rows[0]) - 1
        self.lines += table(cells, self._ink, width=self._width, indent="    ", whole=[0], wrap=[last], drop=())
        if len(rows) > _FEW:
            self.add(self._ink.paint(f"    … and {len(rows) - _FEW:,} more: --json has all", "dim"))


def _old(days: float) -> str:
    return "for less than a day" if days < 1 else f"for {days:g} {'day' if days == 1 else 'days'}"
