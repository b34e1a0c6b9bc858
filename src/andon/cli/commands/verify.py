"""`andon verify`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.command(cls=Command, examples=["andon verify", "andon verify --at v1", "andon verify --all"])
@at_option
@click.option("--all", "is_all", is_flag=True, help="Every commit that a branch, a tag or a run reaches.")
@json_option
@pass_app
def verify(app: App, at: str | None, is_all: bool) -> int:
    """Read every file and object of a commit, and compare each with its hash. Exit 1 when anything is damaged.

    Data files and kept raw files are read whole, whatever is known of them: a disk that flips bits leaves no trace. Ids of commits,
    trees, versions, definitions and texts are computed again. What is damaged is named with the commits and datasets that it touches.
    """
    from andon.cli.text.reading import reading
    from andon.cli.text.verify import verified_lines

    console = app.console
    with reading(console) as told:
        found = app.service.verifying.verify(at, all=is_all, told=told)
    console.show(found.to_json, lambda: verified_lines(found, console.out))
    return EXIT_FAILED if found.damaged else EXIT_DONE
