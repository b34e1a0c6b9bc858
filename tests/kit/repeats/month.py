"""The records of sixty days: twelve stories of work that is repeated, forty that look alike and are not, and a team's usual noise.

Nothing here knows how repeats are recognised. A story says what somebody did, at which times a person (or a machine) would; whether it is a
repeat is what a colleague would say of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from andon.base.clock import to_text
from andon.operations.repeats.records import AskedQuestion, CameFile, Correction, ManualRun, PastIncident
from andon.sql.facts import read_question

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAYS = 60
PEOPLE = ("ana", "ben", "carla", "dan")


@dataclass(frozen=True)
class Story:
    """Something that somebody did; `times`: when it was done, each time."""

    name: str
    kind: str
    is_repeat: bool
    times: tuple[str, ...]


@dataclass
class Records:
    """All that is recorded, and which story each piece belongs to."""

    asked: list[AskedQuestion] = field(default_factory=list)
    runs: list[ManualRun] = field(default_factory=list)
    files: list[CameFile] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    incidents: list[PastIncident] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)
    story_of: dict[tuple[str, str], str] = field(default_factory=dict)
    #: questions that something answers already, by what; datasets with a schedule of their own
    answered: dict[str, str] = field(default_factory=dict)
    scheduled: set[str] = field(default_factory=set)

    def until(self, moment: str) -> Records:
        """What was recorded before a moment."""
        made = Records(story_of=self.story_of, answered=self.answered, scheduled=self.scheduled, stories=self.stories)
        made.asked = [one for one in self.asked if one.at < moment]
        made.runs = [one for one in self.runs if one.at < moment]
        made.files = [one for one in self.files if one.at < moment]
        made.corrections = [one for one in self.corrections if one.at < moment]
        made.incidents = [one for one in self.incidents if one.at < moment]
        return made


class Month:
    """Makes the records of one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.records = Records()
        self._incident = 0

    def make(self) -> Records:
        """Twelve repeats, three of each kind; forty others, ten of each kind; noise."""
        from kit.repeats import decoys, true

        for kind in ("query", "run", "file", "correction"):
            for number, story in enumerate(self.chance.sample(true.STORIES[kind], 3)):
                self._tell(story, f"{kind}-{number}-{story.__name__}", kind, is_repeat=True)
            pool = decoys.STORIES[kind]
            chosen = (
                self.chance.sample(pool, 10)
                if len(pool) >= 10
                else [*pool, *self.chance.choices(pool, k=10 - len(pool))]
            )
            for number, story in enumerate(self.chance.sample(chosen, 10)):
                self._tell(story, f"{kind}-not-{number}-{story.__name__}", kind, is_repeat=False)
        self._noise()
        records = self.records
        for lines in (records.asked, records.runs, records.files, records.corrections, records.incidents):
            lines.sort(key=lambda one: one.at)  # type: ignore[attr-defined]
        records.asked = [_numbered(one, seq) for seq, one in enumerate(records.asked, 1)]
        return records

    # -- times

    def day(self, first: int = 0, last: int = DAYS - 1) -> int:
        """A day at which somebody works."""
        return self.chance.choice([d for d in range(first, last + 1) if (START + timedelta(days=d)).weekday() < 5])

    def days(self, count: int, first: int = 0) -> list[int]:
        """So many days at which somebody works, in order."""
        among = [d for d in range(first, DAYS) if (START + timedelta(days=d)).weekday() < 5]
        return sorted(self.chance.sample(among, count))

    def at(self, day: int, hour: float | None = None, give: float = 0.0) -> datetime:
        """A moment of a day, as a person comes to it: in working hours, or about `hour`, give or take so many hours."""
        about = self.chance.uniform(7.5, 17.0) if hour is None else hour + self.chance.uniform(-give, give)
        return START + timedelta(days=day, hours=about, seconds=self.chance.uniform(0, 59))

    def exactly(self, day: float, hour: float = 0.0) -> datetime:
        """A moment as a machine comes to it."""
        return START + timedelta(days=day, hours=hour, seconds=self.chance.uniform(0, 4))

    def person(self) -> str:
        """Somebody."""
        return self.chance.choice(PEOPLE)

    def two(self) -> list[str]:
        """Two people."""
        return self.chance.sample(PEOPLE, 2)

    # -- what is recorded

    def ask(
        self, story: str, at: datetime, who: str, sql: str, *, face: str | None = None, datasets: tuple[str, ...] = ()
    ) -> str:
        """Somebody asks."""
        shape, exact = _marks(sql)
        face = face or self.chance.choice(("http", "cli", "python"))
        self.records.asked.append(AskedQuestion(0, to_text(at), who, face, shape, exact, sql, datasets))
        self.records.story_of["query", sql] = story
        return to_text(at)

    def run(
        self,
        story: str,
        at: datetime,
        who: str,
        *selection: str,
        face: str = "cli",
        command: str = "refresh",
        kind: str = "refresh",
        branch: str = "main",
        status: str = "done",
        datasets: tuple[str, ...] | None = None,
    ) -> str:
        """Somebody runs something."""
        built = datasets if datasets is not None else tuple(name.strip("+") for name in selection)
        number = len(self.records.runs) + 1
        run = ManualRun(number, to_text(at), who, face, kind, command, branch, status, selection, built)
        self.records.runs.append(run)
        self.records.story_of["run", " ".join(sorted(selection))] = story
        return to_text(at)

    def file(
        self, story: str, at: datetime, who: str, dataset: str, path: str, columns: str, reading: str = "read_csv(?)"
    ) -> str:
        """A file comes."""
        pairs = tuple((c.split(":")[0], c.split(":")[1]) for c in columns.split())
        source = f"sources/{dataset.replace('.', '/')}.sql"
        self.records.files.append(CameFile(to_text(at), who, dataset, source, path, pairs, reading))
        self.records.story_of["file", path] = story
        return to_text(at)

    def incident(
        self,
        story: str,
        at: datetime,
        kind: str,
        dataset: str,
        *,
        hours: float | None = 3.0,
        verdict: str | None = None,
    ) -> int:
        """Something goes wrong, and is over after so many hours."""
        self._incident += 1
        closed = None if hours is None else to_text(at + timedelta(hours=hours))
        self.records.incidents.append(PastIncident(self._incident, to_text(at), kind, dataset, closed, verdict))
        self.records.story_of["correction", f"{kind} {dataset}"] = story
        return self._incident

    def fix(
        self,
        at: datetime,
        number: int,
        kind: str,
        dataset: str,
        action: str,
        who: str,
        *,
        mode: str = "manual",
        outcome: str = "verified",
        params: dict[str, str] | None = None,
        is_undone: bool = False,
    ) -> None:
        """Somebody does something about it."""
        seq = len(self.records.corrections) + 1
        said = params or {}
        self.records.corrections.append(
            Correction(seq, to_text(at), number, kind, dataset, action, who, mode, outcome, said, is_undone)
        )

    # -- parts

    def _tell(self, story: Callable[[Month, str], list[str]], name: str, kind: str, *, is_repeat: bool) -> None:
        self.records.stories.append(Story(name, kind, is_repeat, tuple(sorted(story(self, name)))))

    def _noise(self) -> None:
        """What is asked and done once."""
        for number in range(100):
            table = number % 40
            sql = f"select a{number % 37}, sum(v{number}) from wild.t{table} group by 1"
            self.ask("noise", self.at(self.day()), self.person(), sql, datasets=(f"wild.t{table}",))
        for number in range(60):
            at, who = self.at(self.day()), self.person()
            self.run("noise", at, who, f"wild.n{number}", kind=self.chance.choice(("change", "refresh")))
        for number in range(10):
            columns = f"n{number}:BIGINT v:DOUBLE"
            name = f"wild.once{number}"
            self.file("noise", self.at(self.day()), self.person(), name, f"raw/once/{chr(97 + number)}x.csv", columns)
        for number in range(12):
            self.incident("noise", self.at(self.day()), "check", f"wild.t{number}", hours=self.chance.uniform(1, 40))


@cache
def _marks(sql: str) -> tuple[str, str]:
    facts, marks = read_question(sql)
    assert marks is not None, (sql, facts.problems)
    return marks.shape, marks.exact


def _numbered(one: AskedQuestion, seq: int) -> AskedQuestion:
    return AskedQuestion(seq, one.at, one.who, one.face, one.shape, one.exact, one.sql, one.datasets)
