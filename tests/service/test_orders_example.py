"""The example with a Postgres of its own runs to its end, and says what it promises."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.servers import postgres_programs

SCRIPT = Path(__file__).parents[2] / "examples/orders/shop.py"


def test_its_story_is_told(programs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    if postgres_programs() is None:
        if os.environ.get("CI"):
            pytest.fail("CI has Postgres")
        pytest.skip("Postgres is not installed")
    spec = importlib.util.spec_from_file_location("orders_shop", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.ANDON[0] == sys.executable
    monkeypatch.setattr(script, "ANDON", [str(programs / "andon")])
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "demo"])
    status = script.main()
    told = capfd.readouterr()
    assert status == 0, told.err
    assert "shop.orders: 701 rows new or changed" in told.out
    assert "Lyon  2026-11-01  NULL" in told.out
    assert "2026-10-31   20700" in told.out


def test_other_words_get_what_it_is_for():
    told = subprocess.run([sys.executable, str(SCRIPT), "sell"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "python examples/orders/shop.py demo" in told.stdout
