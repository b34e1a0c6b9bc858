"""What is read again and what is not; and `andon.toml` before anything else is known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from andon.base.cache import FileCache, MemoryCache
from andon.base.hashing import digest
from andon.errors import ProjectError
from andon.project import read as readfiles
from andon.project.config import read_config_values
from andon.project.earlier_files import EarlierFiles
from andon.project.files.toml import find_key, read_toml
from andon.project.folder.scan import scan
from andon.project.load import load
from kit.projects import SOURCE, load_texts, told

TEXTS = SOURCE | {f"datasets/m/d{i}.sql": f"select {i} as x, amount from shop.orders" for i in range(20)}


def test_an_unchanged_project_is_taken_from_the_cache(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache.db", "1")
    first = load_texts(TEXTS, cache)

    def read(path: str) -> bytes:
        raise AssertionError(path)

    files = {path: digest(text.encode()) for path, text in TEXTS.items()}
    assert load(files, read, cache) == first
    cache.close()


def test_only_the_edited_file_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = MemoryCache()
    load_texts(TEXTS, cache)
    parsed: list[str] = []
    real = readfiles.read_files
    monkeypatch.setattr(readfiles, "read_files", lambda paths, texts: parsed.extend(paths) or real(parsed, texts))
    project = load_texts(TEXTS | {"datasets/m/d3.sql": "select 'new' as x"}, cache)
    assert parsed == ["datasets/m/d3.sql"]
    assert project.datasets["m.d3"].definition.inputs == ()
    assert project == load_texts(TEXTS | {"datasets/m/d3.sql": "select 'new' as x"})


def test_only_the_newest_projects_are_kept() -> None:
    cache = MemoryCache()
    for number in range(30):
        load_texts({"datasets/m/a.sql": f"select {number} as x"}, cache)
    kept = [value for (kind, _), value in cache._values.items() if kind.startswith("project.")]
    assert len(kept) == 8
    assert kept[-1].datasets["m.a"].definition.sql == "select 29 as x"


def test_a_project_from_the_cache_needs_neither_engine_nor_yaml(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache.db", "1")
    (tmp_path / "datasets/m").mkdir(parents=True)
    (tmp_path / "andon.toml").write_text("# nothing\n")
    (tmp_path / "datasets/m/a.sql").write_text("/*---\nowner: ana\n---*/ select 1 as x\n")
    program = f"""
import sys
from pathlib import Path
from andon.base.cache import FileCache
from andon.project.config import read_config_values
from andon.project.earlier_files import EarlierFiles
from andon.project.load import load
from andon.project.folder.scan import scan
root = Path({str(tmp_path)!r})
read_config_values(root / "andon.toml")
cache = FileCache(root / "cache.db", "1")
files = {{path: fact.sha256 for path, fact in scan(root, cache).items()}}
project = load(files, lambda path: (root / path).read_bytes(), cache)
assert list(project.datasets) == ["m.a"], project
print([name for name in ("duckdb", "yaml", "pyarrow", "tomllib") if name in sys.modules])
"""
    cache.close()
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(2)
    ]
    assert runs[1].stdout.strip() == "[]"


def test_an_edited_comment_needs_no_engine_and_reads_as_if_parsed(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache.db", "1")
    load_texts(TEXTS, cache)
    cache.close()
    edited = TEXTS | {"datasets/m/d3.sql": "select 3 as x, amount\n-- what came in\nfrom shop.orders -- all of it\n"}
    program = f"""
import sys
from pathlib import Path
from andon.base.cache import FileCache, MemoryCache
from andon.base.hashing import digest
from andon.project.earlier_files import EarlierFiles
from andon.project.load import load
before, now = {TEXTS!r}, {edited!r}
files = [{{path: digest(text.encode()) for path, text in each.items()}} for each in (before, now)]
known = {{digest(text.encode()): text.encode() for text in before.values()}}
def texts(shas):
    return {{sha: known[sha] for sha in shas}}
cache = FileCache(Path({str(tmp_path)!r}) / "cache.db", "1")
project = load(files[1], lambda path: now[path].encode(), cache, earlier=EarlierFiles(files[0], texts))
print("duckdb" in sys.modules, project == load(files[1], lambda path: now[path].encode(), MemoryCache()))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]


