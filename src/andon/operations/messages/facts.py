"""What is told of an incident, looked up where it happened: whom it reaches, who takes care of it, what was done. No personal values."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from andon.base.graph import reach, reverse
from andon.errors import CODES, AndonError
from andon.model.incident import IncidentEventKind, IncidentState
from andon.model.message import ToldIncident
from andon.project.select import select, selectable
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.model.incident import Incident, IncidentEvent, IncidentSignal
    from andon.model.insight import Insight
    from andon.model.message import Channel, IncidentChange
    from andon.project.select import Selectable
    from andon.workspace.workspace import Workspace

_DID = {
    IncidentState.OPEN: "readers may see it",
    IncidentState.CONTAINED: "readers still see what was good before",
    IncidentState.FIXED: "something was done about it; whether it helps is not known yet",
    IncidentState.VERIFIED: "what readers see is right again",
    IncidentState.CLOSED: "what readers see is right again",
}


class BranchFacts:
    """What is known of one branch's datasets, read when first asked for."""

    def __init__(self, workspace: Workspace, branch: str) -> None:
        self._workspace = workspace
        self._branch = branch

    def selected(self, channel: Channel) -> set[str]:
        """The datasets that a channel is about; a term that names nothing finds nothing."""
        found: set[str] = set()
        for term in channel.only:
            try:
                found |= select([term], self._selectable)
            except AndonError:
                continue  # a selection may name what is to come
        return found

    def item(
        self,
        incident: Incident,
        signals: Sequence[IncidentSignal],
        events: Sequence[IncidentEvent],
        change: IncidentChange,
        before: IncidentState | None,
    ) -> ToldIncident:
        """What is told of an incident."""
        name = incident.dataset
        below = sorted(reach(self._readers, [name])) if name else []
        hit = {name, *below}
        insights = [each.title for each in self._insights if hit & set(each.datasets)]
        address = str(self._workspace.settings.get("server.address")).rstrip("/")
        return ToldIncident(
            incident.number,
            change,
            before,
            incident.state,
            incident.lamp,
            incident.branch,
            name,
            incident.kind,
            self._what(incident, signals),
            incident.opened,
            incident.closed if incident.state.is_over else None,
            incident.owner or self.owner(name),
            below,
            insights,
            _did(incident, events),
            f"andon incident show {incident.number}",
            f"{address}/incidents/{incident.number}" if address else None,
        )

    def owner(self, dataset: str) -> str | None:
        """Who owns a dataset."""
        found = self._view.project.datasets.get(dataset) if self._view is not None else None
        return found.owner if found is not None else None

    def _what(self, incident: Incident, signals: Sequence[IncidentSignal]) -> str:
        """What is wrong. An error of the engine may quote a value: of personal data only the meaning of its code is told."""
        own = [s for s in signals if (s.dataset, s.kind) == (incident.dataset, incident.kind)]
        # a check that fails in more rows by now says it in other words
        first = next((s for s in signals if s.what == incident.title), own[0] if own else None)
        said = incident.title
        is_of_check = first is not None and "code" not in first.details
        if not is_of_check and self._is_personal(incident.dataset):
            code = str(first.details.get("code")) if first is not None else ""
            said = CODES.get(code, CODES["build.failed"]).rstrip(".")
            said = said[:1].lower() + said[1:]
        others = sum(1 for signal in signals if signal.cleared is None) - 1
        return said if others < 1 else f"{said}, and {others} more"

    def _is_personal(self, dataset: str) -> bool:
        """Whether a dataset, or what it is made from, has personal columns; where that can't be known it has."""
        if self._view is None or (dataset and dataset not in self._needs):
            return True
        marked = masked_columns(self._workspace, self._view.commit)
        return bool(marked) if not dataset else bool((reach(self._needs, [dataset]) | {dataset}) & marked.keys())

    @cached_property
    def _view(self) -> View | None:
        if self._workspace.lake.refs.find(self._branch) is None:
            return None
        return View.at(self._workspace, self._branch)

    @cached_property
    def _selectable(self) -> Selectable:
        return selectable(self._view.project.datasets if self._view is not None else {})

    @cached_property
    def _needs(self) -> Mapping[str, Sequence[str]]:
        if self._view is None:
            return {}
        return {name: one.definition.inputs for name, one in self._view.project.datasets.items()}

    @cached_property
    def _readers(self) -> Mapping[str, set[str]]:
        return reverse(self._needs)

    @property
    def _insights(self) -> Sequence[Insight]:
        return self._view.project.insights if self._view is not None else ()


def _did(incident: Incident, events: Sequence[IncidentEvent]) -> str:
    done = next((event.what for event in reversed(events) if event.kind is IncidentEventKind.ACTION), None)
    said = _DID[incident.state]
    return said if done is None else f"{said}; {done}"
