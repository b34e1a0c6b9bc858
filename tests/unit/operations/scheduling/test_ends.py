"""What a job came to, what of it may pass by itself, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from andon.errors import CODES, ConflictError, DatasetError
from andon.model.run import RunResult, TaskResult, TaskStatus
from andon.operations.scheduling.ends import interruption, outcome_of, trouble_of, well_of
from andon.operations.scheduling.jobs import with_turns
from andon.operations.scheduling.retries import WAITS, failed
from andon.operations.scheduling.transient import ONLY_IF_SAID, TRANSIENT, is_transient
from andon.state.claims import Turn

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def result(*tasks: tuple[str, str, str], published: bool = True, run: int | None = 7) -> RunResult:
    made = tuple(TaskResult(name, action, "why", TaskStatus(status)) for name, action, status in tasks)
    return RunResult(run, "main", "a", "b", published=published, held=None, seconds=1.0, tasks=made)


def test_every_code_of_the_table_is_one_and_none_is_there_that_lasts():
    assert TRANSIENT.keys() <= CODES.keys()
    assert TRANSIENT.keys() >= ONLY_IF_SAID
    lasting = {code for code in CODES if code.split(".")[0] in ("project", "usage", "access", "history")}
    assert TRANSIENT.keys().isdisjoint({*lasting, "build.failed", "run.held", "source.contract", "machine.missing"})
    assert is_transient({"code": "machine.database", "retryable": True})
    assert not is_transient({"code": "machine.database", "retryable": False})
    assert not is_transient({})


@given(st.integers(0, 50), st.floats(0, 1), st.sampled_from([*TRANSIENT, "build.failed"]))
def test_waits_grow_to_an_hour_and_chance_moves_them_little(failures: int, chance: float, code: str):
    attempt = None
    for _ in range(failures + 1):
        attempt = failed("a.b", {"code": code, "message": "no", "retryable": True}, attempt, NOW, chance, "mark")
    assert attempt is not None
    assert (attempt.failures, attempt.mark, attempt.code) == (failures + 1, "mark", code)
    if code == "build.failed":
        assert attempt.again is None
    else:
        waited = datetime.fromisoformat(attempt.again) - NOW
        expected = WAITS[min(failures, len(WAITS) - 1)]
        assert abs(waited / expected - 1) <= 0.1 + 1e-9


def test_what_is_interrupted_once_is_tried_at_once_and_then_waits():
    (first,) = interruption(["a.b"], {}, NOW, 0.5)
    assert datetime.fromisoformat(first.again) == NOW
    (second,) = interruption(["a.b"], {"a.b": first}, NOW, 0.5)
    assert datetime.fromisoformat(second.again) == NOW + timedelta(minutes=5)
    assert second.failures == 2


def test_outcomes_and_what_failed():
    lost = ConflictError("run.claim_lost", "gone")
    stopped = DatasetError("build.interrupted", "stopped")
    assert outcome_of(None, lost, is_lost=True, is_stopped=False) == "lost"
    assert outcome_of(None, stopped, is_lost=False, is_stopped=True) == "interrupted"
    assert outcome_of(None, stopped, is_lost=False, is_stopped=False) == "failed"
    assert outcome_of(result(run=None), None, is_lost=False, is_stopped=False) == "nothing"
    whole = result(
        ("a.x", "build", "ok"), ("a.y", "build", "failed"), ("a.z", "build", "skipped"), ("a.k", "keep", "ok")
    )
    assert outcome_of(whole, None, is_lost=False, is_stopped=False) == "failed"
    trouble = trouble_of(["a.x", "a.y", "a.z", "a.k"], whole, None)
    assert {name: each["code"] for name, each in trouble.items()} == {"a.y": "build.failed", "a.k": "source.undone"}
    assert well_of(whole, trouble) == ["a.x"]
    held = result(("a.x", "build", "ok"), ("a.y", "build", "held"))
    assert outcome_of(held, None, is_lost=False, is_stopped=False) == "held"
    assert trouble_of(["a.x"], held, None).keys() == {"a.y"}
    unpublished = result(("a.x", "build", "ok"), published=False)
    assert outcome_of(unpublished, None, is_lost=False, is_stopped=False) == "held"
    assert trouble_of(["a.x"], unpublished, None)["a.x"]["code"] == "run.held"
    assert well_of(unpublished, {}) == []
    assert trouble_of(["a.x"], None, stopped)["a.x"]["code"] == "build.interrupted"


def test_jobs_need_a_place_where_their_connections_are_limited():
    from andon.model.dataset import Definition, FileRead, Kind, Materialize

    def source(name: str, connection: str | None = None, *patterns: str) -> Definition:
        reads = (FileRead("read_csv", patterns, (), 0, 1),) if patterns else ()
        return Definition(name, Kind.SOURCE, Materialize.TABLE, "", "", connection=connection, reads=reads)

    definitions = {
        each.dataset: each
        for each in (
            source("a.db", "shop"),
            source("a.far", None, "s3://bucket/x.csv"),
            source("a.near", None, "raw/x.csv"),
        )
    }
    jobs = with_turns(
        [("a.db", "a.near"), ("a.far", "b.unknown"), ("a.near",)],
        definitions,
        lambda place: "store" if place.startswith("s3://bucket/") else None,
        {"shop": 1, "store": 2, "idle": 3},
    )
    assert [job.turns for job in jobs] == [(Turn("connection shop", 1),), (Turn("connection store", 2),), ()]
