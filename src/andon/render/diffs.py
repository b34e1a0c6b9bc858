"""Diffs of commits in words: kinds of change, row counts, texts as unified diffs. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.base.text import plural

if TYPE_CHECKING:
    from andon.service.history import DatasetDiff, Diff

#: `(path, text before, text after)`.
Text = tuple[str, str | None, str | None]

#: What each kind of change is called.
WORDS = {
    "added": "added",
    "removed": "removed",
    "changed": "content changed",
    "code": "code changed, same content",
    "text": "comments, checks or layout only",
    "equal": "no difference",
}


def rows_text(dataset: DatasetDiff) -> str:
    """Diffs of commits in words: kinds of change, row counts, texts as unified diffs. Pure."""
    before, after = dataset.rows
    if before is None and after is None:
        return ""
    if before is None or after is None:
        return plural(after if after is not None else before or 0, "row")
    if before == after:
        return plural(after, "row")
    return f"{before:,} → {plural(after, 'row')} ({after - before:+,})"


def unified(text: Text) -> list[str]:
    """Diffs of commits in words: kinds of change, row counts, texts as unified diffs. Pure."""
    path, before, after = text
    old, new = (before or "").splitlines(), (after or "").splitlines()
    a = f"a/{path}" if before is not None else "/dev/null"
    b = f"b/{path}" if after is not None else "/dev/null"
    return list(difflib.unified_diff(old, new, a, b, lineterm=""))


def texts_of(found: Diff) -> Iterable[Text]:
    """Diffs of commits in words: kinds of change, row counts, texts as unified diffs. Pure."""
    for dataset in found.datasets:
        yield from dataset.code
    yield from found.files
