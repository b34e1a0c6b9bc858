"""Makes the pictures of pages in `docs/images/`: the shop of `andon demo`, served, looked at in a real browser.

python docs/screenshots.py [PAGE …]
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from andon.cli.commands.demo import tell
from andon.cli.output import Console
from andon.runs.goal import RunOptions
from andon.service.editing import ToEdit
from andon.service.service import Service
from andon.web.server import address_of, listen, server

IMAGES = Path(__file__).resolve().parent / "images"
#: The story ends in July 1998; the pages are looked at the morning after.
MORNING = datetime(1998, 7, 10, 9, tzinfo=UTC)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
REVENUE = """\
select month, revenue, orders
from marts.revenue_by_month
order by month"""

#: A change that waits on a branch: fewer letters.
BRANCH, MART = "fewer-letters", "marts.customers_to_write_to"


def _chart(page: Any) -> None:
    page.get_by_role("tab", name="Chart").click()
    page.wait_for_selector("andon-chart svg")


def _palette(page: Any) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("reven", delay=20)
    page.wait_for_selector(".palette [role=option] .mono")


def _sql(text: str) -> str:
    return quote(text, safe="")


#: What is looked at: a name, its address, and what is done there first.
PAGES: dict[str, tuple[str, Callable[[Any], None] | None]] = {
    "board": ("/", None),
    "palette": ("/", _palette),
    "catalog": ("/catalog?words=customer", None),
    "dataset": ("/d/marts.revenue_by_month", None),
    "lineage": ("/d/marts.predictions/lineage", None),
    "versions": ("/d/marts.revenue_by_month/versions", None),
    "map": ("/map", None),
    "sql": (f"/sql?q={_sql(REVENUE)}", None),
    "chart": (f"/sql?q={_sql(REVENUE)}", _chart),
    "save": (f"/save?q={_sql(REVENUE)}", None),
    "changes": ("/changes", None),
    "change": (f"/changes/{BRANCH}", None),
    "edit": (f"/edit/{MART}?branch={BRANCH}", None),
    "runs": ("/runs", None),
    "run": ("/runs/4", None),
    "run_held": ("/runs/3", None),
    "sources": ("/sources", None),
    "value": ("/value", None),
    "insight": ("/insights/letters", None),
    "architecture": ("/architecture", None),
    "principles": ("/principles", None),
}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server over the shop in `folder`, whose clock stands at the morning after."""
    began = datetime.now(UTC)
    service = Service.open(folder, face="http", environ=_as("ana"), clock=lambda: MORNING + (datetime.now(UTC) - began))
    running, _ = server(service, "127.0.0.1", None)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield address_of("127.0.0.1", listening)
    finally:
        running.should_exit = True
        thread.join(timedelta(seconds=30).total_seconds())
        listening.close()
        service.close()


def _as(person: str) -> dict[str, str]:
    return {**os.environ, "ANDON_AUTHOR": person}


def _evening() -> datetime:
    return MORNING - timedelta(hours=15)


def _change(service: Service) -> None:
    """Somebody wants fewer letters to be written."""
    service.branches.create(BRANCH)
    text = service.editing.open(MART).text
    options = RunOptions(branch=BRANCH)
    service.editing.save(ToEdit(MART, text.replace("limit 500", "limit 300").replace(" 500 ", " 300 ")), options)


def make(names: list[str]) -> None:
    """Make the pictures of `names`, all without any."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "shop"
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            tell(Console(color=False), folder, pause=False)
        with closing(Service.open(folder, environ=_as("ben"), clock=_evening)) as service:
            _change(service)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(folder) as address:
            for name, (path, prepare) in PAGES.items():
                if names and name not in names:
                    continue
                for theme in ("light", "dark"):
                    shoot(browser, address + path, f"{name}_{theme}", WIDE, theme, prepare)
            if not names:
                shoot(browser, address + "/", "board_phone", NARROW, "light", None)
        browser.close()


def shoot(browser: Any, url: str, name: str, size: dict[str, int], theme: str, prepare: Callable[[Any], None] | None):
    """One picture."""
    context = browser.new_context(viewport=size, color_scheme=theme)
    page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if prepare is not None:
        prepare(page)
    page.wait_for_timeout(400)
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()
    sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    make(sys.argv[1:])
