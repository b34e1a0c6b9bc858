"""`andon approve`: an owner agrees to what somebody else changes."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, UsageError
from andon.model.approval import ApprovalsDocument
from andon.render.words import names


@click.command(
    cls=Command,
    examples=[
        "andon approve run:41",
        "andon approve new_margin marts.revenue",
        "andon approve run:41 --show",
        "andon approve run:41 --withdraw",
    ],
)
@click.argument("ref", metavar="RUN|BRANCH")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@click.option("--change", "changes", multiple=True, metavar="ID", help="Agree to this change and no other.")
@click.option("--show", is_flag=True, help="What waits for whom, and what is approved; agree to nothing.")
@click.option("--withdraw", is_flag=True, help="Take back what you agreed to and nobody published yet.")
@json_option
@pass_app
def approve(app: App, ref: str, datasets: tuple[str, ...], changes: tuple[str, ...], show: bool, withdraw: bool) -> int:
    """Agree to what a run or a branch changes of datasets that say `review: owner` and are yours.

    Exactly that change may be published from then on, by anybody; another edit needs another approval. Nothing is published by it.
    """
    desk = app.service.approving
    if (show and (datasets or withdraw)) or (changes and (show or withdraw)):
        raise UsageError(
            "usage.bad_argument",
            "`--show`, `--withdraw` and `--change` do not go together, and `--show` shows all",
            hint=f"`andon approve {ref} --show`",
        )
    if show:
        looked = desk.show(ref)
        app.console.show(looked.to_json, lambda: _shown(looked))
        return EXIT_DONE
    if withdraw:
        gone = desk.withdraw(ref, datasets)
        said = f"taken back: {names([each.dataset for each in gone.withdrawn])} as {gone.commit[:8]} has it"
        app.console.show(gone.to_json, lambda: [said, "it is not published until somebody approves it again"])
        return EXIT_DONE
    done = desk.approve(ref, datasets, changes)

    def lines() -> list[str]:
        said = [f"approved {names([each.dataset for each in done.approved])} as {done.commit[:8]} has it"]
        said += [f"{each.dataset} waits for {each.owner}" for each in done.waiting]
        return said if done.waiting else [*said, "nothing else waits: the same run or publish passes now"]

    app.console.show(done.to_json, lines)
    return EXIT_DONE


def _shown(looked: ApprovalsDocument) -> list[str]:
    if not looked.changes:
        return [f"no owner has to approve {looked.ref}"]
    said = []
    for each in looked.changes:
        done = each.approval
        word = f"waits for {each.owner}" if done is None else f"approved by {done.who} on {done.at[:10]}"
        said.append(f"{each.dataset} {word}  change {each.change[:12]}")
    return said
