"""A release: rows that a check set aside and that somebody put back, by what they hold, and says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from andon.base.document import Document
from andon.base.hashing import content_id


class Release(Document):
    """Rows that were put back, by whom and why. Kept in the commit; it holds for these checks and these rows, as long as they are the same.

    Attributes:
        dataset: whose rows.
        checks: for people: names or texts of the checks that they fail.
        rows: sha256 of the text that names the rows by check (`rows_text`).
        count: how many rows were set aside, and no more by this.
        who, reason, at: author, why, when (ISO text).
    """

    dataset: str
    checks: tuple[str, ...]
    rows: str
    count: int
    who: str
    reason: str
    at: str


def rows_text(rows: Mapping[str, Iterable[str]]) -> bytes:
    """The text that names rows: `{id of a check: what tells the rows that are released from it}`."""
    return json.dumps({check: sorted(set(found)) for check, found in sorted(rows.items())}).encode()


def digest_of(releases: Iterable[Release], dataset: str) -> str | None:
    """What of releases a dataset's result hangs on; None where it hangs on none."""
    found = sorted({release.rows for release in releases if release.dataset == dataset})
    return content_id(["released", found]) if found else None


def released_rows(
    releases: Iterable[Release], dataset: str, text: Callable[[str], bytes]
) -> dict[str, tuple[str, ...]]:
    """What tells the rows of a dataset that are released, by the id of the check.

    Args:
        text: the text of a sha256.
    """
    found: dict[str, set[str]] = {}
    for sha in sorted({release.rows for release in releases if release.dataset == dataset}):
        said: dict[str, Any] = json.loads(text(sha))
        for check, rows in said.items():
            found.setdefault(check, set()).update(rows)
    return {check: tuple(sorted(rows)) for check, rows in sorted(found.items())}


def carried_on(
    releases: Iterable[Release], added: Iterable[Release] = (), removed: Iterable[Release] = ()
) -> tuple[Release, ...]:
    """Releases with others in addition and without some, each once."""
    gone = list(removed)
    kept = [release for release in releases if release not in gone]
    return (*kept, *(release for release in dict.fromkeys(added) if release not in kept))
