"""What is known when it is decided what is due."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import Record, field
from andon.model.decision import Failure, HeldBack


class ScheduleFacts(Record):
    """What is known when it is decided. Moments are ISO texts.

    Attributes:
        looks: when each dataset was brought up to date last, by the logical time of the run; without it, it never was.
        data: of when the data of each dataset are, where that is earlier: what it comes from was not brought up to date with it.
        moved: why a dataset would be built now, by what can be seen without asking anybody.
        changed: how the result of a `when` changed since its dataset was brought up to date.
        seconds: what each dataset took when it was built last.
        held: what is held back.
        failures: the last tries that came to nothing.
        seen: `Decision.seen` by dataset.
        cadence: seconds from one pass to the next; 0 where it is not known.
    """

    looks: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    held: Mapping[str, HeldBack] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    cadence: float = 0.0
