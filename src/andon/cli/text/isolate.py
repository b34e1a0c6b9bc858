"""A stage that was packed, as lines for people. Pure."""

from __future__ import annotations

import shlex

from andon.base.text import plural, size
from andon.cli.output import Ink
from andon.model.isolation import PackedFolder
from andon.render.words import short


def packed_lines(found: PackedFolder, ink: Ink) -> list[str]:
    """Where it is, what is in it, and the command that makes it again."""
    rows = f"{plural(found.rows, 'row')} expected" if found.rows is not None else "nothing to compare with"
    lines = [
        f"{ink.paint(found.dataset, 'bold')} at {found.ref} ({ink.paint(short(found.commit), 'accent')}) is packed: {found.folder}",
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
