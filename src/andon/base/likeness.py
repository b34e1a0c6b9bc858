"""How two things compare that runs of an analysis made, by text, numbers and pixels. Pure, and packed into folders: of Andon it knows
only `near` and `png`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.base.near import lines_apart, near, texts_are_near
from andon.base.png import pixels_of

#: What comes out of comparing two things, the least likely first.
VERDICTS = DIFFERENT, EQUAL, IDENTICAL = "different", "equal", "identical"
#: Examples of what moved in one thing.
SHOWN = 20
#: Before this stands where packages, code and outputs of a run lie, which is elsewhere in each run.
_PLACE = re.compile(
    r"(?<![\w.])(?:[A-Za-z]:)?[/\\](?:[^\n]{0,400}?[/\\])?(?:(?:(?:site|dist)-packages|code)[/\\]|outputs\b[/\\]?)"
)
_NEAR = "the same but for numbers that differ by at most 1e-09 of themselves"


@dataclass(frozen=True)
class ContentLikeness:
    """How two contents compare.

    Attributes:
        verdict: one of `VERDICTS`.
        how: by what it is known, or what is otherwise.
        moved: where, then, now: the first of what differs.
        total: how much does.
    """

    verdict: str
    how: str
    moved: list[tuple[str, Any, Any]] = field(default_factory=list)
    total: int = 0


def texts_compared(old: str, new: str) -> ContentLikeness:
    """Two texts, numbers in them within 1e-9 of themselves."""
    if old == new:
        return ContentLikeness(IDENTICAL, "the same text")
    if texts_are_near(old, new):
        return ContentLikeness(EQUAL, _NEAR)
    moved = [(f"line {each.line}", each.old, each.new) for each in lines_apart(old, new)]
    how = f"{len(moved):,} line{'' if len(moved) == 1 else 's'} {'differs' if len(moved) == 1 else 'differ'}"
    return ContentLikeness(DIFFERENT, how, moved[:SHOWN], len(moved))


def without_places(text: str) -> str:
    """What was printed, without where the run took place: paths begin at packages, at code or at what it wrote."""
    return _PLACE.sub("", text)


def numbers_compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> ContentLikeness:
    """Figures that were told by name."""
    names = list(dict.fromkeys([*old, *new]))
    other = [name for name in names if old.get(name) != new.get(name) or (name in old) != (name in new)]
    if not other:
        return ContentLikeness(IDENTICAL, "the same")
    moved = [(name, old.get(name), new.get(name)) for name in other if not _are_near(old.get(name), new.get(name))]
    if not moved:
        return ContentLikeness(EQUAL, _NEAR)
    return ContentLikeness(DIFFERENT, f"{len(moved)} of {len(names)} moved", moved[:SHOWN], len(moved))


def contents_compared(old: bytes, new: bytes, *, is_picture: bool) -> ContentLikeness:
    """Two files: pictures by their pixels where those can be read, others as texts where they are any, else by their bytes."""
    if old == new:
        return ContentLikeness(IDENTICAL, "the same bytes")
    pixels = (pixels_of(old), pixels_of(new)) if is_picture else (None, None)
    if pixels[0] is not None and pixels[1] is not None:
        count = pixels[0].different_from(pixels[1])
        if not count:
            return ContentLikeness(IDENTICAL, "the same pixels")
        how = f"{count:,} of {pixels[0].width * pixels[0].height:,} pixels differ"
        return ContentLikeness(DIFFERENT, how, [], count)
    try:
        return texts_compared(old.decode("utf-8"), new.decode("utf-8"))
    except UnicodeDecodeError:
        return ContentLikeness(DIFFERENT, "other bytes", [], 1)


def _are_near(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return texts_are_near(one, other)
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, (int, float)):
        return bool(one == other)
    return isinstance(other, (int, float)) and near(float(one), float(other))
