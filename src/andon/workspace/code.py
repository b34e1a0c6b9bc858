"""The project that a commit's own files make: what its code says, whatever lies in the folder by now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.project.link.corrections import corrected_project
from andon.project.load import load

if TYPE_CHECKING:
    from andon.model.commit import State
    from andon.model.project import Project
    from andon.workspace.workspace import Workspace


def project_at(workspace: Workspace, state: State) -> Project:
    """The project of a state's files (with problems, if settings of another version don't fit), as it is corrected there; known ones come
    from memory, or the cache."""
    key, files = state.code, state.files()
    found = workspace.projects.get(key)
    if found is None:
        objects = workspace.lake.objects

        def many(paths: Iterable[str]) -> dict[str, bytes]:
            asked = {path: files[path] for path in paths}
            texts = objects.texts(asked.values())
            return {path: texts[sha] for path, sha in asked.items() if sha in texts}

        found = load(files, lambda path: objects.text(files[path]), workspace.cache, many, key=key)
        workspace.projects.put(key, found)
    if found.problems:
        return found
    return corrected_project(found, state, workspace.lake.objects.definitions)
