"""`andon backup` and `andon restore`."""

from __future__ import annotations

from pathlib import Path

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(cls=Command, examples=["andon backup /mnt/other/shop", "andon backup /mnt/other/shop --list"])
@click.argument("folder", required=False, type=_FOLDER)
@click.option("--list", "lists", is_flag=True, help="Tell which backups FOLDER holds, the newest first.")
@click.option("--deep", is_flag=True, help="Also read what FOLDER holds already, and copy again what is damaged.")
@json_option
@pass_app
def backup(app: App, folder: Path | None, lists: bool, deep: bool) -> int:
    """Copy the lake as it is at this moment to FOLDER. Exit 1 when something of the lake is damaged.

    Only what FOLDER does not hold yet is copied, and each file is compared with its hash. Others may publish meanwhile. A backup is there
    when its last line is written: one that is killed leaves the earlier ones whole, and the next goes on. FOLDER holds backups of one
    lake, any number of them; without it `folder` of `[backup]` in andon.toml is meant.
    """
    from andon.cli.text.backup import backup_lines, list_lines
    from andon.cli.text.reading import reading

    console = app.console
    if lists and deep:
        raise UsageError("usage.bad_argument", "`--deep` is about a new backup", hint="leave out one of the two")
    backups = app.service.backups
    place = str((app.start / folder).resolve()) if folder is not None else None
    if lists:
        found = backups.list(place)
        console.show(found.to_json, lambda: list_lines(found, console.out))
        return EXIT_FAILED if found.damaged else EXIT_DONE
    with reading(console) as told:
        made = backups.make(place, deep=deep, told=told)
    console.show(made.to_json, lambda: backup_lines(made, console.out))
    return EXIT_FAILED if made.damaged else EXIT_DONE


@click.command(
    cls=Command,
    examples=["andon restore /mnt/other/shop shop-again", "andon restore /mnt/other/shop shop-again --at 2026-11-01"],
)
@click.argument("folder", type=_FOLDER)
@click.argument("into", required=False, type=_FOLDER)
@click.option("--at", metavar="WHEN", help="The newest backup until then, or the one with that id; else the newest.")
@click.option("--partly", is_flag=True, help="All but what the backup lacks, where it is damaged.")
@click.option("--keep-tokens", is_flag=True, help="Let tokens be good by which a server knew people.")
@json_option
@pass_app
def restore(app: App, folder: Path, into: Path | None, at: str | None, partly: bool, keep_tokens: bool) -> int:
    """Put the lake of a backup in FOLDER back, INTO another folder; without it, into this one.

    A folder that is empty or not there gets the code of the newest commit, too; a project without a lake keeps its own. Nothing is
    overwritten. All ids, branches, tags, runs and incidents are as they were; each file and object is compared with its hash, and the lake
    is there when all of it is whole, or not at all. Tokens are good no more, unless it is said: one of them may have been taken back since.
    """
    from andon.cli.text.backup import restored_lines
    from andon.cli.text.reading import reading
    from andon.service.restoring import RestoreOptions
    from andon.service.restoring import restore as put_back

    console = app.console
    place = (app.start / into if into is not None else app.start).resolve()
    options = RestoreOptions(at, partly, keep_tokens)
    with reading(console) as told:
        found = put_back((app.start / folder).resolve(), place, options, told=told)
    console.show(found.to_json, lambda: restored_lines(found, str(into) if into is not None else None, console.out))
    return EXIT_FAILED if found.lacking else EXIT_DONE
