"""No row is lost and none hides in another one's value: in every file, at every load, whatever its size."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from andon.sources.files import delimited
from kit.sources import Load, load

FIRST = b"id,name,n\n1,Ann,1\n2,Bo,2\n"

STRAY = {
    "three lines": b'id,name,n\n3,"Cy,3\n4,Di,4\n5,Ed",5\n6,Fi,6\n',
    "two lines": b'id,name,n\n3,"Cy,3\n4,Di",4\n',
    "two lines, two fields": b'id,name,n\n3,"Cy",3\n4,"Di,4\n5,Ed",5\n',
    "Windows": b'id,name,n\r\n3,"Cy,3\r\n4,Di,4\r\n5,Ed",5\r\n',
    "many lines": b'id,name,n\n3,"Cy,3\n' + b"4,Di,4\n" * 500 + b'5,Ed",5\n',
}


@pytest.fixture(params=["first", "first, large", "later", "later, gzip", "second file"])
def read(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Loads a file where the parameter says; gives what comes of it."""

    def loaded(content: bytes, first: bytes = FIRST, options: str = "") -> Load:
        if request.param.startswith("first"):
            if "large" in request.param:
                monkeypatch.setattr(delimited, "_SMALL", 0)
            return load(f"from read_csv('b.csv'{options})", {"b.csv": content}, tmp_path)
        if request.param == "second file":
            return load(f"from read_csv('*.csv'{options})", {"a.csv": first, "b.csv": content}, tmp_path)
        packed = "gzip" in request.param
        sql = f"from read_csv('*.csv*'{options})"
        before = load(sql, {"a.csv": first}, tmp_path)
        assert before.error is None, before.error
        later = {"b.csv.gz" if packed else "b.csv": gzip.compress(content) if packed else content}
        return load(sql, later, tmp_path, before.contract)

    return loaded


@pytest.mark.parametrize("content", STRAY.values(), ids=list(STRAY))
def test_stray_quotes_swallow_no_row(read: object, content: bytes) -> None:
    outcome = read(content)  # type: ignore[operator]
    assert outcome.error is not None, outcome.rows
    assert outcome.error.code == "source.ambiguous"
    assert outcome.error.where.startswith("b.csv")
    assert outcome.error.details["line"] == content.count(b"\n", 0, content.index(b'"') + 1) + 1 + (
        'Cy"' in content.decode()
    )
    assert "look like rows" in outcome.error.message
    assert "quote = '\"'" in (outcome.error.hint or "")


TEXTS = {
    "an address": (b'id,name,n\n3,"Main St 5,\nBerlin",3\n', [(3, "Main St 5,\nBerlin", 3)]),
    "a letter": (b'id,name,n\n3,"Dear Ann,\n\nthanks, again,\nBo",3\n\n', [(3, "Dear Ann,\n\nthanks, again,\nBo", 3)]),
    "blank lines": (b"id,name,n\n\n3,x,3\n\n\n4,y,4\n\n", [(3, "x", 3), (4, "y", 4)]),
    "no end": (b'id,name,n\n3,x,3\n4,"y\nz",4', [(3, "x", 3), (4, "y\nz", 4)]),
    "quotes": (b'id,name,n\n3,"say ""hi"",\nyes",3\n4,5" pipe,4\n', [(3, 'say "hi",\nyes', 3), (4, '5" pipe', 4)]),
}


@pytest.mark.parametrize(("content", "rows"), TEXTS.values(), ids=list(TEXTS))
def test_texts_over_many_lines_are_read(read: object, content: bytes, rows: list[tuple[object, ...]]) -> None:
    outcome = read(content)  # type: ignore[operator]
    assert outcome.error is None, outcome.error
    assert [row for row in outcome.rows if row[0] > 2] == rows


def test_texts_of_two_columns_are_no_rows(read: object) -> None:
    content = b'id,note\n3,"It works.\nWell, mostly"\n4,"a\nb, c\nd"\n'
    outcome = read(content, b"id,note\n1,x\n2,y\n")  # type: ignore[operator]
    assert outcome.error is None, outcome.error
    swallowed = b'id,note\n3,"It works.\n4, mostly"\n'
    assert read(swallowed, b"id,note\n1,x\n2,y\n").error is not None  # type: ignore[operator]


def test_a_last_line_beyond_the_engines_buffer_is_not_lost(read: object) -> None:
    content = b"id,name,n\n1,x,1\n2," + b"y" * 33_000_000 + b",2\n"
    outcome = read(content)  # type: ignore[operator]
    assert outcome.error is not None, len(outcome.rows)
    assert outcome.error.code == "source.ambiguous"
    assert outcome.error.where.startswith("b.csv")


def test_the_engine_loses_no_line_with_a_small_buffer(read: object) -> None:
    content = b"id,name,n\n" + b"1,x,1\n" * 40_000 + b"2," + b"y" * 100_000 + b",2\n"
    outcome = read(content, options=", buffer_size = 65536, max_line_size = 65536")  # type: ignore[operator]
    assert outcome.error is not None, len(outcome.rows)


def test_a_stated_quote_says_that_the_value_is_right(read: object) -> None:
    outcome = read(STRAY["two lines"], options=", quote = '\"'")  # type: ignore[operator]
    assert outcome.error is None, outcome.error
    assert outcome.rows[-1] == (3, "Cy,3\n4,Di", 4)


MIXED = b"id,name,n\n1,Ann,5\r\n2,Bo,6\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b"4,Smith, Di,8\n", "4 fields where the table has 3"),
        (b"4,8,Smith, Di\r\n", "4 fields where the table has 3"),
        (b'4,"5" x,6\n', "quotes of a row don't pair"),
        (b"4,x\n", "2 fields where the table has 3"),
    ],
)
def test_a_lenient_option_relaxes_what_it_names(read: object, row: bytes, says: str) -> None:
    options = ", strict_mode = false"
    good = read(MIXED, options=options)  # type: ignore[operator]
    assert good.error is None, good.error
    assert good.rows[-2:] == [(1, "Ann", 5), (2, "Bo", 6)]
    bad = read(MIXED + row, options=options)  # type: ignore[operator]
    assert bad.error is not None, bad.rows
    assert says in bad.error.message
    assert bad.error.where in ("b.csv:4", "b.csv.gz:4")


def test_padding_fills_and_drops_nothing(read: object) -> None:
    options = ", null_padding = true, strict_mode = false"
    good = read(b"id,name,n\n1,Ann,5\r\n2,Bo\n", options=options)  # type: ignore[operator]
    assert good.error is None, good.error
    assert good.rows[-1] == (2, "Bo", None)
    bad = read(b"id,name,n\n1,Ann,5\r\n2,Bo,5,6\n", options=options)  # type: ignore[operator]
    assert bad.error is not None, bad.rows
    assert "4 fields where the table has 3" in bad.error.message


def test_other_encodings_of_later_files_are_told(tmp_path: Path) -> None:
    before = load("from read_csv('*.csv', encoding = 'latin-1')", {"a.csv": b"id,name\n1,caf\xe9\n"}, tmp_path)
    later = {"b.csv": b"id,name\n2,\x93quoted\x94\n"}
    outcome = load("from read_csv('*.csv', encoding = 'latin-1')", later, tmp_path, before.contract)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.where) == ("source.encoding", "b.csv:2")
    assert "windows-1252" in outcome.error.message
    assert "iconv -f windows-1252" in (outcome.error.hint or "")
