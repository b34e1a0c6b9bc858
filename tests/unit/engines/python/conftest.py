"""Fixtures for running Python datasets: a task out of a few lines of code, and locks that need a package index."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from andon.engines.python.run import run_python
from andon.engines.python.task import PythonOutcome, PythonTask
from andon.errors import DatasetError
from kit.locks import lock_or_skip

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def make_task(tmp_path: Path) -> Callable[..., PythonTask]:
    """`make_task(code, **changes)`: a dataset `marts.made` with this code; its input `orders` has three rows."""
    import duckdb

    orders = tmp_path / "orders.parquet"
    duckdb.execute(f"copy (select unnest([1, 2, 3]) as id, unnest([1.5, null, 2.5]) as amount) to '{orders}'")
    runs = iter(range(100))

    def make(code: str, **changes: Any) -> PythonTask:
        number = next(runs)
        work = tmp_path / f"work{number}"
        work.mkdir()
        files = {"datasets/marts/made.py": textwrap.dedent(code).encode(), **changes.pop("modules", {})}
        settings: dict[str, Any] = {
            "dataset": "marts.made",
            "function": "made",
            "entry": "datasets/marts/made.py",
            "files": files,
            "parameters": (("orders", "shop.orders"),),
            "inputs": {"shop.orders": (orders,)},
            "output": tmp_path / f"out{number}.parquet",
            "work": work,
            "logical_time": NOW,
            "seed": 7,
            "timeout": 60.0,
        }
        return PythonTask(**{**settings, **changes})

    return make


@pytest.fixture
def run(make_task: Callable[..., PythonTask], environments: Path) -> Callable[..., tuple[PythonOutcome, list[Any]]]:
    """`run(code)`: the outcome and the rows of the dataset."""
    import duckdb

    def go(code: str, **changes: Any) -> tuple[PythonOutcome, list[Any]]:
        task = make_task(code, **changes)
        outcome = run_python(task, environments=environments, cancelled=threading.Event())
        return outcome, duckdb.sql(f"from '{task.output}'").fetchall()

    return go


@pytest.fixture
def fails(run: Callable[..., Any]) -> Callable[..., DatasetError]:
    """`fails(code)`: the error that running this code ends with."""

    def go(code: str, **changes: Any) -> DatasetError:
        with pytest.raises(DatasetError) as caught:
            run(code, **changes)
        return caught.value

    return go


@pytest.fixture(scope="session")
def small_lock() -> str:
    """A lock of one small package from the index."""
    return lock_or_skip("marts.made", ["iniconfig"])
