"""Whether what is new of the inputs of a table that grows can be made alone, and of which files of which tables it is; or why all is made.

An input changed where its version did. Through a view it is asked which of the tables below changed, and how the view's rows hang on
theirs; so a chain of queries is proved link by link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from andon.base.record import Record, field, replace
from andon.base.text import plural
from andon.model.dataset import Definition
from andon.model.growth import ROWS_APART, By, Growth
from andon.model.version import Version
from andon.relations.changed_files import TableChange, changed_files
from andon.runs.growing.proofs import Proofs


class KnownVersions(Protocol):
    """What is known of versions."""

    def version(self, version_id: str) -> Version:
        """The version with this id."""
        ...

    def view(self, version_id: str) -> tuple[Definition, Mapping[str, str]]:
        """How a view was made: its definition, and the versions that it reads by name."""
        ...


class MakeWholeError(Exception):
    """Why a table that grows is made whole."""


class Extent(Record):
    """What a run makes anew.

    Attributes:
        changes: by dataset: what changed of the tables that are read.
        limits: by version id of a table that is read: the columns by which it is limited to what is made anew.
        columns: of the result: by which the rows are told that are made anew.
        unproved: why it is not proved that these are all, where a person answers for it.
    """

    changes: Mapping[str, TableChange] = field(default_factory=dict)
    limits: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    unproved: str | None = None


class Deciding:
    """Decides for one dataset over two states of its inputs, `{dataset: version id}`."""

    def __init__(self, definition: Definition, known: KnownVersions, proofs: Proofs) -> None:
        assert definition.growth is not None
        self._definition = definition
        self._growth: Growth = definition.growth
        self._known = known
        self._proofs = proofs
        self._changes: dict[str, TableChange] = {}
        self._limits: dict[str, set[tuple[str, ...]]] = {}
        self._unproved: str | None = None
        #: Tables that some query on the way reads all of.
        self._read_whole: set[str] = set()

    def extent(self, old: Mapping[str, str], new: Mapping[str, str]) -> Extent:
        """What is made anew.

        Raises:
            MakeWholeError: all of it must be.
        """
        growth = self._growth
        if growth.by is By.APPEND:
            self._appended(self._definition, old, new, is_own=True)
            for name, change in sorted(self._changes.items()):
                if change.version.id in self._read_whole:
                    raise MakeWholeError(f"{name} is read in two ways, by one of them whole")
            return Extent(self._changes, {}, (), self._unproved)
        if growth.by is By.TIME:
            return self._by((str(growth.column),), old, new)
        key = self._definition.key
        first: MakeWholeError | None = None
        for columns in [key, *((name,) for name in key if len(key) > 1)]:
            try:
                return self._by(columns, old, new)
            except MakeWholeError as error:
                first = first or error
        raise first or MakeWholeError("it has no key")

    def _by(self, columns: tuple[str, ...], old: Mapping[str, str], new: Mapping[str, str]) -> Extent:
        """What is made anew where rows are told apart by some columns of the result."""
        self._changes, self._limits, self._read_whole, self._unproved = {}, {}, set(), None
        self._told(self._definition, columns, old, new, is_own=True)
        limits = {v: tuple(sorted(ways)) for v, ways in self._limits.items() if v not in self._read_whole}
        return Extent(self._changes, limits, columns, self._unproved)

    # -- by new files

    def _appended(
        self, definition: Definition, old: Mapping[str, str], new: Mapping[str, str], *, is_own: bool
    ) -> None:
        changed = self._changed(old, new)
        found = self._proofs.grows(definition, self._schemas(new), changed)
        inputs = found.inputs
        if found.reason is not None:
            if not is_own or not self._is_assumed():
                raise MakeWholeError(f"{changed[0]} changed, and {found.reason}")
            self._unproved, inputs = found.reason, frozenset(changed)
        for name in new.keys() - inputs:
            self._reads_whole(new[name])
        for name in sorted(inputs):
            was, now = self._known.version(old[name]), self._known.version(new[name])
            if now.is_view:
                self._require_same_view(name, old[name], new[name])
                below = self._known.view(new[name])
                if old[name] == new[name]:
                    self._nothing_of(below[1])
                else:
                    self._appended(below[0], self._known.view(old[name])[1], below[1], is_own=False)
                continue
            change = self._files(name, was, now)
            if change.gone:
                raise MakeWholeError(f"{plural(len(change.gone), 'file')} of {name} went or came anew")
            self._note(name, change)

    def _nothing_of(self, inputs: Mapping[str, str]) -> None:
        """An input that must bring no row: none of the tables below does."""
        for name, version in inputs.items():
            now = self._known.version(version)
            if now.is_view:
                self._nothing_of(self._known.view(version)[1])
            else:
                self._note(name, TableChange(now, (), (), len(now.files)))

    # -- by keys and times

    def _told(
        self,
        definition: Definition,
        columns: Sequence[str],
        old: Mapping[str, str],
        new: Mapping[str, str],
        *,
        is_own: bool,
    ) -> None:
        """Note by what rows of inputs are told apart as those of the result, and what changed of them."""
        changed = self._changed(old, new)
        grain = self._growth.grain if self._growth.by is By.TIME else None
        apart = self._proofs.apart(definition, self._schemas(new), columns, grain)
        inputs, whole = dict(apart.inputs), apart.whole
        if is_own and self._is_assumed():
            named = {name: self._named(new[name], columns) for name in new.keys() - inputs.keys()}
            guessed = {name: ways for name, ways in named.items() if ways}
            if guessed:
                self._unproved = next((whole[name] for name in sorted(guessed) if name in whole), apart.reason)
                inputs.update(guessed)
        for name in changed:
            if name not in inputs:
                why = whole.get(name) or apart.reason
                raise MakeWholeError(f"{name} changed, which any row may read: {why}")
        for name in new.keys() - inputs.keys():
            self._reads_whole(new[name])
        for name, ways in sorted(inputs.items()):
            self._below(name, ways, old[name], new[name])

    def _below(self, name: str, ways: tuple[tuple[str, ...], ...], old: str, new: str) -> None:
        now = self._known.version(new)
        if not now.is_view:
            self._limits.setdefault(new, set()).update(ways)
            if old != new:
                self._note(name, self._files(name, self._known.version(old), now), ways)
            return
        if old != new:
            self._require_same_view(name, old, new)
        definition, inputs = self._known.view(new)
        before = self._known.view(old)[1]
        for way in ways:
            self._told(definition, way, before, inputs, is_own=False)

    def _named(self, version: str, columns: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Columns of an input that have the names of the result's."""
        names = {name.lower(): name for name, _ in self._known.version(version).types}
        found = [names[column.lower()] for column in columns if column.lower() in names]
        return (tuple(found),) if len(found) == len(columns) else ()

    # -- parts

    def _reads_whole(self, version: str) -> None:
        if self._known.version(version).is_view:
            for below in self._known.view(version)[1].values():
                self._reads_whole(below)
        else:
            self._read_whole.add(version)

    def _is_assumed(self) -> bool:
        return ROWS_APART in self._growth.assume

    def _changed(self, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
        if old.keys() != new.keys():
            raise MakeWholeError("it reads other datasets")
        return sorted(name for name, version in new.items() if old[name] != version)

    def _schemas(self, inputs: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
        return {name: self._known.version(version).types for name, version in inputs.items()}

    def _require_same_view(self, name: str, old: str, new: str) -> None:
        if not self._known.version(old).is_view or self._known.view(old)[0].id != self._known.view(new)[0].id:
            raise MakeWholeError(f"the SQL of {name} changed")

    def _files(self, name: str, old: Version, new: Version) -> TableChange:
        """Which files of a table came and went."""
        if old.is_view or [*old.columns] != [*new.columns]:
            raise MakeWholeError(f"the columns of {name} changed")
        return changed_files(old, new)

    def _note(self, name: str, change: TableChange, ways: tuple[tuple[str, ...], ...] = ()) -> None:
        known = self._changes.get(name)
        if known is not None and known.version.id != change.version.id:
            raise MakeWholeError(f"{name} is read in two states")
        if known is not None:
            ways = tuple(sorted({*known.ways, *ways}))
        self._changes[name] = replace(change, ways=ways)


def changes_told(changes: Mapping[str, TableChange]) -> str:
    """What changed of inputs, in words: `1 new file of shop.events (10,000 rows)`."""
    told = []
    for name, change in sorted(changes.items()):
        if change.new and not change.gone:
            told.append(f"{plural(len(change.new), 'new file')} of {name} ({plural(change.rows, 'row')})")
        elif change.gone and not change.new:
            told.append(f"{plural(len(change.gone), 'file')} of {name} went")
        elif change.new:
            told.append(f"{plural(len(change.new), 'file')} of {name} in the place of {len(change.gone):,}")
    return ", ".join(told)
