"""What is shown of incidents."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.model.incident import Incident, IncidentEvent, IncidentSignal
from andon.model.lamp import Lamp
from andon.model.request import DataRequest
from andon.service.needs import AffectedReaders, NextStep


class IncidentInfo(Document):
    """An incident in a list.

    Attributes:
        incident: its number.
        branch, dataset: where its cause is; `dataset` is empty where it is of no single one.
        kind, title: what noticed it first, and what of it.
        state: `open`, `contained`, `fixed`, `verified` or `closed`; `status` how bad it is.
        datasets: all that something stands about, the cause first.
        since: when it was opened; `reopened` says how often it came back after that.
        snoozed: until when nobody wants to hear of it, where that is still to come.
        verdict: what a person said that it was.
        part_of: the incident that it turned out to be part of.
        affected: whom it reaches.
        action: what to do next.
    """

    incident: int
    branch: str
    dataset: str
    kind: str
    title: str
    state: str
    status: Lamp
    datasets: list[str]
    since: str
    closed: str | None
    owner: str | None
    snoozed: str | None
    verdict: str | None
    reopened: int
    part_of: int | None
    first_run: int | None
    affected: AffectedReaders
    action: NextStep


class SignalInfo(Document):
    """A signal of an incident.

    Attributes:
        what: one sentence without the dataset's name.
        first, last, times: when it was noticed, and how often.
        run: the run that met it last.
        cleared: when it was right again.
        held: whether readers are kept from it.
        details: `check`, `bad`, `total`, `value`, `limit`, `code` and others, as far as there are.
    """

    dataset: str
    kind: str
    what: str
    status: Lamp
    first: str
    last: str
    times: int
    run: int | None
    cleared: str | None
    held: bool
    details: dict[str, Any]


class VersionDifference(Document):
    """Something that differs between the last good and the first bad version.

    Attributes:
        kind: `code`, `schema`, `files`, `rows`, `settings`, `packages`, `engine`, or `inputs`.
        dataset: of which.
        what: one sentence.
        before, after: as far as one can say it in a word.
    """

    kind: str
    dataset: str
    what: str
    before: str | None
    after: str | None


class BadRows(Document):
    """Rows that fail a check, by key.

    Attributes:
        key: the columns that name a row; of a dataset without a key, all that a sample shows.
        new: rows that fail now and did not in the last good version; `before` those that failed there, too.
        samples: some of the failing rows; personal columns are masked.
        is_whole: whether `new` and `before` count all failing rows, and not only those of the samples.
    """

    dataset: str
    check: str
    bad: int | None
    total: int | None
    key: list[str]
    new: int | None
    before: int | None
    is_whole: bool
    samples: list[dict[str, str | None]]


class IncidentPage(Document):
    """All that is known of an incident.

    Attributes:
        first_bad, last_good: the commits between which something went wrong.
        compare: how to see all that differs between them.
        differences: what changed between them, what is nearest to the cause first.
        rows: rows that fail.
        requests: what was asked because of it, whatever became of that.
        readers: the datasets below, and the people who read any of them within 30 days.
    """

    incident: IncidentInfo
    first_bad: str | None
    last_good: str | None
    compare: NextStep | None
    differences: list[VersionDifference]
    rows: list[BadRows]
    requests: list[DataRequest]
    below: list[str]
    people: list[str]
    signals: list[SignalInfo]
    events: list[IncidentEvent]


def info_of(
    incident: Incident, signals: list[IncidentSignal], affected: AffectedReaders, owner: str | None, now: str
) -> IncidentInfo:
    """An incident as it is listed.

    Args:
        owner: whose its dataset is: who takes care of it before anybody took it.
        now: ISO text.
    """
    names = [signal.dataset for signal in signals if signal.cleared is None and signal.dataset]
    return IncidentInfo(
        incident=incident.number,
        branch=incident.branch,
        dataset=incident.dataset,
        kind=str(incident.kind),
        title=incident.title,
        state=str(incident.state),
        status=incident.lamp,
        datasets=list(dict.fromkeys([*([incident.dataset] if incident.dataset else []), *names])),
        since=incident.opened,
        closed=incident.closed,
        owner=incident.owner or owner,
        snoozed=incident.snoozed if incident.is_snoozed(now) and not incident.state.is_over else None,
        verdict=str(incident.verdict) if incident.verdict is not None else None,
        reopened=incident.reopened,
        part_of=incident.part_of,
        first_run=incident.first_run,
        affected=affected,
        action=step_of(incident),
    )


def signal_info(signal: IncidentSignal) -> SignalInfo:
    """A signal as it is shown."""
    return SignalInfo.about(signal, kind=str(signal.kind), status=signal.lamp, held=signal.is_held)


def step_of(incident: Incident) -> NextStep:
    """What to do next about an incident."""
    number = incident.number
    path, page = f"/api/v1/incidents/{number}", f"/incidents/{number}"
    return NextStep("Look at it", f"andon incident show {number}", "GET", path, None, page)
