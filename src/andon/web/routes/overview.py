"""The lake as a whole: what it is built of, and how its team works by the nine principles."""

from __future__ import annotations

from typing import Any

from andon.model.architecture import ArchitectureDocument
from andon.model.person import PersonRole
from andon.web.asking import AtCommit
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


ENDPOINTS = (
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
