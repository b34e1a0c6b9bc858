"""Where a package that a lake beyond one machine needs is not installed, the error names it and what to type."""

from __future__ import annotations

import sys

import pytest

from andon.errors import MachineError
from andon.service.doctor import doctor
from kit.clones import FILES, Clone

POSTGRES = "postgresql://ana@localhost/lakes?schema=shop"
BUCKET = "s3://shop-lake/data"


@pytest.fixture
def project(tmp_path):
    clone = Clone(tmp_path)
    clone.fill(FILES)
    return clone


@pytest.mark.parametrize(
    ("line", "package", "extra"),
    [
        (f'catalog = "{POSTGRES}"\n', "psycopg", "postgres"),
        (f'catalog = "{POSTGRES}"\n', "psycopg_pool", "postgres"),
        (f'storage = "{BUCKET}"\n', "obstore", "s3"),
    ],
)
def test_a_lake_there_names_the_package_that_is_missing(project, monkeypatch, line, package, extra):
    project.write("andon.toml", line)
    monkeypatch.setitem(sys.modules, package, None)  # as Python knows of what is not installed
    with pytest.raises(MachineError) as caught, project.opened() as service:
        service.history.log()
    assert caught.value.code == "machine.missing"
    assert f"pip install 'andon[{extra}]'" in caught.value.hint


def test_who_goes_there_is_told_before_anything_is_copied(project, monkeypatch):
    project.run()
    for package in ("psycopg", "obstore"):
        monkeypatch.setitem(sys.modules, package, None)
    with project.opened() as service:
        for go, extra in (
            (lambda: service.lake_moves.move(BUCKET), "s3"),
            (lambda: service.catalogs.copy(".andon/catalog.db", POSTGRES), "postgres"),
        ):
            with pytest.raises(MachineError) as caught:
                go()
            assert (caught.value.code, extra in caught.value.hint) == ("machine.missing", True)


def test_the_doctor_goes_on_and_says_what_is_at_risk(project, monkeypatch):
    project.write("andon.toml", f'storage = "{BUCKET}"\n\n[engines.spark]\nurl = "sc://localhost:1"\n')
    for package in ("obstore", "pyspark"):
        monkeypatch.setitem(sys.modules, package, None)
    with project.opened() as service:
        found = {each.what: each for each in doctor(service.workspace)}
    assert [
        (found[what].level, extra in found[what].hint) for what, extra in (("storage", "s3"), ("spark", "spark"))
    ] == [("risk", True)] * 2
