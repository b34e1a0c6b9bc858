"""What a foreign file says of a dataset, put to what the project says of it: what is new, what is there already, what can't be. Pure.

What the project says stays: where the file says something else, that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from andon.base.names import folded
from andon.base.record import Record
from andon.contracts.standing import standing_of
from andon.errors import Problem
from andon.model.check import Check, Key, NotNull, Reference, Unique
from andon.model.contract import ForeignDataset, LeftOut
from andon.model.dataset import ColumnSpec, Dataset
from andon.model.schedule import rule_flaw
from andon.project.add_settings import NewSettings

#: What lines mean for a dataset: each a check, or why it is none.
Judge = Callable[[Sequence[str]], Sequence[Check | Problem]]
_LONGEST = 60


class Carried(Record):
    """What is added to a dataset, how much of it is there already, and what is left out."""

    new: NewSettings
    there: int
    left: tuple[LeftOut, ...]


class _Merge:
    """One dataset's merge."""

    def __init__(self, file: str, foreign: ForeignDataset, dataset: Dataset | None) -> None:
        self._file = file
        self._foreign = foreign
        self._dataset = dataset
        self.there = 0
        self.left: list[LeftOut] = []

    def leave(self, what: str, why: str, place: tuple[int, int] | None = None) -> None:
        line, column = place or (self._foreign.line, self._foreign.column)
        self.left.append(LeftOut(self._file, line, column, what, why))

    def text(self, key: str) -> str | None:
        """A text that the project does not say."""
        said = getattr(self._foreign, key)
        own = getattr(self._dataset, key) if self._dataset is not None else None
        if said is None or own is None:
            return str(said) if said is not None else None
        if " ".join(said.split()) == " ".join(own.split()):
            self.there += 1
        else:
            self.leave(f"{key}: {_short(said)}", f"the project says `{_short(own)}`, which stays")
        return None

    def items(self, key: str) -> tuple[str, ...]:
        """Items of a list that the project does not have."""
        own = () if self._dataset is None else self._dataset.tags
        if key == "caveats" and self._dataset is not None:
            own = tuple(caveat.text for caveat in self._dataset.caveats)
        said = getattr(self._foreign, key)
        self.there += sum(item in own for item in said)
        return tuple(item for item in said if item not in own)

    def key(self, types: dict[str, str] | None) -> tuple[str, ...]:
        """The key, if the project states none."""
        said = self._foreign.key
        own = self._dataset.definition.key if self._dataset is not None else ()
        if not said:
            return ()
        unknown = [name for name in said if types is not None and folded(name) not in types]
        if unknown:
            self.leave(f"key: {', '.join(said)}", f"there is no column `{unknown[0]}`")
        elif [folded(name) for name in own] == [folded(name) for name in said]:
            self.there += 1
        elif own:
            self.leave(f"key: {', '.join(said)}", f"the project says `{', '.join(own)}`, which stays")
        else:
            return said
        return ()

    def refresh(self) -> tuple[tuple[str, str], ...]:
        """Rules of refresh, if the project states none."""
        said = self._foreign.refresh
        own = self._dataset.refresh if self._dataset is not None else ()
        flaw = next(((name, text) for name, text in said if rule_flaw(name, text) is not None), None)
        shown = ", ".join(f"{name}: {text}" for name, text in said)
        if flaw is not None:
            self.leave(f"refresh: {shown}", f"`{flaw[1]}` is no rule of `{flaw[0]}`")
            return ()
        if own and said:
            if dict(own) == dict(said):
                self.there += 1
            else:
                self.leave(
                    f"refresh: {shown}", f"the project says `{', '.join(': '.join(each) for each in own)}`, which stays"
                )
            return ()
        return said

    def columns(self) -> tuple[ColumnSpec, ...]:
        """Columns with what the project does not say of them."""
        own = {folded(column.name): column for column in self._dataset.columns} if self._dataset is not None else {}
        found = []
        for column in self._foreign.columns:
            said = own.get(folded(column.name))
            description = self._of_column(column, said, "description")
            kind = self._of_column(column, said, "type")
            pii = column.pii and not (said is not None and said.pii)
            self.there += column.pii and not pii
            if description or kind or pii:
                found.append(ColumnSpec(said.name if said is not None else column.name, description, kind, pii=pii))
        return tuple(found)

    def _of_column(self, column: ColumnSpec, said: ColumnSpec | None, key: str) -> str | None:
        new: str | None = getattr(column, key)
        own: str | None = getattr(said, key) if said is not None else None
        if new is None or own is None:
            return new
        if " ".join(new.split()) == " ".join(own.split()):
            self.there += 1
        else:
            self.leave(f"{column.name}.{key}: {_short(new)}", f"the project says `{_short(own)}`, which stays")
        return None

    def lines(self, judge: Judge, declared: Sequence[Check], key: tuple[str, ...]) -> tuple[str, ...]:
        """Lines that the project does not have, and that can be read."""
        checks = list(declared)
        names = {check.name for check in checks if check.name}
        found = []
        given = sorted(self._foreign.lines, key=lambda line: line.is_implied)
        for line, judged in zip(given, judge([line.text for line in given]), strict=True):
            place = (line.line, line.column)
            if isinstance(judged, Problem):
                hint = f" ({judged.hint})" if judged.hint else ""
                self.leave(f"{line.what}: `{line.text}`", f"{judged.message}{hint}", place)
            elif "*/" in line.text or "/*" in line.text:
                self.leave(f"{line.what}: `{line.text}`", "a line can't hold the marks of a comment", place)
            elif any(_same(judged, check) for check in checks) or (
                line.is_implied and _is_covered(judged, checks, key)
            ):
                self.there += not line.is_implied
            elif judged.name is not None and judged.name in names:
                self.leave(f"{line.what}: `{line.text}`", f"another check is named `{judged.name}`", place)
            else:
                found.append(line.text)
                checks.append(judged)
                names |= {judged.name} if judged.name else set()
        return tuple(found)

    def standing(self) -> None:
        """Tell what else is said of the dataset, unless the project says the same: somebody's word is not taken over from a file."""
        own = standing_of(self._dataset) if self._dataset is not None else {}
        for name, said in self._foreign.standing:
            if own.get(name) == said:
                self.there += 1
            else:
                self.leave(
                    f"{name}: {_short(str(said))}", "it is somebody's word: write it into the front matter by hand"
                )


