"""A new project, the sample project, and the doctor; opening what is there and what is not."""

import pytest

from andon.errors import ProjectError, UsageError
from andon.service.doctor import doctor
from andon.service.service import Service
from andon.service.setup import copy_example, example_folder, init
from kit.clones import Clone


def test_a_new_project_runs(tmp_path):
    made = init(tmp_path / "shop")
    assert set(made) >= {"andon.toml", "raw/orders.csv", ".gitignore"}
    clone = Clone(tmp_path / "shop")
    result = clone.run()
    assert result.published
    assert result.checks
    assert not any(check.failed for check in result.checks)


def test_nothing_that_is_there_is_overwritten(tmp_path):
    (tmp_path / ".gitignore").write_text("*.pyc")
    made = init(tmp_path)
    assert ".gitignore" not in made
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n.andon/\n"
    with pytest.raises(UsageError) as caught:
        init(tmp_path)
    assert caught.value.code == "usage.exists"
    (tmp_path / "andon.toml").unlink()
    with pytest.raises(UsageError, match="is there already"):
        init(tmp_path)
    assert not (tmp_path / "andon.toml").exists()


def test_a_gitignore_that_has_the_line_stays_as_it_is(tmp_path):
    (tmp_path / ".gitignore").write_text("x\n.andon/\n")
    init(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "x\n.andon/\n"


def test_the_sample_project_is_copied_into_an_empty_place(tmp_path):
    (tmp_path / "demo").mkdir()
    target = copy_example(tmp_path / "demo")
    assert (target / "andon.toml").read_bytes() == (example_folder() / "andon.toml").read_bytes()
    assert not (target / ".andon").exists()
    with pytest.raises(UsageError) as caught:
        copy_example(tmp_path / "demo")
    assert (caught.value.code, caught.value.where) == ("usage.exists", str(tmp_path / "demo"))


def findings(clone: Clone):
    with clone.opened() as service:
        return {f.what: f for f in doctor(service.workspace)}


def test_the_doctor_without_a_project_tells_what_is_installed():
    found = {f.what: f for f in doctor(None)}
    assert {"andon", "python", "duckdb", "pyarrow", "uv"} <= found.keys()
    assert found["duckdb"].level == "ok"
    assert "catalog" not in found


def test_a_healthy_lake_is_told_so(told):
    found = findings(told)
    assert (found["catalog"].level, found["catalog"].detail) == ("ok", "whole")
    assert found["data files"].detail.endswith("files of branches, tags and runs, all there with their size")
    assert found["disk: data"].level == "ok"
    assert "lake in the git folder" not in found


def test_a_lost_file_and_a_lake_below_git_are_told(story):
    with story.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["marts.count"]
        file = lake.objects.versions([leaf.version])[leaf.version].files[0]
        lake.storage.delete(file.path)
    (story.root / ".git").mkdir()
    (story.root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    found = findings(story)
    assert found["data files"].level == "risk"
    assert file.path in found["data files"].detail
    assert found["lake in the git folder"].level == "note"


def test_a_catalog_that_is_no_database_is_a_risk_and_never_sends_to_the_doctor(story):
    (story.root / ".andon" / "catalog.db").write_bytes(b"x" * 9000)
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (story.root / ".andon" / name).unlink(missing_ok=True)
    found = findings(story)["catalog"]
    assert found.level == "risk"
    assert "doctor" not in (found.hint or "")


def test_a_project_is_found_from_below_and_told_when_there_is_none(told, tmp_path):
    service = Service.find(told.root / "datasets" / "marts", flags={"author": "bea"})
    assert service.workspace.root == told.root
    assert service.workspace.caller.author == "bea"
    service.close()
    with pytest.raises(UsageError) as caught:
        Service.find(tmp_path)
    assert caught.value.code == "usage.no_project"


def test_a_wrong_andon_toml_is_told_with_all_else_that_is_wrong(story):
    story.write("andon.toml", "[engine]\nthreds = 2\n")
    story.write("datasets/marts/count.sql", "selec 1\n")
    with pytest.raises(ProjectError) as caught:
        story.open()
    assert {p.code for p in caught.value.problems} == {"project.unknown_key", "project.bad_sql"}
