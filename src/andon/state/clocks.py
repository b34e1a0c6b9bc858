"""What the clock of each machine showed when it was right, beside how long the machine had run."""

from __future__ import annotations

from andon.base.database import Database
from andon.base.record import Record

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table clock_reading (machine text primary key, boot text not null, micros bigint not null, shown text not null)",
)


class ClockReading(Record):
    """What a machine's clock showed (ISO text), `micros` microseconds after it was started as `boot`."""

    machine: str
    boot: str
    micros: int
    shown: str


class Clocks:
    """Writes and reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, machine: str) -> ClockReading | None:
        """What was noted of a machine."""
        sql = "select machine, boot, micros, shown from clock_reading where machine = ?"
        rows = self._database.query(sql, [machine])
        return ClockReading(str(rows[0][0]), str(rows[0][1]), int(rows[0][2]), str(rows[0][3])) if rows else None

    def put(self, reading: ClockReading) -> None:
        """Note what a machine's clock showed, in place of what was noted of it."""
        with self._database.write() as transaction:
            transaction.execute("delete from clock_reading where machine = ?", [reading.machine])
            transaction.execute(
                "insert into clock_reading (machine, boot, micros, shown) values (?, ?, ?, ?)",
                [reading.machine, reading.boot, reading.micros, reading.shown],
            )
