"""Whatever happened to a lake, each of its backups is the lake of that moment: put back elsewhere it holds the same, reads the same at
every commit, and is whole; what comes next comes to the same there as here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError, ConflictError
from andon.model.backup import Backup
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.requests import NewRequest
from andon.service.restoring import RestoreOptions, restore
from kit.backups import held
from kit.clones import FILES, Clone, ticking

FILES_OF_ALL_KINDS = {
    **FILES,
    "sources/shop/orders.sql": (
        "/*---\nchecks: |\n  amount 0..15 quarantine 90%\n---*/\n"
        "select id, customer, amount from read_csv('raw/orders_*.csv')\n"
    ),
    "datasets/marts/rows.sql": (
        "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect id, amount * 2 as twice from shop.orders\n"
    ),
    "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer from shop.orders\n",
}
COUNT = "datasets/marts/count.sql"
Step = tuple[str, int]
#: When both are looked at.
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def load(clone: Clone, number: int) -> None:
    clone.write(f"raw/orders_{10 + number}.csv", f"id,customer,amount\n{10 + number},cleo,{7 * number}\n")
    clone.refresh()


def publish(clone: Clone) -> None:
    try:
        clone.run()
    except ConflictError:
        clone.run(mine=(COUNT,))


def edit(clone: Clone, number: int) -> None:
    clone.write(COUNT, f"select {number} * count(*) as n from shop.orders\n")
    publish(clone)


def broken(clone: Clone, number: int) -> None:
    """A change that a check holds, which opens an incident."""
    clone.write(COUNT, f"/*---\nchecks: n > 1000\n---*/\nselect count(*) + {number} as n from shop.orders\n")
    publish(clone)
    clone.write(COUNT, FILES[COUNT])


def branch(clone: Clone, number: int) -> None:
    name = f"try{number}"
    with clone.opened() as service:
        service.branches.create(name)
        service.branches.switch(name)
    clone.write(f"datasets/marts/extra{number}.sql", f"select {number} as one\n")
    clone.run(branch=name)
    if number % 2:
        clone.publish(name)
    clone.switch("main")


def rename(clone: Clone, number: int) -> None:
    with clone.opened() as service:
        names = {info.dataset for info in service.datasets.list()} & {"marts.best", "marts.leader"}
        new = "marts.leader" if names == {"marts.best"} else "marts.best"
        service.renaming.rename(names.pop() if names else "marts.best", new, RunOptions(agreed=ANY_PLAN))


def talk(clone: Clone, number: int) -> None:
    with clone.opened() as service:
        service.branches.tag(f"v{number}")
        service.dataset_questions.ask("marts.totals.amount", f"Is tax in it, {number}?")
        service.requests.ask(NewRequest(what=f"orders by weekday, {number}"))
        service.cords.hold("marts.totals", "looks odd")


def drop(clone: Clone, number: int) -> None:
    with clone.opened() as service:
        service.branches.drop(f"try{number}")


STEPS: dict[str, Callable[[Clone, int], object]] = {
    "load": load,
    "edit": edit,
    "broken": broken,
    "undo": lambda clone, _: clone.undo(),
    "redo": lambda clone, _: clone.redo(),
    "branch": branch,
    "drop": drop,
    "rename": rename,
    "talk": talk,
}


def reads(clone: Clone) -> dict[str, object]:
    """What each commit of each branch shows, row by row, and what is told of the lake."""
    found: dict[str, object] = {}
    with Clone(clone.root, clock=lambda: LATER).opened() as service:
        lake = service.workspace.lake
        for ref in lake.refs.of_kind("branch"):
            for commit in lake.commits.first_parents(lake.refs.head(ref.name)):
                if commit.id in found:
                    break
                names = sorted(lake.commits.state(commit).leaves)
                found[commit.id] = {n: sorted(service.querying.ask(f"from {n}", commit.id).fetch()) for n in names}
        found["log"] = [entry.commit.id for entry in service.history.log()]
        found["incidents"] = [each.to_json() for each in service.incidents.list(with_closed=True)]
        found["requests"] = [each.to_json() for each in service.requests.list(with_ended=True)]
        found["questions"] = [each.to_json() for each in service.dataset_questions.list()]
    return found


@settings(max_examples=int(os.environ.get("ANDON_BACKUPS", "2")), deadline=None, phases=(Phase.generate,))
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(1, 3)), min_size=3, max_size=6),
    st.sets(st.integers(0, 5), max_size=2),
)
def test_a_backup_is_the_lake_of_its_moment(steps: list[Step], moments: set[int]) -> None:
    with tempfile.TemporaryDirectory() as place:
        clone = Clone(Path(place) / "acmé 'x'", clock=ticking())
        clone.fill(FILES_OF_ALL_KINDS)
        clone.run()
        kept: list[tuple[Backup, dict[str, object]]] = []
        for number, (name, which) in enumerate(steps):
            try:
                STEPS[name](clone, which)
            except AndonError:  # there is nothing to undo, no such branch: that is no matter here
                clone.fill({COUNT: FILES[COUNT]})
            if number in moments:
                kept.append(back_up(clone))
        kept.append(back_up(clone))
        for number, (backup, state) in enumerate(kept):
            again = Clone(Path(place) / f"again{number}", clock=ticking())
            restore(
                Path(place) / "kept",
                again.root,
                RestoreOptions(at=backup.id, keep_tokens=True),
                environ=_environ(again),
            )
            assert held(again, tokens=True) == state
        assert reads(again) == reads(clone)
        with again.opened() as service:
            assert service.verifying.verify(all=True).damaged == []
        for name in {path.name for path in (clone.root / "raw").iterdir()}:
            if not (
                again.root / "raw" / name
            ).exists():  # it was undone, and keeps its source as it is while it lies there
                (clone.root / "raw" / name).unlink()
        load(again, 50)
        load(clone, 50)
        assert shown(again) == shown(clone)


def shown(clone: Clone) -> dict[str, str]:
    return {name: leaf.version for name, leaf in clone.leaves().items()}


def back_up(clone: Clone) -> tuple[Backup, dict[str, object]]:
    with clone.opened() as service:
        made = service.backups.make(str(clone.root.parent / "kept"))
    assert made.backup.whole
    return made.backup, held(clone, tokens=True)


def _environ(clone: Clone) -> dict[str, str]:
    return {"ANDON_AUTHOR": clone.author, "HOME": str(clone.root)}
