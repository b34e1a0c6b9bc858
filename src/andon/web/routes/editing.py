"""Files of the project, edited on a branch."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.editing import EditedDocument, FileTextDocument, ToEdit
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class LookAsked(Document, kw_only=True):
    """A text that would take the place of a file's.

    Attributes:
        file: a path in the project, or the dataset or saved query that it makes.
        text: all that it is to hold.
        branch: on which it would be saved; without it the branch of the server's folder.
        seen: a ref of what was looked at: `newer` tells where another text was published since.
    """

    file: str
    text: str
    branch: str | None = None
    seen: str | None = None


class EditAsked(LookAsked, kw_only=True):
    """A text that takes the place of a file's.

    Attributes:
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`; only a change of main needs it.
    """

    message: str | None = None
    agreed: str | None = None


def _open(call: RouteCall) -> Any:
    return call.service.editing.open(call.path["file"], call.query.at)


def _look(call: RouteCall) -> Any:
    asked: LookAsked = call.body
    return call.service.editing.look(ToEdit(asked.file, asked.text, asked.seen), RunOptions(branch=asked.branch))


def _edit(call: RouteCall) -> Any:
    asked: EditAsked = call.body
    request = call.service.workspace.caller.request
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed, request=request)
    return call.service.editing.save(ToEdit(asked.file, asked.text, asked.seen), options, call.listener)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/files/{file:path}",
        "edit --show",
        PersonRole.READER,
        "A file of the project as a commit has it.",
        _open,
        (FileTextDocument,),
        AtCommit,
    ),
    Endpoint(
        "POST",
        "/edits/look",
        "edit --look",
        PersonRole.EDITOR,
        "What is wrong with a text of a file, and what saving it would come to; nothing is built.",
        _look,
        (EditedDocument,),
        body=LookAsked,
    ),
    Endpoint(
        "POST",
        "/edits",
        "edit",
        PersonRole.EDITOR,
        "Save another text of a file on a branch, by a run there.",
        _edit,
        (EditedDocument,),
        body=EditAsked,
        reports=True,
    ),
)
