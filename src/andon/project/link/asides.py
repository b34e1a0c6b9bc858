"""Checks that set rows aside: what of them shapes a dataset, the dataset of those rows, and where that can't be exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record, replace
from andon.base.text import words_in
from andon.errors import Problem
from andon.model.check import MEANING
from andon.model.dataset import CheckLine, Dataset, Definition, Kind, Materialize, definition_id
from andon.model.quarantine import aside_of, sets_aside
from andon.project.files.problems import at_place
from andon.project.link.macros import Macros

#: What a dataset that sets rows aside can't be, by what its definition says: a message and a hint.
_Refusal = tuple[Callable[[Definition], bool], str, str]

_REFUSALS: tuple[_Refusal, ...] = (
    (
        lambda d: d.materialize is Materialize.VIEW,
        "a view keeps no rows, so none can be set aside",
        "`materialize: table`, or let the check hold",
    ),
    (
        lambda d: d.materialize is Materialize.HISTORY,
        "of a history no row can be set aside: each belongs to those before it",
        "set rows aside in the dataset that it is made of",
    ),
    (
        lambda d: bool(d.sort or d.partition),
        "rows can't be set aside of a table in partitions or in an order of its own yet",
        "take `sort` and `partition` out, or set rows aside in the dataset that it reads",
    ),
    (
        lambda d: bool(d.allow),
        "what comes out otherwise each time can't be parted into two datasets",
        "take `allow` out, or let the check hold",
    ),
)


class SetAside(Record):
    """What checks that set rows aside are of a definition.

    Attributes:
        lines: their texts, in order.
        shaping: what else they mean, as JSON.
        macros: words in them that may call macros.
    """

    lines: tuple[str, ...] = ()
    shaping: tuple[Any, ...] = ()
    words: frozenset[str] = frozenset()

    def parting(self, macros: Macros) -> str:
        """Content id of all that the lines mean; empty where there are none."""
        if not self.lines:
            return ""
        called = macros.needed(sorted(self.words & macros.statements.keys()))
        return content_id([*self.shaping, [macros.statements[macro][1].normal for macro in called]])

    def uses_without(
        self, uses: Sequence[tuple[str, str]], macros: Macros, calls: Sequence[str]
    ) -> tuple[tuple[str, str], ...]:
        """What of `uses` a definition has without the lines.

        Args:
            calls: the macros that it needs for itself.
        """
        mine = [macros.statements[macro] for macro in calls]
        theirs = [macros.statements[macro] for macro in macros.needed(sorted(self.words & macros.statements.keys()))]
        only = {(place, each.normal) for place, each in theirs} - {(place, each.normal) for place, each in mine}
        return tuple(sorted(use for use in uses if use not in only))


def set_aside(checks: Sequence[CheckLine], patterns: Mapping[str, Any]) -> SetAside:
    """What the lines of a dataset set aside.

    Args:
        patterns: the project's own named patterns.
    """
    found = [line for line in checks if sets_aside(line.text)]
    if not found:
        return SetAside()
    lines = tuple(
        f"{line.for_column}: {line.text.strip()}" if line.for_column is not None else line.text.strip()
        for line in found
    )
    words = frozenset().union(*(words_in(line) for line in lines))
    used = sorted((name, str(pattern)) for name, pattern in patterns.items() if name in words)
    return SetAside(lines, (MEANING, list(lines), [list(each) for each in used]), words)


def refused_aside(definition: Definition) -> tuple[str, str] | None:
    """Why a dataset can set no rows aside, with a hint, or None."""
    return next(((message, hint) for is_so, message, hint in _REFUSALS if is_so(definition)), None)


def refusals(datasets: Mapping[str, Dataset], text_of: Callable[[str], str]) -> list[Problem]:
    """Why datasets can't set rows aside as their lines say."""
    problems = []
    for dataset in datasets.values():
        if not dataset.definition.quarantine:
            continue
        refused = refused_aside(dataset.definition)
        line = next((line for line in dataset.checks if sets_aside(line.text)), None)
        if refused is not None and line is not None:
            place = (line.file, text_of(line.file), line.line, line.column)
            problems.append(at_place(*place, "project.bad_check", *refused))
    return problems


def aside_dataset(dataset: Dataset) -> Dataset:
    """The dataset of the rows that the checks of `dataset` set aside: a leaf of its own, of the same file."""
    definition, name = dataset.definition, aside_of(dataset.name)
    meaning = content_id(["quarantine", definition.id])
    made = Definition(
        dataset=name,
        kind=Kind.QUARANTINE,
        materialize=Materialize.TABLE,
        entry=definition.entry,
        meaning=meaning,
        inputs=(dataset.name,),
        files=definition.files,
        id=definition_id(name, meaning, ()),
    )
    said = f"Rows that checks of {dataset.name} set aside, and the checks that each of them fails."
    return Dataset(
        made,
        description=said,
        owner=dataset.owner,
        tags=dataset.tags,
        columns=tuple(replace(column, checks=(), was=None) for column in dataset.columns),
        caveats=dataset.caveats,
    )
