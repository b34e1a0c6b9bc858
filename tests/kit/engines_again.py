"""Engines that build are emptied at the end of a run and given to the next one.

To open one takes a fifth of what a small run takes, and closing it a twentieth; that runs of thousands of tests each have one that is
quite new proves nothing more. One that was interrupted, was wide, or can't be emptied is closed as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from andon.base.names import literal, quote
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.relations import sides
from kit.remembered import Switch

_MOST_IDLE = 4
#: What is made anew for each: what stood in the engine's own catalog goes with it.
_EMPTIED = "attach ':memory:' as fresh; use fresh; detach memory; attach ':memory:' as memory; use memory; detach fresh"
#: What files held that were read is forgotten.
_FORGOTTEN = "set global enable_external_file_cache = false; set global enable_external_file_cache = true"

_idle: list[Any] = []
#: Opened ahead, and of use for whatever an engine is opened for.
_ahead: list[Any] = []
_lock = threading.Lock()
_here = threading.local()


@contextmanager
def engines_again(switch: Switch) -> Iterator[None]:
    """Runs in the block share engines, one after the other, while the switch is on."""
    import duckdb

    connect, close, interrupt, begin = duckdb.connect, Instance.close, Instance.interrupt, Instance.__init__

    def opening(purpose: Purpose, settings: Any = None, *, wide: bool = False, **options: Any) -> Instance:
        if wide or not switch.is_on:
            return open_instance(purpose, settings, wide=wide, **options)
        _here.is_building = True
        try:
            instance = open_instance(purpose, settings, **options)
        finally:
            _here.is_building = False
        instance.is_given_again = True  # type: ignore[attr-defined]
        return instance

    def connecting(*place: Any, **options: Any) -> Any:
        if getattr(_here, "is_narrow", False):
            with _lock:
                kept = _idle if _idle and getattr(_here, "is_building", False) else _ahead
                found = kept.pop() if kept else None
            if found is not None and _is_set(found, options["config"]):
                return found
        return connect(*place, **options)

    connecting.__wrapped__ = getattr(connect, "__wrapped__", connect)  # type: ignore[attr-defined] # what a strict test asks for

    def beginning(self: Instance, *, threads: int = 1, **options: Any) -> None:
        _here.is_narrow = threads == 1
        try:
            begin(self, threads=threads, **options)
        finally:
            _here.is_narrow = False

    def interrupting(self: Instance) -> None:
        self.is_given_again = False  # type: ignore[attr-defined]
        interrupt(self)

    def closing(self: Instance) -> None:
        if getattr(self, "is_given_again", False) and len(_idle) < _MOST_IDLE:
            self.is_given_again = False  # type: ignore[attr-defined]
            with self._lock:
                for session in self._sessions:
                    session.connection.close()
                self._sessions.clear()
            if _is_empty(self._root):
                with _lock:
                    _idle.append(self._root)
                return
        close(self)

    with (
        patch.object(sides, "open_instance", opening),
        patch.object(duckdb, "connect", connecting),
        patch.object(Instance, "__init__", beginning),
        patch.object(Instance, "interrupt", interrupting),
        patch.object(Instance, "close", closing),
    ):
        yield


def open_ahead(count: int) -> None:
    """Have so many engines ready for the first that are asked for, each quite new; before the block of `engines_again`."""
    _ahead.extend(Instance(files_never_change=False)._root for _ in range(count))


def _is_set(engine: Any, config: dict[str, Any]) -> bool:
    """Give an engine the settings in which those of one purpose differ; whether it took them."""
    import duckdb

    limit = config.get("memory_limit")
    try:
        engine.execute(f"set global memory_limit = {literal(limit)}" if limit else "reset global memory_limit")
        engine.execute(f"set global temp_directory = {literal(config['temp_directory'])}")
    except duckdb.Error:  # it has put something into the last one
        engine.close()
        return False
    return True


def _is_empty(engine: Any) -> bool:
    """Take out of an engine what a run left in it; whether that was possible."""
    import duckdb

    try:
        for (name,) in engine.execute("select database_name from duckdb_databases() where not internal").fetchall():
            if name != "memory":
                engine.execute(f"detach {quote(name)}")
        engine.execute(_EMPTIED + ";" + _FORGOTTEN)
    except duckdb.Error:
        return False
    return True
