"""Which checks a plan must look at, before anything is built: those about something that changes, and new ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import Problem
from andon.model.plan import UNCHANGED, Action, Step
from andon.project.load import load
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from datetime import datetime

    from andon.model.project import Project
    from andon.runs.inspection.book import CheckBook
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace

#: What is said of a name that no dataset has, here.
_NO_DATASET = re.compile(r"there is no dataset `([^`]+)`")


class Looked(Record):
    """What a plan found out about checks.

    Attributes:
        datasets: those whose checks a run must look at.
        steps: the plan's, with those that only check.
        problems: what is wrong with the lines.
    """

    book: CheckBook | None
    datasets: frozenset[str]
    steps: tuple[Step, ...]
    problems: tuple[Problem, ...] = ()


def look(
    workspace: Workspace,
    gathered: Gathered,
    bound: Mapping[str, Sequence[tuple[str, str]]],
    steps: tuple[Step, ...],
    moment: datetime,
    *,
    shared: Mapping[str, str] | None = None,
) -> Looked:
    """Which checks a run of `steps` must look at: those about something that changes, and new ones. Nothing is loaded when none does.

    Args:
        shared: the shared files of the next commit, where that takes only a selection of the code; None if it takes all.
    """
    touched = {s.dataset for s in steps if s.action is not Action.KEEP and (s.reason != UNCHANGED or s.code_changed)}
    whole, published = shared is None, gathered.state.shared
    taken = gathered.project.shared if shared is None else shared
    changed = {p for p in taken.keys() | published.keys() if taken.get(p) != published.get(p)}
    project = gathered.project if shared is None or not changed else _next_code(workspace, gathered, steps, shared)
    touched |= {r.datasets[0] for r in project.rules if changed.intersection(p for p, _ in r.files)}
    may_mean_else = any(path == "andon.toml" or path.startswith("macros/") for path in changed)
    if not touched and not may_mean_else:
        return Looked(None, frozenset(), steps)
    if whole and not (project.rules or any(d.checks or d.definition.key for d in project.datasets.values())):
        return Looked(None, frozenset(), steps)
    from andon.runs.inspection.book import CheckBook, beside_of

    beside = None
    if not whole:
        beside = beside_of(project if changed else project_at(workspace, gathered.state))
    book = CheckBook(workspace, gathered, bound, _files(gathered, steps), beside)
    if may_mean_else:  # named patterns and macros are part of what lines mean
        before, now = beside_of(project_at(workspace, gathered.state)), beside_of(project)
        if (before.patterns, before.macros) != (now.patterns, now.macros):
            touched |= {name for name, dataset in project.datasets.items() if dataset.checks}
    found = {d: book.dataset(d) for d in book.touching(touched)}
    datasets = {d for d, dataset in found.items() if dataset is not None and book.has_checks(dataset)}
    problems = book.read(datasets)
    if problems:
        told = tuple(problem if whole else _not_selected(problem, gathered) for problem in problems)
        return Looked(book, frozenset(datasets), steps, told)
    return Looked(book, frozenset(datasets), _with_counts(gathered, book, datasets, steps, moment))


def _not_selected(problem: Problem, gathered: Gathered) -> Problem:
    """The problem of a line that names a dataset which is in the code, and neither selected nor published."""
    named = _NO_DATASET.fullmatch(problem.message)
    if named is None or named[1] not in gathered.definitions:
        return problem
    message = f"`{named[1]}` is not selected, and not published yet"
    return replace(problem, message=message, hint=f"select `{named[1]}` too, or publish it first")


def _files(gathered: Gathered, steps: Iterable[Step]) -> dict[str, tuple[tuple[str, str], ...]]:
    """The files whose lines count of each dataset, as its leaf will hold them."""
    files = {name: tuple(leaf.files) for name, leaf in gathered.state.leaves.items()}
    for step in steps:
        if step.action is Action.DROP:
            files.pop(step.dataset, None)
        elif step.action is not Action.KEEP and step.dataset in gathered.files:
            files[step.dataset] = tuple(gathered.files[step.dataset])
    return files


def _next_code(workspace: Workspace, gathered: Gathered, steps: Iterable[Step], shared: Mapping[str, str]) -> Project:
    """The project of the next commit with a selection: the shared files that what is selected is made by are taken, and mean something
    to the rules and lines of all that stays. Where that can't be linked, rules and patterns are those of the head."""
    side = gathered.side
    files = {**shared, **{path: sha for own in _files(gathered, steps).values() for path, sha in own}}

    def read(path: str) -> bytes:
        sha = files[path]
        return side.read(path, sha) if side.code.get(path) == sha else workspace.lake.objects.text(sha)

    project = load(files, read, workspace.cache)
    if not project.problems:
        return project
    head = project_at(workspace, gathered.state)
    taken = [
        (path, text) for path, text in gathered.project.macros if shared.get(path) != gathered.state.shared.get(path)
    ]
    paths = {path for path, _ in taken}
    kept = [(path, text) for path, text in head.macros if path not in paths]
    return replace(head, macros=(*kept, *taken))


def _with_counts(
    gathered: Gathered, book: CheckBook, datasets: set[str], steps: tuple[Step, ...], moment: datetime
) -> tuple[Step, ...]:
    """Steps with the number of their checks; what is reused and has checks without a result is a step that only checks."""
    versions = {s.dataset: s.version for s in steps if s.action in (Action.REUSE, Action.KEEP) and s.version}
    planned = {step.dataset for step in steps}
    versions.update({d: leaf.version for d, leaf in gathered.state.leaves.items() if d not in planned})
    result = []
    for step in steps:
        if step.dataset not in datasets or step.action in (Action.KEEP, Action.DROP):
            result.append(step)
            continue
        if step.action is not Action.REUSE:
            result.append(replace(step, checks=len(book.of(step.dataset))))
            continue
        unknown = book.unknown(step.dataset, versions, moment)
        if not unknown:
            result.append(step)
        else:
            reason = f"{plural(unknown, 'check')} without a result"
            reason = reason if step.reason == UNCHANGED else f"{step.reason}; {reason}"
            result.append(replace(step, action=Action.CHECK, reason=reason, checks=unknown))
    return tuple(result)
