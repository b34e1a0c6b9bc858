"""One process that opens a catalog of Postgres, and brings its tables to today's format.

`python -m faults.opening ADDRESS [STATEMENTS]`: with a number it is killed after so many statements of that.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from andon.base import postgres
from andon.base.clock import system_clock
from andon.base.database import migrate
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.state.schema import MIGRATIONS


def main(address: str, statements: int | None = None) -> None:
    if statements is not None:
        _die_after(statements)
    database = postgres.PostgresDatabase(address)
    lake = Lake.open(database, LocalStorage(Path(mkdtemp()) / "lake"), system_clock, "ana")
    migrate(database, "state", MIGRATIONS)
    print(lake.refs.resolve("main").id)
    database.close()


def _die_after(statements: int) -> None:
    execute, done = postgres._PostgresTransaction.execute, []

    def counted(self: Any, sql: str, parameters: Sequence[Any] = ()) -> int:
        if len(done) == statements:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(sql)
        return execute(self, sql, parameters)

    postgres._PostgresTransaction.execute = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else None)
