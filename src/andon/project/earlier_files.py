"""Files as they were at some time before, for what need not be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.record import Record


class EarlierFiles(Record):
    """Files of an earlier time.

    Attributes:
        files: `{project path: sha256}`.
        texts: the bytes of those that are still known, by sha256.
    """

    files: Mapping[str, str]
    texts: Callable[[Iterable[str]], Mapping[str, bytes]]
