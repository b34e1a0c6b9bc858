"""What was built again beside what was published: the same, nearly the same, or something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.near import NEARLY
from andon.base.record import Record
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.nearly import nearly_the_same
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.duckdb.row_diff_sql import nothing
from andon.model.check import Tolerance
from andon.model.reproduction import ReproVerdict
from andon.relations.changed_files import different_files

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.lake.storage import Storage
    from andon.model.row_diff import RowDiff
    from andon.model.version import DataFile, Version
    from andon.relations.sides import Sides


class Likeness(Record):
    """How the two compare.

    Attributes:
        how: by what that is known, or what differs, in words.
        difference: which rows differ, where any do.
    """

    verdict: ReproVerdict
    how: str
    difference: RowDiff | None = None


def compared(
    old: Version,
    new: Version,
    sides: Sides,
    lake: Lake,
    key: Sequence[str],
    masked: frozenset[str],
    known: Callable[[], str | None] = lambda: None,
) -> Likeness:
    """How what was built again compares with what was published. Data files are read, whose content was looked at before.

    Args:
        old, new: what was published, and what was built again.
        lake: in which the files of both are found.
        key: columns that tell rows apart; may be empty.
        masked: columns whose values are not handed out, in lower case.
        known: what the rows of `old` came to, where that was kept: asked where its data are gone.

    Raises:
        MachineError: `lake.corrupt` where a published file is not what was written.
    """
    if old.types != new.types:
        return Likeness(ReproVerdict.DIFFERENT, _other_columns(old, new))
    if old.is_view:
        return Likeness(ReproVerdict.IDENTICAL, "a view: the same recipe; its rows are made whenever it is read")
    if any(lost.is_gone for file in old.files if (lost := lake.intact.damage(file)) is not None):
        return _with_gone(old, new, sides, known())
    lake.intact.require(old.dataset, old.files)  # nothing is believed that is not what was written
    storage = lake.storage
    if old.id == new.id:
        return Likeness(ReproVerdict.IDENTICAL, "the same bytes")
    if sides.hold_the_same(old, new, in_order=False):
        return Likeness(ReproVerdict.IDENTICAL, "the same rows, in other bytes")
    with sides.for_size(old.bytes + new.bytes) as side:
        session = side.session()
        if old.rows == new.rows:
            one, other = (_relation(storage, version, version.files) for version in (old, new))
            if nearly_the_same(session, one, other, old.columns, key):
                return Likeness(
                    ReproVerdict.EQUAL, f"the same rows but for numbers that differ by at most {NEARLY:g} of them"
                )
        files = different_files(old, new)
        tolerance = Tolerance(Decimal(repr(NEARLY)), relative=True) if key else None
        question = DiffQuestion(old.dataset, tuple(key), masked=masked, tolerance=tolerance)
        before, after = (_side(storage, version, kept) for version, kept in zip((old, new), files, strict=True))
        found = compare(session, before, after, question)
    return Likeness(ReproVerdict.DIFFERENT, f"{found.rows.total:,} rows differ", found)


def _with_gone(old: Version, new: Version, sides: Sides, known: str | None) -> Likeness:
    """How what was built again compares with what is known of data that nothing kept."""
    if old.id == new.id:
        return Likeness(ReproVerdict.IDENTICAL, "the same bytes, by the hashes that were kept of data that are gone")
    if known is not None and sides.fingerprint(new) == known:
        return Likeness(
            ReproVerdict.IDENTICAL,
            "the same rows, in other bytes, by the fingerprint that was kept of data that are gone",
        )
    count = (
        f"{new.rows:,} rows, where there were {old.rows:,}" if new.rows != old.rows else f"{new.rows:,} rows, as then"
    )
    told = "not those whose fingerprint was kept" if known is not None else "and no fingerprint was kept"
    return Likeness(ReproVerdict.DIFFERENT, f"{count}, {told}; which differ can't be told, since the data are gone")


def _side(storage: Storage, version: Version, files: Sequence[DataFile]) -> DiffSide:
    return DiffSide(_relation(storage, version, files), version.columns, sum(file.rows for file in files))


def _relation(storage: Storage, version: Version, files: Sequence[DataFile]) -> str:
    if not files:
        return nothing(version.columns)
    return f"read_parquet({file_list([storage.engine_path(file.path) for file in files])})"


def _other_columns(old: Version, new: Version) -> str:
    before, after = dict(old.types), dict(new.types)
    parts = [f"`{name}` is missing" for name in before if name not in after]
    parts += [f"`{name}` is new" for name in after if name not in before]
    parts += [
        f"`{name}` is {after[name]}, not {kind}" for name, kind in before.items() if after.get(name, kind) != kind
    ]
    return "other columns: " + (", ".join(parts) or "in another order")
