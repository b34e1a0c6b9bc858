"""What is measured: for each scenario what Andon does, what plain DuckDB does for the same, and how much is allowed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measure import Sample

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
ANDON = str(Path(PYTHON).with_name("andon"))


@dataclass(frozen=True)
class Budget:
    """What Andon may cost. `cpu` judges CPU seconds, `wall` wall seconds, each given plain DuckDB's."""

    text: str
    cpu: Callable[[float], float]
    wall: Callable[[float], float] | None = None


def times(factor: float, wall_factor: float | None = None) -> Budget:
    """A multiple of what plain DuckDB costs."""
    text = f"≤ {factor} × CPU" + (f", ≤ {wall_factor} × wall" if wall_factor else "")
    return Budget(text, lambda plain: factor * plain, (lambda plain: wall_factor * plain) if wall_factor else None)


def more(seconds: float) -> Budget:
    """Plain DuckDB's CPU seconds and a bit."""
    return Budget(f"≤ plain + {seconds} s", lambda plain: plain + seconds)


def at_most(seconds: float) -> Budget:
    """A number of CPU seconds."""
    return Budget(f"≤ {seconds} s", lambda _: seconds)


#: For what is measured without a promise.
NO_BUDGET = Budget("", lambda _: float("inf"))


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Step:
    """One measured pair. `prepare` functions are not measured; `check` gets Andon's output and raises if it did not do the work."""

    title: str
    andon: Sequence[str]
    plain: Sequence[str] | None
    budget: Budget
    prepare_andon: Callable[[], None] = _nothing
    prepare_plain: Callable[[], None] = _nothing
    check: Callable[[str], None] = field(default=lambda _: None)


class WrongWork(Exception):
    """Andon did more or less than the scenario is about."""


