"""What each kind of text may not use: what can't be repeated, what reaches outside, what changes the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from andon.base.names import RESERVED_SCHEMAS
from andon.model.dataset import ClockUse
from andon.sql.names import (
    CLOCK_NAMES,
    ENGINE_TABLE_FUNCTIONS,
    FILE_FUNCTIONS,
    HIDDEN_READERS,
    INSTANT_NAMES,
    QUERY_TABLE_FUNCTIONS,
    RANDOM_NAMES,
    READERS,
    STATE_EXCEPTIONS,
    STATE_NAMES,
    STATE_PREFIXES,
    SYSTEM_TABLES,
)
from andon.sql.uses import CallUse, Construct, SqlFacts, SqlProblem, TableUse

Role = Literal["source", "dataset", "view", "query", "macro", "rule"]

_REFUSED = "project.refused_sql"


def refusals(facts: SqlFacts, *, role: Role, allow: frozenset[str]) -> list[SqlProblem]:
    """What `role` may not use of what `facts` state, in order of place. `facts.problems` are not repeated.

    Args:
        facts: of one text; for a macro those of one statement.
        role: what the text is for. In a query, randomness and the clock are allowed; every refusal is `usage.not_one_select`.
        allow: what the dataset's file accepts; `random` accepts results by chance.
    """
    found = [
        *_of_calls(facts, role, allow),
        *_of_constructs(facts, role, allow),
        *_of_tables(facts, role),
        *_of_reads(facts, role),
        *_of_clock(facts, role),
    ]
    if role == "query":
        found = [SqlProblem("usage.not_one_select", p.message, p.offset, p.hint) for p in found]
    return sorted(found, key=lambda problem: problem.offset or 0)


def _of_calls(facts: SqlFacts, role: Role, allow: frozenset[str]) -> Iterator[SqlProblem]:
    for call in facts.calls:
        problem = _of_call(call, role, allow)
        if problem is not None:
            yield problem


def _of_call(call: CallUse, role: Role, allow: frozenset[str]) -> SqlProblem | None:
    name, at = call.name, call.offset
    if call.qualified in ("main", "system", "system.main", "pg_catalog", "system.pg_catalog") and name in CLOCK_NAMES:
        message = f"`{call.qualified}.{name}` passes by the run's logical time"
        return SqlProblem(_REFUSED, message, at, f"write `{name}()`")
    if name in RANDOM_NAMES:
        return _of_random(call, role, allow)
    if call.is_table:
        return _of_table_function(call, role)
    if name in STATE_NAMES or (name.startswith(STATE_PREFIXES) and name not in STATE_EXCEPTIONS):
        message = f"`{name}` gives or changes the state of the engine, so its result can't be repeated"
        return SqlProblem(_REFUSED, message, at, "write the value itself, or keep it in a dataset")
    return None


def _of_random(call: CallUse, role: Role, allow: frozenset[str]) -> SqlProblem | None:
    if call.name == "setseed":
        return SqlProblem(_REFUSED, "`setseed` changes the state of the engine", call.offset, "leave it out")
    if role == "query" or "random" in allow:
        return None
    if role == "macro":
        hint = "pass what varies as a parameter, or derive it: `hash(id)`, `md5(id::varchar)`"
    elif role == "rule":
        hint = "derive it from the rows: `hash(id)`, `md5(id::varchar)`"
    else:
        hint = "derive it from the rows (`hash(id)`, `md5(id::varchar)`), or accept a table that can't repeat: `allow: [random]`"
    return SqlProblem(_REFUSED, f"`{call.name}()` gives another result at every run", call.offset, hint)


def _of_table_function(call: CallUse, role: Role) -> SqlProblem | None:
    name, at = call.name, call.offset
    if name in HIDDEN_READERS:
        message = f"`{name}` takes what it reads as a text, so it can't be seen which datasets that is"
        return SqlProblem(_REFUSED, message, at, "name the dataset in FROM")
    if name in FILE_FUNCTIONS:
        message = f"`{name}` reaches for something outside of the lake that Andon doesn't record"
        return SqlProblem(_REFUSED, message, at, "make a source with `read_csv`, `read_json` or `read_parquet`")
    if name in READERS:
        return None  # judged with the files that it reads
    if name in ENGINE_TABLE_FUNCTIONS or name in STATE_NAMES or name.startswith(STATE_PREFIXES):
        message = f"`{name}` shows or changes the state of the engine"
        return SqlProblem(_REFUSED, message, at, "read datasets only")
    if role == "query" and name not in QUERY_TABLE_FUNCTIONS:
        known = ", ".join(f"`{other}`" for other in sorted(QUERY_TABLE_FUNCTIONS))
        return SqlProblem(_REFUSED, f"a query can't call the table function `{name}`", at, f"it can call {known}")
    return None


def _of_constructs(facts: SqlFacts, role: Role, allow: frozenset[str]) -> Iterator[SqlProblem]:
    for construct in facts.constructs:
        problem = _of_construct(construct, role, allow)
        if problem is not None:
            yield problem


def _of_construct(construct: Construct, role: Role, allow: frozenset[str]) -> SqlProblem | None:
    kind, at = construct.kind, construct.offset
    if kind == "clock":
        return None  # judged with the calls of the clock
    if kind.endswith("sample"):
        if role == "query" or "random" in allow:
            return None
        hint = (
            "`using sample reservoir(100 rows) repeatable (1)`, or accept a table that can't repeat: `allow: [random]`"
        )
        if role == "rule":
            hint = "`using sample reservoir(100 rows) repeatable (1)`"
        if kind == "sample":
            return SqlProblem(_REFUSED, "a sample without a seed takes other rows at every run", at, hint)
        message = "a system sample takes other rows at another number of threads, even with a seed"
        return SqlProblem(_REFUSED, message, at, hint)
    if kind == "show":
        message = "DESCRIBE, SUMMARIZE and SHOW tell about tables; they are no SELECT"
        return SqlProblem(_REFUSED, message, at, "`andon show DATASET` tells about a dataset")
    if kind == "at":
        message = "`at (…)` asks the engine for another version of a table"
        return SqlProblem(_REFUSED, message, at, "query the lake at a commit: `andon query --at REF`")
    hint = "write it without the session's state"
    return SqlProblem(_REFUSED, f"`{kind}` gives the state of the session", at, hint)


def _of_tables(facts: SqlFacts, role: Role) -> Iterator[SqlProblem]:
    for table in facts.tables:
        problem = _of_table(table, role)
        if problem is not None:
            yield problem


def _of_table(table: TableUse, role: Role) -> SqlProblem | None:
    name, at = table.name, table.offset
    parts = name.split(".")
    if len(parts) > 2:
        short = ".".join(parts[-2:])
        return SqlProblem(
            _REFUSED, f"`{name}` names a database of the engine", at, f"datasets have two names: `{short}`"
        )
    first = parts[0]
    is_system = (
        first in RESERVED_SCHEMAS if len(parts) == 2 else first in SYSTEM_TABLES or first.startswith(STATE_PREFIXES)
    )
    if is_system:
        return SqlProblem(_REFUSED, f"`{name}` is a table of the engine, not a dataset", at, "read datasets only")
    if role == "source":
        hint = f"move the SQL to `datasets/`, and read the source there; or read a file in place of `{name}`"
        return SqlProblem("project.source_reads_dataset", f"a source reads files only, not `{name}`", at, hint)
    if role == "query" and len(parts) == 1:
        return SqlProblem(
            _REFUSED, f"`{name}` is no dataset", at, f"datasets are named with their schema: `schema.{name}`"
        )
    return None


def _of_reads(facts: SqlFacts, role: Role) -> Iterator[SqlProblem]:
    if role == "source":
        return
    for read in facts.reads:
        shown = read.patterns[0] if read.patterns else read.function
        hint = f"make a source `sources/<schema>/<name>.sql` that reads `{shown}`, and read `<schema>.<name>` here"
        yield SqlProblem(
            "project.file_outside_source", f"the file `{shown}` is read outside of a source", read.start, hint
        )


def _of_clock(facts: SqlFacts, role: Role) -> Iterator[SqlProblem]:
    if role != "view" or facts.clock is ClockUse.NONE:
        return
    names = INSTANT_NAMES if facts.clock is ClockUse.INSTANT else CLOCK_NAMES
    places = [call.offset for call in facts.calls if call.name in names]
    places.extend(
        construct.offset for construct in facts.constructs if construct.kind == "clock" and construct.offset is not None
    )
    at = min(places, default=None)
    message = "a view may not use the clock: its readers would see their own time, not that of the run"
    yield SqlProblem(_REFUSED, message, at, "`materialize: table`")
