"""Saving a query as a dataset, or as itself, and changing one: a project file written, planned, built aside, published on a word.

The file goes on top of what the branch has, whatever lies in the folder; the folder follows (decision 19).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from andon.base.document import Document, Documented
from andon.base.record import Record, replace
from andon.errors import ProjectError, UsageError
from andon.model.commit import State
from andon.model.lineage import column_id
from andon.model.plan import Plan, PlanDocument
from andon.model.run import RunDocument, RunResult, TaskStatus
from andon.project.files.front_matter import read_front_matter
from andon.project.write_sql import with_settings, yaml_text
from andon.runs.goal import Listener, RunOptions
from andon.runs.planning.bound_columns import known_columns
from andon.service.given_files import GivenCode, broken
from andon.service.proposed_checks import ProposedCheck, chosen_lines, needs_proposals, proposed_check
from andon.service.saved_columns import SavedColumn, of_dataset, of_query, with_origin
from andon.service.saved_texts import SavedText, ToSave, file_of, new_path, not_found, saved_text
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.runs.prepare import Prepared
    from andon.service.given_files import GivenFiles
    from andon.service.proposing import Proposing
    from andon.workspace.workspace import Workspace


class SavedDocument(Document):
    """A query that is saved, or would be; `kind` is `dataset` or `query`."""

    shown_first: ClassVar = ("name", "published", "branch")

    name: str
    kind: str
    file: str
    is_new: bool
    branch: str
    columns: list[SavedColumn]
    reads: list[str]
    proposed: list[ProposedCheck]
    checks: list[str]
    plan: PlanDocument
    agreed: str
    run: RunDocument | None
    published: bool
    behind: list[str]


class Saved(Documented):
    """A dataset or a query as it is saved, or would be.

    Attributes:
        name, file: what it is called, and the project file.
        text: what the file holds.
        is_new: whether there was none of that name.
        columns: of its result.
        reads: the datasets that it reads.
        proposed: checks that its values speak for.
        checks: the lines that were chosen.
        plan: what publishing it does; `plan.digest` given as `agreed` publishes exactly that.
        run: how it was built, aside or published; None where nothing was built.
        published: whether the branch shows it.
        behind: files that the project folder does not have as they were published: it works on another branch, or can't be written to.
    """

    shown_first: ClassVar = ("name", "published", "branch")

    name: str
    file: str
    text: str
    is_new: bool
    branch: str
    columns: tuple[SavedColumn, ...]
    reads: tuple[str, ...]
    plan: Plan
    proposed: tuple[ProposedCheck, ...] = ()
    checks: tuple[str, ...] = ()
    run: RunResult | None = None
    published: bool = False
    behind: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`dataset` or `query`."""
        return "dataset" if "." in self.name else "query"

    def document(self) -> SavedDocument:
        """As in `save --json`."""
        return SavedDocument.about(self, agreed=self.plan.digest)


class _Draft(Record):
    """A text with where it goes."""

    wanted: ToSave
    saved: SavedText
    given: GivenCode