@dataclass
class Subject:
    """A generated project on disk, with its plain database."""

    label: str
    folder: Path

    def __post_init__(self) -> None:
        shape = json.loads((self.folder / "shape.json").read_text())
        self.paths: dict[str, str] = shape["paths"]
        self.leaf: str = shape["leaf"]["name"]
        self.leaf_affected: list[str] = shape["leaf"]["affected"]
        self.middle: str = shape["middle"]["name"]
        self.middle_affected: list[str] = shape["middle"]["affected"]

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.folder / "project"

    @property
    def database(self) -> Path:
        """Plain DuckDB's database file."""
        return self.folder / "plain.duckdb"

    @property
    def aside(self) -> Path:
        """The copy of the database in which plain DuckDB works aside."""
        return self.folder / "aside.duckdb"

    def environment(self) -> dict[str, str]:
        """The child's environment: no settings of the user's or of the machine's, and compiled modules kept as in any installation."""
        dropped = ("ANDON_", "XDG_", "GIT_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {**kept, "HOME": str(home)}

    def plain_build(self, *names: str, database: Path | None = None) -> list[str]:
        """The command with which plain DuckDB builds the named datasets, or all."""
        return [
            PYTHON,
            str(HERE / "plain.py"),
            "build",
            str(self.folder),
            str(database or self.database),
            *names,
        ]

    def without_lake(self) -> None:
        """Remove the lake."""
        shutil.rmtree(self.project / ".andon", ignore_errors=True)
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        (self.folder / "home").mkdir()

    def without_database(self) -> None:
        """Remove the plain database."""
        for path in (self.database, self.database.with_suffix(".duckdb.wal"), self.aside):
            path.unlink(missing_ok=True)

    def edits(self) -> int:
        """How many edits this project has seen, in earlier runs of the benchmark too: no edit may repeat an older one."""
        path = self.folder / "edits"
        return int(path.read_text()) if path.exists() else 0

    def edit(self, name: str) -> None:
        """Change the constant that is added to a dataset's amounts, to a value that it never had."""
        path = self.project / self.paths[name]
        text, count = re.subn(r"\+ \d+\.\d\d\)", f"+ {self._next_edit() / 100:.2f})", path.read_text())
        if count != 1:
            raise WrongWork(f"{path} has {count} constants to change, not one")
        path.write_text(text)

    def add_column(self, name: str) -> None:
        """Add a column to a dataset."""
        path = self.project / self.paths[name]
        number = self._next_edit()
        path.write_text(f"select *, {number} as note_{number} from (\n{path.read_text()})\n")

    def comment(self, name: str) -> None:
        """Add a comment to a dataset."""
        path = self.project / self.paths[name]
        path.write_text(f"{path.read_text()}-- note {self._next_edit()}\n")

    def _next_edit(self) -> int:
        number = self.edits() + 1
        (self.folder / "edits").write_text(str(number))
        return number


def builds(count: int) -> Callable[[str], None]:
    """A check that a run built so many datasets, all of them successfully, and published."""

    def check(output: str) -> None:
        document = json.loads(output)
        made = [t for t in document["tasks"] if t["action"] == "build" and t["status"] == "ok"]
        failed = [t for t in document["tasks"] if t["status"] in ("failed", "skipped")]
        if len(made) != count or failed:
            raise WrongWork(f"{len(made)} datasets were built and {len(failed)} failed or skipped, not {count} and 0")

    return check


def published(output: str) -> None:
    """A check that a publish moved the branch and built nothing."""
    builds(0)(output)
    if not json.loads(output)["published"]:
        raise WrongWork("the branch was not published")


def undone(datasets: list[str]) -> Callable[[str], None]:
    """A check that an undo took back exactly these datasets."""

    def check(output: str) -> None:
        found = json.loads(output)["datasets"]
        if found != datasets:
            raise WrongWork(f"the undo took back {found}, not {datasets}")

    return check


def cold(subject: Subject, budget: Budget) -> Iterator[Step]:
    """Everything from nothing."""
    yield Step(
        "cold build",
        [ANDON, "run", "--yes", "--json"],
        subject.plain_build(),
        budget,
        subject.without_lake,
        subject.without_database,
        builds(len(subject.paths)),
    )


def no_op(_: Subject) -> Iterator[Step]:
    """Nothing changed."""
    yield Step("no-op run", [ANDON, "run", "--yes", "--json"], None, at_most(0.2), check=builds(0))


def cosmetic(subject: Subject) -> Iterator[Step]:
    """A comment changed."""
    yield Step(
        "cosmetic edit",
        [ANDON, "run", "--yes", "--json"],
        None,
        at_most(0.2),
        lambda: subject.comment(subject.middle),
        check=builds(0),
    )


def leaf(subject: Subject) -> Iterator[Step]:
    """One dataset changed that nobody reads."""
    yield Step(
        "edit of a leaf",
        [ANDON, "run", "--yes", "--json"],
        subject.plain_build(*subject.leaf_affected),
        more(0.2),
        lambda: subject.edit(subject.leaf),
        check=builds(len(subject.leaf_affected)),
    )


def middle(subject: Subject) -> Iterator[Step]:
    """One dataset changed in the middle."""
    count = len(subject.middle_affected)
    yield Step(
        f"edit in the middle ({count} affected)",
        [ANDON, "run", "--yes", "--json"],
        subject.plain_build(*subject.middle_affected),
        more(0.3),
        lambda: subject.edit(subject.middle),
        check=builds(count),
    )


def additive(subject: Subject) -> Iterator[Step]:
    """A new column in the middle, which nobody reads: one dataset is built, what reads it is proved to stay."""
    count = len(subject.middle_affected) - 1
    yield Step(
        f"new column in the middle ({count} downstream)",
        [ANDON, "run", "--yes", "--json"],
        subject.plain_build(subject.middle),
        more(0.3),
        lambda: subject.add_column(subject.middle),
        check=builds(1),
    )


def branch(subject: Subject) -> Iterator[Step]:
    """A branch with one change, published, undone. Plain DuckDB copies the file to work aside, and rebuilds to publish and to undo."""
    name = f"aside_{subject.edits()}"
    before = (subject.project / subject.paths[subject.leaf]).read_text()

    def restore() -> None:
        (subject.project / subject.paths[subject.leaf]).write_text(before)

    copy = [
        PYTHON,
        "-c",
        "import shutil, sys; shutil.copyfile(*sys.argv[1:])",
        str(subject.database),
        str(subject.aside),
    ]
    rebuild = subject.plain_build(subject.leaf)
    yield Step("branch create", [ANDON, "branch", "create", name], copy, at_most(0.2))
    yield Step(
        "run with one change on the branch",
        [ANDON, "run", "--branch", name, "--yes", "--json"],
        subject.plain_build(subject.leaf, database=subject.aside),
        more(0.3),
        lambda: subject.edit(subject.leaf),
        check=builds(1),
    )
    yield Step(
        "publish of the branch", [ANDON, "publish", name, "--yes", "--json"], rebuild, at_most(0.2), check=published
    )
    yield Step(
        "undo",
        [ANDON, "undo", "--yes", "--json"],
        rebuild,
        at_most(0.2),
        prepare_plain=restore,
        check=undone([subject.leaf]),
    )


def start_up(_: Subject) -> Iterator[Step]:
    """What every command pays."""
    bare = [PYTHON, "-c", "pass"]
    yield Step("`andon --help`", [ANDON, "--help"], bare, at_most(0.15))
    yield Step("`import andon`", [PYTHON, "-c", "import andon"], bare, at_most(0.1))


@dataclass(frozen=True)
class Row:
    """One line of the results."""

    label: str
    title: str
    andon: Sample
    plain: Sample | None
    budget: str
    verdict: str
    repetitions: int
    date: str


def verdict(budget: Budget, andon: Sample, plain: Sample | None) -> str:
    """`met`, or by how much not; empty without a budget."""
    if budget is NO_BUDGET:
        return ""
    allowed = budget.cpu(plain.cpu if plain else 0.0)
    missed = [f"CPU by {andon.cpu - allowed:.2f} s"] if andon.cpu > allowed else []
    if budget.wall is not None and plain is not None and andon.wall > budget.wall(plain.wall):
        missed.append(f"wall by {andon.wall - budget.wall(plain.wall):.2f} s")
    return "missed: " + ", ".join(missed) if missed else "met"
