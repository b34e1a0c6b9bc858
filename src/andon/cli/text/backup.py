"""Backups, as lines for people. Pure."""

from __future__ import annotations

import shlex

from andon.base.text import plural, seconds, size
from andon.cli.output import Ink
from andon.cli.text.verify import damaged_lines
from andon.model.backup import Backup, BackupList, BackupMade, LakeRestored
from andon.render.words import short

#: So many damaged parts are named; `--json` has all.
_PARTS = 20


def backup_lines(made: BackupMade, ink: Ink) -> list[str]:
    """What was copied, and what is damaged of the lake."""
    found = made.backup
    copied = "nothing new to copy" if not made.copied_bytes else f"{size(made.copied_bytes)} copied"
    said = f"{found.id}  {found.branch} at {short(found.commit)}: {plural(found.files, 'file')} and the catalog, {size(found.bytes)}"
    lines = [f"{_word(found, ink)}  {said}; {copied} in {seconds(made.seconds)}"]
    for part in made.damaged[:_PARTS]:
        lines += ["", *damaged_lines(part, ink)]
    if len(made.damaged) > _PARTS:
        lines += ["", ink.paint(f"and {len(made.damaged) - _PARTS} more; `--json` has all", "dim")]
    if made.damaged:
        hint = "this is not in the backup: `andon repair` builds again what it can, then back up again"
        lines += ["", ink.paint(hint, "dim")]
    return lines


def list_lines(found: BackupList, ink: Ink) -> list[str]:
    """The backups of a folder."""
    lines = [
        f"{_word(each, ink)}  {each.id}  {each.branch} at {short(each.commit)}, by {each.by}:"
        f" {plural(each.files, 'file')}, {size(each.bytes)}"
        for each in found.backups
    ]
    lines += [f"{ink.paint('DAMAGED', 'bad')}  {name}  its manifest is not what was written" for name in found.damaged]
    return lines or ["no backup yet"]


def restored_lines(found: LakeRestored, into: str | None, ink: Ink) -> list[str]:
    """What was put back where, and what comes next."""
    backup = found.backup
    what = f"{plural(found.files, 'file')}, {size(found.bytes)} in {seconds(found.seconds)}"
    word = ink.paint("RESTORED", "warn" if found.lacking else "good")
    lines = [f"{word}  {backup.branch} at {short(backup.commit)}, as of {backup.at[:16].replace('T', ' ')}: {what}"]
    if found.written:
        raw = f", {plural(len(found.raw), 'raw file')}" if found.raw else ""
        lines.append(f"  {plural(len(found.written), 'file')} of code{raw} written to {found.folder}")
    if found.revoked:
        lines.append(f"  {plural(found.revoked, 'token')} taken back: `andon token create` makes new ones")
    for name in found.lacking[:_PARTS]:
        lines.append(f"{ink.paint('✗', 'bad')} not in the backup: {name}")
    if len(found.lacking) > _PARTS:
        lines.append(ink.paint(f"  and {len(found.lacking) - _PARTS} more; `--json` has all", "dim"))
    place = f"cd {shlex.quote(into)} && " if into is not None else ""
    step = "andon repair" if found.lacking else "andon log" if found.written else "andon status"
    return [*lines, "", f"next: {place}{step}"]


def _word(backup: Backup, ink: Ink) -> str:
    return ink.paint("WHOLE", "good") if backup.whole else ink.paint("LACKING", "bad")
