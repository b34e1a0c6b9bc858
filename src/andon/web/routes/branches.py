"""Branches, tags, publishes, and the files of the server's folder."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.model.plan import PlanDocument
from andon.model.run import RunDocument
from andon.runs.goal import RunOptions
from andon.service.branches import BranchInfo
from andon.service.documents import BranchDropped, BranchMade, BranchSwitched, TagDocument
from andon.service.pull import PulledDocument, pull
from andon.web.asking import OnBranch, PageOf, Policy, RunAsked
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.paging import page
from andon.web.reading import moment


class BranchAsked(Document, kw_only=True):
    """A branch that is to be made, and where it begins.

    Attributes:
        name: of the branch.
        at: a ref, where it begins.
    """

    name: str
    at: str = "main"


class DropAsked(Document, kw_only=True):
    """Whether work that was not published may be lost.

    Attributes:
        agreed: it may be lost.
        head: the commit of the branch that somebody saw, as `details.head` tells it: where it moved since, it is asked again.
    """

    agreed: bool = False
    head: str | None = None


class SwitchAsked(Document, kw_only=True):
    """Whether the branch is made if it is not there.

    Attributes:
        create: make it where it is not there.
    """

    create: bool = False


class TagAsked(Document, kw_only=True):
    """A tag that is to be made, and the commit that it names; without one the newest of the branch.

    Attributes:
        name: of the tag.
        at: a ref; without it the newest of the branch.
    """

    name: str
    at: str | None = None


class PublishAsked(Document, kw_only=True):
    """Which branch is published into which.

    Attributes:
        branch: what is published.
        into: where.
        agreed: the digest of the plan that somebody saw and wants, or `any`; without it a change of main's code is not done.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
        mine: paths that both sides changed, where the branch's takes the place.
        theirs: paths that both sides changed, where what is published stays.
        now: the clock that the run sees.
    """

    branch: str
    into: str = "main"
    agreed: str | None = None
    publish: Policy | None = None
    message: str | None = None
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    now: str | None = None


class PullAsked(OnBranch, kw_only=True):
    """Which branch's files come into the server's folder; `dry` only tells.

    Attributes:
        dry: only tell.
    """

    dry: bool = False


def _list(call: RouteCall) -> Any:
    return page(list(call.service.branches.list()), call.query, lambda each: each.name)


def _create(call: RouteCall) -> Any:
    asked: BranchAsked = call.body
    ref = call.service.branches.create(asked.name, asked.at)
    return BranchMade(ref.name, ref.commit, asked.at)


def _drop(call: RouteCall) -> Any:
    name = call.path["branch"]
    branches, asked = call.service.branches, call.query
    ref = call.service.workspace.lake.refs.find(name)
    head = ref.commit if ref is not None else None
    is_agreed = asked.agreed and asked.head in (None, head)
    work = () if is_agreed or head is None else branches.unpublished(name)
    if work:
        more = f" and {len(work) - 3} more" if len(work) > 3 else ""
        raise UsageError(
            "usage.confirmation_needed",
            f"{name} has work that was not published: {', '.join(work[:3])}{more}",
            where=name,
            hint="publish it, or ask again with `?agreed=true`",
            details={"lost": list(work), "head": head},
        )
    ref = branches.drop(name, asked.head if is_agreed else head)
    return BranchDropped(ref.name, ref.commit, True)


def _switch(call: RouteCall) -> Any:
    ref, paths = call.service.branches.switch(call.path["branch"], call.body.create)
    return BranchSwitched(ref.name, ref.commit, list(paths))


def _plan(call: RouteCall) -> Any:
    asked: RunAsked = call.query
    return call.service.branches.plan_publish(call.path["branch"], asked.branch or "main", asked.options())


def _publish(call: RouteCall) -> Any:
    asked: PublishAsked = call.body
    options = RunOptions(
        publish=asked.publish,
        message=asked.message,
        agreed=asked.agreed,
        mine=tuple(asked.mine),
        theirs=tuple(asked.theirs),
        now=moment(asked.now, "now"),
        request=call.service.workspace.caller.request,
    )
    return call.service.branches.publish(asked.branch, asked.into, options, call.listener)


def _tags(call: RouteCall) -> Any:
    found = page(list(call.service.branches.tags()), call.query, lambda each: each.name)
    return type(found)([TagDocument(t.name, t.commit, t.updated) for t in found.items], found.following)


def _tag(call: RouteCall) -> Any:
    ref = call.service.branches.tag(call.body.name, call.body.at)
    return TagDocument(ref.name, ref.commit, deleted=False)


def _untag(call: RouteCall) -> Any:
    ref = call.service.branches.untag(call.path["tag"])
    return TagDocument(ref.name, ref.commit, deleted=True)


def _pull(call: RouteCall) -> Any:
    return pull(call.service.workspace, call.body.branch, call.body.dry)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/branches",
        "branch list",
        PersonRole.READER,
        "All branches: head, age, and how many datasets differ from main.",
        _list,
        (list[BranchInfo],),
        PageOf,
    ),
    Endpoint(
        "POST",
        "/branches",
        "branch create",
        PersonRole.EDITOR,
        "Make a branch; nothing is copied.",
        _create,
        (BranchMade,),
        body=BranchAsked,
        status=201,
    ),
    Endpoint(
        "GET",
        "/branches/{branch:path}/plan",
        "plan",
        PersonRole.READER,
        "What publishing a branch would do (`branch`: into which).",
        _plan,
        (PlanDocument,),
        RunAsked,
    ),
    Endpoint(
        "POST",
        "/branches/{branch:path}/switch",
        "branch switch",
        PersonRole.EDITOR,
        "Let the server's folder work on a branch.",
        _switch,
        (BranchSwitched,),
        body=SwitchAsked,
    ),
    Endpoint(
        "DELETE",
        "/branches/{branch:path}",
        "branch drop",
        PersonRole.EDITOR,
        "Remove a branch.",
        _drop,
        (BranchDropped,),
        DropAsked,
    ),
    Endpoint(
        "POST",
        "/publishes",
        "publish",
        PersonRole.EDITOR,
        "Publish a branch into main, in one step.",
        _publish,
        (RunDocument,),
        body=PublishAsked,
        reports=True,
    ),
    Endpoint(
        "GET",
        "/tags",
        "tag",
        PersonRole.READER,
        "All tags.",
        _tags,
        (list[TagDocument],),
        PageOf,
    ),
    Endpoint(
        "POST",
        "/tags",
        "tag",
        PersonRole.EDITOR,
        "Name a commit for good.",
        _tag,
        (TagDocument,),
        body=TagAsked,
        status=201,
    ),
    Endpoint(
        "DELETE",
        "/tags/{tag:path}",
        "tag --delete",
        PersonRole.EDITOR,
        "Remove a tag.",
        _untag,
        (TagDocument,),
    ),
    Endpoint(
        "POST",
        "/pulls",
        "pull",
        PersonRole.EDITOR,
        "Bring a branch's newer files into the server's folder.",
        _pull,
        (PulledDocument,),
        body=PullAsked,
    ),
)
