"""Datasets and saved queries under another name, or none: with what reads them, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document, Documented
from andon.base.record import replace
from andon.errors import ProjectError, UsageError
from andon.model.dataset import LOCK_ENDING, SPARK_ENDING
from andon.model.dataset_question import last_left
from andon.model.plan import Plan, PlanDocument
from andon.model.run import RunDocument, RunResult
from andon.project.rename import renamed_file
from andon.runs.goal import Listener, RunOptions
from andon.runs.planning.merge_words import some as listed
from andon.service.given_files import GivenCode, broken
from andon.service.moved_releases import moved_releases
from andon.service.saved_texts import file_of, new_path, not_found, query_names, query_path

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.model.commit import Commit, State
    from andon.service.given_files import GivenFiles
    from andon.workspace.workspace import Workspace


class MovedDocument(Document):
    """What was renamed or retired, or would be."""

    names: list[str]
    new: str | None
    branch: str
    written: list[str]
    removed: list[str]
    plan: PlanDocument
    agreed: str
    run: RunDocument | None
    published: bool
    behind: list[str]


class Moved(Documented):
    """What was renamed or retired, or would be.

    Attributes:
        names: what had these names.
        new: the name that it has now; None where it is gone.
        written, removed: project files, those that read it among them.
        plan: what publishing it does; `plan.digest` given as `agreed` publishes exactly that.
        run: how it ended; None where it was only looked at.
        published: whether the branch shows it.
        behind: files that the project folder does not have as they were published.
    """

    names: tuple[str, ...]
    new: str | None
    branch: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    plan: Plan
    run: RunResult | None = None
    published: bool = False
    behind: tuple[str, ...] = ()

    def document(self) -> MovedDocument:
        """As in `rename --json` and `retire --json`."""
        return MovedDocument.about(self, agreed=self.plan.digest)


class Renaming:
    """Renames and retires what one workspace's branches hold."""

    def __init__(self, workspace: Workspace, given: GivenFiles) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._given = given

    def rename(
        self,
        old: str,
        new: str,
        options: RunOptions,
        listener: Listener | None = None,
        *,
        leaves_view: bool = False,
        is_dry: bool = False,
    ) -> Moved:
        """Give a dataset or a saved query another name, also in all files that name it, where they are proved to say the same.

        Args:
            leaves_view: leave a view under the old name, and what reads it as it is.
            is_dry: only say what would be done.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.query_not_found`; `usage.exists`; `usage.bad_argument`; `lake.is_read` where
                files name it in a way that can't be rewritten so.
            ProjectError, ConflictError, PlanUnconfirmed: as `Saving.save`.
        """
        branch, head, state = self._state(options)
        if (done := self._given.answered(branch, options)) is not None:
            return self._as_it_was((old,), new, done)
        if ("." in old) != ("." in new):
            message = f"`{old}` and `{new}` are not both datasets, or both saved queries"
            raise UsageError("usage.bad_argument", message, where=new, hint="a dataset has a schema and a name")
        own = self._own(old, state)
        there = file_of(new, state)
        if there is not None:
            hint = f"take another name, or `andon retire {new}` first"
            raise UsageError("usage.exists", f"there is `{new}` already, made by `{there}`", where=new, hint=hint)
        files: dict[str, bytes | None] = dict.fromkeys(own)
        target = new_path(new)
        for path in own:
            files[_moved(path, target)] = self._text(state, path).encode()
        if leaves_view:
            view = f"/*---\ndescription: The earlier name of {new}.\nmaterialize: view\n---*/\nselect * from {new}\n"
            files[new_path(old)] = view.encode()
        elif "." in old:
            files |= self._renamed_in(state, old, new, own, target)
        message = f"renamed {old} to {new}"
        listens = self._noting(old, new, state, listener or Listener()) if "." in old else listener
        gone, come, texts = moved_releases(self._workspace, head, state, old, new)
        if not is_dry:
            self._lake.objects.put_texts(texts)
        given = GivenCode(branch, files, head, releases=come, withdrawn=gone)
        return self._done((old,), new, given, options, message, listens, is_dry)

    def retire(
        self,
        names: Sequence[str],
        options: RunOptions,
        listener: Listener | None = None,
        *,
        is_dry: bool = False,
        word: str = "retired",
        require: Callable[[], None] | None = None,
    ) -> Moved:
        """Take datasets and saved queries away, as one publish; what they were stays in the history.

        Args:
            word: for it in the commit's message.
            require: raises where it may not be done; not asked of what was done already.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.query_not_found`; `lake.is_read` where something that stays reads one;
                `usage.bad_argument` where nothing is named.
            ConflictError, PlanUnconfirmed: as `Saving.save`.
        """
        branch, head, state = self._state(options)
        if (done := self._given.answered(branch, options)) is not None:
            return self._as_it_was(tuple(names), None, done)
        if not names:
            hint = "`andon ls` lists all datasets"
            raise UsageError("usage.bad_argument", "nothing is named", where="names", hint=hint)
        if require is not None:
            require()
        own = [path for name in names for path in self._own(name, state)]
        given = GivenCode(branch, dict.fromkeys(own), head)
        message = f"{word} {listed(names)}"
        return self._done(tuple(names), None, given, options, message, listener, is_dry)

    # -- parts

    def _noting(self, old: str, new: str, state: State, listener: Listener) -> Listener:
        """A listener that notes the dataset's other name with the publish: what people asked about it goes along."""

        def published(transaction: Transaction, commit: str) -> None:
            listener.published(transaction, commit)
            book, at = self._workspace.dataset_questions, to_text(self._workspace.clock())
            since = last_left(old, book.renames(transaction), state.leaves)
            book.add_rename(transaction, old, new, commit, since, at)

        return replace(listener, published=published)

    def _as_it_was(self, names: tuple[str, ...], new: str | None, done: RunResult) -> Moved:
        """What was renamed or retired by a publish that is there."""
        commits = self._lake.commits
        after, before = (commits.state(commits.get(id)).files() for id in (done.commit, done.base))
        written = tuple(sorted(path for path in after if after[path] != before.get(path)))
        removed = tuple(sorted(before.keys() - after.keys()))
        plan = Plan(done.base, done.branch, ())
        return Moved(names, new, done.branch, written, removed, plan, run=done, published=True)

    def _done(
        self,
        names: tuple[str, ...],
        new: str | None,
        given: GivenCode,
        options: RunOptions,
        message: str,
        listener: Listener | None,
        is_dry: bool,
    ) -> Moved:
        try:
            plan = self._given.prepared(given, options).plan
        except ProjectError as error:
            state = self._lake.commits.state(given.seen)
            what, hint = (
                ("retiring", self._with_readers(names, given, options, error))
                if new is None
                else ("renaming", "`--leave-view` keeps the old name as a view")
            )
            before = state.files()
            # only of new ones: what is wrong with files that it rewrote, it broke
            made = {path for path in given.files if path not in before}
            raise _without_advice(broken(f"{what} {listed(names)}", made, error, hint), new is None) from error
        gone = [path for path, content in given.files.items() if content is None]
        kept = [path for path, content in given.files.items() if content is not None]
        found = Moved(names, new, given.branch, tuple(sorted(kept)), tuple(sorted(gone)), plan)
        if is_dry:
            return found
        chosen = replace(options, message=options.message or message)
        result, behind = self._given.publish(given, chosen, listener or Listener())
        return replace(found, run=result, published=result.published, behind=behind)

    def _with_readers(self, names: Sequence[str], given: GivenCode, options: RunOptions, error: ProjectError) -> str:
        """What to do where others read what is to go: all of them by name, where they can go with it."""
        state = self._lake.commits.state(given.seen)
        makers, all_names, files = _makers(state), list(names), dict(given.files)
        told: ProjectError | None = error
        while told is not None:
            paths = {problem.file for problem in told.problems if problem.file is not None}
            more = sorted({makers[path] for path in paths if path in makers} - set(all_names))
            if not more or not paths <= makers.keys():
                return "change them first, or retire them with it"
            all_names += more
            files |= dict.fromkeys(path for name in more for path in self._own(name, state))
            told = self._wrong(replace(given, files=files), options)
        return f"`andon retire {' '.join(all_names)}` takes them with it; or change them first"

    def _wrong(self, given: GivenCode, options: RunOptions) -> ProjectError | None:
        try:
            self._given.prepared(given, options)
        except ProjectError as error:
            return error
        return None

    def _state(self, options: RunOptions) -> tuple[str, Commit, State]:
        branch = self._workspace.branch(options.branch)
        head = self._lake.refs.head(branch)
        return branch, head, self._lake.commits.state(head)

    def _own(self, name: str, state: State) -> list[str]:
        """The files that make it.

        Raises:
            UsageError: there is none of that name.
        """
        path = file_of(name, state)
        if path is None:
            raise not_found(name, state)
        return [path for path, _ in state.leaves[name].files] if "." in name else [query_path(name)]

    def _text(self, state: State, path: str) -> str:
        return self._lake.objects.text(state.files()[path]).decode()

    def _renamed_in(self, state: State, old: str, new: str, own: Sequence[str], target: str) -> dict[str, bytes]:
        """All files that name the dataset, with its new name.

        Raises:
            UsageError: `lake.is_read`.
        """
        made: dict[str, bytes] = {}
        by_hand = []
        for path in sorted(state.files()):
            before = self._text(state, path)
            after = renamed_file(path, before, old, new)
            if after is None:
                by_hand.append(path)
            elif after != before:
                made[_moved(path, target) if path in own else path] = after.encode()
        if by_hand:
            message = f"nothing proves that {listed(by_hand)} would say the same with `{new}` in place of `{old}`"
            hint = f"`--leave-view` keeps `{old}` as a view of it; or change {listed(by_hand)} by hand and run that"
            raise UsageError("lake.is_read", message, where=by_hand[0], hint=hint, details={"files": by_hand})
        return made


def _makers(state: State) -> dict[str, str]:
    """Files by path, and what each makes: a dataset or a saved query."""
    found = {path: name for name, leaf in state.leaves.items() for path, _ in leaf.files}
    return found | {query_path(name): name for name in query_names(state)}


def _without_advice(error: ProjectError | UsageError, is_retired: bool) -> ProjectError | UsageError:
    """What a name could mean elsewhere is no advice for who takes it away."""
    if not is_retired or error.code != "lake.is_read":
        return error
    problems = tuple(replace(each, hint=None) for each in error.problems)
    return UsageError(error.code, error.message, where=error.where, hint=error.hint, problems=problems)


def _moved(path: str, target: str) -> str:
    """Where a file lies under another name: in the same folder, `datasets` or `sources`, with the ending that it has."""
    if not path.startswith(("sources/", "datasets/")):
        return target
    stem = target.removesuffix(".sql").partition("/")[2]
    beside = next((ending for ending in (LOCK_ENDING, SPARK_ENDING) if path.endswith(ending)), None)
    ending = beside or f".{path.rpartition('.')[2]}"
    return f"{path.partition('/')[0]}/{stem}{ending}"
