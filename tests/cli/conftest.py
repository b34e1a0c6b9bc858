"""The command line in folders of its own, and what it prints compared with golden files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.command_line import Andon

GOLDEN = Path(__file__).parent / "golden"

_VARIABLE = (
    (re.compile(r"(?<=.isolation.: .)(bubblewrap|namespaces|landlock|none)"), "<isolation>"),
    (re.compile(r" -C \S+"), ""),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "<commit>"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?Z?)?"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)? s\b|\b\d+ min \d\d s\b"), "<seconds>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:B|kB|MB|GB)\b"), "<size>"),
    (re.compile(r'(?<="isolation": )"\w+"'), '"<isolation>"'),
    (re.compile(r'(?<="python": )"3[\d.]+"'), '"<version>"'),
    (re.compile(r'(?<="andon": )"[\d.]+"'), '"<version>"'),
    (re.compile(r'(?<="platform": )"[^"]*"'), '"<system>"'),
    (re.compile(r'(?<="processor": )"[^"]*"'), '"<processor>"'),
    (re.compile(r'(?<="user": )"[^"]*"'), '"<account>"'),
    (re.compile(r" +(?=<)"), " "),
)


@pytest.fixture(autouse=True)
def _author() -> Iterator[None]:
    """Not by the fixture `monkeypatch`, which says that a part of the program is another one: then nothing is used again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("ANDON_")]:
            patch.delenv(name)
        patch.setenv("ANDON_AUTHOR", "ana")
        yield


@pytest.fixture
def andon(tmp_path: Path) -> Andon:
    """The command line in a folder that `init` made."""
    made = Andon(tmp_path)
    made("init", "shop")
    return Andon(tmp_path / "shop")


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    before = dict(os.environ)
    os.environ["ANDON_AUTHOR"] = "ana"
    try:
        Andon(folder)("init", "shop")
        Andon(folder / "shop")("run", "--yes")
    finally:
        os.environ.clear()
        os.environ.update(before)
    return folder / "shop"


@pytest.fixture
def built(tmp_path: Path, _built: Path) -> Andon:
    """The same, run once: main shows two datasets."""
    folder = tmp_path / "shop"
    shutil.copytree(_built, folder)
    return Andon(folder)


def normal(text: str) -> str:
    """`text` with ids, times, durations and sizes replaced."""
    for pattern, stand_in in _VARIABLE:
        text = pattern.sub(stand_in, text)
    return text


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares text with a golden file; with `GOLDEN=update` in the environment it is written instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        found = normal(text)
        if os.environ.get("GOLDEN") == "update":
            path.parent.mkdir(exist_ok=True)
            path.write_text(found, encoding="utf-8")
        assert found == path.read_text(encoding="utf-8")

    return compare
