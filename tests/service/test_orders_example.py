"""The example with a Postgres of its own runs to its end, and says what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.servers import postgres_programs

SCRIPT = Path(__file__).parents[2] / "examples/orders/shop.py"


def test_its_story_is_told():
    if postgres_programs() is None:
        if os.environ.get("CI"):
            pytest.fail("CI has Postgres")
        pytest.skip("Postgres is not installed")
    told = subprocess.run(
        [sys.executable, str(SCRIPT), "demo"], capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert "shop.orders: 701 rows new or changed" in told.stdout
    assert "Lyon  2026-11-01  NULL" in told.stdout
    assert "2026-10-31   20700" in told.stdout
