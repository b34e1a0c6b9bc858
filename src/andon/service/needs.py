"""What needs a person: each thing with one true sentence, whom it reaches, whose it is, and the one next step. Pure.

The board and `andon status` show the same list, made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.base.graph import reach
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.model.incident import Incident, IncidentSignal
from andon.model.lamp import Lamp
from andon.model.signal import SignalKind
from andon.model.trouble import Trouble, TroubleKind

if TYPE_CHECKING:
    from andon.catalog.use import UseBook
    from andon.model.insight import Insight
    from andon.model.request import DataRequest
    from andon.service.lanes import CommitLanes
    from andon.service.question_places import QuestionInfo


class NeedKind(StrEnum):
    """What needs somebody. `check`, `held`, `failed`, `late`, `cord`, `complaint`: trouble with a dataset. `branch`: changes that
    nobody published yet. `folder`: what stands in the way of a run of the folder. `run`: a run that came to nothing as a whole.
    `insight`: an answer that is not true any more. `request`: what people need and nobody takes care of.
    `question`: what people ask about a dataset and nobody answered."""

    CHECK = "check"
    HELD = "held"
    FAILED = "failed"
    LATE = "late"
    CORD = "cord"
    COMPLAINT = "complaint"
    RUN = "run"
    FOLDER = "folder"
    BRANCH = "branch"
    INSIGHT = "insight"
    REQUEST = "request"
    QUESTION = "question"


class NextStep(Document):
    """The one thing to do next: on a terminal, over HTTP, and the page where it is done.

    Attributes:
        label: what a button says.
        command: what is typed.
        method, path, body: the call of the API that does it, or shows it.
        page: where a person sees more.
    """

    label: str
    command: str
    method: str
    path: str
    body: dict[str, Any] | None
    page: str


class AffectedReaders(Document):
    """Whom something reaches: datasets below it, people who read it or those within 30 days, insights that rest on them."""

    datasets: int
    people: int
    insights: list[str]


class Need(Document):
    """One thing that needs a person.

    Attributes:
        status: how bad it is: `fail`, `stale`, `warn`; `idle` where something only waits.
        datasets: what it is about, the first one before all; none for the folder.
        what: one sentence.
        since: since when (ISO text), as far as it is known.
        owner: whose it is: of the dataset, or who works on the branch.
        incident: the incident that it is part of.
    """

    kind: NeedKind
    status: str
    datasets: list[str]
    what: str
    since: str | None
    run: int | None
    affected: AffectedReaders
    owner: str | None
    action: NextStep
    incident: int | None = None


class WaitingBranch(Record):
    """A branch with changes that `main` does not have."""

    name: str
    author: str
    since: str
    datasets: tuple[str, ...]


class KnownIncident(Record):
    """The number of an incident that stands, and where its cause is."""

    number: int
    dataset: str


class Surroundings(Record):
    """What is beside the datasets of a commit.

    Attributes:
        readers: `{dataset: datasets that read it directly}`.
        insights: `{insight: datasets that it uses}`.
        owners: `{dataset: owner}`.
        people: who read any of some datasets.
    """

    readers: Mapping[str, set[str]]
    insights: Mapping[str, tuple[str, ...]]
    owners: Mapping[str, str | None]
    people: Callable[[Iterable[str]], set[str]]

    def below(self, datasets: Iterable[str]) -> set[str]:
        """All that reads any of `datasets`, directly or not, without them."""
        own = set(datasets)
        return reach(self.readers, own) - own

    def affected(self, datasets: Iterable[str]) -> AffectedReaders:
        """Whom something about `datasets` reaches."""
        own = set(datasets)
        below = self.below(own)
        touched = own | below
        insights = sorted(name for name, used in self.insights.items() if not touched.isdisjoint(used))
        return AffectedReaders(len(below), len(self.people(touched)), insights)


#: Where nothing is asked about any dataset.
NOTHING_AROUND = Surroundings({}, {}, {}, lambda _: set())


def around_of(lanes: CommitLanes, uses: UseBook, now: datetime) -> Surroundings:
    """What is beside the datasets of a commit, by its lanes and by who reads."""
    return Surroundings(
        lanes.readers,
        {insight.name: insight.datasets for insight in lanes.insights},
        lanes.owners,
        lambda datasets: uses.people(datasets, now),
    )


#: What needs somebody because of a signal that no check says.
_NEEDS: Mapping[SignalKind, tuple[NeedKind, ...]] = {
    SignalKind.FAILED: (NeedKind.FAILED,),
    SignalKind.SOURCE: (NeedKind.FAILED,),
    SignalKind.SCHEMA: (NeedKind.FAILED,),
    SignalKind.LATE: (NeedKind.LATE,),
    SignalKind.CORD: (NeedKind.CORD,),
    SignalKind.COMPLAINT: (NeedKind.COMPLAINT,),
}
#: What only waits: nobody reads something wrong because of it.
IDLE = "idle"


def needs_of(
    troubles: Iterable[Trouble],
    around: Surroundings,
    branches: Iterable[WaitingBranch] = (),
    others: Iterable[Need] = (),
    incidents: Mapping[tuple[str, NeedKind], KnownIncident] | None = None,
) -> list[Need]:
    """What needs a person, most readers affected first; what only waits comes last.

    Args:
        troubles: what is known against datasets.
        branches: those that hold something back.
        others: of the folder and of runs as a whole.
        incidents: by what they are about; what is only further down of one of these needs nobody of its own.
    """
    found = [
        *_named(_of_datasets(list(troubles), around), incidents or {}),
        *others,
        *(_of_branch(each, around) for each in branches),
    ]
    return sorted(found, key=_place)


def _named(needs: Sequence[Need], incidents: Mapping[tuple[str, NeedKind], KnownIncident]) -> list[Need]:
    """Needs with the incidents that they are of, each incident by its cause alone where that is told."""
    known = [(need, incidents.get((need.datasets[0], need.kind))) for need in needs]
    causes = {one.number for need, one in known if one is not None and one.dataset == need.datasets[0]}
    return [
        replace(need, incident=one.number) if one is not None else need
        for need, one in known
        if one is None or one.dataset == need.datasets[0] or one.number not in causes
    ]


def incidents_by_need(
    incidents: Iterable[Incident], signals: Mapping[int, Sequence[IncidentSignal]]
) -> dict[tuple[str, NeedKind], KnownIncident]:
    """Incidents that stand, by what of which dataset needs somebody because of them."""
    found: dict[tuple[str, NeedKind], KnownIncident] = {}
    for incident in incidents:
        for signal in signals.get(incident.number, ()):
            if signal.cleared is None:
                kinds = (NeedKind.CHECK, NeedKind.HELD) if "check" in signal.details else _NEEDS.get(signal.kind, ())
                for kind in kinds:
                    found.setdefault((signal.dataset, kind), KnownIncident(incident.number, incident.dataset))
    return found


def need_of_insight(insight: Insight, what: str, since: str, dataset: str | None) -> Need:
    """An insight whose answer is not true any more.

    Args:
        what: what was found, in a sentence.
        dataset: through which it moved.
    """
    name = insight.name
    return Need(
        kind=NeedKind.INSIGHT,
        status=Lamp.WARN.value,
        datasets=[dataset] if dataset is not None else list(insight.datasets[:1]),
        what=f"the insight `{name}` is not true any more: {what}",
        since=since,
        run=None,
        affected=AffectedReaders(0, 0, [name]),
        owner=insight.owner,
        action=NextStep(
            "See what moved",
            f"andon insight check {name}",
            "POST",
            "/api/v1/insights/checks",
            {"names": [name]},
            f"/insights/{name}?look=true",
        ),
    )


def nobody() -> AffectedReaders:
    """It reaches nobody."""
    return AffectedReaders(0, 0, [])


def _place(need: Need) -> tuple[Any, ...]:
    affected = need.affected
    gravity = 0 if need.status == IDLE else Lamp(need.status).gravity
    reached = (-affected.people, -len(affected.insights), -affected.datasets)
    return (need.status == IDLE, *reached, -gravity, need.since or "", need.datasets)


def _of_datasets(troubles: Sequence[Trouble], around: Surroundings) -> list[Need]:
    late = {trouble.dataset for trouble in troubles if trouble.kind is TroubleKind.LATE}
    # what waits for something late is late with it: it needs nobody of its own
    late_below = reach(around.readers, late) & late
    groups: dict[tuple[str, TroubleKind], list[Trouble]] = {}
    for trouble in troubles:
        is_own = trouble.kind is not TroubleKind.WAITS and trouble.lamp is not Lamp.BLOCKED
        if is_own and not (trouble.kind is TroubleKind.LATE and trouble.dataset in late_below):
            groups.setdefault((trouble.dataset, trouble.kind), []).append(trouble)
    return [_of_dataset(group, around) for group in groups.values()]


def _of_dataset(group: Sequence[Trouble], around: Surroundings) -> Need:
    first = max(group, key=lambda trouble: trouble.lamp.gravity)
    more = f", and {plural(len(group) - 1, 'more check')} with it" if len(group) > 1 else ""
    times = [trouble.since for trouble in group if trouble.since is not None]
    return Need(
        kind=NeedKind(first.kind.value),
        status=first.lamp.value,
        datasets=[first.dataset],
        what=f"{first.what}{more}",
        since=min(times, default=None),
        run=first.run,
        affected=around.affected([first.dataset]),
        owner=around.owners.get(first.dataset),
        action=_step(first),
    )


def _step(trouble: Trouble) -> NextStep:
    name, run = trouble.dataset, trouble.run
    if trouble.kind is TroubleKind.LATE:
        body = {"select": [f"+{name}+"]}
        return NextStep("Refresh it", f"andon refresh +{name}+", "POST", "/api/v1/refreshes", body, f"/d/{name}")
    if trouble.kind is TroubleKind.FAILED:
        body = {"select": [name]}
        return NextStep("Try it again", f"andon refresh {name}", "POST", "/api/v1/refreshes", body, f"/runs/{run}")
    if trouble.kind is TroubleKind.HELD:
        command = f"andon check {name} --at run:{run}"
        if trouble.check is not None:
            command = f'andon accept run:{run} "{trouble.check}" --reason "…"'
        return NextStep("Look at what holds it", command, "GET", f"/api/v1/runs/{run}", None, f"/runs/{run}")
    if trouble.kind is TroubleKind.CORD:
        command, its = f"andon release {name}", {"dataset": name}
        return NextStep("Let it go on", command, "POST", "/api/v1/releases", its, f"/d/{name}")
    path = f"/api/v1/datasets/{name}/checks"
    return NextStep("Look at its checks", f"andon check {name} --history", "GET", path, None, f"/d/{name}")


def _of_branch(branch: WaitingBranch, around: Surroundings) -> Need:
    differ = branch.datasets
    count = plural(len(differ), "dataset") if differ else "shared files"
    return Need(
        kind=NeedKind.BRANCH,
        status=IDLE,
        datasets=list(differ),
        what=f"the branch `{branch.name}` changes {count} and is not published",
        since=branch.since,
        run=None,
        affected=around.affected(differ),
        owner=branch.author,
        action=NextStep(
            "Review it",
            f"andon plan {branch.name}",
            "GET",
            f"/api/v1/branches/{branch.name}/plan",
            None,
            f"/changes/{branch.name}",
        ),
    )


def need_of_request(request: DataRequest) -> Need:
    """A request that nobody takes care of."""
    more = len(request.people) - 1
    others = f" and {plural(more, 'other')}" if more else ""
    return Need(
        kind=NeedKind.REQUEST,
        status=IDLE,
        datasets=[],
        what=f"{request.who}{others} asked for: {request.what}",
        since=request.at,
        run=None,
        affected=AffectedReaders(0, len(request.people), []),
        owner=request.asked_of,
        action=NextStep(
            "Claim it",
            f"andon claim {request.number}",
            "POST",
            f"/api/v1/requests/{request.number}/claims",
            {},
            f"/requests#request-{request.number}",
        ),
    )


def need_of_question(info: QuestionInfo) -> Need:
    """A question about a dataset that nobody answered."""
    question = info.question
    of = f" of `{info.column}`" if info.column is not None else ""
    gone = "" if info.gone is None else ", which is not there any more"
    return Need(
        kind=NeedKind.QUESTION,
        status=IDLE,
        datasets=[info.dataset],
        what=f"{question.who} asks{of or (' of it' if gone else '')}{gone}: {question.brief}",
        since=question.at,
        run=None,
        affected=AffectedReaders(0, 1, []),
        owner=info.owner,
        action=NextStep(
            "Answer it",
            f'andon question answer {question.number} "…"',
            "GET",
            f"/api/v1/questions/{question.number}",
            None,
            f"/d/{info.dataset}/questions#question-{question.number}",
        ),
    )
