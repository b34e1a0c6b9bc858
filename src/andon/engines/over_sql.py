"""What engines share that make a result another way than by SQL and leave its writing to the engine that knows SQL."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from andon.engines.engine import Capabilities, Engine, Recipe, Types
from andon.errors import DatasetError


class OverSql:
    """The part of an `Engine` that its kind does not change.

    Args:
        sql: writes the result; it is closed by who made it.
    """

    #: What it can do, and why it can't tell what a recipe returns.
    can: ClassVar[Capabilities]
    unknown: ClassVar[str]

    def __init__(self, sql: Engine) -> None:
        self._sql = sql
        self._stopped = threading.Event()

    @property
    def capabilities(self) -> Capabilities:
        """See `Engine`."""
        return self.can

    def facts(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return self._sql.facts()

    def describe(self, recipe: Recipe) -> Types:
        """Never known before it has run.

        Raises:
            DatasetError: `build.not_supported`.
        """
        raise DatasetError("build.not_supported", self.unknown, where=recipe.definition.entry)

    def interrupt(self) -> None:
        """See `Engine`."""
        self._stopped.set()

    def close(self) -> None:
        """See `Engine`."""
