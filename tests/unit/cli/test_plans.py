"""Plans and ends of runs as lines for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest

from andon.cli.output import Console, Ink
from andon.cli.text.plans import held_lines, plan_lines, reasons, run_lines, symbol
from andon.errors import ProjectError
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.model.plan import UNCHANGED, Action, Plan, Step
from andon.model.reach import Reach
from andon.model.run import RunResult, TaskResult, TaskStatus
from andon.model.verdict import Verdict, VerdictKind

INK = Ink(io.StringIO(), False, {})
ADDITIVE = Verdict(VerdictKind.ADDITIVE, added=("x",), reasons=("x is new",))


class Wide(Console):
    """A console of a given width."""

    def __init__(self, width: int | None = None) -> None:
        super().__init__(color=False, environ={})
        self._columns = width

    @property
    def width(self) -> int | None:
        return self._columns


def lines(*steps: Step, width: int | None = None, everything: bool = False, **plan: object) -> list[str]:
    made = Plan("a" * 64, "main", steps, **plan)  # type: ignore[arg-type]
    return plan_lines(made, Wide(width), everything)


def test_nothing_to_do() -> None:
    assert lines() == ["main at aaaaaaaa: nothing to do", "", "0 datasets"]
    kept = Step("s.a", Action.REUSE, UNCHANGED)
    assert lines(kept) == ["main at aaaaaaaa: nothing to do", "", "1 reused"]
    assert lines(kept, everything=True)[2] == "  =  s.a  reuse  unchanged"


def test_what_a_plan_does_and_why() -> None:
    found = lines(
        Step("s.new", Action.BUILD, "new", checks=2, seconds=1.0),
        Step("s.edited", Action.VIEW, "definition changed"),
        Step("s.gone", Action.DROP, "not in the folder", breaks=("s.reader",)),
        Step("s.kept", Action.KEEP, "an undo keeps it out"),
        Step("s.same", Action.REUSE, "built before", version="v"),
        Step("s.asked", Action.CHECK, "1 check without a result", checks=1),
        is_change=True,
        notices=("something to know", "and more"),
    )
    assert found == [
        "main at aaaaaaaa: a change of code",
        "",
        "  +  s.new     build  new",
        "  ~  s.edited  view   definition changed",
        "  -  s.gone    drop   not in the folder; breaks s.reader",
        "  !  s.kept    keep   an undo keeps it out",
        "  =  s.same    reuse  built before",
        "  ~  s.asked   check  1 check without a result",
        "",
        "note: something to know",
        "note: and more",
        "",
        "1 to build · 1 to define as a view · 1 to drop · 1 kept back · 1 to check only · 1 reused · 3 checks"
        " · about 1.00 s of work",
    ]


def test_what_a_change_means_and_whom_it_breaks() -> None:
    step = Step(
        "s.a", Action.BUILD, "definition changed", verdict=ADDITIVE, reach=Reach(("s.b",), build=2), breaks=("s.c",)
    )
    wide = lines(step, is_change=True)
    at = wide.index("what the changes mean")
    assert wide[at + 1] == "  s.a  additive: x  reaches 1 dataset (s.b); 2 to build"
    assert wide[at + 2] == "  breaks s.c  by s.a"
    narrow = lines(step, is_change=True, width=30)
    at = narrow.index("what the changes mean")
    assert narrow[at + 1 : at + 4] == ["  s.a  additive: x", "    reaches 1 dataset (s.b); 2", "    to build"]


def test_a_long_proof_is_short_where_there_is_no_room() -> None:
    step = Step("s.a", Action.REUSE, "proved equal: of s.b only x is read, which stays", proof="of s.b only x is read")
    assert "proved equal: what it reads stays" in lines(step, width=80)[2]
    assert "of s.b only x is read, which stays" in lines(step)[2]


def test_the_document_of_a_plan() -> None:
    made = Plan(
        "c",
        "main",
        (Step("s.a", Action.BUILD, "new", checks=1, verdict=ADDITIVE, reach=Reach(("s.b",))),),
        True,
        ("n",),
    )
    document = made.to_json()
    assert (document["base"], document["branch"], document["change"], document["notices"]) == ("c", "main", True, ["n"])
    (step,) = document["steps"]
    assert step["verdict"] == "additive"
    assert step["reach"]["datasets"] == ["s.b"]
    bare = Plan("c", "main", (Step("s.a", Action.REUSE, UNCHANGED),)).to_json()["steps"][0]
    assert (bare["verdict"], bare["columns"], bare["reach"], bare["proof"]) == (None, [], None, None)


@pytest.mark.parametrize(
    ("action", "reason", "sign"),
    [
        (Action.BUILD, "new", "+"),
        (Action.BUILD, "definition changed", "~"),
        (Action.DROP, "new", "-"),
        (Action.KEEP, "x", "!"),
        (Action.REUSE, "x", "="),
    ],
)
def test_each_step_has_a_sign(action: Action, reason: str, sign: str) -> None:
    assert symbol(Step("s.a", action, reason), INK)[0] == sign


def task(
    dataset: str, action: Action, status: TaskStatus = TaskStatus.OK, reason: str = "new", **facts: object
) -> TaskResult:
    return TaskResult(dataset, str(action), reason, status, **facts)  # type: ignore[arg-type]


def check(status: CheckStatus, severity: Severity = Severity.HOLD, **facts: object) -> CheckResult:
    return CheckResult("k", "c", "s.a", "x", "x", CheckKind.ROW, severity, status, **facts)  # type: ignore[arg-type]


def ended(tasks: Iterable[TaskResult] = (), checks: Iterable[CheckResult] = (), **facts: object) -> RunResult:
    known: dict[str, object] = {"run": 7, "published": True, "held": None, **facts}
    run, published, held = known["run"], known["published"], known["held"]
    return RunResult(run, "main", "b" * 64, "c" * 64, published, held, 1.5, tuple(tasks), checks=tuple(checks))  # type: ignore[arg-type]


def test_the_end_of_a_run_that_had_nothing_to_do() -> None:
    assert run_lines(ended(run=None), INK) == ["nothing to do: main is up to date at cccccccc · 1.50 s"]


def test_the_end_of_a_run_counts_what_became_of_each() -> None:
    found = run_lines(
        ended(
            [
                task("s.a", Action.BUILD),
                task("s.b", Action.VIEW),
                task("s.c", Action.REUSE, reason="built before"),
                task("s.d", Action.REUSE, reason="built before"),
                task("s.e", Action.REUSE, reason="proved equal: x"),
                task("s.f", Action.BUILD, TaskStatus.FAILED),
                task("s.g", Action.BUILD, TaskStatus.SKIPPED, "s.f failed"),
                task("s.h", Action.BUILD, TaskStatus.HELD),
                task("s.i", Action.DROP),
            ],
            [
                check(CheckStatus.PASS),
                check(CheckStatus.FAIL),
                check(CheckStatus.FAIL, accepted={"who": "ana", "reason": "r"}),
            ],
            published=False,
            held="a check holds s.h",
        ),
        INK,
    )
    assert found == [
        "built    2  s.a, s.b",
        "dropped  1  s.i",
        "reused   3  2 built before · 1 proved equal",
        "held     1  s.h",
        "failed   1  s.f",
        "skipped  1  s.f failed: s.g",
        "checked  3  1 hold · 1 fail · 1 accepted",
        "",
        "not published: a check holds s.h · 1.50 s",
        "the result is commit cccccccc; ask it with `andon query --at run:7 …`",
    ]


def test_all_checks_hold() -> None:
    assert "checked  1  it holds" in run_lines(ended(checks=[check(CheckStatus.PASS)]), INK)
    assert "checked  2  all hold" in run_lines(ended(checks=[check(CheckStatus.PASS)] * 2), INK)


def test_reasons_are_counted_the_most_frequent_first() -> None:
    assert reasons([task("a", Action.REUSE, reason="x")]) == "x"
    found = [task("a", Action.REUSE, reason=r) for r in ("x", "y", "y")]
    assert reasons(found) == "2 y · 1 x"


def test_errors_of_failed_datasets() -> None:
    error = ProjectError("project.bad_sql", "no such column", where="datasets/a.sql", hint="name another").to_json()
    found = held_lines(
        ended([task("s.a", Action.BUILD, TaskStatus.FAILED, error=error), task("s.b", Action.BUILD)]), INK
    )
    assert found == ["s.a: no such column  [project.bad_sql]", "  at datasets/a.sql", "  hint: name another", ""]
    same = [task(name, Action.BUILD, TaskStatus.FAILED, error=error) for name in ("s.a", "s.b")]
    assert held_lines(ended(same), INK)[::3] == ["s.a, s.b: no such column  [project.bad_sql]", ""]
