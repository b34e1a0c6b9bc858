"""The verdict of a change: two definitions of one dataset, compared by what they mean.

The comparison never calls two things equal that may differ. Where it can't see that they are equal, they count as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from andon.base.record import Record, replace
from andon.base.record import field as record_field
from andon.base.text import plural
from andon.model.partition import Partition
from andon.model.verdict import Verdict, VerdictKind
from andon.model.version import Columns, Schemas
from andon.sql.lineage.query import Lineage
from andon.sql.meaning.query import Meaning, meaning_of

_AS_IT_STANDS = "the engine's plan is the same as it stands"


class DefinitionQuery(Record):
    """A definition, as far as its verdict needs it.

    Attributes:
        sql: one SELECT.
        macros: the `CREATE MACRO` statements that it uses, in an order in which they can be made.
        key: the columns that identify a row.
        materialize: how it is kept.
        was: new name of a column -> the name it had, as declared.
        sort: the columns by which the rows of its files lie in order.
        partition: by what they are parted into files.
    """

    sql: str
    macros: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    materialize: str = "table"
    was: Mapping[str, str] = record_field(default_factory=dict)
    sort: tuple[str, ...] = ()
    partition: tuple[Partition, ...] = ()

    @property
    def settings(self) -> tuple[object, ...]:
        """What it says beside its SQL."""
        return self.key, self.materialize, self.sort, self.partition


@dataclass(slots=True)
class _Found:
    """What a comparison has found so far."""

    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    retyped: list[tuple[str, str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: bool = False
    reordered: bool = False
    key_changed: bool = False
    #: What is made anew though every value stays.
    remade: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def verdict(
    old: DefinitionQuery,
    new: DefinitionQuery,
    schemas_old: Schemas,
    schemas_new: Schemas | None = None,
    *,
    stored: Callable[[str], str] = str,
) -> Verdict:
    """What it means to put `new` in the place of `old`. Raises nothing for what the texts hold.

    Args:
        old: the definition that made the dataset so far.
        new: the one to come.
        stored: gives the type that the lake stores for what a query returns: only that is a promise to readers.
        schemas_old: dataset (`schema.name`) -> its `(column, DuckDB type)`s, for what `old` reads.
        schemas_new: the same for `new`; None if nothing has changed there. That the datasets of one name hold the same values in
            the columns of one name is taken for granted: `carried` adds what changed in them.
    """
    before = meaning_of(old.sql, schemas_old, old.macros)
    after = meaning_of(new.sql, schemas_old if schemas_new is None else schemas_new, new.macros)
    return compare(_as_stored(before, stored), _as_stored(after, stored), old, new)


def _as_stored(meaning: Meaning, stored: Callable[[str], str]) -> Meaning:
    return replace(meaning, columns=tuple((name, stored(kind)) for name, kind in meaning.columns))


def compare(before: Meaning, after: Meaning, old: DefinitionQuery, new: DefinitionQuery) -> Verdict:
    """The verdict by two meanings that are known already."""
    taken = [name for name, former in new.was.items() if old.was.get(name) != former]
    same_settings = old.settings == new.settings and not taken
    if before.whole and before.whole == after.whole and before.columns == after.columns and same_settings:
        return Verdict(VerdictKind.NONE, proof=_AS_IT_STANDS)
    found = _Found()
    values = before.values if not before.reason and not after.reason else {}
    if before.columns and after.columns:
        _compare_names(found, before.columns, after.columns, values, after.values, new.was)
    _compare_settings(found, old, new)
    there = {name.lower() for name, _ in before.columns}
    found.remade += [f"`{name}` keeps the field id of `{new.was[name]}`" for name in taken if name.lower() in there]
    if before.reason or after.reason:
        if not before.whole or before.whole != after.whole:
            which, reason = ("new", after.reason) if after.reason else ("old", before.reason)
            found.rows = True
            found.reasons.append(f"the {which} definition can't be compared, because {reason}")
    else:
        _compare_meanings(found, before, after)
    return _judged(found, before, after)


def verdict_of_schemas(
    old: Columns,
    new: Columns,
    *,
    reason: str,
    same: bool = False,
    old_key: tuple[str, ...] = (),
    new_key: tuple[str, ...] = (),
    was: Mapping[str, str] | None = None,
) -> Verdict:
    """The verdict of a source or a Python dataset, into which nothing can look.

    Args:
        old, new: the `(column, type)`s before and after, as far as they are known.
        reason: what has changed, as a sentence.
        same: whether both definitions have one id, so that nothing but settings differs.
        old_key, new_key: the columns that identify a row.
        was: new name of a column -> the name it had, as declared.
    """
    found = _Found(rows=not same)
    if not same:
        found.reasons.append(reason)
    if old and new:
        _compare_names(found, tuple(old), tuple(new), {}, {}, was or {})
    _compare_settings(found, DefinitionQuery("", key=old_key), DefinitionQuery("", key=new_key))
    return _judged(found, Meaning(tuple(old)), Meaning(tuple(new)))


def carried(
    own: Verdict,
    columns: Sequence[str],
    lineage: Lineage,
    inputs: Mapping[str, Verdict],
    *,
    is_open: bool,
    is_fixed: bool = False,
) -> Verdict:
    """The verdict of a dataset with what changes in its inputs added.

    Args:
        own: the verdict of its own definition, bound to the inputs' schemas before and after.
        columns: its columns.
        lineage: where they come from, by its new definition.
        inputs: the verdicts of the datasets that it reads, each with what changes in *its* inputs added already.
        is_open: whether its result depends on how the rows of its inputs lie (`Meaning.is_open`).
        is_fixed: whether its rows lie in one way however those of its inputs do (`Meaning.is_fixed`).
    """
    remade = sorted(name for name, verdict in inputs.items() if verdict.is_remade)
    if is_open and remade:
        return _with_rows(own, columns, f"the result depends on how rows lie, and `{remade[0]}` is made anew")
    changed = {name: verdict for name, verdict in sorted(inputs.items()) if verdict.rows or verdict.touched}
    moved = sorted(name for name, verdict in inputs.items() if verdict.reordered or _touches(verdict, name, lineage))
    if moved and not (is_fixed or own.reordered):
        own = replace(own, reordered=True, reasons=(*own.reasons, f"the rows of `{moved[0]}` may lie in another order"))
    if not changed:
        return own
    with_rows = [name for name, verdict in changed.items() if verdict.rows]
    if lineage.fallback is not None:
        why = f"`{next(iter(changed))}` changes, and its columns can't be followed here ({lineage.fallback})"
        return _with_rows(own, columns, why)
    if with_rows:
        return _with_rows(own, columns, f"`{with_rows[0]}` may have other rows")
    touched = {(name, column) for name, verdict in changed.items() for column in verdict.touched}
    deciding = sorted(touched & lineage.influence)
    if deciding:
        return _with_rows(own, columns, f"`{'.'.join(deciding[0])}` decides which rows there are, and changes")
    hit = {name: sorted(touched & sources) for name, sources in lineage.columns.items() if touched & sources}
    if not hit:
        return own
    reasons = tuple(f"`{name}` is made of `{'.'.join(sources[0])}`, which changes" for name, sources in hit.items())
    kind = max(own.kind, VerdictKind.COLUMNS, key=list(VerdictKind).index)
    fresh = set(own.added) | {new for _, new in own.renamed}
    merged = [name for name in columns if name in own.columns or (name in hit and name not in fresh)]
    return replace(own, kind=kind, columns=tuple(merged), proof="", reasons=own.reasons + reasons)


def _touches(verdict: Verdict, name: str, lineage: Lineage) -> bool:
    """Whether a column changes that rows are sorted by."""
    return any((name, column) in lineage.order for column in verdict.touched)


def _with_rows(own: Verdict, columns: Sequence[str], reason: str) -> Verdict:
    kind = max(own.kind, VerdictKind.ROWS, key=list(VerdictKind).index)
    fresh = set(own.added) | {new for _, new in own.renamed}
    every = tuple(name for name in columns if name not in fresh)
    return replace(own, kind=kind, columns=every, rows=True, proof="", reasons=(*own.reasons, reason))


def _compare_names(
    found: _Found,
    before: tuple[tuple[str, str], ...],
    after: tuple[tuple[str, str], ...],
    values: Mapping[str, str],
    values_after: Mapping[str, str],
    was: Mapping[str, str],
) -> None:
    """Columns gone, come, renamed, of other types, in another order."""
    types, types_after = dict(before), dict(after)
    gone = [name for name, _ in before if name not in types_after]
    come = [name for name, _ in after if name not in types]
    declared = {name.lower(): former for name, former in was.items()}
    for name in list(come):
        former = declared.get(name.lower())
        if former is None or former not in gone:
            # the same value under another name, if it is the only one
            alike = [one for one in gone if values.get(one) and values[one] == values_after.get(name)]
            same = [one for one in come if values_after.get(one) == values_after.get(name)]
            former = alike[0] if len(alike) == len(same) == 1 and types[alike[0]] == types_after[name] else None
        if former is not None:
            found.renamed.append((former, name))
            gone.remove(former)
            come.remove(name)
    found.dropped, found.added = gone, come
    pairs = [(name, name) for name, _ in before if name in types_after] + found.renamed
    found.retyped = [(new, types[old], types_after[new]) for old, new in pairs if types[old] != types_after[new]]
    kept = [name for name, _ in after if name in types]
    if kept != [name for name, _ in before if name in types_after]:
        found.remade.append("the columns stand in another order")


def _compare_settings(found: _Found, old: DefinitionQuery, new: DefinitionQuery) -> None:
    names = dict(found.renamed)
    if old.key != new.key:
        if not old.key:
            found.remade.append("a key is declared")
        elif tuple(names.get(name, name) for name in old.key) != new.key:
            found.key_changed = True
    if old.materialize != new.materialize:
        found.remade.append(f"it becomes a {new.materialize}")
    found.reordered = (old.sort, old.partition) != (new.sort, new.partition)


def _compare_meanings(found: _Found, before: Meaning, after: Meaning) -> None:
    """Rows and values."""
    if before.rows != after.rows:
        found.rows = True
        if before.rows_open or after.rows_open:
            found.reasons.append(
                "which rows there are depends on how the inputs' rows lie, and the query is another one"
            )
        else:
            found.reasons.append("which rows there are may be decided in another way")
        return
    found.reordered = found.reordered or before.layout != after.layout
    if before.order != after.order:
        found.remade.append("the rows are sorted in another way")
    names = [name for name, _ in after.columns if name in before.values]
    found.columns = [name for name in names if before.values[name] != after.values[name]]
    for name in found.columns:
        if name in before.open and name in after.open:
            found.reasons.append(f"`{name}` depends on how the inputs' rows lie, and the query is another one")
    pairs = [(name, name) for name in names if name not in found.columns] + found.renamed
    rounded = [new for old, new in pairs if old in before.rounded or new in after.rounded]
    if not (found.columns or found.added or found.dropped or found.renamed or found.retyped or found.remade):
        return
    if before.rows_rounded or after.rows_rounded:
        found.rows = True
        found.reasons.append("the last digits of floating-point sums decide which rows there are")
    elif rounded:
        found.columns += [name for name in rounded if name in before.values]
        found.reasons.append(
            f"the last digits of {_listed(rounded)} may differ: floating-point numbers are added in another order"
        )


def _judged(found: _Found, before: Meaning, after: Meaning) -> Verdict:
    """The verdict that follows from all that was found."""
    breaks = [f"`{name}` is gone" for name in found.dropped]
    breaks += [f"`{old}` is now `{new}`" for old, new in found.renamed]
    breaks += [f"`{name}` is {after_type} instead of {before_type}" for name, before_type, after_type in found.retyped]
    if found.key_changed:
        breaks.append("the key is another one")
    names = {name for name, _ in before.columns}
    common = tuple(name for name, _ in after.columns if name in names)
    retyped = {name for name, _, _ in found.retyped}
    columns = common if found.rows else tuple(name for name in common if name in found.columns or name in retyped)
    reasons = [*breaks, *found.reasons]
    if columns and not found.rows:
        reasons.append(f"{_listed(columns)} {'has' if len(columns) == 1 else 'have'} other values")
    if found.reordered and not found.rows and not found.remade:
        reasons.append("its rows may lie in another order")
    if found.added:
        reasons.append(f"{_listed(found.added)} {'is' if len(found.added) == 1 else 'are'} new")
    reasons += found.remade
    kind = VerdictKind.NONE
    if found.added or found.remade:
        kind = VerdictKind.ADDITIVE
    if columns:
        kind = VerdictKind.COLUMNS
    if found.rows:
        kind = VerdictKind.ROWS
    if breaks:
        kind = VerdictKind.CONTRACT
    proof = ""
    if kind in (VerdictKind.NONE, VerdictKind.ADDITIVE):
        count = plural(len(common), "column")
        proof = (
            f"the bound plans give the same rows and the same values in {count}: only names, nesting and order differ"
        )
        if kind is VerdictKind.ADDITIVE:
            proof = f"the bound plans give the same rows, and the same values in {count} that there were"
    return Verdict(
        kind,
        columns,
        tuple(found.added),
        tuple(found.dropped),
        tuple(found.renamed),
        tuple(found.retyped),
        found.rows,
        found.reordered,
        found.key_changed,
        proof,
        tuple(reasons),
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
