"""A kept run of an analysis in a folder: without Andon, moved anywhere, it makes the same again, and whatever comes out otherwise is told;
what was packed and changed since is refused; nothing of the machine is in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import andon
from andon.cli.app import cli
from andon.errors import AndonError, DamagedError, UsageError
from andon.relations.relations import Relations
from andon.service.analysis_documents import AnalysisOptions
from andon.service.isolating import IsolateOptions
from andon.service.locks import lock
from kit.clones import FILES, Clone
from kit.isolated import run_folder, text_files
from kit.locks import skip_without_index
from kit.serving import serving

MODULE = "FACTOR = 2.0\n"
VIEW = "/*---\nmaterialize: view\n---*/\nselect customer, amount::double as amount from marts.totals\n"
SCRIPT = """import random
import warnings
from datetime import datetime

import andon
from helper import FACTOR

lake = andon.open()
least = andon.parameter("least", 0.0)
rows = lake.sql("select t.customer, v.amount * $f as amount from marts.totals t join marts.seen v using (customer)"
    " where v.amount >= $least order by 1", {"least": least, "f": FACTOR})
for customer, amount in rows:
    print(customer, amount, datetime.now(), random.random())
warnings.warn("old")
andon.keep("totals", rows)
andon.keep("third", FACTOR / 3)
with open("note é.txt", "w", encoding="utf-8") as file:
    file.write("so 0.125")
"""
CELLS = (
    "import andon\nlake = andon.open()",
    "rows = lake.sql('from marts.totals order by customer')\nrows",
    "andon.keep('customers', len(rows.fetchall()))\n{'a': 1}",
)
MARIMO = """# /// script
# dependencies = ["marimo", "matplotlib"]
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    import andon
    import matplotlib.pyplot as plt

    rows = andon.open().sql("from marts.totals order by customer").fetchall()
    return plt, rows


@app.cell
def _(plt, rows):
    figure, axes = plt.subplots()
    axes.bar([name for name, _ in rows], [float(amount) for _, amount in rows])
    figure
    return


@app.cell
def _(plt, rows):
    plt.figure()
    plt.pie([1.0, float(rows[0][1])])
    plt.savefig("pie.png")
    return


if __name__ == "__main__":
    app.run()
"""


def notebook(*cells: str) -> str:
    return json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]}
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A project whose name is hard to quote, with kept runs: of a script (two, by their parameters), of a notebook, of what failed."""
    clone = Clone(tmp_path_factory.mktemp("shop") / "acme's [é]")
    clone.fill(
        {
            **FILES,
            "datasets/marts/seen.sql": VIEW,
            "modules/helper.py": MODULE,
            "analyses/totals.py": SCRIPT,
            "analyses/book.ipynb": notebook(*CELLS),
            "analyses/bad.py": "import andon\n1 / 0\n",
        }
    )
    clone.run()
    with clone.opened() as service:
        service.analyses.run("totals")
        service.analyses.run("totals", None, AnalysisOptions(parameters={"least": "16"}))
        service.analyses.run("book")
        service.analyses.run("bad")
    return clone


@pytest.fixture
def folder(shop: Clone, tmp_path: Path) -> Path:
    return packed(shop, "analyses/totals@1", tmp_path / "packed")


def packed(clone: Clone, name: str, target: Path) -> Path:
    with clone.opened() as service:
        service.isolating.isolate(name, target)
    return target


