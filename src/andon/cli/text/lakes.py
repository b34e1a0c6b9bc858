"""A lake that was moved, as lines for people. Pure."""

from __future__ import annotations

from andon.base.text import plural, seconds, size
from andon.cli.output import Ink
from andon.model.lake_move import LakeMoved

#: So many lost files are named; `--json` has all.
_NAMED = 20


def moved_lines(found: LakeMoved, ink: Ink) -> list[str]:
    """What was copied, what could not be, and how the project goes on there."""
    what = f"{plural(found.files, 'file')}, {size(found.bytes)}"
    new = f"{size(found.copied_bytes)} of it copied and read back" if found.copied_files else "all of it was there"
    word = ink.paint("MOVED", "warn" if found.lost else "good")
    lines = [f"{word}  {what}: {new}, in {seconds(found.seconds)}"]
    lines += [f"{ink.paint('✗', 'bad')} {each.path} {each.what} in the old storage" for each in found.lost[:_NAMED]]
    if len(found.lost) > _NAMED:
        lines.append(ink.paint(f"  and {len(found.lost) - _NAMED} more; `--json` has all", "dim"))
    if found.lost:
        lines.append(ink.paint("  `andon repair` builds again what it can there; then move again", "dim"))
    lines.append(f"the project goes on there by this line of andon.toml: {found.setting}")
    return lines
