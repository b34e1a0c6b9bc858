"""What became of locks, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.words import names

if TYPE_CHECKING:
    from andon.service.lock_checks import LockCheck, LockState, LockTrouble

_KEPT = {
    "whole": ("its wheels are kept", "good"),
    "none": ("", "dim"),
    "missing": ("of what was kept files are missing: `andon repair`", "bad"),
    "damaged": ("of what was kept files are damaged: `andon repair`", "bad"),
}


def lock_check_lines(found: LockCheck, ink: Ink, width: int | None) -> list[str]:
    """A line for each lock, below it what is not as it was."""
    rows: list[Sequence[Cell]] = []
    for lock in found.locks:
        rows.append((lock.dataset, *_state(lock, found), plural(lock.packages, "package")))
    lines = table(rows, ink, width=width) if rows else ["no locks"]
    for lock in found.locks:
        if lock.troubles:
            troubles = [_line(each) for each in lock.troubles]
            lines += ["", ink.paint(lock.file, "bold"), *table(troubles, ink, width=width, indent="  ", wrap=[2])]
    if found.reason is not None:
        lines += ["", f"{ink.paint('not asked', 'warn')}: {found.reason}"]
    return lines


def _state(lock: LockState, found: LockCheck) -> tuple[Cell, Cell]:
    said, style = _KEPT[lock.kept]
    if lock.kept == "none" and found.wants_kept:
        said, style = "its wheels are not kept yet: `andon run` keeps them", "warn"
    if lock.troubles:
        return (plural(len(lock.troubles), "trouble"), "bad"), (said, style)
    return ("all there", "good") if found.reason is None else ("not asked", "warn"), (said, style)


def _line(trouble: LockTrouble) -> Sequence[Cell]:
    share = f"{trouble.count} of {plural(trouble.of, 'file')}"
    said = [share]
    if trouble.files:
        said.append(names(trouble.files))
    if trouble.reason:
        said.append(f"“{trouble.reason}”")
    if trouble.is_kept:
        said.append("kept in the lake")
    return (f"{trouble.package} {trouble.version}", (trouble.what, "bad"), "; ".join(said))
