"""`andon up`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from andon.base.text import plural
from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE
from andon.render.words import short

if TYPE_CHECKING:
    from andon.model.tick import Tick


@click.command(
    cls=Command,
    examples=["andon up", "andon up --port 8080 --open", "andon up --host 0.0.0.0   # needs [people] in andon.toml"],
)
@click.option("--host", metavar="ADDRESS", help="Where to listen. [default: server.host, 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="At which port; 0 is any. [default: server.port, 7411]")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option(
    "--log",
    type=click.Choice(("json", "none")),
    default="json",
    show_default=True,
    help="A line for each request, on stderr.",
)
@click.option("--no-schedule", is_flag=True, help="Leave what is due to others. [default: schedule.enabled]")
@json_option
@pass_app
def up(app: App, host: str | None, port: int | None, opens: bool, log: str, no_schedule: bool) -> int:
    """Serve the lake to a team: one process with the HTTP API, until Ctrl-C.

    On this machine alone, whoever reaches it acts as you. Where `[people]` in andon.toml names people, each shows a token
    (`andon token create NAME`), and the author of what they do is themselves. Other commands work on the same lake beside it.

    Meanwhile it looks every `schedule.every` what is due and brings that up to date, as `andon tick` does once.
    """
    return serve(app, host, port, opens=opens, log=log, schedules=not no_schedule)


def serve(
    app: App,
    host: str | None = None,
    port: int | None = None,
    *,
    opens: bool = False,
    log: str = "json",
    schedules: bool = True,
) -> int:
    """Serve the lake of `app` until Ctrl-C or SIGTERM.

    Args:
        opens: whether the browser is shown it.
        log: `json` for a line of each request on stderr, `none`.
        schedules: whether what is due is brought up to date meanwhile, where the settings have it so.
    """
    from andon.web.server import ServingDocument, address_of, listen, run_until_stopped, server, write_line

    settings, workspace = app.workspace.settings, app.workspace
    place = host or str(settings.get("server.host"))
    number = int(settings.get("server.port")) if port is None else port
    running, application = server(app.service, place, write_line if log != "none" else None)
    listening = listen(place, number)
    address = address_of(place, listening)
    head = workspace.lake.refs.resolve(workspace.reading())
    people, out = len(workspace.people), app.console.out
    who = plural(people, "person", "people") if people else f"you are its owner, {workspace.caller.author}"
    app.console.show(
        ServingDocument(address, workspace.root.name, head.id, people).to_json,
        lambda: [f"{out.paint(address, 'accent')}  {workspace.root.name} at {short(head.id)}; {who}"],
    )
    if not application.assets.is_complete:
        from andon.web.assets import how_to_make

        app.console.note(
            f"its pages are not made yet, the API works; `{how_to_make()}` makes them, then start it again"
        )
    app.console.note("Ctrl-C stops it")
    sys.stdout.flush()
    if opens:
        import webbrowser

        webbrowser.open(address)
    with _scheduled(app, log) if schedules else nullcontext():
        run_until_stopped(running, listening)
    return EXIT_DONE


def _scheduled(app: App, log: str) -> AbstractContextManager[None]:
    """What brings up to date what is due while the block runs; nothing does where the settings leave it to others."""
    from andon.web.server import write_line

    def told(found: Tick) -> None:
        jobs = [
            {"datasets": job.datasets, "outcome": job.outcome, "run": job.run, "failed": job.failed}
            for job in found.jobs
        ]
        write_line({"event": "tick", "at": found.at, "branch": found.branch, "jobs": jobs, "seconds": found.seconds})

    loop = app.service.scheduling.loop(told if log != "none" else lambda _: None)
    return loop.running() if loop is not None else nullcontext()
