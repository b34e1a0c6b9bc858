"""`andon gc`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option


@click.command(cls=Command, examples=["andon gc", "andon gc --apply"])
@click.option(
    "--apply", "is_applied", is_flag=True, help="Do it: mark what nothing needs, delete what was marked a grace ago."
)
@json_option
@pass_app
def gc(app: App, is_applied: bool) -> None:
    """Data of past versions that nothing needs any more: what goes, why, and how it comes back. Nothing is changed without `--apply`.

    Heads of branches and tags are kept whatever their age, and so is what an undo or a redo brings back. What a branch showed before stays
    as long as `keep` in a dataset's file says, else `[retention]` in andon.toml; without either for ever. Commits, code, builds and raw
    files stay always: `andon reproduce DATASET@REF` builds again what is gone and proves it, `andon repair DATASET@REF` brings it back.
    """
    from andon.cli.text.gc import collection_lines

    console = app.console
    found = app.service.collecting.collect(apply=is_applied)
    keeps_all = not app.workspace.settings.get("retention.keep")
    console.show(found.to_json, lambda: collection_lines(found, console.out, console.width, keeps_all=keeps_all))
