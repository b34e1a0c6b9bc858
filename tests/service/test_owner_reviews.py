"""`review: owner`: what others change of a dataset is published when its owner approved exactly that, whatever the door."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.errors import AndonError
from andon.model.approval import AwaitedApproval
from andon.model.commit import Leaf
from andon.model.dataset import Dataset, Definition, Kind, Materialize
from andon.model.run import RunResult
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.planning.owners import awaited, changed_code
from andon.service.saving import ToSave
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

NAME, FILE = "marts.totals", "datasets/marts/totals.sql"
MACRO = "create macro twice(x) as x * 2;\n"
YES = RunOptions(agreed=ANY_PLAN)


def totals(value: str = "sum(twice(amount))", keys: str = "owner: ana\nreview: owner\n") -> str:
    return f"/*---\n{keys}---*/\nselect customer, {value} as amount from shop.orders group by customer\n"


PLAIN = totals(keys="owner: ana\n")


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A lake whose `marts.totals` is ana's, with the policy and without."""
    found = {}
    for is_on in (True, False):
        clone = Clone(tmp_path_factory.mktemp("reviews") / "acme")
        clone.fill({**FILES, "macros/twice.sql": MACRO, FILE: totals() if is_on else PLAIN})
        assert clone.run().published
        found[is_on] = clone.root
    return found


Door = Callable[[Service, Clone], RunResult | None]


def _code(clone: Clone) -> str:
    said = clone.read(FILE) or ""
    value = "sum(amount) + 1" if "+ 1 " not in said else "sum(amount) + 2"
    return totals(value, keys="owner: ana\nreview: owner\n" if "review" in said else "owner: ana\n")


def by_run(service: Service, clone: Clone) -> RunResult:
    clone.write(FILE, _code(clone))
    return service.runs.run(YES)


def by_selected_run(service: Service, clone: Clone) -> RunResult:
    clone.write(FILE, _code(clone))
    return service.runs.run(RunOptions(select=(NAME,), agreed=ANY_PLAN, publish="healthy"))


def by_macro(service: Service, clone: Clone) -> RunResult:
    clone.write("macros/twice.sql", (clone.read("macros/twice.sql") or "").replace("x * 2", "x * 2 + 0 * x"))
    return service.runs.run(YES)


def by_dropping(service: Service, clone: Clone) -> RunResult:
    clone.write(FILE, None)
    clone.write("datasets/marts/best.sql", None)
    return service.runs.run(YES)


def by_taking_the_policy_out(service: Service, clone: Clone) -> RunResult:
    clone.write(FILE, totals(keys="owner: ben\n"))
    return service.runs.run(YES)


def by_branch(service: Service, clone: Clone) -> RunResult:
    name = f"idea_{service.workspace.caller.author}"
    service.branches.create(name)
    clone.write(FILE, _code(clone))
    assert service.runs.run(RunOptions(branch=name, agreed=ANY_PLAN)).published, "a branch is free"
    return service.branches.publish(name, options=YES)


def by_save(service: Service, clone: Clone) -> RunResult | None:
    sql = "select customer, sum(amount) + 1 as amount from shop.orders group by customer"
    return service.saving.save(ToSave(NAME, sql, replaces=True), YES).run


DOORS: tuple[Door, ...] = (
    by_run,
    by_selected_run,
    by_macro,
    by_dropping,
    by_taking_the_policy_out,
    by_branch,
    by_save,
)


def opened(root: Path, place: Path, who: str) -> tuple[Service, Service, Clone]:
    """A copy of a lake, in the hands of `who`, and of whoever opened it."""
    copytree(root, place)
    clone = Clone(place)
    whole = clone.open()
    return whole.by(Caller(who, "python")), whole, clone


def leaf(service: Service, ref: str = "main") -> Leaf:
    lake = service.workspace.lake
    return lake.commits.state(lake.refs.resolve(ref)).leaves[NAME]


@pytest.mark.parametrize("door", DOORS)
def test_only_others_wait_and_only_where_the_owner_wants_it(
    lakes: dict[bool, Path], tmp_path: Path, door: Door
) -> None:
    for is_on, root in lakes.items():
        for who in ("ben", "ana"):
            service, whole, clone = opened(root, tmp_path / f"{is_on}_{who}", who)
            with closing(whole):
                before = leaf(service)
                result = door(service, clone)
                assert result is not None
                waits = is_on and who == "ben"
                told = planned(door, service)
                assert [each.dataset for each in told] == ([NAME] if waits else []), "a plan says what it will wait for"
                assert result.published is not waits, (is_on, who, result.held)
                if waits:
                    assert leaf(service) == before
                    held = result.held or ""
                    assert held.startswith(f"review.needed: {NAME} ")
                    assert f"`andon approve run:{result.run}`" in held
                    done = whole.by(Caller("Ana", "python")).approving.approve(f"run:{result.run}")
                    assert [each.change for each in done.approved] == [each.change for each in told]
                    assert planned(door, service) == ()
                    again = door_again(door, service)
                    assert again.published, again.held


