"""Whether what was made is what was expected: the same rows, nearly the same, or others, and then which.

It knows DuckDB and, of Andon, only the files beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from _andon_stage import Stage, literal, machine, quote  # type: ignore[import-not-found]

IDENTICAL, EQUAL, DIFFERENT = "IDENTICAL", "EQUAL WITHIN 1e-9", "DIFFERENT"
#: Nothing is known of what was to come out.
MADE = "MADE"
#: Rows that are shown.
SHOWN = 20
_NEAR = 1e-9
_FLOATS = ("FLOAT", "DOUBLE")
#: What was expected, and what was made.
_OLD, _NEW = "andon_expected", "andon_result"


@dataclass
class StageVerdict:
    """How the two compare.

    Attributes:
        how: in words.
        counts: by what became of rows how many there are.
        changed: by column how many rows have another value.
        rows: the first of them, each as lines.
        columns: which columns are others.
    """

    verdict: str
    how: str
    counts: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def judged(connection: Any, stage: Stage, result: list[str]) -> StageVerdict:
    """Compare a result with what was expected.

    Args:
        result: the files that hold it.
    """
    connection.execute("use memory.main")
    if stage["expected"] is None:
        (rows,) = _one(connection, f"select count(*) from read_parquet([{', '.join(map(literal, result))}])")
        return StageVerdict(MADE, f"{rows:,} rows, with nothing to compare them with")
    for name, files in ((_OLD, stage["expected"]["files"]), (_NEW, result)):
        connection.execute(f"create or replace view {name} as from read_parquet([{', '.join(map(literal, files))}])")
    before, after = (_columns(connection, name) for name in (_OLD, _NEW))
    # a file can't say what the lake stores of some types; the order of columns does count
    if before != after:
        return _others(connection, stage, before, after)
    expected = stage["expected"]
    if _one(connection, expected["fingerprint_sql"].replace(expected["place"], _NEW)) == tuple(expected["fingerprint"]):
        return StageVerdict(IDENTICAL, "the same rows")
    # another version of DuckDB hashes otherwise: rows decide
    is_other_hash = _one(connection, expected["fingerprint_sql"].replace(expected["place"], _OLD)) != tuple(
        expected["fingerprint"]
    )
    if is_other_hash and not _apart(connection, [quote(name) for name, _ in before]):
        return StageVerdict(IDENTICAL, "the same rows, compared one by one")
    near = expected["nearly_sql"]
    if near is not None and _same_count(connection) and not _one(connection, near)[0]:
        return StageVerdict(EQUAL, "the same rows but for numbers that differ by at most 1e-9 of them")
    return _rows(connection, stage, [name for name, _ in before], dict(before))


def told(stage: Stage, found: StageVerdict, edited: list[str]) -> list[str]:
    """It, as lines for people."""
    lines = [f"{found.verdict}  {stage['dataset']} at {stage['ref']} ({stage['commit'][:8]}): {found.how}"]
    lines += [f"  code/{path} is not as it was packed" for path in edited]
    lines += [f"  {each}" for each in beside(stage)]
    if found.verdict != DIFFERENT:
        return lines
    lines += [f"  {each}" for each in found.columns]
    lines += [f"  {count:,} rows {words}" for words, count in found.counts.items() if count]
    lines += [f"  {name}: {count:,} rows have another value" for name, count in found.changed.items() if count]
    if found.rows:
        lines += ["", *found.rows]
    if stage["causes"] and not edited:
        lines += ["", "What may make it so"]
        for each in stage["causes"]:
            place = "".join(
                f"  {each['file']}" + (f":{each['line']}" if each["line"] else "") for _ in (1,) if each["file"]
            )
            lines += [f"  {each['what']}{place}", f"    {each['why']}"]
            lines += [f"    exact: {each['exact']}"] if each["exact"] else []
    return lines


def beside(stage: Stage) -> list[str]:
    """What is otherwise than it was when the version was built."""
    then, now = stage["settings"], machine()
    known = {"duckdb": "DuckDB", "python": "Python"}
    return [
        f"{words} is {now[key]}, and was {then[key]}"
        for key, words in known.items()
        if then.get(key) and then[key] != now[key]
    ]


def _columns(connection: Any, name: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {name}").fetchall()]


def _one(connection: Any, sql: str) -> tuple[Any, ...]:
    (row,) = connection.execute(sql).fetchall()
    return tuple(int(each) if isinstance(each, (int, bool)) else each for each in row)


def _same_count(connection: Any) -> bool:
    return bool(_one(connection, f"select (select count(*) from {_OLD}) = (select count(*) from {_NEW})")[0])


def _others(connection: Any, stage: Stage, before: list[tuple[str, str]], after: list[tuple[str, str]]) -> StageVerdict:
    """Other columns; of those that both have, the rows are compared, too."""
    then, now = dict(before), dict(after)
    told = [f"`{name}` is missing" for name in then if name not in now]
    told += [f"`{name}` is new" for name in now if name not in then]
    told += [f"`{name}` is {now[name]}, not {kind}" for name, kind in before if now.get(name, kind) != kind]
    shared = [name for name, kind in before if now.get(name) == kind]
    found = _rows(connection, stage, shared, then) if shared else StageVerdict(DIFFERENT, "")
    found.how = "other columns" + (f", and {found.how}" if found.how else "")
    found.columns = told or ["the columns have another order"]
    return found


def _apart(connection: Any, listed: list[str]) -> int:
    """How many rows of either side the other does not have."""
    names = ", ".join(listed)
    sides = [f"(select {names} from {a} except all select {names} from {b})" for a, b in ((_OLD, _NEW), (_NEW, _OLD))]
    return int(_one(connection, f"select (select count(*) from {sides[0]}) + (select count(*) from {sides[1]})")[0])


def _rows(connection: Any, stage: Stage, names: list[str], kinds: dict[str, str]) -> StageVerdict:
    key = [name for name in stage["key"] if name in names]
    if key and len(key) == len(stage["key"]) and _is_key(connection, key):
        return _by_key(connection, key, names, kinds)
    return _by_content(connection, names)


def _is_key(connection: Any, key: list[str]) -> bool:
    listed = ", ".join(map(quote, key))
    return all(
        not _one(connection, f"select count(*) > 0 from (select 1 from {side} group by {listed} having count(*) > 1)")[
            0
        ]
        for side in (_OLD, _NEW)
    )


def _by_key(connection: Any, key: list[str], names: list[str], kinds: dict[str, str]) -> StageVerdict:
    others = [name for name in names if name not in key]
    same = " and ".join(f"a.{quote(k)} is not distinct from b.{quote(k)}" for k in key)
    apart = {name: _differs(quote(name), kinds[name]) for name in others}
    run = connection.execute
    run(
        f'create or replace temp table andon_pairs as select a as old, b as new from (select *, true as "andon is" from {_OLD}) a'
        f' full join (select *, true as "andon is" from {_NEW}) b on {same}'
        f' where a."andon is" is null or b."andon is" is null or {" or ".join(apart.values()) or "false"}'
    )
    here = [_differs(quote(name), kinds[name]).replace("a.", "old.").replace("b.", "new.") for name in others]
    both = 'old."andon is" and new."andon is"'
    counted = _one(
        connection,
        'select count(*) filter (old."andon is" is null), count(*) filter (new."andon is" is null), count(*) filter ('
        + both
        + ")"
        + "".join(f", count(*) filter ({both} and {each})" for each in here)
        + " from (select old, new from andon_pairs)",
    )
    added, gone, changed, *each = counted
    order = ", ".join(f"coalesce(old.{quote(k)}, new.{quote(k)})" for k in key)
    rows = run(f"select old, new from andon_pairs order by {order} limit {SHOWN}").fetchall()
    found = StageVerdict(DIFFERENT, f"{added + gone + changed:,} rows differ")
    found.counts = {"are new": added, "are missing": gone, "have other values": changed}
    found.changed = dict(zip(others, each, strict=True))
    found.rows = [_pair(old, new, key, others) for old, new in rows]
    return found


def _differs(name: str, kind: str) -> str:
    if kind not in _FLOATS:
        return f"a.{name} is distinct from b.{name}"
    near = f"abs(a.{name}::double - b.{name}::double) <= {_NEAR!r} * greatest(abs(a.{name}::double), abs(b.{name}::double))"
    return f"(a.{name} is distinct from b.{name} and not coalesce(isfinite(a.{name}) and isfinite(b.{name}) and {near}, false))"


def _pair(old: dict[str, Any] | None, new: dict[str, Any] | None, key: list[str], others: list[str]) -> str:
    is_old, is_new = (side is not None and side.get("andon is") for side in (old, new))
    there: dict[str, Any] = (old if is_old else new) or {}
    place = ", ".join(f"{name} {there[name]}" for name in key)
    if is_old and is_new and old is not None and new is not None:
        what = ", ".join(f"{name}: {old[name]} -> {new[name]}" for name in others if old[name] != new[name])
        return f"  {place}: {what}"
    return f"  {'-' if is_old else '+'} {place}: " + ", ".join(f"{name} {there[name]}" for name in others)


def _by_content(connection: Any, names: list[str]) -> StageVerdict:
    listed = ", ".join(map(quote, names))
    sides = {
        "-": f"select {listed} from {_OLD} except all select {listed} from {_NEW}",
        "+": f"select {listed} from {_NEW} except all select {listed} from {_OLD}",
    }
    counts, rows = {}, []
    for sign, sql in sides.items():
        counts[sign] = int(_one(connection, f"select count(*) from ({sql})")[0])
        for row in connection.execute(f"select * from ({sql}) order by all limit {SHOWN}").fetchall():
            rows.append(f"  {sign} " + ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)))
    found = StageVerdict(DIFFERENT, f"{max(counts.values()):,} rows differ")
    found.counts = {"are missing": counts["-"], "are new": counts["+"]}
    found.rows = sorted(rows, key=lambda line: line[4:])[:SHOWN]
    return found
