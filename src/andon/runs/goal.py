"""What a run is asked for, where it leads, and how it can be spoken with while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.database import Transaction
from andon.base.paths import is_at
from andon.base.record import Record, field
from andon.errors import UsageError
from andon.model.acceptance import Acceptance
from andon.model.commit import Cause, Commit, CommitKind
from andon.model.correction import RowCorrection
from andon.model.event import Reporter, silent
from andon.model.intervals import Range
from andon.model.plan import Plan
from andon.model.release import Release
from andon.project.folder.merge import Newer
from andon.runs.planning.merge_words import some

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.model.run import TaskResult
    from andon.runs.planning.gather import Gatherer
    from andon.runs.planning.merging import MergeSide
    from andon.workspace.base import Base

POLICIES = ("all-or-nothing", "healthy", "none")

#: In place of a plan's digest: agree with whatever the plan says.
ANY_PLAN = "any"


class RunOptions(Record):
    """What a caller of `run`, `refresh` and `plan` may choose.

    Attributes:
        select, exclude: terms of a selection; empty means all.
        branch: the branch; None means the workspace's.
        publish: `all-or-nothing`, `healthy`, `none`, or None for the policy of the settings.
        force: build what is selected even where a result is known.
        now: the logical time; None means the clock.
        drop: drop what the folder lacks.
        mine, theirs: files, or folders of them, that both sides changed: where what is merged in counts, and where what is published.
        message: of the commit.
        proofs: whether a result is taken that is proved to hold though its recipe is another one.
        agreed: digest of the plan that a person saw and wants, or `ANY_PLAN`; None agrees to no change of `main`.
        pack: datasets whose small files are put together; of what reads them only that is noted.
        full: make tables that grow whole, of what is selected.
        forward: where the definition of a table that grows changed, keep its rows as they were made.
        fill: times of tables that grow by time that are to be filled, by dataset.
        request: id of the request: what publishes with one that was answered before publishes nothing more.
        anew: datasets that are made again though a result is known; of what reads them only what changes by that.
        correct: by dataset what is done about its rows beside what its code says, from now on.
        widen: sources that take new columns and wider types this once, whatever their files say.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    publish: str | None = None
    force: bool = False
    now: datetime | None = None
    drop: bool = False
    mine: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    message: str | None = None
    proofs: bool = True
    agreed: str | None = None
    request: str | None = None
    pack: tuple[str, ...] = ()
    full: bool = False
    forward: bool = False
    fill: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    anew: tuple[str, ...] = ()
    widen: tuple[str, ...] = ()
    correct: Mapping[str, RowCorrection] = field(default_factory=dict)

    def decide(self, path: str) -> Newer | None:
        """Which side counts where both changed `path`, if that was decided."""
        for side, places in ((Newer.MINE, self.mine), (Newer.THEIRS, self.theirs)):
            if any(is_at(path, place) for place in places):
                return side
        return None

    def policy(self, default: str) -> str:
        """How to publish: what was chosen, or `default`, that of the settings.

        Raises:
            UsageError: `usage.bad_argument` for what is none of `POLICIES`.
        """
        policy = self.publish or default
        if policy not in POLICIES:
            raise UsageError(
                "usage.bad_argument", f"`{policy}` is not a way to publish", hint=f"one of {', '.join(POLICIES)}"
            )
        return policy


#: Options when nothing is chosen.
DEFAULTS = RunOptions()


class PlanUnconfirmed(UsageError):
    """A change of `main` needs somebody's agreement.

    Attributes:
        plan: what would be done; asked again with its digest as `RunOptions.agreed`, it is.
    """

    plan: Plan

    @classmethod
    def of(cls, plan: Plan, agreed: str | None = None) -> PlanUnconfirmed:
        """The error for `plan`; `agreed` is another one that somebody agreed to."""
        message = "this changes the code that `main` is made by, and nothing can be asked here"
        if agreed:
            message = "what would be done is not what was agreed to: this is another plan"
        breaks = list(dict.fromkeys(word for step in plan.steps for word in step.breaks))
        error = cls(
            "usage.confirmation_needed",
            message + (f"; it breaks {some(breaks)}" if breaks else ""),
            hint="`andon plan` shows what would change; `--yes` does it, `--branch NAME` does it aside",
        )
        error.plan = plan
        return error


def _publishes(transaction: Transaction) -> None:
    """Nobody else has a say in it."""
    del transaction


def _wants(tasks: Sequence[TaskResult], checks: Sequence[CheckResult]) -> str | None:
    """Whoever asked wants whatever comes out."""
    del tasks, checks
    return None


def _hears(transaction: Transaction, commit: str) -> None:
    """Nobody notes it."""
    del transaction, commit


class Listener(Record):
    """Who listens to a run: hears of its progress, may stop it, and may be asked to agree.

    Attributes:
        agree: shows somebody a plan that nobody agreed to yet, and raises if they don't; None refuses such plans.
        may_publish: asked within the transaction that records the run's end and moves the branch; raises where neither may be.
        judge: asked with what became of every step and every check before anything is published: why it is not wanted so, or None.
        published: told within the transaction that moves the branch, of the commit.
    """

    report: Reporter = silent
    cancel: CancelToken = field(default_factory=CancelToken)
    agree: Callable[[Plan], None] | None = None
    may_publish: Callable[[Transaction], None] = _publishes
    judge: Callable[[Sequence[TaskResult], Sequence[CheckResult]], str | None] = _wants
    published: Callable[[Transaction, str], None] = _hears


class Goal(Record):
    """Where a plan leads: which branch, what is merged into its head, over which base, and as what kind of commit.

    Attributes:
        acceptances: results that are to be published in spite of a check.
        releases: rows that are to be put back; `withdrawn`: those that are not to stay so.
        rejected: what an undo keeps out from then on; `lifted`: what a redo lets in again.
        target: what an undo or a redo reverts.
        files: the only code files that it changes: just what they make, and what follows from it, is taken; None: all.
    """

    branch: str
    side: Callable[[Commit, Gatherer], MergeSide]
    base: Callable[[Commit, Gatherer], Base | None]
    kind: CommitKind
    policy: str
    merged: Commit | None = None
    source: str | None = None
    updates_folder: bool = True
    acceptances: tuple[Acceptance, ...] = ()
    releases: tuple[Release, ...] = ()
    withdrawn: tuple[Release, ...] = ()
    rejected: tuple[Cause, ...] = ()
    lifted: tuple[Cause, ...] = ()
    target: str | None = None
    files: frozenset[str] | None = None