class Saving:
    """Saves and changes datasets and saved queries of one workspace."""

    def __init__(self, workspace: Workspace, given: GivenFiles, proposing: Proposing) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._given = given
        self._proposing = proposing

    def look(self, wanted: ToSave, options: RunOptions) -> Saved:
        """What saving would come to: columns, lineage and plan. Nothing is built, so it takes no longer than reading the query.

        Raises:
            UsageError: `usage.bad_argument`, `usage.exists`, `lake.dataset_not_found`.
            UsageError: `lake.is_read` with the files that it breaks.
            ProjectError: what is wrong with the query, at its place.
            ConflictError: `lake.folder_conflict`.
        """
        draft = self._marked(self._draft(wanted, options), options)
        return self._looked(draft, self._prepared(draft, options))

    def propose(self, wanted: ToSave, options: RunOptions, listener: Listener | None = None) -> Saved:
        """Build it aside, and say what it would be with the checks that were chosen: what `look` says, and which checks could be added.

        Returns:
            With `run`: how building it ended. `run:N` shows it.

        Raises:
            As `look`.
        """
        if wanted.is_query:
            return self.look(wanted, options)
        bare = self._marked(self._draft(replace(wanted, checks=()), options), options)
        result = self._built(bare, options, listener or Listener())
        proposed = self._proposed(bare, result)
        lines = chosen_lines(wanted.checks, proposed)
        draft = self._with(bare, lines)
        found = self._looked(draft, self._prepared(draft, options))
        return replace(found, proposed=proposed, checks=lines, run=result)

    def save(self, wanted: ToSave, options: RunOptions, listener: Listener | None = None) -> Saved:
        """Publish it: what `propose` says, done.

        Args:
            options: `agreed`, `message`, `branch` and `request` count; what is saved is published whole or not at all.

        Raises:
            As `look`, and ConflictError: `lake.folder_dirty`; PlanUnconfirmed.
        """
        done = self._given.answered(self._workspace.branch(options.branch), options)
        if done is not None:
            return self._as_it_was(wanted.name, done)
        hears = listener or Listener()
        draft = self._draft(replace(wanted, checks=() if not wanted.is_query else wanted.checks), options)
        draft = self._marked(draft, options)
        lines = wanted.checks
        if needs_proposals(lines):
            result = self._built(draft, options, Listener(cancel=hears.cancel))
            lines = chosen_lines(lines, self._proposed(draft, result))
        draft = self._with(draft, lines)
        found = self._looked(draft, self._prepared(draft, options))
        words = "saved" if found.is_new else "changed"
        chosen = replace(options, message=options.message or f"{words} {found.name}")
        with _told(draft):
            result, behind = self._given.publish(draft.given, chosen, hears)
        return replace(found, checks=lines, run=result, published=result.published, behind=behind)

    # -- parts

    def _as_it_was(self, name: str, done: RunResult) -> Saved:
        """What was saved by a publish that is there."""
        commits, objects = self._lake.commits, self._lake.objects
        state, before = (commits.state(commits.get(id)) for id in (done.commit, done.base))
        path = file_of(name, state)
        if path is None:
            raise not_found(name, state)
        leaf = state.leaves.get(name)
        types = objects.versions([leaf.version])[leaf.version].types if leaf is not None else ()
        known = objects.definitions([leaf.definition]).get(leaf.definition) if leaf is not None else None
        return Saved(
            name,
            path,
            objects.text(state.files()[path]).decode(),
            path not in before.files(),
            done.branch,
            with_origin(types, [()] * len(types)),
            known.inputs if known is not None else (),
            Plan(done.base, done.branch, ()),
            run=done,
            published=True,
        )

    def _draft(self, wanted: ToSave, options: RunOptions) -> _Draft:
        """The text that is to be published, on top of what is there."""
        branch = self._workspace.branch(options.branch)
        seen = self._lake.refs.resolve(wanted.seen) if wanted.seen is not None else self._lake.refs.head(branch)
        state = self._lake.commits.state(seen)
        path = self._entry(wanted, state)
        before = self._lake.objects.text(state.files()[path]).decode() if path is not None else None
        saved = saved_text(wanted, path or new_path(wanted.name), before)
        draft = _Draft(wanted, saved, GivenCode(branch, {saved.path: saved.text.encode()}, seen))
        return self._with(draft, [] if needs_proposals(wanted.checks) else wanted.checks)

    def _entry(self, wanted: ToSave, state: State) -> str | None:
        """The file that makes the dataset now."""
        path = file_of(wanted.name, state)
        if path is None:
            if wanted.sql is None:
                new_path(wanted.name)  # a name that none can have is told as that
                raise not_found(wanted.name, state)
            return None
        what = "query" if wanted.is_query else "dataset"
        if not wanted.replaces:
            message = f"there is a {what} `{wanted.name}` already, made by `{path}`"
            hint = f"`--replace` puts the query in the place of its own, or take another name: `{wanted.name}_2`"
            raise UsageError("usage.exists", message, where=wanted.name, hint=hint)
        if not path.endswith(".sql") or (wanted.sql is not None and path.startswith("sources/")):
            kind = "a source" if path.startswith("sources/") else "made by Python"
            message = f"`{wanted.name}` is {kind}: a query can't take its place"
            raise UsageError("usage.bad_argument", message, where=path, hint=f"edit `{path}`, or take another name")
        return path

    def _with(self, draft: _Draft, lines: Sequence[str]) -> _Draft:
        """The same with checks in the text."""
        saved = draft.saved.with_checks(tuple(lines))
        return replace(draft, saved=saved, given=replace(draft.given, files={saved.path: saved.text.encode()}))

    def _marked(self, draft: _Draft, options: RunOptions) -> _Draft:
        """A new dataset in which columns that hold the values of personal ones are marked as personal, too.

        Those are columns made of one personal column alone, and of its type: a count of names is none.
        """
        name, saved = draft.wanted.name, draft.saved
        if draft.wanted.is_query or saved.before is not None:
            return draft
        marks = masked_columns(self._workspace, draft.given.seen)
        if not marks or read_front_matter(saved.text, saved.path).get("columns"):
            return draft
        prepared = self._prepared(draft, options)
        columns, inputs = of_dataset(self._workspace, name, prepared)
        known = known_columns(self._workspace, prepared.gathered, prepared.bound, inputs)
        personal = {
            (column_id(dataset, column), kind)
            for dataset, listed in known.items()
            for column, kind in listed
            if column.lower() in marks.get(dataset, frozenset())
        }
        found = [c.name for c in columns if len(c.made_of) == 1 and (c.made_of[0], c.type) in personal]
        if not found:
            return draft
        said = ", ".join(f"{yaml_text(column)}: {{pii: true}}" for column in found)
        marked = replace(saved, text=with_settings(saved.path, saved.text, {"columns": f"{{{said}}}"}))
        return replace(draft, saved=marked, given=replace(draft.given, files={marked.path: marked.text.encode()}))

    def _prepared(self, draft: _Draft, options: RunOptions) -> Prepared:
        with _told(draft):
            return self._given.prepared(draft.given, options, estimate=draft.saved.before is not None)

    def _built(self, draft: _Draft, options: RunOptions, listener: Listener) -> RunResult:
        with _told(draft):
            return self._given.build(draft.given, options, listener)

    def _proposed(self, draft: _Draft, result: RunResult) -> tuple[ProposedCheck, ...]:
        name = draft.wanted.name
        done = [t.dataset for t in result.tasks if t.status in (TaskStatus.OK, TaskStatus.HELD)]
        if name not in done and result.run is not None:
            return ()
        at = f"run:{result.run}" if result.run is not None else result.commit
        found = self._proposing.suggest((name,), at)
        return tuple(proposed_check(line) for one in found for line in one.suggestions)

    def _looked(self, draft: _Draft, prepared: Prepared) -> Saved:
        returned = of_query if draft.wanted.is_query else of_dataset
        columns, reads = returned(self._workspace, draft.wanted.name, prepared)
        saved = draft.saved
        return Saved(
            draft.wanted.name,
            saved.path,
            saved.text,
            saved.before is None,
            draft.given.branch,
            columns,
            reads,
            prepared.plan,
        )


@contextmanager
def _told(draft: _Draft) -> Iterator[None]:
    """What is wrong with the query at its place in it; what only others are wrong for, as whom it breaks."""
    try:
        yield
    except ProjectError as error:
        hint = "change them with it: edit the files, and `andon run`"
        found = broken(f"changing {draft.wanted.name}", draft.given.files, error, hint)
        raise (draft.saved.told(error) if found is error else found) from error
