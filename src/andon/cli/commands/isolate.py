"""`andon isolate`: one stage in a folder that runs without Andon, and what was worked on there brought back."""

from __future__ import annotations

from pathlib import Path

import click

from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE


class _Packing(Noun):
    """A noun that packs the dataset that is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `stage` before what is no command: a dataset's name has a point in it, or an option is said first."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
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

    `andon isolate DATASET` is `andon isolate stage DATASET`.
    """


@isolate.command(
    cls=Command,
    examples=[
        "andon isolate stage marts.revenue",
        "andon isolate marts.revenue@2026-11-01 -o november",
        "andon isolate marts.revenue --where \"country = 'DE'\" --mask",
        "andon isolate marts.revenue --run 41",
    ],
)
@click.argument("dataset", metavar="DATASET[@REF]")
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
) -> int:
    """Pack a version into one folder with all that it is made of, and one command that makes it again without Andon.

    The folder holds the code as it was written and as it ran, the inputs, the packages pinned with hashes, clock, settings and rows that
    are to come out. `python run.py` there makes it again and says IDENTICAL, EQUAL WITHIN 1e-9 or DIFFERENT; an input that changed is
    refused by its hash. It is where somebody works on that stage alone.

    With `--sample`, `--where` or `--mask` the inputs are others, and what is to come out is made anew of them while it is packed.
    """
    from andon.base.document import to_json
    from andon.cli.text.isolate import packed_lines
    from andon.service.isolating import IsolateOptions

    found = app.service.isolating.isolate(dataset, folder, IsolateOptions(sample, where, masks, offline, run))
    console = app.console
    console.show(lambda: to_json(found), lambda: packed_lines(found, console.out))
    return EXIT_DONE
