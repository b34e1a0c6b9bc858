"""What makes a function's result come out the same again: a seed for all that draws by chance, one thread, and the clock of the run.

Packages are seeded when they are imported, whoever imports them: one that nobody needs is not loaded for it.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

#: The largest seed that all generators take.
_MOST = 2**32
#: What the clock's package would load although nobody needs it here.
_UNNEEDED = ("dateutil", "pytest")


def begin(job: dict[str, Any]) -> None:
    """Seed what draws by chance, and let the clock stand at the time of the run; before any code of the project is loaded."""
    seed = int(job["seed"]) % _MOST
    random.seed(seed)
    sys.meta_path.insert(0, _Settling(seed))
    if job["clock"] is not None:
        _stop_clock(datetime.fromisoformat(job["clock"]))


def settle_engine(duckdb: Any, job: dict[str, Any]) -> None:
    """Let every connection of DuckDB have one thread, the seed, UTC, and the time of the run; also those that the function opens."""
    opened = duckdb.connect

    def connect(*given: Any, **named: Any) -> Any:
        connection = opened(*given, **named)
        _settle(connection, job)
        return connection

    duckdb.connect = connect
    _settle(duckdb, job)  # what stands for `duckdb.sql` and its kin


def _settle(connection: Any, job: dict[str, Any]) -> None:
    connection.execute("set threads = 1")
    connection.execute("set timezone = 'UTC'")
    connection.execute("select setseed(?)", [int(job["seed"]) % _MOST / _MOST]).fetchall()
    for statement in job["clock_sql"]:
        connection.execute(statement)


def _stop_clock(moment: datetime) -> None:
    """From here on every clock of Python shows `moment`; those that only measure go on."""
    hidden = [name for name in _UNNEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import time_machine
    finally:
        for name in hidden:
            del sys.modules[name]
    time_machine.travel(moment, tick=False).start()
    told, shown = time.ctime, time.asctime
    # these two ask the system without the others

    def ctime(seconds: Any = None) -> str:
        return told(time.time() if seconds is None else seconds)

    def asctime(moment: Any = None) -> str:
        return shown(time.localtime() if moment is None else moment)

    time.ctime, time.asctime = ctime, asctime


class _Settling:
    """Finds packages as Python would, and seeds them when they are loaded."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._busy: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        settle = _PACKAGES.get(name)
        if settle is None or name in self._busy:
            return None
        self._busy.add(name)
        try:
            found = next((spec for spec in self._asked(name, path, target) if spec is not None), None)
        finally:
            self._busy.discard(name)
        if found is not None and found.loader is not None:
            load = found.loader.exec_module

            def exec_module(module: Any) -> None:
                load(module)
                settle(module, self._seed)

            found.loader.exec_module = exec_module
        return found

    def _asked(self, name: str, path: Any, target: Any) -> Any:
        return (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)


def _numpy(module: Any, seed: int) -> None:
    module.seed(seed)


def _polars(module: Any, seed: int) -> None:
    module.set_random_seed(seed)


def _torch(module: Any, seed: int) -> None:
    module.manual_seed(seed)
    module.set_num_threads(1)


def _tensorflow(module: Any, seed: int) -> None:
    module.random.set_seed(seed)
    module.config.threading.set_intra_op_parallelism_threads(1)
    module.config.threading.set_inter_op_parallelism_threads(1)


#: What holds a generator for the whole process; SciPy, scikit-learn and pandas draw from that of NumPy.
_PACKAGES: dict[str, Callable[[Any, int], None]] = {
    "numpy.random": _numpy,
    "polars": _polars,
    "torch": _torch,
    "tensorflow": _tensorflow,
}
