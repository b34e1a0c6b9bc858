"""Each command has its route, and gives the same document."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from andon.cli.app import cli
from andon.cli.overview import COMMANDS
from andon.web.routes import all_endpoints
from kit.clones import FILES, Clone
from kit.serving import Client, Reply, serving

#: Commands that have no route, and why.
WITHOUT = {
    "init": "there is no lake to serve yet",
    "restore": "there is no lake to serve yet",
    "demo": "it makes a project of its own",
    "drill": "it makes a project of its own",
    "up": "it is the server",
    "insights": "it is `insight list`",
    "catalog copy": "who serves a lake goes on with the catalog that it has",
    "lake move": "who serves a lake goes on with the storage that it has",
    "catalog grants": "it is for whoever owns the database",
}
#: Options that are commands of their own among routes.
PARTS = {"plan --due", "log --schema", "check --history", "check --sql", "check --suggest", "check --suggest --write"}
PARTS |= {
    "show --readers",
    "show run",
    "lock --check",
    "query --connection",
    "tag --delete",
    "ls --queries",
    "log --queries",
    "edit --show",
    "edit --look",
    "cost --by person",
    "cost --format focus",
    "requests --measures",
    "request --join",
    "request --withdraw",
    "approve --show",
    "approve --withdraw",
    "letters --seen",
    "backup --list",
    "reproduce --list",
    "isolate stage --as-test",
}


def _commands() -> set[str]:
    found = set()
    for entry in COMMANDS:
        command = cli.get_command(click.Context(cli), entry.name)
        below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else [""]
        found |= {f"{entry.name} {name}".strip() for name in below}
    return found


def test_every_command_has_a_route() -> None:
    verbs = {endpoint.verb for endpoint in all_endpoints()} - {""}
    assert _commands() - verbs == WITHOUT.keys()
    assert verbs - _commands() == PARTS


#: What differs from call to call: moments, durations, random ids, and what is counted per run.
_VARIES = {
    "waited_seconds",
    "at",
    "since",
    "until",
    "seconds",
    "started",
    "ended",
    "updated",
    "built_at",
    "commit",
    "parent",
    "parents",
    "base",
    "agreed",
    "digest",
    "microseconds",
    "byte_days",
    "first",
}
_VARIES |= {
    "earlier",
    "since",
    "closed",
    "snoozed",
    "pulled",
    "run",
    "current",
    "published_at",
    "token",
    "id",
    "created",
    "expires",
    "logical_time",
    "began",
    "build",
    "last_built",
    "made_at",
    "built",
}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "…" if k in _VARIES else _steady(v) for k, v in value.items()}
    return [_steady(each) for each in value] if isinstance(value, list) else value


OTHER = "select customer, sum(amount) as amount, 1 as one from shop.orders group by customer order by customer\n"
SCHEMA = "models: [{name: totals, description: so, columns: [{name: customer, tests: [unique, own]}]}]\n"
Ask = Callable[[Client], Reply]
#: Commands that change nothing.
_LOOKING = {
    "incidents",
    "insights",
    "ls",
    "find",
    "glossary",
    "docs",
    "show",
    "profile",
    "lineage",
    "impact",
    "status",
    "log",
    "diff",
    "plan",
    "check",
    "config",
    "query",
    "test",
    "review",
    "contract",
    "cost",
    "waste",
    "value",
    "architecture",
    "principles",
    "requests",
    "reproduce",
    "isolate",
    "lint",
    "verify",
    "backup",
    "questions",
    "letters",
}

#: What is typed, and what is asked of the server; each in a project of its own, in the same state.
PAIRS: list[tuple[list[str], Ask]] = [
    (["ls"], lambda c: c.get("/datasets")),
    (["ls", "marts.*", "--at", "main~1"], lambda c: c.get("/datasets?select=marts.*&at=main~1")),
    (["ls", "--queries"], lambda c: c.get("/saved-queries")),
    (["find"], lambda c: c.get("/search?limit=20")),
    (["find", "amount", "--kind", "sql"], lambda c: c.get("/search?words=amount&kind=sql&limit=20")),
    (["find", "--status", "nope"], lambda c: c.get("/search?status=nope")),
    (["glossary"], lambda c: c.get("/glossary")),
    (["glossary", "nope"], lambda c: c.get("/glossary?term=nope")),
    (["docs", "--limit", "2"], lambda c: c.get("/undescribed?limit=2")),
    (["review", "--since", "4w"], lambda c: c.get("/review?since=4w")),
    (["review", "--since", "soon"], lambda c: c.get("/review?since=soon")),
    (["cost"], lambda c: c.get("/cost")),
    (["cost", "--by", "person", "--since", "3mo"], lambda c: c.get("/cost/people?since=3mo")),
    (["cost", "--since", "soon"], lambda c: c.get("/cost?since=soon")),
    (["waste"], lambda c: c.get("/waste")),
    (["requests", "--all"], lambda c: c.get("/requests?all=true")),
    (["requests", "--measures"], lambda c: c.get("/requests/measures")),
    (["request", "orders by weekday"], lambda c: c.post("/requests", {"what": "orders by weekday"})),
    (["request", "--question", "99"], lambda c: c.post("/requests", {"question": 99})),
    (["request", "orders", "--by", "soon"], lambda c: c.post("/requests", {"what": "orders", "by": "soon"})),
    (["questions", "--all"], lambda c: c.get("/questions?all=true")),
    (["questions", "marts.nope"], lambda c: c.get("/questions?subject=marts.nope")),
    (["question", "show", "7"], lambda c: c.get("/questions/7")),
    (
        ["question", "ask", "marts.totals.amount", "Is tax in it?"],
        lambda c: c.post("/questions", {"subject": "marts.totals.amount", "what": "Is tax in it?"}),
    ),
    (
        ["question", "ask", "marts.totals.amonut", "Is tax in it?"],
        lambda c: c.post("/questions", {"subject": "marts.totals.amonut", "what": "Is tax in it?"}),
    ),
    (["question", "answer", "7", "No."], lambda c: c.post("/questions/7/answers", {"what": "No."})),
    (["question", "close", "7"], lambda c: c.post("/questions/7/closings")),
    (["question", "reopen", "7"], lambda c: c.post("/questions/7/reopenings", {})),
    (["question", "edit", "7", "So?"], lambda c: c.post("/questions/7/edits", {"what": "So?"})),
    (["question", "withdraw", "7"], lambda c: c.post("/questions/7/withdrawals", {})),
    (["approve", "main"], lambda c: c.post("/approvals", {"ref": "main"})),
    (["approve", "try", "--show"], lambda c: c.get("/approvals?ref=try")),
    (["approve", "main", "--withdraw"], lambda c: c.post("/approvals/withdrawals", {"ref": "main"})),
    (["letters", "--all"], lambda c: c.get("/letters?all=true")),
    (["letters", "--seen"], lambda c: c.post("/letters/seen", {})),
    (["claim", "7"], lambda c: c.post("/requests/7/claims", {})),
    (["answer", "7", "marts.totals"], lambda c: c.post("/requests/7/answers", {"answer": "marts.totals"})),
    (["value"], lambda c: c.get("/value")),
    (["value", "--since", "soon"], lambda c: c.get("/value?since=soon")),
    (["reproduce", "marts.totals"], lambda c: c.post("/reproductions", {"dataset": "marts.totals"})),
    (
        ["reproduce", "marts.totals@main~1", "--deep"],
        lambda c: c.post("/reproductions", {"dataset": "marts.totals", "at": "main~1", "deep": True}),
    ),
    (
        ["reproduce", "--sample", "3", "--seed", "7", "marts.*"],
        lambda c: c.post("/reproductions/samples", {"datasets": ["marts.*"], "sample": 3, "seed": 7}),
    ),
    (["reproduce", "--since", "main~1"], lambda c: c.post("/reproductions/samples", {"since": "main~1"})),
    (["reproduce", "--since", "main~9999"], lambda c: c.post("/reproductions/samples", {"since": "main~9999"})),
    (["reproduce", "marts.gone", "--all"], lambda c: c.post("/reproductions/samples", {"datasets": ["marts.gone"]})),
    (["isolate", "marts.gone"], lambda c: c.post("/isolations", {"dataset": "marts.gone"})),
    (
        ["isolate", "marts.totals", "--where", "nope > 1"],
        lambda c: c.post("/isolations", {"dataset": "marts.totals", "where": "nope > 1"}),
    ),
    (
        ["isolate", "marts.gone", "--as-test"],
        lambda c: c.post("/isolations/tests", {"dataset": "marts.gone"}),
    ),
    (["lint"], lambda c: c.get("/lint")),
    (["lint", "--all", "marts.totals"], lambda c: c.get("/lint?all=true&select=marts.totals")),
    (["lint", "marts.gone"], lambda c: c.get("/lint?select=marts.gone")),
    (["repair"], lambda c: c.post("/repairs", {})),
    (["reproduce", "--list"], lambda c: c.get("/reproductions")),
    (["backup"], lambda c: c.post("/backups", {})),
    (["backup", "--list"], lambda c: c.get("/backups")),
    (["verify", "--all"], lambda c: c.post("/verifications", {"all": True})),
    (["verify", "--at", "nope"], lambda c: c.post("/verifications", {"at": "nope"})),
    (["gc"], lambda c: c.post("/collections", {})),
    (["repair", "--at", "main"], lambda c: c.post("/repairs", {"at": "main"})),
    (["repair", "marts.nope@main"], lambda c: c.post("/repairs", {"datasets": ["marts.nope@main"]})),
    (["reproduce", "marts.gone"], lambda c: c.post("/reproductions", {"dataset": "marts.gone"})),
    (["principles"], lambda c: c.get("/principles")),
    (["principles", "--since", "soon"], lambda c: c.get("/principles?since=soon")),
    (["architecture"], lambda c: c.get("/architecture")),
    (["architecture", "--against", "nope"], lambda c: c.get("/architecture?against=nope")),
    (["show", "marts.totals"], lambda c: c.get("/datasets/marts.totals")),
    (["show", "marts.totals@main~1"], lambda c: c.get("/datasets/marts.totals@main~1")),
    (["show", "run:1"], lambda c: c.get("/runs/1")),
    (["show", "marts.totals", "--readers"], lambda c: c.get("/datasets/marts.totals/readers")),
    (["profile", "shop.orders"], lambda c: c.get("/datasets/shop.orders/profile")),
    (["profile", "shop.orders.amount"], lambda c: c.get("/datasets/shop.orders/profile?column=amount")),
    (
        ["profile", "shop.orders", "--against", "main~1"],
        lambda c: c.get("/datasets/shop.orders/profile?against=main~1"),
    ),
    (["lineage", "marts.best"], lambda c: c.get("/lineage/marts.best")),
    (["lineage", "shop.orders.amount", "--down"], lambda c: c.get("/lineage/shop.orders.amount?up=false")),
    (["impact", "shop.orders"], lambda c: c.get("/impact/shop.orders")),
    (["status"], lambda c: c.get("/status")),
    (["log"], lambda c: c.get("/commits")),
    (["log", "--queries"], lambda c: c.get("/asked-queries")),
    (["log", "marts.totals", "--schema"], lambda c: c.get("/datasets/marts.totals/schema-changes")),
    (["diff", "main~1", "main"], lambda c: c.get("/diff?a=main~1&b=main")),
    (["diff", "main~1", "main", "--rows", "marts.totals"], lambda c: c.get("/diff?a=main~1&b=main&rows=marts.totals")),
    (["diff", "main~1", "main", "--format", "markdown"], lambda c: c.get("/diff?a=main~1&b=main&report=true")),
    (["plan"], lambda c: c.get("/plan")),
    (["plan", "--due"], lambda c: c.get("/due")),
    (["plan", "try"], lambda c: c.get("/branches/try/plan")),
    (["check"], lambda c: c.post("/checks")),
    (["check", "--sql"], lambda c: c.get("/checks/sql")),
    (["analysis", "list"], lambda c: c.get("/analyses")),
    (["analysis", "log"], lambda c: c.get("/analyses/runs")),
    (["analysis", "show", "nope"], lambda c: c.get("/analyses/runs/nope")),
    (["analysis", "run", "noted"], lambda c: c.post("/analyses/runs", {"name": "noted"})),
    (["analysis", "reproduce", "noted@1"], lambda c: c.post("/analyses/reproductions", {"run": "noted@1"})),
    (["insights"], lambda c: c.get("/insights")),
    (["insight", "list"], lambda c: c.get("/insights")),
    (["insight", "show", "all"], lambda c: c.get("/insights/all")),
    (["insight", "show", "nope"], lambda c: c.get("/insights/nope")),
    (["insight", "check"], lambda c: c.post("/insights/checks")),
    (["insight", "pin", "all"], lambda c: c.post("/insights/pins", {"names": ["all"]})),
    (
        ["insight", "outcome", "all", "so", "--on", "2026-05-01"],
        lambda c: c.post("/insights/all/outcomes", {"what": "so", "on": "2026-05-01"}),
    ),
    (
        ["insight", "add", "some", "-q", "Why?", "--query", "select 1 as n", "--branch", "try"],
        lambda c: c.post("/insights", {"name": "some", "question": "Why?", "query": "select 1 as n", "branch": "try"}),
    ),
    (["quarantine", "list"], lambda c: c.get("/quarantine")),
    (["quarantine", "show", "marts.few"], lambda c: c.get("/quarantine/marts.few")),
    (
        ["quarantine", "release", "marts.few", "--where", "id = 3", "--reason", "why"],
        lambda c: c.post("/quarantine/marts.few/releases", {"reason": "why", "where": "id = 3"}),
    ),
    (["check", "marts.totals", "--history"], lambda c: c.get("/datasets/marts.totals/checks")),
    (["check", "--suggest"], lambda c: c.get("/checks/proposals")),
    (["check", "--suggest", "--write"], lambda c: c.post("/checks/proposals")),
    (["test"], lambda c: c.post("/tests")),
    (["branch", "list"], lambda c: c.get("/branches")),
    (["branch", "create", "new"], lambda c: c.post("/branches", {"name": "new"})),
    (["branch", "drop", "try", "--yes"], lambda c: c.delete("/branches/try?agreed=true")),
    (["branch", "switch", "try"], lambda c: c.post("/branches/try/switch")),
    (["tag"], lambda c: c.get("/tags")),
    (["tag", "may"], lambda c: c.post("/tags", {"name": "may"})),
    (["tag", "first", "--delete"], lambda c: c.delete("/tags/first")),
    (["publish", "try", "--yes"], lambda c: c.post("/publishes", {"branch": "try", "agreed": "any"})),
    (["run", "--yes"], lambda c: c.post("/runs", {"agreed": "any"})),
    (
        ["run", "--yes", "--force", "marts.totals"],
        lambda c: c.post("/runs", {"agreed": "any", "force": True, "select": ["marts.totals"]}),
    ),
    (["refresh"], lambda c: c.post("/refreshes")),
    (["due"], lambda c: c.get("/schedule")),
    (
        ["due", "marts.*", "--at", "2026-12-01T06:00"],
        lambda c: c.get("/schedule?select=marts.*&at=2026-12-01T06:00:00Z"),
    ),
    (["due", "nope.*"], lambda c: c.get("/schedule?select=nope.*")),
    (["why", "marts.totals"], lambda c: c.get("/datasets/marts.totals/why")),
    (["why", "marts.gone"], lambda c: c.get("/datasets/marts.gone/why")),
    (["tick"], lambda c: c.post("/ticks", {"trigger": "hand"})),
    (
        ["pause", "marts.best", "--why", "why not"],
        lambda c: c.post("/pauses", {"datasets": ["marts.best"], "why": "why not"}),
    ),
    (["resume", "--all"], lambda c: c.post("/resumptions")),
    (["actions"], lambda c: c.get("/actions?limit=20")),
    (["playbooks"], lambda c: c.get("/playbooks")),
    (["freeze", "--why", "so"], lambda c: c.post("/freezes", {"why": "so"})),
    (["incidents"], lambda c: c.get("/incidents")),
    (["incidents", "--all"], lambda c: c.get("/incidents?all=true")),
    (["incident", "show", "1"], lambda c: c.get("/incidents/1")),
    (["incident", "take", "1", "--for", "ben"], lambda c: c.post("/incidents/1/take", {"owner": "ben"})),
    (["incident", "fix", "1", "--note", "so"], lambda c: c.post("/incidents/1/fix", {"note": "so"})),
    (["incident", "close", "1"], lambda c: c.post("/incidents/1/close")),
    (["incident", "close", "1", "--expected"], lambda c: c.post("/incidents/1/close", {"verdict": "expected"})),
    (["incident", "reopen", "1"], lambda c: c.post("/incidents/1/reopen")),
    (["incident", "snooze", "1", "--until", "2h"], lambda c: c.post("/incidents/1/snooze", {"until": "2h"})),
    (["hold", "marts.count", "why"], lambda c: c.post("/cords", {"dataset": "marts.count", "reason": "why"})),
    (["release", "marts.count"], lambda c: c.post("/releases", {"dataset": "marts.count"})),
    (["complain", "marts.count", "why"], lambda c: c.post("/complaints", {"dataset": "marts.count", "text": "why"})),
    (["optimize"], lambda c: c.post("/optimizations")),
    (["undo", "--yes"], lambda c: c.post("/undos", {"agreed": True})),
    (["redo"], lambda c: c.post("/redos")),
    (["accept", "--all"], lambda c: c.post("/acceptances", {"rejected": ["."]})),
    (["pull"], lambda c: c.post("/pulls")),
    (["config", "show"], lambda c: c.get("/settings")),
    (["lock"], lambda c: c.post("/locks")),
    (["lock", "--check"], lambda c: c.get("/locks")),
    (["source", "list"], lambda c: c.get("/sources")),
    (["source", "check"], lambda c: c.post("/sources/checks")),
    (["source", "load", "shop.orders"], lambda c: c.post("/sources/loads", {"sources": ["shop.orders"]})),
    (["source", "pin", "shop.orders"], lambda c: c.post("/sources/shop.orders/pin")),
    (["source", "accept", "shop.orders"], lambda c: c.post("/sources/shop.orders/accept")),
    (["query", "from shop.orders order by id"], lambda c: c.post("/queries", {"sql": "from shop.orders order by id"})),
    (["query", "of", "--param", "n=2"], lambda c: c.post("/queries", {"saved": "of", "parameters": {"n": 2}})),
    (
        ["save", "marts.top", "from marts.totals limit 1", "--checks", "none", "--publish"],
        lambda c: c.post("/datasets", {"name": "marts.top", "sql": "from marts.totals limit 1", "agreed": "any"}),
    ),
    (["edit", "marts.totals", "--show"], lambda c: c.get("/files/marts.totals")),
    (
        ["edit", "marts.totals", "-f", "{root}/other.sql", "--look"],
        lambda c: c.post("/edits/look", {"file": "marts.totals", "text": OTHER}),
    ),
    (
        ["edit", "marts.totals", "-f", "{root}/other.sql", "--branch", "try"],
        lambda c: c.post("/edits", {"file": "marts.totals", "text": OTHER, "branch": "try"}),
    ),
    (
        ["rename", "marts.best", "marts.finest", "--publish"],
        lambda c: c.post("/renames", {"old": "marts.best", "new": "marts.finest", "agreed": "any"}),
    ),
    (
        ["retire", "marts.best", "--publish"],
        lambda c: c.post("/retirements", {"names": ["marts.best"], "agreed": "any"}),
    ),
    (
        ["archive", "marts.best", "--publish"],
        lambda c: c.post("/archives", {"names": ["marts.best"], "agreed": "any"}),
    ),
    (["archive", "marts.totals"], lambda c: c.post("/archives", {"names": ["marts.totals"]})),
    (["suggestions", "list"], lambda c: c.get("/suggestions")),
    (["suggestions", "list", "--all"], lambda c: c.get("/suggestions?all=true")),
    (["simplify", "list"], lambda c: c.get("/hints")),
    (["simplify", "list", "--all"], lambda c: c.get("/hints?all=true")),
    (["token", "create", "ana"], lambda c: c.post("/tokens", {"person": "ana"})),
    (["contract", "export", "marts.*"], lambda c: c.get("/contracts?select=marts.*")),
    (
        ["contract", "import", "schema.yml"],
        lambda c: c.post("/contracts/imports", {"file": "schema.yml", "text": SCHEMA}),
    ),
    (["notify", "list"], lambda c: c.get("/channels")),
    (["notify", "test", "nope"], lambda c: c.post("/channels/tests", {"name": "nope"})),
    (["token", "list"], lambda c: c.get("/tokens")),
    # errors
    (["show", "nope"], lambda c: c.get("/datasets/nope")),
    (["query", "from nope"], lambda c: c.post("/queries", {"sql": "from nope"})),
    (["branch", "create", "try"], lambda c: c.post("/branches", {"name": "try"})),
    (["redo", "--branch", "nope"], lambda c: c.post("/redos", {"branch": "nope"})),
    (["suggestions", "show", "7"], lambda c: c.get("/suggestions/7")),
    (["suggestions", "accept", "7"], lambda c: c.post("/suggestions/7/accept")),
    (["suggestions", "dismiss", "7"], lambda c: c.post("/suggestions/7/dismiss")),
    (["simplify", "show", "70"], lambda c: c.get("/hints/70")),
    (["simplify", "accept", "70"], lambda c: c.post("/hints/70/accept")),
    (["simplify", "dismiss", "70"], lambda c: c.post("/hints/70/dismiss")),
    (["token", "revoke", "00000000"], lambda c: c.delete("/tokens/00000000")),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two publishes, a branch, a tag, an undo to be taken back, a saved query and a test."""
    clone = Clone(tmp_path_factory.mktemp("template") / "acme")
    clone.fill(FILES)
    clone.write(
        "andon.toml", 'author = "ana"\n[people]\nana = "owner"\n[notify.none]\nkind = "command"\ncommand = ["true"]\n'
    )
    clone.write("queries/of.sql", "select * from shop.orders where id = $n\n")
    clone.write(
        "tests/count.yml",
        "- name: it counts\n  dataset: marts.count\n  given: {shop.orders: [{id: 1}]}\n  expect: [{n: 1}]\n",
    )
    clone.write("insights/all.md", "---\nquery: select count(*) as n from shop.orders\n---\n# How many?\n")
    clone.write(
        "analyses/noted.py",
        "import andon\n\nandon.keep('n', andon.open().sql('select count(*) from shop.orders').fetchone()[0])\n",
    )
    clone.write("other.sql", OTHER)
    clone.write("schema.yml", SCHEMA)
    few = "/*---\nchecks: |\n  id < 3 quarantine 50%\n---*/\nselect id, customer from shop.orders\n"
    clone.write("datasets/marts/few.sql", few)
    clone.run()
    with clone.opened() as service:
        service.analyses.run("noted")
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    with clone.opened() as service:
        service.branches.create("try")
        service.branches.tag("first", "main~1")
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    clone.run(branch="try")
    clone.undo()
    return clone.root


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Client]]:
    """A copy that nobody changes, and who asks its server."""
    root = tmp_path_factory.mktemp("shared") / "acme"
    shutil.copytree(template, root)
    with serving(root) as server:
        yield root, server.client(server.service.tokens.create("ana").token)


