"""The program on a real terminal (a pseudo one): the live view, questions, Ctrl-C; and `demo` from a shell."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kit.command_line import Andon

STARTED = (sys.executable, "-m", "andon.cli")
MART = "datasets/marts/revenue_by_month.sql"


class Session:
    """A program on a pseudo terminal; it is started, unless `copies` (the fixture `programs`) are to be used, which take less time."""

    def __init__(self, folder: Path, *words: str, columns: int = 100, copies: Path | None = None) -> None:
        self.shown = ""
        self._main, side = pty.openpty()
        environ = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "30"}
        environ.pop("NO_COLOR", None)
        self._process = subprocess.Popen(
            [*(STARTED if copies is None else (copies / "andon",)), *words],
            cwd=folder,
            env=environ,
            stdin=side,
            stdout=side,
            stderr=side,
            # who starts the tests may ignore it, and what they start would too
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(side)

    def until(self, text: str, seconds: float = 60) -> None:
        """Read until `text` is shown."""
        end = time.monotonic() + seconds
        while text not in self.plain:
            assert time.monotonic() < end, f"`{text}` was not shown:\n{self.plain}"
            if not self._read():
                break
        assert text in self.plain, self.plain

    def type(self, text: str) -> None:
        os.write(self._main, text.encode())

    def interrupt(self) -> None:
        """What the terminal does at Ctrl-C, when the program waits for input (a signal just before is seen only after it)."""
        time.sleep(0.5)
        self._process.send_signal(signal.SIGINT)

    def end(self, seconds: float = 60) -> int:
        """Read to the end; the exit status."""
        end = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < end
        os.close(self._main)
        return self._process.wait(timeout=seconds)

    @property
    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown).replace("\r", "")

    def _read(self) -> bool:
        ready, _, _ = select.select([self._main], [], [], 0.2)
        if not ready:
            return self._process.poll() is None
        try:
            found = os.read(self._main, 65536)
        except OSError:  # how a pseudo terminal says that the other side is closed
            return False
        self.shown += found.decode()
        return bool(found)


def change(andon: Andon) -> None:
    andon.replace(MART, "count(*) as orders", "count(*) as orders, max(amount) as largest")


def test_a_change_of_main_is_asked_about_with_the_plan(built: Andon) -> None:
    change(built)
    session = Session(built.folder, "run")
    session.until("publish this to main? [y/N]:")
    assert "marts.revenue_by_month  build  its SQL changed" in session.plain
    session.type("y\n")
    assert session.end() == 0
    assert "✓ marts.revenue_by_month  3 rows" in session.plain
    assert "published to main as" in session.plain
    assert "\x1b[32m" in session.shown


def test_no_is_no(built: Andon, programs: Path) -> None:
    change(built)
    session = Session(built.folder, "run", copies=programs)
    session.until("[y/N]:")
    session.type("\n")
    assert session.end() == 2
    assert "nothing was done" in session.plain
    assert "`andon plan` shows it again" in session.plain
    assert len(built.json("log")) == 2


def test_no_to_what_no_plan_of_the_folder_shows(built: Andon, programs: Path) -> None:
    session = Session(built.folder, "retire", "marts.revenue_by_month", copies=programs)
    session.until("[y/N]:")
    session.type("\n")
    assert session.end() == 2
    assert "nothing was done" in session.plain
    assert "andon plan" not in session.plain


def test_ctrl_c_at_a_question(built: Andon) -> None:
    change(built)
    session = Session(built.folder, "run")
    session.until("[y/N]:")
    session.interrupt()
    assert session.end() == 130
    assert "Traceback" not in session.plain


def test_undo_of_somebody_elses_work_is_asked_about(
    built: Andon, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDON_AUTHOR", "ben")
    session = Session(built.folder, "undo", copies=programs)
    session.until("it was published by ana; take it back? [y/N]:")
    assert re.search(r"what changes for readers\n  marts.revenue_by_month +goes +3 rows removed\n", session.plain)
    session.type("y\n")
    assert session.end() == 0
    assert "undone" in session.plain


def test_table_gives_way_to_the_terminal(built: Andon, programs: Path) -> None:
    session = Session(built.folder, "query", "select repeat('x', 500) as wide, 1 as one", copies=programs)
    assert session.end() == 0
    assert max(len(line) for line in session.plain.splitlines()) <= 100


def test_a_narrow_terminal_keeps_the_names_of_datasets(built: Andon, programs: Path) -> None:
    session = Session(built.folder, "ls", columns=40, copies=programs)
    assert session.end() == 0
    names = [line.split()[0] for line in session.plain.splitlines()[1:3]]
    assert sorted(names) == ["marts.revenue_by_month", "shop.orders"]


def test_a_save_asks_for_checks_and_then_for_a_word(built: Andon, programs: Path) -> None:
    session = Session(
        built.folder,
        "save",
        "marts.top",
        "select customer, count(*) as n from shop.orders group by all",
        copies=programs,
    )
    session.until("add which? numbers, all, safe or none [safe]:")
    assert "marts.top  new · 2 columns · from shop.orders" in session.plain
    session.type("1\n")
    session.until("publish this to main? [y/N]:")
    session.type("y\n")
    assert session.end() == 0
    assert "written: datasets/marts/top.sql" in session.plain
    assert "key customer" in (built.folder / "datasets/marts/top.sql").read_text()


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that was started and hears Ctrl-C, also where whoever runs the tests ignores it; it never outlives the test."""
    command = [sys.executable, "-m", "andon.cli", *words]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stops_cleanly(built: Andon, number: signal.Signals) -> None:
    names = [f"t{i}" for i in range(15)]
    built.write(
        "datasets/marts/slow.sql",
        f"select sum(sqrt({' + '.join(f'{t}.order_id' for t in names)})) as n\n"
        f"from {', '.join(f'shop.orders {t}' for t in names)}\n",
    )
    with started(built.folder, "run", "--yes") as process:
        assert process.stderr is not None
        shown = process.stderr.readline()
        assert shown.startswith("run 2 on main")
        time.sleep(0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == ""
    assert "[build.interrupted]" in err
    assert "Traceback" not in err
    assert len(built.json("log")) == 2
    assert built.json("status")["runs"][0]["status"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_stops_cleanly(built: Andon, number: signal.Signals) -> None:
    names = [f"t{i}" for i in range(15)]
    sql = f"select sum(sqrt({' + '.join(f'{t}.order_id' for t in names)})) as n from {', '.join(f'shop.orders {t}' for t in names)}"
    target = built.folder / "answer.csv"
    with started(built.folder, "query", sql, "-o", str(target)) as process:
        time.sleep(1.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "stopped"
    assert [p.name for p in built.folder.iterdir() if "answer" in p.name] == []


@pytest.mark.slow
def test_demo_tells_the_story(tmp_path: Path, programs: Path) -> None:
    command = [programs / "andon", "demo", "shop", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert len(story["beats"]) == 14
    figures = [b["figures"] for b in story["beats"]]
    assert figures[13] == {"elsewhere": "IDENTICAL", "reported": "70989.66"}
    assert figures[0] == figures[2] == {"may": "70989.66"}
    assert figures[1] == {"may": "70989.66", "june_held": "7610930.00"}
    assert figures[5] == {"may_before": "70989.66", "may_after": "141979.32"}
    assert figures[6] == {"may": "70989.66", "bytes_copied": "0"}
    assert figures[7] == figures[10] == {"may": "70989.66"}
    assert figures[8] == {"may_with_mistake": "141979.32"}
    cost = Decimal(figures[12].pop("cost"))
    assert figures[12] == {"spared": "385", "bought_all_the_same": "67", "weakest": "revenue"}
    assert 0 < cost < 10
    for said in (
        "request 1 is answered with marts.cohorts",
        "letters 115 → 103",
        "● ok revenue  still true",
        "2 datasets on main that nothing live needs",
        "worth 1,800 USD a year, measured + 3,216 USD a year, estimated",
        "shop.transactions: Only customers whose first purchase was in the first quarter of 1997; it holds back 2 insights",
    ):
        assert said in done.stderr
    assert "shop.transactions  customer_id -> shop.customers" in done.stderr
    assert "marts.revenue_by_month  reconciles" in done.stderr
    assert "was undone, so it is not published again" in done.stderr
    _says_what_is_so(programs, tmp_path / "shop")


def _says_what_is_so(programs: Path, shop: Path) -> None:
    """What the sample's decision says of May is what the lake of then gives."""
    question = """select count(*), count(*) filter (at_stake >= 40), sum(at_stake) filter (at_stake < 40),
        round(sum(2 - 0.05 * at_stake) filter (at_stake < 40), 2) from marts.customers_to_write_to"""
    command = [programs / "andon", "query", "--at", "main@1998-06-15", "--format", "csv", question]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=True, timeout=60)
    customers, letters, left, saved = done.stdout.splitlines()[1].split(",")
    text = " ".join((shop / "insights/letters.md").read_text().split())
    assert f"To {letters} of the {customers} customers" in text
    assert f"{int(customers) - int(letters)} letters" in text
    assert f"5 % of {Decimal(left):,} dollars, {Decimal(left) / 20:.2f}" in text
    assert f"remains is {saved} dollars a month" in text
    assert f"amount: {Decimal(saved):.0f}" in text


def test_nothing_is_hidden_in_a_pipe(built: Andon, golden: Callable[[str, str], None]) -> None:
    command = [sys.executable, "-m", "andon.cli", "ls"]
    done = subprocess.run(command, cwd=built.folder, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout + done.stderr
    golden("ls", done.stdout)
