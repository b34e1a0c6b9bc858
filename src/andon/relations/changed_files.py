"""Which files of a table came and went between two versions of it: its rows differ only in those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from andon.base.record import Record
from andon.model.version import DataFile, Version, contents_of


class TableChange(Record):
    """What changed of a table that is read.

    Attributes:
        version: as it is now.
        new, gone: files that it did not have, and those that it has no more.
        kept: how many it had and has.
        ways: columns that tell its rows apart as the result's, where growth is by those.
    """

    version: Version
    new: tuple[DataFile, ...]
    gone: tuple[DataFile, ...]
    kept: int
    ways: tuple[tuple[str, ...], ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are in the new files."""
        return sum(file.rows for file in self.new)


def changed_files(old: Version, new: Version) -> TableChange:
    """What changed of a table from one version to another, both of the same columns. Files that were put together are as they were."""
    left = Counter(content for file in old.files for content in contents_of(file))
    came = []
    for file in new.files:
        rows = Counter(contents_of(file))
        if rows <= left:
            left -= rows
        else:
            came.append(file)
    gone = set()
    for count, file in sorted(enumerate(old.files), key=lambda each: -len(each[1].packed)):
        rows = Counter(contents_of(file))
        if any(left[content] for content in rows):
            left -= rows
            gone.add(count)
    lost = tuple(file for count, file in enumerate(old.files) if count in gone)
    return TableChange(new, tuple(came), lost, len(old.files) - len(lost))


def different_files(old: Version | None, new: Version | None) -> tuple[list[DataFile], list[DataFile]]:
    """The data files of each side whose rows the other side may lack: equal bytes hold equal rows, and a file that others were put together
    to holds theirs."""
    sides = [list(version.files) if version is not None else [] for version in (old, new)]
    shared = Counter(file.sha256 for file in sides[0]) & Counter(file.sha256 for file in sides[1])
    left = [_without(files, Counter(shared)) for files in sides]
    if not any(file.packed for files in left for file in files):
        return left[0], left[1]
    names = _group_names([*left[0], *left[1]])
    held: list[dict[str, Counter[str]]] = [{}, {}]
    for files, groups in zip(left, held, strict=True):
        for file in files:
            groups.setdefault(names[contents_of(file)[0]], Counter()).update(contents_of(file))
    same = {name for name, contents in held[0].items() if held[1].get(name) == contents}
    kept = [[file for file in files if names[contents_of(file)[0]] not in same] for files in left]
    return kept[0], kept[1]


def files_apart(old: Sequence[DataFile], new: Sequence[DataFile]) -> tuple[list[DataFile], list[DataFile]]:
    """What is left of two lists of files without those, at the begin and at the end, that both have: where the order of rows counts."""
    first, last = 0, 0
    most = min(len(old), len(new))
    while first < most and old[first].sha256 == new[first].sha256:
        first += 1
    while last < most - first and old[-1 - last].sha256 == new[-1 - last].sha256:
        last += 1
    return list(old[first : len(old) - last]), list(new[first : len(new) - last])


def _without(files: Sequence[DataFile], shared: Counter[str]) -> list[DataFile]:
    """Files without those that are shared, each as often as it is."""
    kept = []
    for file in files:
        if shared[file.sha256]:
            shared[file.sha256] -= 1
        else:
            kept.append(file)
    return kept


def _group_names(files: Sequence[DataFile]) -> dict[str, str]:
    """By content a name that it shares with all that some file holds beside it, and with what those are beside in others."""
    names: dict[str, str] = {}

    def name(content: str) -> str:
        while names.setdefault(content, content) != content:
            content = names[content]
        return content

    for file in files:
        first = name(contents_of(file)[0])
        for content in contents_of(file):
            names[name(content)] = first
    return {content: name(content) for content in [*names]}
