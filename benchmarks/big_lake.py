"""Makes a lake as it is after a year with a team: hundreds of datasets, a thousand publishes, branches, readers, and some trouble.

    python benchmarks/big_lake.py FOLDER                     500 datasets, 1,000 commits
    python benchmarks/big_lake.py FOLDER --datasets 50 --commits 40

Other benchmarks call `big_lake`. The datasets are those of `generate.py small`, with what files say of them, built twice by the engine
itself, so every version is a real one. The publishes between are written by the lake's own writer: each shows some datasets in the one or
the other version, with the run that did it. The folder stands as the last publish does. All comes out the same for the same numbers but
for times, which end now.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from generate import Shape, big, small, write

from andon.base.clock import to_text
from andon.lake.commits import Draft
from andon.lake.refs import MAIN, RefMove
from andon.model.commit import Commit, CommitKind, Leaf, State
from andon.model.run import TaskResult, TaskStatus
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.state.queries import QueryRecord
from andon.state.runs import RunBegin, RunEnd

PEOPLE = tuple(f"person_{i:02}" for i in range(60))
TAGS = ("finance", "customers", "daily", "core", "product", "deprecated")
NOUNS = (
    "orders",
    "customers",
    "revenue",
    "refunds",
    "sessions",
    "campaigns",
    "stock",
    "payments",
    "tickets",
    "forecasts",
)
SHAPES = (
    "by month",
    "by customer",
    "of the week",
    "with their first order",
    "as they were booked",
    "per region",
    "at a glance",
)
#: Days of history, and of the log of queries; questions in it for each dataset.
DAYS, LOG_DAYS, QUESTIONS = 300, 40, 40
BRANCHES = 12


def big_lake(folder: Path, datasets: int = 500, commits: int = 1000) -> Path:
    """The project's folder in `folder`; one that was made with the same numbers is taken as it is.

    Args:
        datasets: all of them, sources with them.
        commits: of `main`.
    """
    project = folder / "project"
    mark = folder / f".made.{datasets}.{commits}"
    if mark.exists():
        return project
    shape = small(max(2, datasets * 10 // 11))
    write(shape, folder)
    chance = random.Random(7)
    _say(shape, project, chance)
    now = datetime.now(UTC)
    clock = _Clock(now - timedelta(days=DAYS))
    service = Service.open(project, environ={"ANDON_AUTHOR": PEOPLE[0], "HOME": str(folder)}, clock=clock)
    try:
        _publish(service, "All of it")
        first = _head(service)
        clock.moment += timedelta(minutes=30)
        for dataset in shape.datasets:
            path = project / dataset.path
            path.write_text(path.read_text().replace("0.00", "0.01", 1))
        _publish(service, "A cent more")
        _history(service, clock, first, commits, now, chance)
        _branches(service, chance)
        _questions(service, [*shape.sources, *shape.datasets], now, chance)
        clock.moment = now
        _trouble(service, shape, chance)
    finally:
        service.close()
    mark.touch()
    return project


def wide_lake(folder: Path, datasets: int = 5000) -> Path:
    """The project's folder in `folder`, published once: many datasets that are cheap to build, with what files say of them, and readers."""
    project = folder / "project"
    mark = folder / f".made.{datasets}"
    if mark.exists():
        return project
    shape = big(datasets - 10)
    write(shape, folder)
    chance = random.Random(7)
    _say(shape, project, chance)
    service = Service.open(project, environ={"ANDON_AUTHOR": PEOPLE[0], "HOME": str(folder)})
    try:
        _publish(service, "All of it")
        _questions(service, [*shape.sources, *shape.datasets], datetime.now(UTC), chance)
    finally:
        service.close()
    mark.touch()
    return project


