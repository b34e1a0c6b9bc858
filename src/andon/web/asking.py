"""Documents that are sent to routes, and what stands behind the `?`: one type for each thing that is asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from andon.base.document import Document
from andon.base.record import field
from andon.runs.goal import RunOptions
from andon.web.reading import moment

Policy = Literal["all-or-nothing", "healthy", "none"]
Limit = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


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


class OptimizeAsked(Document, kw_only=True):
    """Of which tables small files are put together; of all without a selection.

    Attributes:
        select: terms of a selection; empty means all.
        exclude: terms of what is left out of it.
        branch: the one that is worked on; without it that of the server's folder.
        message: of the commit.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    branch: str | None = None
    message: str | None = None


class BackfillAsked(Document, kw_only=True):
    """Which times of a table that grows by time are filled, from `start` to before `end`.

    Attributes:
        dataset: a table that grows by time.
        start: a day or a moment, `2026-01-01`.
        end: a day or a moment, itself left out.
        publish: all in one commit, or a commit for each batch.
        branch: the one that is worked on; without it that of the server's folder.
        message: of the commit.
    """

    dataset: str
    start: str
    end: str
    publish: Literal["whole", "batch"] = "whole"
    branch: str | None = None
    message: str | None = None


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
    """

    agreed: bool = False


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


class UndoAsked(Document, kw_only=True):
    """What is taken back.

    Attributes:
        branch: of which; without it that of the server's folder.
        commit: a publish; without it the newest.
        message: of the commit.
        agreed: whether somebody wants it although it is a refresh, somebody else's, or an older publish.
    """

    branch: str | None = None
    commit: str | None = None
    message: str | None = None
    agreed: bool = False


class AcceptAsked(Document, kw_only=True):
    """A result that is published in spite of checks (`run`, `checks`, `reason`), or what undos took out and may pass again (`rejected`).

    Attributes:
        run: whose held result is published.
        checks: those that it does not have to hold, this once.
        reason: why; it stays in the history.
        rejected: paths that undos took out.
        branch: the one that is worked on; without it that of the server's folder.
    """

    run: int | None = None
    checks: list[str] = field(default_factory=list)
    reason: str = ""
    rejected: list[str] = field(default_factory=list)
    branch: str | None = None


class QueryAsked(Document, kw_only=True):
    """A question.

    Attributes:
        sql: one SELECT over datasets of one commit.
        saved: the name of a saved query in its place.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        parameters: values of `?` in order, or of `$name` by name.
        limit: rows at most; without it as many as the server allows.
    """

    sql: str | None = None
    saved: str | None = None
    at: str | None = None
    parameters: dict[str, Any] | list[Any] | None = None
    limit: Count | None = None


class QueryLink(Document, kw_only=True):
    """A question in an address.

    Attributes:
        sql: one SELECT over datasets of one commit.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        limit: rows at most; without it as many as the server allows.
    """

    sql: str
    at: str | None = None
    limit: Count | None = None


class LiveAsked(Document, kw_only=True):
    """A question to a database itself, in its own SQL.

    Attributes:
        connection: a name below `[connections]` in andon.toml.
        sql: in the database's own words.
        limit: rows at most.
    """

    connection: str
    sql: str
    limit: Limit = 1000


class CheckAsked(Document, kw_only=True):
    """Whose checks are asked, of which commit; without one the folder's lines of what the branch publishes.

    Attributes:
        select: terms of a selection; empty means all.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        again: ask also what is known.
    """

    select: list[str] = field(default_factory=list)
    at: str | None = None
    again: bool = False


class ChosenAt(Document, kw_only=True):
    """Which datasets, at which commit.

    Attributes:
        select: terms of a selection; empty means all.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
    """

    select: list[str] = field(default_factory=list)
    at: str | None = None


class TestAsked(Document, kw_only=True):
    """Whose unit tests are run.

    Attributes:
        select: terms of a selection; empty means all.
        exclude: terms of what is left out of it.
        again: run also what is known.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    again: bool = False


class DatasetsAsked(PageOf, kw_only=True):
    """Which datasets, at which commit.

    Attributes:
        select: terms of a selection; empty means all.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
    """

    select: list[str] = field(default_factory=list)
    at: str | None = None


