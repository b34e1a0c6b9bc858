"""Datasets as they are corrected: what a corrective action set going beside the code, put to what the code says.

No file is edited. The line of a check whose bad rows are set aside is read as if it ended so; what a corrected dataset is made by is a
definition of its own, so that keys, leaves and undo know it from what the code alone makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.base.text import words_in
from andon.model.commit import State
from andon.model.correction import RowCorrection
from andon.model.dataset import CheckLine, Dataset, Definition, Materialize
from andon.model.project import Project
from andon.model.quarantine import aside_of, is_aside, sets_aside
from andon.project.link.asides import aside_dataset, refused_aside, set_aside
from andon.settings.project_tables import patterns_of


def corrected_project(
    project: Project,
    state: State,
    stored: Callable[[Iterable[str]], Mapping[str, Definition]],
    wanted: Mapping[str, RowCorrection] | None = None,
) -> Project:
    """A project with the corrections that the leaves of `state` stand under, and those that are asked for now.

    Args:
        stored: definitions by id.
        wanted: by dataset what is asked for in addition.
    """
    datasets = project.datasets
    others = {name: state.leaves[name].definition for name in state.made_otherwise(project.ids) if not is_aside(name)}
    found = dict(wanted or {})
    for definition in stored(others.values()).values() if others else ():
        standing = definition.corrected
        if standing is not None and datasets[definition.dataset].definition.id == standing.of:
            asked = found.get(definition.dataset, RowCorrection())
            found[definition.dataset] = replace(standing, of="").and_also(asked)
    if not found:
        return project
    patterns = patterns_of(project.settings)
    changed: dict[str, Dataset] = {}
    for name, correction in found.items():
        if name not in datasets or is_aside(name):
            continue
        dataset = changed[name] = corrected(datasets[name], correction, patterns)
        if dataset.definition.aside is not None:
            changed[dataset.definition.aside] = aside_dataset(dataset)
    return replace(project, datasets=dict(sorted({**datasets, **changed}.items())))


def with_those_of(project: Project, other: Project, names: Iterable[str]) -> Project:
    """A project with some datasets, and what is set aside of them, as another one has them."""
    taken = {each for name in names for each in (name, aside_of(name)) if each in other.datasets}
    datasets = {**project.datasets, **{name: other.datasets[name] for name in taken}}
    return replace(project, datasets=dict(sorted(datasets.items())))


def corrected(dataset: Dataset, correction: RowCorrection, patterns: Mapping[str, Any]) -> Dataset:
    """A dataset with a correction; lines that it does not have any more are left out of that."""
    limits = dict(correction.aside)
    aside = tuple(sorted((line.text, limits[line.text]) for line in dataset.checks if line.text in limits))
    whole = RowCorrection(dataset.definition.id, correction.once, tuple(dict.fromkeys(aside)))
    if not whole.is_any:
        return dataset
    lines = tuple(_aside_line(line, limits) for line in dataset.checks)
    told = content_id(["corrected", whole.of, whole.once, [list(each) for each in whole.aside]])
    found = set_aside(lines, patterns)
    definition = replace(dataset.definition, corrected=whole, quarantine=found.lines, id=told)
    if whole.aside:
        before = dataset.definition.unparted or dataset.definition.id
        unparted = before if whole.once is None else content_id(["corrected", before, whole.once])
        definition = replace(definition, parting=content_id(list(found.shaping)), unparted=unparted)
    return replace(dataset, definition=definition, checks=lines)


def _aside_line(line: CheckLine, limits: Mapping[str, str]) -> CheckLine:
    limit = limits.get(line.text)
    return line if limit is None else replace(line, text=with_limit(line.text, limit))


def with_limit(text: str, limit: str) -> str:
    """The line of a check that sets rows aside within a limit."""
    return f"{text.rstrip()} quarantine {limit}"


def why_not_once(definition: Definition) -> str | None:
    """Why equal rows of a dataset can't be taken once as it is made, or None."""
    name = definition.dataset
    if definition.materialize is Materialize.VIEW:
        return f"`{name}` is a view, which keeps no rows: take them once in its SQL, or in what it reads"
    if definition.growth is not None or definition.load is not None or definition.goes_on:
        return f"`{name}` goes on from what it has: it takes rows once by its `key`"
    if definition.history is not None:
        return f"`{name}` is a history, which holds each row once already"
    return None


def why_not_aside(dataset: Dataset, line: CheckLine, macros: Iterable[str]) -> str | None:
    """Why rows that fail a line can't be set aside as a dataset is made, or None; whether the line tells rows by themselves is not asked.

    Args:
        macros: names of the project's macros.
    """
    if sets_aside(line.text):
        return "they are set aside already, and are too many"
    refused = refused_aside(dataset.definition)
    if refused is not None:
        return refused[0]
    used = words_in(line.text) & {name.lower() for name in macros}
    return f"`{line.text}` calls the macro `{min(used)}`" if used else None
