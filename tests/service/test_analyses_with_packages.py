"""Analyses with packages of their own, installed for real: a Jupyter notebook with pandas and matplotlib, and the example's in marimo."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from andon.model.analysis import AnalysisKind, AnalysisRun, AnalysisStatus, OutputKind
from andon.model.reproduction import ReproVerdict
from andon.service.locks import lock
from andon.service.service import Service
from kit.clones import FILES, Clone
from kit.isolated import run_folder
from kit.locks import skip_without_index

EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow"
CELLS = (
    '# /// script\n# dependencies = ["matplotlib", "pandas"]\n# ///\n%matplotlib inline\nimport andon\nlake = andon.open()',
    "frame = lake.sql('from marts.totals order by customer').df()\nframe",
    "import matplotlib.pyplot as plt\nplt.bar(frame.customer, frame.amount)\nplt.title('so')",
    "plt.plot([1, 2], [3, 4 + andon.parameter('more', 0)], label='line')\nplt.savefig('line.svg')\nplt.close()",
    "frame.set_index('customer').amount.describe()",
)


def notebook(*cells: str) -> str:
    return json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]}
    )


def made(service: Service, name: str) -> AnalysisRun:
    with skip_without_index():
        run = service.analyses.run(name)
    assert run.status is AnalysisStatus.DONE, run.error
    return run


@pytest.mark.slow
def test_a_jupyter_notebook_keeps_tables_and_the_numbers_in_pictures(tmp_path: Path):
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "analyses/book.ipynb": notebook(*CELLS)})
    clone.run()
    with clone.opened() as service:
        with skip_without_index():
            (locked,) = lock(service.workspace, ("analyses/book",))
        assert (locked.status, locked.file) == ("written", "analyses/book.lock.txt")
        run = made(service, "book")
        assert [cell.outputs for cell in run.cells] == [
            [],
            ["cells/02.parquet"],
            ["cells/03.txt", "cells/03-2.png"] if run.output("cells/03.txt") else ["cells/03.png"],
            [],
            ["cells/05.txt"],
        ]
        pictures = {each.name: each.data for each in run.outputs if each.kind is OutputKind.PICTURE}
        assert pictures["line.svg"] == "line.data.parquet"
        assert service.analyses.head(run, "line.data.parquet", 9).rows == (
            (1, "", "line", "line", 1, 1.0, 3.0),
            (1, "", "line", "line", 2, 2.0, 4.0),
        )
        assert service.analysis_reproducing.reproduce("book").verdict is ReproVerdict.IDENTICAL
        service.isolating.isolate("analyses/book@1", tmp_path / "packed")
    done = run_folder(tmp_path / "packed", lock=(tmp_path / "packed/env/requirements.txt").read_bytes())
    assert (done.returncode, done.stdout.split()[0]) == (0, "IDENTICAL"), done.stdout + done.stderr
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,ada,7\n")
    clone.refresh()
    with clone.opened() as service:
        found = service.analysis_reproducing.reproduce("book", "main")
        told = {each.name: each for each in found.outputs}
        assert told["line.svg"].verdict is ReproVerdict.IDENTICAL
        (bars,) = [each for name, each in told.items() if name.startswith("cells/03") and name.endswith(".png")]
        assert [(each.where, each.old, each.new) for each in bars.moved] == [
            ("axes 1, title so, kind bar, series 1, point 1: y", 15.0, 22.0)
        ]


#: The parameters of the paper.
MODEL = "select 0.2425945e0 as r, 4.4136019e0 as alpha, 0.7929199e0 as a, 2.4258950e0 as b\n"


@pytest.mark.slow
def test_the_example_shows_what_every_text_on_the_model_shows(tmp_path: Path):
    clone = Clone(tmp_path / "cdnow")
    for part in ("raw", "sources", "macros", "analyses", "datasets/staging"):
        shutil.copytree(EXAMPLE / part, clone.root / part)
    clone.fill({"andon.toml": "", "datasets/marts/purchase_model.sql": MODEL})
    shutil.copy(EXAMPLE / "datasets/marts/calibration.sql", clone.root / "datasets/marts")
    clone.run()
    with clone.opened() as service:
        run = made(service, "repeat_purchases")
        assert run.kind is AnalysisKind.MARIMO
        rows = service.analyses.head(run, "customers_by_purchases.parquet", 9).rows
        # Fader, Hardie and Lee (2005), figure 2
        assert [row[:2] for row in rows] == [
            *(("0", 1411), ("1", 439), ("2", 214), ("3", 100)),
            *(("4", 62), ("5", 38), ("6", 29), ("7+", 64)),
        ]
        assert sum(row[2] for row in rows) == pytest.approx(2357, abs=0.5)
        assert run.numbers == {"largest_miss": 21.5}
        (picture,) = [each for each in run.outputs if each.kind is OutputKind.PICTURE]
        assert picture.data is not None
        bars = service.analyses.head(run, picture.data, 20).rows
        assert [row[-1] for row in bars[:8]] == [1411, 439, 214, 100, 62, 38, 29, 64]
        assert service.analysis_reproducing.reproduce("repeat_purchases").verdict is ReproVerdict.IDENTICAL
    text = clone.read("analyses/repeat_purchases.py") or ""
    clone.write("analyses/repeat_purchases.py", text.replace('andon.parameter("most", 7,', 'andon.nothing("most", 7,'))
    with clone.opened() as service:
        run = service.analyses.run("repeat_purchases")
    assert run.error is not None
    line = text[: text.index("andon.parameter")].count("\n") + 1
    assert run.error.where == f"analyses/repeat_purchases.py:{line}"
