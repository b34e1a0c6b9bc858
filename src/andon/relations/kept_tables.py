"""Two tables that runs of an analysis kept: the same rows, nearly the same, or which values moved."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.near import NEARLY
from andon.base.text import plural
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.model.check import Tolerance
from andon.model.reproduction import ReproVerdict
from andon.model.version import Column

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Session
    from andon.model.row_diff import RowDiff, RowSample

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_INTEGERS, "FLOAT", "DOUBLE", "DECIMAL")
_PLACE = "row"

#: Where, before, after.
Moved = tuple[str, Any, Any]


def tables_apart(session: Session, old: Path, new: Path) -> tuple[ReproVerdict, str, list[Moved], int]:
    """How two Parquet files compare: the verdict, by what it is known, examples of what moved, and how many rows did. What is only called
    so has other bytes."""
    import duckdb

    try:
        return _tables_apart(session, old, new)
    except (duckdb.InvalidInputException, duckdb.IOException):
        return ReproVerdict.DIFFERENT, "other bytes, and no table", [], 1


def _tables_apart(session: Session, old: Path, new: Path) -> tuple[ReproVerdict, str, list[Moved], int]:
    one, other = (f"read_parquet({literal(str(path))})" for path in (old, new))
    before, after = (_columns(session, relation) for relation in (one, other))
    if [(c.name, c.type) for c in before] != [(c.name, c.type) for c in after]:
        said = ", ".join(f"`{c.name}` {c.type}" for c in after)
        return ReproVerdict.DIFFERENT, f"other columns: {said}", [], 0
    rows = [_count(session, relation) for relation in (one, other)]
    whole = compare(
        session, DiffSide(one, before, rows[0]), DiffSide(other, after, rows[1]), DiffQuestion("", samples=0)
    )
    if not whole.rows.total:
        return ReproVerdict.IDENTICAL, "the same rows, in other bytes", [], 0
    key = _key(session, before, one, other)
    if not key:
        place = Column(_free(before), "BIGINT", 0)
        one, other = (f"(select row_number() over () as {quote(place.name)}, * from {each})" for each in (one, other))
        before, after, key = (place, *before), (place, *after), [place.name]
    question = DiffQuestion("", tuple(key), tolerance=Tolerance(Decimal(repr(NEARLY)), relative=True))
    found = compare(session, DiffSide(one, before, rows[0]), DiffSide(other, after, rows[1]), question)
    if not found.rows.total:
        return ReproVerdict.EQUAL, f"the same rows but for numbers that differ by at most {NEARLY:g} of them", [], 0
    return (
        ReproVerdict.DIFFERENT,
        f"{plural(found.rows.total, 'row')} of {max(rows):,} {'differs' if found.rows.total == 1 else 'differ'}",
        [moved for sample in found.samples for moved in _moved(found, sample)],
        found.rows.total,
    )


def expected_table(session: Session, place: Path) -> dict[str, Any] | None:
    """What a Parquet file is compared with by who knows no Andon: its fingerprint, SQL that counts that of others, and a key; None where
    it is no table."""
    import duckdb

    from andon.engines.bundle.expected import content_entry

    relation = f"read_parquet({literal(str(place))})"
    try:
        columns = _columns(session, relation)
        key = _key(session, columns, relation)
        return {**content_entry(session, columns, _count(session, relation), [str(place)], key), "key": key}
    except (duckdb.InvalidInputException, duckdb.IOException):
        return None


def head_of(path: Path, most: int) -> tuple[list[tuple[str, bool]], list[tuple[Any, ...]], int]:
    """The first rows of a Parquet file: `(column, whether it holds numbers)`s, the rows, and how many there are in all; nothing of what
    is only called so."""
    import pyarrow

    try:
        return _head_of(path, most)
    except (pyarrow.ArrowException, OSError):
        return [], [], 0


def _head_of(path: Path, most: int) -> tuple[list[tuple[str, bool]], list[tuple[Any, ...]], int]:
    import pyarrow.parquet
    import pyarrow.types as kinds

    with pyarrow.parquet.ParquetFile(path) as file:
        columns = [
            (field.name, kinds.is_integer(field.type) or kinds.is_floating(field.type) or kinds.is_decimal(field.type))
            for field in file.schema_arrow
        ]
        first = next(file.iter_batches(batch_size=most), None)
        rows = list(zip(*(column.to_pylist() for column in first.columns), strict=True)) if first is not None else []
        return columns, rows[:most], file.metadata.num_rows


def _columns(session: Session, relation: str) -> tuple[Column, ...]:
    described = session.connection.execute(f"describe select * from {relation}").fetchall()
    return tuple(Column(name, kind, number) for number, (name, kind, *_) in enumerate(described, 1))


def _count(session: Session, relation: str) -> int:
    return int(session.connection.execute(f"select count(*) from {relation}").fetchall()[0][0])


def _key(session: Session, columns: Sequence[Column], *relations: str) -> list[str]:
    """The columns that tell rows apart, on both sides: those that hold no numbers, else whole numbers with them; empty if none do."""
    words = [c.name for c in columns if not c.type.startswith(_NUMBERS)]
    whole = [c.name for c in columns if not c.type.startswith(_NUMBERS) or c.type in _INTEGERS]
    for key in (words, whole):
        if key and len(key) < len(columns) and all(_is_unique(session, relation, key) for relation in relations):
            return key
    return []


def _is_unique(session: Session, relation: str, key: Sequence[str]) -> bool:
    names = ", ".join(map(quote, key))
    known = " and ".join(f"{quote(name)} is not null" for name in key)
    rows, kinds = session.connection.execute(
        f"select count(*) filter (where {known}), (select count(*) from (select distinct {names} from {relation})) from {relation}"
    ).fetchall()[0]
    return bool(rows == kinds == _count(session, relation))


def _free(columns: Sequence[Column]) -> str:
    taken, name = {column.name.lower() for column in columns}, _PLACE
    while name in taken:
        name += "_"
    return name


def _moved(found: RowDiff, sample: RowSample) -> list[Moved]:
    values = sample.new if sample.new is not None else sample.old
    assert values is not None
    place = ", ".join(f"{name} {value}" for name, value in zip(found.names, values, strict=True) if name in found.key)
    if sample.old is None or sample.new is None:
        shown = [
            dict(zip(found.names, each, strict=True)) if each is not None else None for each in (sample.old, sample.new)
        ]
        rest = [
            ", ".join(f"{name} {value}" for name, value in each.items() if name not in found.key)
            if each is not None
            else None
            for each in shown
        ]
        return [(place, rest[0], rest[1])]
    old, new = dict(zip(found.names, sample.old, strict=True)), dict(zip(found.names, sample.new, strict=True))
    return [(f"{place}: {name}", _plain(old[name]), _plain(new[name])) for name in sample.changed]


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
