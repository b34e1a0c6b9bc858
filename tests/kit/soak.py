"""Many callers on one Service at once: the verbs, what they must answer, and what the process holds meanwhile.

Run as a program, in a process of its own, so that its memory is nobody else's: `python -m kit.soak FOLDER SEED`, with a folder that
`prepare` made; prints the document of a `Soaked`. It tells memory and handles by Linux' `/proc`.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import shutil
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

THREADS = 8
VERBS = 120
#: After so many verbs of each thread the process is warm.
WARM = VERBS * 4 // 10
#: How often verbs that write are drawn, where all others together weigh about a hundred.
WRITES = 7
#: The branch on which all callers run at the same time.
COMMON = "common"

CHECKS = """\
/*---
checks:
  - amount > 0
  - unique customer
---*/
"""
TEST = """\
- name: sums
  dataset: marts.totals
  given:
    shop.orders: [{id: 1, customer: ada, amount: 10}, {id: 2, customer: ada, amount: 5}]
  expect: [{customer: ada, amount: 15}]
"""
VIEW = "/*---\nmaterialize: view\n---*/\nselect customer, amount, amount > 10 as is_large from marts.totals\n"

#: Days that runs show: what reads the day is built for each.
DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 9)]

#: What an answer says of the moment, not of the lake: it differs from one time to the next.
_VOLATILE = frozenset({"seconds", "at", "run", "started", "how", "created", "updated", "iceberg", "current", "cached"})


@dataclass
class Soaked:
    """What a soak came to.

    Attributes:
        errors: what went wrong, one text each.
        done: how many verbs were called.
        conflicts: codes of refusals that say that the same may be tried again.
        warm, end: resident memory in bytes, with all threads alive.
        threads, handles, left: threads, file handles and temporary files that are there after the Service was closed, and were not before.
        asked: queries of the log by author; `own_queries`: those that each asked; `authors`: of the newest commit by branch.
    """

    done: int = 0
    errors: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    warm: int = 0
    end: int = 0
    threads: list[str] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    own_queries: dict[str, int] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verb:
    """One call, whose answer is known before."""

    name: str
    call: Callable[[Service], Any]

    @property
    def queries(self) -> int:
        """Lines of the log of queries that it makes."""
        return int(self.name.startswith(("query", "refused", "ask")))


def prepare(folder: Path) -> None:
    """A project with a few commits, tags, and a branch; its folder holds an edit that no branch has."""
    clone = Clone(folder)
    clone.fill(FILES)
    clone.write("datasets/marts/sizes.sql", VIEW)
    clone.write("tests/totals.yml", TEST)
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
    targets = [*datasets, "marts.totals.amount", "raw/orders_05.csv"]
    few = refs[:4]
    pairs = [("v1", "main"), ("main~4", "main~1"), ("main", "dev"), ("main", "main")]
    today = {branch: RunOptions(branch=branch, now=DAYS[0]) for branch in ("main", "dev")}
    return [
        (30, _each("query", lambda s, sql, at: s.querying.ask(sql, at).fetch(), texts, refs)),
        (4, _each("plan", lambda s, branch: s.runs.plan(today[branch]).to_json(), today)),
        (
            2,
            _each("publish", lambda s, name: s.branches.plan_publish(name, options=today["main"]).to_json(), ["dev"]),
        ),
        (6, _each("show", lambda s, name, at: s.datasets.show(name, at).to_json(), datasets, few)),
        (4, _each("list", lambda s, at: [d.to_json() for d in s.datasets.list(at)], refs)),
        (6, _each("diff", lambda s, pair: s.history.diff(*pair).to_json(), pairs)),
        (6, _each("rows", lambda s, pair: s.history.diff_rows(*pair).to_json(), pairs)),
        (1, _each("report", lambda s, pair: s.diff_reports.report(*pair).to_json(), pairs[:2])),
        (6, _each("lineage", lambda s, target, at: s.lineages.lineage(target, at).to_json(), targets, few)),
        (4, _each("impact", lambda s, target, at: s.lineages.impact(target, at).to_json(), targets, few)),
        (6, _each("profile", lambda s, name, at: s.profiles.profile(name, at).to_json(), datasets, refs)),
        (3, _each("checks", lambda s, at, again: s.checks.run((), at, again=again).to_json(), few, [False, True])),
        (
            2,
            _each(
                "folder's checks", lambda s, select: s.checks.run(select).to_json()["checks"], [("marts.totals",), ()]
            ),
        ),
        (1, _each("unit tests", lambda s, again: [t.to_json() for t in s.unit_tests.run(again=again)], [False, True])),
        (6, _each("log", lambda s, at: [entry.to_json() for entry in s.history.log(at)], refs)),
        (2, _each("schemas", lambda s, name: [e.to_json() for e in s.history.schema_log(name, "dev")], datasets)),
        (
            3,
            _each(
                "tags",
                lambda s, name: [tag.commit for tag in s.branches.tags() if tag.name == name],
                ["v1", "v2"],
            ),
        ),
        (
            3,
            _each(
                "branches", lambda s, name: [b.to_json() for b in s.branches.list() if b.name == name], ["main", "dev"]
            ),
        ),
        (2, _each("refused", lambda s, at: _refused(lambda: s.querying.ask("select no from marts.totals", at)), refs)),
    ]


def _each(name: str, call: Callable[..., Any], *arguments: Iterable[Any]) -> list[Verb]:
    """A verb for every combination of `arguments`."""
    return [_verb(name, call, chosen) for chosen in product(*arguments)]


def _verb(name: str, call: Callable[..., Any], chosen: tuple[Any, ...]) -> Verb:
    return Verb(f"{name} {chosen}", lambda service: call(service, *chosen))


def _refused(call: Callable[[], Any]) -> str:
    try:
        call()
    except AndonError as error:
        return f"{error.code}: {error.message}"
    return "not refused"


def _own(caller: Caller) -> list[Verb]:
    """Verbs that write, on what is the caller's own or on the branch that all write to; they answer whether it came out."""
    options = {
        "again": RunOptions(select=("marts.totals",), force=True, agreed=ANY_PLAN),
        "common": RunOptions(branch=COMMON, select=("marts.sizes",), force=True, agreed=ANY_PLAN),
        # several meet in building one key
        **{f"day {day.day}": RunOptions(now=day, agreed=ANY_PLAN) for day in DAYS[1:6]},
    }

    def ran(service: Service, chosen: RunOptions) -> bool:
        result = service.runs.run(chosen)
        return result.published and result.branch == (chosen.branch or caller.branch)

    def refreshed(service: Service) -> bool:
        return service.runs.refresh(RunOptions(select=("shop.orders",), force=True)).published

    def tagged(service: Service) -> bool:
        service.branches.tag(f"of-{caller.author}")
        return service.branches.untag(f"of-{caller.author}").kind == "tag"

    def asked(service: Service) -> bool:
        return service.querying.ask("select count(*) from marts.totals").fetch() == [(4,)]

    runs = [Verb(f"run {name}", lambda s, chosen=chosen: ran(s, chosen)) for name, chosen in options.items()]
    return [*runs, Verb("refresh", refreshed), Verb("tag", tagged), Verb("ask", asked)]


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


