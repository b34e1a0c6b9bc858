"""A stage that was packed, as lines for people. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from andon.base.text import plural, size
from andon.cli.output import Console, Ink
from andon.cli.text.plans import plan_lines
from andon.model.isolation import PackedFolder
from andon.render.words import short

if TYPE_CHECKING:
    from andon.service.isolation_apply import Applied
    from andon.service.stage_tests import StageTest


def packed_lines(found: PackedFolder, ink: Ink) -> list[str]:
    """Where it is, what is in it, and the command that makes it again."""
    rows = f"{plural(found.rows, 'row')} expected" if found.rows is not None else "nothing to compare with"
    name = found.dataset
    if found.dataset.startswith("analyses/"):
        name, rows = f"{name}@{found.run}", f"{plural(len(found.outputs), 'file')} expected"
    lines = [
        f"{ink.paint(name, 'bold')} at {found.ref} ({ink.paint(short(found.commit), 'accent')}) is packed: {found.folder}",
        ink.paint(f"  {plural(len(found.inputs), 'input')}, {rows}, {size(found.bytes)}", "dim"),
    ]
    lines += [ink.paint(f"  {note}", "warn") for note in found.notes]
    lines += [
        "",
        "To make it again, there or wherever the folder is moved:",
        f"  cd {shlex.quote(found.folder)}",
        f"  {found.command}",
    ]
    if found.edits:
        lines += ["", f"To work on it, edit {', '.join(found.edits)} there, and run it again."]
    return lines


def test_lines(made: StageTest) -> list[str]:
    """Where a test is, and what runs it."""
    masked = [f"{name} ({', '.join(columns)})" for name, columns in made.masked.items()]
    return [
        f"written: {made.file}: {plural(made.rows, 'row')} in, {made.expected:,} out",
        *([f"  personal columns have other values: {'; '.join(masked)}"] if masked else []),
        f"`andon test {made.dataset}` runs it",
    ]


def applied_lines(found: Applied, console: Console) -> list[str]:
    """What is brought back, and what it does where it goes."""
    if not found.files:
        return [
            f"nothing to bring back: the code of {found.dataset} there is as it was packed, or as {found.branch} has it"
        ]
    lines = [
        f"{path}{' (put together with what was published since)' if path in found.merged else ''}"
        for path in found.files
    ]
    return lines if found.plan is None else [*lines, "", *plan_lines(found.plan, console, False)]
