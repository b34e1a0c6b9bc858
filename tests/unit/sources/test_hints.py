"""A hint works: every call that a message says to write reads the file, or comes to another problem, and no value becomes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit.sources import Load, load

BANK = (
    "Umsatzanzeige;01.02.2024\r\n\r\nKonto;Girokonto\r\nSaldo;1.234,56;EUR\r\n\r\nBuchung;Empfänger;Betrag\r\n"
    + "".join(f"{i:02}.01.2024;Bäcker {i};1.{i:03},50\r\n" for i in range(1, 29))
)
#: Files that stop a first load.
FILES = {
    "brackets": "doc,amount\n1,100.00\n2,250.50\n3,(40.00)\n4,12.00\n",
    "minus behind": "doc,amount\n1,100.00\n2,250.50\n3,40.00-\n4,12.00\n",
    "currency": "id,amount\n1,12.50\n2,8.00\n3,$3.25\n4,€9.10\n5,1\n6,2\n",
    "five spellings": "id,x\n" + "".join(f"{i},{i}\n" for i in range(9)) + "8,N/A\n9,-\n10,null\n11,None\n12,.\n",
    "Namibia": "country,population\nDE,83\nFR,68\nNA,3\nUS,NA\nJP,125\n",
    "a total": "id,customer,amount\n1,Ada,10.00\n2,Ben,5.50\n3,Cleo,4.50\nTotal,,20.00\n",
    "units": "time,temp\nUTC,degC\n2024-01-01 00:00:00,3.5\n2024-01-01 01:00:00,3.1\n2024-01-01 02:00:00,2.9\n",
    "a header again": "id,n\n1,2\n2,3\nid,n\n3,4\n",
    "a count": "id|name|amount\n" + "".join(f"{i}|n{i}|{i}.50\n" for i in range(1, 30)) + "(29 rows)\n",
    "a copyright": "id|name|amount\n" + "".join(f"{i}|n{i}|{i}.50\n" for i in range(1, 30)) + "Copyright 2024\n",
    "a bank": BANK.encode("latin-1"),
    "a title and a grand total": (
        "Report_B,3/13/2015,,\nPerson ID,Race,Detail,Language\n6543,Other,,English\n4535,White,,Arabic\n54534,Black,,\n"
        '35453,Other,,English\n54567,Asian,,English\n"Grand Total: 6,634",,,\nPage -1 of 1,,,\n'
    ),
    "Excel": "sep=;\nnr;name;n\n1;a;5\n2;b;6\n",
    "PowerShell": '#TYPE System.Diagnostics.Process\n"Name","Id","CPU"\n"svchost","4","1.5"\n"bash","5","2.5"\n',
    "words": "id name n\n1 Ann 3\n2 Bo 4\n3 Cy 5\n",
    "words in quotes": 'id name n\n1 "Ann B" 3\n2 "Bo" 4\n3 "c" 5\n',
    "single quotes": "id,name,n\n1,'Smith, Ann',3\n2,'Doe, Bo',4\n",
    "zeros of a date": "id,paid\n1,2024-01-05 10:00:00\n2,0000-00-00 00:00:00\n3,2024-01-06 10:00:00\n",
    "31 June": "id,d\n1,2024-06-30\n2,2024-06-31\n3,2024-07-01\n",
    "digits": "id,n\n1,9007199254740993.5\n2,0.1\n",
    "thousands": "what\tn\na\t950\nb\t1.234\nc\t12.500\n",
    "versions": "v,n\n1.8,1\n1.9,1\n1.10,2\n",
    "many at once": "zip;amount;paid\n01067;1.234,50;31/12/24\n80331;12,00;05/01/25\n",
}
CALL = re.compile(r"`((?:select [^`]*? from )?read_\w+\([^`]*\)(?: where [^`]*)?)`")
NOTHING = {"", "N/A", "-", "null", "None", ".", "NA", "0000-00-00 00:00:00"}


@pytest.mark.parametrize("name", list(FILES))
def test_a_hint_works(tmp_path: Path, name: str) -> None:
    text = FILES[name]
    files = {"raw/x.csv": text if isinstance(text, bytes) else text.encode()}
    outcome = load("from read_csv('raw/x.csv')", files, tmp_path)
    assert outcome.error is not None, outcome.rows
    for suggestion in CALL.findall(outcome.error.hint or ""):
        other = _load(suggestion, files, tmp_path)
        assert other.error is None or other.error.message != outcome.error.message, suggestion
        _check(other, files["raw/x.csv"])
    outcome = _load(CALL.findall(outcome.error.hint or "")[0], files, tmp_path)
    assert outcome.error is None, outcome.error
    _check(outcome, files["raw/x.csv"])


def _load(suggestion: str, files: dict[str, bytes], folder: Path) -> Load:
    return load(suggestion if suggestion.startswith("select") else f"from {suggestion}", files, folder)


def _check(outcome: Load, content: bytes) -> None:
    """What is NULL was nothing in the file: as many fields as are empty or say so."""
    if outcome.rows is None:
        return
    fields = [f.strip() for line in content.decode("latin-1").splitlines() for f in re.split("[,;|\t]", line)]
    nothing = sum(f in NOTHING for f in fields) + 2 * ("Copyright 2024" in fields)
    assert sum(value is None for row in outcome.rows for value in row) <= nothing, outcome.rows


def test_a_hint_keeps_what_is_written_already(tmp_path: Path) -> None:
    files = {"x.csv": b"id,x,y\n1,1,1\n2,2,2\n3,-,3\n4,4,n/a\n"}
    outcome = load("from read_csv('x.csv', nullstr = ['', '-'])", files, tmp_path)
    assert outcome.error is not None
    assert "nullstr = ['', '-', 'n/a']" in (outcome.error.hint or "")


def test_addresses_are_text(tmp_path: Path) -> None:
    for values in (("100.200.100.200", "192.168.100.200"), ("10.0.0.1", "8.8.8.8")):
        for delim in ",;":
            content = f"id{delim}ip\n" + "".join(f"{i}{delim}{v}\n" for i, v in enumerate(values))
            assert load("from 'x.csv'", {"x.csv": content.encode()}, tmp_path).columns == "id BIGINT, ip VARCHAR"


def test_one_column_of_words_is_one(tmp_path: Path) -> None:
    for content in (
        "name\nAnn Smith\nBo Li\n",
        "title\nA tale of two\nWar and peace\n",
        "full name\nAnn Smith\nCher\n",
    ):
        outcome = load("from 'x.csv'", {"x.csv": content.encode()}, tmp_path)
        assert outcome.error is None or "words" not in outcome.error.message, outcome.error


def test_brackets_in_names_of_files(tmp_path: Path) -> None:
    files = {"raw/Report [2024] (1).csv": b"id,n\n1,2\n"}
    assert load("from 'raw/Report [[]2024] (1).csv'", files, tmp_path).rows == [(1, 2)]
