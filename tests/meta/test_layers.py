"""No circle of files: each can be read, and understood, before those that use it. Late and type-checking imports count too."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "andon"


def uses(package: Path) -> dict[str, set[str]]:
    """`{module: the modules of the package that it imports}`, wherever in the file an import stands."""
    modules = {_module(package, path): path for path in package.rglob("*.py")}
    return {module: set(_imported(path, modules)) for module, path in modules.items()}


def circle(graph: Mapping[str, Collection[str]]) -> list[str]:
    """The modules of one circle, each importing the next, the first one again at the end; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _module(package: Path, path: Path) -> str:
    return ".".join((package.name, *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")


def _imported(path: Path, modules: Collection[str]) -> Iterator[str]:
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{path}: a relative import"  # ruff bans them
            assert node.level == 0, f"{path}: a relative import"
            # `from andon.sql import bind` uses the module `andon.sql.bind`, and not its package
            names = {f"{node.module}.{alias.name}": node.module for alias in node.names}
            yield from {name if name in modules else of for name, of in names.items()} & set(modules)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements, wherever they stand: no expression holds one, and most of a tree is expressions."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, part, ()) if not isinstance(tree, ast.expr) else ():
            yield node
            yield from _statements(node)


def test_no_circle_of_files() -> None:
    assert circle(uses(PACKAGE)) == []


def test_the_judge_sees_late_imports_and_those_for_types(tmp_path: Path) -> None:
    package = tmp_path / "made"
    (package / "deep").mkdir(parents=True)
    for name in ("__init__.py", "deep/__init__.py", "d.py"):
        (package / name).write_text("")
    (package / "a.py").write_text("from made.deep import b\n")
    (package / "deep/b.py").write_text("def late() -> None:\n    import made.c\n")
    later = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.{} import x\n"
    (package / "c.py").write_text(later.format("d"))
    assert circle(uses(package)) == []
    for inside in (
        "try:\n    pass\nexcept OSError:\n    import x",
        "match 1:\n    case _:\n        while 0:\n            import x",
    ):
        assert any(isinstance(node, ast.Import) for node in _statements(ast.parse(inside)))
    (package / "c.py").write_text(later.format("a"))
    found = circle(uses(package))
    assert found[0] == found[-1]
    assert set(found) == {"made.a", "made.deep.b", "made.c"}
    assert all(other in uses(package)[one] for one, other in pairwise(found))
