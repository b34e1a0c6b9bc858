"""What a run is asked for, where it leads, and the plan with all that executing it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from andon.model.acceptance import Acceptance
from andon.model.commit import Cause, Commit, CommitKind
from andon.model.plan import Plan

if TYPE_CHECKING:
    from andon.runs.inspection.book import CheckBook
    from andon.runs.planning.gather import Gathered, Gatherer, Side
    from andon.workspace.folder import Base

POLICIES = ("all-or-nothing", "healthy", "none")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a caller of `run`, `refresh` and `plan` may choose.

    Attributes:
        select, exclude: terms of a selection; empty means all.
        branch: the branch; None means the workspace's.
        publish: `all-or-nothing`, `healthy`, `none`, or None for the policy of the settings.
        force: build what is selected even where a result is known.
        now: the logical time; None means the clock.
        drop: drop what the folder lacks.
        proofs: whether a result is taken that is proved to hold though its recipe is another one.
        message: of the commit.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    publish: str | None = None
    force: bool = False
    now: datetime | None = None
    drop: bool = False
    message: str | None = None
    proofs: bool = True


#: Options when nothing is chosen.
DEFAULTS = RunOptions()

#: Asked before a change of `main` is made; None where nothing can be asked.
Confirm = Callable[[Plan], bool]


@dataclass
class Goal:
    """Where a plan leads: which branch, what is merged into its head, over which base, and as what kind of commit.

    Attributes:
        acceptances: results that are to be published in spite of a check.
        rejected: what an undo keeps out from then on; `target`: the publish that it reverts.
    """

    branch: str
    side: Callable[[Commit, Gatherer], Side]
    base: Callable[[Commit, Gatherer], Base | None]
    kind: CommitKind
    policy: str
    merged: Commit | None = None
    source: str | None = None
    updates_folder: bool = True
    acceptances: tuple[Acceptance, ...] = ()
    rejected: tuple[Cause, ...] = ()
    target: str | None = None


@dataclass
class Prepared:
    """A plan with all that executing it needs.

    Attributes:
        proofs: whether results that are proved to hold are taken.
        book, looked: the checks, and the datasets whose checks must be looked at.
    """

    goal: Goal
    head: Commit
    gathered: Gathered
    side: Side
    plan: Plan
    taken: frozenset[str]
    bound: Mapping[str, Sequence[tuple[str, str]]]
    moment: datetime
    forced: frozenset[str]
    shared: Mapping[str, str]
    book: CheckBook | None = None
    looked: frozenset[str] = frozenset()
    proofs: bool = True
