"""Hints work for later loads, and where the files of a first load differ: what a message says to do reads the files, or comes to
another problem; no value becomes nothing."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kit.sources import Load, load

CALL = re.compile(r"`((?:select [^`]*? from )?read_\w+\([^`]*\)[^`]*)`")
CSV = b"id,n,day,t\n1,2,2024-01-01,x\n2,3,2024-01-02,y\n3,4,2024-01-03,z\n"
#: Another file of the same source, by what is other about it.
OTHER_HEADS = {
    "a column more": "id,n,day,t,more\n4,5,2024-01-04,x,1\n",
    "a column more between": "id,n,more,day,t\n4,5,1,2024-01-04,x\n",
    "a column less": "id,n,day\n4,5,2024-01-04\n",
    "one more, one less": "id,n,day,more\n4,5,2024-01-04,1\n",
    "renamed": "id,n,date,t\n4,5,2024-01-04,x\n",
    "another order": "id,day,n,t\n4,2024-01-04,5,x\n",
    "another case": "ID,N,Day,T\n4,5,2024-01-04,x\n",
    "no header": "4,5,2024-01-04,x\n",
    "semicolons": "id;n;day;t\n4;5;2024-01-04;x\n",
    "tabs": "id\tn\tday\tt\n4\t5\t2024-01-04\tx\n",
    "a name twice": "id,n,day,day\n4,5,2024-01-04,x\n",
    "lines above": "made today\n\nid,n,day,t\n4,5,2024-01-04,x\n",
    "a comment": "# made today\nid,n,day,t\n4,5,2024-01-04,x\n",
}
VALUES = {
    "a fraction": "4,4.5,2024-01-04,x", "a word": "4,abc,2024-01-04,x", "zeros": "4,007,2024-01-04,x", "a plus": "4,+5,2024-01-04,x",
    "thousands": '4,"1,234",2024-01-04,x', "brackets": "4,(5),2024-01-04,x", "dollars": "4,$5,2024-01-04,x", "percent": "4,5%,2024-01-04,x",
    "nothing": "4,N/A,2024-01-04,x", "large": "4,99999999999999999999,2024-01-04,x", "American": "4,5,01/04/2024,x",
    "a time": "4,5,2024-01-04 10:00:00,x", "a short year": "4,5,24-01-04,x", "no date": "4,5,0000-00-00,x", "31 June": "4,5,2024-06-31,x",
    "a total": "Total,9,,",
}  # fmt: skip


@pytest.mark.parametrize("name", [*OTHER_HEADS, *VALUES])
def test_csv(tmp_path: Path, name: str) -> None:
    other = OTHER_HEADS[name] if name in OTHER_HEADS else f"id,n,day,t\n{VALUES[name]}\n"
    _try("from read_csv('raw/*.csv')", {"raw/a.csv": CSV}, {"raw/b.csv": other.encode()}, tmp_path)


RECORDS = [{"id": 1, "n": 2, "s": "x", "d": "2024-01-01"}, {"id": 2, "n": 3, "s": "y", "d": "2024-01-02"}]
#: What the record of another file says instead.
KEYS: dict[str, dict[str, Any]] = {
    "a fraction": {"n": 4.5}, "a word": {"n": "abc"}, "a number in quotes": {"n": "5"}, "an object": {"n": {"a": 1}}, "a list": {"n": [1]},
    "true": {"n": True}, "null": {"n": None}, "a number for text": {"s": 5}, "an object for text": {"s": {"a": 1}},
    "a list for text": {"s": ["a"]}, "a word for a date": {"d": "soon"}, "a time for a date": {"d": "2024-01-04T10:00:00Z"},
    "American": {"d": "01/04/2024"}, "a new key": {"more": 1}, "a new object": {"more": {"a": 1}}, "large": {"n": 99999999999999999999},
    "a key without a name": {"": 1}, "another case": {"ID": 7},
}  # fmt: skip
NESTED: dict[str, list[Any]] = {
    "a key inside": [{"a": 1}, {"a": 1, "b": 2}], "text inside": [{"a": 1}, {"a": "x"}], "a fraction inside": [{"a": 1}, {"a": 1.5}],
    "text in a list": [[1], ["x"]], "text in a list inside": [{"a": [1]}, {"a": ["x"]}], "an object in a list": [[1], [{"a": 1}]],
}  # fmt: skip


@pytest.mark.parametrize("name", list(KEYS))
def test_json(tmp_path: Path, name: str) -> None:
    other = {"id": 3, "n": 4, "s": "z", "d": "2024-01-03", **KEYS[name]}
    files = {"raw/a.json": _json(*RECORDS)}, {"raw/b.json": _json(other)}
    _try("from read_json('raw/*.json')", *files, tmp_path)


@pytest.mark.parametrize("name", list(NESTED))
def test_nested_json(tmp_path: Path, name: str) -> None:
    first, second = NESTED[name]
    files = (
        {"raw/a.json": _json({"id": 1, "o": first}, {"id": 2, "o": first})},
        {"raw/b.json": _json({"id": 3, "o": second})},
    )
    _try("from read_json('raw/*.json')", *files, tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"a": 1, "a": 2}\n', "the key `a` twice"),
        (b'{"": 1, "a": 2}\n', "no name"),
        (b"id,n\n1,2\n", "no JSON"),
        ('{"a": "B\u00e4r"}\n'.encode("latin-1"), "0xe4 is not utf-8"),
        ('{"a": 1}\n'.encode("utf-16"), "UTF-16"),
    ],
)
def test_json_that_is_none(tmp_path: Path, content: bytes, says: str) -> None:
    outcome = load("from read_json('x.json')", {"x.json": content}, tmp_path)
    assert outcome.error is not None
    assert says in outcome.error.message


def _json(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_a_header_that_differs_is_told_before_rows_are_counted(tmp_path: Path) -> None:
    files = {"raw/a.csv": b"id,n\n1,2\n", "raw/b.csv": b"id,n,m\n3,4,5\n"}
    outcome = load("from read_csv('raw/*.csv')", files, tmp_path)
    assert outcome.error is not None
    assert "the header differs from that of `raw/a.csv` (new: `m`)" in outcome.error.message
    assert "union_by_name = true" in (outcome.error.hint or "")


def _try(sql: str, first: Mapping[str, bytes], second: Mapping[str, bytes], folder: Path) -> None:
    """Follow each hint: of files that were there from the start, of one that came later, of one that changed."""
    before = load(sql, first, folder)
    assert before.contract is not None
    _, content = next(iter(second.items()))
    changed = {next(iter(first)): content}
    for files, contract in (
        ({**first, **second}, None),
        ({**first, **second}, before.contract),
        (changed, before.contract),
    ):
        outcome = load(sql, files, folder, contract)
        if outcome.error is None:
            continue
        for way in _ways(outcome):
            after = load(sql, files, folder) if way == "accept" else _pasted(way, files, folder, contract)
            assert after.error is None or after.error.message != outcome.error.message, way
            if after.error is not None:
                assert "andon source accept" not in (after.error.hint or "") or way != "accept", after.error
            _check(after, way, files)


def _ways(outcome: Load) -> list[str]:
    hint = str(outcome.error.hint if outcome.error else "")
    assert "…" not in re.sub(r"\{…\}|\[…\]", "", hint), hint
    return CALL.findall(hint) + ["accept"] * ("andon source accept" in hint)


def _pasted(way: str, files: Mapping[str, bytes], folder: Path, contract: Mapping[str, Any] | None) -> Load:
    return load(way if way.startswith("select") else f"from {way}", files, folder, contract)


def _check(outcome: Load, way: str, files: Mapping[str, bytes]) -> None:
    """As many values as the files that are read have fields with something in them; without the row that `way` leaves out."""
    if outcome.rows is None:
        return
    rows = [
        row for name, content in files.items() if "*" in way or name in way or way == "accept" for row in _rows(content)
    ]
    filled = [sum(cell.strip() not in ("", "N/A", "0000-00-00") for cell in row) for row in rows]
    if " where " in way:
        filled.pop()
    assert sum(v is not None for row in outcome.rows for v in row) >= sum(filled), outcome.rows


def _rows(content: bytes) -> list[list[str]]:
    """The rows below the header."""
    lines = content.decode().splitlines()
    if lines[0].startswith("{"):
        return [[str(v or "") for k, v in json.loads(line).items() if k not in ("", "ID")] for line in lines]
    start = next(i for i, line in enumerate(lines) if line.lower().startswith("id"))
    delim = next(d for d in ",;\t" if d in lines[start])
    return list(csv.reader(lines[start + 1 :], delimiter=delim))