class LogAsked(Document, kw_only=True):
    """Which commits: the newest before `at`, of all or of one dataset.

    Attributes:
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        dataset: the one whose changes are wanted.
        limit: commits at most.
    """

    at: str | None = None
    dataset: str | None = None
    limit: Limit = 20


class SchemaLogAsked(Document, kw_only=True):
    """Which changes of columns.

    Attributes:
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        limit: changes at most.
    """

    at: str | None = None
    limit: Limit = 20


class DiffAsked(Document, kw_only=True):
    """Two commits, and how they are compared.

    Attributes:
        a: a ref, the earlier one.
        b: a ref; without it the newest of the branch.
        rows: datasets whose rows are compared; `*` is all that differ.
        where: a condition in SQL; only rows that it holds for are compared.
        tolerance: by how much numbers may differ, `0.01` or `0.1%`.
        limit: rows that are shown of each dataset.
        report: the report for a pull request instead.
    """

    a: str
    b: str | None = None
    rows: list[str] = field(default_factory=list)
    where: str | None = None
    tolerance: str | None = None
    limit: Limit = 20
    report: bool = False


class ProfileAsked(Document, kw_only=True):
    """At which commit, and against which.

    Attributes:
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        against: a ref; tells what moved since.
        column: one column alone.
    """

    at: str | None = None
    against: str | None = None
    column: str | None = None


class LineageAsked(Document, kw_only=True):
    """Which ways, how far, at which commit.

    Attributes:
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
        up: where it comes from.
        down: where it goes.
        depth: steps at most; all without it.
    """

    at: str | None = None
    up: bool = True
    down: bool = True
    depth: Limit | None = None


class SourceAsked(Document, kw_only=True):
    """A table (`shop.public.orders`) or an address that is to be a source, and its name.

    Attributes:
        place: `connection.schema.table`, or an address.
        name: of the dataset; without it the connection or the host is its schema.
    """

    place: str
    name: str | None = None


class SourcesAsked(Document, kw_only=True):
    """Which sources; all without a name.

    Attributes:
        sources: their names; empty means all.
        branch: the one that is worked on; without it that of the server's folder.
    """

    sources: list[str] = field(default_factory=list)
    branch: str | None = None


class LoadAsked(Document, kw_only=True):
    """Which sources are loaded, and whether all rows are asked for.

    Attributes:
        sources: their names.
        full: ask for all rows, also of loads of what is new.
        branch: the one that is worked on; without it that of the server's folder.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
    """

    sources: list[str]
    full: bool = False
    branch: str | None = None
    publish: Policy | None = None
    message: str | None = None


class UploadAsked(Document, kw_only=True):
    """A file that is sent: for which source, and what it is called.

    Attributes:
        dataset: the source that it becomes, `crm.leads`.
        name: of the file; its ending says what it is.
        replaces: whether it takes the place of what was uploaded before.
        reading: options of the reader, as SQL: `header = true`.
        agreed: the digest of the plan that somebody saw and wants, or `any`.
        publish: everything or nothing, what is healthy, or nothing at all.
        message: of the commit.
    """

    dataset: str
    name: str
    replaces: bool = False
    reading: str = ""
    agreed: str | None = None
    publish: Policy | None = None
    message: str | None = None


class PullAsked(Document, kw_only=True):
    """Which branch's files come into the server's folder; `dry` only tells.

    Attributes:
        branch: whose; without it that of the server's folder.
        dry: only tell.
    """

    branch: str | None = None
    dry: bool = False


class LockAsked(Document, kw_only=True):
    """Whose packages are pinned.

    Attributes:
        datasets: Python datasets; empty means all.
        upgrade: take newer versions where there are some.
    """

    datasets: list[str] = field(default_factory=list)
    upgrade: bool = False


class DoctorAsked(Document, kw_only=True):
    """Whether every file is read and compared with its hash.

    Attributes:
        deep: read every file.
    """

    deep: bool = False


class TokenAsked(Document, kw_only=True):
    """A token that is to be made.

    Attributes:
        person: a name below `[people]` in andon.toml.
        scope: what it may be used for; all that the role allows without.
        expires: how long it is good for, `90d`, or `never`.
    """

    person: str
    scope: Literal["read", "edit", "admin"] | None = None
    expires: str = "90d"


class SessionAsked(Document, kw_only=True):
    """The token that somebody shows, to get a cookie.

    Attributes:
        token: the text of it, `andon_…`.
    """

    token: str
