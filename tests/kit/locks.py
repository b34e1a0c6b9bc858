"""Making a lock in a test, where a package index can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from andon.engines.python.lock import make_lock
from andon.errors import DatasetError


def lock_or_skip(dataset: str, dependencies: list[str], inputs: str = "digest") -> str:
    """The lock, or skip where no package index can be reached (but not in CI)."""
    with skip_without_index():
        return make_lock(dataset, dependencies, inputs)


@contextmanager
def skip_without_index() -> Iterator[None]:
    """Skip where no package index can be reached (but not in CI)."""
    try:
        yield
    except DatasetError as error:
        if error.retryable and not os.environ.get("CI"):
            pytest.skip("no package index can be reached")
        raise
