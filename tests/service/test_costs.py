"""What a lake costs is all that was spent, whom it served adds up to it, and nothing live is ever waste."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from andon.base.clock import to_text
from andon.base.record import replace
from andon.errors import UsageError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.costs import CostBy
from andon.service.saved_texts import ToSave
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

RATES = '[cost]\ncurrency = "EUR"\ncompute_hour = 400\nstorage_gb_month = "20000.5"\n'
INSIGHT = "---\nkind: decision\nuses: [marts.totals]\n---\n# Whom do we call first?\n\nBen.\n"
AGREED = RunOptions(agreed=ANY_PLAN)


class Days:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 8, 3, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=700)
        return self.now


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A lake of 80 days: an insight on totals, a person who read best lately and count long ago, cron on old; new is new."""
    clone = Clone(tmp_path_factory.mktemp("costs") / "acme")
    clone.root.mkdir()
    clock = clone.clock = Days()
    old = "/*---\nowner: ben\nchecks: |\n  not null customer\n---*/\nselect customer, 1 as one from shop.orders\n"
    files = {"datasets/marts/old.sql": old, "datasets/marts/older.sql": "select one from marts.old\n"}
    clone.fill({**FILES, **files, "andon.toml": RATES, "insights/calls.md": INSIGHT})
    assert clone.run().published
    clone.write("checks/one.sql", "select 1 from marts.best where customer is null\n")
    assert clone.run().published
    with clone.opened() as service:
        service.querying.ask("select n from marts.count").fetch()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,many\n")
    assert not clone.refresh().published
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clock.now += timedelta(days=60)
    for _ in range(5):
        clock.now = clock.now.replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=1)
        with clone.opened() as service:
            bot = service.by(Caller("bot", "http"))
            bot.querying.ask("select count(*) from marts.older").fetch()
    clock.now += timedelta(days=6)
    with clone.opened() as service:
        service.by(Caller("ben", "python")).querying.ask("select customer from marts.best").fetch()
    clone.write("datasets/marts/new.sql", "select n + 1 as n from marts.count\n")
    assert clone.run().published
    return clone


def _waste(service: Service) -> set[str]:
    return {each.dataset for each in service.costs.waste("90d").datasets}


def test_what_served_and_what_did_not_are_all_that_was_spent(lived: Clone):
    with lived.opened() as service:
        recorded = service.workspace.lake.database
        seconds = recorded.query("select sum(seconds) from task")[0][0] + sum(
            each.seconds for each in service.workspace.spending.checked("2026", "2027")
        )
        asked = recorded.query("select sum(seconds) from query_log")[0][0]
        failed = recorded.query(
            "select sum(t.seconds) from task t join run r on r.number = t.run where r.published = 0"
        )
        assert failed[0][0] > 0
        for by in CostBy:
            found = service.costs.cost(by, "90d")
            assert abs(found.total.microseconds - (seconds + asked) * 10**6) < 100
            for parts in (found.served, found.parts):
                assert sum(each.microseconds for each in parts) == found.total.microseconds
                assert sum(each.byte_days for each in parts) == found.total.byte_days
                assert sum(Decimal(each.money or "") for each in parts) == Decimal(found.total.money or "") > 0
            assert all(each.microseconds for each in found.served), [each.name for each in found.served]
        people = {each.name for each in service.costs.cost("person", "90d").parts}
        assert people == {"ana", "ben", None}, "what comes by the clock is no person's"
        versions = recorded.query("select dataset, bytes, created from version where is_view = 0")
        (file,) = service.workspace.lake.holdings.files("2027")[:1]
        assert file.size in {size for dataset, size, _ in versions if dataset in file.datasets}
        now = lived.clock()  # type: ignore[operator]
        kept = sum(size * (now - datetime.fromisoformat(at)).total_seconds() / 86_400 for _, size, at in versions)
        assert abs(found.total.byte_days - kept) < 100, "each version of this lake has a file of its own"


def test_the_bill_of_an_earlier_day_is_of_what_there_was_then(lived: Clone):
    with lived.opened() as service:
        before = service.costs.cost("dataset", "5d", "2026-08-06T00:00:00Z")
        served = {each.name: each.microseconds for each in before.served}
        assert served["waste"] == 0, "all was new then"
        assert served["new"] > 0
        assert before.until.startswith("2026-08-06T00:00:00")
        for since, until in (("soon", None), ("2027-01-01", None), ("5d", "2027-01-01"), ("2026-08-07", "2026-08-06")):
            with pytest.raises(UsageError) as refused:
                service.costs.cost("dataset", since, until)
            assert refused.value.code == "usage.bad_argument"


