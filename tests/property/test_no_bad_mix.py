"""Whatever a branch shows was checked in exactly that mix, judged by hand: random small lakes, loads, edits, runs, acceptances, undos."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.graph import reach, reverse
from andon.errors import AndonError
from andon.model.commit import CommitKind
from andon.model.run import RunResult
from andon.runs.inspection.history import CheckHistory
from kit.clones import Clone

SOURCES = ("s.a", "s.b")
DATASETS = ("d.one", "d.two", "d.three")
ALL = (*SOURCES, *DATASETS)
_OWN = re.compile(r"^v < (-?\d+)( warn)?$")
_OTHER = re.compile(r"^sum\(v\) (<=|>=) sum\((\w+\.\w+)\.v\)( warn)?$")

severity = st.sampled_from(["", "", " warn"])
lines = st.lists(
    st.one_of(
        st.builds(lambda k, s: f"v < {k}{s}", st.integers(0, 12), severity),
        st.builds(
            lambda o, d, s: f"sum(v) {o} sum({d}.v){s}", st.sampled_from(["<=", ">="]), st.sampled_from(ALL), severity
        ),
    ),
    max_size=2,
    unique=True,
)
values = st.lists(st.integers(0, 12), min_size=1, max_size=3)
policy = st.sampled_from(["healthy", "all-or-nothing"])
steps = st.one_of(
    st.tuples(st.just("load"), st.sampled_from(SOURCES), values),
    st.tuples(st.just("load"), st.sampled_from(SOURCES), values),
    st.tuples(st.just("edit"), st.sampled_from(ALL), lines, st.integers(0, 3)),
    st.tuples(st.just("refresh"), policy),
    st.tuples(st.just("refresh"), policy),
    st.tuples(st.just("run"), policy, st.sampled_from([None, None, *ALL])),
    st.tuples(st.just("aside"), policy),
    st.tuples(st.just("publish")),
    st.tuples(st.just("accept"), st.booleans()),
    st.tuples(st.just("undo")),
)
inputs = st.tuples(*(st.sets(st.sampled_from(ALL[: 2 + n]), min_size=1, max_size=2) for n in range(3)))


class Lake:
    """A project, what was done to it, and the judge of what it shows."""

    def __init__(self, root: Path, reads, views, checks) -> None:
        self.clone = Clone(root)
        self.reads = {name: tuple(sorted(found)) for name, found in zip(DATASETS, reads, strict=True)}
        self.readers = reverse(self.reads)
        self.views = views
        self.held: int | None = None
        self.clone.write("andon.toml", "")
        for name in SOURCES:
            self.load(name, [1, 2])
        for name in ALL:
            self.edit(name, checks[name], 0)

    def load(self, name: str, numbers: list[int]) -> None:
        self.clone.write(f"raw/{name}.csv", "id,v\n" + "".join(f"{i},{v}\n" for i, v in enumerate(numbers)))

    def edit(self, name: str, checks: list[str], plus: int) -> None:
        checks = [line for line in checks if f"({name}.v)" not in line]
        if name in SOURCES:
            place, sql = "sources", f"select v + {plus} as v from read_csv('raw/{name}.csv')"
        else:
            parts = " union all ".join(f"select v from {p}" for p in self.reads[name])
            place, sql = "datasets", f"select v + {plus} as v from ({parts}) order by v"
        head = ["materialize: view"] if name in self.views else []
        head += ["checks: |", *(f"  {line}" for line in checks)] if checks else []
        text = "/*---\n" + "\n".join(head) + "\n---*/\n" if head else ""
        self.clone.write(f"{place}/{name.replace('.', '/')}.sql", text + sql + "\n")

    def do(self, step) -> None:
        match step:
            case ("load", name, numbers):
                self.load(name, numbers)
            case ("edit", name, checks, plus):
                self.edit(name, checks, plus)
            case ("refresh", how):
                self.judged("main", lambda: self.clone.refresh(publish=how))
            case ("run", how, None):
                self.judged("main", lambda: self.clone.run(publish=how))
            case ("run", how, name):
                self.judged("main", lambda: self.clone.run(name, publish=how))
            case ("aside", how):
                self.judged("dev", lambda: self.clone.run(branch="dev", publish=how))
            case ("publish",):
                self.judged("main", lambda: self.clone.publish("dev"))
            case ("accept", every):
                self.accept(every)
            case ("undo",):
                try:
                    self.clone.undo()
                except AndonError as error:
                    if error.code != "lake.nothing_to_undo":
                        raise

    def accept(self, every: bool) -> None:
        if self.held is None:
            return
        with closing(self.clone.open()) as service:
            failing = [c for c in CheckHistory(service.workspace).of_run(self.held) if c.holds]
            branch = service.workspace.runs.find(self.held).branch
        wanted = [f"{c.dataset}: {c.label}" for c in (failing if every else failing[:1])]
        if wanted:
            run = self.held

            def act() -> RunResult:
                with closing(self.clone.open()) as service:
                    return service.checks.accept(run, sorted(set(wanted)), "so be it")

            self.judged(branch, act)

    # -- the judge

    def judged(self, branch: str, act) -> None:
        try:
            before = self.clone.head(branch)
        except AndonError:
            before = self.clone.head("main")
        try:
            result = act()
        except AndonError as error:
            known = ("lake.folder_conflict", "lake.ref_not_found", "lake.ref_expired", "project.", "usage.")
            if not error.code.startswith(known):
                raise
            return
        if result.run is None:
            return
        self.held = None if result.published and not result_holds(result) else result.run
        after = self.clone.head(branch)
        assert (after.id == result.commit) == result.published
        old, new, whole = (self.clone.leaves(ref) for ref in (before.id, after.id, f"run:{result.run}"))
        for task in result.tasks:  # all that was built can be seen
            if task.version is not None and str(task.status) in ("ok", "held") and str(task.action) != "keep":
                assert whole[task.dataset].version == task.version, (task, result)
        if not result.published:
            assert after.id == before.id
            return
        assert after.kind in (CommitKind.CHANGE, CommitKind.REFRESH, CommitKind.PUBLISH)
        self.nothing_bad(old, new, after)
        self.nothing_kept_without_cause(new, whole, result)

    def nothing_bad(self, old, new, after) -> None:
        accepted = {(a.dataset, a.label, a.version) for a in after.acceptances}
        rows = {name: [v for (v,) in self.clone.ask(f"select v from {name}", at=after.id)] for name in new}
        for name, leaf in new.items():
            for line in self.lines(leaf):
                names = {name, *([m[2]] if (m := _OTHER.match(line)) else [])}
                if line.endswith(" warn") or not names <= new.keys():
                    continue
                version = {n: new[n].version for n in names}
                if all(n in old and old[n].version == version[n] for n in names):
                    continue  # nothing that it reads was changed by this publish
                good = holds(line, rows[name], rows)
                assert good or (name, line, leaf.version) in accepted, (name, line, rows)

    def nothing_kept_without_cause(self, new, whole, result: RunResult) -> None:
        kept = {d for d in whole if whole[d] != new.get(d)}
        named = {d for c in result.checks if c.holds for d in (c.dataset, *(o for o, _ in c.others))}
        named |= {t.dataset for t in result.tasks if str(t.status) == "failed"}
        assert kept <= named | reach(self.readers, named), (kept, named, result.checks)

    def lines(self, leaf) -> list[str]:
        with closing(self.clone.open()) as service:
            texts = [service.workspace.lake.objects.text(sha).decode() for _, sha in leaf.files]
        return [line.strip() for text in texts for line in text.splitlines() if line.startswith("  ")]


def result_holds(result: RunResult) -> bool:
    return any(c.holds for c in result.checks)


def holds(line: str, own: list[int], rows) -> bool:
    """Whether a line holds, by hand."""
    if found := _OWN.match(line):
        return all(v < int(found[1]) for v in own)
    found = _OTHER.match(line)
    assert found is not None
    there = rows[found[2]]
    if not own or not there:
        return False
    return sum(own) <= sum(there) if found[1] == "<=" else sum(own) >= sum(there)


@settings(
    max_examples=int(os.environ.get("ANDON_MIXES", "8")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    inputs,
    st.sets(st.sampled_from(DATASETS), max_size=2),
    st.fixed_dictionaries({name: lines for name in ALL}),
    st.lists(steps, min_size=3, max_size=9),
)
def test_what_is_shown_was_checked_in_exactly_that_mix(reads, views, checks, todo):
    with tempfile.TemporaryDirectory() as place:
        lake = Lake(Path(place) / "acme", reads, views, checks)
        lake.do(("run", "healthy", None))
        for step in todo:
            lake.do(step)
