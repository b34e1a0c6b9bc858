"""Parts of `benchmarks/RESULTS.md`, and of `docs/explanation/results.md`, that one benchmark writes and the others leave alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from measure import Sample, median

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
#: What people read first.
DOCS = PAGE.parent.parent / "docs" / "explanation" / "results.md"
IMAGES = DOCS.parent.parent / "images"


def write_part(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put `lines` in the place of the part `name`, or at the end of the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2].lstrip("\n") if rest else ""
    page.write_text(before.rstrip("\n") + "\n\n" + "\n".join((begin, *lines, end, "")) + after, encoding="utf-8")


def cost_table(samples: Mapping[str, Sequence[Sample]], against: str) -> list[str]:
    """A row of costs for each way, as medians, with its CPU time beside that of `against`."""
    lines = ["| | CPU s | wall s | MB | CPU ratio |", "|---|---|---|---|---|"]
    plain = median(samples[against]).cpu
    for name, found in samples.items():
        middle = median(found)
        figures = (middle.cpu, middle.wall, middle.peak_bytes / 1e6, middle.cpu / plain)
        lines.append("| {} | {:.2f} | {:.2f} | {:.0f} | {:.2f} |".format(name, *figures))
    return lines
