"""The SQL of a history: what its rows look like, and how an earlier state and today's rows make the next one. Pure.

A row says how its key was from `valid_from` until before `valid_to`. Where rows say themselves since when they are so (`changed_at`), they
are events, and the history is a function of the set of all events, in whatever order they came. Where they don't, a run compares what
it is given with what is current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.base.record import Record, field
from andon.model.history import ADDED, IS_CURRENT, VALID_FROM, VALID_TO, GivenRows, RowHistory

#: Columns on the way, by names that no column of a dataset has.
_AT, _GONE, _RANK, _NEXT, _ENDS = (quote(f"andon {word}") for word in ("at", "gone", "rank", "next", "ends"))
#: What `error()` says, before the rest of the message, where the rows given make no history.
TWICE, NO_KEY, NO_TIME = "andon: given twice: ", "andon: without key", "andon: without time"
#: The same where a column has another type now, in which a value of the earlier state can't be said.
NO_VALUE = "andon: no such value: "


def as_history(sql: str, history: RowHistory) -> str:
    """What a history's rows look like, for who binds it: the SQL's own columns, without the mark of deletion, and those added.

    Line numbers stay those of `sql`.
    """
    before, after = _around(history)
    return f"{before}{sql}{after}"


def without_history(sql: str, history: RowHistory) -> str:
    """The SQL from which `as_history` made `sql`."""
    before, after = _around(history)
    return sql.removeprefix(before).removesuffix(after)


def _around(history: RowHistory) -> tuple[str, str]:
    time = quote(history.changed_at) if history.changed_at is not None else "cast(null as timestamptz)"
    rows = f"* exclude ({quote(history.deleted)})" if history.deleted is not None else "*"
    added = f"{time} as {VALID_FROM}, nullif({time}, {time}) as {VALID_TO}, true as {IS_CURRENT}"
    return f"select {rows}, {added} from (", "\n)"


class Next(Record):
    """What the next state of a history is made of.

    Attributes:
        given: the SELECT of today's rows.
        columns: of the history, without those added: name and type.
        time: the type of `valid_from`.
        moment: when rows begin and end that don't say it themselves, as a literal of `time`.
        earlier: the name of the earlier state, or None; `known`: its columns, in lower case.
        retyped: by name in lower case the types that columns had which have another now.
    """

    history: RowHistory
    key: tuple[str, ...]
    given: str
    columns: Sequence[tuple[str, str]]
    time: str
    moment: str
    earlier: str | None = None
    known: frozenset[str] = frozenset()
    retyped: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> list[str]:
        """Columns that are no key."""
        keys = {name.lower() for name in self.key}
        return [name for name, _ in self.columns if name.lower() not in keys]


def ended_rows(asked: Next) -> str:
    """The SELECT of those rows of the earlier state that no comparison changes any more."""
    return f"select * from ({_earlier(asked)}) where not {IS_CURRENT}"


def next_state(asked: Next) -> str:
    """The SELECT of a history's next state; of the earlier one, ended rows are left to who keeps them where a run compares."""
    head = f"with given as materialized (select distinct * from (\n{asked.given}\n)), earlier as ({_earlier(asked)})"
    body = _of_events(asked) if asked.history.changed_at is not None else _compared(asked)
    listed = ", ".join([*(quote(name) for name, _ in asked.columns), *ADDED])
    order = ", ".join([*map(quote, asked.key), VALID_FROM])
    return f"{head}, {body} select {listed} from states order by {order}"


def _earlier(asked: Next) -> str:
    """The earlier state in the columns of today: of a column that was not there, nothing is known."""
    if asked.earlier is None:
        typed = [f"cast(null as {kind}) as {quote(name)}" for name, kind in asked.columns]
        times = f"cast(null as {asked.time}) as {VALID_FROM}, cast(null as {asked.time}) as {VALID_TO}"
        return f"select {', '.join(typed)}, {times}, true as {IS_CURRENT} where false"
    typed = [
        f"{_as_now(asked, name, kind) if name.lower() in asked.known else f'cast(null as {kind})'} as {quote(name)}"
        for name, kind in asked.columns
    ]
    times = ", ".join(f"{_as_now(asked, name, asked.time)} as {name}" for name in (VALID_FROM, VALID_TO))
    return f"select {', '.join(typed)}, {times}, {IS_CURRENT} from {asked.earlier}"


