"""Stages packed into folders, and what was worked on there brought back."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.isolation import PackedFolder
from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.isolation_apply import AppliedDocument
from andon.service.stage_tests import StageTest
from andon.web.asking import AtCommit, Drawn
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.files import ZIP, SentFile


class IsolateAsked(AtCommit, kw_only=True):
    """What is packed.

    Attributes:
        dataset: `schema.name`, or `schema.name@REF`; `analyses/NAME@N`, or the newest run of `analyses/NAME`.
        sample: so many rows of each input at most.
        where: the rows that meet a condition, of the inputs that have its columns.
        mask: put other values in the place of those of personal columns.
        offline: pack the packages, too.
        run: the stage of a run, also of one that was held or failed.
    """

    dataset: str
    sample: Drawn | None = None
    where: str | None = None
    mask: bool = False
    offline: bool = False
    run: Drawn | None = None


def _isolate(call: RouteCall) -> Any:
    from andon.engines.bundle.zipped import zipped
    from andon.service.isolating import IsolateOptions
    from andon.workspace.engine_settings import temporary

    asked: IsolateAsked = call.body
    options = IsolateOptions(asked.sample, asked.where, asked.mask, asked.offline, asked.run)
    place = temporary(call.service.workspace.settings, call.service.workspace.folder, "stage")
    try:
        name = PurePosixPath(asked.dataset.partition("@")[0]).name
        folder = place.path / "stage"
        call.service.isolating.isolate(asked.dataset, folder, options, asked.at)
        path = zipped(folder, place.path / "stage.zip")
    except BaseException:
        place.close()
        raise
    return SentFile(place, path, f"{name}.zip", ZIP)


class StageTestAsked(AtCommit, kw_only=True):
    """What a unit test is made of.

    Attributes:
        dataset: `schema.name`, or `schema.name@REF`.
        sample: so many rows of each input at most; ten without it.
        where: the rows that meet a condition, of the inputs that have its columns.
    """

    dataset: str
    sample: Drawn | None = None
    where: str | None = None


def _test(call: RouteCall) -> Any:
    from andon.service.isolating import IsolateOptions

    asked: StageTestAsked = call.body
    return call.service.stage_tests.make(asked.dataset, IsolateOptions(asked.sample, asked.where), asked.at)


class EditsAsked(Document, kw_only=True):
    """Edits of a packed folder.

    Attributes:
        dataset, commit: what was packed, as `stage.json` says.
        packed: by project path the sha256 of each file as it was packed.
        files: by project path the texts that were edited since.
        branch: where they go; without it `isolate/DATASET`, which begins at main.
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`; only a change of main needs it.
        look: tell only what it would come to.
    """

    dataset: str
    commit: str
    packed: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    branch: str | None = None
    message: str | None = None
    agreed: str | None = None
    look: bool = False


def _apply(call: RouteCall) -> Any:
    from andon.engines.bundle.edits import PackedEdits

    asked: EditsAsked = call.body
    edits = PackedEdits(asked.dataset, asked.commit, asked.packed, asked.files)
    request = call.service.workspace.caller.request
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed, request=request)
    if asked.look:
        return call.service.isolation_apply.look(edits, options)
    return call.service.isolation_apply.apply(edits, options, call.listener)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/isolations",
        "isolate stage",
        PersonRole.EDITOR,
        "Pack a version, with all that it is made of, into an archive that makes it again without Andon.",
        _isolate,
        (PackedFolder,),
        body=IsolateAsked,
        media=(ZIP,),
    ),
    Endpoint(
        "POST",
        "/isolations/tests",
        "isolate stage --as-test",
        PersonRole.EDITOR,
        "A unit test of a version: a few rows of its inputs, and what its code makes of them. Nothing is written.",
        _test,
        (StageTest,),
        body=StageTestAsked,
    ),
    Endpoint(
        "POST",
        "/isolations/edits",
        "isolate apply",
        PersonRole.EDITOR,
        "Bring code that was edited in such a folder back, onto a branch, with its plan.",
        _apply,
        (AppliedDocument,),
        body=EditsAsked,
        reports=True,
    ),
)
