"""Whatever was reused, proved or built: each result is what its definition gives over its inputs. Judged by an engine beside the lake.

Random small projects are edited, run, run in part, tried on a branch, published and undone. Then every leaf of the branches is made by
hand from the inputs that its build names, and after a whole run nothing may be left behind by them: so all is what a build from nothing
would give. Verdicts of plans are held against what really differs.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from andon.errors import AndonError
from andon.model.run import TaskStatus
from andon.model.verdict import VerdictKind
from andon.runs.planning.changes import Changes
from kit.clones import Clone, closing
from kit.lakes import Judge, Written

SCENARIOS = int(os.environ.get("ANDON_LAKES", "4"))
FIRST = int(os.environ.get("ANDON_LAKES_FROM", "0"))
STEPS = 6
#: `{dataset: (columns with types, rows)}`.
Contents = dict[str, tuple[list[tuple[str, str]], list[tuple[Any, ...]]]]
EXPECTED = ("lake.folder_conflict", "lake.nothing_to_undo", "lake.corrupt", "project.", "query.", "usage.")


class Scenario:
    """One project, and what was done to it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.pick = random.Random(seed)
        self.clone = Clone(root)
        self.written = Written(self.pick)
        self.written.begin(self.pick.randint(3, 7))
        self.judge = Judge()
        self.log: list[str] = []
        self.known: dict[str, Contents] = {}
        self.proofs = 0
        self.publishes = 0

    def play(self) -> None:
        self.save()
        self.whole("main")
        for _ in range(10):
            if self.clone.leaves():
                break
            self.log.append(self.written.edit())
            self.save()
            self.whole("main")
        for _ in range(STEPS):
            for _ in range(self.pick.randint(1, 2)):
                self.log.append(self.written.edit())
            self.save()
            self.step()

    def step(self) -> None:
        what = self.pick.choice(["whole", "whole", "whole", "part", "aside", "undo", "lose", "refresh"])
        self.log.append(what)
        if what == "part":
            self.run("main", self.pick.choice([*self.written.sources, *self.written.datasets]))
        elif what == "aside":
            self.whole("dev")
            self.act("main", lambda: self.clone.publish("dev"))
        elif what == "undo" and self.publishes > 1:
            self.act("main", self.clone.undo)
            self.publishes -= 1
        elif what == "lose":
            lost = self.lose()
            self.whole("main")
            if lost is not None:
                self.act("main", lambda: self.clone.run(lost, force=True))
        elif what == "refresh":
            self.act("main", self.clone.refresh)
        self.whole("main")

    def save(self) -> None:
        for path, text in self.written.files().items():
            self.clone.write(path, text)

    def lose(self) -> str | None:
        """Delete the data files of a dataset; which one, if there is any."""
        with closing(self.clone.open()) as service:
            leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("main")).leaves
            if not leaves:
                return None
            name = self.pick.choice(sorted(leaves))
            for file in service.workspace.lake.objects.versions([leaves[name].version])[leaves[name].version].files:
                service.workspace.lake.storage.delete(file.path)
        self.known.clear()
        return name

    def run(self, branch: str, *select: str):
        return self.act(branch, lambda: self.clone.run(*select, branch=branch))

    def whole(self, branch: str) -> None:
        """Run all, and hold the plan's verdicts and the result against what is there."""
        judged = self.plan(branch)
        before = self.contents(branch)
        result = self.run(branch)
        self.publishes += branch == "main" and result is not None and result.published and result.run is not None
        if result is None or not result.published or any(t.status is not TaskStatus.OK for t in result.tasks):
            return
        if any(str(t.action) == "keep" for t in result.tasks):
            return
        with closing(self.clone.open()) as service:
            behind = self.judge.left_behind(service, branch)
        assert not behind, (behind, self.told())
        after = self.contents(branch)
        for name, verdict in judged.items():
            if name in before and name in after:
                self.hold(name, verdict, before[name], after[name])

    def hold(self, name: str, verdict, before, after) -> None:
        old, new = before[0], after[0]
        names = [c for c, _ in old if c in dict(new) and c not in verdict.touched]
        if not verdict.rows:
            for column in names:
                assert dict(old)[column] == dict(new)[column], (name, column, verdict, self.told())
            assert _only(before, names) == _only(after, names), (name, verdict, before, after, self.told())
        gone = {c for c, _ in old} - {c for c, _ in new}
        came = {c for c, _ in new} - {c for c, _ in old}
        if not (verdict.rows and verdict.kind is not VerdictKind.CONTRACT):
            assert gone <= verdict.touched, (name, gone, verdict, self.told())
            assert came <= verdict.touched, (name, came, verdict, self.told())
        if verdict.kind is VerdictKind.NONE:
            assert old == new, (name, verdict, self.told())

    def plan(self, branch: str):
        try:
            plan = self.clone.plan(branch=branch)
        except AndonError:
            return {}
        self.proofs += sum(step.proof is not None for step in plan.steps)
        return {step.dataset: step.verdict for step in plan.steps if step.verdict is not None}

    def act(self, branch: str, action):
        try:
            result = action()
        except AndonError as error:
            if not error.code.startswith(EXPECTED):
                raise AssertionError(f"{error.code}: {error}\n{self.told()}") from error
            self.log.append(error.code)
            result = None
        with closing(self.clone.open()) as service:
            for name in {"main", branch}:
                if service.workspace.lake.refs.find(name) is not None:
                    found = self.judge.wrong(service, name)
                    assert found is None, f"{found}\n{self.told()}"
        return result

    def contents(self, branch: str) -> Contents:
        """The columns and rows of each dataset that can be read; of a commit they are asked once, until files are lost."""
        found: Contents = {}
        with closing(self.clone.open()) as service:
            if service.workspace.lake.refs.find(branch) is None:
                branch = "main"
            commit = service.workspace.lake.refs.resolve(branch)
            if commit.id in self.known:
                return self.known[commit.id]
            leaves = service.workspace.lake.commits.state(commit).leaves
            versions = service.workspace.lake.objects.versions(leaf.version for leaf in leaves.values())
            for name, leaf in leaves.items():
                try:
                    rows = service.querying.ask(f"from {name}", branch).fetch()
                except AndonError:
                    continue
                found[name] = ([(c.name, c.type) for c in versions[leaf.version].columns], rows)
        self.known[commit.id] = found
        return found

    def told(self) -> str:
        return "\n".join(self.log)


def _only(content, names: list[str]) -> Counter[str]:
    columns, rows = content
    places = [[c for c, _ in columns].index(name) for name in names]
    return Counter(repr([row[place] for place in places]) for row in rows)


def test_every_result_is_what_its_definition_gives_over_its_inputs() -> None:
    proofs = 0
    for seed in range(FIRST, FIRST + SCENARIOS):
        with tempfile.TemporaryDirectory() as place:
            scenario = Scenario(Path(place) / "acme", seed)
            try:
                scenario.play()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
            proofs += scenario.proofs
    assert proofs > 0


def test_the_judge_notices_a_proof_that_is_none() -> None:
    def noticed(seed: int) -> bool:
        with tempfile.TemporaryDirectory() as place:
            try:
                Scenario(Path(place) / "acme", seed).play()
            except AssertionError:
                return True
        return False

    with patch.object(Changes, "prove", lambda *_: "a lie"):
        assert any(noticed(seed) for seed in range(3))
