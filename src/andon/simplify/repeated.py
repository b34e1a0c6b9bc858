"""Checks that say nothing that another check of the same dataset does not say. Only what can be proved. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from andon.checks.language.parse import context_of, read_line
from andon.model.check import Between, Check, InSet, Key, Literal, NotNull, Range, Severity, Unique
from andon.model.dataset import CheckLine, Dataset, Materialize
from andon.project.drop_check import drop_check
from andon.simplify.hint import Hint, HintKind, Savings, WrittenHint
from andon.simplify.scene import ProjectScene

#: The weakest first.
_STRENGTH = (Severity.INFO, Severity.WARN, Severity.HOLD)
#: In place of a line: the key that the dataset states.
_KEY = "key:"


def repeated_checks(scene: ProjectScene) -> Iterator[Hint]:
    """A hint for each check that another one of the same dataset implies, by dataset."""
    for said in scene.sql:
        definition = said.definition
        if definition.materialize not in (Materialize.TABLE, Materialize.VIEW):
            continue
        if len(said.checks) + bool(definition.key) < 2:
            continue
        yield from _of(scene, said)


def _of(scene: ProjectScene, said: Dataset) -> Iterator[Hint]:
    context = context_of(said.name, scene.columns.get(said.name), said.definition.key)
    read: list[tuple[Check, CheckLine | None]] = []
    for line in said.checks:
        check = read_line(context, line.text, for_column=line.for_column, file=line.file, line=line.line)
        if isinstance(check, Check) and line.file == said.definition.entry:
            read.append((check, line))
    if said.definition.key:
        key = read_line(context, f"key {', '.join(said.definition.key)}")
        if isinstance(key, Check):
            read.append((key, None))
    gone: set[int] = set()
    for at, (check, own) in enumerate(read):
        if own is None or not _may_go(check):
            continue
        others = (n for n, (other, _) in enumerate(read) if n != at and n not in gone and implies(other, check))
        stronger = next((n for n in others if _stays(read, at, n)), None)
        if stronger is not None:
            gone.add(at)
            yield _hint(scene, said, own, check, *read[stronger])


def _stays(read: Sequence[tuple[Check, CheckLine | None]], at: int, other: int) -> bool:
    """Whether of two, the second of which implies the first, the second is the one that stays: of equal ones the first does."""
    return (
        other < at or read[other][1] is None or not implies(read[at][0], read[other][0]) or not _may_go(read[other][0])
    )


def _may_go(check: Check) -> bool:
    """Whether nothing else can know the check: it has no name, and sets no rows aside."""
    return check.name is None and check.quarantine is None and not check.why


def implies(strong: Check, weak: Check) -> bool:
    """Whether `weak` can't fail, and hold back no more, while `strong` passes."""
    if _STRENGTH.index(strong.severity) < _STRENGTH.index(weak.severity):
        return False
    if strong.quarantine is not None or weak.quarantine is not None:
        return False
    if strong.id == weak.id:
        return True
    if strong.allow is not None or (strong.where is not None and strong.where != weak.where):
        return False
    return _says(strong, weak)


def _says(strong: Check, weak: Check) -> bool:
    one, other = strong.form, weak.form
    match one, other:
        case (Key() | NotNull(), NotNull()):
            return _folded(other.columns) <= _folded(one.columns)
        case (Key(), Unique() | Key()) if weak.where is None and strong.where is None:
            return (isinstance(other, Unique) and _folded(one.columns) <= _folded(other.columns)) or (
                _folded(one.columns) == _folded(other.columns)
            )
        case (Unique(), Unique()) if weak.where is None and strong.where is None:
            return _folded(one.columns) == _folded(other.columns)
        case (Range(), Range()):
            return one.expression == other.expression and _within(one.between, other.between)
        case (InSet(), InSet()):
            if one.expression != other.expression or one.negated or other.negated:
                return False
            return set(one.values) <= set(other.values)
    return False


def _folded(columns: Sequence[str]) -> set[str]:
    return {column.lower() for column in columns}


def _within(inner: Between, outer: Between) -> bool:
    if inner.is_share != outer.is_share:
        return False
    low, high = _below(outer.low, inner.low), _below(inner.high, outer.high)
    return (outer.low is None or low) and (outer.high is None or high)


def _below(one: Literal | None, other: Literal | None) -> bool:
    """Whether `one` is at most `other`; False where that can't be told."""
    if one is None or other is None or one.kind != other.kind:
        return False
    if one.kind == "number":
        return Decimal(one.text) <= Decimal(other.text)
    return one.kind == "date" and len(one.text) == len(other.text) and one.text <= other.text


def _hint(
    scene: ProjectScene, said: Dataset, line: CheckLine, check: Check, other: Check, stays: CheckLine | None
) -> Hint:
    path = said.definition.entry
    made = drop_check(path, scene.texts[path], line)
    shown = f"key: {', '.join(said.definition.key)}" if stays is None else other.spoken
    is_same = other.id == check.id
    return Hint(
        HintKind.CHECK,
        said.name,
        f"take the check `{check.spoken}` off `{said.name}`",
        f"{check.spoken}\t{_KEY if stays is None else other.spoken}",
        evidence=(
            f"`{shown}` says the same" if is_same else f"while `{shown}` passes it can't fail",
            f"`{check.spoken}` is in line {line.line} of {path}"
            + ("" if stays is None else f", `{shown}` in line {stays.line}"),
        ),
        saves=Savings(),
        files=() if made is None else (WrittenHint(path, made),),
        proof=f"every row that passes `{shown}` passes it, and it holds back no more",
        problem=None if made is not None else f"`{line.text}` does not stand on a line of its own; take it out by hand",
    )
