"""What a run brought up to date, whether or not it found anything new. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.graph import reach, reverse
from andon.model.plan import Action
from andon.model.run import TaskResult, TaskStatus
from andon.sources.files.paths import remote_patterns
from andon.state.looks import ALL, ALL_OF_FILES, LastLook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from andon.model.dataset import Definition
    from andon.runs.prepare import Prepared


def looked_at(prepared: Prepared, results: Iterable[TaskResult], commit: str) -> dict[str, LastLook]:
    """`{dataset, or what stands for many: look}` of what `results` brought up to date, shown by `commit`.

    A run of the folder's code asks only those databases and places that it must, so what comes of the others is as old as it was.
    """
    gathered = prepared.gathered
    if not (gathered.side.is_folder or (gathered.side.is_own and gathered.side.asks)):
        return {}
    look = LastLook(to_text(prepared.moment), commit)
    fresh = {r.dataset for r in results if r.status is TaskStatus.OK and r.action not in (Action.KEEP, Action.DROP)}
    asked = asked_sources(gathered.definitions)
    unasked = {d for d in asked if not _was_asked(prepared, d)}
    fresh -= unasked | below(gathered.definitions, unasked)
    if fresh >= gathered.definitions.keys():
        return {ALL: look}
    if fresh >= gathered.definitions.keys() - unasked - below(gathered.definitions, asked):
        own = fresh & (asked | below(gathered.definitions, asked))
        return {ALL_OF_FILES: look, **dict.fromkeys(sorted(own), look)}
    return dict.fromkeys(sorted(fresh), look)


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