class _Clock:
    """A clock that is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


def _say(shape: Shape, project: Path, chance: random.Random) -> None:
    """Give files what people say of datasets, and checks; insights and saved queries beside them."""
    for place, item in enumerate((*shape.sources, *shape.datasets)):
        noun, form = chance.choice(NOUNS), chance.choice(SHAPES)
        lines = [
            f"description: {noun.capitalize()} {form}, number {place}.",
            f"owner: {chance.choice(PEOPLE[:12])}",
            f"tags: [{', '.join(chance.sample(TAGS[:5], chance.randrange(0, 3)))}]",
            f"columns:\n  amount: Money of these {noun}.\n  day: When the {noun} came.",
        ]
        if place < len(shape.sources):
            lines.append(
                f"refresh: {{max_age: {chance.choice(('400d', '500d', '600d', '6h' if place % 20 == 3 else '400d'))}}}"
            )
        else:
            odd = "\n  rows = 7 warn" if place % 97 == 5 else ""
            lines.append(f"checks: |\n  not null day, status\n  grp 0..7{odd}")
        path = project / item.path
        path.write_text("/*---\n" + "\n".join(lines) + "\n---*/\n" + item.sql)
    last = [dataset.name for dataset in shape.datasets][-40:]
    for number in range(20):
        uses = ", ".join(sorted(chance.sample(last, 2)))
        path = project / f"insights/question_{number:02}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"title: What do {chance.choice(NOUNS)} say ({number})?\nuses: [{uses}]\nowner: {PEOPLE[number]}\n"
        )
        path = project / f"queries/look_{number:02}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"select status, sum(amount) as amount from {chance.choice(last)} where grp = $grp group by status\n"
        )


def _publish(service: Service, message: str) -> None:
    result = service.runs.run(RunOptions(agreed=ANY_PLAN, message=message))
    if not result.published:
        raise RuntimeError(f"the lake could not be made: {result.held}")


def _head(service: Service) -> Commit:
    return service.workspace.lake.refs.head(MAIN)


def _history(service: Service, clock: _Clock, first: Commit, count: int, now: datetime, chance: random.Random) -> None:
    """Publishes that show some datasets in one or the other version; the last one is as the folder is."""
    lake = service.workspace.lake
    last = _head(service)
    old, new = lake.commits.state(first), lake.commits.state(last)
    both = sorted(name for name, leaf in new.leaves.items() if old.leaves.get(name) not in (None, leaf))
    leaves = dict(new.leaves)
    left = max(0, count - 4)  # the empty lake, the two that were built, and the last one
    step = (now - timedelta(hours=3) - clock.moment) / (left + 2)
    for number in range(left + 1):
        clock.moment += step
        changed = both if number == left else chance.sample(both, min(len(both), chance.randrange(1, 7)))
        for name in changed:
            leaves[name] = new.leaves[name] if number == left or leaves[name] != new.leaves[name] else old.leaves[name]
        last = _commit(service, last, State(dict(leaves), new.shared), changed, chance)


def _commit(service: Service, head: Commit, state: State, changed: Sequence[str], chance: random.Random) -> Commit:
    workspace = service.workspace
    author = chance.choice(PEOPLE[:12])
    kind = chance.choice((CommitKind.REFRESH, CommitKind.REFRESH, CommitKind.CHANGE))
    at = to_text(workspace.clock())
    run = workspace.runs.begin(RunBegin(MAIN, head.id, str(kind), author, at))
    tasks = _tasks(state.leaves, set(changed))
    draft = Draft((head.id,), kind, author, f"{chance.choice(NOUNS).capitalize()} {chance.choice(SHAPES)}", at, run)
    moves = [RefMove(f"run:{run}", "run", None, "run"), RefMove(MAIN, "branch", head.id, str(kind))]
    return workspace.lake.commit(
        draft,
        state,
        moves,
        also=lambda transaction, commit: workspace.runs.end(
            transaction, run, RunEnd("done", chance.uniform(0.5, 40), commit.id, published=True, tasks=tasks)
        ),
    )


def _tasks(leaves: dict[str, Leaf] | object, changed: set[str]) -> list[TaskResult]:
    assert isinstance(leaves, dict)
    return [
        TaskResult(
            name,
            "build" if name in changed else "reuse",
            "its code changed" if name in changed else "unchanged",
            TaskStatus.OK,
            1000,
            0.1 if name in changed else 0.0,
            leaf.version,
        )
        for name, leaf in leaves.items()
    ]


def _branches(service: Service, chance: random.Random) -> None:
    lake = service.workspace.lake
    main = _head(service)
    before = lake.commits.state(lake.commits.get(main.parent or ""))
    names = sorted(name for name, leaf in lake.commits.state(main).leaves.items() if before.leaves[name] != leaf)
    for number in range(BRANCHES):
        author, name = PEOPLE[number % 12], f"{chance.choice(NOUNS)}-{number}"
        leaves = dict(lake.commits.state(main).leaves)
        for dataset in chance.sample(names, min(len(names), 3)):
            leaves[dataset] = before.leaves[dataset]
        draft = Draft((main.id,), CommitKind.CHANGE, author, f"Try {name}", to_text(service.workspace.clock()))
        lake.commit(draft, State(leaves, lake.commits.state(main).shared), [RefMove(name, "branch", None, "branch")])


def _questions(service: Service, items: Sequence[object], now: datetime, chance: random.Random) -> None:
    """A log of what people asked: few datasets much, most of them little."""
    names = [str(getattr(item, "name", "")) for item in items]
    chance.shuffle(names)
    weights = [1 / (place + 3) for place in range(len(names))]
    commit = _head(service).id
    count = QUESTIONS * len(names)
    lines = []
    for place in range(count):
        at = now - timedelta(days=LOG_DAYS) * (1 - place / count)
        read = tuple(dict.fromkeys(chance.choices(names, weights, k=chance.randrange(1, 3))))
        columns = tuple(
            f"{name}.{column}" for name in read for column in chance.sample(("id", "day", "amount", "grp"), 2)
        )
        sql = f"select sum(amount) from {read[0]}"
        who, face = chance.choice(PEOPLE), chance.choice(("http", "http", "python", "cli"))
        lines.append(QueryRecord(to_text(at), who, face, sql, read, commit, 0.01, 1, None, columns, sql, sql, 100))
    service.workspace.query_log._write(lines)


def _trouble(service: Service, shape: Shape, chance: random.Random) -> None:
    """A refresh that a check holds, with what waits for it."""
    workspace = service.workspace
    head = _head(service)
    name = chance.choice([dataset.name for dataset in shape.datasets[len(shape.datasets) // 2 :]])
    waits = set(shape.affected(name)) - {name}
    run = workspace.runs.begin(RunBegin(MAIN, head.id, "refresh", PEOPLE[1], to_text(workspace.clock())))
    held = [TaskResult(name, "build", "`grp 0..7` fails in 3 of 100 rows", TaskStatus.HELD, 100, 0.2)]
    held += [
        TaskResult(each, "build", f"reads {name}, which is held", TaskStatus.HELD, 100, 0.2) for each in sorted(waits)
    ]
    with workspace.lake.database.write() as transaction:
        end = RunEnd(
            "held", 3.0, head.id, published=False, held=f"{name}: `grp 0..7` fails in 3 of 100 rows", tasks=held
        )
        workspace.runs.end(transaction, run, end)


def main() -> None:
    """Make the lake that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--commits", type=int, default=1000)
    given = parser.parse_args()
    print(big_lake(given.folder, given.datasets, given.commits))


if __name__ == "__main__":
    main()
