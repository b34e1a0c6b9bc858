"""Loads that go on: a database is asked for what is new since the published load, and only files with rows that changed are written anew.

What came lies in files first that nothing will name. Without a key rows are added that are not there already; with a key the rows of its
keys take the place of those that are there, in whichever files these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text, to_text
from andon.base.duration import read_fixed
from andon.base.hashing import content_id
from andon.base.names import literal, quote
from andon.base.record import Record, replace
from andon.engines.engine import Recipe
from andon.model.build import EXTRACT, Build, recipe_key
from andon.model.dataset import Definition
from andon.model.load import LoadPolicy
from andon.model.version import DataFile, Version, version_id
from andon.runs.building import putting
from andon.runs.building.outcome import Outcome
from andon.runs.building.stored_rows import StoredRows
from andon.runs.building.wholes import Wholes
from andon.runs.building.writing import FilePart, Made
from andon.runs.planning.going_on import LoadState, why_whole
from andon.runs.planning.steps import clock_part
from andon.sources.databases.contract import columns_of, with_content
from andon.sources.databases.cursors import CursorKind, begin, cursor_of, greater, is_back, kind_of, until
from andon.sources.databases.kinds import DATABASES

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.loads import Loads
    from andon.runs.building.writing import Writer

#: A cursor is ahead if it is later than the run by more than clocks and zones differ.
_AHEAD = timedelta(days=1)


class CursorFacts(Record):
    """What rows that came say of their cursor: how many there are, the greatest as a text, how many have none, how many are ahead."""

    rows: int
    greatest: str | None
    without: int
    ahead: int


class CursorLoads:
    """The loads of one job that go on from earlier ones."""

    def __init__(self, job: Job, sides: Sides, writer: Writer, loads: Loads, wholes: Wholes) -> None:
        self._job = job
        self.wholes = wholes
        self._sides = sides
        self._writer = writer
        self._loads = loads
        self.rows = StoredRows(job, sides, writer)

    def load(self, definition: Definition, make: Build) -> Outcome | tuple[Build, Made]:
        """What a database holds that is new, put to what is published; all of it where nothing is that it could go on from.

        Raises:
            DatasetError: as `Loads.load`.
        """
        leaf = self._job.leaves.get(definition.dataset)
        base = self._job.lake.objects.builds([leaf.build]).get(leaf.build) if leaf is not None else None
        base = self.wholes.of_definition(definition, base) if base is not None else None
        why = why_whole(definition, base, make.contract)
        if why is None and definition.dataset in self._job.reuse.forced | self._job.wishes.full:
            why = "asked for"
        if why is None and base is not None:
            if not self.wholes.is_lost(definition, base):
                return _GoingOn(self, definition, make, base, self.wholes.of(definition, base)).load()
            why = "files of the load before are lost"
        found = self._loads.load(definition, make)
        if isinstance(found, Outcome):
            return found
        cursor = cursor_of(definition, columns_of(make.contract))
        whole, made = found
        facts = self.facts(made.version, cursor.name, kind_of(cursor) or CursorKind.TEXT)
        kind, moment = kind_of(cursor) or CursorKind.TEXT, self._job.moment
        state = LoadState(until(kind, facts.greatest, moment), to_text(moment))
        note = "; ".join([*([f"all rows: {why}"] if base is not None else []), *told(cursor.name, facts)])
        return replace(whole, grown=state.kept()), replace(made, note=note or None)

    def facts(self, version: Version, column: str, kind: CursorKind) -> CursorFacts:
        """What the rows of a version say of their cursor."""
        name, is_time = quote(column), kind in (CursorKind.MOMENT, CursorKind.DAY)
        known, ahead = f"{name} is not null", "false"
        if is_time:
            last = (self._job.moment + _AHEAD).isoformat(" ", "seconds")
            ahead = f"{name}::timestamptz > {literal(last)}::timestamptz"
            known = f"isfinite({name}) and not ({ahead})"
        sql = (
            f"select count(*), (max({name}) filter ({known}))::varchar, count(*) filter ({name} is null),"
            f" count(*) filter ({ahead}) from {self.rows.source(version.files)}"
        )
        return CursorFacts(*self.rows.ask(version.bytes, sql)[0])


def told(column: str, facts: CursorFacts) -> list[str]:
    """What people should hear of rows whose cursor tells nothing."""
    found = []
    if facts.without:
        found.append(f"{_rows(facts.without)} without `{column}`: asked for each time")
    if facts.ahead:
        found.append(f"{_rows(facts.ahead)} with `{column}` in the future: asked for each time until then")
    return found


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


class _GoingOn:
    """One load that goes on from the build `base`, whose version is `before`."""

    def __init__(self, of: CursorLoads, definition: Definition, make: Build, base: Build, before: Version) -> None:
        self._of, self._rows = of, of.rows
        self._job, self._sides, self._writer, self._loads = of._job, of._sides, of._writer, of._loads
        self._definition = definition
        self._make = make
        self._base = base
        self._before = before
        self._state = LoadState.of(base) or LoadState(None, None)
        columns = columns_of(make.contract)
        self._remote = cursor_of(definition, columns)
        self._kind = kind_of(self._remote) or CursorKind.TEXT
        self._database = DATABASES[(make.contract or {})[EXTRACT]["kind"]]
        names = {column.name.lower(): column.name for column in columns}
        self._column = self._remote.name
        self._key = [names[name.lower()] for name in definition.key]

    @property
    def _policy(self) -> LoadPolicy:
        assert self._definition.load is not None  # else nothing would go on
        return self._definition.load

    def load(self) -> Outcome | tuple[Build, Made]:
        """See `CursorLoads.load`."""
        self._sides.relations.relation(self._before.id)  # nothing goes on from a damaged file
        start = begin(self._kind, self._state.greatest, self._policy)
        due = self._is_due()
        with self._asked(start) as asked, self._keys(due) as keys:
            why = self._why_all(asked, start, keys)
            if why is None:
                return self._put(asked, start, keys, [], compared=due)
        with self._asked(None) as asked:
            keys = asked if self._policy.compare else None
            return self._put(asked, None, keys, [f"all rows: {why}"], compared=True)

    def _is_due(self) -> bool:
        """Whether all keys are to be compared."""
        every = read_fixed(self._policy.compare) if self._policy.compare else None
        if every is None:
            return False
        return self._state.compared is None or self._job.moment - from_text(self._state.compared) >= every

    def _why_all(self, asked: Version, start: str | None, keys: Version | None) -> str | None:
        """Why what was asked for is not enough."""
        if start is None:
            return None
        facts = self._of.facts(asked, self._column, self._kind)
        if is_back(self._kind, self._state.greatest, until(self._kind, facts.greatest, self._job.moment)):
            return f"`{self._column}` went back from {self._state.greatest} to {facts.greatest or 'none'}"
        question = putting.late(self._came(asked, start, keys))
        late = self._ask(question)[0][0] if question is not None else 0
        return f"{_rows(late)} came later than the lookback" if late else None

    # -- what is asked of the database, in files that nothing will name

    @contextmanager
    def _asked(self, start: str | None) -> Iterator[Version]:
        sql = self._definition.sql or ""
        asked = sql if start is None else self._database.since(sql, self._remote, start)
        with self._scratch(asked, self._make.contract or {}) as found:
            yield found

    @contextmanager
    def _keys(self, wanted: bool) -> Iterator[Version | None]:
        """All keys that the database has."""
        if not wanted:
            yield None
            return
        contract = self._make.contract or {}
        columns = [column for column in contract[EXTRACT]["columns"] if column[0] in self._key]
        contract = {**contract, EXTRACT: {**contract[EXTRACT], "columns": columns}}
        with self._scratch(self._database.only(self._definition.sql or "", self._key), contract) as found:
            yield found

    @contextmanager
    def _scratch(self, sql: str, contract: Any) -> Iterator[Version]:
        recipe = Recipe(self._definition, {}, self._job.moment, sql, contract=contract)
        made = self._writer.write(self._definition, self._make, [FilePart(recipe, 0)])
        try:
            yield made.version
        finally:
            self._writer.drop(made)

    # -- what becomes of it

    def _put(
        self, asked: Version, start: str | None, keys: Version | None, notes: list[str], *, compared: bool
    ) -> Outcome | tuple[Build, Made]:
        came = self._came(asked, start, keys)
        facts = self._of.facts(asked, self._column, self._kind)
        notes += told(self._column, facts)
        new = self._writer.write(
            self._definition, self._make, [self._rows.part(self._definition, putting.added(came), self._size)]
        )
        try:
            gone = self._gone(came)
            if not new.version.rows and not gone[0]:
                self._writer.drop(new)
                return self._loads.known(self._base, "; ".join(["the database holds nothing new", *notes]))
            content = self._content(new.version, gone)
            made = self._whole(came, new)
        except BaseException:
            self._writer.drop(new)
            raise
        undone = self._loads.undone(self._definition, made.version, [content])
        if undone is not None:
            self._writer.drop(made)
            return self._loads.keep_published(self._definition, undone)
        contract = with_content(self._make.contract or {}, content)
        clock, released = clock_part(self._definition, self._job.moment), self._of.wholes.released(self._definition)
        key = recipe_key(self._definition.id, {}, (), contract, clock, released=released)
        known = self._job.lake.objects.builds_by_key([key]).get(key)
        if known is not None and not self._of.wholes.is_lost(self._definition, known):
            self._writer.drop(made)
            return self._loads.known(known, "the database holds what was loaded before")
        greatest = greater(self._kind, self._state.greatest, facts.greatest) if start is not None else facts.greatest
        state = LoadState(
            until(self._kind, greatest, self._job.moment),
            to_text(self._job.moment) if compared else self._state.compared,
        )
        word = "new or changed" if self._key else "new"
        counts = [f"{_rows(new.version.rows or 0)} {word}"] + ([f"{_rows(gone[0])} gone"] if gone[0] else [])
        note = "; ".join([*counts, *notes])
        return replace(self._make, key=key, contract=contract, grown=state.kept()), replace(made, note=note)

    def _whole(self, came: putting.Came, new: Made) -> Made:
        """What was there without the rows whose keys came or are gone, and then what came."""
        kept, again = list(self._before.files), tuple[DataFile, ...]()
        if self._key:
            keys = putting.dead(came, self._rows.source(new.version.files))
            kept, again = self._rows.without(self._definition, self._make, self._before, came, keys)
        try:
            rest, packed = self._writer.fewer(self._definition, self._make, kept)
        except BaseException:
            self._writer.drop(replace(new, new=again))
            raise
        mine = [file for file in new.new if file.rows or not (rest or again)]
        self._writer.drop(replace(new, new=tuple(file for file in new.new if file not in mine)))
        columns, files = new.version.columns, (*rest, *again, *mine)
        version = Version(version_id(columns, files), self._definition.dataset, columns, files)
        return Made(version, new.produced, (*packed, *again, *mine))

    def _gone(self, came: putting.Came) -> tuple[int, str]:
        """How many keys are gone, and what tells them from others."""
        question = putting.gone(came)
        if question is None:
            return 0, ""
        listed = ", ".join(map(quote, self._key))
        ((count, total),) = self._ask(f"select count(*), sum(hash(row({listed}))::hugeint) from ({question})")
        return count, str(total)

    def _content(self, new: Version, gone: tuple[int, str]) -> str:
        """What tells this load from others that go on from the same: the rows that it adds, in whatever order, and what it takes away."""
        (before,) = self._base.contents.values()
        return content_id(["grown", before, self._sides.fingerprint(new), *gone])

    def _came(self, asked: Version, start: str | None, keys: Version | None) -> putting.Came:
        return putting.Came(
            self._rows.source(asked.files),
            self._rows.source(self._before.files),
            self._within(start),
            [column.name for column in self._before.columns],
            self._column,
            self._key,
            self._rows.source(keys.files) if keys is not None else None,
        )

    def _within(self, start: str | None) -> str | None:
        """Which rows of what is there may have come again. Of texts the database alone says which are greater: any may."""
        if start is None or self._kind is CursorKind.TEXT:
            return None
        name = quote(self._column)
        kind = next(column.type for column in self._before.columns if column.name == self._column)
        text = f"{start}+00" if kind == "TIMESTAMP WITH TIME ZONE" else start
        return f"({name} >= {literal(text)}::{kind} or {name} is null)"

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._rows.ask(self._size, sql)

    @property
    def _size(self) -> int:
        return self._before.bytes
