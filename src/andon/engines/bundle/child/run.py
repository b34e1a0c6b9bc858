"""Makes the dataset or the analysis of this folder again, from what is packed in it, and says whether the same comes out.

    python run.py

It needs Python, DuckDB and what `env/requirements.txt` names; nothing is asked of a network. The exit status is 0 where the same
comes out, 1 where something else does, 2 where they can't be made: a packed file is not what was packed, or the code fails.
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
    parser.add_argument(
        "--out",
        metavar="PLACE",
        help="also write the result there: of a dataset a Parquet file, of an analysis a folder",
    )
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
        with stages.workplace(HERE) as place, stages.StageRun(stage, place) as engine:
            said, lines = (_analysis if "analysis" in stage else _stage)(stage, engine, place, edited, out)
    except stages.StageError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        if stage.get("failed"):
            print(f"it failed then, too: {stage['failed']}", file=sys.stderr)  # noqa: T201
        return 2
    for line in lines:
        print(line)  # noqa: T201
    return 0 if said != verdicts.DIFFERENT else 1


def _stage(stage: Any, engine: Any, place: Path, edited: list[str], out: Path | None) -> tuple[str, list[str]]:  # noqa: ARG001
    result = engine.made()
    found = verdicts.judged(engine.connection, stage, result)
    if out is not None:
        stages.put_together(result, out)
    return found.verdict, verdicts.told(stage, found, edited)


def _analysis(stage: Any, engine: Any, place: Path, edited: list[str], out: Path | None) -> tuple[str, list[str]]:
    import _andon_outputs as outputs  # type: ignore[import-not-found]

    made = outputs.made(engine, place)
    found = outputs.judged(engine.connection, stage, made)
    if out is not None:
        outputs.put_beside(made, out)
    return outputs.worst(found), outputs.told(stage, found, edited)


if __name__ == "__main__":
    sys.exit(main())