def test_what_a_person_has_an_insight_asked_is_begun_by_a_person(project: Clone):
    project.write("insights/calls.md", INSIGHT.replace("uses: [marts.totals]", "query: select * from marts.totals"))
    assert project.run().published
    with project.opened() as service:
        service.insight_changes.pin(["calls"], AGREED)
        begun = {each.name for each in service.costs.cost("schedule").parts}
        assert service.workspace.lake.database.query("select distinct face from query_log") == [("insight",)]
    assert begun - {None} == {"person"}, "this lake has no schedule"


def test_without_rates_nothing_is_money(lived: Clone):
    lived.write("andon.toml", "")
    try:
        with lived.opened() as service:
            found = service.costs.cost("dataset", "90d")
            assert {each.money for each in (found.total, *found.served, *found.parts)} == {None}
            assert service.costs.waste("90d").total.money is None
    finally:
        lived.write("andon.toml", RATES)


def test_waste_is_what_no_insight_and_no_person_needs(lived: Clone):
    with lived.opened() as service:
        found = service.costs.waste("90d")
        assert {each.dataset for each in found.datasets} == {"marts.old", "marts.older"}
        by_name = {each.dataset: each for each in found.datasets}
        assert by_name["marts.old"].owner == "ben"
        assert by_name["marts.old"].reader is None
        assert (by_name["marts.older"].reader, by_name["marts.older"].tool) == (None, "bot")
        total = [*found.datasets, found.gone]
        assert sum(Decimal(each.money or "") for each in total) == Decimal(found.total.money or "")
        assert sum(each.microseconds for each in total) == found.total.microseconds
        bill = {each.name: each for each in service.costs.cost("dataset", "90d", to_text(lived.clock())).served}  # type: ignore[operator]
        assert bill["waste"].microseconds == found.total.microseconds


def test_what_a_saved_query_a_branch_or_a_person_in_vain_needs_is_no_waste(lived: Clone):
    with lived.opened() as service:
        service.branches.create("kept", "main")  # it has nothing of its own
        assert _waste(service) == {"marts.old", "marts.older"}
        saved = ToSave("marts.made", "select one from marts.old", checks=())
        assert service.saving.save(saved, replace(AGREED, branch="aside")).published
        assert _waste(service) == {"marts.older"}
        with pytest.raises(UsageError, match="the branch aside needs it"):
            service.costs.archive(["marts.old", "marts.older"], AGREED, is_dry=True)
        service.branches.drop("aside")
        service.branches.drop("kept")
        assert service.saving.save(ToSave("ones", "select count(*) as n from marts.older"), AGREED).published
        assert _waste(service) == set()
        with pytest.raises(UsageError, match="the saved query ones reads"):
            service.costs.archive(["marts.old", "marts.older"], AGREED, is_dry=True)
        service.undoing.undo()
        assert _waste(service) == {"marts.old", "marts.older"}
        held = service.workspace.lake.database
        with pytest.raises(UsageError):
            service.querying.ask("select one::date from marts.old").fetch()
        assert _waste(service) == {"marts.older"}, "who asked in vain asked all the same"
        with held.write() as transaction:
            transaction.execute("delete from query_log where error is not null", [])
        assert _waste(service) == {"marts.old", "marts.older"}


@pytest.mark.parametrize(
    ("names", "code", "says"),
    [
        (["marts.totals"], "lake.in_use", "the insight calls rests on it"),
        (["shop.orders"], "lake.in_use", "ben read marts.best"),
        (["marts.best"], "lake.in_use", "the rule one reads it"),
        (["marts.old"], "lake.is_read", "marts.older"),
        (["marts.old", "marts.none"], "lake.dataset_not_found", "marts.none"),
    ],
)
def test_what_something_live_needs_is_not_archived(lived: Clone, names: list[str], code: str, says: str):
    with lived.opened() as service:
        with pytest.raises(UsageError) as refused:
            service.costs.archive(names, AGREED, is_dry=True)
        assert refused.value.code == code
        assert says in f"{refused.value} {refused.value.hint} {refused.value.problems}"


def test_what_is_archived_is_gone_until_it_is_undone(lived: Clone):
    with lived.opened() as service:
        assert not service.costs.archive(["marts.old", "marts.older"], AGREED, is_dry=True).published
        assert service.costs.archive(["marts.old", "marts.older"], AGREED).published
        after = service.costs.waste("90d")
        assert after.datasets == []
        assert after.gone.byte_days > 0, "what its history keeps costs on"
    assert "marts.old" not in lived.leaves()
    lived.undo()
    with lived.opened() as service:
        assert _waste(service) == {"marts.old", "marts.older"}
        assert service.querying.ask("select count(*) from marts.older").fetch() == [(4,)]


