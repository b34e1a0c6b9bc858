"""What names in Python mean, by the file's own imports: `pd.Timestamp.now` is `pandas.Timestamp.now`. Nothing is run."""

from __future__ import annotations

import ast


class Imported:
    """The imports of a file, wherever they stand.

    A name that the file gives to something else is taken for what it imported: what is looked for here is rather found once too often.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._names: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self._names[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    self._names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def has(self, package: str) -> bool:
        """Whether anything of a package is imported."""
        return any(name.partition(".")[0] == package for name in self._names.values())

    def meant(self, node: ast.expr) -> str | None:
        """The dotted name of what an expression names, by what was imported; None for what was not."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._names:
            return None
        return ".".join([self._names[node.id], *reversed(parts)])
