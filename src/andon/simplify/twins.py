"""Datasets that say the same: by what their queries mean, or by what they held in version after version. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from andon.base.graph import reach
from andon.base.text import plural, size
from andon.errors import ProjectError
from andon.model.dataset import Dataset, Materialize
from andon.model.verdict import VerdictKind
from andon.project.write_sql import with_settings
from andon.simplify.hint import Hint, HintKind, WrittenHint
from andon.simplify.scene import ProjectScene
from andon.sql.verdict import DefinitionQuery, verdict

#: In so many different versions two datasets must have held the same, where only that speaks for it.
LEAST_VERSIONS = 3
#: So many pairs are compared by what they mean.
_MOST = 60

#: Two datasets by name, in alphabetical order -> in how many different versions they held the same; 0 where they once did not.
Histories = Mapping[tuple[str, str], int]


def twins(scene: ProjectScene, histories: Histories) -> Iterator[Hint]:
    """A hint for each dataset that another one can stand in for."""
    gone: set[str] = set()
    for one, other, why in _pairs(scene, histories):
        if one.name in gone or other.name in gone:
            continue
        stays, goes = _order(scene, one, other)
        gone.add(goes.name)
        yield _hint(scene, stays, goes, why)


def comparable(scene: ProjectScene) -> Iterator[Dataset]:
    """Those that may have a twin."""
    for said in scene.sql:
        definition = said.definition
        plain = definition.materialize in (Materialize.TABLE, Materialize.VIEW) and not definition.quarantine
        if plain and definition.corrected is None and said.deprecated is None and not definition.allow:
            yield said


def _pairs(scene: ProjectScene, histories: Histories) -> Iterator[tuple[Dataset, Dataset, str]]:
    groups: dict[object, list[Dataset]] = {}
    for said in comparable(scene):
        columns = tuple((name.lower(), kind) for name, kind in scene.columns.get(said.name, ()))
        groups.setdefault((said.definition.inputs, columns), []).append(said)
    looked = 0
    for group in groups.values():
        for at, other in enumerate(group):
            for one in group[:at]:
                if (looked := looked + 1) <= _MOST and _mean_the_same(scene, one, other):
                    yield one, other, "their queries mean the same, by the engine's bound plan"
    for (first, second), versions in sorted(histories.items()):
        if versions >= LEAST_VERSIONS:
            pair = scene.project.datasets[first], scene.project.datasets[second]
            yield *pair, f"they held the same rows in {plural(versions, 'version')}, and never others"


def _mean_the_same(scene: ProjectScene, one: Dataset, other: Dataset) -> bool:
    inputs = one.definition.inputs
    if not inputs or any(name not in scene.columns for name in inputs):
        return False
    first, second = (DefinitionQuery(each.definition.sql or "", each.definition.macros) for each in (one, other))
    found = verdict(first, second, {name: scene.columns[name] for name in inputs})
    return found.kind is VerdictKind.NONE and not found.reordered


def _order(scene: ProjectScene, one: Dataset, other: Dataset) -> tuple[Dataset, Dataset]:
    """Which stays, and which goes: what the other is made of stays, then what more rests on, then what is described."""
    if one.name in reach(scene.needs, [other.name]):
        return one, other
    if other.name in reach(scene.needs, [one.name]):
        return other, one

    def weight(said: Dataset) -> tuple[int, int, int, int, str]:
        asked = scene.asked.get(said.name)
        insights = sum(said.name in insight.datasets for insight in scene.project.insights)
        certified = int(said.certified is not None)
        return -certified, -insights, -len(scene.below(said.name)), -len(asked.times) if asked else 0, said.name

    first, second = sorted((one, other), key=weight)
    return first, second


def _hint(scene: ProjectScene, stays: Dataset, goes: Dataset, why: str) -> Hint:
    path = goes.definition.entry
    problem: str | None = None
    files: tuple[WrittenHint, ...] = ()
    try:
        files = (WrittenHint(path, with_settings(path, scene.texts[path], {"deprecated": f"{{use: {stays.name}}}"})),)
    except ProjectError as error:
        problem = error.message
    return Hint(
        HintKind.SAME,
        goes.name,
        f"deprecate `{goes.name}`: `{stays.name}` holds the same",
        stays.name,
        evidence=(why, _read(scene, stays), _read(scene, goes), _taken(scene, goes)),
        files=files,
        proof=f"no query is changed: who reads `{goes.name}` is told to read `{stays.name}`",
        problem=problem,
    )


def _taken(scene: ProjectScene, said: Dataset) -> str:
    cost = scene.cost(said.name)
    return f"`{said.name}` took {cost.seconds:.2f} s within 30 days and keeps {size(cost.bytes)}, until it is archived"


def _read(scene: ProjectScene, said: Dataset) -> str:
    readers: Sequence[str] = sorted(scene.readers.get(said.name, ()))
    asked = scene.asked.get(said.name)
    questions = plural(len(asked.times) if asked else 0, "question")
    by = f"by {', '.join(readers)}" if readers else "by no dataset"
    return f"`{said.name}` is read {by}, and was read by {questions} within {scene.days} days"
