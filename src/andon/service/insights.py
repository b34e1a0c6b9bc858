"""Insights: what data serves, what that is worth, how fresh and how reliable it is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import values_of
from andon.lineage.caveats import inherited_caveats
from andon.service.insight_asking import found_insight
from andon.service.insight_documents import (
    InsightDocument,
    InsightFlaw,
    InsightInfo,
    InsightOutcomeDocument,
    InsightPin,
    InsightRows,
    InsightState,
    InsightValue,
)
from andon.service.insight_flaws import coarse_flaws, flaws_of, links_of
from andon.value.resting import rests_on
from andon.value.shares import is_unreviewed
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.lineage.kept import LineageGraphs
    from andon.model.insight import Insight, Worth
    from andon.service.insight_asking import InsightAsking
    from andon.service.troubles import Troubles
    from andon.service.trust import Trust
    from andon.state.insight_looks import InsightLook
    from andon.value.answers import PinnedAnswer
    from andon.value.resting import Resting
    from andon.value.weakest import LinkFlaw, WeakestLink
    from andon.workspace.workspace import Workspace

#: Rows of a kept answer that are shown with an insight.
SHOWN_ROWS = 20


@dataclass(frozen=True)
class InsightSight:
    """What insights of a commit are told by.

    Attributes:
        links: by insight, its weakest link. built: by dataset that one uses, when it was made (ISO text).
        looks: by insight, what the last look found. today: a day (ISO).
    """

    view: View
    resting: Resting
    links: Mapping[str, WeakestLink]
    built: Mapping[str, str]
    looks: Mapping[str, InsightLook]
    today: str


class Insights:
    """The insights of one workspace's lake."""

    def __init__(
        self, workspace: Workspace, troubles: Troubles, graphs: LineageGraphs, trust: Trust, asking: InsightAsking
    ) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._graphs = graphs
        self._trust = trust
        self._asking = asking

    def list(self, at: str | None = None) -> list[InsightInfo]:
        """The insights of a commit, by name.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return [*self.infos(self.sight(View.at(self._workspace, at)))]

    def show(self, name: str, at: str | None = None) -> InsightDocument:
        """All of an insight.

        Raises:
            UsageError: `lake.insight_not_found`, `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        insight = found_insight(view, name)
        sight = self.sight(view)
        info, link = self._info(sight, insight), sight.links[name]
        there = [each for each in insight.datasets if each in view.state.leaves]
        kept = self._asking.kept(insight, view.state)
        look = _look(sight, insight)
        return InsightDocument(
            name=name,
            kind=str(insight.kind),
            file=insight.file,
            title=insight.title,
            answer=insight.answer,
            decision=insight.decision,
            description=insight.description,
            owner=insight.owner,
            date=insight.date,
            uses=list(insight.uses),
            queries=list(insight.queries),
            query=insight.query,
            value=info.value,
            review_by=insight.review_by,
            unreviewed=info.unreviewed,
            fresh=info.fresh,
            rests_on=sorted(sight.resting.on[name]),
            pinned=InsightPin(**values_of(insight.pinned)) if insight.pinned is not None else None,
            pinned_answer=shown_rows(kept) if kept is not None else None,
            outcomes=[
                InsightOutcomeDocument(x.on, x.what, _value(x.worth) if x.worth else None) for x in insight.outcomes
            ],
            level=info.level,
            flaws=[flaw_document(each) for each in link.flaws],
            notes=self._trust.notes(view.commit, there, view.ref),
            state=info.state,
            looked=look.at if look is not None else None,
            found=look.what if look is not None else None,
            evidence=list(insight.evidence),
            branch=view.ref,
            commit=view.commit.id,
        )

    def sight(self, view: View) -> InsightSight:
        """What the insights of a commit are told by: what each rests on, and what is known against that."""
        project, leaves = view.project, view.state.leaves
        datasets = project.datasets
        needs = {name: datasets[name].definition.inputs for name in leaves if name in datasets}
        resting = rests_on(project.insights, needs)
        ruled = [name for rule in project.rules for name in rule.datasets]
        flaws = flaws_of(datasets, leaves, ruled, self._troubles.of(view))
        inherited = inherited_caveats(datasets, lambda: self._graphs.graph(view.commit), resting.behind)
        flaws += coarse_flaws(self._graphs.graph(view.commit), resting.behind) if resting.behind else []
        links = links_of(project.insights, resting, flaws, leaves, datasets, inherited)
        used = {name for insight in project.insights for name in insight.datasets if name in leaves}
        made = self._workspace.lake.objects.made(leaves[name].build for name in used)
        built = {name: made[leaves[name].build] for name in used if leaves[name].build in made}
        today = to_text(self._workspace.clock())[:10]
        return InsightSight(view, resting, links, built, self._workspace.insight_looks.of(view.ref), today)

    def infos(self, sight: InsightSight) -> Sequence[InsightInfo]:
        """The insights of a sight in lines, by name."""
        return [self._info(sight, insight) for insight in sight.view.project.insights]

    # -- parts

    def _info(self, sight: InsightSight, insight: Insight) -> InsightInfo:
        link = sight.links[insight.name]
        times = [sight.built[name] for name in insight.datasets if name in sight.built]
        look = _look(sight, insight)
        return InsightInfo(
            name=insight.name,
            kind=str(insight.kind),
            title=insight.title,
            owner=insight.owner,
            value=_value(insight.worth),
            review_by=insight.review_by,
            unreviewed=is_unreviewed(insight, sight.today),
            fresh=min(times, default=None),
            level=link.level.name.lower(),
            weakest=flaw_document(link.flaws[0]) if link.flaws else None,
            rests_on=len(sight.resting.on[insight.name]),
            outcomes=len(insight.outcomes),
            state=InsightState(look.state) if look is not None else None,
        )


def shown_rows(answer: PinnedAnswer, most: int = SHOWN_ROWS) -> InsightRows:
    """The first rows of an answer."""
    return InsightRows(list(answer.columns), list(answer.types), [list(row) for row in answer.rows[:most]])


def pin_of(insight: Insight) -> str:
    """By what the answer is known that an insight was read from; empty where nobody pinned one."""
    return insight.pinned.result or insight.pinned.commit if insight.pinned is not None else ""


def _look(sight: InsightSight, insight: Insight) -> InsightLook | None:
    """What the last look found, if it was at the answer that is pinned."""
    look = sight.looks.get(insight.name)
    return look if look is not None and look.pin == pin_of(insight) else None


def _value(worth: Worth) -> InsightValue:
    amount = format(worth.amount, "f") if worth.amount is not None else None
    return InsightValue(amount, worth.currency, str(worth.per), str(worth.basis), worth.words)


def flaw_document(flaw: LinkFlaw) -> InsightFlaw:
    """A flaw as it is told."""
    return InsightFlaw(flaw.dataset, flaw.kind, flaw.level.name.lower(), flaw.what, flaw.repair)
