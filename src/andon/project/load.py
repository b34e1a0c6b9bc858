"""Loading a project: from `{path: sha256}` to datasets, settings, insights and all problems. Pure but for the cache and `read`.

Three steps: what single files say (`readfiles`, cached by path and content), the linking of all (`link`), and the whole result is cached by
the content of all files: an unchanged project costs one look-up, and neither the engine nor YAML is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.cache import Cache, Entries, newest_keys
from andon.model.commit import code_id
from andon.model.project import Project
from andon.project.earlier_files import EarlierFiles

#: Raised when what is kept, of files or of the whole, changes its meaning.
_FORMAT = 17
_WHOLE = Entries[Project]("project", Project, _FORMAT)
#: Folder, branch and their merge, now and before the last edits.
_KEPT = 8


def load(
    files: Mapping[str, str],
    read: Callable[[str], bytes],
    cache: Cache,
    read_many: Callable[[Iterable[str]], Mapping[str, bytes]] | None = None,
    earlier: EarlierFiles | None = None,
    key: str | None = None,
) -> Project:
    """The project that `files` make.

    Args:
        files: `{project path: sha256}` of all code files.
        read: the bytes of a file; asked for what the cache doesn't know, and for what has problems.
        cache: keeps the facts of files, and whole projects.
        read_many: the same for several files at once, where that costs less; those that it leaves out are read.
        earlier: files as they were before; one that differs in comments alone is not parsed again.
        key: what `code_id` gives of `files`, where that is known.

    Returns:
        The project; everything that is wrong is in its `problems`.
    """
    key = code_id(files) if key is None else key
    known = cache.get(_WHOLE, [key]).get(key)
    if known is not None:
        return known
    # here, since an unchanged project needs none of what reads and links files, and each command pays for its imports
    from andon.project.read import assemble

    project = assemble(files, read, cache, _FORMAT, read_many, earlier, lambda: _newest(cache))
    cache.put_newest(_WHOLE, key, project, _KEPT)
    return project


def _newest(cache: Cache) -> Project | None:
    """The project that was loaded last of those that are kept."""
    keys = newest_keys(cache, _WHOLE)[:1]
    return next(iter(cache.get(_WHOLE, keys).values()), None)
