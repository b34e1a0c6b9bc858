"""`andon analysis …`: run a script or notebook against one commit, and look at what such runs made."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import MomentType, at_option, json_option
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.group(cls=Noun, examples=["andon analysis run retention", "andon analysis show retention@2"])
def analysis() -> None:
    """Scripts and notebooks in `analyses/`: run against one commit, with what they made kept."""


@analysis.command("list", cls=Command, examples=["andon analysis list"])
@at_option
@json_option
@pass_app
def list_analyses(app: App, /, at: str | None) -> int:
    """All analyses, with the newest run of each."""
    from andon.cli.text.analyses import analysis_lines

    found = app.service.analyses.list(at)
    app.console.show(lambda: [to_json(each) for each in found], lambda: analysis_lines(found, app.console))
    return EXIT_DONE


@analysis.command("log", cls=Command, examples=["andon analysis log", "andon analysis log retention"])
@click.argument("name", required=False)
@json_option
@pass_app
def log(app: App, /, name: str | None) -> int:
    """Runs of an analysis, the newest first; without a name the newest of each."""
    from andon.cli.text.analyses import log_lines

    found = app.service.analyses.log(name)
    app.console.show(
        lambda: [to_json(each) for each in found], lambda: log_lines(found, app.console, is_all=name is not None)
    )
    return EXIT_DONE


@analysis.command(
    "show", cls=Command, examples=["andon analysis show retention", "andon analysis show retention@2 -o out"]
)
@click.argument("run", metavar="NAME[@N]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Copy what the run made into this folder."
)
@json_option
@pass_app
def show(app: App, /, run: str, output: Path | None) -> int:
    """A run of an analysis, the newest without a number: its commit, parameters, figures, printed text and files."""
    from andon.cli.text.analyses import run_lines

    found = app.service.analyses.show(run)
    if output is not None:
        app.service.analyses.copy(found, output)
    app.console.show(found.to_json, lambda: run_lines(found, app.console))
    app.tell(found.notes)
    if output is not None:
        app.console.note(f"copied to {output}", "good")
    return EXIT_DONE


@analysis.command(
    "run",
    cls=Command,
    examples=["andon analysis run retention", "andon analysis run retention --at main~1 -p months=6"],
)
@click.argument("name")
@at_option
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Choose a parameter; may be given again.",
)
@click.option("--now", type=MomentType(), metavar="TIME", envvar="ANDON_NOW", help="The clock that the run sees.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="How long it may take.")
@json_option
@pass_app
def run(
    app: App,
    /,
    name: str,
    at: str | None,
    parameters: tuple[str, ...],
    now: datetime | None,
    timeout: float | None,
) -> int:
    """Run an analysis against one commit, in the environment of its lock, and keep what it made.

    It is the file as it stands in the folder, `analyses/NAME.py` or `.ipynb`. It reads the datasets that its texts name, at the commit of
    --at, and nothing else; files that it writes into the folder it begins in are kept, with what it printed. Exit status 1 where it fails;
    that run is kept, too.
    """
    from andon.cli.text.analyses import run_lines
    from andon.service.analysis_documents import AnalysisOptions

    said = dict(_pair(each) for each in parameters)
    found = app.service.analyses.run(name, at, AnalysisOptions(said, now, timeout))
    app.console.show(found.to_json, lambda: run_lines(found, app.console))
    app.tell(found.notes)
    return EXIT_DONE if found.error is None else EXIT_FAILED


@analysis.command(
    "reproduce",
    cls=Command,
    examples=["andon analysis reproduce retention@2", "andon analysis reproduce retention --at main"],
)
@click.argument("run", metavar="NAME[@N]")
@at_option
@json_option
@pass_app
def reproduce(app: App, /, run: str, at: str | None) -> int:
    """Run an analysis again with the code, lock, parameters and clock of a run, and compare what it makes: IDENTICAL, EQUAL WITHIN 1e-9,
    or DIFFERENT; then the exit status is 1.

    It reads the commit that the run read. With --at it reads another one, and which numbers moved is told, and through which dataset.
    Tables are compared by their rows, pictures by the numbers in them where those are known, else by their pixels. Nothing is kept.
    """
    from andon.cli.text.analyses import reproduced_lines

    found = app.service.analysis_reproducing.reproduce(run, at)
    app.console.show(found.to_json, lambda: reproduced_lines(found, app.console))
    return EXIT_DONE if found.verdict.holds else EXIT_FAILED


def _pair(said: str) -> tuple[str, str]:
    name, sign, value = said.partition("=")
    if not sign or not name:
        raise click.UsageError(f"`{said}` is not NAME=VALUE")
    return name.strip(), value
