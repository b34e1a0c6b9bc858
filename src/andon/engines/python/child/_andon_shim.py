"""What `import andon` means inside a Python dataset's own process: marks, the logical time and the seed. The rest of Andon isn't there."""

from __future__ import annotations

import os
from datetime import datetime

__all__ = ["dataset", "logical_time", "read", "seed", "source"]


class Input:
    """An input of a dataset, named as a parameter's default; the runner hands the rows in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"read({self.name!r})"

    def spark(self) -> Input:
        """Name it as a Spark DataFrame; it was read from the text already."""
        return self


def read(name: str) -> Input:
    """Name the dataset that a parameter stands for: `def f(orders=read("shop.orders"))`."""
    return Input(name)


def dataset(function=None, **settings):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Mark the function that makes the dataset; the settings were read from the text already."""
    if function is not None:
        return function
    return lambda function: function


def source(function=None, **settings):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Mark the function that loads a source; the settings were read from the text already."""
    if function is not None:
        return function
    return lambda function: function


def logical_time() -> datetime:
    """The time that the run stands for (aware, UTC); the same for all datasets of a run."""
    return datetime.fromisoformat(os.environ["ANDON_LOGICAL_TIME"])


def seed() -> int:
    """A number for generators of one's own, `numpy.random.default_rng(seed())`: the same at each build of the dataset."""
    return int(os.environ["ANDON_SEED"])
