"""A pass of the scheduler, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.render.words import names, short

if TYPE_CHECKING:
    from andon.cli.output import Ink
    from andon.model.tick import Tick, TickJob

_STYLES = {"done": "good", "nothing": "dim", "lost": "dim", "held": "warn", "failed": "bad", "interrupted": "warn"}
_WORDS = {
    "done": "published",
    "nothing": "nothing new",
    "lost": "taken over by another process",
    "held": "held",
    "failed": "failed",
    "interrupted": "stopped",
}


def tick_lines(found: Tick, out: Ink) -> list[str]:
    """What a pass did, and what waits."""
    lines = [line for job in found.jobs for line in _job(job, out)]
    lines += [f"{out.paint(each.dataset, 'accent')}  waits: {each.reason}" for each in found.waiting]
    count = plural(len(found.due), "dataset")
    is_one = len(found.due) == 1
    verb = "was" if is_one else "were"
    lines.append(
        out.paint(f"{count} {verb} due on {found.branch}" if found.due else f"nothing is due on {found.branch}", "dim")
    )
    return lines


def _job(job: TickJob, out: Ink) -> list[str]:
    said = out.paint(_WORDS[job.outcome], _STYLES[job.outcome])
    where = "" if job.run is None else f"  run {job.run}" + (f" at {short(job.commit)}" if job.commit else "")
    lines = [f"{names(job.datasets)}  {said}{where}"]
    if job.failed and set(job.failed) != set(job.datasets):
        lines.append(f"  of these: {names(job.failed)}")
    if job.error is not None:
        lines.append(f"  {job.error['message']}")
        if job.error.get("hint"):
            lines.append(out.paint(f"  hint: {job.error['hint']}", "dim"))
    return lines
