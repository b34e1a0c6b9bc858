"""What a packed folder says of an analysis to who opens it. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.text import plural
from andon.engines.bundle.readme import ENVIRONMENT, as_table, put_together, with_uv
from andon.model.isolation import PackedFolder


def analysis_readme(told: PackedFolder, stage: dict[str, Any]) -> str:
    """The text of `README.md`."""
    return put_together(told, _what(told, stage), _how(told, stage), _work(told), _table(told))


def _what(told: PackedFolder, stage: dict[str, Any]) -> str:
    chosen = ", ".join(f"{name}={value}" for name, value in stage["analysis"]["parameters"].items())
    return (
        f"Run {told.run} of the {stage['analysis']['kind']} `{told.dataset}`, which read commit `{told.commit[:8]}` ({told.ref}), its\n"
        f"clock at {stage['logical_time'][:19]}Z{f', with {chosen}' if chosen else ''}. It made {plural(len(told.outputs), 'file')}.\n"
        "All that it is made of is in this folder, and nothing else is needed but Python: no Andon, no lake, no network once the packages\n"
        "are there. The folder can be moved and copied.\n"
    )


def _how(told: PackedFolder, stage: dict[str, Any]) -> str:
    python = f" It ran on Python {stage['settings']['python']}." if stage["settings"]["python"] else ""
    return (
        f"```sh\n{told.command}\n```\n\n"
        f"or with [uv](https://docs.astral.sh/uv/), by the same pins:\n\n```sh\n{with_uv(told)}\n```\n\n"
        "| it says | means | exit status |\n|---|---|---|\n"
        "| IDENTICAL | the same bytes, rows, pixels or text | 0 |\n"
        "| EQUAL WITHIN 1e-9 | but for the last digits of numbers | 0 |\n"
        "| DIFFERENT | what is otherwise in each thing that it makes | 1 |\n"
        "| error | a packed file is not what was packed, or the code fails | 2 |\n\n"
        f"Pictures are compared by the numbers in them where those are known, else by their pixels.{python}\n"
    )


def _work(told: PackedFolder) -> str:
    files = "\n".join(f"- `{path}`" for path in told.edits)
    return f"{files}\n\nEdit, and run `.venv/bin/python run.py --out FOLDER`: what it makes then is put there.\n"


def _table(told: PackedFolder) -> str:
    return as_table(
        [
            ("`code/`", "the code as the run kept it"),
            ("`inputs/`", f"what it reads: {', '.join(f'`{name}`' for name in told.inputs)}") if told.inputs else None,
            ("`expected/`", "what it printed and made"),
            *ENVIRONMENT,
            ("`stage.json`", "parameters, clock, seed, figures that it told, hashes"),
            ("`run.py`, `engine/`", "what makes it again"),
        ]
    )
