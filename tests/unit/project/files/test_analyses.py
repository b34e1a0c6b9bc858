"""Analyses, read without running them: kind, parameters, what they may read, packages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.errors import ProjectError
from andon.model.analysis import AnalysisKind
from andon.project.files.analyses import read_analysis

PATH = "analyses/a.py"


def read(text: str):
    return read_analysis(PATH, text.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import andon\nn = andon.parameter('n', 3)", [("n", 3, "")]),
        ("from andon import parameter as p\nn = p('n', -1.5, 'so many')", [("n", -1.5, "so many")]),
        (
            "import andon as a\ndef f():\n    return a.parameter(name='t', default='x', about='a text')",
            [("t", "x", "a text")],
        ),
        ("def _():\n    import andon\n    return andon.parameter('b', True)", [("b", True, "")]),
        ("import andon\nandon.parameter('n', 3)\nandon.parameter('n', 3)", [("n", 3, "")]),
        ("parameter('n', 3)\nother.parameter('m', 4)", []),
    ],
)
def test_parameters_are_told_as_they_are_written(text: str, said: list[tuple[str, object, str]]):
    assert [(each.name, each.default, each.what) for each in read(text).parameters] == said


@pytest.mark.parametrize(
    "call",
    [
        "andon.parameter('n', 1 + x)",
        "andon.parameter(name, 1)",
        "andon.parameter('n')",
        "andon.parameter('n', None)",
        "andon.parameter('n', [1])",
        "andon.parameter('no name', 1)",
        "andon.parameter('n', 1, more=2)",
        "andon.parameter('n', 1)\nandon.parameter('n', 2)",
    ],
)
def test_what_can_not_be_told_without_running_it_is_refused(call: str):
    with pytest.raises(ProjectError) as refused:
        read(f"import andon\n{call}")
    (problem,) = refused.value.problems
    assert (problem.code, problem.file) == ("project.bad_python", PATH)
    assert problem.line in (2, 3)


def test_names_in_texts_may_be_datasets():
    found = read(
        'import andon\nlake = andon.open()\nlake.sql("select * from marts.totals t join \\"shop\\" . \\"orders\\" using (id)")\n'
        'lake.sql(f"from Marts.Best where n > {n}")\nname = "marts" + ".hidden"\nmarts.code\n"""staging.words of marts.deep.column"""\n'
    )
    assert {"marts.totals", "shop.orders", "marts.best", "staging.words", "marts.deep"} <= found.names
    assert not {"marts.hidden", "marts.code"} & found.names


@given(
    st.from_regex(r"[a-z_][a-z0-9_]{0,6}\.[a-z_][a-z0-9_]{0,6}", fullmatch=True), st.booleans(), st.text(max_size=10)
)
def test_each_name_that_is_written_out_is_found(name: str, is_quoted: bool, more: str):
    schema, _, table = name.partition(".")
    written = f'"{schema}"."{table}"' if is_quoted else name
    assert name in read(f"x = {f'select 1 from {written} -- {more}'!r}").names


def test_the_kind_is_told_by_the_file():
    assert read("print(1)").kind is AnalysisKind.SCRIPT
    assert read("import marimo\napp = marimo.App(width='medium')\n").kind is AnalysisKind.MARIMO
    assert read_analysis("analyses/a.ipynb", b'{"cells": []}').kind is AnalysisKind.JUPYTER


def test_andon_is_no_package_of_a_lock():
    block = "# /// script\n# dependencies = [{}]\n# ///\n"
    assert read(block.format('"andon"')).packages.dependencies == ()
    assert read(block.format('"andon>=0.1", "numpy"')).packages == read(block.format('"numpy"')).packages
    assert read(block.format('"andon-more"')).packages.dependencies == ("andon-more",)


def test_cells_keep_their_numbers_and_lose_what_only_shows():
    cells = [
        {"cell_type": "markdown", "source": "# so"},
        {"cell_type": "raw", "source": "no"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 5 % 3\n", "print('50%!')"]},
    ]
    found = read_analysis("analyses/a.ipynb", json.dumps({"cells": cells}).encode())
    assert [(cell.is_code, cell.number) for cell in found.cells] == [(False, 1), (True, 3)]
    assert found.cells[1].text == "\nx = 5 % 3\nprint('50%!')"


@pytest.mark.parametrize("line", ["%%time", "!pip install x", "%timeit f()", "  !ls"])
def test_commands_of_ipython_are_refused_with_their_place(line: str):
    cells = [{"cell_type": "code", "source": f"x = 1\n{line}\n"}]
    with pytest.raises(ProjectError) as refused:
        read_analysis("analyses/a.ipynb", json.dumps({"cells": cells}).encode())
    (problem,) = refused.value.problems
    assert (problem.code, problem.file, problem.line) == ("project.bad_notebook", "analyses/a.ipynb[1]", 2)
