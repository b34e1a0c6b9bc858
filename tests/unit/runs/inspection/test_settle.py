"""What of a run's result may be published, by hand-made states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from andon.base.record import replace
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.model.commit import Leaf, State
from andon.model.dataset import Definition, Kind, Materialize
from andon.runs.inspection.settle import changed, found_words, settle_healthy, settle_whole


def leaf(version: str, code: str = "c") -> Leaf:
    return Leaf("sql", "table", code, "key", f"build {version}", version, ((f"{code}.sql", code),))


def state(**versions: str) -> State:
    return State({name: leaf(version) for name, version in versions.items()}, {})


def definitions(**inputs: Sequence[str]) -> dict[str, Definition]:
    return {
        name: Definition(name, Kind.SQL, Materialize.TABLE, f"{name}.sql", name, inputs=tuple(read))
        for name, read in inputs.items()
    }


def result(dataset: str, versions: Mapping[str, Leaf], *others: str, bad: bool = True, label: str = "x") -> CheckResult:
    there = tuple((o, versions[o].version) for o in others)
    return CheckResult(
        key=f"{dataset} {label} {versions[dataset].version} {there}",
        check=f"{dataset} {label}",
        dataset=dataset,
        label=label,
        text=label,
        kind=CheckKind.TOTAL,
        severity=Severity.HOLD,
        status=CheckStatus.FAIL if bad else CheckStatus.PASS,
        version=versions[dataset].version,
        others=there,
    )


def settle(whole: State, head: State, reads: Mapping[str, Definition], ask, found: Sequence[CheckResult] = ()):
    asked: list[dict[str, str]] = []

    def asking(leaves: Mapping[str, Leaf]) -> Sequence[CheckResult]:
        asked.append({name: x.version for name, x in leaves.items()})
        return ask(leaves)

    def can_hold(check: CheckResult, mix: State) -> bool:
        return any(mix.leaves.get(d) != head.leaves.get(d) for d in check.datasets)

    return settle_healthy(whole, head, reads, found, asking, can_hold), asked


def shown(mixed: State) -> dict[str, str]:
    return {name: x.version for name, x in mixed.leaves.items()}


def test_what_fails_stays_with_what_reads_it_and_the_rest_goes():
    head, whole = state(a="a1", b="b1", c="c1", d="d1"), state(a="a2", b="b2", c="c2", d="d2")
    reads = definitions(a=[], b=["a"], c=["b"], d=[])
    settled, asked = settle(whole, head, reads, lambda x: [result("a", x, bad=x["a"].version == "a2")])
    assert shown(settled.state) == {"a": "a1", "b": "b1", "c": "c1", "d": "d2"}
    assert settled.kept == {"a": "`x` does not hold", "b": "reads a, which is held", "c": "reads b, which is held"}
    assert settled.whole is whole
    assert asked[-1] == shown(settled.state)


def test_a_mix_that_fails_is_taken_apart_until_one_holds():
    # keeping `a` makes the sum of a and b wrong, keeping b that of b and c
    head, whole = state(a="1", b="1", c="1", d="1"), state(a="2", b="2", c="2", d="2")
    reads = definitions(a=[], b=[], c=[], d=[])

    def ask(x: Mapping[str, Leaf]) -> list[CheckResult]:
        pairs = (("a", "b"), ("b", "c"))
        return [result("a", x, bad=x["a"].version == "2", label="own")] + [
            result(p, x, q, bad=x[p].version != x[q].version) for p, q in pairs
        ]

    settled, asked = settle(whole, head, reads, ask)
    assert shown(settled.state) == {"a": "1", "b": "1", "c": "1", "d": "2"}
    assert not any(c.holds for c in ask(settled.state.leaves))
    assert len(asked) == 4


def test_every_dataset_that_a_failing_check_names_stays():
    head, whole = state(a="1", b="1"), state(a="2", b="2")
    settled, _ = settle(
        whole, head, definitions(a=[], b=[]), lambda x: [result("a", x, "b", bad=x["a"].version == "2")]
    )
    assert settled.state == head


def test_what_is_refused_for_a_total_below_is_asked_what_its_own_checks_say():
    head, whole = state(a="1", b="1", c="1"), state(a="2", b="2", c="1")
    reads = definitions(a=[], b=["a"], c=[])

    def ask(x: Mapping[str, Leaf]) -> list[CheckResult]:
        is_new = x["a"].version == "2"
        return [result("a", x, "c", bad=is_new, label="known"), result("b", x, "a", bad=x["b"].version == "2")]

    below = [result("b", whole.leaves, "a")]  # the task of `a` could not ask: nobody knew what becomes of `c`
    settled, _ = settle(whole, head, reads, ask, below)
    assert settled.state == head
    assert {(c.dataset, c.label, c.version, c.failed) for c in settled.said} == {
        ("a", "known", "2", True),
        ("b", "x", "2", True),
    }


def test_what_fails_already_keeps_nothing():
    head, whole = state(a="1", b="1"), state(a="1", b="2")
    bad = [result("a", whole.leaves)]
    settled, _ = settle(whole, head, definitions(a=[], b=["a"]), lambda x: [result("a", x)], bad)
    assert settled.state == whole
    assert settled.kept == {}


def test_a_new_dataset_that_fails_is_not_there():
    head, whole = state(a="1"), state(a="1", b="1", c="1")
    reads = definitions(a=[], b=["a"], c=["b"])
    settled, _ = settle(whole, head, reads, lambda x: [result("b", x)] if "b" in x else [])
    assert settled.state == head
    assert list(settled.kept) == ["b", "c"]


def test_what_does_not_read_another_content_is_not_kept():
    # only the code of a changed, and not what it makes: what reads it is as good as before
    head = State({"a": leaf("1", "old"), "b": leaf("1")}, {})
    whole = State({"a": leaf("1", "new"), "b": leaf("2")}, {})
    settled, _ = settle(
        whole, head, definitions(a=[], b=["a"]), lambda x: [result("a", x, bad=x["a"].definition == "new")]
    )
    assert (settled.state.leaves["a"], settled.state.leaves["b"]) == (head.leaves["a"], whole.leaves["b"])


def test_two_lines_that_ask_the_same_are_both_told():
    whole = state(a="1")
    strict = result("a", whole.leaves, label="x")
    soft = replace(strict, label="y", severity=Severity.WARN)
    settled = settle_whole(whole, [strict], lambda _: [strict, soft])
    assert [(c.label, c.holds) for c in settled.checks.values()] == [("x", True), ("y", False)]
    assert settled.holding == [strict]


def test_another_build_of_the_same_is_no_change():
    one, other = leaf("1"), leaf("1")
    rebuilt = Leaf(one.kind, one.materialize, one.definition, one.key, "another build", one.version, one.files)
    assert not changed(State({"a": one}, {}), State({"a": rebuilt}, {}), "a")
    assert changed(State({"a": one}, {}), State({}, {}), "a")
    assert changed(State({"a": one}, {}), State({"a": leaf("1", "d")}, {}), "a")
    assert not changed(State({"a": one}, {}), State({"a": other}, {}), "a")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-03-02T08:00:00+00:00", "2026-03-02 08:00:00 UTC"),
        ("2026-03-02T08:00Z", "2026-03-02 08:00 UTC"),
        ("2026-03-02T08:00:00+02:00", "2026-03-02T08:00:00+02:00"),
        ("2286985.15", "2286985.15"),
        (17, "17"),
    ],
)
def test_a_moment_that_a_check_found_is_told_as_people_write_it(value, told):
    assert found_words(value) == told
