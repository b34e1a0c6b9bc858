"""Loads the project of a folder once, as each command does: its files looked at, what they say read, linked to a whole.

    python benchmarks/project_load.py PROJECT           with what was kept of files
    python benchmarks/project_load.py PROJECT --cold    with nothing kept

Prints how many datasets it has. What it costs is measured by who calls it, `many_datasets.py`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from andon.base.cache import FileCache
from andon.project.folder.scan import scan
from andon.project.load import load
from andon.version import __version__


def main() -> None:
    """See the module."""
    root = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        kept = Path(folder) / "cache.db" if "--cold" in sys.argv else root / ".andon/cache.db"
        cache = FileCache(kept, __version__)
        facts = scan(root, cache)
        project = load(
            {path: fact.sha256 for path, fact in facts.items()}, lambda path: (root / path).read_bytes(), cache
        )
        cache.close()
    if project.problems:
        raise SystemExit(str(project.problems[0]))
    print(len(project.datasets))


if __name__ == "__main__":
    main()
