"""Editing a file of the project where it is published, without a folder: looked at as it is typed, and saved on a branch by a run there.

As with what is saved by a query, the file goes on top of what the branch has, and the folder follows (decision 19).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from andon.base.document import Document, Documented
from andon.base.names import did_you_mean
from andon.base.record import Record, replace
from andon.errors import ConflictError, Problem, ProjectError, UsageError
from andon.model.commit import State
from andon.model.dataset import stands_beside
from andon.model.plan import Plan, PlanDocument
from andon.model.run import RunDocument, RunResult
from andon.project.files.layout import spot
from andon.project.folder.scan import CODE_FOLDERS, is_code_path
from andon.project.folder.text_merge import merge_texts
from andon.runs.goal import Listener, RunOptions
from andon.service.given_files import GivenCode, broken
from andon.service.saved_columns import SavedColumn, of_dataset, of_query
from andon.service.saved_texts import file_of, not_found

if TYPE_CHECKING:
    from andon.runs.prepare import Prepared
    from andon.service.given_files import GivenFiles
    from andon.workspace.workspace import Workspace

_NOT_HERE = "andon.toml"


class ToEdit(Record):
    """A text that takes the place of a file's.

    Attributes:
        target: a dataset, a saved query (a name without a schema), or a path in the project; a path that is new makes the file.
        seen: a ref of what was looked at: where another text was published since, nothing is done. None: as it is now.
    """

    target: str
    text: str
    seen: str | None = None


class FileTextDocument(Document):
    """A file of the project as a commit has it.

    Attributes:
        name: the dataset or saved query that it makes; null for any other file.
        is_new: whether the commit has no such file; then it is empty.
        commit: whose it is; given as `seen` with an edit, nobody's newer text is lost.
    """

    file: str
    name: str | None
    text: str
    is_new: bool
    branch: str
    commit: str


class EditedDocument(Document):
    """A file that is edited, or would be.

    Attributes:
        problems: what is wrong with it, at its place; `breaks`, what else would be wrong then.
        columns, reads: of what it makes.
        newer: the commit in which somebody else published another text since it was looked at; null where nobody did.
        plan: what saving it does; null where it can't be.
    """

    file: str
    name: str | None
    is_new: bool
    branch: str
    problems: list[Problem]
    breaks: list[Problem]
    columns: list[SavedColumn]
    reads: list[str]
    newer: str | None
    plan: PlanDocument | None
    agreed: str | None
    run: RunDocument | None
    published: bool
    behind: list[str]


class Edited(Documented):
    """A file that is edited, or would be; see `EditedDocument`."""

    file: str
    name: str | None
    is_new: bool
    branch: str
    problems: tuple[Problem, ...] = ()
    breaks: tuple[Problem, ...] = ()
    columns: tuple[SavedColumn, ...] = ()
    reads: tuple[str, ...] = ()
    newer: str | None = None
    plan: Plan | None = None
    run: RunResult | None = None
    published: bool = False
    behind: tuple[str, ...] = ()

    def document(self) -> EditedDocument:
        """As in `edit --json`."""
        return EditedDocument.about(self, agreed=self.plan.digest if self.plan is not None else None)


class MergedText(Record):
    """Two people's texts of one file put together.

    Attributes:
        text: with the usual marks where both changed the same lines.
        is_clean: whether there are none.
        base: the text that both began with; `theirs`, the one that is there now, in `commit`.
    """

    text: str
    is_clean: bool
    base: str
    theirs: str
    commit: str


class _Draft(Record):
    """A text with where it goes."""

    path: str
    name: str | None
    is_new: bool
    given: GivenCode


class Editing:
    """Edits files of one workspace's branches."""

    def __init__(self, workspace: Workspace, given: GivenFiles) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._given = given

    def open(self, target: str, at: str | None = None) -> FileTextDocument:
        """A file as a branch (or any ref) has it; an empty one for a path that is new.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.query_not_found`, `lake.ref_not_found`; `usage.bad_argument` for what is no file of
                code.
            ProjectError: `project.not_utf8`.
        """
        ref = at or self._workspace.branch()
        commit = self._lake.refs.resolve(ref)
        state = self._lake.commits.state(commit)
        path = _path_of(target, state)
        before = self._text(path, state)
        return FileTextDocument(path, _name_of(path), before or "", before is None, ref, commit.id)

    def look(self, wanted: ToEdit, options: RunOptions) -> Edited:
        """What saving a text would come to, on top of what the branch has now. Nothing is built or written; what is wrong is told.

        Raises:
            UsageError: as `open`.
        """
        draft, newer = self._draft(wanted, options, newest=True)
        found = Edited(draft.path, draft.name, draft.is_new, draft.given.branch, newer=newer)
        try:
            return self._looked(found, self._given.prepared(draft.given, options))
        except ProjectError as error:
            own = tuple(p for p in error.problems if p.file in (None, draft.path))
            others = tuple(p for p in error.problems if p.file not in (None, draft.path))
            # what reads a file that can't be read itself is not wrong for another reason
            return replace(found, problems=own, breaks=() if own else others)

    def save(self, wanted: ToEdit, options: RunOptions, listener: Listener | None = None) -> Edited:
        """Publish a text on a branch, whole or not at all; a branch that is not there begins at main.

        Args:
            options: `agreed`, `message`, `branch` and `request` count.

        Raises:
            ProjectError: what is wrong with it, at its place.
            ConflictError: `lake.folder_conflict` where somebody published another text since `wanted.seen`; `lake.folder_dirty`.
            UsageError: as `open`; `lake.is_read` with the files that it breaks.
            PlanUnconfirmed: on main, without the digest of its plan as `options.agreed`.
        """
        branch = self._workspace.branch(options.branch)
        done = self._given.answered(branch, options)
        draft, _ = self._draft(wanted, options)
        found = Edited(draft.path, draft.name, draft.is_new, draft.given.branch)
        if done is not None:
            return replace(found, run=done, published=True)
        with _told(draft):
            found = self._looked(found, self._given.prepared(draft.given, options))
            words = "new" if draft.is_new else "edited"
            chosen = replace(options, message=options.message or f"{words} {draft.name or draft.path}")
            result, behind = self._given.publish(draft.given, chosen, listener or Listener())
        return replace(found, run=result, published=result.published, behind=behind)

    def merge(self, wanted: ToEdit, branch: str | None = None) -> MergedText:
        """A text put together with the one that somebody else published since `wanted.seen`. Raises as `open`."""
        name = self._workspace.branch(branch)
        head = self._lake.refs.head(name)
        seen = self._lake.refs.resolve(wanted.seen) if wanted.seen is not None else head
        path = _path_of(wanted.target, self._lake.commits.state(head))
        base, theirs = (self._text(path, self._lake.commits.state(commit)) or "" for commit in (seen, head))
        mine = _with_ends(wanted.text, theirs)
        names = ("your text", f"published since by {head.author}")
        text, is_clean = merge_texts(base.encode(), mine.encode(), theirs.encode(), names)
        return MergedText(text.decode(), is_clean, base, theirs, head.id)

    # -- parts

    def _draft(self, wanted: ToEdit, options: RunOptions, *, newest: bool = False) -> tuple[_Draft, str | None]:
        """The text with its place, and the commit of a newer one that somebody else published."""
        _require_text(wanted)
        branch = self._workspace.branch(options.branch)
        head = self._lake.refs.head(branch)
        seen = self._lake.refs.resolve(wanted.seen) if wanted.seen is not None else head
        then, now = self._lake.commits.state(seen), self._lake.commits.state(head)
        path = _path_of(wanted.target, now if newest else then)
        newer = head.id if then.files().get(path) != now.files().get(path) else None
        before = self._text(path, now if newest else then)
        text = _with_ends(wanted.text, before or "")
        given = GivenCode(branch, {path: text.encode()}, head if newest else seen)
        return _Draft(path, _name_of(path), before is None, given), newer

    def _looked(self, found: Edited, prepared: Prepared) -> Edited:
        columns: tuple[SavedColumn, ...] = ()
        reads: tuple[str, ...] = ()
        if found.name is not None and "." not in found.name:
            columns, reads = of_query(self._workspace, found.name, prepared)
        elif found.name is not None and found.name in prepared.gathered.definitions:
            columns, reads = of_dataset(self._workspace, found.name, prepared)
        return replace(found, columns=columns, reads=reads, plan=prepared.plan)

    def _text(self, path: str, state: State) -> str | None:
        sha = state.files().get(path)
        if sha is None:
            return None
        try:
            return self._lake.objects.text(sha).decode("utf-8")
        except UnicodeDecodeError as error:
            problem = Problem("project.not_utf8", f"`{path}` is not UTF-8 text", path, hint="edit it in a folder")
            raise ProjectError.of([problem]) from error


