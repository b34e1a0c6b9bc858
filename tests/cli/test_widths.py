"""What everybody sees every day, on terminals of 80, 120 and 200 columns, compared with golden files: `GOLDEN=update` writes them."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.cli.app import cli
from andon.cli.output import display_width
from kit.command_line import Andon

GOLDEN = Path(__file__).parent / "golden" / "widths"
WIDTHS = (80, 120, 200)

FILES = {
    "raw/orders.csv": "order_id,customer_number,ordered_on,amount,weight,comment\n"
    + "".join(
        f"{i},{100 + i % 7},2026-{1 + i % 6:02}-{1 + i % 28:02},{i * 1234.5:.2f},{i / 7:.6f},{'a word ' * (i % 30)}\n"
        for i in range(1, 121)
    ),
    "sources/shop/orders.sql": """/*---
description: Every line of every order, as the shop's system exports it at the end of a month; corrections come with the next one.
owner: ana
key: order_id
checks: |
  not null customer_number, ordered_on, amount
  amount 0..200_000 "larger ones are typed wrong: the shop sells nothing that costs so much"
  customer_number 100..105 allow 20% warn
---*/
select order_id, customer_number, ordered_on, amount::decimal(12, 2) as amount, weight, comment
from read_csv('raw/orders.csv')
""",
    "datasets/marts/customer_value.sql": """/*---
description: One row per customer, with value to date.
owner: ben
key: customer_number
checks: |
  reconciles: sum(revenue) = sum(shop.orders.amount)  "finance closes the month on this"
  last_order_on >= first_order_on
---*/
select
  customer_number,
  min(ordered_on) as first_order_on,
  max(ordered_on) as last_order_on,
  count(*) as number_of_orders,
  sum(amount)::decimal(14, 2) as revenue,
  avg(weight) as average_weight_of_an_order_in_kilograms,
  max(amount) as largest_order,
  string_agg(comment, ' ' order by order_id) as comments,
  list(amount order by order_id) as amounts,
  min(ordered_on)::timestamp + interval 90 minute as first_seen_at,
  count(*) filter (amount > 10000) as large_orders
from shop.orders
group by customer_number
order by customer_number
""",
    "datasets/marts/revenue_by_month_and_customer_group.sql": """/*---
key: [month, customer_group]
---*/
select date_trunc('month', ordered_on)::date as month, customer_number % 3 as customer_group, sum(amount)::decimal(14, 2) as revenue
from shop.orders
group by all
order by all
""",
}


@pytest.fixture(scope="module")
def _told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a history, and a folder with a change that waits."""
    folder = tmp_path_factory.mktemp("widths") / "shop"
    before = dict(os.environ)
    os.environ["ANDON_AUTHOR"] = "ana"
    try:
        folder.mkdir()
        andon = Andon(folder)
        andon.write("andon.toml", "")
        for path, text in FILES.items():
            andon.write(path, text)
        andon("run", "--yes")
        mart, months = list(FILES)[2:]
        andon.replace(months, "% 3", "% 2")
        andon(
            "run", "--yes", "-m", "Groups of customers are two, since the third one was closed at the end of last year"
        )
        andon("undo")
        andon.replace(months, "% 2", "% 3")
        andon.replace(mart, "amount > 10000", "amount > 20000")
        andon.replace(months, "sum(amount)", "count(*) as orders, sum(amount)")
        andon("run", "--branch", "try", "--yes")
        andon.replace(mart, "max(amount) as largest_order,", "max(amount) as largest_order_ever,")
    finally:
        os.environ.clear()
        os.environ.update(before)
    return folder


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Shown = Callable[..., str]


@pytest.fixture(params=WIDTHS)
def shown(request: pytest.FixtureRequest, _told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Runs a command on a terminal of that width, compares what it shows with the golden file, and holds tables to the width."""
    folder = tmp_path / "shop"
    shutil.copytree(_told, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setenv("NO_COLOR", "1")

    def run(name: str, *words: str, typed: str = "", whole: bool = True) -> str:
        out, err = Terminal(), Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(typed))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            cli.main(list(words), standalone_mode=False)
        text = _steady(out.getvalue() + (err.getvalue() if whole else ""))
        path = GOLDEN / f"{name}_{request.param}.txt"
        if os.environ.get("GOLDEN") == "update":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")
        over = [
            line for line in out.getvalue().splitlines() if display_width(line) > request.param and "  " in line.strip()
        ]
        assert not over, "a row that is wider than the terminal"
        return text

    return run


def _steady(text: str) -> str:
    """Ids, moments and times as others of the same length, so that columns stay where they are; no work that takes a moment here only."""
    text = re.sub(r"( ·|,)\s+about \d+\.\d\d s( of work)?", "", text)
    text = re.sub(r"\b[0-9a-f]{8}\b", "cccccccc", text)
    text = re.sub(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b(?!:)", "2026-12-31 23:59", text)
    return re.sub(r"\b\d\.\d\d s\b", "0.00 s", text)


def test_looking(shown: Shown) -> None:
    shown("query", "query", "from marts.customer_value")
    shown(
        "query_wide",
        "query",
        "select *, x + 0.5 as y from (select columns('.*') from marts.customer_value), (select unnest([1, 2]) as x)",
    )
    short = "select * replace (comments[:150] as comments) from marts.customer_value limit 2"
    shown("query_vertical", "query", short, "--vertical")
    shown("ls", "ls")
    shown("log", "log")
    shown("check", "check")
    shown("check_suggest", "check", "marts.*", "--suggest")
    shown("diff", "diff", "main", "try", "--no-code")
    shown("diff_rows", "diff", "main", "try", "--rows", "marts.customer_value", "--limit", "3")


def test_what_is_wrong(shown: Shown, tmp_path: Path) -> None:
    andon = Andon(tmp_path / "shop")
    andon("hold", "marts.customer_value", "totals look wrong since the supplier sends corrections on Mondays")
    andon("complain", "marts.revenue_by_month_and_customer_group", "June is missing")
    listed = andon.json("incidents")
    (mine,) = [each["incident"] for each in listed if each["title"].endswith("June is missing")]
    assert "ana takes care of it" in andon("incident", "take", str(mine), "--for", "ana").err
    andon("incident", "snooze", str(mine), "--until", "2h")
    text = " ".join(shown("incidents", "incidents").split())
    assert "June" in text  # what is wrong is never what is left out


def test_publishing(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    shown("plan", "plan")
    shown("plan_publish", "plan", "try")
    shown("publish_question", "publish", "try", typed="n\n")
    shown("run_question", "run", typed="n\n")
    shown("run", "run", "--yes", whole=False)
    monkeypatch.setenv("ANDON_AUTHOR", "cleo")
    shown("undo_question", "undo", typed="n\n")
