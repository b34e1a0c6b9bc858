"""Amounts in other clothes: what they say, what is refused, and that a message says how to write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from andon.sources.contract import describe
from andon.sources.files.amounts import amount_of, proposals
from andon.sources.files.dialect import Dialect
from kit.sources import load

PLAIN = Dialect(",")


def _read(folder: Path, kind: str, value: str, options: str = "") -> Decimal | str | None:
    """The value that a column of one amount has, or the message that refuses it."""
    files = {"x.csv": f'id,amount\n1,"{value}"\n2,\n'.encode()}
    outcome = load(f"from read_csv('x.csv', types = {{'amount': '{kind}'}}{options})", files, folder)
    if outcome.error is not None:
        assert outcome.error.where == "x.csv:2"
        return outcome.error.message
    assert outcome.raw is not None
    assert outcome.raw[1] == (2, None)
    found = outcome.raw[0][1]
    assert isinstance(found, Decimal)
    return found


COMMA, EUROPE, BLANKS = (
    ", thousands = ','",
    ", thousands = '.', decimal_separator = ','",
    ", thousands = ' ', decimal_separator = ','",
)


def test_what_amounts_say(tmp_path: Path) -> None:
    cases = [
        ("AMOUNT(18,2)", "(1,234.50)", COMMA, "-1234.50"),
        ("AMOUNT(18,2)", "1.234,50-", EUROPE, "-1234.50"),
        ("AMOUNT(18,2,$)", "$3.25", "", "3.25"),
        ("AMOUNT(18,2,$)", "-$5", "", "-5.00"),
        ("AMOUNT(18,2,$)", "$-5", "", "-5.00"),
        ("AMOUNT(18,2,$)", "($3.25)", "", "-3.25"),
        ("AMOUNT(18,2,$)", "$(3.25)", "", "-3.25"),
        ("AMOUNT(18,2,€)", "€ 1 200,00", BLANKS, "1200.00"),
        ("AMOUNT(18,2,€,EUR)", "12,5 EUR", BLANKS, "12.50"),
        ("AMOUNT(18,2,USD)", "USD 3.20", "", "3.20"),
        ("AMOUNT(18,2,Fr.)", "Fr. 1'200.50", ", thousands = ''''", "1200.50"),
        ("AMOUNT", "\u22127.5", "", "-7.50"),
        ("amount(10, 3)", "+.125", "", "0.125"),
        ("AMOUNT(18,2)", "12.5000", "", "12.50"),
        ("PERCENT(9,4)", "12%", "", "0.1200"),
        ("PERCENT", "-3,5 %", ", decimal_separator = ','", "-0.0350"),
    ]
    assert [_read(tmp_path, kind, value, options) for kind, value, options, _ in cases] == [
        Decimal(c[3]) for c in cases
    ]


def test_what_is_no_amount_is_refused(tmp_path: Path) -> None:
    cases = [
        ("AMOUNT", "abc", ""), ("AMOUNT", "-", ""), ("AMOUNT", "()", ""), ("AMOUNT", "--5", ""), ("AMOUNT", "(-5)", ""),
        ("AMOUNT", "1e5", ""), ("AMOUNT", "1.234", ""), ("AMOUNT", "1,23", COMMA), ("AMOUNT", "1,2345", COMMA), 
        ("AMOUNT(4,2)", "12345", ""),
        ("AMOUNT(18,2,$)", "€3", ""), ("AMOUNT(18,2,$)", "1$5", ""), ("AMOUNT", "$3", ""), ("AMOUNT", "12%", ""), ("PERCENT", "12", ""),
        ("PERCENT(9,2)", "3.5%", ""), ("AMOUNT", "5 kg", ""), ("AMOUNT", "1,234.50", EUROPE), ("AMOUNT", "1 2", ""),
    ]  # fmt: skip
    for kind, value, options in cases:
        assert f"`{value}` in column `amount` is not a" in str(_read(tmp_path, kind, value, options)), (kind, value)


@pytest.mark.parametrize(
    "kind", ["AMOUNT(2,3)", "AMOUNT(18)", "AMOUNT(18,2,)", "PERCENT(9,1)", "AMOUNTS", "AMOUNT(18,2,5)", "DECIMAL(18,2)"]
)
def test_what_is_no_type_of_amounts(kind: str) -> None:
    assert amount_of(kind) is None


@pytest.mark.parametrize(
    ("values", "ways"),
    [
        (["(1,234.50)", "12.00"], [("AMOUNT(18,2)", ".", ",")]),
        (["12,50 €", "8,00"], [("AMOUNT(18,2,€)", ",", "")]),
        (["(1,234)", "5"], [("AMOUNT(18,2)", ".", ","), ("AMOUNT(18,3)", ",", "")]),
        (["1 234", "5"], [(None, ".", " ")]),
        (["1\xa0234,50", "3"], [(None, ",", "\xa0")]),
        (["$3", "€5"], []),
        (["2.5 kg", "3"], []),
        (["2-3", "5"], []),
        (["Total", "5"], []),
        (["(555) 123-4567"], []),
    ],
)
def test_proposals(values: list[str], ways: list[tuple[str | None, str, str]]) -> None:
    found = [(amount and amount.written, marks.decimal, marks.thousands) for amount, marks in proposals(values, PLAIN)]
    assert found == ways


def test_the_type_stays_where_it_is_pinned_joined_and_nested(tmp_path: Path) -> None:
    one, two = b"id,amount\n1,$3.25\n", b"amount,id\n-$5,2\n"
    by_name = "from read_csv('*.csv', union_by_name = true, types = {'amount': 'AMOUNT(18,2,$)'})"
    assert load(by_name, {"a.csv": one, "b.csv": two, "c.csv": b"id\n3\n"}, tmp_path).raw == [
        (1, Decimal("3.25")), (2, Decimal("-5.00")), (3, None),
    ]  # fmt: skip
    json = "from read_json('x.json', columns = {'amount': 'AMOUNT(18,2,$)'})"
    assert load(json, {"x.json": b'{"amount": "($3.25)"}\n{"amount": 4}\n'}, tmp_path).raw == [
        (Decimal("-3.25"),),
        (Decimal("4.00"),),
    ]
    outcome = load(json, {"x.json": b'{"amount": "three"}\n'}, tmp_path)
    assert outcome.error is not None
    assert outcome.error.where == "x.json:1"


def test_a_later_file_in_other_clothes(tmp_path: Path) -> None:
    first = load("from 'x.csv'", {"x.csv": b"id,amount\n1,3.25\n2,4.00\n"}, tmp_path)
    files = {"x.csv": b"id,amount\n1,3.25\n2,(4.00)\n"}
    outcome = load("from 'x.csv'", files, tmp_path, first.contract)
    assert outcome.error is not None
    assert outcome.error.where == "x.csv:3"
    written = "read_csv('x.csv', types = {'amount': 'AMOUNT(18,2)'})"
    assert f"`{written}`" in (outcome.error.hint or "")
    assert load(f"from {written}", files, tmp_path).raw == [(1, Decimal("3.25")), (2, Decimal("-4.00"))]


def test_days_with_points_stay_days_where_points_stand_between_thousands(tmp_path: Path) -> None:
    text = "d;at;far;n;v\n15.09.2026;15.09.2026 10:00;1.9.1950;1.004,50;1.2.3\n6.9.2026;16.09.2026 9:05;28.2.1951;-3;1.10.0\n"
    outcome = load(f"from read_csv('x.csv'{EUROPE})", {"x.csv": text.encode()}, tmp_path)
    assert outcome.error is None
    assert outcome.raw == [
        (date(2026, 9, 15), datetime.fromisoformat("2026-09-15T10:00"), date(1950, 9, 1), 1004.5, "1.2.3"),
        (date(2026, 9, 6), datetime.fromisoformat("2026-09-16T09:05"), date(1951, 2, 28), -3.0, "1.10.0"),
    ]
    outcome = load(f"from read_csv('x.csv'{EUROPE})", {"x.csv": b"n;d\n1;1.9.1050\n2;2.9.1051\n"}, tmp_path)
    assert outcome.error is not None
    assert "of years that hardly are" in outcome.error.message


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        (["1.592,73 €", "8,00 €", "-1.100,50 €"], "DECIMAL(18,2)", "'AMOUNT(18,2,€)'}, thousands = '.', decimal_separator = ','"),
        (["$3.25", "$4"], "DOUBLE", "'AMOUNT(18,2,$)'}"),
        (["1.004,50", "3,25"], "DECIMAL(18,2)", "'DECIMAL(18,2)'}, thousands = '.', decimal_separator = ','"),
        (["1.592,73 €", "8,00 $"], "DECIMAL(18,2)", None),
        (["1.592,73 €", "8.25 €"], "DECIMAL(18,2)", None),
    ],
)  # fmt: skip
def test_a_stated_number_of_amounts_is_led_to_what_reads_all_of_them(
    tmp_path: Path, values: list[str], kind: str, written: str | None
) -> None:
    files = {"x.csv": ("id;amount\n" + "".join(f"{i};{v}\n" for i, v in enumerate(values))).encode()}
    outcome = load(f"from read_csv('x.csv', types = {{'amount': '{kind}'}})", files, tmp_path)
    assert outcome.error is not None
    assert outcome.error.where == "x.csv:2"
    line = f"read_csv('x.csv', types = {{'amount': {written})"
    assert (f"`{line}`" in (outcome.error.hint or "")) == (written is not None)
    if written is None:
        assert "AMOUNT" not in (outcome.error.hint or "")
    else:
        assert load(f"from {line}", files, tmp_path).error is None


def test_amounts_that_stay_text_are_told_with_what_reads_them(tmp_path: Path) -> None:
    text = "d;eur;usd;mixed;phone\n15.09.2026;1.592,73 €;$3;1 €;+14155550101\n16.09.2026;8,00 €;;$2;+14155550102\n"
    first = load("from read_csv('x.csv')", {"x.csv": text.encode()}, tmp_path)
    assert first.contract is not None
    told = [line for line in describe(first.contract) if "amounts" in line]
    assert [line.split()[0] for line in told] == ["eur", "usd"]
    written = "read_csv('x.csv', types = {'eur': 'AMOUNT(18,2,€)'}, thousands = '.', decimal_separator = ',')"
    assert f"`{written}`" in told[0]
    again = load(f"from {written}", {"x.csv": text.encode()}, tmp_path)
    assert again.raw is not None
    assert [row[:3] for row in again.raw] == [
        (date(2026, 9, 15), Decimal("1592.73"), "$3"), (date(2026, 9, 16), Decimal("8.00"), None),
    ]  # fmt: skip
    later = load("from read_csv('x.csv')", {"x.csv": text.encode()}, tmp_path, first.contract)
    assert later.contract == first.contract
