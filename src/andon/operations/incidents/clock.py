"""Whether the clock of the machine jumped: by how long the machine has run since it was right, else by what is recorded. Pure.

Neither a long time in which nobody looked nor a sleeping machine is a jump: what a machine counts goes on meanwhile. Where nothing can be
compared, as after a start, a clock is known to be wrong only if something is recorded of a time that is to come.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from andon.base.clock import SKEW, from_text, to_minute, to_text
from andon.base.text import span
from andon.base.uptime import Uptime
from andon.model.incident import IncidentSignal
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.state.clocks import ClockReading

#: Clocks are set right by as much, and drift.
TOLERATED = timedelta(minutes=5)
#: A reading is taken anew after so long, so that what drifts does not add up.
_ANEW = timedelta(hours=1)


def jump(branch: str, now: datetime, uptime: Uptime | None, reading: ClockReading | None, newest: str) -> Signal | None:
    """What is wrong with a clock that shows `now`; None where nothing is, or can be known.

    Args:
        uptime: how long the machine has run, if it tells that.
        reading: what its clock showed when it was right.
        newest: the time of the newest record (ISO text).
    """
    if uptime is not None and reading is not None and reading.boot == uptime.boot:
        step = _step(now, uptime, reading)
        if abs(step) <= TOLERATED:
            return None
        side = "ahead" if step > timedelta() else "back"
        when = f"since it showed {to_minute(reading.shown)}"
        what = f"the clock of `{uptime.machine}` was put {side} by {span(abs(step).total_seconds())} {when}"
        return _signal(branch, what, now, {"machine": uptime.machine, "seconds": round(step.total_seconds())})
    ahead = from_text(newest) - now
    if ahead <= SKEW:
        return None
    what = (
        f"the newest record is of {to_minute(newest)}, which is to come: the clock is behind, or was ahead when that was"
        " written"
    )
    return _signal(branch, what, now, {"newest": newest, "seconds": -round(ahead.total_seconds())})


def read_anew(now: datetime, uptime: Uptime | None, reading: ClockReading | None) -> ClockReading | None:
    """What is to be noted of a clock that is right; None where what was noted is new enough."""
    if uptime is None:
        return None
    is_same = reading is not None and reading.boot == uptime.boot
    if is_same and reading is not None and uptime.micros - reading.micros < _ANEW / timedelta(microseconds=1):
        return None
    return ClockReading(uptime.machine, uptime.boot, uptime.micros, to_text(now))


def is_said_right(found: Signal, known: IncidentSignal, is_judged: bool) -> bool:
    """Whether a person said that a clock is right as it was `found`: then that counts from now on, and the next jump is one again.

    Args:
        known: what stands of a clock; `is_judged`: and its incident was closed all the same.
    """
    machine = found.details.get("machine")
    return is_judged and machine is not None and known.details.get("machine") == machine


def may_clear(known: IncidentSignal, now: datetime, uptime: Uptime | None, newest: str) -> bool:
    """Whether one whose clock is right can tell that what stands of a clock is over: its own, or a record that is to come no more."""
    machine = known.details.get("machine")
    if machine is None:
        return from_text(newest) - now <= SKEW
    return uptime is not None and uptime.machine == machine


def _step(now: datetime, uptime: Uptime, reading: ClockReading) -> timedelta:
    """How much further than the machine ran its clock went."""
    return (now - from_text(reading.shown)) - timedelta(microseconds=uptime.micros - reading.micros)


def _signal(branch: str, what: str, now: datetime, details: dict[str, object]) -> Signal:
    return Signal(branch, "", SignalKind.CLOCK, "clock", Lamp.WARN, what, to_text(now), details=details)
