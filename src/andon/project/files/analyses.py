"""Analyses, read statically: scripts and notebooks in `analyses/`. Nothing is run.

What may be chosen stands in the code as `andon.parameter("months", 12)`; what is read are the datasets that its texts name.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from andon.base.record import Record
from andon.errors import Problem, ProjectError
from andon.model.analysis import AnalysisKind, AnalysisParameter
from andon.project.files.nodes import FileFlaw, Flawed
from andon.project.files.packages import LockInputs, lock_inputs, without_package
from andon.project.files.problems import of_flaws
from andon.project.files.python import imported_names, parsed

FOLDER = "analyses"
#: What the file of an analysis ends with.
ENDINGS = (".py", ".ipynb")

_NAMED = re.compile(r'(?<![\w.])"?([A-Za-z_]\w*)"?\s*\.\s*"?([A-Za-z_]\w*)"?')
#: How a notebook is shown, which is no matter of a run.
_SHOWING = re.compile(r"\s*%(?:matplotlib|config|load_ext|autoreload|reload_ext)\b")
_COMMAND = re.compile(r"\s*(?:%%?[A-Za-z]|!)")
_FORM = 'andon.parameter("months", 12, "how far back")'


class AnalysisCellText(Record):
    """A cell of a Jupyter notebook: whether it is code, its number among all cells (from 1), and its text as it is run."""

    is_code: bool
    number: int
    text: str


class AnalysisFacts(Record):
    """What the file of an analysis says.

    Attributes:
        text: its Python, as one.
        cells: of a Jupyter notebook.
        names: what its texts name that may be datasets, in lower case.
        imports: modules that it imports, as dotted names.
        packages: what its lock is made from.
    """

    kind: AnalysisKind
    text: str
    cells: tuple[AnalysisCellText, ...]
    parameters: tuple[AnalysisParameter, ...]
    names: frozenset[str]
    imports: tuple[str, ...]
    packages: LockInputs


def read_analysis(path: str, content: bytes) -> AnalysisFacts:
    """The facts of an analysis's file.

    Raises:
        ProjectError: `project.bad_python`, `project.bad_notebook` with the place.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(path, "project.bad_python", "the file is no UTF-8 text", "save it as UTF-8") from error
    cells = _cells(path, text) if path.endswith(".ipynb") else ()
    code = "\n".join(cell.text for cell in cells if cell.is_code) if cells or path.endswith(".ipynb") else text
    trees = [_tree(place_of(path, cell), cell.text) for cell in cells if cell.is_code] if cells else [_tree(path, code)]
    places = [place_of(path, cell) for cell in cells if cell.is_code] if cells else [path]
    try:
        packages = without_package(lock_inputs(code), "andon")  # every run has it
    except Flawed as error:
        raise ProjectError.of(of_flaws(path, code, [error.flaw])) from error
    return AnalysisFacts(
        kind=_kind(path, trees),
        text=code,
        cells=cells,
        parameters=_parameters(places, trees),
        names=frozenset(name for tree in trees for name in named(tree)),
        imports=tuple(dict.fromkeys(use for tree in trees for use in imported_names(tree))),
        packages=packages,
    )


def place_of(path: str, cell: AnalysisCellText) -> str:
    """How a cell is named where something is wrong in it: `analyses/a.ipynb[3]`."""
    return f"{path}[{cell.number}]"


