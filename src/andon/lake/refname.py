"""Names of commits: `main`, `main~3`, `main@2026-11-01`, `main@2026-11-01T10:00`, a commit's prefix, a tag, `run:41`.

    ref  = base { "~" [number] | "@" moment }
    base = branch or tag name | "run:" number | 7 to 64 hex digits

A date without a time means the end of that day (UTC): what readers saw last on it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from andon.base.clock import from_text
from andon.base.record import Record
from andon.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*\Z")
_RUN = re.compile(r"run:\d+\Z")
_STEP = re.compile(r"~([0-9]{0,9})|@([0-9][0-9T:\-+.Z ]*)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_PREFIX = re.compile(r"[0-9a-f]{7,64}\Z")


class Back(Record):
    """`~n`: the n-th first parent."""

    steps: int


class At(Record):
    """`@moment`: what the ref named at that moment."""

    moment: datetime


class RefName(Record):
    """A parsed name: where to start, then steps back."""

    text: str
    base: str
    steps: tuple[Back | At, ...] = ()

    @property
    def may_be_commit(self) -> bool:
        """Whether the base can be (the beginning of) a commit's id."""
        return _PREFIX.match(self.base) is not None


def parse_ref(text: str) -> RefName:
    """Parse a name of a commit.

    Raises:
        UsageError: `lake.ref_invalid`.
    """
    cut = min((i for i in (text.find("~"), text.find("@")) if i >= 0), default=len(text))
    base, rest = text[:cut], text[cut:]
    if not (_NAME.match(base) or _RUN.match(base)):
        raise _invalid(text)
    steps: list[Back | At] = []
    while rest:
        match = _STEP.match(rest)
        if match is None or match.end() == 0:
            raise _invalid(text)
        steps.append(_at(text, match[2]) if match[2] else Back(int(match[1]) if match[1] else 1))
        rest = rest[match.end() :]
    return RefName(text, base, tuple(steps))


def check_new_name(name: str) -> None:
    """Refuse a name that can't be given to a branch or tag.

    Raises:
        UsageError: `lake.ref_invalid`.
    """
    if not _NAME.match(name) or _PREFIX.match(name) or ".." in name or name.endswith((".", ".lock")) or len(name) > 200:
        raise UsageError(
            "lake.ref_invalid",
            f"`{name}` can't be the name of a branch or tag",
            hint="letters, digits, `-`, `_`, `.` and `/`, not only hex digits; for example `fix/orders`",
        )


def _at(text: str, moment: str) -> At:
    try:
        when = from_text(moment.strip())
    except ValueError as error:
        raise _invalid(text) from error
    return At(when + timedelta(days=1, microseconds=-1) if _DATE.match(moment) else when)


def _invalid(text: str) -> UsageError:
    return UsageError(
        "lake.ref_invalid",
        f"`{text}` is not a name of a commit",
        hint="a branch or tag, `main~2`, `main@2026-11-01`, `main@2026-11-01T10:00`, `run:41`, or 7 or more digits of a commit's id",
    )
