"""Asking everything twice comes to what asking it once does, whatever was done before: saves, undos, uploads, branches, people."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kit.clones import FILES, Clone
from kit.serving import Client, Reply, Serving, serving

PEOPLE = '[people]\nana = "owner"\nben = "editor"\n'
STEPS = 14


def _call(draw: random.Random, number: int) -> tuple[str, str, Any]:
    """A call that changes something; what it needs may be there or not."""
    branch = draw.choice(["main", "main", "aside"])
    amount = draw.randrange(1, 4)
    name = draw.choice(["marts.a", "marts.b"])
    sql = draw.choice([f"select id, amount * {amount} as x from shop.orders", f"select {number} as x"])
    upload = f"/uploads?dataset=crm.leads&name={quote(f'leads {number}.csv')}&agreed=any"
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/datasets", {"name": name, "sql": sql, "replace": True, "branch": branch, "agreed": "any"}),
        ("POST", "/datasets", {"name": name, "sql": sql, "branch": branch, "agreed": "any"}),
        ("POST", "/undos", {"branch": branch, "agreed": True}),
        ("POST", "/undos", {"branch": branch, "agreed": True}),
        ("POST", "/redos", {"branch": branch}),
        ("POST", "/refreshes", {"branch": branch}),
        ("POST", "/runs", {"agreed": "any"}),
        ("POST", "/publishes", {"branch": "aside", "agreed": "any"}),
        ("POST", "/branches", {"name": "aside"}),
        ("DELETE", "/branches/aside?agreed=true", None),
        ("POST", "/renames", {"old": "marts.a", "new": "marts.b", "branch": branch, "agreed": "any"}),
        ("POST", "/retirements", {"names": [name], "branch": branch, "agreed": "any"}),
        ("POST", "/acceptances", {"rejected": ["."], "branch": branch}),
        ("POST", upload, f"id,name\n{number},x\n".encode()),
    ]
    return draw.choice(calls)


def _ask(client: Client, call: tuple[str, str, Any], key: str) -> Reply:
    method, path, body = call
    raw = body if isinstance(body, bytes) else None
    return client.ask(method, path, None if raw is not None else body, {"Idempotency-Key": key}, raw)


def _state(server: Serving) -> dict[str, Any]:
    """What readers of each branch see, and the history that they saw: who did what, and what it showed."""
    lake = server.service.workspace.lake
    found = {}
    for ref in lake.refs.of_kind("branch"):
        line = lake.commits.first_parents(lake.commits.get(ref.commit))
        found[ref.name] = [(c.author, c.kind, _shown(lake, c)) for c in line]
    return found


def _shown(lake: Any, commit: Any) -> dict[str, str]:
    return {name: leaf.version for name, leaf in lake.commits.state(commit).leaves.items()}


@pytest.mark.parametrize("seed", range(3))
def test_asked_twice_is_asked_once(seed: int, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "once" / "acme")
    clone.fill(FILES)
    clone.write("andon.toml", PEOPLE)
    clone.run()
    shutil.copytree(clone.root, tmp_path / "twice" / "acme")
    draw, changed = random.Random(seed), 0
    with serving(tmp_path / "once" / "acme") as once, serving(tmp_path / "twice" / "acme") as twice:
        people = {
            name: [server.client(server.service.tokens.create(name).token) for server in (once, twice)]
            for name in ("ana", "ben")
        }
        for number in range(STEPS):
            who, call, key = draw.choice(["ana", "ben"]), _call(draw, number), f"{seed}-{number}"
            if draw.random() < 0.3:  # somebody edits in the folder meanwhile
                text = f"select count(*) + {draw.randrange(3)} as n from shop.orders\n"
                for server in (once, twice):
                    (server.root / "datasets/marts/count.sql").write_text(text)
            for_once, for_twice = people[who]
            first = _ask(for_once, call, key)
            other = _ask(for_twice, call, key)
            assert other.status == first.status, (call, first.data, other.data)
            if other.status < 300 and draw.random() < 0.5:
                # the process dies before the answer was kept
                with twice.service.workspace.lake.database.write() as transaction:
                    transaction.execute("update answered_call set status = null, body = null where id = ?", [key])
                twice.application.calls._calls.clear()
            again = _ask(for_twice, call, key)
            assert again.status == other.status, (call, other.data, again.data)
            assert _state(twice) == _state(once), (number, call)
            changed += first.status < 300
    assert changed >= STEPS // 3
