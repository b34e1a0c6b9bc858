"""`andon isolate`: one stage in a folder that runs without Andon, and what was worked on there brought back."""

from __future__ import annotations

from pathlib import Path

import click

from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option, message_option, publish_flag
from andon.errors import EXIT_DONE, EXIT_FAILED


class _Packing(Noun):
    """A noun that packs the dataset that is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `stage` before what is no command: a dataset's name has a point in it, or an option is said first."""
        if not args:
            raise click.UsageError("name the dataset to pack: `andon isolate DATASET`", ctx)
        if args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["stage", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Packing,
    examples=[
        "andon isolate marts.revenue",
        "andon isolate marts.revenue@2026-11-01 -o november",
        "andon isolate apply november",
    ],
)
def isolate() -> None:
    """Pack one stage into a folder that makes it again without Andon, and bring back what was worked on there.

    `andon isolate DATASET` is `andon isolate stage DATASET`, and so is `andon isolate analyses/NAME`: `andon isolate stage --help` has its
    options.
    """


@isolate.command(
    cls=Command,
    examples=[
        "andon isolate stage marts.revenue",
        "andon isolate marts.revenue@2026-11-01 -o november",
        "andon isolate marts.revenue --where \"country = 'DE'\" --mask",
        "andon isolate marts.revenue --run 41",
        "andon isolate marts.revenue --as-test --sample 5",
        "andon isolate analyses/months@1 -o months",
    ],
)
@click.argument("dataset", metavar="DATASET[@REF]|analyses/NAME[@N]")
@click.option(
    "-o", "--out", "folder", type=click.Path(path_type=Path), help="The folder to make; there must be nothing in it."
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="So many rows of each input at most.")
@click.option("--where", metavar="SQL", help="The rows that meet a condition, of the inputs that have its columns.")
@click.option(
    "--mask", "masks", is_flag=True, help="Put other values in the place of those of personal columns (`pii`)."
)
@click.option("--offline", is_flag=True, help="Pack the packages, too: nothing is asked of an index there.")
@click.option(
    "--run", type=click.IntRange(min=1), metavar="N", help="The stage of a run, also of one that was held or failed."
)
@click.option("--as-test", is_flag=True, help="Write a unit test of it in place of a folder: ten rows of each input.")
@json_option
@pass_app
def stage(
    app: App,
    dataset: str,
    folder: Path | None,
    sample: int | None,
    where: str | None,
    masks: bool,
    offline: bool,
    run: int | None,
    as_test: bool,
) -> int:
    """Pack a version into one folder with all that it is made of, and one command that makes it again without Andon.

    The folder holds the code as it was written and as it ran, the inputs, the packages pinned with hashes, clock, settings and rows that
    are to come out. `python run.py` there makes it again and says IDENTICAL, EQUAL WITHIN 1e-9 or DIFFERENT; an input that changed is
    refused by its hash. It is where somebody works on that stage alone.

    With `--sample`, `--where` or `--mask` the inputs are others, and what is to come out is made anew of them while it is packed.
    `--as-test` writes a unit test into `tests/` in place of a folder, personal columns always with other values.

    `analyses/NAME` is the newest kept run of an analysis, `@N` another one: with what it read, its code, packages, parameters and clock,
    and all that it made, which is compared thing by thing. Only `-o` and `--offline` go with it.
    """
    from andon.base.document import to_json
    from andon.cli.text.isolate import packed_lines, test_lines
    from andon.service.isolating import IsolateOptions

    options, console = IsolateOptions(sample, where, masks, offline, run), app.console
    if as_test:
        if folder is not None or offline or run is not None:
            raise click.UsageError("`--as-test` writes into `tests/`: `-o`, `--offline` and `--run` do not go with it")
        made = app.service.stage_tests.make(dataset, options, write=True)
        console.show(lambda: to_json(made), lambda: test_lines(made))
        return EXIT_DONE
    found = app.service.isolating.isolate(dataset, folder, options)
    console.show(lambda: to_json(found), lambda: packed_lines(found, console.out))
    return EXIT_DONE


@isolate.command(
    cls=Command, examples=["andon isolate apply november", "andon isolate apply november --branch margin --look"]
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--branch", metavar="NAME", help="Where it goes; without it `isolate/DATASET`, which begins at main.")
@click.option("--look", "looks", is_flag=True, help="Tell only what it would come to.")
@message_option
@publish_flag
@json_option
@pass_app
def apply(app: App, folder: Path, branch: str | None, looks: bool, message: str | None, publish: bool) -> int:
    """Bring the code that was edited in a packed folder back: onto a branch, built there, with its plan.

    What others published meanwhile stays: the texts are put together by lines, and where the same lines were changed nothing is done. Main
    is as it was until that branch is published.
    """
    from andon.cli.run_end import confirmed, finish
    from andon.cli.text.isolate import applied_lines
    from andon.engines.bundle.edits import edits_of
    from andon.runs.goal import RunOptions

    console, options, edits = app.console, RunOptions(branch=branch, message=message), edits_of(folder)
    if looks:
        looked = app.service.isolation_apply.look(edits, options)
        console.show(looked.to_json, lambda: applied_lines(looked, console))
        return EXIT_DONE
    found = confirmed(
        app,
        publish,
        options,
        lambda its, listener: app.service.isolation_apply.apply(edits, its, listener),
        is_of_folder=False,
    )
    if console.as_json or found.run is None:
        console.show(found.to_json, lambda: applied_lines(found, console))
        return EXIT_DONE if found.published or found.run is None else EXIT_FAILED
    for line in applied_lines(found, console):
        console.out.line(line)
    status = finish(app, found.run, options, "publish.change")
    if found.published and found.branch != app.workspace.branch():
        console.note(f"it is on {found.branch}; `{app.command(f'publish {found.branch}')}` publishes it")
    return status
