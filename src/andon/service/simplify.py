"""Hints by which the project gets simpler: looked for, shown with the change written out, taken on a branch, or not wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec

from andon.base.clock import to_text
from andon.base.names import did_you_mean
from andon.base.record import Record
from andon.errors import ConflictError, ProjectError, UsageError
from andon.lake.refs import MAIN
from andon.model.commit import shows_the_same
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.relations.content import content_of
from andon.relations.relations import Relations
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.given_files import GivenCode
from andon.service.simplify_documents import HintDocument, HintFile, HintInfo, HintSavings, HintsDocument
from andon.service.simplify_scene import Scenes
from andon.simplify.find import find_hints
from andon.simplify.hint import Hint, HintKind, Savings
from andon.state.claims import EVERYWHERE, LONGEST, Refused
from andon.state.offered import OfferRecord
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.lineage import Graph
    from andon.service.branches import Branches
    from andon.service.given_files import GivenFiles
    from andon.service.log_reads import LogReads
    from andon.workspace.workspace import Workspace


class _Made(Record):
    """What a hint comes to: its plan, the run that built it, what was found the same, or why there is none."""

    plan: Plan | None = None
    run: RunResult | None = None
    same: tuple[str, ...] = ()
    problem: str | None = None


class HintWriting(Protocol):
    """The verbs by which hints are written: those of `Service`. Who only looks what there is needs none."""

    @property
    def given_files(self) -> GivenFiles: ...
    @property
    def branches(self) -> Branches: ...


class Simplifying:
    """Hints of one lake.

    Args:
        writing: by what they are written.
        graph: the lineage of a commit.
        reads: who read what.
    """

    def __init__(
        self, workspace: Workspace, writing: HintWriting, graph: Callable[[Commit], Graph], reads: LogReads
    ) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._store = workspace.hints
        self._writing = writing
        self._scenes = Scenes(workspace, graph, reads)

    # -- looking

    def list(self, *, decided: bool = False) -> HintsDocument:
        """What could be simpler in the branch that readers see, what saves most first. Nothing is looked at where nothing changed.

        Args:
            decided: also what was accepted or dismissed, and what is over.
        """
        self._look()
        offers = [each for each in self._store.all() if decided or each.state == "open"]
        hints = {offer.number: _hint(offer) for offer in offers}
        ordered = sorted(offers, key=lambda offer: (offer.state != "open", *_order(hints[offer.number]), offer.number))
        waiting = [hints[offer.number].saves for offer in offers if offer.state == "open"]
        return HintsDocument(
            len(waiting),
            HintSavings(
                sum(each.datasets for each in waiting),
                round(sum(each.seconds for each in waiting), 3),
                sum(each.bytes for each in waiting),
            ),
            [_info(offer, hints[offer.number]) for offer in ordered],
        )

    def open_hints(self) -> int:
        """How many hints wait for somebody to decide, by what is there now."""
        self._look()
        return self._store.open_count()

    def show(self, number: int) -> HintDocument:
        """A hint with what speaks for it, all that would be written, and what publishing that would do.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has.
        """
        self._look()
        offer = self._offer(number)
        hint = _hint(offer)
        made = _Made(problem=hint.problem)
        if offer.state == "open" and hint.files:
            try:
                made = _Made(self._writing.given_files.prepared(self._given(hint, self._branch), RunOptions()).plan)
            except (ProjectError, ConflictError, UsageError) as error:
                made = _Made(problem=error.message)
        elif offer.state == "accepted" and offer.branch and self._lake.refs.find(offer.branch) is not None:
            made = _Made(self._writing.branches.plan_publish(offer.branch))
        return self._document(offer, hint, made)

    # -- deciding

    def accept(self, number: int, branch: str | None = None, listener: Listener | None = None) -> HintDocument:
        """Write what a hint says on a branch of its own, build it there, compare all rows with those of main, and plan its publish.

        Args:
            branch: without it `simplify-N`. It may not be main, and may not be there.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, what was decided already or is over, and what
                no files can be written for.
            ConflictError: `suggestion.decided` where somebody decides about it at the same time; `simplify.differs` where some rows came
                out otherwise: then there is no branch, and the hint stays.
            ProjectError: what stands in the way; the hint stays.
        """
        self._look()
        offer = self._offer(number)
        hint = _hint(offer)
        aside = branch or f"simplify-{number}"
        self._require_open(offer, hint, aside)
        options = RunOptions(branch=aside, agreed=ANY_PLAN, message=f"simplify {number}: {hint.title}")
        with self._alone(offer):
            run, _ = self._writing.given_files.publish(self._given(hint, aside), options, listener or Listener())
            if not run.published:
                return self._document(offer, hint, _Made(run=run, problem=run.held or "it could not be built"))
            same, other = self._compared(hint, run)
            if other:
                self._writing.branches.drop(aside)
                raise ConflictError(
                    "simplify.differs",
                    f"hint {number} was built, and came out otherwise than on main: {', '.join(other)}",
                    where=str(number),
                    hint=f"nothing was changed; `andon simplify dismiss {number}` ends the hint",
                )
            self._decide(offer, "accepted", aside, None)
        made = _Made(self._writing.branches.plan_publish(aside), run, tuple(same))
        return self._document(self._offer(number), hint, made)

    def dismiss(self, number: int, why: str | None = None) -> HintInfo:
        """Tell a hint no more: for as long as it is about the same, in the same relation to the same.

        Args:
            why: what is to be said of it.

        Raises:
            UsageError: `usage.bad_argument` for a number that none has, or one that was accepted.
            ConflictError: `suggestion.decided` where somebody decided otherwise meanwhile.
        """
        offer = self._offer(number)
        if offer.state == "accepted":
            message = f"hint {number} was accepted"
            hint = f"`andon branch drop {offer.branch}` drops its branch, and it is told again"
            raise UsageError("usage.bad_argument", message, where=str(number), hint=hint)
        self._decide(offer, "dismissed", None, (why or "").strip() or None)
        offer = self._offer(number)
        return _info(offer, _hint(offer))

    # -- parts

    @property
    def _branch(self) -> str:
        return self._workspace.default_branch

    def _look(self) -> None:
        """Look for hints, where anything changed that they hang on."""
        if self._lake.refs.find(self._branch) is None:
            return
        view = View.at(self._workspace, self._branch)
        mark = self._scenes.mark(view)
        if mark == self._store.mark(self._branch) or self._lake.database.is_read_only:
            return
        scene = self._scenes.scene(view)
        known = {offer.key: offer for offer in self._store.all()}
        dismissed = [_hint(offer) for offer in known.values() if offer.state == "dismissed"]
        at = self._workspace.clock()
        hints = find_hints(scene, at, self._scenes.histories(view, scene), dismissed)
        now = to_text(at)
        found = [self._record(hint, known.get(hint.key), now) for hint in hints]
        new = [
            each
            for each in found
            if each.key not in known or (known[each.key].body, known[each.key].state) != (each.body, each.state)
        ]
        stays = {hint.key for hint in hints}
        lost = [offer.number for offer in known.values() if offer.state == "open" and offer.key not in stays]
        self._store.looked(self._branch, "", new, lost)
        self._store.looked(self._branch, self._scenes.mark(view), (), ())

    def _record(self, hint: Hint, known: OfferRecord | None, now: str) -> OfferRecord:
        """A hint as it is written: one that was accepted, and whose branch is gone without it, is open again."""
        state, number, branch = "open", 0, None
        if known is not None:
            number = known.number
            if known.state == "dismissed" or (known.state == "accepted" and self._is_there(known.branch)):
                state, branch = known.state, known.branch
        body = msgspec.json.encode(hint).decode()
        return OfferRecord(
            number, hint.key, hint.kind, state, hint.title, frozenset(hint.parts), body, now, now, branch=branch
        )

    def _is_there(self, branch: str | None) -> bool:
        return branch is not None and self._lake.refs.find(branch) is not None

    def _require_open(self, offer: OfferRecord, hint: Hint, aside: str) -> None:
        def refused(message: str, advice: str) -> UsageError:
            return UsageError("usage.bad_argument", message, where=str(offer.number), hint=advice)

        if offer.state == "accepted":
            raise refused(
                f"hint {offer.number} was accepted already on the branch `{offer.branch}`",
                f"`andon plan {offer.branch}` shows what it changes",
            )
        if offer.state == "gone":
            raise refused(f"nothing speaks for hint {offer.number} any more", "`andon simplify` lists what there is")
        if not hint.files:
            raise refused(
                f"no file is written for hint {offer.number}: {hint.problem}", "change it by hand, and run that"
            )
        if aside == MAIN:
            raise refused(
                "a hint is not written on main",
                "leave `--branch` out: it is written on a branch of its own, and `andon publish` brings it into main",
            )
        if self._lake.refs.find(aside) is not None:
            raise refused(
                f"there is a branch `{aside}`", f"`andon branch drop {aside}`, or name another with `--branch`"
            )

    def _given(self, hint: Hint, branch: str) -> GivenCode:
        files = {each.file: None if each.text is None else each.text.encode() for each in hint.files}
        return GivenCode(branch, files, self._lake.refs.head(self._branch))

    def _compared(self, hint: Hint, run: RunResult) -> tuple[Sequence[str], Sequence[str]]:
        """The datasets whose rows were read before and after and are the same, and those where they are others."""
        commits = self._lake.commits
        before, after = (commits.state(commits.get(each)).leaves for each in (run.base, run.commit))
        relations = Relations(self._lake)
        same: list[str] = []
        other: list[str] = []
        for name in sorted(before.keys() & after.keys()):
            one, two = before[name], after[name]
            # a column that goes is the only thing that may be otherwise, and only there
            if shows_the_same(one, two) or (name == hint.subject and hint.kind is HintKind.COLUMNS):
                continue
            versions = dict.fromkeys((one.version, two.version))
            prints = {content_of(self._workspace.readers, relations, name, each) for each in versions}
            (same if len(prints) == 1 else other).append(name)
        expected = {hint.subject} if any(each.text is None for each in hint.files) else set()
        other += sorted(before.keys() - after.keys() - expected)
        return same, other

    def _offer(self, number: int) -> OfferRecord:
        offer = self._store.find(number)
        if offer is None:
            numbers = [str(each.number) for each in self._store.all() if each.state == "open"]
            hint = did_you_mean(str(number), numbers) or "`andon simplify` lists them"
            raise UsageError("usage.bad_argument", f"there is no hint {number}", where=str(number), hint=hint)
        return offer

    def _decide(self, offer: OfferRecord, state: str, branch: str | None, why: str | None) -> None:
        at = to_text(self._workspace.clock())
        if not self._store.decide(offer, state, self._workspace.caller.author, at, branch, why):
            now = self._offer(offer.number)
            if now.state != state or branch != now.branch:
                raise _decided(offer.number, f"{now.who or 'somebody'} {now.state} it meanwhile")

    @contextmanager
    def _alone(self, offer: OfferRecord) -> Iterator[None]:
        """Take a hint while nobody else does.

        Raises:
            ConflictError: `suggestion.decided`.
        """
        claims, name = self._workspace.claims, f"hint {offer.number}"
        taken = claims.take(EVERYWHERE, [name], LONGEST, claims.of(EVERYWHERE))
        if isinstance(taken, Refused):
            raise _decided(offer.number, "somebody accepts it at this moment")
        try:
            now = self._offer(offer.number)
            if now.state != offer.state:
                raise _decided(offer.number, f"{now.who or 'somebody'} {now.state} it meanwhile")
            yield
        finally:
            with self._lake.database.write() as transaction:
                claims.release(transaction, taken)

    def _document(self, offer: OfferRecord, hint: Hint, made: _Made) -> HintDocument:
        view = View.at(self._workspace, self._branch)
        there = view.state.files()
        files = [HintFile(each.file, self._text(there.get(each.file)), each.text) for each in hint.files]
        return HintDocument.about(
            _info(offer, hint),
            evidence=list(hint.evidence),
            proof=hint.proof,
            files=files,
            same=list(made.same),
            plan=made.plan.document() if made.plan is not None else None,
            problem=made.problem,
            run=made.run.document() if made.run is not None else None,
        )

    def _text(self, sha: str | None) -> str | None:
        return None if sha is None else self._lake.objects.text(sha).decode("utf-8", "replace")


def _hint(offer: OfferRecord) -> Hint:
    return msgspec.json.decode(offer.body, type=Hint)


def _order(hint: Hint) -> tuple[int, float, int]:
    return -hint.saves.datasets, -hint.saves.seconds, list(HintKind).index(hint.kind)


def _info(offer: OfferRecord, hint: Hint) -> HintInfo:
    return HintInfo(
        offer.number,
        hint.kind,
        hint.subject,
        hint.title,
        offer.at,
        offer.state,
        hint.verdict,
        _saves(hint.saves),
        bool(hint.files),
        offer.branch if offer.state == "accepted" else None,
        offer.who,
        offer.why,
    )


def _saves(saves: Savings) -> HintSavings:
    return HintSavings(saves.datasets, saves.seconds, saves.bytes)


def _decided(number: int, what: str) -> ConflictError:
    return ConflictError(
        "suggestion.decided", f"hint {number}: {what}", where=str(number), hint="`andon simplify` shows it"
    )
