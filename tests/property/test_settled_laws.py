"""A plan that asks for what moved alone has the steps of one that asks for everything, whatever was edited, failed or undone before."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.base.graph import levels
from andon.base.record import replace
from andon.base.sqlite import SqliteDatabase
from andon.lake.commits import Commits
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.model.build import Build, InputFile, recipe_key
from andon.model.commit import Leaf, State
from andon.model.dataset import ClockUse, Definition, Kind, Materialize, definition_id
from andon.model.plan import Action, Step
from andon.runs.planning.gather import CodeDiffering
from andon.runs.planning.settled import SettledTree, is_plain
from andon.runs.planning.steps import Situation, SourceInput, plan_steps
from kit.lake_objects import draft, ticking

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = [f"m.d{number}" for number in range(7)]
EDIT = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from("12"),
    st.lists(st.sampled_from(NAMES), max_size=2),
    st.sampled_from(["table", "table", "table", "view", "source", "clock", "gone"]),
)
FEW = st.one_of(st.just(set()), st.just(set()), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2))
ROUND = st.fixed_dictionaries(
    {
        "edits": st.one_of(st.just([]), st.lists(EDIT, min_size=1, max_size=2)),
        "brings": st.booleans(),
        # what fails or is held back stays as it was, whatever it reads
        "fails": FEW,
        "same": FEW,
        "comments": FEW,
        "select": st.one_of(st.none(), st.none(), st.none(), st.sets(st.sampled_from(NAMES), min_size=1)),
        "force": FEW,
        "hold": FEW,
        "revert": FEW,
        "mix": FEW,
        "back": st.sampled_from([0, 0, 0, 2, 3, 4]),
        "forget": st.sampled_from([False, False, False, True]),
    }
)
NONE: dict[str, object] = {"edits": [], "brings": False, "select": None, "back": 0, "forget": False}
QUIET = {**NONE, **{each: set() for each in ("fails", "same", "comments", "force", "hold", "revert", "mix")}}
ROUNDS = st.lists(st.one_of(st.just(QUIET), ROUND), min_size=3, max_size=7)
#: A dataset that was left behind by other code, whose earlier input then moved, is edited back.
LEFT_BEHIND = [
    {**QUIET, "edits": [("m.d2", "2", ["m.d1"], "table")], "fails": {"m.d2"}},
    {**QUIET, "brings": True, "fails": {"m.d2", "m.d1", *NAMES[3:]}},
    {**QUIET, "fails": {"m.d2", "m.d1", *NAMES[3:]}},
    {**QUIET, "revert": {"m.d2"}},
]
#: What a source is taken back to is held, and what reads it was made of what came after.
TAKEN_BACK = [
    {**QUIET, "brings": True},
    {**QUIET, "back": 2, "mix": {"m.d0"}},
    {**QUIET, "fails": {"m.d0"}},
    {**QUIET, "hold": {"m.d0"}},
]


def defined(name: str, text: str, inputs: list[str], sort: str) -> Definition:
    read = tuple(sorted({each for each in inputs if each < name})) if sort != "source" else ()
    kind = Kind.SOURCE if sort == "source" else Kind.SQL
    made = Materialize.VIEW if sort == "view" else Materialize.TABLE
    clock = ClockUse.INSTANT if sort == "clock" else ClockUse.NONE
    meaning = f"{text} {sort} {read}"
    return Definition(name, kind, made, f"{name}.sql", meaning, read, clock=clock, id=definition_id(name, meaning, ()))


def finished(step: Step, definition: Definition, leaf: Leaf | None, leaves: dict[str, Leaf], told, raw: str) -> Leaf:
    """The leaf of a dataset after its step, with its key as its inputs have come out."""
    own = told["own"][step.dataset]
    if step.action is Action.KEEP and leaf is not None:
        return leaf
    if step.action is Action.REUSE:
        return Leaf(
            str(definition.kind), "table", definition.id, str(step.key), str(step.build), str(step.version), own
        )
    inputs = {each: leaves[each].version for each in definition.inputs if each in leaves}
    files = (InputFile("raw", raw),) if definition.kind is Kind.SOURCE else ()
    key = recipe_key(definition.id, inputs, files, clock=str(NOW) if definition.clock is ClockUse.INSTANT else None)
    is_same = step.dataset in told["same"] and leaf is not None
    version = leaf.version if is_same and leaf is not None else f"version of {key}"
    return Leaf(str(definition.kind), "table", definition.id, key, f"build of {key}", version, own)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROUNDS)
@example(LEFT_BEHIND)
@example(TAKEN_BACK)
def test_what_is_not_asked_for_is_as_it_was(rounds):
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder) / "catalog.db")
        lake = Lake.open(database, LocalStorage(Path(folder) / "lake"), ticking(), "ana")
        cache = MemoryCache()
        code = {name: defined(name, "0", NAMES[:1], "source" if name == NAMES[0] else "table") for name in NAMES}
        first, builds = dict(code), dict[str, Build]()
        commented: dict[str, str] = {}
        history = [lake.refs.head("main")]
        raw = 0
        for asked in (QUIET, QUIET, *rounds, QUIET):
            told = dict(asked)
            raw += told["brings"]
            for name, text, inputs, sort in told["edits"]:
                code.pop(name, None)
                if sort != "gone":
                    code[name] = defined(name, text, inputs, sort)
            code |= {name: first[name] for name in told["revert"]}
            code = {n: d for n, d in code.items() if all(each in code for each in d.inputs)}
            commented |= {name: commented.get(name, "") + "-" for name in told["comments"]}
            own = {name: ((f"{name}.sql", each.meaning + commented.get(name, "")),) for name, each in code.items()}
            told["own"] = own
            head = history[-1]
            workspace = SimpleNamespace(lake=SimpleNamespace(commits=Commits(database)), cache=cache)
            state = workspace.lake.commits.state(head)
            select = frozenset(told["select"]) if told["select"] is not None else None
            held = {name: "held" for name in told["hold"]}
            forced = frozenset(told["force"])
            whole = Situation(
                definitions=code,
                files=own,
                leaves=state.leaves,
                sources={
                    name: SourceInput((InputFile("raw", str(raw)),))
                    for name, each in code.items()
                    if each.kind is Kind.SOURCE
                },
                moment=NOW,
                known=lambda keys, builds=builds: {key: builds[key] for key in keys if key in builds},
                selected=select,
                forced=forced,
                held=held,
            )
            settled = SettledTree(workspace, head, state.leaves, code)
            standing = settled.standing(CodeDiffering(state, code, own), {*forced, *held})
            steps = plan_steps(whole)
            order = levels({name: each.inputs for name, each in code.items()})
            assert plan_steps(replace(whole, standing=standing)) == steps
            assert plan_steps(replace(whole, standing=standing, levels=order)) == steps
            settled.learn(steps)
            event(f"some stand: {bool(standing)}")
            again = SettledTree(workspace, head, state.leaves, code)
            unchanged = {step.dataset for step in steps if step.reason == "unchanged" and not step.code_changed}
            if select is None and not told["edits"] and len(unchanged) == len(code):
                assert again.standing(CodeDiffering(state, code, own), set()) == {n for n in code if is_plain(code[n])}
            leaves = dict(state.leaves)
            for step in steps:
                if step.action is Action.DROP:
                    leaves.pop(step.dataset)
                elif step.dataset not in told["fails"]:
                    leaves[step.dataset] = finished(
                        step, code[step.dataset], leaves.get(step.dataset), leaves, told, str(raw)
                    )
            builds |= {
                leaf.key: Build(leaf.build, leaf.key, name, leaf.definition, leaf.version, 1)
                for name, leaf in leaves.items()
            }
            back = history[-told["back"] :][0] if told["back"] and told["back"] <= len(history) else None
            after = workspace.lake.commits.state(back) if back is not None else State(leaves)
            if back is not None and told["mix"]:
                after = State({**leaves, **{n: leaf for n, leaf in after.leaves.items() if n in told["mix"]}})
            with database.write() as transaction:
                root = Commits(database).root_of(transaction, after)
                history.append(Commits(database).write(transaction, draft(head), root))
            if told["forget"]:
                cache = MemoryCache()
        database.close()
