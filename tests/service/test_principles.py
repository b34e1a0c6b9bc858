"""The scorecard of a real lake: each number moves when that happens which it measures, and of nothing there is none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from andon.errors import UsageError
from andon.service.principle_cards import PRINCIPLES
from andon.service.requests import NewRequest
from andon.workspace.caller import BY_ITSELF
from kit.clones import Clone
from service.test_reviewing import Days

SETTINGS = '[cost]\ncurrency = "EUR"\ncompute_hour = 1000000\n'
INSIGHT = (
    "---\nuses: [marts.totals]\nvalue: {amount: 5000, currency: EUR, per: year, basis: measured}\n---\n# Who?\n\nBen.\n"
)


class Board:
    """The numbers of a project by name, read anew by a process of its own each time."""

    def __init__(self, project: Clone) -> None:
        self.project = project

    def __call__(self, *names: str) -> list[float | None]:
        with self.project.opened() as service:
            found = service.scorecards.scorecard("30d", "main")
        values = {measure.key: measure.value for principle in found.principles for measure in principle.measures}
        missing = {measure.key: measure.missing for principle in found.principles for measure in principle.measures}
        assert [key for key, value in values.items() if (value is None) != bool(missing[key])] == []
        assert [principle.number for principle in found.principles] == list(range(1, 10))
        return [values[name] for name in names]


def test_each_number_moves_when_what_it_measures_happens(project: Clone):
    clock = project.clock = Days()
    board = Board(project)
    everything = [spec.key for principle in PRINCIPLES for spec in principle.measures]
    empty = dict(zip(everything, board(*everything), strict=True))
    assert {key for key, value in empty.items() if value is not None} == {"waiting", "open_questions"}, (
        "no number of nothing"
    )

    project.write("andon.toml", SETTINGS)
    project.write("insights/who.md", INSIGHT)
    assert project.run().published
    assert board("publishes", "change_size", "change_failures", "runs_alone", "bus_factor") == [
        pytest.approx(7 / 30, abs=1e-4), 4, 0, 0, 1,
    ]  # fmt: skip
    assert board("repeatable", "rebuilt_same", "lead_time", "undo_time", "both_roles") == [1, None, None, None, 0]
    serving, ratio, sound, blocks = board("serving", "value_cost", "sound_insights", "blocks_each")
    assert 0 < (serving or 0) < 1
    assert (ratio or 0) > 0
    assert (sound, blocks) == (0, 4)

    # 5 and 1: somebody else asks, and somebody asks for what is not there
    clock.now += timedelta(hours=1)
    ben = Clone(project.root, "ben", clock)
    ben.ask("select * from marts.totals")
    assert board("both_roles", "self_service", "blocks_each") == [0.25, 1, 2.5]
    with ben.opened() as service:
        service.requests.ask(NewRequest("orders by weekday"))
        assert board("self_service", "waiting", "request_wait", "claimed_outside") == [0.5, 1, None, None]
        clock.now += timedelta(hours=2)
        service.requests.claim(1)
        assert board("claimed_outside") == [1]
        service.requests.answer(1, "marts.totals")
    (wait,) = board("request_wait")
    assert 7200 <= (wait or 0) < 7300
    assert board("waiting") == [0]

    # 5: somebody asks about a dataset, and somebody else answers
    assert board("answer_time", "open_questions", "oldest_question") == [None, 0, None]
    with ben.opened() as service:
        service.dataset_questions.ask("marts.totals.amount", "Is tax in it?")
        clock.now += timedelta(hours=1)
        service.dataset_questions.ask("marts.totals", "Since when?")
    assert board("answer_time", "open_questions") == [None, 2]
    (oldest,) = board("oldest_question")
    assert 3600 <= (oldest or 0) < 3700
    with project.opened() as service:
        service.dataset_questions.answer(1, "Which tax?", settles=False)
        clock.now += timedelta(hours=1)
        service.dataset_questions.answer(1, "No.")
        service.dataset_questions.answer(2, "Since May.")
    answered, left, oldest = board("answer_time", "open_questions", "oldest_question")
    assert (left, oldest) == (0, None)
    assert 1.5 * 3600 <= (answered or 0) < 1.5 * 3600 + 100, "the median of two hours and one"

    # 3: a branch, a bad change, an undo
    ben.switch("try", create=True)
    ben.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    ben.run()
    clock.now += timedelta(hours=3)
    ben.switch("main")
    assert ben.publish("try").published
    (lead,) = board("lead_time")
    assert 3 * 3600 <= (lead or 0) < 3 * 3600 + 60
    assert board("change_size", "bus_factor", "claimed_outside") == [2.5, 2, 0]
    clock.now += timedelta(minutes=30)
    ben.undo()
    failed, undone = board("change_failures", "undo_time")
    assert failed == 0.5
    assert 1800 <= (undone or 0) < 1860

    # 2 and 4: without a person; built again by the same recipe
    clock.now += timedelta(hours=1)
    itself = Clone(project.root, BY_ITSELF, clock)
    itself.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    assert itself.refresh().published
    (alone,) = board("runs_alone")
    assert 0 < (alone or 0) < 1
    assert board("rebuilt_same") == [None]
    with project.opened() as service:
        service.reproducing.reproduce("marts.totals")
    assert board("rebuilt_same") == [1]

    # 7: a promise that is kept
    project.pull()
    assert board("promises_kept") == [None]
    text = project.read("datasets/marts/totals.sql")
    project.write("datasets/marts/totals.sql", f"/*---\nrefresh: {{max_age: 60d}}\n---*/\n{text}")
    project.run()
    assert board("promises_kept") == [1]

    # all of it is of another time a month later
    clock.now += timedelta(days=30)
    with project.opened() as service:
        found = service.scorecards.scorecard("30d", "main")
        numbers = {measure.key: measure for principle in found.principles for measure in principle.measures}
        share = numbers["self_service"]
        assert (share.value, share.before, len(share.trend)) == (None, 0.5, 6)
        assert (numbers["undo_time"].value, numbers["undo_time"].before) == (None, undone)
        assert numbers["publishes"].value == 0
        with pytest.raises(UsageError) as caught:
            service.scorecards.scorecard("soon")
        assert caught.value.code == "usage.bad_argument"


def test_hints_are_counted_until_somebody_decides(project: Clone):
    project.write("datasets/marts/twin.sql", "select count(*) as n from shop.orders\n")
    assert project.run().published
    with project.opened() as service:
        before = service.simplifying.open_hints()
        assert before > 0

        def told() -> float | None:
            found = service.scorecards.scorecard("30d", "main").principles[7]
            return next(each.value for each in found.measures if each.key == "hints")

        assert told() == before
        service.simplifying.dismiss(service.simplifying.list().hints[0].number, "twins by design")
    with project.opened() as service:
        found = service.scorecards.scorecard("30d", "main").principles[7]
        assert [each.value for each in found.measures if each.key == "hints"] == [before - 1]


def test_the_next_steps_of_a_lake_are_commands_that_can_be_given_as_they_stand(project: Clone):
    with project.opened() as service:
        empty = service.scorecards.scorecard("30d", "main")
    project.run()
    with project.opened() as service:
        found = service.scorecards.scorecard("30d", "main")
    asked = {each.next.command for each in found.principles}
    assert {"andon reproduce --sample 20", 'andon query "from marts.best limit 10"'} <= asked
    assert not any(word.isupper() for command in asked for word in command.split())
    assert all(each.next.command.startswith("andon ") for each in (*empty.principles, *found.principles))
