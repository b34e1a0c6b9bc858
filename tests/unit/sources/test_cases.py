"""Runs `tests/cases/sources/*.txt`: hostile files, what is expected of them, and whether the hints work."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kit.sources import Load, load

CASES = Path(__file__).parents[2] / "cases" / "sources"


@dataclass
class Case:
    name: str
    sql: str = ""
    loads: list[dict[str, bytes]] = field(default_factory=lambda: [{}])
    expect: str = ""
    columns: str | None = None
    rows: str | None = None
    says: list[str] = field(default_factory=list)
    write: list[str] = field(default_factory=list)
    hint_fails: bool = False


def _bytes(lines: list[str]) -> bytes:
    text = "".join(line[:-1] if line.endswith("\\") and not line.endswith("\\\\") else line + "\n" for line in lines)
    escapes = {"t": b"\t", "r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}
    parts = re.split(r"\\(x[0-9a-f]{2}|[trn0\\])", text)
    out = b""
    for index, part in enumerate(parts):
        if index % 2:
            out += bytes([int(part[1:], 16)]) if part[0] == "x" else escapes[part]
        else:
            out += part.encode()
    return out


def _parse(text: str) -> list[Case]:
    cases: list[Case] = []
    for block in re.split(r"^=== ", text, flags=re.M)[1:]:
        name, _, body = block.partition("\n")
        case, content, path = Case(name.strip()), [], None
        body, _, expected = body.partition("\n>>> ")
        for line in [*body.split("\n"), None]:
            if line is None or line.startswith(("--- ", "+++")):
                if path is not None:
                    case.loads[-1][path] = _bytes(content)
                path, content = (line[4:].strip() if line and line.startswith("--- ") else None), []
                if line and line.startswith("+++"):
                    case.loads.append({})
            elif path is not None:
                content.append(line)
            elif line.startswith("sql: "):
                case.sql = line[5:]
        lines = expected.strip().split("\n")
        case.expect = lines[0]
        for line in lines[1:]:
            key, _, value = line.partition(": ")
            if key in ("says", "write"):
                getattr(case, key).append(value.replace("\\\\", "\\"))
            elif key in ("columns", "rows"):
                setattr(case, key, value)
            elif line == "hint fails":
                case.hint_fails = True
            elif line.strip():
                raise AssertionError(f"{name}: {line}")
        cases.append(case)
    return cases


ALL = [
    pytest.param(case, id=f"{path.stem}: {case.name}")
    for path in sorted(CASES.glob("*.txt"))
    for case in _parse(path.read_text())
]


@pytest.mark.parametrize("case", ALL)
def test_case(case: Case, tmp_path: Path) -> None:
    outcome: Load | None = None
    for files in case.loads:
        outcome = load(case.sql, files, tmp_path, outcome.contract if outcome else None)
    assert outcome is not None
    kind, _, rest = case.expect.partition(": ")
    if kind == "ok":
        assert outcome.error is None, str(outcome.error)
        if case.columns is not None:
            assert outcome.columns == case.columns
        if case.rows is not None:
            assert outcome.rows == ast.literal_eval(case.rows)
        return
    code, _, place = rest.partition(" ")
    assert outcome.error is not None, f"read as {outcome.rows}"
    assert (outcome.error.code, outcome.error.where) == (code, place), str(outcome.error)
    assert str(tmp_path) not in str(outcome.error)
    for text in case.says:
        assert text in outcome.error.message
    for text in case.write:
        assert text in (outcome.error.hint or "")
    assert outcome.error.hint
    suggestion = re.search(r"`(read_\w+\(.*?\))`", outcome.error.hint)
    if suggestion and not case.hint_fails:
        again = load(f"from {suggestion.group(1)}", case.loads[-1], tmp_path)
        assert again.error is None, f"{suggestion.group(1)}: {again.error}"


def test_there_are_enough_cases() -> None:
    assert len(ALL) >= 90
