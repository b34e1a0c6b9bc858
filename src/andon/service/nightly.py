"""What is proved each night: a sample of past versions is built again, and the lake is read whole. A miss is an incident.

A night begins at two (UTC), and is that of its day: whoever passes first from then on does what it asks for, claimed as scheduled work is,
in a thread beside the passes. Who is killed is gone on with: what was built again in that night is not built once more.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.base.text import plural
from andon.errors import AndonError
from andon.model.event import Notice
from andon.model.reproduction_sample import MissedVersion
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.keeping import SignalLook
from andon.operations.scheduling.passes import length_of
from andon.operations.scheduling.renewing import renewed
from andon.operations.signals.proofs import damaged_lake, unrepeated
from andon.runs.rebuilding.sample import ShownBuild, drawn, shown_builds
from andon.service.incidents import told_of
from andon.state.claims import EVERYWHERE, LONGEST, ClaimLease
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from andon.runs.goal import Listener
    from andon.service.incidents import IncidentDesk
    from andon.service.reproducing import Reproducing
    from andon.service.verifying import Verifying
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)
_BEGINS = timedelta(hours=2)
#: What each job proves.
_KINDS = {"reproduce": SignalKind.REPEAT, "verify": SignalKind.DAMAGE}


class _StoppedError(Exception):
    """The reading of the lake was stopped."""


class _Night(Record):
    """A night, its first moment (ISO texts), and the branch that it is about."""

    day: str
    begun: str
    branch: str


class Nightly:
    """Proves one lake each night.

    Args:
        reproducing, verifying: those of `BY_ITSELF`.
    """

    def __init__(
        self,
        workspace: Workspace,
        reproducing: Callable[[], Reproducing],
        verifying: Callable[[], Verifying],
        incidents: Callable[[], IncidentDesk],
    ) -> None:
        self._workspace = workspace
        self._reproducing = reproducing
        self._verifying = verifying
        self._incidents = incidents
        self._thread: threading.Thread | None = None
        self._stop = CancelToken()
        self._told: list[str] = []
        #: By kind what was proved when it was looked at last.
        self._seen: dict[SignalKind, int] = {}

    def passed(self, branch: str, listener: Listener, *, is_beside: bool) -> None:
        """Begin what the night asks for and nobody did, after a pass of the schedule of the default branch.

        Args:
            listener: stops it; hears what came of what ended.
            is_beside: whether it goes on after the pass.
        """
        told, self._told = self._told, []
        for text in told:
            listener.report(Notice(text))
        if branch != self._workspace.default_branch or self._workspace.lake.database.is_read_only:
            return
        self._look_again(branch, listener)
        wanted = self._wanted()
        if not wanted:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        night = _night(self._workspace.clock(), branch)
        claims = self._workspace.claims.of(EVERYWHERE)
        done = self._workspace.nights.done()
        due = [job for job in wanted if done.get(job, "") < night.day]
        for job in due:
            length = min(length_of(str(self._workspace.settings.get("schedule.lease")), 60.0), LONGEST)
            lease = self._workspace.claims.take(EVERYWHERE, [f"nightly {job}"], length, claims)
            if not isinstance(lease, ClaimLease):
                continue  # somebody else does it
            self._stop = CancelToken()
            self._thread = threading.Thread(
                target=self._go, args=(job, night, lease, length, listener.cancel), name="andon-night", daemon=True
            )
            self._thread.start()
            if is_beside:
                return  # the next one after it
            self.wait()
            for text in self._told:
                listener.report(Notice(text))
            self._told = []

    def wait(self) -> None:
        """Wait for what goes on beside passes."""
        if self._thread is not None:
            try:
                self._thread.join()
            except BaseException:
                self._stop.cancel()
                self._thread.join()
                raise

    # -- parts

    def _look_again(self, branch: str, listener: Listener) -> None:
        """Where an incident of a proof stands, and somebody proved or mended something since, see what of it is right."""
        workspace = self._workspace
        stands = {each.kind for each in workspace.incidents.standing(branch)} & set(_KINDS.values())
        for kind in sorted(stands):
            mark = self._mark(kind)
            if self._seen.get(kind) == mark:
                continue
            if kind is SignalKind.REPEAT:
                found = self._unrepeated(branch)
            else:
                reading = next(iter(workspace.nights.readings()), None)
                if reading is None:
                    continue
                found = damaged_lake(branch, reading.found.damaged, reading.at)
            self._caught_up(branch, kind, found, listener.report)
            self._seen[kind] = mark

    def _mark(self, kind: SignalKind) -> int:
        """What becomes another number when somebody proves something."""
        return self._workspace.reproductions.last() if kind is SignalKind.REPEAT else self._workspace.nights.last()

    def _caught_up(
        self, branch: str, kind: SignalKind, found: Sequence[Signal], report: Callable[[Notice], None]
    ) -> None:
        before = {incident.number for incident in self._workspace.incidents.standing(branch)}
        for incident in self._incidents().catch_up(branch, SignalLook(frozenset((kind,)), tuple(found))):
            told = told_of(incident, is_new=incident.number not in before)
            if told is not None:
                report(Notice(told))

    def _unrepeated(self, branch: str) -> list[Signal]:
        shown = self._shown(branch)
        missed = [each for each in self._missed() if (each.noted.dataset, each.noted.build) in shown]
        return unrepeated(branch, missed, to_text(self._workspace.clock()))

    def _shown(self, branch: str) -> dict[tuple[str, str], ShownBuild]:
        """All builds that a branch ever showed."""
        commits = self._workspace.lake.commits
        shown = shown_builds(commits, View.at(self._workspace, branch).commit, lambda _: True)
        return {(each.dataset, each.build): each for each in shown}

    def _wanted(self) -> list[str]:
        settings = self._workspace.settings
        wanted = ["verify"] if settings.get("verify.nightly") else []
        return [*wanted, "reproduce"] if settings.get("reproduce.nightly") else wanted

    def _go(self, job: str, night: _Night, lease: ClaimLease, length: timedelta, cancel: CancelToken) -> None:
        """Do a job, and note it; what is met on the way is told, and stops nothing else."""
        workspace, stop = self._workspace, self._stop
        try:
            with cancel.calling(stop.cancel), renewed(workspace.claims, lease, length, stop):
                found = self._repeats(night, stop) if job == "reproduce" else self._damage(night, stop)
                if found is None:  # it was stopped: whoever comes next goes on
                    return
                mark = self._mark(_KINDS[job])
                self._caught_up(night.branch, _KINDS[job], found, lambda notice: self._told.append(notice.text))
                self._seen[_KINDS[job]] = mark
                with workspace.lake.database.write() as transaction:
                    if workspace.claims.is_held(transaction, lease):
                        workspace.nights.put(transaction, job, night.day, to_text(workspace.clock()))
        except AndonError as failure:
            self._told.append(f"the nightly {job} was not done: {failure.message}")
        except Exception as defect:  # noqa: BLE001 - nobody else would tell of it, and the passes go on
            _log.exception("a defect in the nightly %s", job)
            self._told.append(f"the nightly {job} was not done: a defect ({type(defect).__name__})")
        finally:
            try:
                with workspace.lake.database.write() as transaction:
                    workspace.claims.release(transaction, lease)
            except AndonError as failure:  # it runs out by itself
                _log.debug("the claim of the nightly %s could not be given back: %s", job, failure)

    def _repeats(self, night: _Night, stop: CancelToken) -> list[Signal] | None:
        """Build again what was not repeated before, then what is drawn; what is not repeated by then. None where it was stopped."""
        workspace = self._workspace
        shown = self._shown(night.branch)
        again = [shown[key] for each in self._missed() if (key := (each.noted.dataset, each.noted.build)) in shown]
        # the same all night, whoever goes on with it
        seed = Random(content_id(["night", workspace.lake.id, night.day])).randrange(1 << 30)  # noqa: S311
        count = int(workspace.settings.get("reproduce.nightly"))
        wanted = {(each.dataset, each.build): each for each in (*again, *drawn([*shown.values()], count, seed))}
        known = {(each.dataset, each.build) for each in workspace.reproductions.within(night.begun, _LATEST)}
        for key, each in wanted.items():
            if stop.is_cancelled:
                return None
            if key not in known:
                self._build(each)
        signals = self._unrepeated(night.branch)
        missed = sum((each.noted.dataset, each.noted.build) in wanted for each in self._missed())
        came = plural(missed, "miss", "misses") if missed else "no miss"
        self._told.append(f"proved tonight: {plural(len(wanted), 'past version')} built again, {came}")
        return signals

    def _build(self, each: ShownBuild) -> None:
        try:
            self._reproducing().reproduce(each.dataset, each.commit)
        except AndonError as error:  # noted as what can't be built, or the machine's own
            _log.debug("%s at %s was not built again: %s", each.dataset, each.commit[:8], error)

    def _missed(self) -> list[MissedVersion]:
        return self._workspace.reproductions.missed()

    def _damage(self, night: _Night, stop: CancelToken) -> list[Signal] | None:
        def told(*_: int) -> None:
            if stop.is_cancelled:
                raise _StoppedError

        try:
            found = self._verifying().verify(all=True, told=told)
        except _StoppedError:
            return None
        told_damage = f"{len(found.damaged)} damaged" if found.damaged else "none damaged"
        self._told.append(
            f"read tonight: {plural(found.files, 'file')} of {plural(found.commits, 'commit')}, {told_damage}"
        )
        return damaged_lake(night.branch, found.damaged, to_text(self._workspace.clock()))


#: After all that is noted.
_LATEST = "9999"


def _night(now: datetime, branch: str) -> _Night:
    day = (now - _BEGINS).date()
    return _Night(day.isoformat(), f"{day.isoformat()}T02:00:00.000000Z", branch)
