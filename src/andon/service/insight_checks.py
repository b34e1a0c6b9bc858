"""Whether insights are still true: asked again of what readers see now, and compared with the answer that was pinned."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.clock import to_text
from andon.base.document import UNSET
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import AndonError, MachineError, UsageError
from andon.model.event import Notice
from andon.model.insight import Insight
from andon.service.insight_asking import found_insight
from andon.service.insight_documents import InsightCheck, InsightState
from andon.service.insights import pin_of
from andon.service.trust import TrustNote
from andon.state.insight_looks import ALL, InsightLook
from andon.value.movement import AnswerMoved, moved
from andon.value.through import MovedDataset, moved_through
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.runs.goal import Listener
    from andon.service.insight_asking import AskedInsight, InsightAsking
    from andon.service.trust import Trust
    from andon.value.answers import PinnedAnswer
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)
#: So many are asked in one pass of the schedule; the others in the next.
_A_PASS = 10
#: What the machine kept from being asked is asked again after so long; such a look has no mark.
_AGAIN, _UNASKED = timedelta(hours=1), ""
_NOTHING = AnswerMoved()


class _Seen(Record):
    """What came of a look at an insight; not asked is what the machine kept from it."""

    insight: Insight
    check: InsightCheck
    is_asked: bool = True


class InsightChecks:
    """Asks insights of one workspace again."""

    def __init__(self, workspace: Workspace, asking: InsightAsking, trust: Trust) -> None:
        self._workspace = workspace
        self._trust = trust
        self._lake = workspace.lake
        self._asking = asking

    def check(self, names: Sequence[str] = (), at: str | None = None, *, is_noted: bool = True) -> list[InsightCheck]:
        """Ask insights again, all without names.

        Args:
            is_noted: whether what is found of a branch's head is noted, for the board.

        Raises:
            UsageError: `lake.insight_not_found`, `lake.ref_not_found`; `usage.query_cancelled`.
        """
        view = View.at(self._workspace, at)
        insights = (
            [found_insight(view, name) for name in dict.fromkeys(names)] if names else list(view.project.insights)
        )
        found = [self._seen(view, insight, CancelToken()) for insight in insights]
        if is_noted and self._is_head(view):
            self._note(view, found)
        return [replace(each.check, notes=self._notes(view, [each.insight]) or UNSET) for each in found]

    def known(self, names: Collection[str], branch: str) -> list[TrustNote]:
        """What is known of the datasets that insights of a branch use."""
        view = View.at(self._workspace, branch)
        return self._notes(view, [each for each in view.project.insights if each.name in names])

    def passed(self, branch: str, listener: Listener) -> None:
        """Look at a branch after a pass of its schedule: at insights whose query, pin or datasets are others than when they were looked at
        last, some at a time. Where the branch is as it was, nothing but that is read.

        What fails of one is told of it, and stops no other; what fails of all ends no pass: what that brought up to date is there.

        Args:
            listener: stops it, and is told what could not be done; what was found till then is noted.
        """
        try:
            self._pass(branch, listener.cancel)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the pass goes on
            if isinstance(failure, AndonError):
                why = failure.message
            else:
                _log.exception("a defect in the look at insights of %s", branch)
                why = f"a defect ({type(failure).__name__})"
            listener.report(Notice(f"insights of {branch} were not looked at: {why}"))

    # -- parts

    def _pass(self, branch: str, cancel: CancelToken) -> None:
        ref = self._lake.refs.find(branch)
        if ref is None or self._lake.database.is_read_only:
            return
        looks = self._workspace.insight_looks.of(branch)
        if ALL in looks and looks[ALL].mark == ref.commit:
            return
        view = View(self._workspace, branch, self._lake.commits.get(ref.commit))
        late = to_text(self._workspace.clock() - _AGAIN)
        due, is_waiting = [], False
        for each in view.project.insights:
            if not pin_of(each) or each.query is None:
                continue
            look = looks.get(each.name)
            if look is not None and look.mark == _UNASKED and look.at > late:
                is_waiting = True
            elif look is None or look.mark != self._asking.mark(view, each):
                due.append(each)
        found: list[_Seen] = []
        for each in due[:_A_PASS]:
            try:
                found.append(self._seen(view, each, cancel))
            except UsageError as error:
                _log.debug("the look at insights of %s was stopped: %s", branch, error)
                break
            except Exception as defect:  # noqa: BLE001 - one insight's defect is told, and stops no other
                _log.exception("a defect in a look at the insight %s", each.name)
                what = f"it could not be asked: a defect in Andon ({type(defect).__name__})"
                found.append(_Seen(each, self._told(view, each, InsightState.FAILED, what)))
        is_all = len(found) == len(due) and not is_waiting and all(each.is_asked for each in found)
        self._note(view, found, is_all=is_all)

    def _notes(self, view: View, insights: Sequence[Insight]) -> list[TrustNote]:
        used = dict.fromkeys(name for each in insights for name in each.datasets if name in view.state.leaves)
        return self._trust.notes(view.commit, list(used), view.ref)

    def _is_head(self, view: View) -> bool:
        ref = self._lake.refs.find(view.ref)
        return ref is not None and ref.kind == "branch" and not self._lake.database.is_read_only

    def _note(self, view: View, found: Sequence[_Seen], *, is_all: bool = False) -> None:
        at = to_text(self._workspace.clock())
        looks = [
            InsightLook(
                insight.name,
                self._asking.mark(view, insight) if each.is_asked else _UNASKED,
                pin_of(insight),
                at,
                str(check.state),
                check.what,
                check.through[0].dataset if check.through else None,
            )
            for each in found
            if (check := each.check).state not in (InsightState.UNPINNED, InsightState.NO_QUERY)
            and (insight := each.insight)
        ]
        if is_all:
            looks.append(InsightLook(ALL, view.commit.id, "", at, "", ""))
        self._workspace.insight_looks.put(view.ref, looks)

    def _seen(self, view: View, insight: Insight, cancel: CancelToken) -> _Seen:
        """A look at an insight.

        Raises:
            UsageError: `usage.query_cancelled`.
        """
        try:
            return _Seen(insight, self._checked(view, insight, cancel))
        except MachineError as error:  # nothing is said of the insight by that
            what = f"it could not be asked: {error.message}"
            return _Seen(insight, self._told(view, insight, InsightState.FAILED, what), is_asked=False)
        except AndonError as error:
            if error.code == "usage.query_cancelled":
                raise
            what = f"it can't be asked any more: {error.message}"
            through = self._through(view, insight) or ()
            return _Seen(insight, self._told(view, insight, InsightState.FAILED, what, through=through))

    def _checked(self, view: View, insight: Insight, cancel: CancelToken) -> InsightCheck:
        if insight.query is None:
            return self._told(view, insight, InsightState.NO_QUERY, "it has no query that could be asked again")
        if insight.pinned is None:
            what = f"nothing says what its answer was: `andon insight pin {insight.name}` keeps it"
            return self._told(view, insight, InsightState.UNPINNED, what)
        asked = self._asking.ask(insight.query, view.commit, masks=True, cancel=cancel)
        after = asked.answer
        if after.id == insight.pinned.result:
            return self._told(view, insight, InsightState.TRUE, "still true")
        before = self._asking.before(insight, view.state, cancel)
        if before is None:
            what = "its answer is another one; what it was is not kept any more"
            return self._told(view, insight, InsightState.MOVED, what, through=self._through(view, insight) or ())
        return self._compared(view, insight, before, asked)

    def _compared(self, view: View, insight: Insight, before: PinnedAnswer, asked: AskedInsight) -> InsightCheck:
        difference = moved(before, asked.answer)
        if not difference.total:
            return self._told(view, insight, InsightState.TRUE, "still true")
        through = self._through(view, insight)
        what = moved_words(difference, through or ())
        if through is not None and not through:
            what = f"{what}; no dataset is another one since: its query is, or it hangs on the clock or on chance"
        if asked.is_personal:  # what is told here is kept, and seen by others
            what, difference = f"{what}; its values are personal", replace(difference, movements=())
        return self._told(view, insight, InsightState.MOVED, what, difference, through or ())

    def _through(self, view: View, insight: Insight) -> list[MovedDataset] | None:
        """The datasets that are others than when an answer was pinned; None where that is not known any more."""
        assert insight.pinned is not None
        try:
            then = View.at(self._workspace, insight.pinned.commit)
            before = then.state.leaves
            needs = {name: set(said.definition.inputs) for name, said in view.project.datasets.items()}
            for name, said in then.project.datasets.items():
                needs.setdefault(name, set()).update(said.definition.inputs)
        except AndonError as error:
            _log.debug("what %s was read from is not known any more: %s", insight.name, error)
            return None
        refs = (then.commit.id[:8], view.ref if self._is_head(view) else view.commit.id[:8])
        return list(moved_through(insight.datasets, needs, before, view.state.leaves, refs))

    def _told(
        self,
        view: View,
        insight: Insight,
        state: InsightState,
        what: str,
        difference: AnswerMoved = _NOTHING,
        through: Sequence[MovedDataset] = (),
    ) -> InsightCheck:
        return InsightCheck(
            name=insight.name,
            title=insight.title,
            state=state,
            what=what,
            pinned=insight.pinned.commit if insight.pinned is not None else None,
            commit=view.commit.id,
            movements=list(difference.movements),
            total=difference.total,
            changed=difference.changed,
            came=difference.came,
            went=difference.went,
            through=list(through),
        )


def moved_words(difference: AnswerMoved, through: Collection[MovedDataset]) -> str:
    """What moved, in a sentence. Pure."""
    if difference.has_other_columns:
        parts = ["its answer has other columns"]
    else:
        told = (
            (difference.changed, "with other values"),
            (difference.came, "that came"),
            (difference.went, "that went"),
        )
        parts = [f"{plural(count, 'row')} {words}" for count, words in told if count]
    origins = [each.dataset for each in through if each.is_origin]
    begun = f", through {', '.join(origins[:3])}" + (" and others" if len(origins) > 3 else "") if origins else ""
    return ", ".join(parts) + begun
