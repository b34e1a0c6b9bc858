"""What came of reading a lake whole, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from andon.base.text import plural, seconds, size
from andon.cli.output import Ink
from andon.model.repair import LakeRepair
from andon.model.verification import DamagedPart, Verification
from andon.render.words import short

#: So many damaged parts, and commits of one, are named; `--json` has all.
_PARTS, _COMMITS, _DATASETS = 20, 3, 5


def verified_lines(found: Verification, ink: Ink) -> list[str]:
    """What is damaged, with whom it touches, and what was looked at."""
    of = f"{plural(found.commits, 'commit')}" if found.ref is None else found.ref
    read = (
        f"{of}: {plural(found.files, 'file')} ({size(found.bytes)}) and {plural(found.objects, 'object')} of the catalog"
        f" in {seconds(found.seconds)}"
    )
    if not found.damaged:
        return [f"{ink.paint('WHOLE', 'good')}  {read}, all as they were written", *_gone(found, ink)]
    lines = [f"{ink.paint('DAMAGED', 'bad')}  {read}, {len(found.damaged)} not as written"]
    for part in found.damaged[:_PARTS]:
        lines += ["", *damaged_lines(part, ink)]
    if len(found.damaged) > _PARTS:
        lines += ["", ink.paint(f"and {len(found.damaged) - _PARTS} more; `--json` has all", "dim")]
    if any(part.kind.endswith("file") for part in found.damaged):
        lines += ["", ink.paint("`andon repair` builds files again, where the same bytes come out", "dim")]
    else:
        lines += ["", ink.paint("the catalog comes back from a backup", "dim")]
    return [*lines, *_gone(found, ink)]


def _gone(found: Verification, ink: Ink) -> list[str]:
    """What is not there since nothing kept it."""
    if not found.gone:
        return []
    count, total = sum(each.files for each in found.gone), sum(each.bytes for each in found.gone)
    names = ", ".join(each.dataset for each in found.gone[:_DATASETS])
    more = f" and {len(found.gone) - _DATASETS} more" if len(found.gone) > _DATASETS else ""
    back = f"`andon repair --at {found.ref}`" if found.ref is not None else "`andon repair DATASET@REF`"
    told = f"gone, since nothing keeps them: {plural(count, 'file')} ({size(total)}) of {names}{more}; {back} brings them back"
    return [ink.paint(told, "dim")]


def damaged_lines(part: DamagedPart, ink: Ink) -> Iterator[str]:
    """One part, and the newest commits that it touches."""
    whose = f" of {ink.paint(part.dataset, 'bold')}" if part.dataset is not None else ""
    is_file = part.kind.endswith("file")
    yield f"{ink.paint('✗', 'bad')} {part.kind}{whose} {part.what}: {part.name if is_file else short(part.name)}"
    for each in part.touches[:_COMMITS]:
        names = ", ".join(each.datasets[:_DATASETS]) or "all of it"
        more = f" and {len(each.datasets) - _DATASETS} more" if len(each.datasets) > _DATASETS else ""
        when = f"  {each.time[:16].replace('T', ' ')}" if each.time is not None else ""
        yield f"    {ink.paint(short(each.commit), 'accent')}{ink.paint(when, 'dim')}  {names}{more}"
    if len(part.touches) > _COMMITS:
        yield ink.paint(f"    and {plural(len(part.touches) - _COMMITS, 'earlier commit')}", "dim")


def repaired_lines(found: LakeRepair, ink: Ink) -> list[str]:
    """What was mended and how, what was not and why."""
    read = f"{plural(found.files, 'file')} ({size(found.bytes)}) in {seconds(found.seconds)}"
    if not found.mended and not found.left:
        return [f"read {read}: all as they were written, nothing to mend"]
    lines = [f"read {read}: {len(found.mended)} mended, {len(found.left)} damaged still"]
    lines += [
        f"{ink.paint('✓', 'good')} {m.kind} of {ink.paint(m.dataset or '?', 'bold')} {m.how}: {m.name}"
        for m in found.mended[:_PARTS]
    ]
    if len(found.mended) > _PARTS:
        lines.append(ink.paint(f"  and {len(found.mended) - _PARTS} more", "dim"))
    for left in found.left[:_PARTS]:
        whose = f" of {ink.paint(left.dataset, 'bold')}" if left.dataset is not None else ""
        lines += [f"{ink.paint('✗', 'bad')} {left.kind}{whose} {left.what}: {left.name}", f"    {left.why}"]
    if len(found.left) > _PARTS:
        lines.append(ink.paint(f"  and {len(found.left) - _PARTS} more; `--json` has all", "dim"))
    return lines
