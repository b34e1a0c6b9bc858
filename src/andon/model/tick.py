"""One pass of the scheduler: what it found to do, what it did, and what waits."""

from __future__ import annotations

from andon.base.document import Document, Documented, ErrorDocument, from_json
from andon.model.decision import Decision
from andon.model.schedule_view import DecisionDocument


class TickJobDocument(Document):
    """One run of a pass.

    Attributes:
        datasets: what it was to bring up to date.
        outcome: `done`, `nothing` (no input was another one), `held`, `failed`, `interrupted`, `lost` (another process took it over).
        failed: of its datasets those that could not be made, or that a check keeps from readers.
    """

    datasets: list[str]
    outcome: str
    run: int | None
    commit: str | None
    published: bool
    failed: list[str]
    seconds: float
    error: ErrorDocument | None


class TickJob(Documented):
    """One run of a pass: see `TickJobDocument`. `error` is as `AndonError.to_json()`."""

    datasets: tuple[str, ...]
    outcome: str
    run: int | None = None
    commit: str | None = None
    published: bool = False
    failed: tuple[str, ...] = ()
    seconds: float = 0.0
    error: dict[str, object] | None = None

    def document(self) -> TickJobDocument:
        """As in `tick --json`."""
        error = from_json(ErrorDocument, self.error) if self.error else None
        return TickJobDocument.about(self, seconds=round(self.seconds, 4), error=error)


class TickWaiting(Document):
    """A dataset that is due and waits.

    Attributes:
        kind: for what: `paused`, `frozen`, `unasked` (its `when` can't be asked), `retry`, `failed` (for other inputs, other code, or its
            next slot), `above` (for something that it reads), `claimed` by another process, for its `turn` at an engine or a connection,
            `stale` (another pass took it since this one looked).
        until: when it is over at the latest, where that is known.
    """

    dataset: str
    kind: str
    reason: str
    until: str | None


class TickDocument(Document):
    """One pass of the scheduler.

    Attributes:
        trigger: what made it look: `cron`, `up`, the name that was given.
        due: what was due when it looked, with the reasons.
        waiting: what of it waits.
    """

    branch: str
    at: str
    trigger: str
    due: list[DecisionDocument]
    jobs: list[TickJobDocument]
    waiting: list[TickWaiting]
    seconds: float


class Tick(Documented):
    """One pass of the scheduler: see `TickDocument`."""

    branch: str
    at: str
    trigger: str
    due: tuple[Decision, ...]
    jobs: tuple[TickJob, ...]
    waiting: tuple[TickWaiting, ...]
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether nothing of it failed or was held."""
        return all(job.outcome in ("done", "nothing", "lost") and not job.failed for job in self.jobs)

    def document(self) -> TickDocument:
        """As in `tick --json`."""
        due = [DecisionDocument.of(each) for each in self.due]
        return TickDocument.about(self, due=due, seconds=round(self.seconds, 4))


class PauseDocument(Document):
    """A dataset that is not brought up to date by schedule, or all (`*`), until `until` or until a person says so."""

    dataset: str
    until: str | None
    why: str | None
    who: str
    at: str