def named(tree: ast.AST) -> Iterator[str]:
    """What the texts of Python code name that may be datasets: `schema.name`, in lower case."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in _NAMED.finditer(node.value):
                yield f"{found[1]}.{found[2]}".lower()


# -- parts


def _cells(path: str, text: str) -> tuple[AnalysisCellText, ...]:
    try:
        said = json.loads(text)
        cells = said["cells"]
        found = tuple(
            AnalysisCellText(cell["cell_type"] == "code", number, _source(cell["source"]))
            for number, cell in enumerate(cells, 1)
            if cell["cell_type"] in ("code", "markdown")
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = "the file is no notebook of Jupyter (format 4)"
        raise _wrong(path, "project.bad_notebook", message, "save it in Jupyter again") from error
    return tuple(_runnable(path, cell) for cell in found)


def _source(said: Any) -> str:
    if isinstance(said, str):
        return said
    return "".join(str(line) for line in said)


def _runnable(path: str, cell: AnalysisCellText) -> AnalysisCellText:
    """A cell without lines that only say how things are shown.

    Raises:
        ProjectError: `project.bad_notebook` for other commands of IPython.
    """
    if not cell.is_code or not any(sign in cell.text for sign in "%!"):
        return cell
    try:
        ast.parse(cell.text)
        return cell
    except (SyntaxError, ValueError, RecursionError):
        lines = cell.text.split("\n")
    for number, line in enumerate(lines, 1):
        if _SHOWING.match(line):
            lines[number - 1] = ""
        elif _COMMAND.match(line):
            word = line.strip().split()[0]
            message = f"`{word}` is a command of IPython, and an analysis is run as Python alone"
            hint = "write it in Python; packages are named in a block `# /// script`"
            raise _wrong(place_of(path, cell), "project.bad_notebook", message, hint, number)
    return AnalysisCellText(True, cell.number, "\n".join(lines))


def _tree(place: str, text: str) -> ast.Module:
    found = parsed(text)
    if isinstance(found, FileFlaw):
        raise ProjectError.of(of_flaws(place, text, [found]))
    return found


def _kind(path: str, trees: Sequence[ast.Module]) -> AnalysisKind:
    if path.endswith(".ipynb"):
        return AnalysisKind.JUPYTER
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and called.attr == "App" and ast.unparse(called.value) == "marimo":
                return AnalysisKind.MARIMO
    return AnalysisKind.SCRIPT


def _parameters(places: Sequence[str], trees: Sequence[ast.Module]) -> tuple[AnalysisParameter, ...]:
    andon, own = {"andon"}, set[str]()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            andon |= {alias.asname for alias in node.names if alias.name == "andon" and alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module == "andon" and not node.level:
            own |= {alias.asname or alias.name for alias in node.names if alias.name == "parameter"}
    found: dict[str, AnalysisParameter] = {}
    for place, tree in zip(places, trees, strict=True):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not _is_parameter(node.func, andon, own):
                continue
            said = _parameter(place, node)
            if found.setdefault(said.name, said).default != said.default:
                message = f"the parameter `{said.name}` has two defaults"
                raise _wrong(place, "project.bad_python", message, "ask for it once", node.lineno)
    return tuple(found.values())


def _is_parameter(called: ast.expr, andon: set[str], own: set[str]) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr == "parameter" and isinstance(called.value, ast.Name) and called.value.id in andon
    return isinstance(called, ast.Name) and called.id in own


def _parameter(place: str, call: ast.Call) -> AnalysisParameter:
    given: dict[str, Any] = {}
    try:
        for name, value in zip(("name", "default", "about"), call.args, strict=False):
            given[name] = ast.literal_eval(value)
        for keyword in call.keywords:
            given[str(keyword.arg)] = ast.literal_eval(keyword.value)
        said = AnalysisParameter(given.pop("name"), given.pop("default"), given.pop("about", ""))
        right = not given and isinstance(said.name, str) and said.name.isidentifier() and isinstance(said.what, str)
    except (ValueError, KeyError, TypeError, RecursionError):
        right = False
    if not right or not isinstance(said.default, (bool, int, float, str)):
        message = "a parameter has a name and a default, both written as they are: a number, a text, True or False"
        raise _wrong(place, "project.bad_python", message, _FORM, call.lineno)
    return said


def _wrong(place: str, code: str, message: str, hint: str, line: int | None = None) -> ProjectError:
    return ProjectError.of([Problem(code, message, place, line, hint=hint)])