def _as_now(asked: Next, name: str, kind: str) -> str:
    """A value of the earlier state in the type that its column has now; it stops what can't be said in that without changing it."""
    column, before = quote(name), asked.retyped.get(name.lower())
    if before is None:
        return f"cast({column} as {kind})"
    there = f"try_cast({column} as {kind})"
    said = f"error({literal(NO_VALUE)} || {literal(name)} || chr(10) || cast({column} as varchar))"
    return f"case when try_cast({there} as {before}) is distinct from {column} then {said} else {there} end"


def _guard(asked: Next, unique: Sequence[str]) -> str:
    """A condition that is true, or stops with what is wrong with the rows given."""
    missing = " or ".join(f"{quote(name)} is null" for name in asked.key)
    twice = ", ".join(map(quote, unique))
    shown = " || ', ' || ".join(f"coalesce(cast({quote(name)} as varchar), 'NULL')" for name in unique)
    tests = [f"when (select count(*) from given where {missing}) > 0 then error({literal(NO_KEY)})"]
    if asked.history.changed_at is not None:
        time = quote(asked.history.changed_at)
        tests.append(f"when (select count(*) from given where {time} is null) > 0 then error({literal(NO_TIME)})")
    found = f"(select first({shown}) from (select {twice} from given group by {twice} having count(*) > 1))"
    tests.append(f"when {found} is not null then error({literal(TWICE)} || {found})")
    return f"case {' '.join(tests)} else true end"


def _same_key(asked: Next, one: str, other: str) -> str:
    return " and ".join(f"{one}.{quote(name)} = {other}.{quote(name)}" for name in asked.key)


def _is_deleted(asked: Next, of: str) -> str:
    deleted = asked.history.deleted
    return f"coalesce({of}.{quote(deleted)}, false)" if deleted is not None else "false"


def _compared(asked: Next) -> str:
    """Where rows don't say since when they are so: a key's row that differs from the current one ends it and begins."""
    common = [name for name in asked.values if asked.earlier is not None and name.lower() in asked.known]
    differs = " or ".join(f"e.{quote(name)} is distinct from g.{quote(name)}" for name in common) or "false"
    first = quote(asked.key[0])
    missing = "true" if asked.history.rows is GivenRows.ALL else "false"
    ends = f"case when g.{first} is null then {missing} when {_is_deleted(asked, 'g')} then true else {differs} end"
    # A column that is new tells nothing of what was: rows that go on take it as it is now.
    items = [
        f"e.{quote(name)}"
        if name.lower() in asked.known or name.lower() in {key.lower() for key in asked.key}
        else f"case when {ends} or g.{first} is null then e.{quote(name)} else g.{quote(name)} end as {quote(name)}"
        for name, _ in asked.columns
    ]
    begun = [f"g.{quote(name)}" for name, _ in asked.columns]
    moment = f"greatest({asked.moment}, (select max(greatest({VALID_FROM}, coalesce({VALID_TO}, {VALID_FROM}))) from earlier))"
    return (
        f"at_moment as (select {moment} as moment), current as (select * from earlier where {IS_CURRENT}),"
        f" going as (select {', '.join(items)}, e.{VALID_FROM}, {ends} as {_ENDS} from current e left join given g on"
        f" {_same_key(asked, 'e', 'g')} where {_guard(asked, asked.key)}),"
        f" states as (select * exclude ({_ENDS}), case when {_ENDS} then (select moment from at_moment) end as {VALID_TO},"
        f" not {_ENDS} as {IS_CURRENT} from going where not ({_ENDS} and {VALID_FROM} >= (select moment from at_moment))"
        f" union all by name"
        f" select {', '.join(begun)}, (select moment from at_moment) as {VALID_FROM}, cast(null as {asked.time}) as {VALID_TO},"
        f" true as {IS_CURRENT} from given g left join current e on {_same_key(asked, 'e', 'g')}"
        f" where {_guard(asked, asked.key)} and not {_is_deleted(asked, 'g')} and (e.{first} is null or {differs}))"
    )