def edit(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    (folder / path).write_text(text.replace(old, new), encoding="utf-8")


def said(output: str) -> dict[str, str]:
    """The verdict on each thing."""
    found = re.findall(r"^  (IDENTICAL|EQUAL WITHIN 1e-9|DIFFERENT)  ([^:]+):", output, re.MULTILINE)
    return {name: verdict for verdict, name in found}


class TestAPackedRun:
    def test_comes_out_the_same_where_it_is_moved(self, folder: Path, tmp_path: Path):
        moved = tmp_path / "else where's é" / "deep"
        moved.parent.mkdir()
        folder.rename(moved)
        done = run_folder(moved)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert done.stdout.startswith("IDENTICAL  analyses/totals at main (")
        assert said(done.stdout) == dict.fromkeys(("printed", "numbers", "totals.parquet", "note é.txt"), "IDENTICAL")
        assert run_folder(moved).stdout == done.stdout

    def test_has_the_parameters_of_its_run(self, shop: Clone, tmp_path: Path):
        done = run_folder(packed(shop, "analyses/totals", tmp_path / "second"))
        assert done.stdout.startswith("IDENTICAL"), done.stdout + done.stderr
        expected = (tmp_path / "second" / "expected" / "printed.txt").read_text(encoding="utf-8")
        assert expected.startswith("ben 40.0 ")

    def test_of_a_notebook_is_its_cells(self, shop: Clone, tmp_path: Path):
        book = packed(shop, "analyses/book", tmp_path / "book")
        done = run_folder(book)
        assert (done.returncode, said(done.stdout)) == (
            0,
            dict.fromkeys(("numbers", "cells/02.parquet", "cells/03.txt"), "IDENTICAL"),
        ), done.stdout + done.stderr
        edit(book, "code/analyses/book.ipynb", "rows", "lines")
        done = run_folder(book)
        assert done.returncode == 2
        assert "code/analyses/book.ipynb has" in done.stderr

    def test_is_of_its_commit_and_code_whatever_came_since(self, shop: Clone, tmp_path: Path):
        clone = Clone(tmp_path / "own")
        clone.fill(
            {**FILES, "analyses/totals.py": "import andon\nprint(andon.open().sql('from marts.totals').fetchall())"}
        )
        clone.run()
        with clone.opened() as service:
            service.analyses.run("totals")
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.write("analyses/totals.py", None)
        clone.refresh()
        clone.undo()
        done = run_folder(packed(clone, "analyses/totals@1", tmp_path / "packed"))
        assert done.stdout.startswith("IDENTICAL"), done.stdout + done.stderr

    def test_holds_nothing_of_the_machine_and_nothing_else_of_the_project(
        self, shop: Clone, folder: Path, tmp_path: Path
    ):
        texts = text_files(folder)
        for text in texts.values():
            assert not re.search(rf"{re.escape(str(tmp_path.parent))}|{re.escape(str(Path.home()))}|acme's", text)
            assert "from andon.base" not in text
        assert {path for path in texts if path.startswith("code/")} == {
            "code/analyses/totals.py",
            "code/modules/helper.py",
        }
        kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
        assert kept == {
            "inputs/marts.totals/1.parquet",
            "inputs/marts.seen/1.parquet",
            "expected/outputs/totals.parquet",
        }
        assert texts["expected/printed.txt"].endswith(
            'analyses/totals.py:14: UserWarning: old\n  warnings.warn("old")\n'
        )
        assert {path for path in texts if path.startswith("env/")} == {
            "env/requirements.txt",
            "env/environment.yml",
            "env/Dockerfile",
            "env/packages.cdx.json",
        }


class TestWhatComesOutOtherwise:
    def test_is_near_where_only_last_digits_are_others(self, folder: Path):
        edit(folder, "code/modules/helper.py", "2.0", "2.0000000000001")
        done = run_folder(folder)
        assert (done.returncode, done.stdout.split("  ")[0]) == (0, "EQUAL WITHIN 1e-9"), done.stdout + done.stderr
        near = dict.fromkeys(("printed", "numbers", "totals.parquet"), "EQUAL WITHIN 1e-9")
        assert said(done.stdout) == {**near, "note é.txt": "IDENTICAL"}
        assert "code/modules/helper.py is not as it was packed" in done.stdout

    def test_is_told_thing_by_thing(self, folder: Path, tmp_path: Path):
        edit(folder, "code/modules/helper.py", "2.0", "3.0")
        edit(folder, "code/analyses/totals.py", 'open("note é.txt"', 'open("other.txt"')
        done = run_folder(folder, "--out", str(tmp_path / "out"))
        assert done.returncode == 1, done.stdout + done.stderr
        assert set(said(done.stdout).values()) == {"DIFFERENT"}
        for each in (
            "note é.txt: is not made any more",
            "other.txt: is new",
            "numbers: 1 of 1 moved\n    third: 0.6666666666666666 -> 1.0",
            "totals.parquet: 2 rows differ\n    customer ada: amount: 30.0 -> 45.0",
        ):
            assert each in done.stdout
        assert (tmp_path / "out" / "other.txt").read_text(encoding="utf-8") == "so 0.125"

    def test_is_an_error_where_the_code_fails(self, folder: Path):
        edit(folder, "code/analyses/totals.py", "import random", "import random, gone")
        done = run_folder(folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert "No module named 'gone'" in done.stderr


def test_one_changed_byte_of_what_was_packed_is_refused(folder: Path):
    for path in (
        "inputs/marts.totals/1.parquet",
        "inputs/marts.seen/1.parquet",
        "expected/outputs/note é.txt",
        "expected/printed.txt",
    ):
        whole = (folder / path).read_bytes()
        (folder / path).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        done = run_folder(folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{path} holds other bytes" in done.stderr
        (folder / path).write_bytes(whole)


def test_a_damaged_input_of_the_lake_is_not_packed(tmp_path: Path):
    clone = Clone(tmp_path / "own")
    clone.fill({**FILES, "analyses/totals.py": "import andon\nandon.open().sql('from marts.totals')"})
    clone.run()
    with clone.opened() as service:
        run = service.analyses.run("totals")
        (path,) = Relations(service.workspace.lake).files(run.inputs.values())
        file = Path(service.workspace.lake.storage.engine_path(path))
        whole = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        with pytest.raises(DamagedError) as raised:
            service.isolating.isolate("analyses/totals", tmp_path / "packed")
    assert raised.value.code == "lake.corrupt"
    assert not (tmp_path / "packed").exists()


def test_a_folder_says_which_personal_columns_are_in_it(tmp_path: Path):
    clone = Clone(tmp_path / "own")
    marked = "/*---\ncolumns:\n  customer: {pii: true}\n---*/\n" + FILES["datasets/marts/totals.sql"]
    reads = "import andon\nandon.open().sql('from marts.totals')"
    clone.fill({**FILES, "datasets/marts/totals.sql": marked, "analyses/totals.py": reads})
    clone.run()
    with clone.opened() as service:
        service.analyses.run("totals")
        told = service.isolating.isolate("analyses/totals", tmp_path / "packed")
    assert told.notes == ["personal columns are in it as they are: marts.totals (customer)"]
    assert told.notes[0] in (tmp_path / "packed" / "README.md").read_text(encoding="utf-8")


class TestWhatAnAnalysisHasNoUseFor:
    @pytest.mark.parametrize(
        ("name", "options", "at", "code"),
        [
            ("totals", IsolateOptions(sample=3), None, "isolate.analysis"),
            ("totals", IsolateOptions(where="true"), None, "isolate.analysis"),
            ("totals", IsolateOptions(masks=True), None, "isolate.analysis"),
            ("totals", IsolateOptions(run=1), None, "isolate.analysis"),
            ("totals", IsolateOptions(), "main", "isolate.analysis"),
            ("bad", IsolateOptions(), None, "isolate.analysis"),
            ("totals@main", IsolateOptions(), None, "usage.bad_argument"),
            ("totals@9", IsolateOptions(), None, "lake.analysis_not_found"),
            ("gone", IsolateOptions(), None, "lake.analysis_not_found"),
        ],
    )
    def test_is_refused_and_nothing_is_made(self, shop: Clone, tmp_path: Path, name, options, at, code):
        with shop.opened() as service, pytest.raises(AndonError) as raised:
            service.isolating.isolate(f"analyses/{name}", tmp_path / "packed", options, at)
        assert raised.value.code == code
        assert list(tmp_path.iterdir()) == []

    def test_is_a_unit_test_or_a_branch_of_it(self, shop: Clone, folder: Path, monkeypatch):
        with shop.opened() as service, pytest.raises(UsageError) as raised:
            service.stage_tests.make("analyses/totals", IsolateOptions())
        assert raised.value.code == "isolate.analysis"
        monkeypatch.chdir(shop.root)
        done = CliRunner().invoke(cli, ["isolate", "apply", str(folder)])
        assert (done.exit_code, "isolate.analysis" in done.output) == (2, True), done.output


def test_each_face_packs_the_same(shop: Clone, folder: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(shop.root)
    done = CliRunner().invoke(cli, ["isolate", "analyses/totals@1", "-o", str(tmp_path / "cli")])
    assert done.exit_code == 0, done.output
    assert "analyses/totals@1 at main (" in done.output
    assert "2 inputs, 2 files expected" in done.output
    with serving(shop.root) as server, andon.connect(server.address) as lake:
        told = lake.isolate("analyses/totals@1", tmp_path / "web")
    with andon.open(shop.root) as lake:
        assert lake.isolate("analyses/totals@1", tmp_path / "python").outputs == told.outputs
    for each in ("cli", "web", "python"):
        assert text_files(tmp_path / each) == text_files(folder)
    assert told.outputs == ["note é.txt", "totals.parquet"]


@pytest.mark.slow
def test_a_marimo_notebook_with_pictures_is_run_by_its_own_lock(tmp_path: Path):
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "analyses/plot.py": MARIMO})
    clone.run()
    with clone.opened() as service:
        with skip_without_index():
            lock(service.workspace, ("analyses/plot",))
            run = service.analyses.run("plot")
        assert run.error is None, run.error
    book = packed(clone, "analyses/plot", tmp_path / "packed")
    pins = (book / "env" / "requirements.txt").read_bytes()
    done = run_folder(book, lock=pins)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said(done.stdout) == dict.fromkeys([each for each in said(done.stdout)], "IDENTICAL")
    assert {"cells/02.png", "pie.png"} <= said(done.stdout).keys()
    edit(book, "code/analyses/plot.py", "float(amount) for", "float(amount) + 1 for")
    edit(book, "code/analyses/plot.py", "plt.pie([1.0", "plt.pie([2.0")
    done = run_folder(book, lock=pins)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "DIFFERENT  cells/02.png: of the numbers in it 2 rows differ" in done.stdout
    assert re.search(r"DIFFERENT  pie\.png: [\d,]+ of [\d,]+ pixels differ", done.stdout)
