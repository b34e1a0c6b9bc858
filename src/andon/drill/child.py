"""A pass of the scheduler in a process of its own, which the drill kills in the middle or lets run into a full disk.

    python -m andon.drill.child FOLDER TIME [STOP]

It says on standard output what happens; after the first task of `STOP` that ends it waits to be killed.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from andon.drill.world import uptime_at
from andon.model.event import Event, TaskEnded
from andon.runs.goal import Listener
from andon.service.service import Service

#: Whoever does not come to kill it within so many seconds finds it gone.
_PATIENCE = 60.0


def main(folder: str, moment: str, stop: str = "") -> int:
    """Make a pass; returns 0 where all went well, 1 where not."""
    began, start = datetime.fromisoformat(moment), time.monotonic()

    def clock() -> datetime:
        return began + timedelta(seconds=time.monotonic() - start)

    def report(event: Event) -> None:
        if isinstance(event, TaskEnded) and event.result.dataset == stop:
            _say("reached")
            time.sleep(_PATIENCE)

    environ = {**os.environ, "ANDON_AUTHOR": "andon"}
    service = Service.open(Path(folder), environ=environ, clock=clock, uptime=lambda: uptime_at(clock()))
    try:
        done = service.scheduling.tick("cron", listener=Listener(report))
    finally:
        service.close()
    _say("well" if done.is_well else "not well")
    return 0 if done.is_well else 1


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
