"""Uploads: published with what they were called and hold, or the folder is as it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl  # noqa: TID253
import pytest

from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import Clone
from kit.command_line import Andon

LEADS = "id,name\n1,ada\n2,ben\n"
MORE = "id,name\n3,cleo\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Andon]:
    made = Andon(tmp_path / "acme")
    made.write("andon.toml", "")
    made.write("datasets/marts/count.sql", "select count(*) as n from crm.leads\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDON_AUTHOR", "ana")
        yield made


def given(project: Andon, name: str, text: str | bytes) -> str:
    path = project.folder.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def state(project: Andon) -> dict[str, str]:
    """Every folder, and every file by its content, but the lake."""
    found = [p for p in project.folder.rglob("*") if ".andon" not in p.parts]
    return {
        str(p.relative_to(project.folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else ""
        for p in found
    }


def count(project: Andon) -> int:
    return project.json("query", "from marts.count")["rows"][0][0]


def test_a_file_becomes_a_source_and_more_are_added(project):
    (project.folder / "datasets/marts/count.sql").unlink()
    project("upload", given(project, "My leads (May).CSV", LEADS), "--as", "crm.leads", "--yes")
    project.write("datasets/marts/count.sql", "select count(*) as n from crm.leads\n")
    project("run", "--yes")
    assert count(project) == 2
    newest = project.json("log")[1]
    assert (newest["author"], "My leads (May).CSV" in newest["message"]) == ("ana", True)
    assert hashlib.sha256(LEADS.encode()).hexdigest()[:12] in newest["message"]
    project("upload", given(project, "june.csv", MORE), "--as", "crm.leads", "--yes")
    assert count(project) == 3
    project("undo", "--yes")
    assert count(project) == 2
    project("refresh")
    assert count(project) == 2


def test_the_same_content_is_not_loaded_twice(project):
    project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes")
    before = state(project)
    error = project.json("upload", given(project, "again.csv", LEADS), "--as", "crm.leads", "--yes", status=2)["error"]
    assert error["code"] == "usage.exists"
    assert (state(project), count(project)) == (before, 2)


def test_replacing_takes_away_what_was_there_and_undo_brings_it_back(project):
    project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes")
    project("upload", given(project, "b.csv", MORE), "--as", "crm.leads", "--replace", "--yes")
    assert count(project) == 1
    assert len([*(project.folder / "raw/uploads/crm/leads").iterdir()]) == 1
    project("undo", "--yes")
    assert count(project) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", "id,name\nx,cleo\n"),  # a value that the recorded type does not hold
        ("b.csv", "id,name,more\n3,cleo,1\n"),
        ("b.csv", ""),
        ("b.parquet", b"PAR1 no"),
        ("b.xlsx", b"PK"),
    ],
)
@pytest.mark.parametrize("how", [(), ("--replace",)])
def test_what_is_not_published_leaves_the_folder_as_it_was(project, name, content, how):
    project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes")
    before, head = state(project), project.json("log")[0]["commit"]
    status = 2 if not name.endswith(".csv") else 1
    project("upload", given(project, name, content), "--as", "crm.leads", "--yes", *how, status=status)
    assert (state(project), project.json("log")[0]["commit"]) == (before, head)
    assert count(project) == 2
    project("refresh")
    assert count(project) == 2


def test_a_change_of_main_is_asked_about_first(project):
    error = project.json("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", status=2)["error"]
    assert error["code"] == "usage.confirmation_needed"
    assert not (project.folder / "raw").exists()
    assert not (project.folder / "sources").exists()


def workbook(*rows) -> bytes:
    made, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


def test_a_workbook_becomes_a_source(project):
    leads = workbook(["id", "name"], [1, "ada"], [2, "ben"])
    project("upload", given(project, "leads.xlsx", leads), "--as", "crm.leads", "--yes")
    project("upload", given(project, "june.xlsx", workbook(["id", "name"], [3, "cleo"])), "--as", "crm.leads", "--yes")
    assert count(project) == 3
    before = state(project)
    wrong = given(project, "july.xlsx", workbook(["id", "name"], ["4", "dora"]))
    told = project("upload", wrong, "--as", "crm.leads", "--yes", status=1).err
    assert "`Sheet!A2` holds the text `4`, and `id` was recorded as BIGINT" in told
    assert "its copy `raw/uploads/crm/leads/" in told
    assert (state(project), count(project)) == (before, 3)


def test_what_a_hint_names_is_given_with_the_upload(project):
    made, out = openpyxl.load_workbook(io.BytesIO(workbook(["id", "name"], [1, "ada"], [2, "ben"]))), io.BytesIO()
    made.create_sheet("Notes").append(["x"])
    made.save(out)
    file = given(project, "leads.xlsx", out.getvalue())
    told = project("upload", file, "--as", "crm.leads", "--yes", status=1).err
    assert "sheet = 'Sheet'" in told
    assert "--with" in told
    project("upload", file, "--as", "crm.leads", "--with", "sheet = 'Sheet'", "--yes")
    assert count(project) == 2
    assert "'raw/uploads/crm/leads/*.xlsx', sheet = 'Sheet')" in (project.folder / "sources/crm/leads.sql").read_text()
    other = given(project, "june.xlsx", workbook(["id", "name"], [3, "cleo"]))
    error = project.json("upload", other, "--as", "crm.leads", "--with", "header = true", "--yes", status=2)["error"]
    assert "says how its files are read" in error["message"]
    (project.folder / "datasets/marts/count.sql").unlink()
    before = state(project)
    bad = project.json("upload", other, "--as", "crm.more", "--with", "); drop table x", "--yes", status=2)["error"]
    assert (bad["code"].split(".")[0], state(project)) == ("project", before)


def test_it_says_what_was_written(project):
    told = project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes").err
    assert "written: sources/crm/leads.sql, which reads the copy raw/uploads/crm/leads/" in told
    again = project("upload", given(project, "b.csv", MORE), "--as", "crm.leads", "--yes").err
    assert "written" not in again


@pytest.mark.parametrize("published", [False, True])
def test_what_a_killed_upload_left_is_ended_by_the_next(project, published):
    project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes")
    before = state(project)
    kill = "os.kill(os.getpid(), 9)"
    moment = f"result = run(*args); {kill}" if published else kill
    code = f"""
