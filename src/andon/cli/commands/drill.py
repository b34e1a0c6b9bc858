"""`andon drill`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from andon.base.clock import system_clock
from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.cli.text.drill import day_lines, report_lines
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from andon.drill.report import DrillDocument

#: All forty faults take so many days; fewer are half as many.
_DAYS = 60


@click.command(
    cls=Command,
    examples=["andon drill", "andon drill --days 20 --seed 7", "andon drill --serve --keep drill"],
)
@click.option("--days", type=click.IntRange(4, _DAYS), default=_DAYS, show_default=True, help="How many days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The order in which things go wrong.")
@click.option(
    "--keep", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False), help="Leave the project there."
)
@click.option("--serve", "serves", is_flag=True, help="Show its pages meanwhile and afterwards, until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), help="With --serve: at which port; 0 is any.")
@json_option
@pass_app
def drill(app: App, days: int, seed: int, keep: Path | None, serves: bool, port: int | None) -> int:
    """Two months of a live project in two minutes: forty faults of twelve kinds, and what Andon does about each by itself.

    The files, the database, the processes that are killed and the messages are real; a judge who knows the truth reads what readers
    would. Status 0: all that is promised was kept; 1: something was not.
    """
    if port is not None and not serves:
        raise UsageError("usage.bad_argument", "`--port` is about `--serve`", hint="add `--serve`, or leave it out")
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="andon-drill-") as folder:
            return _drilled(app, Path(folder), days, seed, serves=serves, port=port)
    place = app.start / keep
    if place.exists() and any(place.iterdir()):
        raise UsageError("usage.exists", f"`{keep}` is not empty", where=str(place), hint="name another folder")
    place.mkdir(parents=True, exist_ok=True)
    return _drilled(app, place, days, seed, serves=serves, port=port)


def _drilled(app: App, folder: Path, days: int, seed: int, *, serves: bool, port: int | None) -> int:
    from andon.drill.line import DayTold, Drill
    from andon.drill.report import report_of

    console = app.console
    ink = console.err if console.as_json else console.out
    servers: list[subprocess.Popen[bytes]] = []

    def told(day: DayTold) -> None:
        for line in day_lines(day, ink):
            ink.line(line)

    def begun() -> None:
        if serves:
            servers.append(_server(folder, port))

    yesterday = system_clock().date() - timedelta(days=1)
    with _ended(servers):
        found = report_of(Drill(folder, days, seed, yesterday, told, begun).run(), seed)
        console.show(lambda: _json(found), lambda: report_lines(found, console.out, console.width))
        for server in servers:
            console.note("Ctrl-C ends the pages")
            server.wait()
    return EXIT_DONE if all(total.is_met for total in found.totals) else EXIT_FAILED


def _json(found: DrillDocument) -> object:
    from andon.base.document import to_json

    return to_json(found)


def _server(folder: Path, port: int | None) -> subprocess.Popen[bytes]:
    """The pages of the drill's project, in a process of their own that schedules nothing."""
    words = ["up", "--no-schedule", "--log", "none", *(["--port", str(port)] if port is not None else [])]
    return subprocess.Popen([sys.executable, "-m", "andon.cli", "-C", str(folder), *words])


@contextmanager
def _ended(servers: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if not servers:  # the pages were all that was left
            raise
    finally:
        for server in servers:
            server.terminate()
            server.wait()