def _path_of(target: str, state: State) -> str:
    """The file that somebody means.

    Raises:
        UsageError: `lake.dataset_not_found`, `lake.query_not_found`, `usage.bad_argument`.
    """
    if "/" not in target and target != _NOT_HERE:
        path = file_of(target, state)
        if path is None:
            raise not_found(target, state)
        return path
    if target == _NOT_HERE or not is_code_path(target):
        what = (
            "settings are edited in the folder" if target == _NOT_HERE else "is no file of code that a project can have"
        )
        near = did_you_mean(target, state.files()) or f"files lie in {', '.join(f'`{name}/`' for name in CODE_FOLDERS)}"
        message = f"`{target}`: {what}" if target == _NOT_HERE else f"`{target}` {what}"
        raise UsageError("usage.bad_argument", message, where=target, hint=near)
    found = spot(target)
    if found.code is not None and target not in state.files():
        raise UsageError("usage.bad_argument", found.message, where=target, hint=found.hint)
    return target


def _name_of(path: str) -> str | None:
    """The dataset or saved query that a file makes."""
    if path.startswith("queries/") and path.endswith(".sql"):
        return path.removeprefix("queries/").removesuffix(".sql")
    return None if stands_beside(path) else spot(path).name


def _require_text(wanted: ToEdit) -> None:
    try:
        wanted.text.encode()
    except UnicodeEncodeError as error:
        message = "the text holds half of a surrogate pair, which is not a character"
        raise UsageError("usage.bad_argument", message, where=wanted.target, hint="take it out") from error


def _with_ends(text: str, before: str) -> str:
    """A text whose lines end as those of the file do: fields of a browser have only one way to end them."""
    if "\r\n" in before and "\r\n" not in text and "\n" not in before.replace("\r\n", ""):
        return text.replace("\n", "\r\n")
    return text


@contextmanager
def _told(draft: _Draft) -> Iterator[None]:
    """What only others are wrong for, as whom it breaks; whose newer text stands in the way."""
    try:
        yield
    except ProjectError as error:
        hint = "change them on the same branch first, or keep what they read"
        found = broken(f"changing {draft.name or draft.path}", draft.given.files, error, hint)
        raise found from (error if found is not error else None)
    except ConflictError as error:
        if error.code != "lake.folder_conflict":
            raise
        hint = "open it again: your text and theirs are put together there"
        raise replace(error, hint=hint) from error
