"""A change that is published while its owner takes the approval back: of both one comes first, by the record and by what each was told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone

FILE = "datasets/marts/totals.sql"
ROUNDS = 4
YES = RunOptions(agreed=ANY_PLAN)


def totals(value: str) -> str:
    head = "/*---\nowner: ana\nreview: owner\n---*/\n"
    return f"{head}select customer, {value} as amount from shop.orders group by customer\n"


@contextmanager
def started(folder: Path, part: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "faults.reviewers", str(folder), part]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.communicate(timeout=60)


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def send(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def test_nothing_is_published_without_an_approval_that_stands(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, FILE: totals("sum(amount)")})
    assert clone.run().published
    with clone.opened() as whole, started(clone.root, "publish") as publisher, started(clone.root, "approve") as owner:
        ben, ana = (whole.by(Caller(who, "python")) for who in ("ben", "ana"))
        letters = whole.workspace.letters
        for number in range(ROUNDS):
            since = letters.newest()
            clone.write(FILE, totals(f"sum(amount) + {number + 1}"))
            run = ben.runs.run(YES).run
            ana.approving.approve(f"run:{run}")
            send(publisher, "now")
            send(owner, f"run:{run}")
            published, decided = said(publisher), said(owner)
            # letters are numbered within the transactions of what they tell
            told = sorted((each.number, str(each.kind)) for each in letters.after(since, 100))
            kinds = [kind for _, kind in told if kind in ("approved", "disapproved", "published")]
            assert ("published" in kinds) is (published == ["published"])
            assert [kind for kind in decided if "." not in kind] == [k for k in kinds if k != "published"][1:]
            if "published" in kinds:
                before, _, after = " ".join(kinds).partition("published")
                assert before.split()[-1] == "approved", kinds
                assert after == "", "what is published is not taken back by that"
            else:
                ana.approving.approve(f"run:{run}")
                assert ben.runs.run(YES).published
