"""`andon lake …`."""

from __future__ import annotations

import os

import click

from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.group(cls=Noun, examples=["andon lake move /srv/lake", "andon lake move s3://shop-lake/data"])
def lake() -> None:
    """The files of the lake: copied into another storage."""


@lake.command(
    "move",
    cls=Command,
    examples=[
        "andon lake move /srv/lake",
        "andon lake move s3://shop-lake/data",
        "andon lake move --from .andon/lake s3://shop-lake/data",
    ],
)
@click.argument("target", metavar="TO")
@click.option("--from", "source", metavar="OLD", help="Where the files lie; without it the storage of andon.toml.")
@json_option
@pass_app
def move(app: App, target: str, source: str | None) -> int:
    """Copy all files of the lake into another storage, and read each back. The old one stays as it is. Exit 1 when something was damaged.

    TO is a folder, relative to the project, or what else `storage` in andon.toml takes; `${env:NAME}` stands for a variable.
    Where it ended early, the same command goes on. Others may publish until the setting is changed; what they published after the move is
    brought by `--from OLD`, once more.
    """
    from andon.cli.text.lakes import moved_lines
    from andon.cli.text.reading import reading
    from andon.settings.resolve import referenced

    console = app.console
    old = referenced(source, os.environ, "the storage") if source is not None else None
    with reading(console) as told:
        found = app.service.lake_moves.move(referenced(target, os.environ, "the storage"), source=old, told=told)
    console.show(found.to_json, lambda: moved_lines(found, console.out))
    return EXIT_FAILED if found.lost else EXIT_DONE
