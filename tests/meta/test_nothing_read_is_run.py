"""What Andon reads from files is never run: outside of the child process that runs the user's Python, nothing can turn bytes into code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import andon

PACKAGE = Path(andon.__file__).parent
RUNS_PYTHON = PACKAGE / "engines/python/child"
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "copyreg",
    "code",
    "codeop",
    "runpy",
}
CALLS = {"eval", "exec", "compile", "__import__"}
#: A tree can only hold what its text holds.
_WORDS = re.compile(rf"\b({'|'.join(MODULES | CALLS)})\b")


def _dangers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, n.name) for n in names if n.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in MODULES:
                yield node.lineno, module
            case ast.Name(id=name) if name in CALLS:
                yield node.lineno, name
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if name in CALLS:
                yield node.lineno, name


def dangers(text: str) -> list[tuple[int, str]]:
    """Line and name of each place of a text that could run what it reads."""
    return list(_dangers(ast.parse(text))) if _WORDS.search(text) else []


def test_the_package_has_nothing_that_runs_what_it_reads():
    files = [path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(RUNS_PYTHON)]
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for path in files
        for line, name in dangers(path.read_text(encoding="utf-8"))
    ]
    assert len(files) > 100
    assert found == []


def test_dangers_are_seen():
    text = "import pickle\nfrom marshal import loads\nimport os, shelve\nx = eval('1')\nbuiltins.exec('x')\nmap(exec, [])\n"
    assert [line for line, _ in sorted(dangers(text))] == [1, 2, 3, 4, 5, 6]
    assert all(dangers(each) for each in text.splitlines())
    assert not dangers("import re\nre.compile('x')\nconnection.execute('x')")
