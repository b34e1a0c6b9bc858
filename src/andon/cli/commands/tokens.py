"""`andon token …`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from andon.base.clock import to_text
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option
from andon.cli.output import Cell
from andon.cli.table import table
from andon.model.person import AccessToken, Scope
from andon.render.words import moment
from andon.service.tokens import DEFAULT_LIFE, NEVER


@click.group(cls=Noun, examples=["andon token create ana", "andon token list"])
def token() -> None:
    """Tokens: by what a server knows the people whom `[people]` in andon.toml names."""


@token.command(
    "create", cls=Command, examples=["andon token create ana", "andon token create bi --scope read --expires 1y"]
)
@click.argument("person")
@click.option(
    "--scope",
    type=click.Choice([str(each) for each in Scope]),
    help="What it may be used for; all that the role allows without.",
)
@click.option(
    "--expires", metavar="TIME", default=DEFAULT_LIFE, show_default=True, help=f"How long it is good for, or `{NEVER}`."
)
@json_option
@pass_app
def create(app: App, person: str, scope: str | None, expires: str) -> None:
    """Make a token for a person. It is shown this once: the lake keeps only its hash."""
    made = app.service.tokens.create(person, scope, expires)
    until = f"until {moment(made.expires)}" if made.expires else "until it is revoked"
    app.console.show(made.to_json, lambda: [made.token])
    if not app.console.as_json:
        may = "do all that an owner may" if made.scope is Scope.ADMIN else str(made.scope)
        app.console.note(f"{made.person} may {may} with it, {until}; it is not shown again")


@token.command("list", cls=Command, examples=["andon token list", "andon token list --json"])
@json_option
@pass_app
def list_tokens(app: App) -> None:
    """All tokens, without their secrets."""
    found = app.service.tokens.list()
    out = app.console.out
    now = to_text(app.workspace.clock())
    rows: list[Sequence[Cell]] = [
        (
            (each.id, "accent"),
            each.person,
            str(each.scope),
            (moment(each.created), "dim"),
            (each.used or "never", "dim"),
            _state(each, now),
        )
        for each in found
    ]
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: (
            table(
                rows,
                out,
                headers=("token", "person", "scope", "made", "used", ""),
                width=app.console.width,
                whole=[0, 1],
            )
            if rows
            else ["no tokens; `andon token create NAME` makes one"]
        ),
    )


@token.command("revoke", cls=Command, examples=["andon token revoke 3f2a9c1d"])
@click.argument("id")
@json_option
@pass_app
def revoke(app: App, id: str) -> None:
    """Take a token back: from the next call on it lets nobody in."""
    done = app.service.tokens.revoke(id)
    app.console.show(done.to_json, lambda: [f"revoked {done.id}, of {done.person}"])


def _state(token: AccessToken, now: str) -> Cell:
    if token.revoked:
        return "revoked", "bad"
    if token.expires is None:
        return "for good", "dim"
    is_over = token.expires <= now
    return f"{'ended' if is_over else 'until'} {moment(token.expires)}", "warn" if is_over else "dim"
