"""Measures search over a catalog, and the board, as people wait for them; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/search.py               5,000 datasets for search, 500 and 1,000 commits for the board
    python benchmarks/search.py --quick       a tenth of both; RESULTS.md stays as it is

Figures: a search of each kind on a warm index (the whole verb of the service: words, ranking by use and trust, counts of facets, fifty hits
with marks), the palette, the first search of a process, and the memory that the index takes; a board that is asked again while nothing
moved. Beside it plain bm25 of FTS5 over the same texts, without any of that.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from big_lake import big_lake, wide_lake
from parts import write_part

from andon.catalog.search import text_of
from andon.service.service import Service

#: At most, in seconds: a search, the palette, the board.
SEARCH, PALETTE, BOARD = 0.030, 0.030, 0.030
QUESTIONS = {
    "one word": "revenue",
    "three words": "revenue by month",
    "a word that all have": "amount",
    "the first letter": "l",
    "part of a word": "evenu",
    "misspelt": "custmers",
    "a name": "layer_3.dataset_0017",
    "nothing: all of them": "",
}


def median(call: Callable[[], object], often: int = 15) -> float:
    """The median of CPU seconds that a call takes, once it was called before; nothing of it waits for anybody."""
    call()
    found = []
    for _ in range(often):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return statistics.median(found)


def once(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    call()
    return time.process_time() - began


def plain(service: Service) -> Callable[[str], object]:
    """bm25 of FTS5 over the same texts."""
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table t using fts5(name, columns, text, code, handed)")
    searchable = service.catalog._catalogs.of(service.workspace.lake.refs.head("main"))
    texts = [text_of(entry) for entry in searchable.entries.values()]
    rows = [(t.name, t.columns, t.text, t.code, t.handed) for t in texts]
    database.executemany("insert into t values (?, ?, ?, ?, ?)", rows)

    def ask(text: str) -> object:
        words = " ".join(f'"{word}"' for word in text.replace(".", " ").split()) or '"amount"'
        return database.execute("select name from t where t match ? order by rank limit 50", [words]).fetchall()

    return ask


def searched(project: Path) -> tuple[list[str], float]:
    """Lines of the table, and the slowest search."""
    service = Service.open(project, face="http")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = once(lambda: service.catalog.find("revenue"))
    typo = once(lambda: service.catalog.find("reveneu"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    beside = plain(service)
    lines, slowest = [], 0.0
    for name, text in QUESTIONS.items():
        found = service.catalog.find(text).total
        took, palette = (
            median(lambda text=text: service.catalog.find(text)),  # type: ignore[misc]
            median(lambda text=text: service.catalog.palette(text)),  # type: ignore[misc]
        )
        bare = median(lambda text=text: beside(text)) if text else 0.0  # type: ignore[misc]
        slowest = max(slowest, took)
        lines.append(f"| {name} | {found:,} | {took * 1e3:.1f} | {palette * 1e3:.1f} | {bare * 1e3:.1f} |")
    lines.append(f"| the first search of a process | | {first * 1e3:.0f} | | |")
    lines.append(f"| the first misspelt word after it | | {typo * 1e3:.0f} | | |")
    lines.append(f"| memory of all that, MB | | {memory / 1e3:.0f} | | |")
    service.close()
    return lines, slowest


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of it; RESULTS.md stays as it is")
    parser.add_argument("--folder", type=Path, help="where the lakes are made and kept")
    given = parser.parse_args()
    many, some, commits = (500, 50, 100) if given.quick else (5000, 500, 1000)
    with tempfile.TemporaryDirectory(prefix="andon-search-") as scratch:
        place = given.folder or Path(scratch)
        lines, slowest = searched(wide_lake(place / f"search-{many}", many))
        service = Service.open(big_lake(place / f"board-{some}", some, commits), face="http")
        cold = once(service.board.show)
        board, mark = median(service.board.show, 50), median(service.board.mark, 50)
        service.close()
    met = "met" if slowest <= SEARCH else f"missed by {(slowest - SEARCH) * 1e3:.0f} ms"
    shown = "met" if board <= BOARD else "missed"
    page = [
        "## Search and board",
        "",
        "Written by `python benchmarks/search.py`, which says what is measured. CPU milliseconds of one process, medians.",
        "",
        f"Search over {many:,} datasets: ≤ {SEARCH * 1e3:.0f} ms on a warm index, {met}.",
        "",
        "| | found | search | palette | plain bm25 |",
        "|---|---|---|---|---|",
        *lines,
        "",
        f"Board of {some} datasets and {commits:,} commits: {board * 1e3:.1f} ms while nothing moved (≤ {BOARD * 1e3:.0f} ms, {shown});"
        f" whether it moved {mark * 1e3:.1f} ms; the first of a process, which plans the folder, {cold * 1e3:.0f} ms.",
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("search", page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