def _of_events(asked: Next) -> str:
    """Where rows say since when they are so: all that is known of each key, in the order of time."""
    time = quote(asked.history.changed_at or "")
    names = [quote(name) for name, _ in asked.columns]
    keys = [quote(name) for name in asked.key]
    listed = ", ".join(names)
    nothing = ", ".join(
        f"e.{name}" if name in keys else f"cast(null as {kind}) as {name}"
        for name, (_, kind) in zip(names, asked.columns, strict=True)
    )
    is_next = f"{_same_key(asked, 'f', 'e')} and f.{VALID_FROM} = e.{VALID_TO}"
    # `rank`: of what is said of one key and one time, the highest counts
    events = [
        f"select {listed}, {VALID_FROM} as {_AT}, false as {_GONE}, 0 as {_RANK} from earlier",
        f"select {nothing}, e.{VALID_TO} as {_AT}, true as {_GONE}, 2 as {_RANK} from earlier e"
        f" where e.{VALID_TO} is not null and not exists (select 1 from earlier f where {is_next})",
        f"select {', '.join(f'g.{name}' for name in names)}, cast(g.{time} as {asked.time}) as {_AT},"
        f" {_is_deleted(asked, 'g')} as {_GONE}, case when {_is_deleted(asked, 'g')} then 2 else 1 end as {_RANK}"
        f" from given g where {_guard(asked, [*asked.key, asked.history.changed_at or ''])}",
    ]
    if asked.history.rows is GivenRows.ALL:
        events += _presence(asked, nothing, names, time)
    key = ", ".join(keys)
    return (
        f"events as ({' union all by name '.join(events)}),"
        f" told as (select * from events qualify row_number() over (partition by {key}, {_AT} order by {_RANK} desc) = 1),"
        f" ordered as (select *, lead({_AT}) over (partition by {key} order by {_AT}) as {_NEXT} from told),"
        f" states as (select {listed}, {_AT} as {VALID_FROM}, {_NEXT} as {VALID_TO}, {_NEXT} is null as {IS_CURRENT}"
        f" from ordered where not {_GONE})"
    )


def _presence(asked: Next, nothing: str, names: Sequence[str], time: str) -> list[str]:
    """Where all rows are given, what is given is so now: a current row that is missing ended, and one that is not current, by what else
    is known of its key, begins now."""
    first = quote(asked.key[0])
    same = _same_key(asked, "e", "g")
    key = ", ".join(map(quote, asked.key))
    differs = " or ".join(f"e.{quote(name)} is distinct from g.{quote(name)}" for name in asked.values) or "false"
    last = f"(select * from earlier qualify row_number() over (partition by {key} order by {VALID_FROM} desc) = 1)"
    newest = ", ".join(f"g.{quote(name)}" for name in asked.key)
    return [
        f"select {nothing}, greatest({asked.moment}, e.{VALID_FROM}) as {_AT}, true as {_GONE}, 2 as {_RANK} from earlier e"
        f" left join given g on {same} where e.{IS_CURRENT} and g.{first} is null",
        f"select {', '.join(f'g.{name}' for name in names)}, greatest({asked.moment}, e.{VALID_FROM}, e.{VALID_TO}) as {_AT},"
        f" false as {_GONE}, 3 as {_RANK} from (select * from given g"
        f" qualify row_number() over (partition by {newest} order by g.{time} desc) = 1) g join {last} e on {same}"
        f" where not {_is_deleted(asked, 'g')} and case when e.{IS_CURRENT}"
        f" then cast(g.{time} as {asked.time}) < e.{VALID_FROM} and ({differs})"
        f" else cast(g.{time} as {asked.time}) <= e.{VALID_TO} end",
    ]
