"""What code leaves open."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.lint import LintDocument
from andon.model.person import PersonRole
from andon.web.endpoint import Endpoint, RouteCall


class LintAsked(Document, kw_only=True):
    """Which code is read.

    Attributes:
        select: terms of a selection; empty means all.
        exclude: terms of what is left out of it.
        all: also what is silenced.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    all: bool = False


def _lint(call: RouteCall) -> Any:
    asked: LintAsked = call.query
    return call.service.linting.lint(asked.select, asked.exclude, silenced=asked.all)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/lint",
        "lint",
        PersonRole.READER,
        "Places of the folder's code by which two runs over the same inputs may differ, each with the form that is exact.",
        _lint,
        (LintDocument,),
        LintAsked,
    ),
)
