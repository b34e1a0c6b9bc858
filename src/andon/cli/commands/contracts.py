"""`andon contract`: contracts of other tools, written and read."""

from __future__ import annotations

from pathlib import Path

import click

from andon.base.text import plural
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import at_option, json_option, select_argument
from andon.cli.text.contracts import import_lines, next_step
from andon.errors import EXIT_DONE, UsageError


@click.group(
    cls=Noun,
    examples=["andon contract export marts.orders", "andon contract import schema.yml --as marts"],
)
def contract() -> None:
    """Contracts of other tools: the Open Data Contract Standard, written and read; tests of dbt, read as check lines."""


@contract.command(
    "export",
    cls=Command,
    examples=["andon contract export marts.orders", "andon contract export --to contracts/"],
)
@select_argument
@click.option(
    "--format", "form", type=click.Choice(["odcs"]), default="odcs", help="The standard: Open Data Contract (odcs)."
)
@click.option("--to", type=click.Path(path_type=Path), metavar="PATH", help="A file, or a folder with a file for each.")
@at_option
@json_option
@pass_app
def export(app: App, /, select: tuple[str, ...], form: str, to: Path | None, at: str | None) -> int:
    """Write published datasets as contracts: columns, keys, checks, promises, owner.

    Every check stands in it: as a rule of the standard's library where that has an equal, as SQL where it can be asked so, else as a
    line of Andon. Imported again, a contract says the same.
    """
    from andon.contracts.writing import yaml_of

    assert form == "odcs"  # the only one so far
    found = app.service.contracts.export(select, at)
    texts = {one.file: yaml_of(one.contract) for one in found}
    console = app.console
    written = [] if to is None else _write(app.start / to, texts, is_folder=str(to).endswith("/"))
    if to is None or console.as_json:
        console.show(lambda: [one.to_json() for one in found], lambda: "---\n".join(texts.values()).splitlines())
    for path in written:
        console.note(f"{_from_here(path, app.start)} written", "good")
    return EXIT_DONE


@contract.command(
    "import",
    cls=Command,
    examples=["andon contract import orders.odcs.yaml", "andon contract import models/schema.yml --as marts --apply"],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", metavar="NAME", help="What its datasets are called here: a schema, or schema.name.")
@click.option("--apply", is_flag=True, help="Write it into the files of the datasets.")
@json_option
@pass_app
def import_file(app: App, /, file: Path, name: str | None, apply: bool) -> int:
    """Show what a contract (ODCS 3.0 to 3.2), or a property file of dbt, adds to the files of datasets.

    What the project says stays. All that is not carried over is listed, with its place and the reason.
    """
    found = app.service.contracts.bring(_text(app.start / file, file), str(file), name, apply=apply)
    console = app.console
    console.show(found.to_json, lambda: import_lines(found, console.out, console.width))
    if not console.as_json:
        console.note(next_step(found, app.command))
    return EXIT_DONE


def _from_here(path: Path, start: Path) -> Path:
    """A path as a person would name it who stands at `start`."""
    return path.relative_to(start) if path.is_relative_to(start) else path


def _text(path: Path, said: Path) -> str:
    from andon.python.contracts import text_of

    return text_of(path, said)


def _write(to: Path, texts: dict[str, str], *, is_folder: bool) -> list[Path]:
    """Write each text to a file of its own below a folder, or the only one to a file."""
    from andon.base.files import machine_error, write_whole

    is_file = not is_folder and not to.is_dir() and to.suffix in (".yaml", ".yml")
    if is_file and len(texts) != 1:
        hint = "name a folder, `--to contracts/`"
        raise UsageError(
            "usage.bad_argument", f"{plural(len(texts), 'contract')} for one file", where=str(to), hint=hint
        )
    try:
        (to.parent if is_file else to).mkdir(parents=True, exist_ok=True)
        paths = {(to if is_file else to / name): text for name, text in texts.items()}
        for path, text in paths.items():
            write_whole(path, text.encode())
    except OSError as error:
        raise machine_error(error, f"writing {to}") from error
    return list(paths)
