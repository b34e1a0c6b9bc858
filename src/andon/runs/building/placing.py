"""Where an engine puts a result: into one file of the lake, or into as many as it has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.engines.engine import Engine, Produced, ProducedFile, Task
from andon.model.version import DataFile

if TYPE_CHECKING:
    from andon.lake.lake import Lake


class WrittenParts(Record):
    """New files that belong to no version yet, and what the engine said of the last part."""

    produced: Produced
    files: tuple[DataFile, ...]


class NewFiles:
    """Places for one result.

    Args:
        readers: permission bits that the files may have at most.
    """

    def __init__(self, lake: Lake, dataset: str, readers: int) -> None:
        self._lake = lake
        self._schema, _, self._name = dataset.partition(".")
        self._readers = readers
        self._first = self._new()
        self._more: dict[str, str] = {}

    def made(
        self,
        engine: AbstractContextManager[Engine],
        task: Callable[[str, Callable[[], str] | None], Task],
        *,
        is_any: bool,
    ) -> Produced:
        """What an engine makes of a task; may be done again.

        Args:
            task: gives it for the place of its output, and what gives further ones.
            is_any: whether it may be in any number of files.
        """
        storage = self._lake.storage
        self._more.clear()
        with ExitStack() as held:

            def further() -> str:
                path = self._new()
                place = held.enter_context(storage.written(path, self._readers))
                self._more[place] = path
                return place

            place = held.enter_context(storage.written(self._first, self._readers))
            return held.enter_context(engine).run(task(place, further if is_any else None))

    def sealed(self, produced: Produced) -> list[DataFile]:
        """The files of what was made."""
        files = []
        for each in produced.files or (ProducedFile("", produced.rows, produced.stats),):
            path = self._more.get(each.output, self._first)
            size, sha = self._lake.intact.seal(path)
            files.append(DataFile(path, size, sha, each.rows, each.stats))
        return files

    def _new(self) -> str:
        return self._lake.storage.new_path(f"data/{self._schema}", self._name, ".parquet")
