"""Many callers on one Service at once: the verbs, what they must answer, and what the process holds meanwhile.

Run as a program, in a process of its own, so that its memory is nobody else's: `python -m kit.soak FOLDER`, with a folder that `prepare`
made; prints the document of a `Soaked`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from andon.errors import AndonError
from andon.model.plan import plan_document
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.row_diffs import RowOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

THREADS = 8
VERBS = 200
#: After so many verbs of each thread the process is warm.
WARM = VERBS * 3 // 10
#: The branch on which all callers run at the same time.
COMMON = "common"

CHECKS = """\
/*---
checks:
  - amount > 0
  - unique customer
---*/
"""
VIEW = "/*---\nmaterialize: view\n---*/\nselect customer, amount, amount > 10 as is_large from marts.totals\n"

#: Days that runs show: what reads the day is built for each.
DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 9)]

#: What an answer says of the moment, not of the lake: it differs from one time to the next.
_VOLATILE = frozenset({"seconds", "at", "run", "started", "how", "created", "updated", "iceberg", "current"})


@dataclass
class Soaked:
    """What a soak came to.

    Attributes:
        errors: what went wrong, one text each.
        conflicts: refusals that say that the same may be tried again.
        warm, end: resident memory in bytes, with all threads alive.
        threads, handles: what is left after the Service is closed, beyond what was there before it was opened.
        asked: queries by author.
    """

    errors: list[str] = field(default_factory=list)
    conflicts: int = 0
    warm: int = 0
    end: int = 0
    threads: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    done: int = 0


@dataclass(frozen=True)
class Verb:
    """One call, whose answer is known before."""

    name: str
    call: Callable[[Service], Any]


def prepare(folder: Path) -> None:
    """A project with a few commits, tags, and a branch; its folder holds an edit that no branch has."""
    clone = Clone(folder)
    for path, text in FILES.items():
        clone.write(path, text)
    clone.write("datasets/marts/sizes.sql", VIEW)
    clone.write("datasets/marts/days.sql", "select current_date as day, count(*) as n from shop.orders\n")
    clone.run(now=DAYS[0])
    clone.write("datasets/marts/totals.sql", CHECKS + FILES["datasets/marts/totals.sql"])
    clone.run(now=DAYS[0])
    for number in range(6, 10):
        clone.write(f"raw/orders_{number:02}.csv", f"id,customer,amount\n{number},eve{number % 2},{number * 7}\n")
        clone.refresh(now=DAYS[0])
    with closing(clone.open()) as service:
        service.branches.tag("v1", "main~3")
        service.branches.tag("v2", "main")
    clone.write("datasets/marts/count.sql", "select count(*) as n, sum(amount) as amount from shop.orders\n")
    clone.run(branch="dev", now=DAYS[0])
    clone.write("datasets/marts/best.sql", FILES["datasets/marts/best.sql"].replace("max(", "min("))
    clone.run(branch="spare", now=DAYS[0])
    clone.branch(COMMON)


def _rows(sql: str, at: str) -> Verb:
    return Verb(f"query {at} {sql}", lambda s: s.querying.ask(sql, at).fetch())


def _verbs() -> list[tuple[int, list[Verb]]]:
    """The verbs whose answers no other caller changes, in groups with how often each is drawn."""
    refs = ["main", "main~1", "main~2", "main~3", "main~4", "v1", "v2", "dev", "dev~1"]
    texts = [
        "select customer, amount from marts.totals order by customer",
        "select count(*), sum(amount) from shop.orders",
        "select t.customer, s.is_large from marts.totals t join marts.sizes s using (customer) order by 1",
        "select * from marts.best order by 1",
    ]
    datasets = ["shop.orders", "marts.totals", "marts.sizes", "marts.count"]
    pairs = [("v1", "main"), ("main~4", "main~1"), ("main", "dev"), ("main", "main")]
    return [
        (24, [_rows(sql, at) for sql in texts for at in refs]),
        (
            4,
            [
                Verb(f"plan {b}", lambda s, b=b: plan_document(s.runs.plan(RunOptions(branch=b, now=DAYS[0]))))
                for b in ("main", "dev")
            ],
        ),
        (
            6,
            [
                Verb(f"show {d} {at}", lambda s, d=d, at=at: s.datasets.show(d, at).to_json())
                for d in datasets
                for at in refs[:4]
            ],
        ),
        (6, [Verb(f"diff {a} {b}", lambda s, a=a, b=b: s.history.diff(a, b).to_json()) for a, b in pairs]),
        (
            6,
            [
                Verb(f"rows {a} {b}", lambda s, a=a, b=b: s.history.diff_rows(a, b, (), RowOptions()).to_json())
                for a, b in pairs
            ],
        ),
        (
            8,
            [
                Verb(f"lineage {t} {at}", lambda s, t=t, at=at: s.lineages.lineage(t, at).to_json())
                for t in (*datasets, "marts.totals.amount", "raw/orders_05.csv")
                for at in refs[:4]
            ],
        ),
        (
            6,
            [
                Verb(f"profile {d} {at}", lambda s, d=d, at=at: s.profiles.profile(d, at).to_json())
                for d in datasets
                for at in refs
            ],
        ),
        (
            3,
            [
                Verb(f"checks {at} {again}", lambda s, at=at, again=again: s.checks.run((), at, again=again).to_json())
                for at in ("main", "main~1", "v1")
                for again in (False, True)
            ],
        ),
        (8, [Verb(f"log {at}", lambda s, at=at: [e.to_json() for e in s.history.log(at)]) for at in refs]),
        (4, [Verb("tags", lambda s: [(t.name, t.commit) for t in s.branches.tags() if t.name.startswith("v")])]),
        (
            4,
            [
                Verb(
                    "branches", lambda s: [b.to_json() for b in s.branches.list() if b.name in ("main", "dev")]
                )
            ],
        ),
        (2, [Verb("missing", lambda s: _refused(lambda: s.querying.ask("select nothing from marts.totals", "v1")))]),
    ]


def _refused(call: Callable[[], Any]) -> str:
    try:
        call()
    except AndonError as error:
        return f"{error.code}: {error.message}"
    return "not refused"


def _own(service: Service, caller: Caller, number: int) -> str | None:
    """One verb that writes, on what is the caller's own; what is wrong with its outcome."""
    branch = caller.branch
    match number % 5:
        case 0:  # several meet in building one key
            result = service.runs.run(RunOptions(now=DAYS[number % 7], agreed=ANY_PLAN))
        case 1:
            result = service.runs.run(RunOptions(select=("marts.totals",), force=True, agreed=ANY_PLAN))
        case 2:
            result = service.runs.refresh(RunOptions(select=("shop.orders",), force=True))
        case 3:
            result = service.runs.run(RunOptions(branch=COMMON, select=("marts.sizes",), force=True, agreed=ANY_PLAN))
            branch = COMMON
        case _:
            service.branches.tag(f"{caller.author}-{number}")
            service.branches.untag(f"{caller.author}-{number}")
            return None
    if not result.published or result.branch != branch:
        return f"{result}"
    return None


