"""What a dataset may cost: held where a build took longer, wherever it was made, until somebody accepts that very result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from decimal import Decimal
from html import unescape

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from andon.base.duration import Duration
from andon.cli.app import cli
from andon.errors import ProjectError
from andon.model.acceptance import Acceptance
from andon.model.budget import Budget, HourlyRate, read_budget
from andon.model.check_result import CheckResult
from andon.render.words import stake_text
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.runs.inspection.budgets import BuiltVersion, budget_result, publish_budget_result
from andon.value.rates import Rates
from kit.clones import FILES, Clone
from kit.serving import serving

seconds = st.floats(0, 10**6, allow_nan=False)


@given(seconds, st.floats(0.001, 10**6), st.booleans())
def test_it_is_held_where_and_only_where_it_took_longer_and_nobody_accepted_it(
    took: float, may: float, is_same: bool
) -> None:
    budget = Budget(time=Duration(seconds=may))
    found = budget_result(BuiltVersion("m.a", "v1", took), budget)
    assert found.holds == (took > may)
    assert not budget_result(BuiltVersion("m.a", "v1", may), budget).holds, "as long as it may is not too long"
    other = found if is_same else budget_result(BuiltVersion("m.a", "v2", took), budget)
    accepted = {other.subject: accepting(other)}
    again = budget_result(BuiltVersion("m.a", "v1", took), budget, acceptances=accepted)
    assert again.holds == (took > may and not is_same), "an acceptance is of one result alone"
    half = Budget(time=Duration(seconds=may / 2))
    lower = budget_result(BuiltVersion("m.a", "v1", took), half, acceptances=accepted)
    assert lower.holds == (took > may / 2), "and of one budget"


def accepting(result: CheckResult) -> Acceptance:
    """Somebody publishes that very result."""
    version = result.version or ""
    return Acceptance(result.subject, result.check, result.dataset, result.label, version, 1, "ana", "ok", "now")


amounts = st.decimals("0.01", 10**6, places=2)


@given(seconds, amounts, st.decimals("0.01", 1000, places=2))
def test_money_is_the_seconds_by_the_rate_of_the_bill(took: float, may: Decimal, hour: Decimal) -> None:
    rate = HourlyRate(hour, "EUR")
    found = budget_result(BuiltVersion("m.a", "v1", took), Budget(amount=may, currency="EUR"), rate)
    priced = Rates("EUR", hour).priced(round(took * 10**6), 0).money  # millionths, as `andon cost` adds them up
    assert found.holds == (rate.money(took) > may)
    assert abs(rate.money(took) * 10**6 - priced) <= 1
    assert (found.value, found.limit) == (float(rate.money(took)), f"<= {float(may):g}")


@given(st.lists(seconds, max_size=6), st.floats(0.001, 10**6), st.booleans())
def test_a_publish_is_held_where_all_its_builds_together_took_longer(
    took: list[float], may: float, is_other: bool
) -> None:
    built = [BuiltVersion(f"m.d{number}", f"v{number}", each) for number, each in enumerate(took)]
    budget = Budget(time=Duration(seconds=may))
    found = publish_budget_result(built, budget)
    if found is None:
        assert not built
        return
    assert found.holds == (sum(sorted(took, reverse=True)) > may)
    assert sorted(found.datasets) == [each.dataset for each in built], "what it holds is all of it"
    assert publish_budget_result(reversed(built), budget) == found
    accepted = {found.subject: accepting(found)}
    again = [*built, BuiltVersion("m.more", "v", 0.0)] if is_other else built
    assert publish_budget_result(again, budget, acceptances=accepted).holds == (found.holds and is_other)


@given(st.text(alphabet="0123456789.EURUSDminhsd y_-", max_size=12))
def test_a_budget_says_what_was_written(text: str) -> None:
    found = read_budget(text)
    if found is not None:
        assert found.limit > 0
        assert read_budget(str(found)) == found


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
    for said in ("2mo", "soon", "12", "2 euro", "EUR 2", "0 EUR", "-1 EUR"):
        shop.write("datasets/marts/totals.sql", limited(said))
        with pytest.raises(ProjectError) as refused:
            shop.run()
        (problem,) = refused.value.problems
        assert (problem.file, problem.line) == ("datasets/marts/totals.sql", 2)


RATES = '[cost]\ncurrency = "EUR"\ncompute_hour = 3600\n'


def test_a_budget_of_money_needs_a_rate_in_its_currency(shop: Clone) -> None:
    shop.write("datasets/marts/totals.sql", limited("2 EUR"))
    for toml in ("", RATES.replace("EUR", "USD")):
        shop.write("andon.toml", toml)
        for act in (shop.plan, shop.run):
            with pytest.raises(ProjectError) as refused:
                act()
            (problem,) = refused.value.problems
            assert (problem.file, problem.code) == ("datasets/marts/totals.sql", "project.bad_value")
            assert 'currency = "EUR"' in (problem.hint or "")
    shop.write("andon.toml", RATES)
    assert shop.run().published
    shop.write("andon.toml", '[publish]\nbudget = "2 EUR"\n')
    with pytest.raises(ProjectError) as refused:
        shop.refresh()
    assert [problem.file for problem in refused.value.problems] == ["andon.toml", "datasets/marts/totals.sql"]


def test_a_publish_over_its_budget_is_held_until_somebody_accepts_it_and_the_plan_says_so_before(shop: Clone) -> None:
    other = FILES["datasets/marts/totals.sql"].replace("sum(amount)", "sum(amount) + 1")
    shop.write("andon.toml", f'{RATES}[publish]\nbudget = "0.00001 EUR"\n')
    shop.write("datasets/marts/totals.sql", other)
    before = shop.ask("from marts.totals order by all")
    plan = shop.plan()
    assert plan.stake is not None
    (budget,) = plan.stake.budgets
    assert (budget.dataset, budget.budget, budget.over) == (None, "0.00001 EUR", True)
    text = stake_text(plan.stake)
    assert text.startswith("rebuilds 2 datasets, ≈ ")
    assert f"(≈ {plan.stake.money} EUR)" in text
    assert "of the 0.00001 EUR that a publish may take: it would be held" in text
    held = shop.run()
    assert not held.published
    (check,) = [each for each in held.checks if each.label == "publish budget"]
    with shop.opened() as service:
        state = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve(f"run:{held.run}"))
        built = service.workspace.lake.objects.builds(state.leaves[name].build for name in check.datasets)
        # of what readers don't have: `best` came out the same
        assert check.value == pytest.approx(sum(each.seconds for each in built.values()), abs=1e-5)
        assert shop.ask("from marts.totals order by all") == before
        assert service.checks.accept(held.run or 0, ["publish budget"], "for once").published
    assert shop.ask("from marts.totals order by all") != before
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,ben,7\n")
    kept = shop.refresh()
    assert [each.holds for each in kept.checks if each.label == "publish budget"] == [True], "it was for once"
    assert shop.ask("from marts.count") == [(3,)], "nothing of it is published"
    shop.write("andon.toml", f'{RATES}[publish]\nbudget = "1h"\n')
    assert shop.refresh().published
    assert shop.ask("from marts.count") == [(4,)]


def test_all_faces_say_what_a_change_costs_and_what_rests_on_it_alike(shop: Clone) -> None:
    shop.write("andon.toml", f'{RATES}[publish]\nbudget = "1h"\n')
    shop.write("insights/month.md", "---\nquestion: How much?\nuses: [marts.totals]\nvalue: 70 EUR a year\n---\n")
    shop.run()
    other = FILES["datasets/marts/totals.sql"].replace("sum(amount)", "sum(amount) + 1")
    shop.write("datasets/marts/totals.sql", other)
    plan = shop.plan()
    assert plan.stake is not None
    told = stake_text(plan.stake)
    assert f"(≈ {plan.stake.money} EUR); 1 insight rests on it (month)" in told
    assert told.endswith("of the 1h that a publish may take")
    typed = CliRunner().invoke(cli, ["-C", str(shop.root), "plan"])
    assert f"at stake: {told}" in " ".join(typed.output.split())
    written = json.loads(CliRunner().invoke(cli, ["-C", str(shop.root), "plan", "--json"]).stdout)["stake"]
    assert written == plan.stake.document().to_json()
    with serving(shop.root) as served:
        look = served.client()
        for address in ("/changes/@folder?whole=true", "/runs/new?what=run&plan=true"):
            page = look.visit(address)
            assert told in unescape(page.data.decode()), address
