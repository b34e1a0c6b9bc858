"""What a team does beyond one machine is typed word for word, on real servers, and gives what its page shows."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kit.servers import postgres_programs

SCRIPT = Path(__file__).parents[2] / "examples/team/team.py"


@pytest.fixture
def team(programs: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if postgres_programs() is None:
        if os.environ.get("CI"):
            pytest.fail("CI has Postgres")
        pytest.skip("Postgres is not installed")
    spec = importlib.util.spec_from_file_location("team", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), os.environ["PATH"]]))
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "demo"])
    return script


def test_its_page_is_typed_on_real_servers(team, capfd):
    assert team.main() == 0, capfd.readouterr().err
    told = capfd.readouterr().out
    for line in ("$ andon catalog copy", "$ andon lake move", "$ andon verify --all", "$ andon undo --yes"):
        assert line in told


def test_a_page_that_shows_something_else_is_found(team, tmp_path, capfd):
    page = team.ROOT / "docs" / "how-to" / "from-a-laptop-to-a-team.md"
    wrong = tmp_path / "wrong.md"
    wrong.write_text(page.read_text().replace("$ cd shop\n", "$ cd shop\none line too many\n"))
    assert team.demo({}, wrong) == 1
    assert "one line too many" in capfd.readouterr().err


def test_other_words_get_what_it_is_for():
    told = subprocess.run([sys.executable, str(SCRIPT), "sell"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "python examples/team/team.py serve" in told.stdout


@pytest.mark.parametrize("example", ["team/team.py", "orders/shop.py"])
def test_servers_end_with_what_started_them(team, example):
    server = subprocess.Popen(
        [sys.executable, str(SCRIPT.parents[1] / example), "serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        told = ""
        while "Ctrl-C" not in told:
            line = server.stdout.readline()
            assert line, told
            told += line
        ports = {int(port) for port in re.findall(r"(?:127\.0\.0\.1:|SHOP_PORT=)(\d+)", told)}
        assert len(ports) == (3 if example.startswith("team") else 1)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        server.stdout.close()
    for port in ports:
        with socket.socket() as one:
            assert one.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is still listened to"