LOOKING = [
    pair
    for pair in PAIRS
    if (pair[0][0] in _LOOKING and "--write" not in pair[0]) or pair[0][1:2] in (["list"], ["show"])
]
CHANGING = [pair for pair in PAIRS if pair not in LOOKING]


@pytest.mark.parametrize(("typed", "ask"), LOOKING, ids=[" ".join(typed) for typed, _ in LOOKING])
def test_what_looks_gives_the_same_document(typed: list[str], ask: Ask, shared: tuple[Path, Client]) -> None:
    root, client = shared
    _compare(_typed(root, *typed), ask(client))


@pytest.mark.parametrize(("typed", "ask"), CHANGING, ids=[" ".join(typed) for typed, _ in CHANGING])
def test_what_changes_gives_the_same_document(typed: list[str], ask: Ask, template: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "a" / "acme", tmp_path / "b" / "acme"
    shutil.copytree(template, here)
    shutil.copytree(template, there)
    with serving(there) as server:
        _compare(_typed(here, *typed), ask(server.client(server.service.tokens.create("ana").token)))


def _typed(root: Path, *words: str) -> Any:
    return json.loads(
        CliRunner()
        .invoke(cli, ["-C", str(root), *(word.replace("{root}", str(root)) for word in words), "--json"])
        .stdout
    )


def _compare(printed: Any, found: Reply) -> None:
    answered = found.document
    if isinstance(printed, dict) and printed.keys() == {"error"}:
        told = printed["error"]
        assert found.status >= 400
        assert (answered["code"], answered["detail"]) == (told["code"], told["message"])
        assert (answered["where"], answered["problems"]) == (told["where"], told["problems"])
        return
    assert found.status < 400, found.data
    assert _steady(answered) == _steady(printed)
