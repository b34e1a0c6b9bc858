"""A run as it was recorded, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural, seconds
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.run import TaskStatus
from andon.render.origins import origin_words
from andon.render.words import moment, short

if TYPE_CHECKING:
    from andon.service.run_log import RunShown

#: So many tasks and lines of a difference are shown; the document has all.
_TASKS, _LINES = 40, 200
_STYLES = {TaskStatus.OK: "good", TaskStatus.FAILED: "bad"}
_SIGNS = {"+": "good", "-": "bad", "@": "accent", "d": "bold"}


def run_page_lines(shown: RunShown, ink: Ink, width: int | None) -> list[str]:
    """What became of it, where it came from, its tasks, its log, and what of the code git did not have."""
    info = shown.info
    what = f"published as {short(info.commit)}" if info.published and info.commit else info.status
    facts: list[Sequence[Cell]] = [
        (("kind", "dim"), f"{info.kind} of {info.branch} by {info.author}"),
        (("began", "dim"), f"{moment(info.started)} UTC" + (f", {seconds(info.seconds)}" if info.seconds else "")),
        (("clock", "dim"), f"{moment(shown.logical_time)} UTC"),
        (("on top of", "dim"), short(shown.base)),
    ]
    facts += [(("message", "dim"), info.message)] if info.message else []
    facts += [(("held", "dim"), info.held)] if info.held else []
    facts += [(("from", "dim"), origin_words(shown.origin))] if shown.origin is not None else []
    lines = [f"{ink.paint(f'run {info.number}', 'bold')}  {what}", *table(facts, ink, width=width, wrap=[1])]
    lines += _tasks(shown, ink, width)
    if shown.results:
        failed = [each for each in shown.results if each.failed]
        said = "all hold" if not failed else f"{len(failed):,} failed"
        lines += ["", f"{plural(len(shown.results), 'check')} asked: {said}"]
    if shown.notes:
        rows: list[Sequence[Cell]] = [((seconds(note.at), "dim"), note.text) for note in shown.notes]
        lines += ["", ink.paint("log", "dim"), *table(rows, ink, width=width, right=[0], wrap=[1], indent="  ")]
    return [*lines, *_difference(shown, ink)]


def _tasks(shown: RunShown, ink: Ink, width: int | None) -> list[str]:
    worked = [task for task in shown.tasks if task.action != "reuse"]
    rows: list[Sequence[Cell]] = [
        (
            (str(task.status), _STYLES.get(TaskStatus(task.status), "dim")),
            task.dataset,
            (task.action, "dim"),
            f"{plural(task.rows, 'row')}" if task.rows is not None else "",
            (seconds(task.seconds), "dim"),
            (f"{task.reason} ({task.engine})" if task.engine else task.reason, "dim"),
        )
        for task in worked[:_TASKS]
    ]
    more = [f"  {len(worked) - _TASKS:,} more; `--json` has all"] if len(worked) > _TASKS else []
    if not rows:
        return []
    return ["", ink.paint("tasks", "dim"), *table(rows, ink, width=width, right=[3, 4], indent="  "), *more]


def _difference(shown: RunShown, ink: Ink) -> list[str]:
    """What of the code git did not have."""
    git = shown.origin.git if shown.origin is not None and shown.origin.git else None
    if git is None or not git.is_dirty:
        return []
    lines = ["", ink.paint(f"not in git {short(git.commit) if git.commit else ''}".rstrip(), "dim")]
    lines += [f"  {path}  new" for path in git.added]
    lines += [f"  {path}  changed; not kept: long, or something in it looks like a secret" for path in git.left_out]
    told = (shown.diff or "").splitlines()
    for line in told[:_LINES]:
        style = _SIGNS.get(line[:1]) if not line.startswith(("+++", "---")) else None
        lines.append(f"  {ink.paint(line, style) if style else line}")
    return [*lines, *([f"  {len(told) - _LINES:,} more lines; `--json` has all"] if len(told) > _LINES else [])]
