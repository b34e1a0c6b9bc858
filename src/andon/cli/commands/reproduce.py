"""`andon reproduce`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.command(
    cls=Command,
    examples=[
        "andon reproduce marts.revenue",
        "andon reproduce marts.revenue@2026-11-01",
        "andon reproduce marts.revenue@v1 --deep",
        "andon reproduce --sample 20",
        "andon reproduce --since 30d 'marts.*'",
        "andon reproduce --all --json",
        "andon reproduce --list",
    ],
)
@click.argument("datasets", metavar="[DATASET[@REF]]...", nargs=-1)
@click.option("--at", metavar="REF", help="Another commit than the branch's newest; of a sample: whose history.")
@click.option("--deep", is_flag=True, help="Build again what it is made of, too, down to raw files and kept loads.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="So many past versions, spread over datasets and time."
)
@click.option(
    "--since", metavar="REF|TIME", help="Past versions that came after a commit, since a day, or within `30d`."
)
@click.option("--all", "whole", is_flag=True, help="All past versions.")
@click.option("--list", "lists", is_flag=True, help="Build nothing: tell what came out before, the newest first.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Draw the sample that was drawn by this number.")
@json_option
@pass_app
def reproduce(
    app: App,
    datasets: tuple[str, ...],
    at: str | None,
    deep: bool,
    sample: int | None,
    since: str | None,
    whole: bool,
    lists: bool,
    seed: int | None,
) -> int:
    """Build a version again, apart from the lake, with exactly what was recorded, and say whether the same comes out.

    Recorded are its definition, the versions of its inputs, raw files, the clock, the packages, and the engine with its threads and
    memory. IDENTICAL: the same rows. EQUAL WITHIN 1e-9: but for the last digits of floating-point numbers. DIFFERENT: which rows, which
    columns, and what in the code makes it so; then the exit status is 1. Nothing of the lake is changed; what came out is kept for
    `andon principles` and `andon show`.

    `--sample`, `--since` and `--all` build many again: versions that the branch ever showed, of the datasets that are named (`marts.*`) or
    of all. The exit status is 1 where one of them is different or can't be built.
    """
    if lists:
        return _list(app, datasets, is_alone=not (at or deep or sample or since or whole or seed is not None))
    if sample is None and since is None and not whole:
        return _one(app, datasets, at, deep, seed)
    if whole and (sample is not None or since is not None):
        raise click.UsageError("`--all` goes with neither `--sample` nor `--since`")
    if seed is not None and sample is None:
        raise click.UsageError("`--seed` goes with `--sample N`")
    from andon.cli.text.reproduce import sample_lines
    from andon.runs.goal import Listener
    from andon.service.reproduction_samples import SampleOptions

    options = SampleOptions(sample, since, at, seed, deep)
    with progress(app.console) as report:
        found = app.service.reproduction_samples.sample(datasets, options, Listener(report))
    console = app.console
    console.show(found.to_json, lambda: sample_lines(found, console.out, console.width))
    return EXIT_DONE if found.holds else EXIT_FAILED


def _list(app: App, datasets: tuple[str, ...], *, is_alone: bool) -> int:
    if not is_alone:
        raise click.UsageError("`--list` builds nothing: it goes with names of datasets alone")
    from andon.cli.text.reproduce import proof_lines

    found = app.service.proofs.show(datasets)
    console = app.console
    console.show(found.to_json, lambda: proof_lines(found, console.out, console.width))
    return EXIT_DONE


def _one(app: App, datasets: tuple[str, ...], at: str | None, deep: bool, seed: int | None) -> int:
    if len(datasets) != 1 or seed is not None:
        raise click.UsageError("name one dataset, or say `--sample N`, `--since REF|TIME` or `--all`")
    found = app.service.reproducing.reproduce(datasets[0], at, deep=deep)
    from andon.cli.text.reproduce import reproduced_lines

    console = app.console
    console.show(found.to_json, lambda: reproduced_lines(found, console.out, console.width))
    return EXIT_DONE if found.verdict.holds else EXIT_FAILED
