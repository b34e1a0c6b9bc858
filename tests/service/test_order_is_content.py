"""What rows a dataset's own order puts first, and the sign of a zero, are content: a lake with a history shows what a fresh one would."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.clones import Clone

SOURCE = "select i, v from read_csv('raw/n.csv')\n"
FIRST = "select i from m.sorted limit 2\n"


def csv(*values: int) -> str:
    return "i,v\n" + "".join(f"{value},{value % 3}\n" for value in values)


@pytest.fixture
def numbers(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("raw/n.csv", csv(1, 2, 3, 4, 5))
    clone.write("sources/s/n.sql", SOURCE)
    clone.write("datasets/m/sorted.sql", "select i, v from s.n order by i\n")
    clone.write("datasets/m/passed.sql", "select i, v + 1 as w from m.sorted\n")
    clone.write("datasets/m/first.sql", FIRST)
    clone.write("datasets/m/later.sql", "select i from m.passed where w > 1 limit 2\n")
    clone.write("datasets/m/total.sql", "select count(*) as n, sum(i) as i from m.passed\n")
    assert clone.run().published
    return clone


def anew(clone: Clone, tmp_path: Path) -> dict[str, list[tuple]]:
    """What a fresh lake makes of the folder."""
    fresh = Clone(tmp_path / "fresh")
    for path in clone.root.rglob("*"):
        if path.is_file() and ".andon" not in path.parts:
            fresh.write(path.relative_to(clone.root).as_posix(), path.read_text())
    fresh.run()
    return shown(fresh)


def shown(clone: Clone) -> dict[str, list[tuple]]:
    with clone.opened() as service:
        return {name: service.querying.ask(f"from {name}").fetch() for name in clone.leaves()}


@pytest.mark.parametrize(
    "edits",
    [
        {"datasets/m/sorted.sql": "select i, v from s.n order by i desc\n"},
        {"raw/n.csv": csv(5, 4, 3, 2, 1), "datasets/m/sorted.sql": "select i, v from s.n\n"},
        {"datasets/m/sorted.sql": "from s.n order by v desc, i\n"},
        {"datasets/m/sorted.sql": "select i, v from s.n where i > 3 union all select i, v from s.n where i <= 3\n"},
    ],
)
@pytest.mark.parametrize("how", [{}, {"force": True}, {"proofs": False}])
def test_rows_in_another_order_reach_all_that_takes_the_first_of_them(numbers, tmp_path, edits, how, each_by_itself):
    numbers.fill(edits)
    assert numbers.run(**how).published
    assert shown(numbers) == anew(numbers, tmp_path)
    assert numbers.run().run is None


def test_raw_files_whose_rows_moved_are_read_anew_and_what_only_counts_is_not(numbers):
    numbers.write("raw/n.csv", csv(5, 4, 3, 2, 1))
    before = numbers.leaves()
    assert numbers.run().published
    after = numbers.leaves()
    assert numbers.ask("from s.n")[0] == (5, 2)
    # what sorts by all that it reads, or gives one row, is what it was; and so is all that reads it
    for name in ("m.first", "m.total"):
        assert after[name].version == before[name].version


def test_parts_of_a_union_that_change_places_are_made_anew_and_nothing_else(numbers, tmp_path):
    numbers.write("datasets/m/both.sql", "select i from s.n where i > 3 union all select i from s.n where i < 3\n")
    numbers.write("datasets/m/top.sql", "select i from m.both limit 1\n")
    numbers.write("datasets/m/sum.sql", "select sum(i) as i from m.both\n")
    numbers.run()
    numbers.write("datasets/m/both.sql", "select i from s.n where i < 3 union all select i from s.n where i > 3\n")
    plan = numbers.plan()
    verdict = next(step.verdict for step in plan.steps if step.dataset == "m.both")
    assert (str(verdict.kind), verdict.reordered) == ("none", True)
    assert {step.dataset for step in plan.steps if step.action == "build"} == {"m.both", "m.top"}
    numbers.run()
    assert numbers.ask("from m.top") == [(1,)]
    assert shown(numbers) == anew(numbers, tmp_path)


def test_a_column_that_rows_are_only_sorted_by_is_read(numbers, tmp_path):
    numbers.write("datasets/m/by.sql", "select i from m.sorted order by v, i\n")
    numbers.run()
    numbers.write("raw/n.csv", "i,v\n1,9\n2,2\n3,0\n4,1\n5,2\n")
    numbers.run()
    assert numbers.ask("from m.by") == [(3,), (4,), (2,), (5,), (1,)]
    assert shown(numbers) == anew(numbers, tmp_path)


@pytest.mark.parametrize("zeros", [("0.0", "-0.0"), ("-0.0", "0.0")])
def test_the_sign_of_a_zero_is_content(numbers, tmp_path, zeros):
    numbers.write("sources/s/z.sql", "select x from read_csv('raw/z.csv', columns = {'x': 'DOUBLE'}, header = true)\n")
    numbers.write("datasets/m/inverse.sql", "select 1 / x as y from s.z\n")
    for value in zeros:
        numbers.write("raw/z.csv", f"x\n-1.0\n{value}\n1.0\n")  # smallest and largest stay what they are
        numbers.run()
    assert numbers.ask("from m.inverse")[1] == (float("-inf" if zeros[1] == "-0.0" else "inf"),)
    assert shown(numbers) == anew(numbers, tmp_path)
