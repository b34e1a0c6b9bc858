"""Measures the pages as people feel them, on a lake of 500 datasets and 1,000 commits; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/pages.py                 the whole lake (made in about a minute), thirty visits of each page
    python benchmarks/pages.py --quick         50 datasets, 60 commits; RESULTS.md stays as it is
    python benchmarks/pages.py --lake FOLDER   a lake that was made before; it is made there where it is not

Figures: the server's time for each page; a browser's first visit of the SQL page until a row stands there, and 10,000 rows painted;
bytes that come with the first page, and own scripts; what fifty people cost whose boards look again by themselves; memory of the
server with five windows of 10,000 rows.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3  # noqa: TID253 - asks a server
from big_lake import big_lake
from parts import write_part
from serving import family, resident, up

STATIC = Path(__file__).resolve().parent.parent / "src" / "andon" / "web" / "static"
PEOPLE = 50
#: At most: a page in the middle and the slowest of twenty (seconds), first row, 10,000 rows, own scripts and first page (bytes),
#: share of a core for fifty boards, memory.
MIDDLE, SLOW, FIRST_ROW, PAINTED, SCRIPTS, FIRST_PAGE, POLLING, MEMORY = 0.05, 0.15, 1.0, 0.6, 60e3, 150e3, 0.1, 200e6
ROWS = "select range as id, range * 1.5 as value, 'text ' || range as words from range(10000)"


def addresses(project: Path) -> dict[str, str]:
    """A page of each kind, of a dataset in the middle of the lake."""
    files = sorted((project / "datasets").rglob("*.sql"))
    middle = files[len(files) // 2].relative_to(project / "datasets").with_suffix("")
    name = ".".join(middle.parts)
    return {
        "board": "/",
        "catalog": "/catalog",
        "search": "/catalog?words=dataset+amount",
        "dataset": f"/d/{name}",
        "dataset, lineage": f"/d/{name}/lineage",
        "dataset, checks": f"/d/{name}/checks",
        "dataset, code": f"/d/{name}/code",
        "dataset, versions": f"/d/{name}/versions",
        "dataset, used by": f"/d/{name}/used-by",
        "an old commit": "/?at=main~200",
        "sql": "/sql",
        "changes": "/changes",
        "runs": "/runs",
        "one run": "/runs/2",
        "map": "/map",
    }


def visits(address: str, pages: dict[str, str], times: int) -> dict[str, list[float]]:
    """Seconds of each visit of each page, in turns; the first of each is not counted."""
    pool = urllib3.PoolManager(maxsize=2, timeout=60)
    found: dict[str, list[float]] = {name: [] for name in pages}
    for turn in range(times + 1):
        for name, path in pages.items():
            began = time.perf_counter()
            answer = pool.request("GET", address + path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}")
            if turn:
                found[name].append(time.perf_counter() - began)
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def transferred(window: Any, url: str) -> float:
    """Bytes on the wire for the first visit of a page."""
    context = window.new_context()
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[float] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(sizes)


def first_row(window: Any, url: str) -> float:
    """Seconds from the first visit of the SQL page until a row of its answer stands there."""
    context = window.new_context()
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("andon-grid [role=row][aria-rowindex='2']")
    took = time.perf_counter() - began
    context.close()
    return took


def painted(window: Any, url: str) -> tuple[float, Any]:
    """Seconds from the key that runs a query until 10,000 rows are there, and the window."""
    context = window.new_context()
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("andon-grid [role=row][aria-rowindex='2']")
    page.locator(".cm-content").click()
    began = time.perf_counter()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("andon-sql[data-rows='10000']")
    page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    return time.perf_counter() - began, context


def polling(address: str, process: int, seconds: float) -> float:
    """The share of a core that the server takes while fifty people's boards look again as the page does."""
    pool = urllib3.PoolManager(maxsize=PEOPLE, timeout=60)
    path, every = _asks_again(pool.request("GET", address + "/").data.decode())
    headers = {"HX-Request": "true", "HX-Target": "div#board", "Accept": "text/html"}
    over = threading.Event()

    def look() -> None:
        mine = path
        while not over.wait(every):
            answer = pool.request("GET", address + mine, headers=headers)
            if answer.status == 200:
                mine, _ = _asks_again(answer.data.decode())

    people = [threading.Thread(target=look) for _ in range(PEOPLE)]
    before, began = cpu(process), time.perf_counter()
    for person in people:
        person.start()
    time.sleep(seconds)
    share = (cpu(process) - before) / (time.perf_counter() - began)
    over.set()
    for person in people:
        person.join()
    return share


