"""Building a history: today's rows and an earlier state in, the next state out. Ended rows stay in the files that they are in."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from andon.base.clock import from_text, to_text
from andon.base.names import literal, quote_name
from andon.base.record import replace
from andon.engines.relation import TableRelation
from andon.engines.types import stored_types
from andon.errors import AndonError, DatasetError
from andon.model.history import ADDED, IS_CURRENT, VALID_FROM, VALID_TO, RowHistory
from andon.model.version import DataFile
from andon.relations.bounds import bounds_of
from andon.runs.building.writing import FilePart
from andon.runs.planning.histories import EARLIER, MOMENT
from andon.sql.history import NO_KEY, NO_TIME, NO_VALUE, TWICE, Next, ended_rows, next_state, without_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.engines.engine import Builders
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import Version
    from andon.relations.relations import Relations
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Made, Writer


class Histories:
    """Builds histories for a job on the engines of its run."""

    def __init__(self, job: Job, relations: Relations, engines: Builders, writer: Writer) -> None:
        self._job = job
        self._relations = relations
        self._engines = engines
        self._writer = writer

    def write(self, definition: Definition, make: Build) -> Made:
        """The next state of a history.

        Raises:
            DatasetError: `history.bad_rows` where the rows given make none; as `Writer.write`.
        """
        history = definition.history
        if history is None or make.grown is None:
            raise ValueError(f"`{definition.dataset}` is no history")
        whole = self._writer.whole(definition, make)
        if make.logical_time is not None:
            whole = replace(whole, recipe=replace(whole.recipe, moment=from_text(make.logical_time)))
        with self._engines.builder(definition, 0) as engine:
            types = engine.describe(whole.recipe)
        before, moment = make.grown[EARLIER], make.grown[MOMENT]
        earlier = self._earlier(definition, before) if before is not None else None
        asked = _asked(definition, history, types, moment, earlier)
        if earlier is None:
            parts, kept = [replace(whole, recipe=replace(whole.recipe, sql=next_state(asked)))], list[DataFile]()
        else:
            parts, kept = self._going_on(whole, asked, earlier)
        try:
            made = self._writer.write(definition, make, parts, kept)
        except AndonError as error:
            _explain(error, definition, history)
        newest = _newest(earlier) if earlier is not None and history.changed_at is None else None
        if newest is not None and newest > from_text(moment):
            when, now = (to_text(each) for each in (newest, from_text(moment)))
            told = f"the time of the run, {now}, lies before {when}, when rows last changed: changes date from then"
            made = replace(made, note="; ".join(each for each in (made.note, told) if each))
        return made

    def _earlier(self, definition: Definition, version_id: str) -> Version:
        """An earlier state; made again, state by state, of what it was made of where its files don't hold what was written.

        Raises:
            MachineError: `lake.corrupt` if that is not there any more either.
        """
        objects = self._job.lake.objects
        made_by: dict[str, Build] | None = None
        lost: list[Build] = []
        at: str | None = version_id
        while at is not None and objects.is_lost(self._relations.version(at)):
            if made_by is None:
                made_by = self._made_by(self._relations.version(at).dataset)
            if at not in made_by:
                self._relations.relation(at)  # says which file it is
            lost.append(made_by[at])
            at = (lost[-1].grown or {})[EARLIER]
        again: dict[str, str] = {}
        for build in reversed(lost):
            before = (build.grown or {})[EARLIER]
            old = replace(objects.definitions([build.definition])[build.definition], dataset=definition.dataset)
            made = self.write(old, replace(build, grown={**(build.grown or {}), EARLIER: again.get(before, before)}))
            known = replace(build, id=secrets.token_hex(16), version=made.version.id)
            objects.record([(made.version, known)], force=True)
            self._relations.add(made.version, known, old)
            again[build.version] = made.version.id
        return self._relations.version(again.get(version_id, version_id))

    def _made_by(self, dataset: str) -> dict[str, Build]:
        """By version the build that made it: not one that only says why it is still the same."""
        found = [b for b in self._job.lake.objects.builds_of(dataset) if b.grown is not None and EARLIER in b.grown]
        return {build.version: build for build in found if (build.grown or {})[EARLIER] != build.version}

    def _going_on(self, whole: FilePart, asked: Next, earlier: Version) -> tuple[list[FilePart], list[DataFile]]:
        """What is written beside which files. Where rows say themselves since when they are so, late ones may change any of them."""
        self._relations.relation(earlier.id)  # what is read holds what was written
        same = asked.history.changed_at is None and [name for name, _ in asked.columns] == [
            column.name for column in earlier.columns if column.name not in ADDED
        ]
        same = same and [kind for _, kind in asked.columns] == [
            column.type for column in earlier.columns if column.name not in ADDED
        ]
        kept = [file for file in earlier.files if same and _is_ended(file)]
        rest = [file for file in earlier.files if file not in kept]
        storage, name = self._job.lake.storage, whole.recipe.dataset
        own = TableRelation(tuple(storage.engine_path(file.path) for file in rest or kept))
        recipe = replace(whole.recipe, inputs={**whole.recipe.inputs, name: own}, is_part=True)
        size = sum(file.size for file in rest)
        if not rest:  # all has ended
            asked = replace(asked, earlier=f"(select * from {asked.earlier} where false)")
        parts = [FilePart(replace(recipe, sql=next_state(asked)), whole.size + size)]
        if asked.history.changed_at is None:
            parts.insert(0, FilePart(replace(recipe, sql=ended_rows(asked)), size))
        return parts, kept


def _asked(
    definition: Definition, history: RowHistory, types: Sequence[tuple[str, str]], moment: str, earlier: Version | None
) -> Next:
    kinds = {name.lower(): kind for name, kind in types}
    time = kinds[VALID_FROM]
    return Next(
        history=history,
        key=history.key,
        given=without_history(definition.sql or "", history),
        columns=[(name, kind) for name, kind in stored_types(types) if name.lower() not in ADDED],
        time=time,
        moment=f"cast(cast({literal(moment)} as timestamptz) as {time})",
        earlier=quote_name(definition.dataset) if earlier is not None else None,
        known=frozenset(column.name.lower() for column in earlier.columns) if earlier is not None else frozenset(),
        retyped=_retyped(stored_types(types), earlier) if earlier is not None else {},
    )


def _retyped(types: Sequence[tuple[str, str]], earlier: Version) -> dict[str, str]:
    """The types that columns of an earlier state have, where they are others now."""
    now = {name.lower(): kind for name, kind in types}
    return {name.lower(): kind for name, kind in earlier.types if now.get(name.lower(), kind) != kind}


def _newest(earlier: Version) -> datetime | None:
    """When rows of a history last began or ended, as far as the writes of its files told."""
    kinds = dict(earlier.types)
    bounds = [bounds_of(file, name, kinds[name]) for file in earlier.files for name in (VALID_FROM, VALID_TO)]
    known = [each.highest.replace(tzinfo=UTC) for each in bounds if each.is_known and each.highest is not None]
    return max(known, default=None)


def _is_ended(file: DataFile) -> bool:
    """Whether no row of a file is current."""
    facts = file.stats.get(f'"{IS_CURRENT}"')
    return facts is not None and facts.maximum in ("0", "false")


def _explain(error: AndonError, definition: Definition, history: RowHistory) -> NoReturn:
    """Raise what an error of the engine means for the rows given."""
    said = str(error.__cause__)
    key = ", ".join(f"`{name}`" for name in history.key)
    if TWICE in said:
        found = said.split(TWICE, 1)[1].splitlines()[0].rstrip('"')
        by = key if history.changed_at is None else f"{key} and `{history.changed_at}`"
        message, hint = (
            f"two different rows for {by}: {found}",
            "make the SQL return one, or let `key` say what tells rows apart",
        )
    elif NO_VALUE in said:
        column, value = said.split(NO_VALUE, 1)[1].rstrip('"').split("\n", 1)
        message = f"`{column}` has another type than before, in which `{value[:40]}` of an earlier row can't be said"
        hint = "cast it to the type that it had, or give the column another name: then the old one is left out of the history"
    elif NO_KEY in said:
        message, hint = (
            f"a row without {key}, which says whose history it is",
            "leave it out in the SQL, or give it a value",
        )
    elif NO_TIME in said:
        message = f"a row without `{history.changed_at}`, so nobody knows since when it is so"
        hint = f"leave it out in the SQL, or `coalesce({history.changed_at}, …)`"
    else:
        raise error
    raise DatasetError("history.bad_rows", message, where=definition.entry, hint=hint) from error
