"""`andon approve`: an owner agrees to what somebody else changes."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE
from andon.render.words import names


@click.command(cls=Command, examples=["andon approve run:41", "andon approve new_margin marts.revenue"])
@click.argument("ref", metavar="RUN|BRANCH")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@json_option
@pass_app
def approve(app: App, ref: str, datasets: tuple[str, ...]) -> int:
    """Agree to what a run or a branch changes of datasets that say `review: owner` and are yours.

    Exactly that change may be published from then on, by anybody; another edit needs another approval. Nothing is published by it.
    """
    done = app.service.approving.approve(ref, datasets)

    def lines() -> list[str]:
        said = [f"approved {names([each.dataset for each in done.approved])} as {done.commit[:8]} has it"]
        said += [f"{each.dataset} waits for {each.owner}" for each in done.waiting]
        return said if done.waiting else [*said, "nothing else waits: the same run or publish passes now"]

    app.console.show(done.to_json, lines)
    return EXIT_DONE
