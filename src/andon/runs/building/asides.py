"""Rows that checks set aside: written with the result that they would be in, and put back where they were released."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal, quote, quote_name
from andon.base.record import Record, replace
from andon.engines.engine import Recipe
from andon.engines.relation import Relation, TableRelation
from andon.errors import DatasetError
from andon.model.build import Build, aside_key, recipe_key
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.quarantine import ADDED, CHECK_IDS, CHECKS, FIRST_RUN, AsideRule, row_hash, tried
from andon.model.release import digest_of, released_rows
from andon.model.version import Column, Version, version_id
from andon.runs.building.outcome import Outcome
from andon.runs.building.writing import FilePart, Made, Writer
from andon.runs.planning.steps import clock_part

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job

#: What new rows and those of the version before are called while a dataset of them is written.
NEW, BEFORE = "aside.new", "aside.before"


class Parted(Record):
    """A result, and the rows that were set aside of it, where any are to be."""

    made: Made
    aside: Made | None


class Asides:
    """The rows that the checks of one job's datasets set aside."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer

    def released(self, definition: Definition) -> str | None:
        """Which rows are in a result although a check would set them aside; part of its recipe key."""
        return digest_of(self._job.releases, definition.dataset) if definition.quarantine else None

    def rules(self, definition: Definition, columns: Sequence[Column]) -> Sequence[AsideRule]:
        """What is set aside of a result with these columns.

        Raises:
            DatasetError: where a column has a name that the rows set aside need for themselves, or a line does not fit.
        """
        taken = {name for name, _ in ADDED}
        wrong = next((column.name for column in columns if column.name.lower() in taken), None)
        if wrong is not None:
            raise DatasetError(
                "build.not_supported",
                f"the column `{wrong}` has a name that rows which are set aside need for what is said of them",
                where=definition.entry,
                hint="give it another name, or let the checks hold",
            )
        found = self._job.demands.aside(definition.dataset, [(column.name, column.type) for column in columns])
        released = released_rows(self._job.releases, definition.dataset, self._job.lake.objects.text)
        return [replace(rule, released=released.get(rule.check, ())) for rule in found]

    def write(self, definition: Definition, make: Build) -> Parted:
        """All that a definition gives over the inputs of a build, parted in the write.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        rules: list[AsideRule] = []

        def told(columns: Sequence[Column]) -> Sequence[AsideRule]:
            rules[:] = self.rules(definition, columns)
            return rules

        made, bad = self._writer.write_apart(definition, make, told)
        try:
            new = None if bad is None else TableRelation((self._job.lake.storage.engine_path(bad),))
            sql = self.named(definition, made.version.columns, rules, new)
            inputs: dict[str, Relation] = {} if new is None else {NEW: new}
            before = self.before(definition)
            if before is not None:
                inputs[BEFORE] = self._sides.relations.relation(before.id)
            return Parted(made, self.kept(definition, make, sql, inputs))
        except BaseException:
            self._writer.drop(made)
            raise
        finally:
            if bad is not None:
                self._job.lake.storage.delete(bad)

    def named(
        self, definition: Definition, columns: Sequence[Column], rules: Sequence[AsideRule], new: Relation | None
    ) -> str:
        """SQL that says of each row that was set aside what it fails, and since when: the run that set the same row aside first."""
        own = [quote(column.name) for column in columns]
        if new is None:
            nothing = [f"null::{column.type} as {quote(column.name)}" for column in columns]
            added = [f"null::{kind} as {name}" for name, kind in ADDED]
            return f"select {', '.join([*nothing, *added])} where false"
        failing = [
            " || ".join(
                f"case when {tried(rule.bad)} then [{literal(each)}] else []::varchar[] end"
                for rule, each in ((rule, getattr(rule, of)) for rule in rules)
            )
            for of in ("label", "check")
        ]
        listed = ", ".join(own)
        found = (
            f"select {listed}, {failing[0]} as {CHECKS}, {failing[1]} as {CHECK_IDS}, {row_hash(own)} as {quote(_TOLD)}"
        )
        first, joined = f"{self._job.run}::bigint", ""
        before = self.before(definition)
        if before is not None:
            then = [quote(column.name) for column in before.columns[: -len(ADDED)]]
            earlier = f"select {row_hash(then)} as told, min({FIRST_RUN}) as run from {quote_name(BEFORE)} group by all"
            joined = f" left join ({earlier}) b on b.told = n.{quote(_TOLD)}"
            first = f"coalesce(b.run, {first})"
        named = ", ".join(f"n.{name}" for name in own)
        return (
            f"select {named}, n.{CHECKS}, n.{CHECK_IDS}, {first} as {FIRST_RUN}"
            f" from ({found} from {quote_name(NEW)}) n{joined}"
        )

    def before(self, definition: Definition) -> Version | None:
        """The rows that readers of the branch see as set aside."""
        leaf = self._job.leaves.get(definition.aside or "")
        if leaf is None:
            return None
        version = self._sides.relations.version(leaf.version)
        return None if self._job.lake.objects.is_lost(version) else version

    def kept(self, definition: Definition, make: Build, sql: str, inputs: Mapping[str, Relation]) -> Made:
        """The dataset of rows that were set aside, as `sql` gives it."""
        own = self._job.definitions[str(definition.aside)]
        code = replace(plain(own), macros=definition.macros)
        recipe = Recipe(code, inputs, self._job.moment, sql, is_part=True)
        return self._writer.write(own, make, [FilePart(recipe, 0)])

    # -- putting rows back

    def put_back(self, definition: Definition, make: Build) -> Parted | None:
        """The published result with the rows in it that are released since, and the others of those that were set aside; None where that
        is not what a build would give: something else changed too.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        leaf, aside = self._job.leaves.get(definition.dataset), self._job.leaves.get(definition.aside or "")
        was = digest_of(self._job.published_releases, definition.dataset)
        before, now = (
            {each.rows for each in releases if each.dataset == definition.dataset}
            for releases in (self._job.published_releases, self._job.releases)
        )
        if leaf is None or aside is None or leaf.definition != definition.id or not before < now:
            return None
        clock = clock_part(definition, self._job.moment)
        if recipe_key(definition.id, make.inputs, make.files, make.contract, clock, released=was) != leaf.key:
            return None
        published, set_aside = (self._sides.relations.version(each.version) for each in (leaf, aside))
        if self._job.lake.objects.is_lost(published) or self._job.lake.objects.is_lost(set_aside):
            return None
        stays = self._stays(definition, published.columns)
        inputs = {BEFORE: self._sides.relations.relation(set_aside.id)}
        listed = ", ".join(quote(column.name) for column in published.columns)
        rows = Recipe(
            plain(definition),
            inputs,
            self._job.moment,
            f"select {listed} from {quote_name(BEFORE)} where {stays}",
            is_part=True,
        )
        added = self._writer.write(definition, make, [FilePart(rows, set_aside.bytes)], published.files)
        try:
            rest = f"select * from {quote_name(BEFORE)} where not ({stays})"
            left = self.kept(definition, make, rest, inputs)
        except BaseException:
            self._writer.drop(added)
            raise
        files = added.version.files
        whole = Version(version_id(published.columns, files), published.dataset, published.columns, files)
        return Parted(replace(added, version=whole), left)

    def _stays(self, definition: Definition, columns: Sequence[Column]) -> str:
        """SQL that is true for rows of those set aside that are released from every check that they fail."""
        released = released_rows(self._job.releases, definition.dataset, self._job.lake.objects.text)
        told = row_hash([quote(column.name) for column in columns])
        kept = ", ".join(f"{literal(check)}: [{', '.join(map(literal, rows))}]" for check, rows in released.items())
        return f"len(list_filter({CHECK_IDS}, lambda c: not coalesce(list_contains(map {{{kept}}}[c], {told}), false))) = 0"

    # -- outcomes

    def outcome(
        self, definition: Definition, build: Build, made: Made, kept: Version | None, proof: str | None
    ) -> Outcome:
        """The outcome of the rows that were set aside of what `build` made.

        Args:
            kept: the published version, if it holds the same.
        """
        own = self._job.definitions[str(definition.aside)]
        version, new = (made.version, made.new) if kept is None else (kept, ())
        mine = self._build(own, build, version.id, proof)
        mine = replace(mine, engine=made.produced.facts)
        return Outcome(version, mine, version.id, version.rows, fresh=True, definition=own, new=new, recorded=True)

    def same(self, definition: Definition, build: Build, proof: str) -> Outcome | None:
        """The published rows that were set aside, of a result that is proved to be the published one; None where there are none."""
        leaf = self._job.leaves.get(definition.aside or "")
        if leaf is None:
            return None
        own = self._job.definitions[str(definition.aside)]
        version = self._sides.relations.version(leaf.version)
        mine = self._build(own, build, version.id, proof)
        return Outcome(version, mine, version.id, version.rows, fresh=True, definition=own, new=(), recorded=True)

    def known(self, definition: Definition, key: str) -> Outcome | None:
        """What was set aside when a result was built by a key, if that is known."""
        own = self._job.definitions[str(definition.aside)]
        wanted = aside_key(own.id, key)
        build = self._job.lake.objects.builds_by_key([wanted]).get(wanted)
        if build is None:
            return None
        version = self._sides.relations.version(build.version)
        if self._job.lake.objects.is_lost(version):
            return None
        return Outcome(None, build, version.id, version.rows, fresh=False, note="built before")

    def _build(self, own: Definition, build: Build, version: str, proof: str | None) -> Build:
        return replace(
            build,
            id=secrets.token_hex(16),
            key=aside_key(own.id, build.key),
            dataset=own.dataset,
            definition=own.id,
            version=version,
            inputs={build.dataset: build.version},
            files=(),
            contract=None,
            lock=None,
            log=None,
            seconds=0.0,
            proof=proof,
            grown=None,
        )


#: What tells a row while it is named.
_TOLD = "andon told"


def plain(definition: Definition) -> Definition:
    """A dataset by its name alone: what is written of it is made of its own rows."""
    return Definition(definition.dataset, Kind.SQL, Materialize.TABLE, definition.entry, definition.meaning)
