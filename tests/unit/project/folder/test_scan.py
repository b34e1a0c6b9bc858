"""Which files are code, and when a file is read again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from andon.base.cache import MemoryCache
from andon.base.hashing import digest
from andon.errors import AndonError, DatasetError, UsageError
from andon.project.folder import scan as scanning
from andon.project.folder.scan import find_root, hash_files, is_code_path, scan

CODE = [
    "analyses/retention.py",
    "andon.toml",
    "checks/a.sql",
    "datasets/marts/a.lock.txt",
    "datasets/marts/a.py",
    "datasets/marts/b.sql",
    "insights/a.yml",
    "macros/deep/money.sql",
    "modules/pkg/__init__.py",
    "playbooks.yml",
    "sources/shop/orders.sql",
    "tests/a.yml",
]
OTHER = [
    ".andon/datasets/x.sql",
    "README.md",
    "datasets/.hidden/a.sql",
    "datasets/marts/.b.sql.swp",
    "datasets/marts/b.sql~",
    "datasets/marts/#b.sql#",
    "datasets/marts/b.sql.orig",
    "datasets/marts/.DS_Store",
    "datasets/marts/picture.png",
    "modules/__pycache__/x.py",
    "raw/orders.csv",
    "sources/shop/orders.csv",
    "other/x.sql",
]


def make(root: Path, paths: list[str]) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"content of {path}\n")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if more than two seconds lay between writing a file and reading it."""
    real = time.time_ns
    monkeypatch.setattr(scanning.time, "time_ns", lambda: real() + 10_000_000_000)


def test_code_files_are_found_and_others_are_not(tmp_path: Path) -> None:
    make(tmp_path, CODE + OTHER)
    found = scan(tmp_path, MemoryCache())
    assert list(found) == CODE
    fact = found["macros/deep/money.sql"]
    assert fact.sha256 == digest(b"content of macros/deep/money.sql\n")
    assert fact.size == len("content of macros/deep/money.sql\n")
    assert all(is_code_path(path) for path in CODE)
    assert not any(is_code_path(path) for path in OTHER)


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, CODE)
    cache = MemoryCache()
    first = scan(tmp_path, cache)
    read: list[str] = []
    real = scanning._read_entry
    monkeypatch.setattr(scanning, "_read_entry", lambda place, path: read.append(path) or real(place, path))
    assert scan(tmp_path, cache) == first
    assert read == []
    (tmp_path / "checks/a.sql").write_text("another text\n")
    (tmp_path / "macros/deep/money.sql").unlink()
    second = scan(tmp_path, cache)
    assert read == ["checks/a.sql"]
    assert second["checks/a.sql"].sha256 == digest(b"another text\n")
    assert "macros/deep/money.sql" not in second


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    make(tmp_path, CODE)
    cache = MemoryCache()
    scan(tmp_path, cache)
    place = tmp_path / "checks/a.sql"
    status = place.stat()
    place.write_text(place.read_text().replace("content", "contend"))
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scan(tmp_path, cache)["checks/a.sql"].sha256 == digest(b"contend of checks/a.sql\n")


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path, settled: None) -> None:
    make(tmp_path, CODE)
    cache = MemoryCache()
    scan(tmp_path, cache)
    place = tmp_path / "checks/a.sql"
    status = place.stat()
    time.sleep(0.02)
    place.write_text(place.read_text().replace("content", "contend"))
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scan(tmp_path, cache)["checks/a.sql"].sha256 == digest(b"contend of checks/a.sql\n")


def test_links_are_followed_and_rings_end(tmp_path: Path) -> None:
    make(tmp_path, ["andon.toml", "datasets/marts/a.sql", "shared/b.sql"])
    (tmp_path / "datasets/ring").symlink_to(tmp_path / "datasets")
    (tmp_path / "datasets/other").symlink_to(tmp_path / "shared")
    (tmp_path / "datasets/marts/gone.sql").symlink_to(tmp_path / "nothing")
    assert list(scan(tmp_path, MemoryCache())) == ["andon.toml", "datasets/marts/a.sql", "datasets/other/b.sql"]


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    make(tmp_path, ["andon.toml", "datasets/marts/a.sql"])
    try:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/datasets/marts/caf\xe9.sql"))).write_text("select 1")
    except OSError:
        pytest.skip("the file system takes only UTF-8 names")
    with pytest.raises(AndonError) as caught:
        scan(tmp_path, MemoryCache())
    assert caught.value.problems[0].code == "project.bad_name"


def test_raw_files_share_the_cache(tmp_path: Path, settled: None) -> None:
    make(tmp_path, ["raw/a.csv", "raw/b.csv"])
    cache = MemoryCache()
    facts = hash_files(tmp_path, ["raw/b.csv", "raw/a.csv", "raw/b.csv"], cache)
    assert list(facts) == ["raw/b.csv", "raw/a.csv"]
    assert facts["raw/a.csv"].sha256 == digest(b"content of raw/a.csv\n")
    assert hash_files(tmp_path, ["raw/a.csv"], cache)["raw/a.csv"] == facts["raw/a.csv"]


def test_missing_and_odd_raw_files(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in ("nothing.csv", "folder"):
        with pytest.raises(DatasetError) as caught:
            hash_files(tmp_path, [path], MemoryCache())
        assert caught.value.code == "source.missing"


@pytest.mark.parametrize("change", [b"a,b\n1,2\n3,4\n", b"a,b\n9,9\n"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes(b"a,b\n1,2\n")

    class Meddling:
        """Somebody writes to the file after its first part was read."""

        def update(self, _: bytes) -> None:
            time.sleep(0.02)
            place.write_bytes(change)

    monkeypatch.setattr(scanning.hashlib, "sha256", Meddling)
    with pytest.raises(DatasetError) as caught:
        hash_files(tmp_path, ["a.csv"], MemoryCache())
    assert caught.value.code == "source.changed_while_read"
    assert caught.value.retryable


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    make(tmp_path, ["andon.toml", "datasets/marts/a.sql"])
    assert find_root(tmp_path / "datasets" / "marts") == tmp_path
    with pytest.raises(UsageError) as caught:
        find_root(tmp_path.parent)
    assert caught.value.code == "usage.no_project"
    assert "andon init" in str(caught.value)
