"""What is known of work that people did, as far as it tells that they did it before: one line of a record each."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import Record, field


class AskedQuestion(Record):
    """A question that was answered.

    Attributes:
        seq: its line in the log.
        at: when (ISO text, UTC). who: the person. face: where it was asked.
        shape: what is one for questions that differ in values alone; `exact`, for those that don't even in that.
        datasets: what it read.
    """

    seq: int
    at: str
    who: str
    face: str
    shape: str
    exact: str
    sql: str
    datasets: tuple[str, ...] = ()


class ManualRun(Record):
    """A run that was recorded.

    Attributes:
        face: where it was started; `schedule` where no person did.
        kind: of its commit: `refresh`, `change` …
        command: what was asked for: `refresh`, `run`, `backfill` …
        selection: as it was said; empty: all.
        datasets: what it built.
    """

    number: int
    at: str
    who: str
    face: str
    kind: str
    command: str
    branch: str
    status: str
    selection: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()


class CameFile(Record):
    """A raw file that a source reads.

    Attributes:
        at, who: when it was first published, and by whom.
        dataset, source: what shows its rows, and the file that says so.
        path: where it lies in the project.
        columns: `(name, type)` of the source's rows.
        reading: what the source does with its file: its query without the name of the file.
    """

    at: str
    who: str
    dataset: str
    source: str
    path: str
    columns: tuple[tuple[str, str], ...]
    reading: str = ""


class Correction(Record):
    """Something that was done about an incident.

    Attributes:
        seq: counts over all.
        kind, dataset: of the incident.
        mode: `manual` where a person decided it.
        params: what it was told, beside the dataset.
        outcome: `verified` where the incident's checks passed afterwards.
        is_undone: whether it was taken back since.
        episode: an incident may come back: which time it was.
    """

    seq: int
    at: str
    incident: int
    kind: str
    dataset: str
    action: str
    actor: str
    mode: str
    outcome: str
    params: Mapping[str, str] = field(default_factory=dict)
    is_undone: bool = False
    episode: int = 0


class PastIncident(Record):
    """An incident, each time that it came a record.

    Attributes:
        at: when it was opened. closed: when it was over, None while it stands.
        verdict: what a person said that it was: `expected`, `no-problem`; None where nobody did.
        episode: which time it was, from 0.
    """

    number: int
    at: str
    kind: str
    dataset: str
    closed: str | None = None
    verdict: str | None = None
    episode: int = 0
