"""What engines are asked while a version is built again: each task as it was given, so that it can be given again elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.engines.engine import Aside, Capabilities, Engine, Produced, Recipe, Task, Types

if TYPE_CHECKING:
    from typing import Any

    from andon.model.quarantine import AsideRule
    from andon.model.version import Column


class AskedTask(Record):
    """A task that an engine was given.

    Attributes:
        output: the name of the file that it wrote, which no other has.
        columns: what the lake stores of it; None where nothing was computed.
        aside: the name of the file of rows that were set aside, and by which rules.
    """

    recipe: Recipe
    output: str
    columns: tuple[Column, ...] | None = None
    aside: tuple[str, tuple[AsideRule, ...]] | None = None


class AskedError(Exception):
    """What was to be heard is known, and nothing is computed."""


class Tape:
    """Keeps what engines are asked.

    Args:
        seen: hears of each task before it is done, while all that it reads is there.

    Attributes:
        tasks: what was asked so far, also what failed.
        plays: whether engines do it; else the first task ends it with `AskedError`.
    """

    def __init__(self, seen: Callable[[Recipe], None]) -> None:
        self.tasks: list[AskedTask] = []
        self.plays = False
        self._seen = seen

    def between(self, engine: Engine) -> Engine:
        """An engine that keeps what it is asked, and has another one do it."""
        return _Heard(engine, self)

    def take(self, engine: Engine, task: Task) -> Produced:
        """Keep a task, and have it done."""
        self._seen(task.recipe)
        output = PurePath(task.output).name
        number = len(self.tasks)
        self.tasks.append(AskedTask(task.recipe, output))
        if not self.plays:
            raise AskedError
        told: list[tuple[AsideRule, ...]] = []
        produced = engine.run(replace(task, aside=_listening(task.aside, told)))
        aside = (PurePath(task.aside.output).name, told[0]) if task.aside is not None and told and told[0] else None
        self.tasks[number] = AskedTask(task.recipe, output, produced.columns, aside)
        return produced


def _listening(aside: Aside | None, told: list[tuple[AsideRule, ...]]) -> Aside | None:
    if aside is None:
        return None

    def rules(columns: Sequence[Column]) -> Sequence[AsideRule]:
        found = tuple(aside.rules(columns))
        told.append(found)
        return found

    return replace(aside, rules=rules)


class _Heard:
    """An engine whose tasks are kept (see `Engine`)."""

    def __init__(self, engine: Engine, tape: Tape) -> None:
        self._engine = engine
        self._tape = tape

    @property
    def capabilities(self) -> Capabilities:
        return self._engine.capabilities

    def describe(self, recipe: Recipe) -> Types:
        return self._engine.describe(recipe)

    def facts(self) -> Mapping[str, Any]:
        return self._engine.facts()

    def run(self, task: Task) -> Produced:
        return self._tape.take(self._engine, task)

    def interrupt(self) -> None:
        self._engine.interrupt()

    def close(self) -> None:
        self._engine.close()
