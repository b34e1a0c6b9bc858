"""What an offer is called, and what speaks for it, in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from andon.base.clock import to_minute
from andon.base.text import plural
from andon.operations.repeats.repeat import (
    CorrectionRepeat,
    FileRepeat,
    QuestionRepeat,
    Repeat,
    RunRepeat,
    VariedValue,
)


def title_of(one: Repeat) -> str:
    """One line: what would be made."""
    if isinstance(one, QuestionRepeat):
        what = " and ".join(one.measures[:2]) or "rows"
        by = f" by {' and '.join(one.parts[:2])}" if one.parts and one.is_grouped else ""
        return f"a dataset of {what}{by}, from {listed(one.datasets)}"
    if isinstance(one, RunRepeat):
        return f"a schedule for {listed(one.selection) if one.selection else 'all'}, {one.rhythm.words}"
    if isinstance(one, FileRepeat):
        return f"one source for {one.pattern}"
    if isinstance(one, CorrectionRepeat):
        return f"a playbook: {one.action} when {one.dataset} has an incident of kind {one.kind}"
    raise AssertionError(one)


def why_of(one: Repeat, personal: Collection[str] = ()) -> list[str]:
    """What speaks for it: a sentence each.

    Args:
        personal: columns whose values are not told.
    """
    who = listed(one.people)
    span = f"from {to_minute(one.first)} to {to_minute(one.last)}"
    if isinstance(one, QuestionRepeat):
        said = [f"asked {one.times} times on {plural(one.days, 'day')} by {who}, {span}"]
        return said + [f"`{v.column}` was {_values(v, personal)}" for v in one.varied]
    if isinstance(one, RunRepeat):
        runs = listed([f"run:{number}" for number in one.numbers[-3:]])
        return [f"run {one.times} times by hand by {who}, {one.rhythm.words}, {span}", f"the last ones: {runs}"]
    if isinstance(one, FileRepeat):
        said = [f"{one.times} files with the same {plural(len(one.columns), 'column')} came by {who}, {span}"]
        return said + [f"{path}, read by {dataset}" for path, dataset in zip(one.paths, one.datasets, strict=True)]
    if isinstance(one, CorrectionRepeat):
        word = "incident" if len(one.incidents) == 1 else "incidents"
        numbers = f"{word} {listed([str(number) for number in one.incidents])}"
        return [f"{one.action} helped {one.times} times, done by {who}, {span}: {numbers}", one.replay.words]
    raise AssertionError(one)


def listed(texts: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; of many the first and how many more."""
    if len(texts) > most:
        return f"{', '.join(texts[:most])} and {len(texts) - most} more"
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _values(value: VariedValue, personal: Collection[str]) -> str:
    if value.column in personal:
        return "another one at times"
    return listed([", ".join(values) for values in value.seen], 5)
