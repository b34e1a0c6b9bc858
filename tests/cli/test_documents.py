"""Every document that `--json` writes, to the letter: ids, times, durations, sizes and folders stand for themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.document import from_json, to_json
from andon.cli.app import cli
from andon.cli.documents import FailureDocument, documents
from andon.errors import UsageError

if TYPE_CHECKING:
    from conftest import Andon

MART = "datasets/marts/revenue_by_month.sql"
Golden = Callable[[str, str], None]
_VARIABLE = (
    (re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b"), "<id>"),
    (re.compile(r'("(?:seconds|bytes|mtime)": )[0-9.e-]+'), r"\1<number>"),
    (re.compile(r'("at": |"updated": |"created": |"value": )"\d{4}-\d\d-\d\dT[^"]*"'), r'\1"<time>"'),
)
TEST = """
- name: adds up
  dataset: marts.revenue_by_month
  given: {shop.orders: [{order_id: 1, ordered_at: 2026-01-05, amount: 2}]}
  expect: [{revenue: 2}]
- name: is wrong
  dataset: marts.revenue_by_month
  given: {shop.orders: [{order_id: 1, ordered_at: 2026-01-05, amount: 2}]}
  expect: [{revenue: 3}, {revenue: 4}]
"""
PYTHON = """
from andon import dataset, read

@dataset(owner="ana", lineage={"customer": ["orders.customer"]})
def regulars(orders=read("shop.orders")):
    return orders.aggregate("customer, count(*) as n")
"""
INSIGHT = (
    "title: Where to advertise\nkind: decision\nowner: ben\nuses: [marts.revenue_by_month.revenue]\ndecision: monthly\n"
)


class Documents:
    """Runs commands with `--json` and compares what they print with golden files named `json/NAME`."""

    def __init__(self, andon: Andon, golden: Golden) -> None:
        self._andon = andon
        self._golden = golden

    def __call__(self, name: str, *words: str, status: int = 0) -> None:
        done = self._andon(*words, "--json", status=status)
        assert _is_of_its_type(words, done.document)
        text = done.out.replace(str(self._andon.folder), "<folder>")
        for pattern, stand_in in _VARIABLE:
            text = pattern.sub(stand_in, text)
        self._golden(f"json/{name}", text)


def _is_of_its_type(words: Sequence[str], document: Any) -> bool:
    """Whether one of the types that the command may write reads the document and writes it again as it was."""
    found = documents()
    kinds = found.get(" ".join(words[:2])) or found[words[0]]
    for kind in (FailureDocument, *kinds):
        with suppress(UsageError):
            return bool(to_json(from_json(kind, document)) == document)
    return False


def test_looking(andon: Andon, golden: Golden) -> None:
    document = Documents(andon, golden)
    andon.write("insights/ads.yml", INSIGHT)
    andon.write("datasets/marts/regulars.py", PYTHON)
    document("plan_first", "plan")
    document("run_first", "run", "--yes")
    document("run_again", "run", "--yes")
    document("plan_again", "plan")
    document("ls", "ls")
    document("status", "status")
    document("log", "log")
    document("log_schema", "log", "shop.orders", "--schema")
    document("show_source", "show", "shop.orders")
    document("show_mart", "show", "marts.revenue_by_month")
    document("show_python", "show", "marts.regulars")
    document("query", "query", "select customer, sum(amount) as total from shop.orders group by all order by all")
    document("query_file", "query", "from shop.orders", "-o", str(andon.folder / "orders.csv"))
    document("check", "check")
    document("check_sql", "check", "--sql")
    document("check_history", "check", "shop.orders", "--history")
    document("check_suggest", "check", "--suggest")
    document("profile", "profile", "shop.orders")
    document("profile_column", "profile", "shop.orders.amount")
    document("lineage", "lineage", "marts.revenue_by_month")
    document("lineage_column", "lineage", "marts.revenue_by_month.revenue", "--up")
    document("impact", "impact", "shop.orders")
    document("impact_column", "impact", "shop.orders.amount")
    document("lock", "lock")
    document("source_pin", "source", "pin", "shop.orders")
    document("init_refused", "init", status=2)
    document("query_wrong", "query", "select nothing from shop.orders", status=2)


def test_setting_up(andon: Andon, golden: Golden, tmp_path: Path) -> None:
    document = Documents(andon, golden)
    document("config_show", "config", "show")
    document("init", "init", "second")
    kinds = {finding["what"]: finding for finding in andon.json("doctor", status=0)}
    assert all(list(finding) == ["level", "what", "detail", "hint"] for finding in kinds.values())
    andon.write("tests/orders.yml", TEST)
    document("test", "test", status=1)
    andon.write(MART, "select nothing from shop.order")
    document("problems", "plan", status=2)
    document("status_wrong", "status")


def test_changing(built: Andon, golden: Golden) -> None:
    document = Documents(built, golden)
    built.replace(MART, "sum(amount) as revenue", "sum(amount) as revenue, max(amount) as largest")
    document("plan_change", "plan")
    document("status_changed", "status")
    document("run_change", "run", "--yes", "-m", "the largest order")
    document("diff", "diff", "main~1", "main")
    document("diff_rows", "diff", "main~1", "main", "--rows")
    document("log_after", "log", "-n", "1")
    built.replace(MART, "sum(amount) as revenue", "2 * sum(amount) as revenue")
    document("run_held", "run", "--yes", status=1)
    document("diff_held", "diff", "main", "run:3", "--rows", "marts.revenue_by_month")
    document("accept", "accept", "run:3", "reconciles", "--reason", "prices were doubled on purpose")
    document("check_accepted", "check")
    document("show_accepted", "show", "marts.revenue_by_month")
    document("profile_against", "profile", "marts.revenue_by_month", "--against", "main~1")
    document("log_accepted", "log", "-n", "2")
    document("undo", "undo")
    document("status_undone", "status")
    document("redo", "redo")
    document("undo_again", "undo")
    document("accept_rejected", "accept", "--rejected", MART)
    document("refresh", "refresh")
    built.write("datasets/marts/broken.sql", "select cast(customer as integer) as n from shop.orders")
    document("run_failed", "run", "--yes", status=1)


def test_working_aside(built: Andon, golden: Golden) -> None:
    document = Documents(built, golden)
    document("branch_create", "branch", "create", "try")
    document("branch_create_again", "branch", "create", "try", status=2)
    document("branch_switch", "branch", "switch", "try")
    built.replace(MART, "sum(amount) as revenue", "sum(amount) as revenue, min(amount) as smallest")
    document("run_branch", "run", "--yes")
    document("branch_list", "branch", "list")
    document("diff_report", "diff", "main", "try", "--format", "markdown")
    document("publish", "publish", "try", "--yes")
    document("branch_switch_back", "branch", "switch", "main")
    document("pull_dry", "pull", "--dry-run")
    document("pull", "pull")
    document("branch_drop", "branch", "drop", "try")
    document("tag", "tag", "month-end")
    document("tags", "tag")
    document("tag_delete", "tag", "month-end", "--delete")
    older = built.json("log")[1]["commit"]
    document("undo_older", "undo", older[:8], "--yes", status=3)


def test_every_command_with_json_says_what_it_writes() -> None:
    assert set(documents()) == set(_with_json(cli, click.Context(cli)))


def _with_json(group: click.Group, context: click.Context, before: str = "") -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            if any("--json" in parameter.opts for parameter in command.params):
                yield f"{before}{name}"
            yield from _with_json(command, context, f"{name} ")
        elif command is not None and any("--json" in parameter.opts for parameter in command.params):
            yield f"{before}{name}"
