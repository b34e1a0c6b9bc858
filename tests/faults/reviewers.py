"""Somebody who publishes a change again and again, and its owner, who approves it and takes that back; each in a process of its own.

`python -m faults.reviewers FOLDER publish|approve`: for each line that comes (a run, `run:5`) it does its part, and says what came of it.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

from andon.base.clock import system_clock
from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller

#: So often the owner changes their mind, at most.
TURNS = 80
#: Seconds that the publisher's clock takes to be read: it is read between the steps of a publish, and within its transaction.
SLOW = 0.02


def slow_clock() -> datetime:
    """The machine's clock, after a while."""
    time.sleep(SLOW)
    return system_clock()


def publish(service: Service) -> list[str]:
    """Publish what lies in the folder; `published` once it was."""
    try:
        result = service.runs.run(RunOptions(agreed=ANY_PLAN))
    except AndonError as error:
        return [error.code]
    return ["published" if result.published and result.run is not None else str(result.held)[:13]]


def decide(service: Service, ref: str) -> list[str]:
    """Take the approval back and give it again."""
    said = []
    for turn in range(TURNS):
        try:
            if turn % 2:
                service.approving.approve(ref)
            else:
                service.approving.withdraw(ref)
            said.append("approved" if turn % 2 else "disapproved")
        except AndonError as error:
            return [*said, error.code]
    return said


def main() -> None:
    """See the module."""
    folder, part = Path(sys.argv[1]), sys.argv[2]
    service = Service.open(folder, clock=slow_clock if part == "publish" else system_clock)
    who = service.by(Caller("ben" if part == "publish" else "ana", "cli"))
    who.runs.plan(RunOptions())  # what is loaded once is loaded
    print("ready", flush=True)
    for line in sys.stdin:
        said = publish(who) if part == "publish" else decide(who, line.strip())
        print(json.dumps(said), flush=True)
    service.close()


if __name__ == "__main__":
    main()
