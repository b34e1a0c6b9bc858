"""Runs that people start over and over: the same selection by hand, on three days. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import tzinfo

from andon.base.clock import from_text
from andon.catalog.by_clock import by_machine
from andon.operations.repeats.records import ManualRun
from andon.operations.repeats.repeat import THIRD, RunRepeat, key_of
from andon.operations.repeats.rhythm import rhythm_of
from andon.workspace.caller import BY_ITSELF

#: Where people start runs; all else starts them by itself.
PEOPLES_FACES = frozenset({"cli", "http", "python"})


def repeated_runs(
    runs: Iterable[ManualRun], branch: str, scheduled: Collection[str], zone: tzinfo
) -> tuple[RunRepeat, ...]:
    """The selections that people run over and over by hand, the most frequent first.

    Args:
        branch: the one that readers see.
        scheduled: datasets that run by themselves already.
        zone: whose clock people look at.
    """
    by_selection: dict[tuple[str, ...], list[ManualRun]] = defaultdict(list)
    for run in runs:
        if (
            run.branch == branch
            and run.face in PEOPLES_FACES
            and run.who != BY_ITSELF
            and run.kind == "refresh"
            and run.status == "done"
        ):
            by_selection[tuple(sorted(set(run.selection)))].append(run)
    found = []
    for selection, all_of_it in by_selection.items():
        own = _by_people(all_of_it)
        if len({from_text(run.at).astimezone(zone).date() for run in own}) < THIRD:
            continue
        datasets = tuple(sorted({name for run in own for name in run.datasets}))
        wanted = [name for name in selection if "." in name and name.strip("+@") in scheduled]
        if selection and len(wanted) == len(selection):
            continue
        found.append(
            RunRepeat(
                key_of("run", *sorted({name.strip("+@") for name in selection})),
                frozenset(name.strip("+@") for name in selection) or frozenset({"*"}),
                len(own),
                tuple(sorted({run.who for run in own})),
                own[0].at,
                own[-1].at,
                selection,
                datasets,
                rhythm_of([from_text(run.at) for run in own], zone),
                tuple(run.number for run in own),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.times, one.key)))


def _by_people(runs: list[ManualRun]) -> list[ManualRun]:
    machines = by_machine(runs, lambda run: run.who)
    return sorted((run for run in runs if run.who not in machines), key=lambda run: run.at)
