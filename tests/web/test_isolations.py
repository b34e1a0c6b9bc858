"""A stage that a server packs is the folder that the command line makes, wherever it is unpacked; edits of it go back the same way."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import andon
from andon.cli.app import cli
from andon.errors import AndonError, ConflictError, UsageError
from kit.clones import FILES, Clone
from kit.isolated import run_folder, text_files
from kit.serving import serving


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


def test_a_server_sends_the_folder_that_the_command_line_makes(clone, tmp_path):
    with clone.opened() as service:
        told = service.isolating.isolate("marts.totals", tmp_path / "here")
    with serving(clone.root) as server, andon.connect(server.address) as lake:
        answer = server.client().post("/isolations", {"dataset": "marts.totals"})
        assert answer.headers["Content-Type"] == "application/zip"
        names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
        found = lake.isolate("marts.totals", tmp_path / "there")
        assert found == andon_like(told, tmp_path / "there")
        assert text_files(tmp_path / "there") == text_files(tmp_path / "here")
        assert sorted(names) == sorted(
            p.relative_to(tmp_path / "here").as_posix() for p in (tmp_path / "here").rglob("*") if p.is_file()
        )
        assert run_folder(tmp_path / "there").stdout.startswith("IDENTICAL")
        with pytest.raises(UsageError) as raised:
            lake.isolate("marts.totals", tmp_path / "there")
        assert raised.value.code == "usage.exists"
        with pytest.raises(UsageError) as raised:
            lake.isolate("marts.gone", tmp_path / "gone")
        assert raised.value.code == "lake.dataset_not_found"
        assert not (tmp_path / "gone").exists()


def andon_like(told, folder: Path):
    return type(told)(
        **{name: getattr(told, name) for name in told.__struct_fields__ if name != "folder"}, folder=str(folder)
    )


def test_edits_go_back_to_a_server_by_the_same_rules(clone, tmp_path):
    with serving(clone.root) as server, andon.connect(server.address) as lake:
        lake.isolate("marts.totals", tmp_path / "there")
        file = tmp_path / "there" / "code" / "datasets" / "marts" / "totals.sql"
        assert not lake.apply_isolated(tmp_path / "there").files
        file.write_text(file.read_text().replace("sum(amount)", "2 * sum(amount)"))
        looked = lake.apply_isolated(tmp_path / "there", publish=False)
        assert (looked.files, looked.published) == (["datasets/marts/totals.sql"], False)
        done = lake.apply_isolated(tmp_path / "there", branch="twice")
        assert (done.branch, done.published) == ("twice", True)
        assert lake.apply_isolated(tmp_path / "there", branch="twice").files == []
        test = lake.isolate_test("marts.totals")
        assert test.written is False
        assert "- name: marts.totals as in" in test.text
        file.write_text(file.read_text().replace("2 * sum(amount)", "3 * sum(amount)"))
        with pytest.raises(ConflictError) as raised:
            lake.apply_isolated(tmp_path / "there", branch="twice")
        assert raised.value.code == "isolate.moved_on"


def test_an_archive_that_leads_elsewhere_is_not_unpacked(tmp_path):
    from andon.engines.bundle.zipped import unzipped

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("../evil", "x")
    for content in (data.getvalue(), b"no archive"):
        with pytest.raises(AndonError):
            unzipped(io.BytesIO(content), tmp_path / "target")
        assert list(tmp_path.iterdir()) == []


def test_what_a_dataset_says_of_how_to_repeat_it_are_commands_that_work(clone, tmp_path, monkeypatch):
    import urllib3

    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> str:
        done = CliRunner().invoke(cli, ["-C", str(clone.root), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    (line,) = (line for line in typed("show", "marts.totals").splitlines() if line.startswith("repeat "))
    commands = re.findall(r"`andon ([^`]+)`", line)
    with serving(clone.root) as server:
        page = urllib3.request("GET", f"{server.address}/d/marts.totals").data.decode()
        for command in commands:
            assert f"andon {command}" in page
    assert [command.split()[0] for command in commands] == ["reproduce", "isolate"]
    assert typed(*commands[0].split()).startswith("IDENTICAL")
    said = typed(*commands[1].split())
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir() and path.name.startswith("marts.totals"))
    assert f"cd {folder}" in said
    assert run_folder(folder).stdout.startswith("IDENTICAL")
