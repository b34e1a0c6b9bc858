"""Lakes read whole, and mended."""

from __future__ import annotations

from typing import Any

from andon.model.person import PersonRole
from andon.model.repair import LakeRepair
from andon.model.verification import Verification
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class VerifyAsked(AtCommit, kw_only=True):
    """What is read.

    Attributes:
        all: every commit that a branch, a tag or a run reaches.
    """

    all: bool = False


def _verify(call: RouteCall) -> Any:
    return call.service.verifying.verify(call.body.at, all=call.body.all)


def _repair(call: RouteCall) -> Any:
    return call.service.repairing.repair()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/verifications",
        "verify",
        PersonRole.EDITOR,
        "Read every file and object of a commit, and compare each with its hash.",
        _verify,
        (Verification,),
        body=VerifyAsked,
    ),
    Endpoint(
        "POST",
        "/repairs",
        "repair",
        PersonRole.EDITOR,
        "Read all that branches, tags and runs reach, and mend what is damaged.",
        _repair,
        (LakeRepair,),
    ),
)
