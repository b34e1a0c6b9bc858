"""The lake as a whole: what it is built of, and how its team works by the nine principles."""

from __future__ import annotations

from typing import Any

from andon.model.architecture import ArchitectureDocument
from andon.model.person import PersonRole
from andon.model.principles import ScorecardDocument
from andon.service.costs import MONTH
from andon.web.asking import AtCommit, OnBranch
from andon.web.endpoint import Endpoint, RouteCall


class ArchitectureAsked(AtCommit, kw_only=True):
    """Of which commit, and beside which.

    Attributes:
        against: another commit, a day, or how long before (`30d`); 30 days before without it.
    """

    against: str | None = None


def _architecture(call: RouteCall) -> Any:
    asked: ArchitectureAsked = call.query
    return call.service.architectures.drawn(asked.at, asked.against)


class PrinciplesAsked(OnBranch, kw_only=True):
    """Of which branch, and since when.

    Attributes:
        since: how long ago (`30d`, `3 mo`), or a moment; beside it stands the time before, which is as long.
    """

    since: str = MONTH


def _principles(call: RouteCall) -> Any:
    asked: PrinciplesAsked = call.query
    return call.service.scorecards.scorecard(asked.since, asked.branch)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/principles",
        "principles",
        PersonRole.READER,
        "How the team works by the nine principles: numbers from real use, each with what it is, and the one next step.",
        _principles,
        (ScorecardDocument,),
        PrinciplesAsked,
    ),
    Endpoint(
        "GET",
        "/architecture",
        "architecture",
        PersonRole.READER,
        "What the lake is built of, as blocks and lines, and what came and went since an earlier commit.",
        _architecture,
        (ArchitectureDocument,),
        ArchitectureAsked,
    ),
)
