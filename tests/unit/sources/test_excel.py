"""Sheets of Excel workbooks: each value as the cell says it, and a stop with the cell's name where that is not clear."""

import datetime as dt
import io
import re
import zipfile

import openpyxl  # noqa: TID253
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904  # noqa: TID253

from kit.sources import load

PATH = "raw/leads.xlsx"
SQL = f"select * from read_xlsx('{PATH}')"
D, T = dt.date, dt.datetime


def book(*rows, merge=(), formats=(), epoch=None, sheets=(), title="Leads"):
    """A workbook of one sheet, and `sheets` as (title, state, rows)."""
    made = openpyxl.Workbook()
    if epoch is not None:
        made.epoch = epoch
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, state, more in sheets:
        other = made.create_sheet(name)
        other.sheet_state = state
        for row in more:
            other.append(row)
    for area in merge:
        sheet.merge_cells(area)
    for cell, form in formats:
        sheet[cell].number_format = form
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def rewritten(content, change):
    """The workbook with the text of each part changed: (name, text) in, text out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name).decode()))
    return out.getvalue()


def read(content, tmp_path, sql=SQL, **more):
    return load(sql, {PATH: content}, tmp_path, **more)


def rows(content, tmp_path, sql=SQL):
    found = read(content, tmp_path, sql)
    assert found.error is None, found.error
    return found.columns, found.raw


HEAD = ["id", "name"]
SHEETS = [("Notes", "visible", [HEAD, [1, "b"]]), ("None", "visible", [])]


def test_cells_are_what_they_say(tmp_path):
    content = book(
        ["id", "zip", "at", "day", "clock", "amount", "paid", "note"],
        [1, "007", T(2024, 1, 5, 10, 30), D(2024, 1, 5), dt.time(9, 30), 1.5, True, "  x "],
        [2, "010", T(2024, 1, 6), D(1987, 12, 31), dt.time(0, 0, 1), 2, False, None],
    )
    columns, found = rows(content, tmp_path)
    assert (
        columns
        == "id BIGINT, zip VARCHAR, at TIMESTAMP, day DATE, clock TIME, amount DOUBLE, paid BOOLEAN, note VARCHAR"
    )
    assert found == [
        (1, "007", T(2024, 1, 5, 10, 30), D(2024, 1, 5), dt.time(9, 30), 1.5, True, "  x "),
        (2, "010", T(2024, 1, 6), D(1987, 12, 31), dt.time(0, 0, 1), 2.0, False, None),
    ]


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_days_are_those_of_the_workbooks_calendar(epoch, tmp_path):
    days = [D(1904, 1, 2), D(1970, 1, 1), D(2000, 2, 29), D(2024, 12, 31)]
    content = book(["day"], *([day] for day in days), epoch=epoch)
    assert rows(content, tmp_path)[1] == [(day,) for day in days]


def test_durations_are_text(tmp_path):
    content = book(["took"], [dt.timedelta(hours=30, minutes=5)], [dt.timedelta(seconds=1)])
    assert rows(content, tmp_path) == ("took VARCHAR", [("30:05:00",), ("00:00:01",)])


@pytest.mark.parametrize(
    ("content", "code", "says", "hint"),
    [
        (book(HEAD, [1, "a"], [2, "#N/A"]), "source.contract", "`Leads!B3` holds the error `#N/A`", "nullstr = ['#N/A']"),
        (book(HEAD, [1, "a"], ["2", "b"]), "source.ambiguous", "`Leads!A3` holds the text `2`", "types = {'id': 'DOUBLE'}"),
        (book(HEAD, [1, "a"], ["-", "b"]), "source.ambiguous", "`Leads!A3` holds the text `-`", "nullstr = ['-']"),
        (book(HEAD, [D(2024, 1, 5), "a"], [45296, "b"]), "source.ambiguous", "`Leads!A3` holds the number", "'VARCHAR'"),
        (book(HEAD, [1, "=A2&1"]), "source.ambiguous", "`Leads!B2` has no value", "save it"),
        (book(HEAD, [1, "a"], [2, None], merge=["B2:B3"]), "source.ambiguous", "`Leads!B2:B3` are merged", "merged = 'fill'"),
        (book(["Report"], [], HEAD, [1, "a"]), "source.ambiguous", "title above the table", "range = 'A3'"),
        (book(HEAD, [1, "a"], [], [2, "b"]), "source.ambiguous", "row 3 is empty", "stop_at_empty = false"),
        (book(["id", "x", None], [1, 2, "a"]), "source.ambiguous", "`Leads!C2` holds `a`", "range = 'A1:B'"),
        (book(["id", None, "x"], [1, "a", "b"]), "source.ambiguous", "column B has no name", "names = ['id', 'column1', 'x']"),
        (book(["id", "ID"], [1, 2]), "source.ambiguous", "two columns are named", "names ="),
        (book([2023, 2024], [1, 2]), "source.ambiguous", "does row 1 name the columns?", "header = true"),
        (book(["ada", "ben"], ["ada", "cleo"]), "source.ambiguous", "does row 1 name the columns?", "header = true"),
        (book(HEAD, [10**16, "a"]), "source.ambiguous", "Excel keeps 15 digits", "types = {'id': 'DOUBLE'}"),
        (book(HEAD, [42, "a"], formats=[("A2", "00000")]), "source.ambiguous", "shown as `00042`", "'BIGINT'"),
        (book(HEAD, [D(1900, 1, 5), "a"]), "source.ambiguous", "before March 1900", "'VARCHAR'"),
        (book(HEAD, [1, "a"], sheets=SHEETS), "source.ambiguous", "has 2 sheets", "sheet = 'Leads'"),
        (b"id,name\n1,a\n", "source.encoding", "no Excel workbook", "read_csv("),
        (b"\xd0\xcf\x11\xe0old", "source.encoding", "old Excel workbook", "save it as .xlsx"),
        (book(HEAD, [1, "a"])[:3000], "source.truncated", "damaged or ends too early", "fetch"),
        (b"", "source.empty", "the file is empty", "fetch"),
    ],
)  # fmt: skip
def test_what_is_not_clear_stops_and_the_hint_leads_on(content, code, says, hint, tmp_path):
    found = read(content, tmp_path)
    assert (found.error.code, found.error.where.split(":")[0]) == (code, PATH), found.error
    assert says in found.error.message
    assert hint in found.error.hint, found.error.hint
    for written in re.findall(r"`(read_xlsx\(.*?\))`(?=$|[ ,;])", found.error.hint):
        again = read(content, tmp_path, f"select * from {written}")
        assert again.error is None, (written, again.error)


def test_what_the_options_say_is_done(tmp_path):
    content = book(
        ["Report"], [], ["id", "name", "zip", "due"], [1, "a", 42, "n/a"], [2, None, 7, D(2024, 1, 5)], [],
        ["total", None, None, None], merge=["B4:B5"], formats=[("C4", "00000"), ("C5", "00000")],
        sheets=[("Old", "hidden", [["x"], [1]])],
    )  # fmt: skip
    sql = (
        "select * from read_xlsx('raw/leads.xlsx', sheet = 'leads', range = 'A3:D', stop_at_empty = true, merged = 'fill',"
        " types = {'zip': 'VARCHAR', 'id': 'INTEGER'}, nullstr = 'n/a')"
    )
    assert rows(content, tmp_path, sql) == (
        "id INTEGER, name VARCHAR, zip VARCHAR, due DATE",
        [(1, "a", "00042", None), (2, "a", "00007", D(2024, 1, 5))],
    )
    assert rows(content, tmp_path, "from read_xlsx('raw/leads.xlsx', sheet = 'Old')") == ("x BIGINT", [(1,)])
    bounded = "from read_xlsx('raw/leads.xlsx', range = 'A4:A5', header = false)"
    assert rows(content, tmp_path, bounded) == ("column0 BIGINT", [(1,), (2,)])
    wrong = read(content, tmp_path, "from read_xlsx('raw/leads.xlsx', sheets = 'x')").error
    assert (wrong.code, wrong.hint) == ("source.ambiguous", "did you mean `sheet`?")


def test_formulas_are_their_values_as_they_were_saved(tmp_path):
    content = book(["id", "double", "word"], [1, "=A2*2", "=A2&1"], [2, "=A3*2", '=""'])
    values = {"B2": 2, "B3": 4, "C2": "11", "C3": ""}

    def with_values(name, text):
        for cell, value in values.items():
            kind = ' t="str"' if isinstance(value, str) else ""
            text = re.sub(rf'<c r="{cell}"[^>]*>(<f>.*?</f>)<v ?/>', rf'<c r="{cell}"{kind}>\1<v>{value}</v>', text)
        return text

    def computed(name, text):
        return text.replace('fullCalcOnLoad="1"', "")

    assert "has no value" in read(content, tmp_path).error.message
    content = rewritten(content, with_values)
    error = read(content, tmp_path).error
    assert "nobody computed the formula in `Leads!B2`" in error.message
    expected = ("id BIGINT, double BIGINT, word VARCHAR", [(1, 2, "11"), (2, 4, None)])
    assert rows(content, tmp_path, f"from {error.hint.split('`')[1]}") == expected
    assert rows(rewritten(content, computed), tmp_path) == expected


def test_other_spellings_of_the_format(tmp_path):
    content = book(HEAD, [1, "a"], [2, "b & c"])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def prefixed(name, text):
        if not name.startswith("xl/worksheets/"):
            return text
        return re.sub(r"<(/?)(\w+)([ />])", r"<\1x:\2\3", text.replace(f'xmlns="{main}"', f'xmlns:x="{main}"'))

    assert rows(rewritten(content, prefixed), tmp_path)[1] == [(1, "a"), (2, "b & c")]
    strict = rewritten(content, lambda _, text: text.replace(main, "http://purl.oclc.org/ooxml/spreadsheetml/main"))
    assert "strict variant" in read(strict, tmp_path).error.message


def test_a_later_file_is_held_to_the_first(tmp_path):
    first = read(book(HEAD, [1, "a"]), tmp_path)

    def later(*cells, head=HEAD):
        return read(book(head, *cells), tmp_path, previous=first.contract)

    assert later([2, "b"], [3, None]).raw == [(2, "b"), (3, None)]
    assert later(["x", 4], head=["name", "id"]).raw == [(4, "x")]
    for found, says, place in (
        (later(["2", "b"]), "`Leads!A2` holds the text `2`, and `id` was recorded as BIGINT", f"{PATH}:2"),
        (later([1, "b"], [2, 7]), "`Leads!B3` holds the number `7`, and `name` was recorded as VARCHAR", f"{PATH}:3"),
        (later([1.5, "b"]), "`1.5` in column `id` is not a BIGINT without changing it", f"{PATH}:2"),
        (later([1, "b", True], head=[*HEAD, "paid"]), "new: `paid`", f"{PATH}:1"),
        (later([1], head=["id"]), "missing: `name`", f"{PATH}:1"),
    ):
        assert (found.error.code, found.error.where) == ("source.contract", place), found.error
        assert says in found.error.message, found.error


def test_numbers_as_text_stay_text_and_are_told(tmp_path):
    found = read(book(["id", "zip"], ["1", "01"], ["22", "02"]), tmp_path)
    assert found.raw == [("1", "01"), ("22", "02")]
    assert found.contract["reads"][0]["amounts"] == {"id": "read_xlsx('raw/leads.xlsx', types = {'id': 'BIGINT'})"}


def test_many_workbooks_by_their_names(tmp_path):
    files = {"raw/a.xlsx": book(["id", "n"], [1, 1.5]), "raw/b.xlsx": book(["n", "id"], [2, 2])}
    found = load("select *, filename from read_xlsx('raw/*.xlsx', filename = true) order by id", files, tmp_path)
    assert found.raw == [(1, 1.5, "raw/a.xlsx", "raw/a.xlsx"), (2, 2.0, "raw/b.xlsx", "raw/b.xlsx")]
    files["raw/c.xlsx"] = book(["id"], [3])
    assert "missing: `n`" in load("from read_xlsx('raw/*.xlsx')", files, tmp_path).error.message
    found = load("from read_xlsx('raw/*.xlsx', union_by_name = true)", files, tmp_path)
    assert found.raw == [(1, 1.5), (2, 2.0), (3, None)]


CELLS = {
    "BIGINT": st.integers(-(10**14), 10**14),
    "DOUBLE": st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: float(f"{v:.12g}")).filter(lambda v: v != int(v)),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(D(1901, 1, 1), D(2200, 1, 1)),
    "VARCHAR": st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1).filter(
        lambda v: v[0] not in "=#" and v.strip() == v and "_x" not in v
    ),
}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_table_comes_as_it_is(tmp_path_factory, data):
    kinds = data.draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    width, height = len(kinds), data.draw(st.integers(2, 5))
    table = [[data.draw(CELLS[kind] if n < 2 else st.none() | CELLS[kind]) for kind in kinds] for n in range(height)]
    table = [row for row in table if any(cell is not None for cell in row)]
    head = [f"column name {i}" for i in range(width)]
    columns, found = rows(book(head, *table), tmp_path_factory.mktemp("any"))
    assert columns == ", ".join(f"{name} {kind}" for name, kind in zip(head, kinds, strict=True))
    assert found == [tuple(row) for row in table]
