"""Documents that are sent to routes, and what stands behind the `?`: one type for each thing that is asked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from andon.base.document import Document
from andon.base.record import field
from andon.runs.goal import RunOptions
from andon.web.reading import moment

Policy = Literal["all-or-nothing", "healthy", "none"]
Limit = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
#: How many are wanted, or the number of what is counted from one.
Drawn = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class Nothing(Document):
    """Nothing is asked for but the thing itself."""


class AtCommit(Document, kw_only=True):
    """Which commit is looked at.

    Attributes:
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
    """

    at: str | None = None


class OnBranch(Document, kw_only=True):
    """Which branch is worked on; without it the one of the server's folder.

    Attributes:
        branch: without it the one of the server's folder.
    """

    branch: str | None = None


class PageOf(Document, kw_only=True):
    """Which part of a list: so many, after the one named `after`. `Link: rel="next"` leads to what follows.

    Attributes:
        limit: how many at most; all without it.
        after: the last one of the part before; `Link` has it.
    """

    limit: Limit | None = None
    after: str | None = None


class RunAsked(Document, kw_only=True):
    """What `run`, `refresh` and `plan` may be told.

    Attributes:
        select: terms of a selection, `marts.orders`, `+marts.orders`, `tag:daily`; empty means all.
        exclude: terms of what is left out of it.
        branch: where it is published; without it the branch of the server's folder.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
        agreed: the digest of the plan that somebody saw and wants, or `any`; without it a change of main's code is not done.
        now: the clock that the run sees, `2026-11-01T06:00:00Z`.
        force: build what is selected even where its result is known.
        full: make tables that grow and loads whole, and keep none of their rows.
        forward: where the definition of a table that grows changed, keep its rows as they were made.
        drop: drop from the lake what the folder lacks.
        proofs: whether what is proved to come out the same is not built.
        mine: paths that both sides changed, where the folder's (or the branch's) takes the place.
        theirs: paths that both sides changed, where what is published stays.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    branch: str | None = None
    publish: Policy | None = None
    message: str | None = None
    agreed: str | None = None
    now: str | None = None
    force: bool = False
    full: bool = False
    forward: bool = False
    drop: bool = False
    proofs: bool = True
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)

    def options(self, request: str | None = None) -> RunOptions:
        """What the service is told."""
        return RunOptions(
            select=tuple(self.select),
            exclude=tuple(self.exclude),
            branch=self.branch,
            publish=self.publish,
            force=self.force,
            now=moment(self.now, "now"),
            drop=self.drop,
            mine=tuple(self.mine),
            theirs=tuple(self.theirs),
            message=self.message,
            proofs=self.proofs,
            agreed=self.agreed,
            request=request,
            full=self.full,
            forward=self.forward,
        )
