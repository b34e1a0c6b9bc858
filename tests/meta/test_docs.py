"""The documentation is true: what pages tell to type works, the reference is the code's, links lead somewhere."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from andon.cli.overview import COMMANDS
from andon.errors import CODES
from andon.project.files import playbooks
from andon.project.files.fields import COLUMN_FIELDS, FIELDS
from andon.project.files.insight import INSIGHT_FIELDS
from andon.project.files.query import PARAMETER_FIELDS, QUERY_FIELDS
from andon.project.files.sql import CHECK_FIELDS
from andon.project.files.unit_tests import TEST_FIELDS
from andon.settings.table import SETTINGS

ROOT = Path(__file__).resolve().parents[2]


def _script(name: str) -> ModuleType:
    """A script of `docs/`, under a name that no other script has."""
    spec = spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generate, sessions = _script("generate"), _script("sessions")
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "examples" / "cdnow" / "README.md"])
_LINK = re.compile(r"!?\[[^\]]*\](?:\(|: )([^)\s]+)")
_CODE = re.compile(r"^(`{3,}).*?^\1$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", sessions.pages(), ids=lambda p: p.stem)
def test_what_a_page_tells_to_type_gives_what_it_shows(page: Path, tmp_path: Path, programs: Path):
    sessions.check(page, tmp_path, programs=programs)


def test_a_page_that_shows_something_else_is_found(tmp_path: Path, programs: Path):
    page = ROOT / "docs" / "how-to" / "undo.md"
    (tmp_path / "folder").mkdir()
    session = sessions.Session(page, tmp_path / "folder", programs)
    start = session.lines.index("$ cd shop")
    session.lines[start:start] = ["one line too many"]
    with pytest.raises(sessions.Difference, match="one line too many"):
        session.run(update=False)


@pytest.mark.parametrize(
    ("said", "actual"),
    [
        (["main at 3f2a9c1d"], ["main at 0b1c2d3e"]),
        (["run 1 · 0.20 s"], ["run 1 · 12.5 s"]),
        (["a", "…"], ["a", "b", "c"]),
        (["a", "…", "c"], ["a", "b", "c"]),
        (["…", "c"], ["a", "b", "c"]),
    ],
)
def test_what_differs_from_run_to_run_is_not_compared(said: list[str], actual: list[str], tmp_path: Path):
    session = sessions.Session(ROOT / "docs" / "how-to" / "undo.md", tmp_path)
    session._compare(said, actual, 0, False)


@pytest.mark.parametrize(
    ("said", "actual"), [(["a"], ["b"]), (["a"], ["a", "b"]), ([], ["a"]), (["a", "c"], ["a", "b", "c"]), (["a"], [])]
)
def test_all_else_is_compared(said: list[str], actual: list[str], tmp_path: Path):
    session = sessions.Session(ROOT / "docs" / "how-to" / "undo.md", tmp_path)
    with pytest.raises(sessions.Difference):
        session._compare(said, actual, 0, False)


def test_the_reference_is_what_the_code_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert generate.differences() == [], "`make docs` writes the reference"


def test_whatever_a_route_takes_has_a_meaning():
    rows = [line for line in generate.api_page().partition("## What routes take")[2].splitlines() if line[:2] == "| "]
    assert len(rows) > 100
    assert [row for row in rows if not row.split(" | ")[-1].strip(" |")] == []


def test_every_command_has_a_heading():
    headings = _headings(ROOT / "docs" / "reference" / "cli.md")
    assert [e.name for e in COMMANDS if f"andon {e.name}" not in headings] == []
    for below in ("branch list", "branch create", "branch drop", "branch switch", "config show", "source pin"):
        assert f"andon {below}" in headings


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("settings.md", [s.name for s in SETTINGS]),
        ("settings.md", [s.variable for s in SETTINGS]),
        ("errors.md", list(CODES)),
        ("project-files.md", [f.name for f in (*FIELDS, *COLUMN_FIELDS, *INSIGHT_FIELDS, *CHECK_FIELDS, *TEST_FIELDS)]),
        ("project-files.md", [f.name for f in (*QUERY_FIELDS, *PARAMETER_FIELDS)]),
        ("project-files.md", [f.name for f in (*playbooks.PLAYBOOK_FIELDS, *playbooks.TRIGGER_FIELDS)]),
        ("project-files.md", [f.name for f in (*playbooks.FILE_FIELDS, *playbooks.BREAKER_FIELDS)]),
    ],
)
def test_every_name_has_a_row(page: str, names: list[str]):
    rows = [line for line in (ROOT / "docs" / "reference" / page).read_text().splitlines() if line.startswith("|")]
    assert [name for name in names if not any(f"`{name}`" in row for row in rows)] == []


def test_every_command_of_the_json_page_is_one():
    text = (ROOT / "docs" / "reference" / "json.md").read_text()
    shown = set(re.findall(r"^\$ (?:.*\| )?andon ([\w-]+)", text, re.MULTILINE))
    missing = [e.name for e in COMMANDS if e.name not in {"demo", "drill", "accept", "up", "token"} | shown]
    assert missing == ["refresh", "optimize", "backfill", "upload", "retire", "archive"], (
        "they have the document of run, or of rename"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    broken = []
    for link in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in {_anchor(h) for h in _headings(target)}):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", ["docs/explanation/architecture.md", "CONTRIBUTING.md"])
def test_pages_about_the_code_are_as_wide_as_code(page: str):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []


def test_modules_that_a_page_names_are_there():
    pages = [
        ROOT / "CONTRIBUTING.md",
        *(p for f in ("explanation", "decisions") for p in (ROOT / "docs" / f).glob("*.md")),
    ]
    named = {n for page in pages for n in re.findall(r"`([a-z_/]+(?:\.py|/))`", page.read_text(encoding="utf-8"))}
    assert len(named) > 40
    assert [n for n in named if not (ROOT / "src" / "andon" / n).exists() and not (ROOT / n).exists()] == []


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [
        p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md") if "decisions" not in p.parts
    ]
    assert [p for p in pages if p != "README.md" and f"({p})" not in index] == []


def test_the_picture_shows_the_figures_and_fetches_nothing():
    picture = (ROOT / "docs" / "images" / "demo.svg").read_text(encoding="utf-8")
    assert "141979.32" in picture
    assert "70989.66" in picture
    assert re.findall(r"https?://[^\s\"']+", picture) == ["http://www.w3.org/2000/svg"]


def test_the_readme_fits_a_terminal():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 80] == []


def _headings(page: Path) -> list[str]:
    text = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [m[1] for m in re.finditer(r"^#+ (.*)$", text, re.MULTILINE)]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_an_id_of_letters_alone_is_an_id():
    """One in some 2,500 short ids has no digit."""
    with_digits, letters = (
        "published to main as feef8e70 · run 1 · 3.20 s",
        "published to main as bebbaabd · run 1 · 2.60 s",
    )
    assert sessions.normal(letters) == sessions.normal(with_digits)


def test_what_seconds_cost_is_another_sum_each_time_and_what_an_insight_is_worth_is_not():
    told = "at stake: rebuilds 2 datasets, ≈ {} ({} USD); 1 insight rests on it: {} USD a year measured"
    one, other = told.format("5.13 s", "≈ 0.05", "1,800"), told.format("1 min 06 s", "< 0.01", "1,800")
    assert sessions.normal(one) == sessions.normal(other)
    assert sessions.normal(one) != sessions.normal(told.format("5.13 s", "≈ 0.05", "1,900"))
