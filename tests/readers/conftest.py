"""Programs of others that read the lake. Apache Spark is asked where `ANDON_SPARK` is `jvm`: `make test-readers`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from andon.errors import AndonError
from kit.readers.elsewhere import Sail, Spark
from kit.readers.here import DuckDb, Polars, PyIceberg, Reader

_READERS: dict[str, Callable[[], Reader]] = {
    "DuckDB": DuckDb,
    "pyiceberg": PyIceberg,
    "Polars": lambda: Polars("native"),
    "Polars by pyiceberg": lambda: Polars("pyiceberg"),
    "Sail": Sail,
    "Spark": Spark,
}
NAMES = [name for name in _READERS if name != "Spark" or os.environ.get("ANDON_SPARK") == "jvm"]


@pytest.fixture(scope="session", params=NAMES)
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Each reader that is there."""
    try:
        made = _READERS[request.param]()
    except AndonError as error:  # its packages can't be had
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{request.param} can't be installed: {error}")
    yield made
    if isinstance(made, Sail | Spark):
        made.stop()
