"""`andon notify …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option
from andon.cli.output import Cell
from andon.cli.table import table
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.model.message import ChannelDocument


@click.group(cls=Noun, examples=["andon notify list", "andon notify test team"])
def notify() -> None:
    """Channels: by which ways people are told of incidents, as `[notify.NAME]` in andon.toml says."""


@notify.command("list", cls=Command, examples=["andon notify list", "andon notify list --json"])
@json_option
@pass_app
def list_channels(app: App) -> None:
    """All channels: whom they reach, what they are told, whether messages arrive."""
    found = app.service.messages.list()
    out = app.console.out
    rows: list[Sequence[Cell]] = [
        ((each.name, "accent"), each.kind, each.to, each.hears, _arrived(each), _state(each)) for each in found
    ]
    nothing = ["no channels: nobody is told of incidents; write `[notify.team]` into andon.toml"]
    headers = ("channel", "kind", "to", "told of", "last", "")
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: table(rows, out, headers=headers, width=app.console.width, whole=[0]) if rows else nothing,
    )
    if not app.console.as_json:
        for each in found:
            if each.error is not None:
                app.console.note(f"{each.name}: {each.error}", "warn")


@notify.command("test", cls=Command, examples=["andon notify test", "andon notify test team"])
@click.argument("name", required=False)
@json_option
@pass_app
def test(app: App, name: str | None) -> int:
    """Send a message by one channel, or by all, and say whether it was taken. Where it was, what waits is sent, too."""
    found = app.service.messages.test(name)
    rows: list[Sequence[Cell]] = [
        (
            (each.channel, "accent"),
            ("not sent", "bad") if each.error else ("sent", "good"),
            f"{each.seconds:.2f} s",
            each.error or "",
        )
        for each in found
    ]
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: table(rows, app.console.out, width=app.console.width, whole=[0, 1]),
    )
    return EXIT_FAILED if any(each.error for each in found) else EXIT_DONE


def _arrived(channel: ChannelDocument) -> Cell:
    return (moment(channel.last), "dim") if channel.last is not None else ("never", "dim")


def _state(channel: ChannelDocument) -> Cell:
    if channel.waiting:
        return f"{channel.waiting} waiting", "warn"
    return (f"{channel.given_up} given up", "bad") if channel.given_up else ("", "dim")