def test_an_earlier_text_that_only_another_file_of_this_folder_had_is_parsed() -> None:
    """Two datasets of one text, of which another folder published the second: here nothing is known of it when both are edited."""
    cache, text = MemoryCache(), "select 3 as x from shop.orders\n"
    here = TEXTS | {"datasets/m/one.sql": text}
    load_texts(here, cache)
    published = here | {"datasets/m/two.sql": text}
    edited = here | {f"datasets/m/{name}.sql": f"-- mine\n{text}" for name in ("one", "two")}
    known = {digest(each.encode()): each.encode() for each in published.values()}
    before, now = ({path: digest(each.encode()) for path, each in texts.items()} for texts in (published, edited))
    earlier = EarlierFiles(before, lambda shas: {sha: known[sha] for sha in shas})
    project = load(now, lambda path: edited[path].encode(), cache, earlier=earlier)
    assert project == load(now, lambda path: edited[path].encode(), MemoryCache())


def test_all_files_of_a_folder_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "datasets/m").mkdir(parents=True)
    (tmp_path / "andon.toml").write_text("[engine]\nthreads = 'four'\n")
    (tmp_path / "datasets/m/a.sql").write_text("select * from m.nothing")
    with pytest.raises(ProjectError) as caught:
        read_config_values(tmp_path / "andon.toml")
    assert [p.code for p in caught.value.problems] == ["project.bad_value", "project.unknown_dataset"]
    (tmp_path / "andon.toml").write_bytes(b"x = '\xff'")
    with pytest.raises(ProjectError) as caught:
        read_config_values(tmp_path / "andon.toml")
    assert [p.code for p in caught.value.problems] == ["project.not_utf8", "project.unknown_dataset"]
    (tmp_path / "andon.toml").write_text("\ufeff[engine]\nthreads = 4\n")
    assert read_config_values(tmp_path / "andon.toml") == {"engine": {"threads": 4}}
    assert "andon.toml" in scan(tmp_path, MemoryCache())


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("storage = x", 1, 11, "quotes"),
        ("a = 1\na = 2\n", 2, 6, "overwrite"),
        ("[engine\n", 1, 8, "expected"),
        ('storage = "x', 1, 1, "unterminated"),
    ],
)
def test_toml_that_can_not_be_read(text: str, line: int, column: int, words: str) -> None:
    values, problems = read_toml("andon.toml", text)
    assert values == {}
    assert [p.code for p in problems] == ["project.bad_toml"], [told(p) for p in problems]
    assert problems[0].line == line
    assert words in f"{problems[0].message} {problems[0].hint}"


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a = 1\nb = 2", ("b",), (2, 1)),
        ("[engine]\n  threads = 2", ("engine", "threads"), (2, 3)),
        ("engine.threads = 2", ("engine", "threads"), (1, 1)),
        ("engine = {threads = 2}", ("engine", "threads"), (1, 11)),
        ("[a]\nx = 1\n[engine]  # c\nx = 2", ("engine", "x"), (4, 1)),
        ("[a]\n[b.c]\nx = 1", ("b",), (2, 1)),
        ('"storag" = 1', ("storag",), (1, 1)),
    ],
)
def test_keys_are_found(text: str, path: tuple[str, ...], place: tuple[int, int]) -> None:
    assert find_key(text, path) == place


def test_a_file_that_is_not_utf8_says_where() -> None:
    project = load_texts({"datasets/m/a.sql": "select 'ä' as x,\n 'M".encode() + b"\xfcller' as y"})
    assert [(p.code, p.where) for p in project.problems] == [("project.not_utf8", "datasets/m/a.sql:2:4")]


def test_what_can_be_read_together_is_not_read_one_by_one() -> None:
    contents = {
        path: text.encode()
        for path, text in (SOURCE | {f"datasets/m/d{n}.sql": f"select {n} as n" for n in range(9)}).items()
    }
    files = {path: digest(content) for path, content in contents.items()}
    asked: list[list[str]] = []

    def many(paths: Iterable[str]) -> dict[str, bytes]:
        asked.append(sorted(paths))
        return {path: contents[path] for path in asked[-1] if path != "datasets/m/d8.sql"}

    singly: list[str] = []

    def one(path: str) -> bytes:
        singly.append(path)
        return contents[path]

    cache = MemoryCache()
    project = load(files, one, cache, many)
    assert project == load(files, contents.__getitem__, MemoryCache())
    assert (asked, singly) == ([sorted(files)], ["datasets/m/d8.sql"]), "and what it leaves out is read all the same"
    contents["datasets/m/d0.sql"] = b"select 10 as n"
    files["datasets/m/d0.sql"] = digest(contents["datasets/m/d0.sql"])
    load(files, one, cache, many)
    assert asked[1:] == [["datasets/m/d0.sql"]], "what is known is not read"
