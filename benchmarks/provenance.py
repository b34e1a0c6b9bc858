"""Measures what it costs to note where a run came from; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/provenance.py              500 datasets, ten builds each
    python benchmarks/provenance.py --quick      three; RESULTS.md stays as it is

A cold build of a checkout of git in which some files differ from the commit, with and without the note, in turn; and a run that has
nothing to do, which notes nothing. CPU time is that of all processes, git's own included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import generate
from measure import Sample, median, run_measured
from parts import cost_table, write_part

#: At most, as a share of a cold build.
MOST = 0.02
_WITHOUT = "import andon.runs.origin as origin; origin._note = lambda *_: None; "
_RUN = "import sys; sys.argv = ['andon', 'run', '--yes', '--json']; {}from andon.cli.main import main; sys.exit(main())"


def checkout(folder: Path) -> Path:
    """The project of 500 datasets in git, with ten files that differ and two that git does not have."""
    generate.write(generate.small(500), folder)
    project = folder / "project"
    who = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    (project / ".gitignore").write_text(".andon/\n")
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    files = sorted(project.glob("datasets/*/*.sql"))
    for file in files[:10]:
        file.write_text(f"-- looked at again\n{file.read_text()}")
    for number, file in enumerate(files[:2]):
        file.with_stem(f"extra_{number}").write_text("select 1 as x\n")
    return project


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three builds each; RESULTS.md stays as it is")
    given = parser.parse_args()
    samples: dict[str, list[Sample]] = {"without": [], "with": [], "nothing to do": []}
    with tempfile.TemporaryDirectory(prefix="andon-provenance-") as scratch:
        project = checkout(Path(scratch))
        environment = {**os.environ, "ANDON_AUTHOR": "ana", "ANDON_BRANCH": "main"}

        def run(kind: str, before: str = "") -> None:
            command = [sys.executable, "-c", _RUN.format(before)]
            samples[kind].append(run_measured(command, project, environment)[0])

        for turn in range(4 if given.quick else 11):
            for kind, before in (("without", _WITHOUT), ("with", "")):
                shutil.rmtree(project / ".andon", ignore_errors=True)
                run(kind, before)
            run("nothing to do")
            if turn == 0:  # what is read the first time is read from the disk
                for each in samples.values():
                    each.clear()
    share = median(samples["with"]).cpu / median(samples["without"]).cpu - 1
    page = [
        "## Provenance",
        "",
        "Written by `python benchmarks/provenance.py`, which says what is measured.",
        "",
        f"Noting where a run came from: {max(share, 0):.1%} of a cold build of 500, ≤ {MOST:.0%}: {'met' if share <= MOST else 'not met'}."
        " A run that has nothing to do asks git nothing; what it takes is measured by `run.py`.",
        "",
        *cost_table(samples, "without"),
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("provenance", page)
    return 0 if share <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())
