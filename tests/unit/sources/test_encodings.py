"""What is no UTF-8 text is named, and what the message says to do reads it: the commands run in a shell, the calls in a load."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import subprocess
from pathlib import Path

import pytest

from kit.sources import Load, load

GERMAN = "id,name\n1,Bär\n2,Öl\n3,Müller\n"
POLISH = "id,name\n1,Łódź\n2,Žatec\n3,Brno\n"
RUSSIAN = "id,name\n1,Москва\n2,Омск\n3,Тула\n"
#: Text, its encoding in Python.
TEXTS = [
    (GERMAN, "latin-1"), ("id,name\n1,Bär – 5 €\n2,Öl\n", "cp1252"), (GERMAN, "cp850"), (GERMAN, "cp437"), (GERMAN, "mac-roman"),
    ("id,price\n1,5 £\n2,6 £\n", "latin-1"), ("id,price\n1,5 €\n2,6 €\n", "iso8859-15"), ("id,t\n1,5 °C\n2,6 °C\n", "latin-1"),
    (POLISH, "cp1250"), (POLISH, "iso8859-2"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"),
    ("id,name\n1,東京\n2,大阪\n3,京都\n", "shift-jis"), ("id,name\n1,北京\n2,上海\n3,广州\n", "gb18030"),
    (GERMAN, "utf-16"), (POLISH, "utf-16-le"), (POLISH, "utf-16-be"), (GERMAN, "utf-32"),
    ("\ufeff" + POLISH, "utf-16-be"),
]  # fmt: skip
NAMES = ("raw/x.csv", 'raw/it\'s a "file" #1 100%.csv', "raw/Report [2024] (1) $HOME.csv")


@pytest.mark.parametrize("name", NAMES)
def test_each_way_reads_the_file(tmp_path: Path, name: str) -> None:
    pattern = name.replace("[", "[[]").replace("'", "''")
    for text, encoding in TEXTS:
        content = text.encode(encoding)
        outcome = load(f"from read_csv('{pattern}')", {name: content}, tmp_path)
        wanted = [tuple(line.split(",")) for line in text.removeprefix("\ufeff").splitlines()[1:]]
        ways = _ways(outcome)
        assert ways, (encoding, outcome.rows)
        read = [_follow(way, name, content, pattern, tmp_path) for way in ways]
        assert wanted in read, (encoding, outcome.error, read)


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    wanted = [("1", "Ann"), ("2", "Bo")]
    text = b"id,name\n1,Ann\n2,Bo\n"
    for content in (bz2.compress(text), lzma.compress(text), gzip.compress(text)):
        outcome = load("from read_csv('x.csv')", {"x.csv": content}, tmp_path)
        assert _follow(_ways(outcome)[0], "x.csv", content, "x.csv", tmp_path) == wanted, outcome.error


def test_a_packed_file_in_another_encoding_is_packed_again(tmp_path: Path) -> None:
    content = gzip.compress(RUSSIAN.encode("cp1251"))
    outcome = load("from read_csv('x.csv.gz')", {"x.csv.gz": content}, tmp_path)
    assert _follow(_ways(outcome)[0], "x.csv.gz", content, "x.csv.gz", tmp_path) == [
        ("1", "Москва"),
        ("2", "Омск"),
        ("3", "Тула"),
    ]


def test_nul_bytes_are_damage(tmp_path: Path) -> None:
    content = b"id,name\n1,Ann\n2,Bo\n" + b"\0" * 100
    outcome = load("from read_csv('x.csv')", {"x.csv": content}, tmp_path)
    assert outcome.error is not None
    assert "NUL" in outcome.error.message
    assert "utf-16" not in (outcome.error.hint or "").lower()
    assert _follow(_ways(outcome)[0], "x.csv", content, "x.csv", tmp_path) == [("1", "Ann"), ("2", "Bo")]


def test_one_line_in_another_encoding_is_named(tmp_path: Path) -> None:
    outcome = load("from read_csv('x.csv')", {"x.csv": b"id,n\n1,B\xc3\xa4r\n2,\xd6l\n"}, tmp_path)
    assert outcome.error is not None
    assert outcome.error.where == "x.csv:3"
    assert _ways(outcome) == []


def test_an_encoding_by_another_name(tmp_path: Path) -> None:
    for stated, encoding in (
        ("latin1", "latin-1"),
        ("ISO-8859-1", "latin-1"),
        ("utf16", "utf-16"),
        ("UTF8", "utf-8"),
        ("cp1252", "cp1252"),
    ):
        content = GERMAN.encode(encoding)
        outcome = load(f"from read_csv('x.csv', encoding = '{stated}')", {"x.csv": content}, tmp_path)
        read = _follow(
            _ways(outcome)[-1], "x.csv", _shell(_ways(outcome), "x.csv", content, tmp_path), "x.csv", tmp_path
        )
        assert read == [("1", "Bär"), ("2", "Öl"), ("3", "Müller")], outcome.error
    outcome = load("from read_csv('x.csv', encoding = 'klingon')", {"x.csv": b"id\n1\n"}, tmp_path)
    assert outcome.error is not None
    assert "there is no encoding `klingon`" in outcome.error.message


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html>\n<html><body>403, Forbidden</body></html>\n", "a web page (HTML)"),
        (b'<?xml version="1.0"?>\n<Error/>\n', "XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a pointer of Git LFS"),
        (b'{"error": "not found", "code": 404}\n', "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "an old Excel workbook"),
        (b"SQLite format 3\0" + b"\0" * 100, "an SQLite database"),
        (b"PAR1" + b"\0" * 100, "a Parquet file"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "an Excel workbook"),
    ],
)
def test_what_is_no_csv_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    outcome = load("from read_csv('x.csv')", {"x.csv": content}, tmp_path)
    assert outcome.error is not None
    assert what in outcome.error.message


def _ways(outcome: Load) -> list[str]:
    """The calls and commands that a message gives."""
    assert outcome.error is not None
    quoted = re.findall(r"`([^`]*)`", outcome.error.hint or "")
    return [q for q in quoted if " > " in q or q.startswith("read_csv(")]


def _shell(ways: list[str], name: str, content: bytes, folder: Path) -> bytes:
    """The file after the first command of `ways`, if there is one."""
    command = next((w for w in ways if " > " in w), None)
    if command is None:
        return content
    work = folder / "work"
    (work / name).parent.mkdir(parents=True, exist_ok=True)
    (work / name).write_bytes(content)
    subprocess.run(["sh", "-c", command], cwd=work, check=True, capture_output=True)
    return (work / name).read_bytes()


def _follow(way: str, name: str, content: bytes, pattern: str, folder: Path) -> list[tuple[str, ...]] | None:
    """The rows as texts after one way."""
    if " > " in way:
        content, way = _shell([way], name, content, folder), f"read_csv('{pattern}')"
    outcome = load(f"from {way}", {name: content}, folder)
    return None if outcome.rows is None else [tuple(map(str, row)) for row in outcome.rows]