def _asks_again(text: str) -> tuple[str, float]:
    """Where a board looks again, and after how many seconds."""
    marker = 'id="board"'
    tag = text[text.rindex("<", 0, text.index(marker)) : text.index(">", text.index(marker))]
    address = tag.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    return address, float(tag.partition('data-every="')[2].partition('"')[0])


def cpu(process: int) -> float:
    """Seconds that a process computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure(lake: Path, times: int, seconds: float) -> list[str]:
    """All figures, as lines of the page."""
    lines = ["| page | middle ms | 95th of 100 ms |", "|---|---|---|"]
    with up(lake) as (address, process, _), browser() as window:
        for name, found in visits(address, addresses(lake), times).items():
            middle, slow = statistics.median(found), statistics.quantiles(found, n=20)[-1]
            mark = "" if middle <= MIDDLE and slow <= SLOW else " **over**"
            lines.append(f"| {name} | {middle * 1000:.0f} | {slow * 1000:.0f}{mark} |")
        time.sleep(3)  # what was asked before is over
        share = polling(address, process, seconds)
        board = transferred(window, address + "/")
        rows = address + "/sql?q=" + ROWS.replace(" ", "%20")
        first = statistics.median(first_row(window, rows) for _ in range(5))
        took, contexts = [], []
        for _ in range(5):
            seconds_of_one, context = painted(window, rows)
            took.append(seconds_of_one)
            contexts.append(context)
        memory = resident([process])
        everything = resident(family(process))
        for context in contexts:
            context.close()
    scripts = sum(path.stat().st_size for path in (STATIC / "js").glob("*.js"))
    packed = sum(len(gzip.compress(path.read_bytes(), 9)) for path in (STATIC / "js").glob("*.js"))
    figures = (
        ("first visit of the SQL page to the first row of its answer", f"{first:.2f} s", first <= FIRST_ROW),
        ("10,000 rows painted, from the key", f"{statistics.median(took):.2f} s", statistics.median(took) <= PAINTED),
        ("first page, on the wire", f"{board / 1000:.0f} kB", board <= FIRST_PAGE),
        (
            "own scripts of all pages, as sent (their source)",
            f"{packed / 1000:.0f} kB ({scripts / 1000:.0f} kB)",
            packed <= SCRIPTS,
        ),
        ("fifty boards that look again", f"{share:.1%} of a core", share <= POLLING),
        ("memory with five windows of 10,000 rows", f"{memory / 1e6:.0f} MB", memory <= MEMORY),
        ("the same with its workers", f"{everything / 1e6:.0f} MB", True),
    )
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {what} | {figure}{'' if is_met else ' **over**'} |" for what, figure, is_met in figures]
    return lines


def main() -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lake", type=Path)
    given = parser.parse_args()
    datasets, commits, times = (50, 60, 5) if given.quick else (500, 1000, 30)
    with tempfile.TemporaryDirectory() as place:
        lake = big_lake(given.lake or Path(place) / "lake", datasets=datasets, commits=commits)
        lines = measure(lake, times, 5 if given.quick else 20)
    sys.stdout.write("\n".join(lines) + "\n")
    if not given.quick:
        lead = ["## Pages", "", f"{datasets} datasets, {commits:,} commits; `python benchmarks/pages.py`.", ""]
        write_part("pages", [*lead, *lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())
