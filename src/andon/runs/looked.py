"""What a run brought up to date, whether or not it found anything new. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.graph import reach, reverse, topological
from andon.base.record import replace
from andon.model.plan import Action
from andon.model.run import TaskResult, TaskStatus
from andon.model.schedule import is_manual
from andon.sources.files.paths import remote_patterns
from andon.state.looks import ALL, ALL_OF_FILES, LastLook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from andon.model.dataset import Dataset, Definition
    from andon.runs.prepare import Prepared


def looked_at(
    prepared: Prepared, results: Iterable[TaskResult], commit: str, before: Callable[[], Mapping[str, LastLook]]
) -> dict[str, LastLook]:
    """`{dataset, or what stands for many: look}` of what `results` brought up to date, shown by `commit`.

    A run of the folder's code asks only those databases and places that it must, so what comes of the others is as old as it was.

    Args:
        before: what was noted of the branch before it; asked where not all was brought up to date.
    """
    gathered = prepared.gathered
    if not (gathered.side.is_folder or (gathered.side.is_own and gathered.side.asks)):
        return {}
    at = to_text(prepared.moment)
    look = LastLook(at, commit, at)
    fresh = {r.dataset for r in results if r.status is TaskStatus.OK and r.action not in (Action.KEEP, Action.DROP)}
    asked = asked_sources(gathered.definitions)
    unasked = {d for d in asked if not _was_asked(prepared, d)}
    fresh -= unasked | below(gathered.definitions, unasked)
    if fresh >= gathered.definitions.keys():
        return {ALL: look}
    waits = asked | below(gathered.definitions, asked)
    looks = before()
    data = _data(gathered.project.datasets, fresh, at, lambda d: _data_of(looks, d, waits))
    own = {d: replace(look, data=data[d]) for d in sorted(fresh)}
    if fresh >= gathered.definitions.keys() - unasked - below(gathered.definitions, asked):
        return {ALL_OF_FILES: look, **{d: each for d, each in own.items() if d in waits}}
    return own


def _data_of(looks: Mapping[str, LastLook], dataset: str, waits: Container[str]) -> str | None:
    look = last_look(looks, dataset, is_of_files=dataset not in waits)
    return look.data if look is not None else None


def _data(
    datasets: Mapping[str, Dataset], fresh: Container[str], at: str, of_others: Callable[[str], str | None]
) -> dict[str, str]:
    """Of when the data of `fresh` datasets are: of `at`, or as old as the oldest of what else they come from; what is only brought up to
    date by hand is as old as somebody wants it."""
    found: dict[str, str] = {}
    for name in topological({d: x.definition.inputs for d, x in datasets.items()}):
        if name not in fresh:
            continue
        above = [p for p in datasets[name].definition.inputs if p in datasets and not is_manual(datasets[p].refresh)]
        known = [found[p] if p in found else of_others(p) for p in above]
        found[name] = min((at, *(moment for moment in known if moment is not None)))
    return found


def asked_sources(definitions: Mapping[str, Definition]) -> set[str]:
    """The sources that are asked for their rows or their files, and so hold what is new only after a refresh."""
    return {
        name for name, definition in definitions.items() if definition.asks is not None or _is_elsewhere(definition)
    }


def _is_elsewhere(definition: Definition) -> bool:
    return any(remote_patterns(read) for read in definition.reads)


def _was_asked(prepared: Prepared, dataset: str) -> bool:
    if _is_elsewhere(prepared.gathered.definitions[dataset]):
        return prepared.gathered.side.is_own
    source = prepared.gathered.sources.get(dataset)
    return source is not None and source.load is not None


def below(definitions: Mapping[str, Definition], names: Iterable[str]) -> set[str]:
    """All that reads `names`, directly or not."""
    names = set(names)
    if not names:
        return set()
    return reach(reverse({d: definition.inputs for d, definition in definitions.items()}), names) - names


def last_look(looks: Mapping[str, LastLook], dataset: str, *, is_of_files: bool) -> LastLook | None:
    """When a dataset was brought up to date last, by what `state.looks` holds of its branch.

    Args:
        is_of_files: whether no source that is asked stands above it.
    """
    kinds = (dataset, ALL, ALL_OF_FILES) if is_of_files else (dataset, ALL)
    return max((looks[kind] for kind in kinds if kind in looks), key=lambda look: look.at, default=None)