import os, sys
from andon.cli.main import main
from andon.service.runs import Runs
run = Runs.run
def killed(*args):
    {moment}
Runs.run = killed
sys.argv = ["andon", "upload", {given(project, "b.csv", MORE)!r}, "--as", "crm.leads", "--replace", "--yes"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=project.folder, check=False, capture_output=True)
    assert ended.returncode == -9, ended.stderr
    assert state(project).keys() != before.keys()
    project("upload", given(project, "c.csv", "id,name\n4,dora\n"), "--as", "crm.leads", "--yes")
    assert count(project) == (2 if published else 3)
    left = [path for path in state(project) if Path(path).name.startswith(".up") or path.endswith(".replaced")]
    assert left == []
    assert published or before.items() <= state(project).items()


def test_a_first_upload_that_is_killed_keeps_no_other_out(project):
    """It had written the source, which the next one takes away."""
    code = f"""
import os, sys
from andon.cli.main import main
from andon.service.runs import Runs
Runs.run = lambda *args: os.kill(os.getpid(), 9)
sys.argv = ["andon", "upload", {given(project, "b.csv", MORE)!r}, "--as", "crm.leads", "--yes"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=project.folder, check=False, capture_output=True)
    assert ended.returncode == -9, ended.stderr
    assert (project.folder / "sources/crm/leads.sql").exists()
    project("upload", given(project, "c.csv", LEADS), "--as", "crm.leads", "--yes")
    assert count(project) == 2


def test_formats_and_packed_files(project):
    project("upload", given(project, "a.json", '[{"id": 1}, {"id": 2}]'), "--as", "crm.leads", "--yes")
    assert count(project) == 2
    (project.folder / "datasets/marts/count.sql").write_text("select count(*) as n from crm.packed\n")
    project("upload", given(project, "a.csv.gz", gzip.compress(LEADS.encode())), "--as", "crm.packed", "--yes")
    project("run", "--yes")
    assert count(project) == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("nothing.csv", "--as", "crm.leads"), "there is no file"),
        (("a.csv", "--as", "Leads"), "can't name"),
        (("a.csv", "--as", "marts.count"), "made by `datasets/marts/count.sql`"),
    ],
)
def test_what_is_refused(project, words, named):
    given(project, "a.csv", LEADS)
    file = str(project.folder.parent / words[0])
    assert named in project.json("upload", file, *words[1:], "--yes", status=2)["error"]["message"]


def test_a_source_that_reads_other_files_is_left_alone(project):
    project.write("raw/leads.csv", LEADS)
    project.write("sources/crm/leads.sql", "select * from read_csv('raw/leads.csv')\n")
    before = state(project)
    error = project.json("upload", given(project, "b.csv", MORE), "--as", "crm.leads", "--yes", status=2)["error"]
    assert "does not read uploads" in error["message"]
    assert state(project) == before


def test_from_python(project):
    import andon

    with andon.open(project.folder) as lake:
        assert lake.upload(given(project, "a.csv", LEADS), "crm.leads").published
        assert lake.upload(given(project, "b.csv", MORE), "crm.leads", replaces=True).published
    assert count(project) == 1


def test_two_files_of_one_name_in_one_second_are_two(tmp_path):
    clone = Clone(tmp_path / "acme", clock=lambda: datetime(2026, 11, 1, 8, tzinfo=UTC))
    clone.write("andon.toml", "")
    given = tmp_path / "a.csv"
    with clone.opened() as service:
        for text in (LEADS, MORE):
            given.write_text(text)
            assert service.uploads.publish(given, "crm.leads", RunOptions(agreed=ANY_PLAN), service.runs.run).published
        given.write_text("id,name\nx,dan\n")
        assert not service.uploads.publish(given, "crm.leads", RunOptions(agreed=ANY_PLAN), service.runs.run).published
    assert clone.ask("select count(*) from crm.leads") == [(3,)]
    assert len([*(clone.root / "raw/uploads/crm/leads").iterdir()]) == 2


def test_an_undone_file_comes_back_by_what_the_hint_says_and_the_others_stay(project):
    project("upload", given(project, "a.csv", LEADS), "--as", "crm.leads", "--yes")
    project("upload", given(project, "b.csv", MORE), "--as", "crm.leads", "--yes")
    project("undo", "--yes")
    error = project.json("upload", given(project, "b.csv", MORE), "--as", "crm.leads", "--yes", status=2)["error"]
    command = error["hint"].split("`")[1].removeprefix("andon ").split()
    project(*command)
    project("refresh")
    assert count(project) == 3


@pytest.mark.parametrize("way", ["hint", "--replace"])
def test_beside_an_undone_file_no_other_is_said_to_be_published(project, way):
    """Until the undone one is let pass, a source stays as it is."""
    for name, text in (("a.csv", LEADS), ("b.csv", MORE)):
        project("upload", given(project, name, text), "--as", "crm.leads", "--yes")
    project("undo", "--yes")
    before = state(project)
    third = given(project, "c.csv", "id,name\n4,dora\n")
    error = project.json("upload", third, "--as", "crm.leads", "--yes", status=2)["error"]
    assert "b.csv` was undone" in error["message"]
    assert (state(project), count(project)) == (before, 2)
    if way == "hint":
        project(*error["hint"].split("`")[1].removeprefix("andon ").split())
        project("upload", third, "--as", "crm.leads", "--yes")
        assert count(project) == 4
    else:
        project("upload", third, "--as", "crm.leads", "--yes", "--replace")
        assert count(project) == 1


def test_a_source_that_keeps_rows_takes_more_files(project):
    project("upload", given(project, "may.csv", LEADS), "--as", "crm.leads", "--yes")
    text = (project.folder / "sources/crm/leads.sql").read_text()
    project.write("sources/crm/leads.sql", text.replace("description", "load: append\ndescription"))
    project("run", "--yes")
    for number in (3, 4):
        project("upload", given(project, f"{number}.csv", f"id,name\n{number},x\n"), "--as", "crm.leads", "--yes")
    assert count(project) == 4
    assert len([path for path in state(project) if path.endswith(".csv")]) == 3


@pytest.mark.parametrize("name", ["a: b.csv", "a\nb: c.csv", "# ä.csv", "'\"{}[].csv"])
def test_whatever_a_first_file_is_called(project, name):
    project("upload", given(project, name, LEADS), "--as", "crm.leads", "--yes")
    project("run", "--yes")
    assert count(project) == 2


def test_nothing_takes_the_place_of_rows_that_a_source_keeps(project):
    project("upload", given(project, "may.csv", LEADS), "--as", "crm.leads", "--yes")
    text = (project.folder / "sources/crm/leads.sql").read_text()
    project.write("sources/crm/leads.sql", text.replace("description", "load: append\ndescription"))
    before = state(project)
    refused = project("upload", given(project, "june.csv", MORE), "--as", "crm.leads", "--replace", "--yes", status=2)
    assert "keeps the rows of files that went" in refused.err
    assert state(project) == before
