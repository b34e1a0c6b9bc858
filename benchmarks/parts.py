"""Parts of `benchmarks/RESULTS.md` that one benchmark writes and the others leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "RESULTS.md"


def write_part(name: str, lines: Sequence[str]) -> None:
    """Put `lines` in the place of the part `name`, or at the end of the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2].lstrip("\n") if rest else ""
    PAGE.write_text(before.rstrip("\n") + "\n\n" + "\n".join((begin, *lines, end, "")) + after, encoding="utf-8")
