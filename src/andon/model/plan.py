"""A plan: what a run would do, and why. Pure data; `plan` prints the steps that `run` takes."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.record import values_of
from andon.model.approval import AwaitedApproval
from andon.model.broken_reader import BrokenReader
from andon.model.lint import LintFinding
from andon.model.reach import Reach
from andon.model.stake import Stake
from andon.model.verdict import Renamed, Retyped, Verdict, VerdictKind

#: The reason of a step that keeps what the branch has.
UNCHANGED = "unchanged"


class Action(StrEnum):
    """What a run does with one dataset."""

    REUSE = "reuse"
    BUILD = "build"
    CHECK = "check"
    VIEW = "view"
    KEEP = "keep"
    DROP = "drop"


class StepDocument(Document, kw_only=True):
    """One dataset of a plan. `verdict` is null where nothing is known of what the change means; then what follows from it is missing.
    `engine` says who builds it and why, where that is not DuckDB."""

    dataset: str
    action: Action
    reason: str
    breaks: list[str]
    seconds: float | None
    checks: int
    proof: str | None
    verdict: VerdictKind | None
    columns: list[str]
    added: list[str] | UnsetType = UNSET
    dropped: list[str] | UnsetType = UNSET
    renamed: list[Renamed] | UnsetType = UNSET
    retyped: list[Retyped] | UnsetType = UNSET
    rows: bool | UnsetType = UNSET
    reordered: bool | UnsetType = UNSET
    key_changed: bool | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    reach: Reach | None
    readers: list[BrokenReader] | UnsetType = UNSET
    lint: list[LintFinding] | UnsetType = UNSET
    engine: str | UnsetType = UNSET


class PlanDocument(Document):
    """What a run would do. `stake` is null where all stays as it is; `approvals` are those that publishing it waits for."""

    base: str
    branch: str
    change: bool
    digest: str
    steps: list[StepDocument]
    notices: list[str]
    stake: Stake | None
    approvals: list[AwaitedApproval]


class Step(Documented):
    """One dataset of a plan.

    Attributes:
        reason: why, in one line for people.
        needs: datasets whose steps must be done before.
        key: the recipe key, when all inputs are known already.
        build: for reuse: the id of the build that is taken.
        version: for reuse and keep: the version.
        breaks: whom it breaks, in words, what matters most first: insights, saved queries, datasets and columns that read what is gone
            or of another type, people, tools.
        readers: who of them is no dataset.
        lint: places of its code by which two runs may differ, and that are new.
        engine: who builds it and why, where that is not DuckDB; the reason ends with it.
        seconds: expected wall time, from history; None if unknown.
        code_changed: whether the step is due to changed code (or settings), rather than only data.
        checks: how many checks will run about the dataset, as far as is known before.
        proof: why the published version still holds, though the recipe is another one; the step only records that.
        verdict: what the change of its definition means, where somebody asked.
        reach: whom it concerns, where somebody asked.
    """

    dataset: str
    action: Action
    reason: str
    needs: tuple[str, ...] = ()
    key: str | None = None
    build: str | None = None
    version: str | None = None
    breaks: tuple[str, ...] = ()
    seconds: float | None = None
    code_changed: bool = False
    checks: int = 0
    proof: str | None = None
    verdict: Verdict | None = None
    reach: Reach | None = None
    readers: tuple[BrokenReader, ...] = ()
    lint: tuple[LintFinding, ...] = ()
    engine: str | None = None

    def document(self) -> StepDocument:
        """As in `plan --json`."""
        meaning = values_of(self.verdict.document()) if self.verdict else {"columns": []}
        told = {
            "readers": list(self.readers) or UNSET,
            "lint": list(self.lint) or UNSET,
            "engine": self.engine or UNSET,
        }
        return StepDocument.about(self, **meaning, **told)


class Plan(Documented):
    """Steps in an order in which they can be taken, over the commit `base` of `branch`.

    Attributes:
        is_change: whether definitions or shared files differ from the base's (a *change*), else a *refresh*.
        notices: lines that a person should see (files kept from the branch, rejected causes met, what is left behind).
        stake: what it costs and what rests on what it moves, where somebody looks.
        approvals: what of it owners must approve before it is published, and did not, where somebody looks.
        digest: id of what it does and by which code, for a person who confirms just what they saw; notices and times are not in it.
    """

    base: str
    branch: str
    steps: tuple[Step, ...]
    is_change: bool = False
    notices: tuple[str, ...] = ()
    digest: str = ""
    stake: Stake | None = None
    approvals: tuple[AwaitedApproval, ...] = ()

    @property
    def works(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(s for s in self.steps if _works(s))

    @property
    def builds(self) -> tuple[Step, ...]:
        """The steps that make, record or drop something; what is only checked is not among them."""
        return tuple(s for s in self.steps if _works(s) and (s.proof or s.action is not Action.CHECK))

    @property
    def moves(self) -> tuple[Step, ...]:
        """The steps after which the branch shows something else: those that do something, and results taken over from other runs."""
        return tuple(s for s in self.steps if _works(s) or (s.action is Action.REUSE and s.reason != UNCHANGED))

    def document(self) -> PlanDocument:
        """The document of `plan --json`."""
        return PlanDocument.about(self, change=self.is_change)


def _works(step: Step) -> bool:
    """Whether a step does something. Nearly all don't, of thousands."""
    return (step.action is not Action.REUSE and step.action is not Action.KEEP) or bool(step.proof)
