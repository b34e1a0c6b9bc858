"""The command group: loads a command when it is called, and turns every error into text, JSON and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from andon.cli.output import Console
from andon.cli.overview import BY_NAME, COMMANDS, EXIT_STOPPED, overview
from andon.errors import EXIT_WRONG, AndonError, MachineError, UsageError
from andon.version import __version__

if TYPE_CHECKING:
    from andon.base.document import UnsetType
    from andon.service.service import Service
    from andon.service.trust import TrustNote
    from andon.workspace.workspace import Workspace

Function = TypeVar("Function", bound=Callable[..., Any])


class App:
    """What every command gets: the console, and the service when it asks for it."""

    def __init__(self, project: Path | None, console: Console) -> None:
        self.project = project
        self.console = console

    @property
    def start(self) -> Path:
        """The folder that the command works in."""
        return self.project or Path.cwd()

    @cached_property
    def service(self) -> Service:
        """The verbs of the project at or above the folder.

        Raises: as `Service.find`.
        """
        from andon.service.service import Service

        service = Service.find(self.start, face="cli")
        if os.environ.get("ANDON_CLOCK"):  # the record will tell this time
            now = service.workspace.clock()
            self.console.note(f"note: a rehearsal: it is taken to be {now:%Y-%m-%d %H:%M} UTC (ANDON_CLOCK)", "warn")
        for notice in service.workspace.settings.notices:
            self.console.note(f"note: {notice}", "warn")
        return service

    @property
    def workspace(self) -> Workspace:
        """The opened project. Raises as `service`."""
        return self.service.workspace

    def close(self) -> None:
        """Close what was opened."""
        if "service" in self.__dict__:
            self.service.close()

    def tell(self, notes: Iterable[TrustNote] | UnsetType) -> None:
        """What is to be known of what was read, each once, beside the data; with --json it is in the document."""
        from andon.base.document import UNSET

        if notes is not UNSET and not self.console.as_json:
            for words in dict.fromkeys(note.words for note in notes):
                self.console.note(words, "warn")

    def command(self, text: str) -> str:
        """A command to type, for hints: `andon TEXT` with this call's `-C`."""
        import shlex

        place = f" -C {shlex.quote(str(self.project))}" if self.project is not None else ""
        return f"andon{place} {text}"


pass_app = click.make_pass_decorator(App)


class Command(click.Command):
    """A command whose help ends with examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        del ctx
        write_examples(self.examples, formatter)


class Noun(click.Group):
    """A command with commands below it (`andon branch list`)."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        del ctx
        write_examples(self.examples, formatter)


class Listing(Noun):
    """A noun that lists by itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` where nothing else is said."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """The section `Example`."""
    with formatter.section("Examples" if len(examples) > 1 else "Example"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class Root(click.Group):
    """The group of all commands; modules are imported when their command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the overview."""
        del ctx
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        entry = BY_NAME.get(cmd_name)
        if entry is None:
            return None
        command = getattr(import_module(entry.home), entry.attribute)
        assert isinstance(command, click.Command)  # the table is tested
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument; a misspelt one gets the nearest name."""
        name = args[0]
        if not name.startswith("-") and name not in BY_NAME and not ctx.resilient_parsing:
            from andon.base.names import did_you_mean

            raise UsageError(
                "usage.bad_argument",
                f"there is no command `{name}`",
                hint=did_you_mean(name, BY_NAME) or "`andon --help` lists all commands",
            )
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The overview."""
        del ctx
        return overview().rstrip("\n")

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and leave with the exit status of what happened."""
        arguments = list(sys.argv[1:] if args is None else args)
        parse = super().main
        status = _guarded(
            arguments,
            lambda: parse(
                arguments,
                prog_name or "andon",
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            ),
        )
        if not standalone_mode:
            return status
        sys.exit(status)


@click.group("andon", cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C",
    "--project",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    envvar="ANDON_PROJECT",
    help="The project's folder.",
)
@click.option("--debug", is_flag=True, envvar="ANDON_DEBUG", help="Show a trace with an error.")
@click.option("--no-color", is_flag=True, help="No colours.")
@click.version_option(__version__, "--version", message="andon %(version)s")
@click.pass_context
def cli(ctx: click.Context, project: Path | None, debug: bool, no_color: bool) -> None:
    """Query anything. Save a query as a dataset. Publish the whole lake in one step; one command takes it back."""
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    app = App(project, Console(color=False if no_color else None))
    ctx.obj = app
    ctx.call_on_close(app.close)


def _guarded(arguments: list[str], call: Callable[[], Any]) -> int:
    """The exit status of `call`, its errors shown."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    console = Console(as_json="--json" in own, color=False if "--no-color" in own else None)
    error: AndonError
    try:
        result = call()
    except click.Abort:
        console.note("stopped", "warn")
        return EXIT_STOPPED
    except click.ClickException as problem:
        error = _usage(problem)
        cause: BaseException = problem
    except AndonError as problem:
        error = cause = problem
    except OSError as problem:
        from andon.base.files import machine_error

        error, cause = machine_error(problem, "read or write a file"), problem
    except MemoryError as problem:
        error = MachineError("machine.memory", "there was not enough memory", hint="set `engine.memory_limit` lower")
        cause = problem
    except Exception as problem:  # noqa: BLE001 - the outermost boundary: nobody should see a trace unasked
        error = MachineError(
            "internal.error",
            f"a defect in Andon: {type(problem).__name__}: {problem}",
            hint="the same command with `andon --debug …` shows the trace; please report it",
        )
        cause = problem
    else:
        return result if isinstance(result, int) else 0
    if "--debug" in own or os.environ.get("ANDON_DEBUG"):
        import traceback

        for text in "".join(traceback.format_exception(cause)).rstrip("\n").split("\n"):
            console.err.line(text)
    console.error(error)
    return EXIT_STOPPED if error.code == "build.interrupted" else error.exit_status


def _usage(error: click.ClickException) -> AndonError:
    """An error of click as ours."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "andon"
    no_command = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = f"`{path}` needs a command" if no_command else error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    found = UsageError("usage.bad_argument", message, where=path, hint=f"`{path} --help` shows how it is used")
    assert found.exit_status == EXIT_WRONG  # click's own status for these
    return found
