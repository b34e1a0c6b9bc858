"""Which checks may be suggested for a dataset: from its profile, its names, its past, and the datasets beside it. Pure.

Few and good ones: what is declared or implied is never suggested, and what is suggested is run by `trial.py` before a person sees it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

from andon.base.record import replace
from andon.checks.compile.values import family
from andon.model.profile import ColumnKind, ColumnProfile
from andon.model.proposed_line import ProposedLine
from andon.proposals.columns import ENOUGH_ROWS, all_columns, name_in_line
from andon.proposals.facts import (
    Candidate,
    Known,
    Neighbour,
    Subject,
    Tried,
    counted,
    is_whole_type,
    joined,
    known,
)
from andon.proposals.names import looks_like_id, only_names, singular, words_of

#: Proposals per dataset that are shown.
MOST = 12

#: Rules about which values a column has.
_OF_VALUES = frozenset(("values", "range"))
#: Fewer rows are unlike each other by chance.
_ENOUGH_KEYS = 10
#: A text that is longer tells something, it names nothing.
_LONGEST_KEY = 40
#: Numbers that measure something are no names, however different they are.
_MEASURES = frozenset(
    (
        "amount",
        "price",
        "cost",
        "revenue",
        "sales",
        "total",
        "sum",
        "value",
        "quantity",
        "qty",
        "count",
        "score",
        "age",
        "seconds",
    )
)
_PERIODS = frozenset(("day", "date", "week", "month", "quarter", "year", "hour", "period", "cohort"))
_AGES = (
    (timedelta(hours=2), "2h"),
    (timedelta(hours=6), "6h"),
    (timedelta(hours=12), "12h"),
    (timedelta(hours=26), "26h"),
    (timedelta(days=2), "2d"),
    (timedelta(days=3), "3d"),
    (timedelta(weeks=1), "1w"),
    (timedelta(weeks=2), "2w"),
)
_OLDEST = timedelta(weeks=1)
_SAME_SUM = 1e-6
_SUMS = 2
#: Of a larger table nobody means the exact number of rows.
_FEW_ROWS = 1000


def candidates(subject: Subject) -> list[Candidate]:
    """All lines that may be suggested, best first; none of them was run yet."""
    if not subject.profile.rows:
        return []
    said = known(subject)
    found = [
        *keys(subject, said),
        *references(subject, said),
        *totals(subject, said),
        *all_columns(subject, said),
        *ages(subject, said),
        *rows(subject, said),
    ]
    return sorted(found, key=lambda one: one.rank)


def finish(dataset: str, tried: Sequence[Tried]) -> list[ProposedLine]:
    """What to show of lines that hold on the present version.

    A key makes `not null` of its columns needless, several `not null` are one line, and of two keys the first counts. Of a column that
    identifies rows, or refers to what does, neither a list nor a range says more.
    """
    ordered = sorted(tried, key=lambda one: one.candidate.rank)
    key = next((one for one in ordered if one.candidate.rule == "key"), None)
    implied = {name.lower() for name in key.candidate.columns} if key is not None else set()
    naming = {name.lower() for one in ordered if one.candidate.rule == "reference" for name in one.candidate.columns}
    naming |= implied if len(implied) == 1 else set()
    taken: list[Tried] = []
    filled: dict[tuple[int, int], list[Tried]] = {}
    for one in ordered:
        if one.candidate.rule == "not null":
            if not implied.intersection(name.lower() for name in one.candidate.columns):
                filled.setdefault((one.past_failures, one.past_versions), []).append(one)
        elif one.candidate.rule in _OF_VALUES and naming.issuperset(name.lower() for name in one.candidate.columns):
            continue
        elif one.candidate.rule != "key" or one is key:
            taken.append(one)
    taken += [replace(members[0], candidate=_as_one(members)) for members in filled.values()]
    taken.sort(key=lambda one: one.candidate.rank)
    return [
        ProposedLine(
            dataset,
            one.candidate.line,
            one.candidate.columns,
            one.candidate.rule,
            one.candidate.evidence,
            one.past_failures,
            one.past_versions,
        )
        for one in taken[:MOST]
    ]


def _as_one(members: Sequence[Tried]) -> Candidate:
    """Several `not null` lines as one."""
    columns = tuple(name for member in members for name in member.candidate.columns)
    return replace(
        members[0].candidate, line=f"not null {joined(name_in_line(name) for name in columns)}", columns=columns
    )


# -- keys


def keys(subject: Subject, said: Known) -> Iterator[Candidate]:
    """`key order_id`: a column, or two, that tell rows apart and whose names or places say so. The best comes first."""
    if said.has_key:
        return
    rows_ = subject.profile.rows
    able = [c for c in subject.profile.columns if not c.nulls and c.distinct and c.kind is not ColumnKind.NESTED]
    enough = rows_ >= _ENOUGH_KEYS
    single = [
        c
        for c in able
        if _may_be_unique(c, rows_)
        and c.name.lower() not in said.identified
        and ((enough and _may_identify(c)) or (_names_rows(subject, c) and (enough or _is_looked_up(subject, c))))
    ]
    own = singular(subject.dataset.partition(".")[2])
    single.sort(key=lambda c: (not _is_own(c.name, own), not _may_identify(c)))
    for place, column in enumerate(single):
        yield Candidate(
            f"key {name_in_line(column.name)}",
            (column.name,),
            "key",
            f"{counted(rows_)}, as many different values, none empty",
            10 + min(place, 4),
        )
    if single or said.identified or not enough:
        return
    parts = [c for c in able if (_may_identify(c) or c.kind is ColumnKind.MOMENT) and (c.distinct or 0) > 1][:4]
    for one, other in combinations(parts, 2):
        if (one.distinct or 0) * (other.distinct or 0) >= rows_:
            yield Candidate(
                f"key {name_in_line(one.name)}, {name_in_line(other.name)}",
                (one.name, other.name),
                "key",
                f"{counted(rows_)}, as many different pairs, none empty",
                15,
            )


def _is_own(name: str, thing: str) -> bool:
    """Whether a column of `orders` is called `id`, `order` or `order_id`."""
    return name.lower() == "id" or words_of(thing) in (words_of(name), words_of(name)[:-1])


def _names_rows(subject: Subject, column: ColumnProfile) -> bool:
    """Whether a column without the name of an identifier may be one: it comes first, or is called like the dataset, and its values are
    codes: whole numbers or short texts without blanks."""
    is_first = column.name == subject.columns[0][0]
    if not is_first and not _is_own(column.name, singular(subject.dataset.partition(".")[2])):
        return False
    if column.masked or _MEASURES.intersection(words_of(column.name)):
        return False
    if column.kind is ColumnKind.NUMBER:
        return is_whole_type(column.type)
    if column.kind is not ColumnKind.TEXT or column.lengths is None or column.lengths.maximum > _LONGEST_KEY:
        return False
    seen = (column.minimum, column.maximum, *(top.value for top in column.top))
    return all(not isinstance(value, str) or " " not in value for value in seen)


def _is_looked_up(subject: Subject, column: ColumnProfile) -> bool:
    """Whether another dataset has a column of this name, for which a table of few rows is there."""
    wanted = column.name.lower()
    return subject.profile.rows > 2 and any(
        name.lower() == wanted for other in subject.others for name, _ in other.columns
    )


def _may_be_unique(column: ColumnProfile, rows_: int) -> bool:
    return column.is_unique or (not column.distinct_exact and (column.distinct or 0) >= 0.95 * rows_)


def _may_identify(column: ColumnProfile) -> bool:
    if looks_like_id(column.name):
        return column.kind in (ColumnKind.NUMBER, ColumnKind.TEXT, ColumnKind.OTHER) and "." not in str(column.maximum)
    return any(singular(word) in _PERIODS for word in words_of(column.name)) and column.kind in (
        ColumnKind.MOMENT,
        ColumnKind.TEXT,
        ColumnKind.NUMBER,
    )


# -- references


def references(subject: Subject, said: Known) -> Iterator[Candidate]:
    """`customer_id -> shop.customers`: a column that is called like the key of another dataset."""
    types = {name.lower(): kind for name, kind in subject.columns}
    for column in subject.profile.columns:
        lower = column.name.lower()
        if lower in said.referring or not column.distinct:
            continue
        able = [other for other in subject.others if _is_key_of(lower, types.get(lower, ""), other)]
        own = [singular(subject.dataset.partition(".")[2]), "id"]
        if not looks_like_id(column.name) and (column.is_unique or _PERIODS.intersection(words_of(lower))):
            continue  # what names the rows here, or a time, is not taken from elsewhere
        if not able or (lower in said.identified and words_of(lower) == own):
            continue
        # what all others are made from is what a value must exist in
        best = min(able, key=lambda other: (other.above, not other.is_upstream, other.name))
        target = best.name if best.key[0].lower() == lower else f"{best.name}.{name_in_line(best.key[0])}"
        yield Candidate(
            f"{name_in_line(column.name)} -> {target}",
            (column.name,),
            "reference",
            f"all {column.distinct:,} different values are in `{best.name}`",
            20,
        )


def _is_key_of(column: str, kind: str, other: Neighbour) -> bool:
    if other.is_downstream or len(other.key) != 1:
        return False
    key = other.key[0].lower()
    there = {name.lower(): of for name, of in other.columns}.get(key)
    if there is None or family(there) != family(kind):
        return False
    thing = singular(other.name.partition(".")[2])
    if key == "id":
        return column in (f"{thing}_id", f"{thing}id")
    return column == key or column == f"{thing}_{key}"


# -- totals


def totals(subject: Subject, said: Known) -> Iterator[Candidate]:
    """`sum(revenue) = sum(shop.orders.amount)`: sums that agree with those of what the dataset is made from."""
    found = 0
    for column in subject.shown():
        if column.name.lower() in said.summed or found == _SUMS:
            continue
        total = _sum(column, subject.profile.rows)
        if total is None:
            continue
        match = _equal_sum(subject, column, total)
        if match is None:
            continue
        other, theirs = match
        is_exact = "DOUBLE" not in (column.type, theirs.type) and "FLOAT" not in (column.type, theirs.type)
        found += 1
        yield Candidate(
            f"sum({name_in_line(column.name)}) = sum({other.name}.{name_in_line(theirs.name)})"
            + ("" if is_exact else " +- 0.01%"),
            (column.name,),
            "totals",
            f"both are {_rounded(total)}",
            25,
        )


def _sum(column: ColumnProfile, rows_: int) -> float | None:
    if column.kind is not ColumnKind.NUMBER or column.mean is None or column.masked or column.nan or column.infinite:
        return None
    if looks_like_id(column.name) or only_names(column.name) or column.rows < rows_ or (column.distinct or 0) < 3:
        return None
    total = column.mean * (column.values - column.nan - column.infinite)
    return total if abs(total) >= 100 else None


def _equal_sum(subject: Subject, column: ColumnProfile, total: float) -> tuple[Neighbour, ColumnProfile] | None:
    """The farthest dataset above with an equal sum of another table than a mere copy: other rows, or another name."""
    for other in sorted((o for o in subject.others if o.is_upstream), key=lambda o: (o.above, o.name)):
        if other.profile is None:
            continue
        for theirs in other.profile.columns:
            value = _sum(theirs, other.profile.rows)
            is_copy = theirs.name == column.name and other.profile.rows == subject.profile.rows
            if value is not None and not is_copy and abs(value - total) <= _SAME_SUM * abs(total):
                return other, theirs
    return None


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}".rstrip("0").rstrip(".")


# -- time and rows


def ages(subject: Subject, said: Known) -> Iterator[Candidate]:
    """`max_age 26h by created_at`: of a source, the column whose newest value is nearest to the time of the version."""
    if not subject.is_source or said.is_dated or subject.moment is None or subject.profile.rows < ENOUGH_ROWS:
        return
    found = []
    for column in subject.shown():
        newest = _moment(column)
        if newest is not None and timedelta(0) <= subject.moment - newest <= _OLDEST:
            found.append((subject.moment - newest, column))
    if not found:
        return
    age, column = min(found, key=lambda one: one[0])
    least = timedelta(days=2) if column.type == "DATE" else timedelta(0)
    amount = next((text for step, text in _AGES if step >= max(2 * age, least)), None)
    if amount is not None:
        hours = math.ceil(age / timedelta(hours=1))
        old = f"{hours} h" if hours < 48 else f"{hours // 24} days"
        evidence = f"the newest value was {old} old when this version was made"
        yield Candidate(f"max_age {amount} by {name_in_line(column.name)}", (column.name,), "age", evidence, 75)


def _moment(column: ColumnProfile) -> datetime | None:
    if column.kind is not ColumnKind.MOMENT or not isinstance(column.maximum, str) or column.infinite:
        return None
    try:
        found = datetime.fromisoformat(column.maximum)
    except ValueError:
        return None  # a year that Python doesn't know
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def rows(subject: Subject, said: Known) -> Iterator[Candidate]:
    """`lost keys = 0`, `rows = 12`, `rows >= 100% of published`, or `watch rows`: what the numbers of rows so far allow."""
    series = [*subject.earlier_rows, subject.profile.rows]
    if subject.key and not said.keeps_keys and len(series) >= 3 and sorted(series) == series:
        evidence = f"no key was lost, {series[0]:,} to {counted(series[-1])}"
        yield Candidate("lost keys = 0", (), "rows", evidence, 78)
    if said.counts_rows:
        return
    if len(series) >= 4 and len(set(series)) == 1 and series[0] <= _FEW_ROWS and not subject.is_source:
        line, evidence = f"rows = {series[0]:_}", f"in each of {len(series)} versions"
    elif subject.is_source and _only_grows(series):
        line, evidence = "rows >= 100% of published", f"it only grew: {series[0]:,} to {counted(series[-1])}"
    elif subject.is_source or len(set(series)) >= 3:
        line, evidence = "watch rows", f"limits are learned from its history, {counted(len(series), 'version')} so far"
    else:
        return
    yield Candidate(line, (), "rows", evidence, 80)


def _only_grows(series: Sequence[int]) -> bool:
    steps = [later - earlier for earlier, later in pairwise(series)]
    return len(steps) >= 2 and min(steps) >= 0 and sum(step > 0 for step in steps) >= 2