class Soak:
    """`THREADS` callers with `VERBS` verbs each, on one Service."""

    def __init__(self, service: Service, known: Mapping[str, str], seed: int) -> None:
        self._service = service
        self._known = known
        self._seed = seed
        self._verbs = _verbs()
        self._lock = threading.Lock()
        self._memory: list[int] = []
        self._together = threading.Barrier(THREADS, self._weigh)
        self.soaked = Soaked()

    def run(self) -> Soaked:
        """Let all callers ask; returns when all are done."""
        callers = [threading.Thread(target=self._call, args=[n], name=f"caller-{n}") for n in range(THREADS)]
        for thread in callers:
            thread.start()
        for thread in callers:
            thread.join()
        _, self.soaked.warm, self.soaked.end = self._memory
        return self.soaked

    def _call(self, number: int) -> None:
        caller = Caller(f"a{number}", "http", f"own-{number}")
        service = self._service.by(caller)
        service.branches.create(f"own-{number}")
        chance = random.Random(self._seed * 1000 + number)
        for count, verb in enumerate(self._chosen(caller, chance)):
            if count in (0, WARM):
                self._together.wait(300)
            wrong = self._wrong(service, verb)
            with self._lock:
                self.soaked.done += 1
                self.soaked.own_queries[caller.author] = self.soaked.own_queries.get(caller.author, 0) + verb.queries
                if wrong is not None:
                    self.soaked.errors.append(f"{caller.author} {verb.name}: {wrong}")
        self._together.wait(300)

    def _chosen(self, caller: Caller, chance: random.Random) -> list[Verb]:
        """The verbs of one caller: those of each group once, so that all is warm early, then as the weights say."""
        groups = [*self._verbs, (WRITES, _own(caller))]
        first = [verb for weight, group in groups for verb in (group if weight == WRITES else [chance.choice(group)])]
        chance.shuffle(first)
        weights = [weight for weight, _ in groups]
        drawn = chance.choices([group for _, group in groups], weights, k=VERBS - len(first))
        return [*first, *map(chance.choice, drawn)]

    def _wrong(self, service: Service, verb: Verb) -> str | None:
        """Call a verb; what is wrong with its answer."""
        try:
            answer = plain(verb.call(service))
        except AndonError as error:
            if not error.retryable:
                return f"{error!r} {error.to_json()}"
            with self._lock:
                self.soaked.conflicts.append(error.code)
            return None
        except Exception as error:  # noqa: BLE001 - told with all others at the end
            return "".join(traceback.format_exception(error))
        known = self._known.get(verb.name, "true")
        return None if answer == known else f"said {answer}\ninstead of {known}"

    def _weigh(self) -> None:
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # what is free and was not given back to the system is no growth
            trim(0)
        self._memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))


def soak(folder: Path, seed: int) -> Soaked:
    """A soak of the project that `prepare` made, with threads that take turns often, and what is left after it."""
    known = expected(folder)
    sys.setswitchinterval(1e-4)
    gc.collect()
    handles, threads = _handles(), {t.name for t in threading.enumerate()}
    service = Clone(folder, "owner").open()
    soaked = Soak(service, known, seed).run()
    queries = service.workspace.query_log.newest(VERBS * THREADS * 2)
    soaked.asked = dict(Counter(q.who for q in queries if q.face == "http"))
    heads = {b.name: b.author for b in service.branches.list()}
    soaked.authors = {name: author for name, author in heads.items() if name.startswith("own-")}
    service.close()
    del service
    gc.collect()
    soaked.threads = sorted({t.name for t in threading.enumerate()} - threads)
    soaked.handles = sorted(_handles() - handles)
    soaked.left = sorted(p.name for p in (folder / ".andon" / "tmp").glob("*"))
    return soaked


def _handles() -> set[str]:
    return {f"{handle.name} {handle.readlink()}" for handle in Path("/proc/self/fd").iterdir() if handle.is_symlink()}


if __name__ == "__main__":
    print(json.dumps(asdict(soak(Path(sys.argv[1]), int(sys.argv[2])))))
