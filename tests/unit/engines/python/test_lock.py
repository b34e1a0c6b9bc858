"""Locks: what stands in them, and when they no longer fit."""

from __future__ import annotations

import re

import pytest

from andon.engines.python.lock import (
    OLDEST_PYTHON,
    make_lock,
    python_floor,
)
from andon.errors import DatasetError
from kit.locks import lock_or_skip

LOCK = """# inputs: abc
# made by: andon lock marts.made
# python: >=3.12
iniconfig==2.1.0 \\
    --hash=sha256:00
"""


def test_the_oldest_python_is_read_from_the_head():
    assert python_floor(LOCK) == (3, 12)
    assert python_floor("iniconfig==2.1.0\n") == OLDEST_PYTHON


def test_a_lock_pins_everything_with_hashes_and_no_address():
    lock = lock_or_skip("marts.made", ["iniconfig<2.1", "colorama; sys_platform == 'win32'"])
    lines = lock.splitlines()
    assert lines[:3] == ["# inputs: digest", "# made by: andon lock marts.made", "# python: >=3.11"]
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]
    names = [re.split("==", pin)[0] for pin in pins]
    assert names == ["colorama", "duckdb", "iniconfig", "pytz", "time-machine"]
    assert "sys_platform == 'win32'" in pins[0]
    assert all(pin.endswith(" \\") for pin in pins)
    assert lock.count("--hash=sha256:") > len(pins)
    assert "://" not in lock
    assert "index" not in lock
    again = make_lock("marts.made", ["iniconfig"], "digest", ">=3.12", earlier=lock)
    assert next(pin for pin in pins if pin.startswith("iniconfig")) in again  # what still fits stays
    assert "# python: >=3.12" in again


def test_without_a_solution_there_is_uvs_explanation():
    lock_or_skip("marts.made", ["iniconfig"])
    with pytest.raises(DatasetError) as caught:
        make_lock("marts.made", ["iniconfig<1", "iniconfig>2"], "digest")
    assert caught.value.code == "build.environment"
    assert "iniconfig<1" in caught.value.message
    assert not caught.value.retryable
