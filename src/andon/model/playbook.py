"""Playbooks: which action answers which incident, within which bounds, and how far it is trusted."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import to_json
from andon.base.hashing import content_id
from andon.base.record import Record, field
from andon.model.action import ActionKind
from andon.model.signal import SignalKind


class PlaybookMode(StrEnum):
    """How far a playbook is trusted. `suggest`: it is offered. `supervised`: it acts, and asks a person to look; after three times that
    were right it is automatic. `automatic`: it acts."""

    SUGGEST = "suggest"
    SUPERVISED = "supervised"
    AUTOMATIC = "automatic"


class PlaybookTrigger(Record, omit_defaults=True):
    """Which incidents a playbook answers: all that is said must fit; of several words one.

    Attributes:
        kind: of what its cause is noticed by.
        dataset, tag, owner: of its cause; patterns with `*`.
        code: of the error; check: how the check is spoken of; patterns with `*`.
        state: `open` (readers may see it) or `contained`.
        transient: whether what failed may pass by itself, or may not; None: either.
    """

    kind: tuple[SignalKind, ...] = ()
    dataset: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    transient: bool | None = None


class PlaybookBounds(Record, omit_defaults=True):
    """How far a playbook may go by itself.

    Attributes:
        attempts: for one incident.
        per_hour: over all incidents.
        wait: seconds before the first attempt, the second, …; the last counts for all that follow.
        share: by which part of its rows a dataset may grow or shrink; None: by any.
        reach: datasets that read what it changes.
        within: seconds in which it must be verified; after that it is undone.
    """

    attempts: int = 1
    per_hour: int = 4
    wait: tuple[float, ...] = ()
    share: float | None = None
    reach: int = 100
    within: float = 1800.0

    def before_attempt(self, number: int) -> float:
        """Seconds to wait before the attempt `number` (from 1)."""
        return self.wait[min(number, len(self.wait)) - 1] if self.wait else 0.0


class Playbook(Record, omit_defaults=True):
    """One playbook.

    Attributes:
        do: what is done, with `params`.
        name: what people call it; made of the rest where nobody gave one.
        line: of `playbooks.yml`; None for those that are built in.
    """

    on: PlaybookTrigger
    do: ActionKind
    mode: PlaybookMode = PlaybookMode.SUPERVISED
    bounds: PlaybookBounds = PlaybookBounds()
    params: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    why: str | None = None
    line: int | None = None

    @property
    def id(self) -> str:
        """What its record is kept by: what it answers and does, however it is called or trusted."""
        return content_id(["playbook", to_json(self.on), str(self.do), self.params])[:16]

    @property
    def spoken(self) -> str:
        """How people and commands name it."""
        if self.name:
            return self.name
        said = {key: value for key, value in to_json(self.on).items() if isinstance(value, list)}
        words = " ".join(" ".join(map(str, value)) for value in said.values())
        return f"{self.do}: {words}" if words else str(self.do)


class Breakers(Record, omit_defaults=True):
    """How much is done by itself before a person has to look.

    Attributes:
        incident: actions for one incident.
        dataset: a day.
        workspace: an hour.
    """

    incident: int = 5
    dataset: int = 3
    workspace: int = 10


class Playbooks(Record, omit_defaults=True):
    """What `playbooks.yml` says.

    Attributes:
        lines: in the order of the file; the first that fits an incident answers it.
        is_alone: whether those that are built in don't count.
    """

    lines: tuple[Playbook, ...] = ()
    breakers: Breakers = Breakers()
    is_alone: bool = False
