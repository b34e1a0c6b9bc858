"""The logical time as SQL sees it: temporary macros that shadow the engine's clock functions."""

from __future__ import annotations

from datetime import UTC, datetime


def shadow_macros(moment: datetime) -> tuple[str, ...]:
    """Statements that make `now()` and its kin give `moment` on one connection, in views and subqueries too.

    Temporary macros belong to a connection: each cursor needs them. `system.main.now()` passes them by; `refusals` refuses it.
    The session's time zone must be UTC.
    """
    instant = moment.astimezone(UTC)
    day, time = instant.date().isoformat(), instant.time().isoformat(timespec="microseconds")
    stamp = f"(timestamptz '{day} {time}+00')"
    local = f"(timestamp '{day} {time}')"
    date = f"(date '{day}')"
    midnight = f"(timestamp '{day} 00:00:00')"
    zoned_time = f"(timetz '{time}+00')"
    local_time = f"(time '{time}')"
    values = {
        "now": stamp,
        "get_current_timestamp": stamp,
        "transaction_timestamp": stamp,
        "current_timestamp": stamp,
        "today": date,
        "current_date": date,
        "get_current_time": zoned_time,
        "current_time": zoned_time,
        "current_localtimestamp": local,
        "localtimestamp": local,
        "current_localtime": local_time,
        "localtime": local_time,
    }
    made = [f"CREATE OR REPLACE TEMP MACRO {name}() AS {value}" for name, value in values.items()]
    made.append(f"CREATE OR REPLACE TEMP MACRO ago(i) AS {stamp} - i::INTERVAL")
    made.append(
        f"CREATE OR REPLACE TEMP MACRO age(a) AS system.main.age({midnight}, a), (a, b) AS system.main.age(a, b)",
    )
    return tuple(made)