def planned(door: Door, service: Service) -> tuple[AwaitedApproval, ...]:
    """What the plan of the same says that it waits for."""
    if door is by_branch:
        return service.branches.plan_publish(f"idea_{service.workspace.caller.author}").approvals
    if door is by_save:
        sql = "select customer, sum(amount) + 1 as amount from shop.orders group by customer"
        return service.saving.look(ToSave(NAME, sql, replaces=True), YES).plan.approvals
    return service.runs.plan(RunOptions(select=(NAME,) if door is by_selected_run else ())).approvals


def door_again(door: Door, service: Service) -> RunResult:
    """What a run that was held says: the same again."""
    if door is by_branch:
        return service.branches.publish("idea_ben", options=YES)
    if door is by_selected_run:
        return service.runs.run(RunOptions(select=(NAME,), agreed=ANY_PLAN, publish="healthy"))
    if door is by_save:
        sql = "select customer, sum(amount) + 1 as amount from shop.orders group by customer"
        saved = service.saving.save(ToSave(NAME, sql, replaces=True), YES)
        assert saved.run is not None
        return saved.run
    return service.runs.run(YES)


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(AndonError) as error:
        ask()
    assert error.value.hint
    return error.value.code


def test_an_approval_is_of_exactly_one_change_and_stops_neither_rows_nor_undo(
    lakes: dict[bool, Path], tmp_path: Path
) -> None:
    ben, whole, clone = opened(lakes[True], tmp_path / "acme", "ben")
    ana = whole.by(Caller("ana", "python"))
    with closing(whole):
        assert refused(lambda: ana.approving.approve("main")) == "review.nothing"
        first = by_run(ben, clone)
        ref = f"run:{first.run}"
        assert refused(lambda: ben.approving.approve(ref)) == "review.not_owner"
        assert refused(lambda: ana.approving.approve(ref, ["marts.best"])) == "review.nothing"
        done = ana.approving.approve(ref, [NAME])
        assert [each.dataset for each in done.approved] == [NAME]
        assert not done.waiting
        assert ana.approving.approve(ref).approved == done.approved, "approved again it is the same"
        clone.write(FILE, totals("sum(amount) + 7"))
        other = ben.runs.run(YES)
        assert "review.needed" in (other.held or ""), "a later edit is another change"
        clone.write(FILE, totals("sum(amount) + 1"))
        assert ben.runs.run(YES).published, "what was approved may be published by anybody"
        # new rows are no change of code, whoever brings them, and by the clock
        clone.write("raw/orders_09.csv", "id,customer,amount\n9,eve,3\n")
        before = leaf(ben)
        assert ben.runs.refresh(YES).published
        assert leaf(ben).version != before.version
        ana_changes = totals("sum(amount) + 3")
        clone.write(FILE, ana_changes)
        assert ana.runs.run(YES).published, "an owner needs nobody"
        ben.undoing.undo()
        assert leaf(ben).definition == before.definition
        ben.undoing.redo()
        assert leaf(ben).definition != before.definition


def test_whoever_must_approve_has_a_name(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, FILE: totals(keys="review: owner\n")})
    with pytest.raises(AndonError, match="no owner who could approve"):
        clone.run()
    clone.write(FILE, totals(keys="owner: ana\nreview: team\n"))
    with pytest.raises(AndonError, match="must be `owner`"):
        clone.run()


IDS = st.sampled_from("abc")
LEAVES = st.dictionaries(
    st.sampled_from(["m.a", "m.b", "m.c"]),
    st.builds(
        lambda code, file, build: Leaf("sql", "table", code, build, build, build, (("f.sql", file),)), IDS, IDS, IDS
    ),
)


def said(name: str, owner: str | None, review: str | None) -> Dataset:
    definition = Definition(name, Kind.SQL, Materialize.TABLE, "f.sql", "", id=name)
    return Dataset(definition, owner=owner, review=review)


@given(LEAVES, LEAVES, st.sampled_from(["owner", None]), st.sampled_from(["ana", "ben", None]))
def test_what_waits_is_what_somebody_else_owns_and_nobody_approved(
    before: dict[str, Leaf], after: dict[str, Leaf], review: str | None, owner: str | None
) -> None:
    changes = changed_code(before, after, {})
    same = {n for n in before if n in after and before[n].definition == after[n].definition}
    assert changes.keys() == before.keys() - {n for n in same if before[n].files == after[n].files}
    assert len(set(changes.values())) == len(changes), "no approval is good for two"
    published = {name: said(name, owner, review) for name in before}
    waiting = awaited(changes, published, "ben")
    is_held = review is not None and owner == "ana"
    assert waiting == [AwaitedApproval(n, "ana", changes[n]) for n in sorted(changes) if is_held]
    assert awaited(changes, published, "ben", changes.values()) == []
    assert owner != "ana" or awaited(changes, published, " Ana ") == []