def test_a_log_that_is_too_short_tells_nothing(lived: Clone):
    lived.write("andon.toml", RATES + '[query]\nkeep_log = "30d"\n')
    try:
        with lived.opened() as service:
            with pytest.raises(UsageError, match="the log of queries is kept for 30d"):
                service.costs.waste()
            with pytest.raises(UsageError, match="the log of queries is kept for 30d"):
                service.costs.archive(["marts.old"], AGREED, is_dry=True)
    finally:
        lived.write("andon.toml", RATES)


def test_the_export_adds_up_to_the_bill(lived: Clone, tmp_path: Path):
    with lived.opened() as service:
        rows = service.costs.focus("90d")
        until = rows[0]["BillingPeriodEnd"]
        found = service.costs.cost("dataset", "90d", until)
        total = sum(Decimal(row["BilledCost"]) for row in rows)
        assert abs(total - Decimal(found.total.money or "")) <= Decimal("0.005")
        assert {row["BillingCurrency"] for row in rows} == {"EUR"}
        assert not any("ana" in row["Tags"] or "ben" in row["Tags"] for row in rows), "no sums of people"
    lived.write("andon.toml", "[cost]\ncompute_hour = 1\n")
    try:
        with lived.opened() as service, pytest.raises(UsageError, match="in which currency"):
            service.costs.focus()
    finally:
        lived.write("andon.toml", RATES)


def test_what_is_proposed_to_be_archived_can_be_whatever_else_names_waste(tmp_path: Path):
    clone = Clone(tmp_path / "acme", clock=(days := Days()))
    named = {
        "glossary.yml": "word:\n  meaning: m\n  columns: [w.glossary.x]\n",
        "tests/t.yml": "- name: one\n  dataset: w.tested\n  given: {w.below: [{x: 1}]}\n  expect:\n    - {x: 2}\n",
        "playbooks.yml": "playbooks:\n  - name: p\n    on: {kind: check, dataset: w.played}\n    do: retry\n",
        "andon.toml": '[schedules.nightly]\nselect = ["w.timed"]\ncron = "0 2 * * *"\n',
        "datasets/live/asked.sql": "/*---\ndeprecated: {use: w.instead}\n---*/\nselect 1 as x\n",
        "datasets/w/tested.sql": "select 2 as x from w.below\n",
    }
    plain = ("glossary", "played", "timed", "instead", "below", "free", "alone")
    files = {f"datasets/w/{name}.sql": f"select {place} as x\n" for place, name in enumerate(plain)}
    clone.root.mkdir()
    clone.fill({**FILES, **files, **named, "datasets/w/read.sql": "select x from w.free\n"})
    assert clone.run().published
    days.now += timedelta(days=90)
    with clone.opened() as service:
        service.querying.ask("select n from marts.count").fetch()
        service.querying.ask("select x from live.asked").fetch()
        wasted = service.costs.waste()
        assert {each.dataset: each.named for each in wasted.datasets if each.named} == {
            "w.glossary": ["glossary.yml"],
            "w.tested": ["tests/t.yml"],
            "w.below": ["tests/t.yml"],
            "w.played": ["playbooks.yml"],
            "w.timed": ["andon.toml"],
            "w.instead": ["datasets/live/asked.sql"],
        }
        assert set(wasted.together) == {"marts.totals", "marts.best", "w.free", "w.read", "w.alone"}
        assert service.costs.archive(wasted.together, AGREED).published
        assert service.costs.waste().together == []


def test_nothing_named_is_nothing_archived(lived: Clone):
    with lived.opened() as service, pytest.raises(UsageError, match="nothing is named"):
        service.costs.archive([], AGREED)


@pytest.mark.parametrize(("name", "goes"), [("marts.totals", False), ("marts.count", True)])
def test_what_is_live_is_said_to_go_all_the_same_only_where_it_can(lived: Clone, name: str, goes: bool):
    with lived.opened() as service:
        service.querying.ask("select n from marts.count").fetch()
        names = [name] if not goes else [name, "marts.new"]
        with pytest.raises(UsageError) as refused:
            service.costs.archive(names, AGREED)
        assert ("andon retire" in str(refused.value.hint)) == goes
        if goes:
            assert service.renaming.retire(names, AGREED, is_dry=True).removed
