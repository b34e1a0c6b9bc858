"""Suggestions: work that people did by hand three times, offered as what would do it, fully written; on a branch if somebody takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from andon.base.clock import to_text
from andon.base.names import did_you_mean
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import AndonError, ConflictError, ProjectError, UsageError
from andon.lake.refs import MAIN
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.operations.repeats.drafts import (
    FileDraft,
    QuestionDraft,
    SelectedFile,
    draft_playbook,
    draft_question,
    draft_schedule,
    draft_source,
)
from andon.operations.repeats.keeping import RepeatKeeper, repeat_of, zone_of
from andon.operations.repeats.repeat import CorrectionRepeat, FileRepeat, QuestionRepeat, RunRepeat
from andon.operations.repeats.titles import why_of
from andon.project.select import select, selectable
from andon.project.write_playbook import PLAYBOOKS
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.given_files import GivenCode
from andon.service.saved_texts import ToSave, query_names
from andon.service.suggestion_documents import (
    AnsweredInfo,
    SuggestedFile,
    SuggestionDocument,
    SuggestionInfo,
    SuggestionsDocument,
)
from andon.sql.question import question_form
from andon.sql.tokens import without_values
from andon.state.claims import EVERYWHERE, LONGEST, Refused
from andon.state.offers import OfferRecord
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.service.branches import Branches
    from andon.service.given_files import GivenFiles
    from andon.service.profiles import Profiles
    from andon.service.saving import Saved, Saving
    from andon.workspace.workspace import Workspace

#: So many datasets of one selection are written into.
_FILES = 30


class _Written(Record):
    """What a suggestion writes, and what that comes to."""

    files: tuple[SuggestedFile, ...]
    plan: Plan | None = None
    run: RunResult | None = None
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    problem: str | None = None


class SuggestionWriting(Protocol):
    """The verbs by which suggestions are written: those of `Service`. Who only looks what there is needs none."""

    @property
    def saving(self) -> Saving: ...
    @property
    def given_files(self) -> GivenFiles: ...
    @property
    def branches(self) -> Branches: ...
    @property
    def profiles(self) -> Profiles: ...


class Suggestions:
    """Suggestions of one lake.

    Args:
        writing: by what they are written.
    """

    def __init__(self, workspace: Workspace, writing: SuggestionWriting) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._store = workspace.offers
        self._writing = writing
        self._keeper = RepeatKeeper(workspace)

    # -- looking

    def list(self, *, decided: bool = False) -> SuggestionsDocument:
        """What is suggested now, the newest first; and questions that something answers already.

        Args:
            decided: also what was accepted, dismissed, or has nothing that speaks for it any more.
        """
        found = self._keeper.catch_up(self._workspace.default_branch)
        offers: Sequence[OfferRecord] = self._store.all() if decided else found.offers
        return SuggestionsDocument(
            [_info(offer) for offer in sorted(offers, key=lambda offer: -offer.number)],
            [_answered(one, self._workspace.caller.author) for one in found.answered],
        )

    def waiting(self, limit: int = 3) -> Sequence[SuggestionInfo]:
        """The newest of what is suggested, as it was known when somebody last looked: for a page, which waits for nothing."""
        offers = [offer for offer in self._store.all() if offer.state == "open"]
        return [_info(offer) for offer in sorted(offers, key=lambda offer: -offer.number)[:limit]]

    def show(self, number: int, name: str | None = None) -> SuggestionDocument:
        """A suggestion with what speaks for it and all that would be written; a dataset is built aside, so that its checks are known.

        Args:
            name: of the dataset, the saved query or the source, in place of the one that is suggested.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has.
        """
        offer = self._offer(number)
        try:
            written = self._look(offer, name)
        except (ProjectError, ConflictError, UsageError) as error:
            if name is not None:
                raise
            # what was decided is there already, or not wanted: that nothing can be added is no problem then
            written = _Written((), problem=_told(error) if offer.state == "open" else None)
        return self._document(offer, written)

    # -- deciding

    def accept(
        self, number: int, name: str | None = None, branch: str | None = None, listener: Listener | None = None
    ) -> SuggestionDocument:
        """Write what is suggested on a branch of its own, build it there, and plan its publish.

        Args:
            name: as in `show`.
            branch: without it `suggestion-N`. It may not be main.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, what was decided already, or what nothing can be written for.
            ProjectError, ConflictError: what stands in the way; the suggestion stays. `suggestion.decided` where somebody decides about it
                at the same time.
        """
        offer = self._offer(number)
        if offer.state == "accepted":
            there = f" on the branch `{offer.branch}`" if offer.branch else ""
            message = f"suggestion {number} was accepted already{there}"
            hint = f"`andon plan {offer.branch}` shows what it changes" if offer.branch else "`andon suggestions`"
            raise UsageError("usage.bad_argument", message, where=str(number), hint=hint)
        if offer.state == "answered":
            message = f"what suggestion {number} would make is there: `{offer.branch}`"
            hint = f"`andon show {offer.branch}`"
            raise UsageError("usage.bad_argument", message, where=str(number), hint=hint)
        aside = branch or f"suggestion-{number}"
        if aside == MAIN:
            hint = "leave `--branch` out: it is written on a branch of its own, and `andon publish` brings it into main"
            raise UsageError("usage.bad_argument", "a suggestion is not written on main", where=aside, hint=hint)
        options = RunOptions(branch=aside, agreed=ANY_PLAN, message=f"suggestion {number}: {offer.title}")
        with self._alone(offer):
            written = self._write(offer, name, options, listener or Listener())
            if written.run is None or not written.run.published:
                return self._document(offer, written)
            self._decide(offer, "accepted", aside)
        written = replace(written, plan=self._writing.branches.plan_publish(aside))
        return self._document(self._offer(number), written)

    def dismiss(self, number: int) -> SuggestionInfo:
        """Never suggest it again, nor what is much the same.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, or one that was accepted.
            ConflictError: `suggestion.decided` where somebody decided otherwise meanwhile.
        """
        offer = self._offer(number)
        if offer.state == "accepted":
            message = f"suggestion {number} was accepted"
            hint = f"`andon branch drop {offer.branch}` drops its branch"
            raise UsageError("usage.bad_argument", message, where=str(number), hint=hint)
        self._decide(offer, "dismissed", None)
        return _info(self._offer(number))

    # -- what is written

    def _look(self, offer: OfferRecord, name: str | None) -> _Written:
        one, options = repeat_of(offer), RunOptions()
        if isinstance(one, QuestionRepeat):
            draft = self._question(one, name)
            found = self._writing.saving.propose(_to_save(draft), options)
            return _saved(found, draft)
        files = self._files(offer, name)
        given = self._given_code(files, self._workspace.default_branch)
        plan = self._writing.given_files.prepared(given, options).plan if files.files else None
        return self._written(files, plan, None)

    def _write(self, offer: OfferRecord, name: str | None, options: RunOptions, listener: Listener) -> _Written:
        one = repeat_of(offer)
        if isinstance(one, QuestionRepeat):
            draft = self._question(one, name)
            return _saved(self._writing.saving.save(_to_save(draft), options, listener), draft)
        files = self._files(offer, name)
        if not files.files:
            hint = files.left[0] if files.left else "`andon suggestions show` says what there is"
            raise UsageError("usage.bad_argument", "nothing can be written for it", where=str(offer.number), hint=hint)
        given = self._given_code(files, options.branch or self._workspace.default_branch)
        result, _ = self._writing.given_files.publish(given, options, listener)
        return self._written(files, None, result)

    def _question(self, one: QuestionRepeat, name: str | None) -> QuestionDraft:
        view = View.at(self._workspace, self._workspace.default_branch)
        taken = {*view.state.leaves, *query_names(view.state)}
        personal = self._personal(one, view)
        draft = draft_question(one, self._distinct(one, view), taken, personal)
        _require_no_values(draft, personal)
        return replace(draft, name=name) if name is not None else draft

    def _personal(self, one: QuestionRepeat, view: View) -> set[str]:
        """The columns of what a question reads whose values are not told."""
        marks = masked_columns(self._workspace, view.commit)
        return {column for dataset in one.datasets for column in marks.get(dataset, ())}

    def _distinct(self, one: QuestionRepeat, view: View) -> dict[str, int | None]:
        """How many values the columns have that the question was asked with."""
        wanted = {value.column for value in one.varied}
        found: dict[str, int | None] = {}
        for dataset in one.datasets if wanted else ():
            if dataset not in view.state.leaves:
                continue
            for column in self._writing.profiles.profile(dataset, view.ref).columns:
                if column.name.lower() in wanted:
                    known = found.get(column.name.lower(), 0)
                    found[column.name.lower()] = (
                        None if column.distinct is None or known is None else max(column.distinct, known)
                    )
        return found

    def _files(self, offer: OfferRecord, name: str | None) -> FileDraft:
        one = repeat_of(offer)
        view = View.at(self._workspace, self._workspace.default_branch)
        if isinstance(one, RunRepeat):
            toml = self._text(view, "andon.toml") if "andon.toml" in view.state.files() else ""
            return draft_schedule(one, self._selected(one, view), toml, zone_of(self._workspace))
        if isinstance(one, FileRepeat):
            newest = view.project.datasets.get(one.datasets[-1])
            if newest is None:
                return FileDraft({}, left=(f"`{one.datasets[-1]}` is gone",))
            text = self._text(view, newest.definition.entry)
            taken = {*view.state.leaves} if name is None else set()
            return draft_source(one, newest.definition, text, taken, name)
        assert isinstance(one, CorrectionRepeat)
        sha = view.state.files().get(PLAYBOOKS)
        return draft_playbook(one, self._text(view, PLAYBOOKS) if sha is not None else None)

    def _selected(self, one: RunRepeat, view: View) -> dict[str, SelectedFile]:
        """The files of the datasets that were named, without what only follows from them."""
        there = view.project.datasets
        if one.selection:
            terms = [term.strip("+@") for term in one.selection]
            needs = {name: said.definition.inputs for name, said in there.items()}
            chosen = sorted(select(tuple(terms), selectable(there, needs)))
        else:
            chosen = sorted(name for name, said in there.items() if not said.definition.inputs)
        files = {name: there[name].definition.entry for name in chosen[:_FILES]}
        return {
            name: SelectedFile(path, self._text(view, path), bool(there[name].refresh)) for name, path in files.items()
        }

    def _text(self, view: View, path: str) -> str:
        return self._lake.objects.text(view.state.files()[path]).decode("utf-8")

    def _given_code(self, draft: FileDraft, branch: str) -> GivenCode:
        files = {path: text.encode() for path, text in draft.files.items()}
        return GivenCode(branch, files, self._lake.refs.head(branch))

    def _written(self, draft: FileDraft, plan: Plan | None, run: RunResult | None) -> _Written:
        there = View.at(self._workspace, self._workspace.default_branch).state.files()
        files = tuple(SuggestedFile(path, text, path not in there) for path, text in sorted(draft.files.items()))
        return _Written(files, plan, run, notes=draft.notes, left=draft.left)

    # -- parts

    def _offer(self, number: int) -> OfferRecord:
        offer = self._store.find(number)
        if offer is None:
            numbers = [str(each.number) for each in self._store.all() if each.state == "open"]
            hint = did_you_mean(str(number), numbers) or "`andon suggestions` lists them"
            message = f"there is no suggestion {number}"
            raise UsageError("usage.bad_argument", message, where=str(number), hint=hint)
        return offer

    def _decide(self, offer: OfferRecord, state: str, branch: str | None) -> None:
        at = to_text(self._workspace.clock())
        if not self._store.decide(offer, state, self._workspace.caller.author, at, branch):
            now = self._offer(offer.number)
            if now.state != state or branch != now.branch:
                raise _decided(offer.number, f"{now.who or 'somebody'} {now.state} it meanwhile")

    @contextmanager
    def _alone(self, offer: OfferRecord) -> Iterator[None]:
        """Take a suggestion while nobody else does.

        Raises:
            ConflictError: `suggestion.decided`.
        """
        claims, name = self._workspace.claims, f"suggestion {offer.number}"
        taken = claims.take(EVERYWHERE, [name], LONGEST, claims.of(EVERYWHERE))
        if isinstance(taken, Refused):
            raise _decided(offer.number, "somebody accepts it at this moment")
        try:
            if self._offer(offer.number).state != offer.state:
                now = self._offer(offer.number)
                raise _decided(offer.number, f"{now.who or 'somebody'} {now.state} it meanwhile")
            yield
        finally:
            with self._lake.database.write() as transaction:
                claims.release(transaction, taken)

    def _document(self, offer: OfferRecord, written: _Written) -> SuggestionDocument:
        one = repeat_of(offer)
        personal: Collection[str] = ()
        if isinstance(one, QuestionRepeat):
            personal = self._personal(one, View.at(self._workspace, self._workspace.default_branch))
        return SuggestionDocument(
            offer.number,
            offer.kind,
            offer.title,
            offer.state,
            one.times,
            one.people,
            why_of(one, personal),
            list(written.notes),
            list(written.left),
            list(written.files),
            list(written.checks),
            offer.branch if offer.state == "accepted" else None,
            written.plan.document() if written.plan is not None else None,
            written.problem,
            written.run.document() if written.run is not None else None,
        )


def _decided(number: int, what: str) -> ConflictError:
    return ConflictError(
        "suggestion.decided", f"suggestion {number}: {what}", where=str(number), hint="`andon suggestions` shows it"
    )


def _to_save(draft: QuestionDraft) -> ToSave:
    is_query = "." not in draft.name
    return ToSave(
        draft.name,
        draft.sql,
        owner=draft.owner,
        description=draft.description,
        parameters=draft.parameters if is_query and draft.parameters else None,
        checks=() if is_query else ("safe",),
    )


def _saved(found: Saved, draft: QuestionDraft) -> _Written:
    file = SuggestedFile(found.file, found.text, found.is_new)
    return _Written((file,), found.plan, found.run, found.checks, draft.notes)


def _info(offer: OfferRecord) -> SuggestionInfo:
    one = repeat_of(offer)
    return SuggestionInfo(
        offer.number,
        offer.kind,
        offer.title,
        one.times,
        one.people,
        one.first,
        one.last,
        offer.state,
        offer.branch if offer.state == "accepted" else None,
    )


def _require_no_values(draft: QuestionDraft, personal: Collection[str]) -> None:
    """Refuse to write a value of a personal column down: who reads the file may not see it.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    form = question_form(draft.sql)
    filters = form.filters if form is not None else ()
    held = sorted({f.column for f in filters if f.column in personal and not all(v.startswith("$") for v in f.values)})
    if held:
        message = f"a value of `{held[0]}`, which is personal, stands in the question"
        hint = "whoever asked it can save it with a parameter in its place"
        raise UsageError("usage.bad_argument", message, where=held[0], hint=hint)


def _answered(offer: OfferRecord, who: str) -> AnsweredInfo:
    """What others asked with is theirs."""
    one = repeat_of(offer)
    assert isinstance(one, QuestionRepeat)
    return AnsweredInfo(
        one.sql if who in one.people else without_values(one.sql), one.times, one.people, offer.branch or ""
    )


def _told(error: AndonError) -> str:
    more = len(error.problems) - 1 if isinstance(error, ProjectError) else 0
    further = f", and {plural(more, 'further problem')}" if more > 0 else ""
    return f"{error.message}{further}"
