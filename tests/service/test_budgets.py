"""What a dataset may cost: held where a build took longer, wherever it was made, until somebody accepts that very result."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.base.duration import Duration
from andon.errors import ProjectError
from andon.model.acceptance import Acceptance
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.inspection.budgets import budget_result
from kit.clones import FILES, Clone

seconds = st.floats(0, 10**6, allow_nan=False)


@given(seconds, st.floats(0.001, 10**6), st.booleans())
def test_it_is_held_where_and_only_where_it_took_longer_and_nobody_accepted_it(
    took: float, may: float, is_same: bool
) -> None:
    budget = Duration(seconds=may)
    found = budget_result("m.a", budget, took, "v1")
    assert found.holds == (took > may)
    assert not budget_result("m.a", budget, may, "v1").holds, "as long as it may is not too long"
    other = found if is_same else budget_result("m.a", budget, took, "v2")
    accepted = Acceptance(other.subject, other.check, "m.a", other.label, other.version or "", 1, "ana", "ok", "now")
    again = budget_result("m.a", budget, took, "v1", acceptances={accepted.subject: accepted})
    assert again.holds == (took > may and not is_same), "an acceptance is of one result alone"
    lower = budget_result("m.a", Duration(seconds=may / 2), took, "v1", acceptances={accepted.subject: accepted})
    assert lower.holds == (took > may / 2), "and of one budget"


def limited(budget: str, sql: str = FILES["datasets/marts/totals.sql"]) -> str:
    return f"/*---\nbudget: {budget}\n---*/\n{sql}"


@pytest.fixture
def shop(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "datasets/marts/totals.sql": limited("1h")})
    assert clone.run().published
    return clone


KILLED = """
import os, signal, sys
from pathlib import Path
from andon.runs.finish import Finish
from andon.runs.goal import RunOptions
from andon.service.service import Service

Finish.commit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
service = Service.open(Path(sys.argv[1]), environ={"ANDON_AUTHOR": "ana", "HOME": sys.argv[1]})
service.runs.refresh(RunOptions())
"""


def test_a_refresh_over_budget_leaves_readers_what_they_had_until_somebody_accepts_it(shop: Clone) -> None:
    shop.write("datasets/marts/totals.sql", limited("0.00001s"))
    assert shop.run().published, "what readers have already is not held"
    before = shop.ask("from marts.totals order by all")
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(shop.root)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert shop.ask("from marts.totals order by all") == before
    held = shop.refresh()  # nothing is built again: what it took is known
    assert held.published
    (check,) = [each for each in held.checks if each.label == "budget"]
    assert (check.dataset, check.holds, check.limit) == ("marts.totals", True, "<= 1e-05")
    assert shop.ask("from marts.totals order by all") == before
    assert shop.ask("from marts.count") == [(4,)], "the healthy part goes on"
    with shop.opened() as service:
        builds = service.workspace.lake.objects.builds_of("marts.totals")
        assert check.value == builds[0].seconds
        assert "budget" in str([need.what for need in service.board.needs()])
        done = service.checks.accept(held.run or 0, ["budget"], "the month is long")
        assert done.published
    assert shop.ask("select amount from marts.totals where customer = 'ben'") == [(27,)]
    shop.write("raw/orders_07.csv", "id,customer,amount\n5,ben,1\n")
    assert [each.holds for each in shop.refresh().checks if each.label == "budget"] == [True], "it was for once"


def test_a_change_over_budget_is_held_whole_and_goes_when_the_budget_is_raised(shop: Clone) -> None:
    other = FILES["datasets/marts/totals.sql"].replace("sum(amount)", "sum(amount) + 1")
    shop.write("datasets/marts/totals.sql", limited("0.00001s", other))
    held = shop.run()
    assert (held.published, "budget" in (held.held or "")) == (False, True)
    with shop.opened() as service:
        service.branches.create("aside", "main")
        assert not service.runs.run(RunOptions(branch="aside", agreed=ANY_PLAN)).published, "on each branch"
    shop.write("datasets/marts/totals.sql", limited("1h", other))
    assert shop.run().published


def test_what_is_no_length_of_time_is_refused_at_its_place(shop: Clone) -> None:
    for said in ("2mo", "soon", "12"):
        shop.write("datasets/marts/totals.sql", limited(said))
        with pytest.raises(ProjectError) as refused:
            shop.run()
        (problem,) = refused.value.problems
        assert (problem.file, problem.line) == ("datasets/marts/totals.sql", 2)
