"""Shared by the tests of checks: case files, and checks shown in one line."""

from __future__ import annotations

from pathlib import Path

from andon.checks.language.parse import parse_check
from andon.errors import Problem
from andon.model.check import Check

CASES = Path(__file__).parents[1] / "cases" / "checks"

COLUMNS = [
    ("a", "INTEGER"),
    ("b", "INTEGER"),
    ("n", "BIGINT"),
    ("x", "DOUBLE"),
    ("status", "VARCHAR"),
    ("level", "VARCHAR"),
    ("d", "DATE"),
    ("t", "TIMESTAMP"),
    ("key", "INTEGER"),
    ("j", "JSON"),
    ("odd name", "INTEGER"),
    ("is_active", "BOOLEAN"),
    ("shop", "STRUCT(customers STRUCT(id INTEGER))"),
    ("warn", "VARCHAR"),
    ("why", "VARCHAR"),
    ("id", "INTEGER"),
    ("l", "INTEGER[]"),
    ("rows", "INTEGER"),
    ("e%", "INTEGER"),
]


def read(line: str, for_column: str | None = None) -> Check | Problem:
    """The line as one of `marts.d` with `COLUMNS` and the key `id`."""
    return parse_check(
        line, dataset="marts.d", columns=COLUMNS, key=["id"], for_column=for_column, file="f.sql", line=1, column=1
    )


def shown(found: Check | Problem) -> str:
    """What a line means, in one line; problems by their column and message."""
    if isinstance(found, Problem):
        return f"! {found.column} {found.message}"
    parts = [f"{found.name}:"] if found.name else []
    parts += [str(found.kind), str(found.severity), _form(found.form)]
    if found.where:
        parts.append(f"where {found.where}")
    if found.allow:
        parts.append(f"allow {found.allow.count if found.allow.share is None else found.allow.share}")
    if found.why:
        parts.append(f'"{found.why}"')
    if found.others:
        parts.append("reads " + ", ".join(found.others))
    if found.uses_clock:
        parts.append("clock")
    return " ".join(parts)


def _form(form: object) -> str:
    text = repr(form)
    for noise in ("andon.model.check.", "Decimal(", ", tolerance=None", ", right=None", "kind=", "text="):
        text = text.replace(noise, "")
    return text
