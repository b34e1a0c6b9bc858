"""All that is known of one incident: what changed between the last good and the first bad version, which rows fail, whom it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.graph import reach, topological
from andon.model.commit import Commit, State
from andon.runs.inspection.personal import discreet_kept
from andon.service.bad_rows import BadRowsFinder
from andon.service.incident_documents import BadRows, IncidentInfo, IncidentPage, VersionDifference, signal_info
from andon.service.needs import NextStep
from andon.service.version_steps import CommitSide, differences
from andon.workspace.code import project_at
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.model.check_result import CheckResult
    from andon.model.incident import Incident, IncidentSignal
    from andon.service.needs import Surroundings
    from andon.workspace.workspace import Workspace

#: Datasets whose differences are told, checks whose rows are, people who are named.
_DATASETS, _CHECKS, _PEOPLE = 12, 5, 50


def page_of(workspace: Workspace, incident: Incident, info: IncidentInfo, around: Surroundings) -> IncidentPage:
    """The page of an incident."""
    signals = workspace.incidents.signals([incident.number])[incident.number]
    good, bad = _commit(workspace, incident.last_good), _bad_commit(workspace, incident)
    reached = around.below(info.datasets) | set(info.datasets)
    return IncidentPage(
        incident=info,
        first_bad=bad.id if bad is not None else None,
        last_good=good.id if good is not None else None,
        compare=_compare(good, bad, incident),
        differences=_differences(workspace, good, bad, incident),
        rows=_rows(workspace, good, bad, signals),
        requests=workspace.requests.about(incident.number),
        below=sorted(reached - set(info.datasets)),
        people=sorted(around.people(reached))[:_PEOPLE],
        signals=[signal_info(signal) for signal in signals],
        events=workspace.incidents.events(incident.number),
    )


def _commit(workspace: Workspace, id: str | None) -> Commit | None:
    commits = workspace.lake.commits
    return commits.get(id) if id is not None and commits.known([id]) else None


def _bad_commit(workspace: Workspace, incident: Incident) -> Commit | None:
    """What shows it first."""
    return _of_run(workspace, incident.first_run) or _commit(workspace, incident.first_bad)


def _of_run(workspace: Workspace, run: int | None) -> Commit | None:
    """All that a run built, held or not, as long as that is kept; else what it published."""
    if run is None:
        return None
    ref, record = workspace.lake.refs.find(f"run:{run}"), workspace.runs.find(run)
    return _commit(workspace, ref.commit if ref is not None else record.commit if record is not None else None)


def _compare(good: Commit | None, bad: Commit | None, incident: Incident) -> NextStep | None:
    if good is None or bad is None or good.id == bad.id:
        return None
    a, b = good.id[:8], bad.id[:8]
    rows = f" --rows {incident.dataset}" if incident.dataset else ""
    page = f"/d/{incident.dataset}/versions" if incident.dataset else "/log"
    return NextStep("Compare both", f"andon diff {a} {b}{rows}", "GET", f"/api/v1/diff?a={a}&b={b}", None, page)


def _differences(
    workspace: Workspace, good: Commit | None, bad: Commit | None, incident: Incident
) -> list[VersionDifference]:
    if good is None or bad is None or not incident.dataset:
        return []
    sides = [CommitSide.of(workspace, commit) for commit in (good, bad)]
    names = _above(workspace, sides[1].state, incident.dataset)
    return differences(workspace.lake.objects, sides[0], sides[1], names[:_DATASETS])


def _above(workspace: Workspace, state: State, dataset: str) -> list[str]:
    """A dataset and all that it is made of, the nearest first."""
    needs = {name: list(said.definition.inputs) for name, said in project_at(workspace, state).datasets.items()}
    order = {name: place for place, name in enumerate(topological(needs))}
    above = reach(needs, [dataset]) - {dataset}
    return [dataset, *sorted(above, key=lambda name: -order.get(name, 0))]


def _rows(
    workspace: Workspace, good: Commit | None, bad: Commit | None, signals: Sequence[IncidentSignal]
) -> list[BadRows]:
    """Failing rows of the checks among what was noticed, of what stands first."""
    checks = [signal for signal in signals if "check" in signal.details and signal.run is not None]
    checks.sort(key=lambda signal: (signal.cleared is not None, signal.first))
    if not checks:
        return []
    found = []
    for signal in checks[:_CHECKS]:
        result, shown = _result(workspace, signal), _of_run(workspace, signal.run) or bad
        if result is not None and result.bad is not None:
            marked = masked_columns(workspace, *(commit for commit in (good, shown) if commit is not None))
            found.append(BadRowsFinder(workspace, good, shown, marked).of(discreet_kept(result, marked)))
    return found


def _result(workspace: Workspace, signal: IncidentSignal) -> CheckResult | None:
    results = workspace.check_results.of_run(signal.run) if signal.run is not None else []
    return next((each for each in results if each.check == signal.subject and each.dataset == signal.dataset), None)
