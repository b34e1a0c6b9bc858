"""Who waits for parts of a plan: what is known of datasets is told while the rest is planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from andon.model.version import Columns
from andon.runs.planning.gather import Gathered


class Waiting(Protocol):
    """Hears of a plan while it is made, in the thread that makes it; the plan may be refused after all."""

    def begin(self, gathered: Gathered, taken: set[str]) -> None:
        """The contracts of the sources among `taken`, the datasets whose code counts, are known."""
        ...

    def known(self, columns: Mapping[str, Columns]) -> None:
        """What these datasets return is known."""
        ...


class _Nobody:
    """Nobody waits."""

    def begin(self, gathered: Gathered, taken: set[str]) -> None:
        """See `Waiting`."""

    def known(self, columns: Mapping[str, Columns]) -> None:
        """See `Waiting`."""


NOBODY: Waiting = _Nobody()
