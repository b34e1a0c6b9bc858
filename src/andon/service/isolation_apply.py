"""What was worked on in a packed folder, brought back: its code on a branch, built there, with a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document, Documented
from andon.base.hashing import digest
from andon.base.record import Record
from andon.errors import ConflictError, UsageError
from andon.lake.refs import MAIN
from andon.model.plan import Plan, PlanDocument
from andon.model.run import RunDocument, RunResult
from andon.project.folder.scan import is_code_path
from andon.project.folder.text_merge import merge_texts
from andon.runs.goal import Listener, RunOptions
from andon.service.given_files import GivenCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from andon.engines.bundle.edits import PackedEdits
    from andon.model.commit import Commit
    from andon.service.given_files import GivenFiles
    from andon.workspace.workspace import Workspace


class AppliedDocument(Document):
    """Edits of a packed folder that are on a branch, or would be.

    Attributes:
        branch: where they are; `files` are those that are others there by them.
        merged: those of them that were put together with what was published since.
        plan: what it does there; null where nothing was edited.
    """

    dataset: str
    branch: str
    files: list[str]
    merged: list[str]
    plan: PlanDocument | None
    agreed: str | None
    run: RunDocument | None
    published: bool
    behind: list[str]


class Applied(Documented):
    """Edits of a packed folder that are on a branch, or would be; see `AppliedDocument`."""

    dataset: str
    branch: str
    files: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    plan: Plan | None = None
    run: RunResult | None = None
    published: bool = False
    behind: tuple[str, ...] = ()

    def document(self) -> AppliedDocument:
        """As in `isolate apply --json`."""
        return AppliedDocument.about(self, agreed=self.plan.digest if self.plan is not None else None)


class _Brought(Record):
    """Texts on top of what a branch has.

    Attributes:
        merged: paths of those that were put together with another text.
    """

    given: GivenCode
    merged: tuple[str, ...]


class IsolationApply:
    """Brings edits of packed folders back, for one workspace."""

    def __init__(self, workspace: Workspace, given: GivenFiles) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._given = given

    def look(self, edits: PackedEdits, options: RunOptions) -> Applied:
        """What bringing them back would come to. Nothing is built or written. Raises as `apply`."""
        brought = self._brought(edits, options)
        if brought is None:
            return Applied(edits.dataset, self._branch(edits, options))
        return self._looked(edits, brought, options)

    def apply(self, edits: PackedEdits, options: RunOptions, listener: Listener | None = None) -> Applied:
        """Publish them on a branch: without one that is named, on one of their own, which begins at main.

        Args:
            options: `agreed`, `message`, `branch` and `request` count.

        Raises:
            UsageError: `isolate.no_folder` where it was packed from another lake.
            ConflictError: `isolate.moved_on` where the same lines were changed on the branch since; `lake.folder_dirty`.
            ProjectError: what is wrong with them, at its place.
            PlanUnconfirmed: on main, without the digest of its plan as `options.agreed`.
        """
        branch = self._branch(edits, options)
        done = self._given.answered(branch, options)
        if done is not None:
            return Applied(edits.dataset, branch, tuple(edits.files), run=done, published=True)
        brought = self._brought(edits, options)
        if brought is None:
            return Applied(edits.dataset, branch)
        found = self._looked(edits, brought, options)
        chosen = RunOptions(
            branch=branch,
            message=options.message or f"{edits.dataset}, worked on apart",
            agreed=options.agreed,
            request=options.request,
        )
        result, behind = self._given.publish(brought.given, chosen, listener or Listener())
        return Applied(found.dataset, branch, found.files, found.merged, found.plan, result, result.published, behind)

    # -- parts

    def _branch(self, edits: PackedEdits, options: RunOptions) -> str:
        return options.branch or f"isolate/{edits.dataset}"

    def _looked(self, edits: PackedEdits, brought: _Brought, options: RunOptions) -> Applied:
        prepared = self._given.prepared(brought.given, options)
        files = tuple(brought.given.files)
        return Applied(edits.dataset, brought.given.branch, files, brought.merged, prepared.plan)

    def _brought(self, edits: PackedEdits, options: RunOptions) -> _Brought | None:
        """The edits on top of what the branch has; None where it has all of them.

        Raises:
            UsageError, ConflictError: as `apply`.
        """
        self._require_ours(edits)
        branch = self._branch(edits, options)
        head = self._lake.refs.head(branch if self._lake.refs.find(branch) is not None else MAIN)
        there, before = self._lake.commits.state(head).files(), self._before(edits.commit)
        files: dict[str, bytes] = {}
        merged = []
        for path, text in edits.files.items():
            if not is_code_path(path):
                message = f"`code/{path}` is no file of code that a project can have"
                raise UsageError("isolate.no_folder", message, where=path, hint="take it out of the folder")
            mine, now = text.encode(), there.get(path)
            if now is not None and now == digest(mine):
                continue
            is_as_then = before is not None and now == before.get(path)
            if now != edits.packed.get(path) and not is_as_then:
                mine = self._together(edits, path, mine, now, head)
                merged.append(path)
            files[path] = mine
        if not files:
            return None
        return _Brought(GivenCode(branch, files, head), tuple(merged))

    def _together(self, edits: PackedEdits, path: str, mine: bytes, now: str | None, head: Commit) -> bytes:
        """An edited text put together with the one that was published since.

        Raises:
            ConflictError: `isolate.moved_on`.
        """
        base = edits.packed.get(path)
        known = self._lake.objects.texts([sha for sha in (base, now) if sha is not None])
        if base in known and now in known:
            text, is_clean = merge_texts(known[base], mine, known[now])
            if is_clean:
                return text
        what = "was changed at the same lines since it was packed"
        hint = f"pack it as it is now, `andon isolate {edits.dataset}`, and edit that; or edit it here, `andon edit {path}`"
        if now is None:
            what = "is not there any more"
            hint = f"to have it again, copy `code/{path}` of the folder to `{path}`; `andon plan` says what that does"
        raise ConflictError(
            "isolate.moved_on",
            f"`{path}` {what}, last by {head.author} in {head.id[:8]}",
            where=path,
            hint=hint,
        )

    def _before(self, commit_id: str) -> Mapping[str, str] | None:
        """The files that a run began with which was not published: what was packed of it goes on top of these. None for what was."""
        commit = self._lake.commits.get(commit_id)
        run = self._workspace.runs.find(commit.run) if commit.run is not None else None
        if run is None or run.published or run.commit != commit.id:
            return None
        return self._lake.commits.state(self._lake.commits.get(run.base)).files()

    def _require_ours(self, edits: PackedEdits) -> None:
        """Raise where a folder was packed from another lake."""
        try:
            self._lake.refs.resolve(edits.commit)
        except UsageError as error:
            raise UsageError(
                "isolate.no_folder",
                f"the folder was packed from commit `{edits.commit[:8]}`, which this lake does not have",
                where=edits.dataset,
                hint="work in the project that it was packed from",
            ) from error
