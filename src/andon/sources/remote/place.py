"""What a place that holds files must do: say what there is, and hand it over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from andon.base.record import Record

#: Takes the bytes of a file, piece by piece.
Take = Callable[[bytes], object]


class RemoteFile(Record, array_like=True):
    """A file as its place tells of it.

    Attributes:
        url: how a source names it.
        mark: changes with its content, as the place says; None where the place says nothing.
        size: in bytes, where it is known.
    """

    url: str
    mark: str | None = None
    size: int | None = None


class FilePlace(Protocol):
    """Where files lie."""

    def listed(self, pattern: str) -> Sequence[RemoteFile]:
        """The files that a pattern means, by url.

        Raises:
            DatasetError: `source.missing`, `source.unreachable`.
        """
        ...

    def fetch(self, file: RemoteFile, known: str | None, take: Take) -> RemoteFile | None:
        """The file as it was handed over to `take`; None where it is still the one with the mark `known`.

        Raises:
            DatasetError: `source.missing`, `source.unreachable`, `source.truncated`, `source.changed_while_read`.
        """
        ...
