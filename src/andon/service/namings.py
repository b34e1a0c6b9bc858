"""Where files name a dataset without reading it: the glossary, unit tests, playbooks, schedules, and what is to be used in its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from andon.project.files.layout import Role, spot

if TYPE_CHECKING:
    from andon.workspace.view import View

_NAME = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_ROLES = frozenset({Role.GLOSSARY, Role.TEST, Role.PLAYBOOKS, Role.CONFIG})


def naming_files(view: View, datasets: Collection[str]) -> dict[str, list[str]]:
    """Of those of `datasets` that a file names which reads none of them: these files. They are broken where it goes."""
    wanted, found = set(datasets), dict[str, list[str]]()
    shared = view.state.shared
    texts = view.workspace.lake.objects.texts(shared[path] for path in shared if spot(path).role in _ROLES)
    for path in sorted(shared):
        if shared[path] in texts:
            for name in wanted.intersection(_NAME.findall(texts[shared[path]].decode(errors="replace").lower())):
                found.setdefault(name, []).append(path)
    for name, said in view.project.datasets.items():
        instead = said.deprecated.use if said.deprecated is not None else None
        if instead in wanted and name not in wanted:
            found.setdefault(instead, []).append(said.definition.entry)
    return found
