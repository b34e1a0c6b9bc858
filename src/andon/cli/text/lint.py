"""What code leaves open, as lines for people. Pure."""

from __future__ import annotations

from itertools import groupby

from andon.base.text import plural
from andon.cli.output import Ink
from andon.model.lint import LintDocument, LintFinding
from andon.render.words import names


def lint_lines(found: LintDocument, ink: Ink) -> list[str]:
    """Each place with why and its exact form, by file; then the counts."""
    lines: list[str] = []
    for file, places in groupby(found.findings, lambda each: each.file):
        for each in places:
            lines += _place(each, file, ink)
        lines.append("")
    loud = sum(each.silenced is None for each in found.findings)
    counts = [f"{plural(found.read, 'dataset')} read", f"{plural(loud, 'open place')}" if loud else "nothing is open"]
    if found.silenced:
        counts.append(f"{found.silenced:,} silenced")
    lines.append(" · ".join(counts))
    if found.unread:
        lines.append(ink.paint(f"not read, as what they load is kept: {names(found.unread)}", "dim"))
    return lines


def _place(each: LintFinding, file: str, ink: Ink) -> list[str]:
    where = ink.paint(f"{file}:{each.line}", "bold")
    if each.silenced is not None:
        return [ink.paint(f"{file}:{each.line}  {each.what}  silenced: {each.silenced}", "dim")]
    return [f"{where}  {each.what}", f"  {each.why}", ink.paint(f"  exact: {each.exact}", "dim")]
