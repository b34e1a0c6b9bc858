"""`andon init`, `andon demo`, `andon doctor`, `andon config show`, `andon lock`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.text import plural
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.documents import MadeDocument
from andon.cli.options import json_option
from andon.cli.output import Cell
from andon.cli.table import table
from andon.errors import EXIT_DONE, EXIT_FAILED, EXIT_MACHINE, UsageError
from andon.service.documents import settings_documents

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

_SIGNS = {"ok": ("✓", "good"), "note": ("○", "warn"), "risk": ("✗", "bad")}


@click.command(cls=Command, examples=["andon init acme && cd acme && andon run --yes"])
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@json_option
@pass_app
def init(app: App, folder: Path | None) -> None:
    """Make a small project that runs: a file of orders, a source, a dataset. FOLDER is made if it is not there."""
    from andon.service.setup import init as make

    target = app.start / folder if folder is not None else app.start
    made = make(target)
    is_here = folder is None or target.resolve() == app.start.resolve()
    step = "andon run --yes" if is_here else f"cd {shlex.quote(str(folder))} && andon run --yes"
    app.console.show(
        MadeDocument(str(target), made).to_json,
        lambda: [f"made {target}", *(f"  {name}" for name in made), "", f"next: {step}"],
    )


@click.command(cls=Command, examples=["andon demo", "andon demo shop --pause", "andon demo --serve"])
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--pause", is_flag=True, help="Wait for a key between the parts.")
@click.option("--serve", "serves", is_flag=True, help="Then serve the folder, as `andon up` does.")
@click.option("--port", type=click.IntRange(0, 65535), help="With --serve: at which port; 0 is any.")
@json_option
@pass_app
def demo(app: App, folder: Path | None, pause: bool, serves: bool, port: int | None) -> int:
    """The whole story in one go, on a real shop's data: publish, change, break, undo. The folder stays to go on in."""
    from andon.cli.commands.demo import tell
    from andon.cli.commands.up import serve

    if pause and not app.console.can_ask:
        raise UsageError("usage.bad_argument", "`--pause` needs a terminal", hint="leave it out")
    if port is not None and not serves:
        raise UsageError("usage.bad_argument", "`--port` is about `--serve`", hint="add `--serve`, or leave it out")
    place = app.start / folder if folder else _free(app.start / "andon-demo")
    tell(app.console, place, pause)
    if not serves:
        return EXIT_DONE
    shop = App(place, app.console)
    try:
        return serve(shop, port=port, opens=app.console.can_ask, log="none")
    finally:
        shop.close()


def _free(folder: Path) -> Path:
    """`folder`, or `folder-2` and so on: an earlier telling stays as it was left."""
    number = 1
    place = folder
    while place.exists() and any(place.iterdir()):
        number += 1
        place = folder.with_name(f"{folder.name}-{number}")
    return place


@click.command(cls=Command, examples=["andon doctor", "andon doctor --deep", "andon doctor --clean"])
@click.option("--deep", is_flag=True, help="Read every file and object of the lake, and compare it with its hash.")
@click.option("--clean", is_flag=True, help="Remove files that killed runs left, which nothing names.")
@json_option
@pass_app
def doctor(app: App, deep: bool, clean: bool) -> int:
    """What is installed, what is missing or at risk, and what uses the disk. Exit 4 if something is at risk.

    Every file that a branch, a tag or a run shows is looked at: whether it is there with its size and, with --deep, whether it holds
    what was written.
    """
    from andon.service.doctor import cleaned
    from andon.service.doctor import doctor as examine

    workspace = _workspace(app)
    removed = [cleaned(workspace)] if clean and workspace is not None else []
    findings = [*examine(workspace, deep), *removed]
    out = app.console.out
    rows: list[Sequence[Cell]] = []
    for finding in findings:
        rows.append((_SIGNS[finding.level], finding.what, finding.detail))
        if finding.hint:
            rows.append(("", "", (f"hint: {finding.hint}", "dim")))
    app.console.show(
        lambda: [f.to_json() for f in findings],
        lambda: table(rows, out, width=app.console.width, whole=[0, 1], wrap=[2], drop=()),
    )
    return EXIT_MACHINE if any(f.level == "risk" for f in findings) else EXIT_DONE


@click.group(cls=Noun, examples=["andon config show"])
def config() -> None:
    """Settings: flag, then ANDON_* variable, then andon.toml, then the user's file, then the default."""


@config.command("show", cls=Command, examples=["andon config show", "ANDON_ENGINE_THREADS=2 andon config show"])
@json_option
@pass_app
def config_show(app: App) -> None:
    """Each setting's value and where it comes from."""
    from andon.settings.table import BY_NAME

    found = list(app.workspace.settings.items())
    rows: list[Sequence[Cell]] = [
        (name, _value(value), (origin, "dim" if origin == "default" else "accent"), (BY_NAME[name].help, "dim"))
        for name, value, origin in found
    ]
    app.console.show(
        lambda: [each.to_json() for each in settings_documents(app.workspace.settings)],
        lambda: table(
            rows,
            app.console.out,
            headers=("setting", "value", "from", "meaning"),
            width=app.console.width,
            whole=[0],
            wrap=[1, 2, 3],
            drop=[2],
            rest="`--json` has all",
        ),
    )


@click.command(cls=Command, examples=["andon lock", "andon lock marts.predictions --upgrade", "andon lock --check"])
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@click.option("--upgrade", is_flag=True, help="Pin the newest versions although the lock fits.")
@click.option(
    "--check", is_flag=True, help="Whether what the locks name is still to be had, and whole where it is kept."
)
@json_option
@pass_app
def lock(app: App, datasets: tuple[str, ...], upgrade: bool, check: bool) -> int:
    """Pin the packages of Python datasets with hashes, in a file beside each.

    With `--check` nothing is written: the package indexes are asked for files that were yanked, vanished or replaced, of every lock of the
    project. The exit status is 1 where one is not as it was, or no index could be asked.
    """
    if check:
        return _check_locks(app, datasets, upgrade)
    from andon.service.locks import lock as pin

    found = pin(app.workspace, datasets, upgrade)
    rows: list[Sequence[Cell]] = [
        (
            x.dataset,
            (x.status, "good" if x.status == "written" else "dim"),
            plural(x.packages, "package") if x.packages else "",
            (x.file if x.packages else "", "dim"),
        )
        for x in found
    ]
    app.console.show(
        lambda: [x.to_json() for x in found], lambda: table(rows, app.console.out) or ["no Python datasets"]
    )
    return EXIT_DONE


def _check_locks(app: App, datasets: tuple[str, ...], upgrade: bool) -> int:
    from andon.cli.text.lock_checks import lock_check_lines
    from andon.errors import UsageError
    from andon.service.lock_checks import check_locks

    if upgrade:
        raise UsageError(
            "usage.bad_argument", "`--check` changes nothing, and `--upgrade` does", hint="leave out one of the two"
        )
    found = check_locks(app.workspace, datasets)
    app.console.show(found.to_json, lambda: lock_check_lines(found, app.console.out, app.console.width))
    return EXIT_DONE if found.is_well else EXIT_FAILED


def _workspace(app: App) -> Workspace | None:
    """The workspace, or None outside a project: the doctor looks at the machine then."""
    try:
        return app.workspace
    except UsageError as error:
        if error.code != "usage.no_project" or app.project is not None:
            raise
        return None


def _value(value: Any) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != "" else ("(empty)", "dim")
