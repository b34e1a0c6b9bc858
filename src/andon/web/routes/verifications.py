"""Lakes read whole, mended, copied elsewhere, and rid of what nothing needs."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.backup import BackupList, BackupMade
from andon.model.collection import Collection
from andon.model.person import PersonRole
from andon.model.repair import LakeRepair
from andon.model.verification import Verification
from andon.web.asking import AtCommit, Nothing
from andon.web.endpoint import Endpoint, RouteCall


class VerifyAsked(AtCommit, kw_only=True):
    """What is read.

    Attributes:
        all: every commit that a branch, a tag or a run reaches.
    """

    all: bool = False


class CollectAsked(Document, kw_only=True):
    """Whether it is done.

    Attributes:
        apply: mark what nothing needs, delete what was marked a grace ago; without it nothing is changed.
    """

    apply: bool = False


def _collect(call: RouteCall) -> Any:
    return call.service.collecting.collect(apply=call.body.apply)


class BackupAsked(Document, kw_only=True):
    """How it is backed up; to the folder of `[backup]` in the server's `andon.toml`, and to no other.

    Attributes:
        deep: also read what is there already, and copy again what is damaged.
    """

    deep: bool = False


def _verify(call: RouteCall) -> Any:
    return call.service.verifying.verify(call.body.at, all=call.body.all)


class RepairAsked(AtCommit, kw_only=True):
    """What is mended; all without either.

    Attributes:
        datasets: `schema.name`, or `schema.name@REF`: only what these read is mended, be it damaged or gone.
    """

    datasets: list[str] = field(default_factory=list)


def _repair(call: RouteCall) -> Any:
    return call.service.repairing.repair(call.body.datasets, call.body.at)


def _back_up(call: RouteCall) -> Any:
    return call.service.backups.make(deep=call.body.deep)


def _backups(call: RouteCall) -> Any:
    return call.service.backups.list()


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
        body=RepairAsked,
    ),
    Endpoint(
        "POST",
        "/collections",
        "gc",
        PersonRole.OWNER,
        "Data of past versions that nothing needs: what goes and why, or take it away.",
        _collect,
        (Collection,),
        body=CollectAsked,
    ),
    Endpoint(
        "GET",
        "/backups",
        "backup --list",
        PersonRole.EDITOR,
        "The backups in the folder of `[backup]`, the newest first.",
        _backups,
        (BackupList,),
        Nothing,
    ),
    Endpoint(
        "POST",
        "/backups",
        "backup",
        PersonRole.OWNER,
        "Copy the lake as it is at this moment to the folder of `[backup]`: what is new of it, each file compared with its hash.",
        _back_up,
        (BackupMade,),
        body=BackupAsked,
    ),
)
