"""Two clones, a branch, edits, deletions, raw files, undo, redo, stale folders: driven at random against a model of plain dictionaries."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from andon.base.hashing import digest
from andon.errors import ConflictError, UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.planning.gather import Gatherer
from andon.service.pull import pull
from andon.service.service import Service
from kit.lake_model import Conflict, Content, Folder, Model, Refused
from kit.lake_places import places

FIXED = {
    "andon.toml": "",
    "sources/src/numbers.sql": "select n from read_csv('raw/*.csv')\n",
    "datasets/m/total.sql": "select sum(n)::bigint as n from src.numbers\n",
}
ALWAYS = "raw/always.csv"
CLONES = ("ana", "ben")

Edit = tuple[str, Content | int | None]

who = st.sampled_from(CLONES)
edits = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["datasets/m/a.sql", "datasets/m/b.sql", "datasets/m/c.sql"]),
            st.one_of(st.tuples(st.integers(1, 3), st.booleans()), st.none()),
        ),
        st.tuples(st.sampled_from(["raw/may.csv", "raw/june.csv"]), st.sampled_from([1, 2, 4, None])),
    ),
    min_size=1,
    max_size=2,
)
branches = st.sampled_from(["main", "main", "dev"])


def sql(content: Content) -> str:
    number, comment = content
    return f"-- says {number}\nselect {number} as n\n" if comment else f"select {number} as n\n"


def csv(number: int) -> str:
    return f"n,x\n{number},1\n"


class LakeMachine(RuleBasedStateMachine):
    """Every rule acts on the real thing and on the model; afterwards both must show the same."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.places = places(self.place)

    def teardown(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)

    @initialize()
    def begin(self) -> None:
        first: Content = (1, False)
        code = {"datasets/m/a.sql": first, "datasets/m/b.sql": first}
        raw = {ALWAYS: 16, "raw/may.csv": 1}
        self.model = Model({name: Folder(dict(code), dict(raw)) for name in CLONES})
        for name in CLONES:
            for path, text in FIXED.items():
                self.put(name, path, text)
            for path, content in code.items():
                self.put(name, path, sql(content))
            for path, number in raw.items():
                self.put(name, path, csv(number))
        self.run("ana", "main", [])
        self.model.branches["main"].done.clear()  # the first publish is not undone here

    # -- the folders

    @rule(name=who, edits=edits)
    def edit(self, name: str, edits: list[Edit]) -> None:
        for path, content in edits:
            folder = self.model.folders[name]
            files = folder.raw if path.startswith("raw/") else folder.code
            if content is None:
                files.pop(path, None)
                self.put(name, path, None)
            elif isinstance(content, int):
                folder.raw[path] = content
                self.put(name, path, csv(content))
            else:
                folder.code[path] = content
                self.put(name, path, sql(content))

    @rule(name=who)
    def copy_the_code_of_the_other(self, name: str) -> None:
        """As git would, behind our back: the files come, the base does not."""
        other = next(n for n in CLONES if n != name)
        theirs, ours = self.model.folders[other].code, self.model.folders[name].code
        for path in theirs.keys() | ours.keys():
            self.put(name, path, sql(theirs[path]) if path in theirs else None)
        self.model.folders[name].code = dict(theirs)

    @rule(name=who)
    def clone_anew(self, name: str) -> None:
        """The files stay, and nothing else is known."""
        shutil.rmtree(self.place / name / ".andon", ignore_errors=True)
        self.model.folders[name].bases.clear()

    # -- the verbs; what needs something to be there waits until it is, so that few steps are idle

    @rule(name=who, branch=branches, edits=st.one_of(edits, st.just([])))
    def run(self, name: str, branch: str, edits: list[Edit]) -> None:
        self.edit(name, edits)
        if branch in self.model.branches:
            with self.open(name) as service:
                self.both(
                    lambda: self.model.run(name, branch),
                    lambda: service.runs.run(RunOptions(branch=branch, agreed=ANY_PLAN)),
                )

    @rule(name=who, branch=branches, edits=st.one_of(edits, st.just([])))
    def refresh(self, name: str, branch: str, edits: list[Edit]) -> None:
        self.edit(name, edits)
        if branch in self.model.branches:
            with self.open(name) as service:
                self.both(
                    lambda: self.model.refresh(name, branch),
                    lambda: service.runs.refresh(RunOptions(branch=branch)),
                )

    @precondition(lambda self: any(b.done for b in self.model.branches.values()))
    @rule(name=who, data=st.data())
    def undo(self, name: str, data: st.DataObject) -> None:
        branch = data.draw(st.sampled_from([n for n, b in self.model.branches.items() if b.done]))
        with self.open(name) as service:
            self.both(self.model.branches[branch].undo, lambda: service.undoing.undo(branch))

    @rule(name=who)
    def undo_and_run(self, name: str) -> None:
        """Undone things stay undone while they still lie in the folder."""
        if self.model.branches["main"].done:
            with self.open(name) as service:
                self.both(self.model.branches["main"].undo, lambda: service.undoing.undo("main"))
            self.run(name, "main", [])

    @precondition(lambda self: any(b.undone for b in self.model.branches.values()))
    @rule(name=who, data=st.data())
    def redo(self, name: str, data: st.DataObject) -> None:
        branch = data.draw(st.sampled_from([n for n, b in self.model.branches.items() if b.undone]))
        with self.open(name) as service:
            self.both(self.model.branches[branch].redo, lambda: service.undoing.redo(branch))

    @precondition(lambda self: self.model.branches["main"].rejected)
    @rule(name=who, data=st.data())
    def accept(self, name: str, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted({p for p, _ in self.model.branches["main"].rejected})))
        with self.open(name) as service:
            self.both(
                lambda: self.model.accept("main", path),
                lambda: service.undoing.accept_rejected(path, branch="main"),
            )

    @rule(name=who)
    def bring_in(self, name: str) -> None:
        if self.model.can_pull(name, "main"):
            with self.open(name) as service:
                self.both(lambda: self.model.pull(name, "main"), lambda: pull(service.workspace, "main"))

    @precondition(lambda self: "dev" not in self.model.branches)
    @rule(name=who)
    def make_branch(self, name: str) -> None:
        with self.open(name) as service:
            self.both(lambda: self.model.branch(name, "dev"), lambda: service.branches.create("dev"))

    @precondition(lambda self: "dev" in self.model.branches)
    @rule(name=who)
    def publish_branch(self, name: str) -> None:
        with self.open(name) as service:
            self.both(
                lambda: self.model.publish(name, "dev"),
                lambda: service.branches.publish("dev", options=RunOptions(agreed=ANY_PLAN)),
            )

    # -- both must agree

    def both(self, modelled, real) -> None:
        """Do it; where the model refuses or sees a conflict, so must the product, and nothing happens."""
        try:
            modelled()
        except Conflict:
            expected: type[Exception] | None = ConflictError
        except Refused:
            expected = UsageError
        else:
            expected = None
        try:
            result = real()
            seen: type[Exception] | None = None
        except (ConflictError, UsageError) as error:
            result, seen = str(error), type(error)
        assert seen == expected, f"the model says {expected}, the product {seen}: {result}"
        assert getattr(result, "held", None) is None, result

    @invariant()
    def leaves_and_bases_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        for name in CLONES:
            with self.open(name) as service:
                if name == CLONES[0]:
                    self._branches_agree(service)
                self._bases_agree(name, service)
            folder = self.model.folders[name]
            files = {p: (self.place / name / p).read_text() for p in self._datasets(name)}
            assert files == {p: sql(c) for p, c in folder.code.items()}

    def _branches_agree(self, service: Service) -> None:
        lake = service.workspace.lake
        for branch, expected in self.model.branches.items():
            commit = lake.refs.resolve(branch)
            state = lake.commits.state(commit)
            held = expected.head.held
            code = {p: s for p, s in state.files().items() if p not in FIXED}
            assert code == {p: digest(sql(c).encode()) for p, c in held.code.items()}, branch
            build = Gatherer(service.workspace).source_builds(state)["src.numbers"]
            assert {f.path: f.sha256 for f in build.files} == _raw(held.raw), branch
            assert {c.path for c in commit.rejected} == {path for path, _ in expected.rejected}, branch

    def _bases_agree(self, name: str, service: Service) -> None:
        bases = self.model.folders[name].bases
        for branch in self.model.branches:
            real, expected = service.workspace.bases.of(branch), bases.get(branch)
            assert (real is None) == (expected is None), (name, branch)
            if real is not None and expected is not None:
                code = {p: s for p, s in real.code.files.items() if p not in FIXED}
                assert code == {p: c and _sql(c) for p, c in expected.code.files.items()}, (name, branch)
                raw = real.raw.get("src.numbers")
                assert (raw is None) == (expected.raw is None), (name, branch)
                if raw is not None:
                    assert raw.files == {p: c and _csv(c) for p, c in expected.raw.files.items()}, (name, branch)

    @rule(name=who)
    def ask(self, name: str) -> None:
        """What readers see is what the model holds."""
        with self.open(name) as service:
            for branch, target in self.model.branches.items():
                held = target.head.held
                expected = {f"m.{Path(p).stem}": number for p, (number, _) in held.code.items()}
                expected["m.total"] = sum(held.raw.values())
                text = " union all ".join(f"select '{d}', n from {d}" for d in expected)
                assert dict(service.querying.ask(text, branch).fetch()) == expected, branch

    # -- parts

    def open(self, name: str):
        environ = {"ANDON_AUTHOR": name, "HOME": str(self.place), **self.places}
        return closing(Service.open(self.place / name, environ=environ))

    def put(self, name: str, path: str, text: str | None) -> None:
        target = self.place / name / path
        if text is None:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def _datasets(self, name: str) -> list[str]:
        folder = self.place / name
        found = (p.relative_to(folder).as_posix() for p in (folder / "datasets").rglob("*.sql"))
        return [p for p in found if p not in FIXED]


def _raw(raw: dict[str, int]) -> dict[str, str]:
    return {path: _csv(number) for path, number in raw.items()}


def _csv(number: int) -> str:
    return digest(csv(number).encode())


def _sql(content: Content) -> str:
    return digest(sql(content).encode())


TestLakeModel = LakeMachine.TestCase
TestLakeModel.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_folder_that_never_had_an_undone_file_has_not_removed_it():
    """Of two files that one undo took out, it holds one, as it was: that one stays out."""
    state = LakeMachine()
    try:
        state.begin()
        state.run("ana", "main", [("raw/june.csv", 2), ("raw/may.csv", 4)])
        state.edit("ben", [("raw/may.csv", 4)])
        state.undo_and_run("ben")
        state.leaves_and_bases_agree()
        assert state.model.branches["main"].head.held.raw["raw/may.csv"] == 1
    finally:
        state.teardown()
