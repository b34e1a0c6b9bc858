"""The playbooks that are built in: only what failed and may pass by itself is done again unasked; all else is suggested.

That readers are kept from what is wrong needs no playbook: it has happened before there is an incident.
"""

from __future__ import annotations

from andon.model.action import ActionKind
from andon.model.playbook import Playbook, PlaybookBounds, PlaybookMode, PlaybookTrigger
from andon.model.signal import SignalKind

_SUGGEST = PlaybookMode.SUGGEST

BUILT_IN: tuple[Playbook, ...] = (
    Playbook(
        PlaybookTrigger(kind=(SignalKind.SOURCE, SignalKind.FAILED), transient=True),
        ActionKind.RETRY,
        PlaybookMode.AUTOMATIC,
        PlaybookBounds(attempts=3, per_hour=30, wait=(60.0, 300.0, 1200.0), reach=100_000),
        name="retry what may pass by itself",
    ),
    Playbook(
        PlaybookTrigger(kind=(SignalKind.SCHEMA,)),
        ActionKind.ACCEPT_SCHEMA,
        _SUGGEST,
        name="take new columns and wider types",
    ),
    Playbook(
        PlaybookTrigger(kind=(SignalKind.CHECK, SignalKind.VOLUME, SignalKind.WATCH), state=("open",)),
        ActionKind.UNDO,
        _SUGGEST,
        name="take back the publish that brought it",
    ),
    Playbook(
        PlaybookTrigger(kind=(SignalKind.LATE, SignalKind.VOLUME, SignalKind.CHECK, SignalKind.WATCH)),
        ActionKind.BACKFILL,
        _SUGGEST,
        name="fill times that are missing",
    ),
    Playbook(
        PlaybookTrigger(
            kind=(SignalKind.SOURCE, SignalKind.LATE, SignalKind.VOLUME, SignalKind.CHECK, SignalKind.SCHEMA),
        ),
        ActionKind.RELOAD,
        _SUGGEST,
        name="load the source anew",
    ),
    Playbook(
        PlaybookTrigger(kind=(SignalKind.CHECK,), state=("contained",)),
        ActionKind.DEDUPLICATE,
        _SUGGEST,
        PlaybookBounds(share=0.01),
        name="take equal rows once",
    ),
    Playbook(
        PlaybookTrigger(kind=(SignalKind.CHECK,), state=("contained",)),
        ActionKind.QUARANTINE,
        _SUGGEST,
        PlaybookBounds(share=0.001),
        name="set a few bad rows aside",
    ),
)
