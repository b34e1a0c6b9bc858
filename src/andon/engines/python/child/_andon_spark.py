"""Spark DataFrames in the child: a client of the session that the parent holds, which asks through a socket of the parent's."""

from __future__ import annotations

import base64
import sys
import warnings
from collections.abc import Callable
from typing import Any

#: Milliseconds between two looks for a connection that was lost: at first, and at most.
_FIRST, _LONGEST = 50, 5000
#: Looks until the longest pause.
_QUICK = 7


def frames(told: dict[str, Any]) -> dict[str, Any]:
    """The DataFrames of a function, by parameter."""
    session = _session(told)
    return {parameter: session.table(view) for parameter, view in told["frames"].items()}


def plan_of(value: Any, check_names: Callable[[Any], None]) -> str | None:
    """The relation of a DataFrame of this session, as the protocol writes it; None for what is none.

    Args:
        check_names: raises for names of columns that can't be.
    """
    from pyspark.sql.connect.dataframe import DataFrame

    if not isinstance(value, DataFrame):
        return None
    check_names(value.columns)
    return base64.b64encode(value._plan.plan(value.sparkSession.client).SerializeToString()).decode()


def version() -> str:
    """The version of the client."""
    import pyspark

    return str(pyspark.__version__)


def _session(told: dict[str, Any]) -> Any:
    # Where the main program is no module, the client would look for Spark's own tests.
    is_odd = not hasattr(sys, "ps1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pandas
        if is_odd:
            sys.ps1 = ""
        try:
            from pyspark.sql.connect.client import ChannelBuilder
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
        finally:
            if is_odd:
                del sys.ps1

    class Line(ChannelBuilder):
        def toChannel(self) -> Any:
            return self._insecure_channel(f"unix:{told['socket']}")

        @property
        def host(self) -> str:
            return "andon"

    given = {"session_id": told["session"], **({"user_id": told["user"]} if told["user"] else {})}
    line: Any = Line(params=given)
    session = SparkSession(line)
    tries = _QUICK + int(told["patience"] * 1000 / _LONGEST)
    quiet: dict[str, Any] = {"jitter": 0, "min_jitter_threshold": _LONGEST}
    session.client.set_retry_policies(
        [
            DefaultPolicy(
                max_retries=tries, initial_backoff=_FIRST, max_backoff=_LONGEST, backoff_multiplier=2.0, **quiet
            )
        ]
    )
    # Plans are read by who hands them on: small or large, they come as they are.
    session.client._plan_compression_threshold, session.client._plan_compression_algorithm = -1, "NONE"
    # What looks for a session finds this one (`SparkSession.getActiveSession`, functions of `pyspark.sql`).
    SparkSession._set_default_and_active_session(session)
    return session
