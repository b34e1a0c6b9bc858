"""Makes the dataset of this folder again, from what is packed in it, and says whether the same comes out.

    python run.py

It needs Python, DuckDB and what `env/requirements.txt` names; nothing is asked of a network. The exit status is 0 where the same rows
come out, 1 where others do, 2 where they can't be made: a packed file is not what was packed, or the code fails.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "engine"))
sys.dont_write_bytecode = True

import _andon_stage as stages  # type: ignore[import-not-found]  # noqa: E402
import _andon_verdict as verdicts  # type: ignore[import-not-found]  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Do it; gives the exit status."""
    parser = argparse.ArgumentParser(prog="run.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", metavar="FILE", help="also write the result there, as Parquet")
    asked = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    out = Path(asked.out).absolute() if asked.out else None
    os.chdir(HERE)
    stage: dict[str, Any] = {}
    try:
        stage = stages.read_stage(HERE)
        stages.require_whole(HERE, stage)
        edited = stages.edited_code(HERE, stage)
        with stages.workplace(HERE) as place:
            with stages.StageRun(stage, place) as engine:
                result = engine.made()
                found = verdicts.judged(engine.connection, stage, result)
            if out is not None:
                stages.put_together(result, out)
    except stages.StageError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        if stage.get("failed"):
            print(f"it failed then, too: {stage['failed']}", file=sys.stderr)  # noqa: T201
        return 2
    for line in verdicts.told(stage, found, edited):
        print(line)  # noqa: T201
    return 0 if found.verdict != verdicts.DIFFERENT else 1


if __name__ == "__main__":
    sys.exit(main())
