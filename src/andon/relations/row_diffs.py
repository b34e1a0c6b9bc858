"""Rows of two versions compared by engines that read the lake: only data files that one side lacks, and views as they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.engines.answers import AskedTables, NotAnswered
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.duckdb.row_diff_sql import nothing
from andon.engines.relation import TableRelation
from andon.errors import UsageError
from andon.model.row_diff import RowDiff
from andon.relations.changed_files import different_files
from andon.relations.differing import NEW, OLD, cut_down
from andon.sql.facts import read_facts
from andon.sql.rules import refusals

if TYPE_CHECKING:
    from andon.engines.answers import AskedAbout
    from andon.lake.lake import Lake
    from andon.model.dataset import Definition
    from andon.model.version import DataFile, Version
    from andon.relations.pool import Pool, Readers
    from andon.relations.relations import Relations

#: What stands for the compared dataset while a condition is looked at.
_ROWS = "compared.rows"


class RowDiffer:
    """Compares versions of one lake.

    Args:
        asked: who finds out which rows differ at all, of large tables.
        moment: the logical time of what is asked.
    """

    def __init__(self, lake: Lake, readers: Readers, relations: Relations, asked: AskedAbout, moment: datetime) -> None:
        self._asked = asked
        self._moment = moment
        self._lake = lake
        self._readers = readers
        self._relations = relations

    def weight(self, old: Version | None, new: Version | None) -> int:
        """Bytes that comparing them reads."""
        files = different_files(old, new)
        return sum(self._weight(v, kept) for v, kept in zip((old, new), files, strict=True))

    def compare(
        self, old: Version | None, new: Version | None, question: DiffQuestion, definition: Definition | None = None
    ) -> RowDiff:
        """How the rows of `new` differ from those of `old`; one of them is there.

        Args:
            definition: by which the dataset is built, where that is known.

        Raises:
            UsageError: `usage.query_failed` for a condition that the engine refuses.
            MachineError: `lake.corrupt` for a data file that is gone.
        """
        files = different_files(old, new)
        output = question.output
        if output is None:
            return self._compare((old, new), files, question, definition)
        temporary = output.with_name(f".{output.name}.tmp")
        try:
            found = self._compare((old, new), files, replace(question, output=temporary), definition)
            temporary.replace(output)
        finally:
            temporary.unlink(missing_ok=True)
        return replace(found, output=str(output))

    def _compare(
        self,
        versions: tuple[Version | None, Version | None],
        files: Sequence[Sequence[DataFile]],
        question: DiffQuestion,
        definition: Definition | None,
    ) -> RowDiff:
        known = versions[0] or versions[1]
        assert known is not None  # the caller has one
        # views get one thread, so that their floating-point sums repeat
        is_view = any(v is not None and v.is_view for v in versions)
        pool = self._readers.narrow if is_view else self._readers.wide
        with ExitStack() as held:
            pairs = zip(versions, files, strict=True)
            old, new = (self._side(pool, held, version, kept, known) for version, kept in pairs)
            sides = old, new
            sides, notes = self._cut_down(held, versions, files, sides, question, definition)
            lease = held.enter_context(pool.reading())
            if question.output is None:
                return _told(compare(lease.session, *sides, question), notes)
            place = held.enter_context(lease.leaving(question.output))
            return _told(compare(lease.session, *sides, replace(question, output=place)), notes)

    def _cut_down(
        self,
        held: ExitStack,
        versions: tuple[Version | None, Version | None],
        files: Sequence[Sequence[DataFile]],
        sides: tuple[DiffSide, DiffSide],
        question: DiffQuestion,
        definition: Definition | None,
    ) -> tuple[tuple[DiffSide, DiffSide], tuple[str, ...]]:
        """The sides without rows that are surely equal, where another engine is asked which those are, and what is to be told of it."""
        if definition is None or not all(files) or any(v is None or v.is_view for v in versions):
            return sides, ()
        by = self._asked(definition, sum(file.size for each in files for file in each))
        if by is None:
            return sides, ()
        why = by.why
        if by.engine is not None and self._lake.database.is_read_only:
            why = "who may only read the lake leaves no files beside it"
        elif by.engine is not None:
            held.enter_context(self._lake.locks.writing())  # what is left there belongs to nobody
            relations = [TableRelation(tuple(self._lake.storage.engine_path(f.path) for f in each)) for each in files]
            columns = [v.types for v in versions if v is not None]
            names = (OLD, NEW)
            tables = AskedTables(
                definition,
                self._moment,
                dict(zip(names, relations, strict=True)),
                dict(zip(names, columns, strict=True)),
            )
            try:
                found = cut_down(held.enter_context(by.engine.answering(tables)), *sides, question)
            except NotAnswered as error:
                why = str(error)
            else:
                if not found.why_not:
                    return (found.old, found.new), (f"{by.name} found which rows differ",)
                why = found.why_not
        return sides, (f"duckdb found which rows differ, not {by.name}: {why}",)

    def _side(
        self, pool: Pool, held: ExitStack, version: Version | None, files: Sequence[DataFile], known: Version
    ) -> DiffSide:
        """What the engine reads for one side; without a version no rows of the columns that are `known`."""
        if version is None:
            return DiffSide(nothing(known.columns), known.columns, 0)
        if version.is_view:
            lease = held.enter_context(pool.reading(version.id))
            lease.ensure([version.dataset], lambda _: self._relations.relation(version.id))
            return DiffSide(lease.place(version.dataset), version.columns, None, is_stored=False)
        if not files:
            return DiffSide(nothing(version.columns), version.columns, 0)
        self._lake.intact.require(version.dataset, files)
        paths = [self._lake.storage.engine_path(f.path) for f in files]
        return DiffSide(f"read_parquet({file_list(paths)})", version.columns, sum(f.rows for f in files))

    def _weight(self, version: Version | None, files: Sequence[DataFile]) -> int:
        """Bytes that comparing one side reads."""
        if version is None:
            return 0
        return self._relations.size(version.id) if version.is_view else sum(f.size for f in files)


def _told(found: RowDiff, notes: Sequence[str]) -> RowDiff:
    return replace(found, notes=(*found.notes, *notes))


def check_condition(where: str) -> None:
    """Refuse what is not one condition on the compared rows.

    Raises:
        UsageError: `usage.not_one_select`.
    """
    # As it will stand in the engine's query, so that nothing can close the bracket before its time.
    facts = read_facts([f"select coalesce(cast((\n{where}\n) as boolean), false) from {_ROWS}"])[0]
    found = [*facts.problems, *(refusals(facts, role="query", allow=frozenset()) if not facts.problems else [])]
    others = [use.name for use in facts.tables if use.name != _ROWS]
    if found or others or len(facts.tables) > 1:
        what = found[0].message if found else f"it reads `{others[0]}`" if others else "it is more than that"
        raise UsageError(
            "usage.not_one_select",
            f"`{where}` is not a condition on columns of the dataset: {what}",
            where="where",
            hint="for example `--where \"country = 'DE' and amount > 100\"`",
        )
