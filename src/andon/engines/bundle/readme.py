"""What a packed folder says of itself to who opens it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from andon.base.text import plural
from andon.model.isolation import PackedFolder

#: The files of an environment, and what they are.
ENVIRONMENT = (
    ("`env/requirements.txt`", "the packages, each pinned with its hashes"),
    ("`env/environment.yml`", "the same for conda: `conda env create -f env/environment.yml`"),
    ("`env/Dockerfile`", "the same as a container, without a network when it runs"),
    ("`env/packages.cdx.json`", "the same as a list in the form of CycloneDX"),
)


def readme(told: PackedFolder, stage: dict[str, Any]) -> str:
    """The text of `README.md`."""
    return put_together(told, _what(told, stage), _how(told, stage), _work(told), _table(told, stage))


def put_together(told: PackedFolder, what: str, how: str, work: str, table: str) -> str:
    """The parts of what a folder says of itself, under their headings."""
    parts = [
        f"# {told.dataset}, apart from its lake\n",
        what,
        "## Make it again\n",
        how,
        *(["## Work on it\n", work] if told.edits else []),
        "## What is in here\n",
        table,
        *(["## To be known\n", "".join(f"- {note}\n" for note in told.notes)] if told.notes else []),
    ]
    return "\n".join(parts)


def _what(told: PackedFolder, stage: dict[str, Any]) -> str:
    made = f"run {told.run}" if told.run is not None else "an unknown run"
    clock = f", its clock at {stage['logical_time'][:19]}Z" if stage["logical_time"] else ""
    rows = (
        f"{plural(told.rows, 'row')} are to come out" if told.rows is not None else "What is to come out is not known"
    )
    text = (
        f"`{told.dataset}` as it is in commit `{told.commit[:8]}` ({told.ref}), made by {made}{clock}. {rows}.\n"
        "All that it is made of is in this folder, and nothing else is needed but Python: no Andon, no lake, no network once the packages\n"
        "are there. The folder can be moved and copied.\n"
    )
    if told.reduced is not None:
        text += f"\n**Not all of it**: {told.reduced}. What is to come out was made anew of these inputs when this was packed.\n"
    if told.masked:
        listed = "; ".join(f"`{name}`: {', '.join(f'`{c}`' for c in columns)}" for name, columns in told.masked.items())
        text += (
            f"\n**Masked**: the values of {listed} are others, equal ones the same everywhere in this folder. What is to come out was\n"
            "made anew of these inputs when this was packed.\n"
        )
    return text


def _how(told: PackedFolder, stage: dict[str, Any]) -> str:
    settings = stage["settings"]
    engine = f"DuckDB {settings['duckdb']}, {plural(settings['threads'], 'thread')}"
    memory = f", {settings['memory_limit']} of memory" if settings["memory_limit"] else ""
    python = f", Python {settings['python']}" if settings["python"] else ""
    looked = "" if told.runs else "Nothing is computed: what was loaded is kept, and is looked at whole.\n\n"
    return (
        f"```sh\n{told.command}\n```\n\n"
        f"or with [uv](https://docs.astral.sh/uv/), by the same pins:\n\n```sh\n{with_uv(told)}\n```\n\n"
        f"{looked}"
        "| it says | means | exit status |\n|---|---|---|\n"
        "| IDENTICAL | the same rows | 0 |\n"
        "| EQUAL WITHIN 1e-9 | but for the last digits of floating-point numbers | 0 |\n"
        "| DIFFERENT | which rows, which columns, and what of the code may make it so | 1 |\n"
        "| error | a packed file is not what was packed, or the code fails | 2 |\n\n"
        f"It is set as it was then: {engine}{memory}{python}.\n"
    )


def with_uv(told: PackedFolder) -> str:
    """The command that makes it again with uv."""
    index = "--no-index --find-links env/wheels " if "--no-index" in told.command else ""
    return f"uv venv .venv && uv pip sync --python .venv {index}--require-hashes env/requirements.txt && .venv/bin/python run.py"


def _work(told: PackedFolder) -> str:
    files = "\n".join(f"- `{path}`" for path in told.edits)
    return (
        f"{files}\n\n"
        "Edit, run `.venv/bin/python run.py` again, and see which rows are others. `--out FILE` also writes the result. In the project,\n"
        "`andon isolate apply FOLDER` brings the edited code back as a branch with a plan.\n"
    )


def _table(told: PackedFolder, stage: dict[str, Any]) -> str:
    rows = [
        ("`code/`", "the code as it was written"),
        ("`ran/`", "the SQL as the engine was given it") if any(s["kind"] == "sql" for s in stage["steps"]) else None,
        ("`inputs/`", f"what it reads: {', '.join(f'`{name}`' for name in told.inputs)}") if told.inputs else None,
        ("`expected/`", "the rows that are to come out"),
        *ENVIRONMENT,
        ("`stage.json`", "settings, clock, hashes and fingerprint"),
        ("`run.py`, `engine/`", "what makes it again"),
    ]
    return as_table(rows)


def as_table(rows: Iterable[tuple[str, str] | None]) -> str:
    """Files and what they are, as a table; what is None is not there."""
    return "| | |\n|---|---|\n" + "".join(f"| {row[0]} | {row[1]} |\n" for row in rows if row is not None)
