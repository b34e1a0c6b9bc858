"""Names mean one thing, and no folder has one that tools pass over."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "andon"

#: The Python face gives users the nouns of the core under their own names, which stay.
FACE = "python/"

#: Names of folders that git, pytest, packagers, linters or editors pass over or take for their own.
CLAIMED = (
    "build",
    "dist",
    "lib",
    "env",
    "venv",
    "target",
    "node_modules",
    "out",
    "site-packages",
    "__pypackages__",
    ".*",
)


def classes(folder: Path) -> dict[str, list[str]]:
    """Every public class at the top of a module, and where it is defined."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body if "\nclass " in f"\n{text}" else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(folder)))
    return found


def claimed(folders: Iterable[Path]) -> list[Path]:
    """Those that tools pass over, by the last part of their names."""
    return [folder for folder in folders if any(fnmatch.fnmatch(folder.name, pattern) for pattern in CLAIMED)]


def folders() -> list[Path]:
    """Every folder of source and tests that holds a file of ours."""
    files = (path for top in (ROOT / "src", ROOT / "tests") for path in top.rglob("*") if path.is_file())
    parents = {parent for path in files for parent in path.relative_to(ROOT).parents if parent.name}
    return sorted(p for p in parents if p.name != "__pycache__" and not p.name.endswith(".egg-info"))


def test_a_public_class_name_means_one_thing() -> None:
    core = {name: [p for p in places if not p.startswith(FACE)] for name, places in classes(SOURCE).items()}
    assert {name: places for name, places in core.items() if len(places) > 1} == {}


def test_the_judge_of_names_sees_a_second_meaning(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Side:\n    pass\n\n\nclass _Own:\n    pass\n")
    (tmp_path / "other.py").write_text("class Side:\n    pass\n\n\nclass _Own:\n    pass\n")
    assert classes(tmp_path) == {"Side": ["one.py", "other.py"]}


def test_no_folder_has_a_name_that_tools_pass_over() -> None:
    assert claimed(folders()) == []


def test_the_judge_of_folders_sees_them() -> None:
    assert claimed([Path("tests/unit/build"), Path("src/andon/.hidden"), Path("tests/unit/builds")]) == [
        Path("tests/unit/build"),
        Path("src/andon/.hidden"),
    ]


def collected(folder: Path) -> set[Path]:
    """The files that pytest looks into, started in `folder` as it is for this project."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = (line.rpartition(": ")[0] or line.partition("::")[0] for line in done.stdout.splitlines())
    return {folder / line for line in lines if line.endswith(".py")}


def written(folder: Path) -> set[Path]:
    """The files of tests that there are."""
    return set((folder / "tests").rglob("test_*.py"))


@pytest.mark.slow
def test_every_test_is_collected(collected_here: set[Path]) -> None:
    missing = written(ROOT) - collected_here
    # where this session was told to look into a part alone, one that is told nothing is asked
    assert missing == set() or missing - collected(ROOT) == set()


def test_the_judge_of_tests_sees_a_folder_that_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n')
    for place in ("tests/unit/build/test_a.py", "tests/unit/built/test_b.py"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("def test_it() -> None:\n    pass\n")
    assert written(tmp_path) - collected(tmp_path) == {tmp_path / "tests/unit/build/test_a.py"}
