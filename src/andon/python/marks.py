"""What a file in Python says of itself when it is imported outside of a run, as in a test of one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def dataset(**settings: Any) -> Callable[[_Function], _Function]:
    """Marks the function of a Python dataset (`datasets/<schema>/<name>.py`).

    Andon reads the file without running it; the arguments must be literals. See the reference of project files for them.
    """

    def mark(function: _Function) -> _Function:
        function.__andon__ = settings  # type: ignore[attr-defined]
        return function

    return mark


def source(**settings: Any) -> Callable[[_Function], _Function]:
    """Marks the function of a source in Python (`sources/<schema>/<name>.py`), which hands out rows and is given at most a `state`.

    Andon reads the file without running it; the arguments must be literals. See the reference of project files for them.
    """
    return dataset(**settings)


class _Named(str):
    """A dataset's name where an input of a function stands."""

    __slots__ = ()

    def spark(self) -> _Named:
        """The input as a Spark DataFrame."""
        return self


def read(name: str) -> Any:
    """Names the dataset that a parameter of a Python dataset receives, as its default: `def f(rfm=read("marts.rfm"))`.

    `read("marts.rfm").spark()` hands it over as a Spark DataFrame, of the endpoint in `[engines.spark]`.
    """
    return _Named(name)


def logical_time() -> datetime:
    """The time that a run stands for (aware, UTC), in the function of a Python dataset or source. Elsewhere it is now."""
    return datetime.now(UTC)


def seed() -> int:
    """A number for generators of one's own, `numpy.random.default_rng(seed())`, in the function of a Python dataset or source: the same
    at each build of it. Elsewhere it is 0."""
    return 0
