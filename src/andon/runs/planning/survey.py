"""Everything that is wrong with a project, in one report: what single files say wrong hides nothing of what others do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.graph import find_cycle, reach, reverse
from andon.base.record import replace
from andon.errors import Problem
from andon.model.commit import State
from andon.model.version import Columns
from andon.runs.planning.gather import Gathered
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.saved_queries import problems_of_queries
from andon.runs.planning.schemas import Describe, bind_sound

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Problems after which a file's SQL means something all the same: they are about what its front matter or its checks say.
_BESIDE_THE_SQL = frozenset(
    {"project.unknown_key", "project.bad_value", "project.missing_key", "project.bad_check", "project.bad_yaml"}
)


def survey(
    workspace: Workspace,
    gathered: Gathered,
    raw: RawFiles,
    taken: set[str],
    describe: Describe,
    found: Iterable[Problem],
) -> list[Problem]:
    """What is wrong with `taken` beside the problems `found`: unknown columns and functions, and lines of checks.

    Nothing is said that only follows from another problem: where a dataset can't be read, nobody knows its columns, nor those of what
    reads it.
    """
    definitions = gathered.definitions
    needs = {name: definition.inputs for name, definition in definitions.items()}
    spoilt = {problem.file for problem in found if problem.code not in _BESIDE_THE_SQL}
    bad = {name for name, definition in definitions.items() if definition.entry in spoilt} | _in_circles(needs)
    bad |= {
        name
        for name, leaf in gathered.state.leaves.items()
        if name not in definitions and _is_spoilt(leaf.files, spoilt)
    }
    unknown = frozenset(bad | reach(reverse(needs), bad))
    bound, problems = bind_sound(workspace, gathered, raw, taken - unknown, describe, unknown)
    failed = {p.file for p in problems}
    lost = unknown | {name for name in taken - unknown if definitions[name].entry in failed}
    lost |= reach(reverse(needs), lost)
    queries = problems_of_queries(workspace, bound, lost, spoilt)
    return _new(found, [*problems, *_of_checks(workspace, bound.gathered, bound.columns, lost, taken), *queries])


def _of_checks(
    workspace: Workspace, gathered: Gathered, bound: Mapping[str, Columns], lost: Iterable[str], taken: set[str]
) -> Sequence[Problem]:
    """What is wrong with lines of checks; those of datasets whose columns nobody knows are read without them."""
    from andon.runs.inspection.book import CheckBook

    without = set(lost)
    leaves = {name: leaf for name, leaf in gathered.state.leaves.items() if name not in without}
    state = State(leaves, gathered.state.shared)
    seen = replace(gathered, state=state, differing=replace(gathered.differing, state=state))
    # what has no place is the check that a key implies: that its columns are there is said of the key
    return [problem for problem in CheckBook(workspace, seen, bound).read(taken) if problem.file is not None]


def _in_circles(needs: dict[str, tuple[str, ...]]) -> set[str]:
    """The datasets that read each other in a circle."""
    left: dict[str, Iterable[str]] = dict(needs)
    found: set[str] = set()
    while (cycle := find_cycle(left)) is not None:
        found.update(cycle)
        for name in cycle:
            left.pop(name, None)
    return found


def _is_spoilt(files: Iterable[tuple[str, str]], spoilt: set[str | None]) -> bool:
    return any(path in spoilt for path, _ in files)


def _new(found: Iterable[Problem], more: Iterable[Problem]) -> list[Problem]:
    """Those of `more` that are not told already: of one place one problem is enough."""
    places = {(p.file, p.line, p.column, p.message) for p in found}
    told: dict[tuple[str | None, int | None, int | None, str], Problem] = {}
    for problem in more:
        place = (problem.file, problem.line, problem.column, problem.message)
        if place not in places:
            told.setdefault(place, problem)
    return list(told.values())
