"""The world around the drill's project: the till that sends files, the customer system, a colleague, a clock, the machine. All of it real.

Files are files, the customer system is a database (of DuckDB), what dies is a process that is killed, and a full disk is a file system with
no room left.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from andon.base.uptime import Uptime
from andon.drill.project import MISTAKES, files
from andon.drill.script import Fault
from andon.drill.truth import Sale, Truth

HEADER = ("sale_id", "customer_id", "sold_on", "cds", "amount")
#: Where the run is when its machine dies: this has been made, and what reads it not.
DIES_AFTER = "staging.purchases"
_STRANGERS = 900_000
_LONG = 120.0
#: Room that is left on a full disk.
_ROOM = "4k"


class DrillClock:
    """The clock of the project: it stands where it was put and goes on by a millisecond whenever it is read; it may go wrong. How long
    its machine has run is told by the world's time, as by a real one's."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.wrong = timedelta()

    def __call__(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now + self.wrong

    def uptime(self) -> Uptime:
        """How long the machine has run: that goes on, whatever its clock shows."""
        return uptime_at(self._now)

    def put(self, now: datetime) -> None:
        """Let it stand at a time; it does not go back but by `wrong`."""
        self._now = max(now, self._now)


def uptime_at(moment: datetime) -> Uptime:
    """How long the machine of the drill has run at a moment of its world."""
    return Uptime("till", "first", round(moment.timestamp() * 1e6))


class World:
    """The world of one drill.

    Args:
        root: the folder of the project.
        first: the day of which the first file of the drill itself is: those of days before lie there.
    """

    def __init__(self, root: Path, truth: Truth, first: date, clock: DrillClock) -> None:
        self.root = root
        self.clock = clock
        self._truth = truth
        self._first = first

    def begin(self, url: str) -> None:
        """Make the project, the customer system, and the files of the days before."""
        for path, text in files(url).items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for folder in ("inbox", "crm"):
            (self.root / folder).mkdir(exist_ok=True)
        self._tell_crm("create table customers (customer_id integer, joined_on text)")
        self._enter_all()

    def sales_day(self, day: int) -> date:
        """The day of which the file comes on a day of the drill."""
        return self._first + timedelta(days=day)

    def sends(self, day: int) -> None:
        """The till sends the file that is due on a day, as it should be."""
        sold = self.sales_day(day)
        self._send(sold, [_line(each) for each in self._truth.days[sold]])

    def morning_of(self, day: int, hour: int, minute: int = 0) -> datetime:
        """A moment of a day of the drill."""
        at = self._first + timedelta(days=day + 1)
        return datetime(at.year, at.month, at.day, hour, minute, tzinfo=UTC)

    # -- faults

    def breaks(self, fault: Fault) -> None:
        """What a fault does to files, the customer system or the clock. What needs a process or a colleague, `line` does."""
        sold = self.sales_day(fault.day)
        lines = self._truth.days[sold]
        spoilt = _SPOILT.get((str(fault.kind), fault.how))
        if spoilt is not None:
            header, texts = spoilt(lines)
            self._send(sold, texts, header)
        elif fault.how == "late":
            self._file(sold).unlink(missing_ok=True)
        elif fault.how == "twice":
            shutil.copyfile(self._file(sold), self._again(sold))
        elif fault.how == "away":
            self._crm.rename(self._crm.with_suffix(".away"))
        elif fault.how in _LOSSES:
            self._tell_crm(_LOSSES[fault.how])
        elif fault.how in _STEPS:
            self.clock.wrong = _STEPS[fault.how]

    def mends(self, fault: Fault) -> None:
        """What the world itself does about a fault."""
        sold = self.sales_day(fault.day)
        self._again(sold).unlink(missing_ok=True)
        if fault.how == "away":
            self._crm.with_suffix(".away").rename(self._crm)
        elif fault.how in _LOSSES:
            self._enter_all()
        elif fault.how in _STEPS:
            self.clock.wrong = timedelta()
        elif fault.how != "full":
            self.sends(fault.day)

    def mistake(self, fault: Fault) -> tuple[str, tuple[str, str]]:
        """The file that a colleague spoils, and what they write in place of what."""
        path = f"datasets/{fault.root.replace('.', '/')}.sql"
        return path, MISTAKES[path]

    # -- processes

    def dies(self, moment: datetime) -> bool:
        """Let a process make a pass, and kill it in the middle of its run; whether it came so far."""
        process = subprocess.Popen(self._pass(moment, DIES_AFTER), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout as said:
            reached = any(line.strip() == "reached" for line in iter(said.readline, ""))
            process.kill()
            process.wait()
        return reached

    def runs_full(self, moment: datetime) -> bool:
        """Let a process make a pass where the disk of the data has no room left; whether it said that not all went well."""
        data = self.root / ".andon/lake/data"
        room = self.root / ".andon/tmp/full"
        room.mkdir(parents=True, exist_ok=True)
        script = (
            f'mount -t tmpfs -o size={_ROOM} full "$1" && mkdir "$1/new" "$1/work" && '
            'mount -t overlay -o "lowerdir=$2,upperdir=$1/new,workdir=$1/work" full "$2" && shift 2 && exec "$@"'
        )
        apart = ["unshare", "--mount", *([] if _is_root() else ["--map-root-user"])]
        command = [*apart, "sh", "-c", script, "sh", str(room), str(data), *self._pass(moment)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONG, check=False)
        return "well" in done.stdout

    def _pass(self, moment: datetime, stop: str = "") -> list[str]:
        return [
            sys.executable,
            "-m",
            "andon.drill.child",
            str(self.root),
            moment.isoformat(),
            *([stop] if stop else []),
        ]

    # -- files

    def _send(self, sold: date, texts: Sequence[str], header: Sequence[str] = HEADER) -> None:
        whole = "\n".join([",".join(header), *texts]) + "\n"
        aside = self.root / "inbox/.coming"
        aside.write_text(whole, encoding="utf-8")
        aside.rename(self._file(sold))

    def _file(self, sold: date) -> Path:
        return self.root / f"inbox/sales_{sold}.csv"

    def _again(self, sold: date) -> Path:
        return self.root / f"inbox/sales_{sold}_again.csv"

    @property
    def _crm(self) -> Path:
        return self.root / "crm/crm.db"

    def _enter_all(self) -> None:
        rows = [list(self._truth.customers), str(self._first)]
        self._tell_crm("delete from customers")
        self._tell_crm("insert into customers select unnest(?), ?", rows)

    def _tell_crm(self, sql: str, values: Sequence[object] = ()) -> None:
        import duckdb

        with duckdb.connect(self._crm, config={"threads": 1}) as database:
            database.execute(sql, values)


def _line(sale: Sale, cents: int | None = None, customer: int | None = None) -> str:
    amount = sale.cents if cents is None else cents
    return f"{sale.sale},{customer or sale.customer},{sale.day},{sale.cds},{amount // 100}.{amount % 100:02}"


def _without_price(lines: Sequence[Sale], count: int) -> list[str]:
    texts = [_line(each) for each in lines]
    return [text.rpartition(",")[0] + "," if n < count else text for n, text in enumerate(texts)]


def _renamed(lines: Sequence[Sale]) -> tuple[Sequence[str], list[str]]:
    return (*HEADER[:-1], "total"), [_line(each) for each in lines]


def _added(lines: Sequence[Sale]) -> tuple[Sequence[str], list[str]]:
    return (*HEADER, "till"), [f"{_line(each)},{n % 3 + 1}" for n, each in enumerate(lines)]


def _missing(lines: Sequence[Sale]) -> tuple[Sequence[str], list[str]]:
    texts = [_line(each).split(",") for each in lines]
    return tuple(c for c in HEADER if c != "customer_id"), [",".join([t[0], *t[2:]]) for t in texts]


#: What a spoilt file holds, by kind and variant: its header and lines.
_SPOILT: Mapping[tuple[str, str], Callable[[Sequence[Sale]], tuple[Sequence[str], list[str]]]] = {
    ("empty load", "empty"): lambda _: (HEADER, []),
    ("doubled load", "again"): lambda lines: (HEADER, [_line(each) for each in [*lines, *lines]]),
    ("schema change", "renamed"): _renamed,
    ("schema change", "added"): _added,
    ("schema change", "missing"): _missing,
    ("schema change", "text"): lambda lines: (HEADER, [f"{_line(each)} USD" for each in lines]),
    ("nulls", "prices"): lambda lines: (HEADER, _without_price(lines, len(lines))),
    ("nulls", "few"): lambda lines: (HEADER, _without_price(lines, 3)),
    ("drifted mean", "cents"): lambda lines: (HEADER, [_line(each, each.cents * 100) for each in lines]),
    ("drifted mean", "double"): lambda lines: (HEADER, [_line(each, each.cents * 2) for each in lines]),
    ("orphan keys", "strangers"): lambda lines: (
        HEADER,
        [_line(each, customer=_STRANGERS + n if n < 4 else None) for n, each in enumerate(lines)],
    ),
}

_LOSSES: Mapping[str, str] = {
    "nobody": "delete from customers",
    "lost": "delete from customers where customer_id % 10 = 0",
    "joined": "update customers set joined_on = null where customer_id % 7 = 0",
}

_STEPS: Mapping[str, timedelta] = {"ahead": timedelta(hours=30), "behind": timedelta(hours=-48)}


def _is_root() -> bool:
    import os

    return os.geteuid() == 0