def plain(answer: Any) -> str:
    """An answer as text, without what differs from one time to the next."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in _VOLATILE}
        return [kept(v) for v in value] if isinstance(value, list | tuple) else value

    return json.dumps(kept(answer), sort_keys=True, default=str)


def expected(folder: Path) -> dict[str, str]:
    """What each verb answers to one caller alone. Asked of a copy, so that nothing is known in advance where it is asked again."""
    alone = folder.with_name(f"{folder.name}-alone")
    shutil.copytree(folder, alone)
    answers = {}
    with closing(Clone(alone).open()) as service:
        for _, verbs in _verbs():
            for verb in verbs:
                answers[verb.name] = plain(verb.call(service))
    return answers


def soak(folder: Path, seed: int = 5) -> Soaked:
    """`THREADS` callers with `VERBS` verbs each, on one Service of the project in `folder`."""
    known = expected(folder)
    verbs = _verbs()
    gc.collect()
    handles = _handles()
    threads = {t.name for t in threading.enumerate()}
    soaked = Soaked()
    lock = threading.Lock()
    service = Clone(folder, "owner").open()
    memory: list[int] = []

    def weigh() -> None:
        gc.collect()
        memory.append(_resident())

    together = threading.Barrier(THREADS, weigh)

    def call(number: int) -> None:
        caller = Caller(f"a{number}", "http", f"own-{number}")
        own = service.by(caller)
        chance = random.Random(seed * 1000 + number)
        groups = [group for _, group in verbs]
        weights = [weight for weight, _ in verbs]
        for count in range(VERBS):
            if count == WARM:
                together.wait(120)
            wrong = None
            try:
                if chance.random() < 0.06 or count == 0:
                    name = "own"
                    wrong = _own(own, caller, chance.randrange(1000) if count else 0)
                else:
                    verb = chance.choice(chance.choices(groups, weights)[0])
                    name = verb.name
                    answer = plain(verb.call(own))
                    if answer != known[name]:
                        wrong = f"said {answer}\ninstead of {known[name]}"
            except AndonError as error:
                if error.retryable:
                    with lock:
                        soaked.conflicts += 1
                else:
                    wrong = repr(error) + str(error.to_json())
            except Exception as error:  # told with all others at the end
                import traceback

                wrong = "".join(traceback.format_exception(error))
            with lock:
                soaked.done += 1
                if wrong is not None:
                    soaked.errors.append(f"{caller.author} {name}: {wrong}")
        together.wait(120)

    callers = [threading.Thread(target=call, args=[number], name=f"caller-{number}") for number in range(THREADS)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    soaked.warm, soaked.end = memory
    for record in service.workspace.query_log.newest(100_000):
        if record.face == "http":
            soaked.asked[record.who] = soaked.asked.get(record.who, 0) + 1
    service.close()
    del service
    gc.collect()
    soaked.threads = sorted({t.name for t in threading.enumerate()} - threads)
    soaked.handles = sorted(_handles() - handles)
    return soaked


def _handles() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
        except OSError:
            continue  # the one that lists
    return found


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(json.dumps(asdict(soak(Path(sys.argv[1])))))
