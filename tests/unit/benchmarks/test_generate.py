"""The benchmark's generated project: it runs in plain DuckDB, and it is the same at every call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


def call(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def generated(folder: Path) -> dict[str, Any]:
    call(str(BENCHMARKS / "generate.py"), "small", str(folder), "--datasets", "20")
    shape: dict[str, Any] = json.loads((folder / "shape.json").read_text())
    return shape


def plain(verb: str, folder: Path, *names: str) -> str:
    return call(str(BENCHMARKS / "plain.py"), verb, str(folder), str(folder / "plain.duckdb"), *names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("generated")
    generated(made)
    plain("build", made)
    return made


def texts(folder: Path) -> dict[str, str]:
    project = folder / "project"
    return {str(path.relative_to(project)): path.read_text() for path in project.rglob("*.sql")}


def test_every_dataset_has_rows(folder: Path) -> None:
    facts = json.loads(plain("facts", folder))
    assert len(facts) == 22
    assert min(rows for rows, *_ in facts.values()) > 0


def test_the_same_project_at_every_call(folder: Path, tmp_path: Path) -> None:
    assert generated(tmp_path) == json.loads((folder / "shape.json").read_text())
    assert texts(tmp_path) == texts(folder)
    plain("build", tmp_path)
    assert plain("facts", tmp_path) == plain("facts", folder)


def test_an_edit_changes_the_content_of_all_that_is_affected(folder: Path, tmp_path: Path) -> None:
    shape = generated(tmp_path)
    plain("build", tmp_path)
    path = tmp_path / "project" / shape["paths"][shape["middle"]["name"]]
    before = path.read_text()
    assert before.count("+ 0.00)") == 1
    path.write_text(before.replace("+ 0.00)", "+ 0.01)"))
    affected = shape["middle"]["affected"]
    plain("build", tmp_path, *affected)
    old, new = json.loads(plain("facts", folder)), json.loads(plain("facts", tmp_path))
    assert sorted(name for name in old if old[name] != new[name]) == sorted(affected)
