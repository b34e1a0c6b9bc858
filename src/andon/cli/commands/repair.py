"""`andon repair`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.command(cls=Command, examples=["andon repair", "andon repair marts.revenue@main~3", "andon repair --at v1"])
@click.argument("names", nargs=-1, metavar="[DATASET[@REF]]...")
@at_option
@json_option
@pass_app
def repair(app: App, names: tuple[str, ...], at: str | None) -> int:
    """Read the lake as `andon verify --all`, and mend what is damaged. Exit 1 when something is damaged still.

    With datasets or a commit: only what these read there, and data that `andon gc` took away are brought back, too. They stay as long as
    anything else that nothing needs: a tag keeps them.

    Data files are built again by their recipe, copies of raw files are taken from the project. A file is put in place, under its old
    name, only where it is byte for byte what was written: no version, commit or row of the catalog changes. Of all else it says why not.
    """
    from andon.cli.text.reading import reading
    from andon.cli.text.verify import repaired_lines

    console = app.console
    with reading(console) as told:
        found = app.service.repairing.repair(names, at, told=told)
    console.show(found.to_json, lambda: repaired_lines(found, console.out))
    return EXIT_FAILED if found.left else EXIT_DONE
