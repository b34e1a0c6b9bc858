"""Checks that are proposed with what is saved, and how they are chosen: by id, by a word for many, or as lines of one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from andon.base.document import Document
from andon.base.hashing import content_id
from andon.errors import UsageError
from andon.model.proposed_line import ProposedLine

#: Letters of a proposed check's id, and how one looks: no line of the check language is like it.
_SHORT = 8
_ID = re.compile(r"[0-9a-f]{8}\Z")
#: Words that choose many proposed checks.
_MANY = ("all", "safe")


class ProposedCheck(Document):
    """A check that could be saved with a dataset; `id` names it in `checks`. The rest as in a `ProposedLine`."""

    id: str
    line: str
    columns: tuple[str, ...]
    rule: str
    evidence: str
    past_failures: int
    past_versions: int

    @property
    def is_safe(self) -> bool:
        """Whether no earlier version would have been held by it."""
        return self.past_failures == 0


def proposed_check(one: ProposedLine) -> ProposedCheck:
    """A line as it is proposed."""
    return ProposedCheck(
        content_id([one.dataset, one.line])[:_SHORT],
        one.line,
        one.columns,
        one.rule,
        one.evidence,
        one.past_failures,
        one.past_versions,
    )


def chosen_lines(chosen: Sequence[str], proposed: Sequence[ProposedCheck]) -> tuple[str, ...]:
    """The lines that were chosen, each once: by id, by `all` or `safe`, or as they are.

    Raises:
        UsageError: `usage.bad_argument` for an id that none has.
    """
    by_id = {one.id: one.line for one in proposed}
    found: list[str] = []
    for check in chosen:
        if check in _MANY:
            found += [one.line for one in proposed if one.is_safe or check == "all"]
        elif _ID.match(check) and check not in by_id:
            message = f"no check is proposed with the id `{check}`"
            raise UsageError("usage.bad_argument", message, where=check, hint="propose again: ids follow the lines")
        else:
            found.append(by_id.get(check, check))
    return tuple(dict.fromkeys(found))


def needs_proposals(checks: Sequence[str]) -> bool:
    """Whether some of them are named by what is proposed."""
    return any(check in _MANY or _ID.match(check) for check in checks)