def carry(
    file: str,
    foreign: ForeignDataset,
    dataset: Dataset | None,
    types: dict[str, str] | None,
    judge: Judge,
    declared: Sequence[Check],
) -> Carried:
    """What `foreign`, of the file `file`, adds to a dataset.

    Args:
        dataset: as the project states it; None where there is none.
        types: of its columns by their folded names, if they are known.
        declared: its checks.
    """
    merge = _Merge(file, foreign, dataset)
    merge.standing()
    key = merge.key(types)
    own = dataset.definition.key if dataset is not None else ()
    new = NewSettings(
        merge.text("description"),
        merge.text("owner"),
        key,
        merge.refresh(),
        merge.items("tags"),
        merge.items("caveats"),
        merge.columns(),
        merge.lines(judge, declared, key or own),
    )
    return Carried(new, merge.there, tuple(merge.left))


def _same(one: Check, other: Check) -> bool:
    return one.id == other.id and one.severity == other.severity


def _is_covered(check: Check, others: Sequence[Check], key: tuple[str, ...]) -> bool:
    """Whether what a flag, a relationship or a service level says is said by a check, or by the key."""
    plain = [one for one in others if one.where is None and one.allow is None and one.quarantine is None]
    form, small = check.form, [folded(name) for name in key]
    if any(one.id == check.id for one in others):
        return True
    match form:
        case NotNull():
            held = {folded(name) for one in plain if isinstance(one.form, NotNull | Key) for name in one.form.columns}
            return {folded(name) for name in form.columns} <= held | set(small)
        case Unique():
            wanted = [folded(name) for name in form.columns]
            held_together = [
                [folded(n) for n in one.form.columns] for one in plain if isinstance(one.form, Unique | Key)
            ]
            return wanted in held_together or wanted == small
        case Reference():
            same = [one.form for one in plain if isinstance(one.form, Reference) and one.form.dataset == form.dataset]
            return any(other.columns == form.columns and (other.targets in (None, form.targets)) for other in same)
    return False


def _short(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
