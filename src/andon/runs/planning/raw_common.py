"""Raw files belong to no source: what each source finds of them in a state of the lake, and what a folder has in common with that.

A source reads what its patterns mean, wherever that lies. So one that a branch has not yet, or that means more than it did, finds there
what other sources of the branch were built from, as if the files lay in the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from andon.model.build import Build, InputFile
from andon.model.dataset import Definition
from andon.sources.files.paths import match
from andon.workspace.base import Base, InCommon

#: path -> the source that says what is there of it, None where no source means it
Teller = Callable[[str], str | None]


class RawState:
    """The raw files that the sources of a state were built from.

    Args:
        builds: of its source leaves, by dataset.
        read: gives definitions by id.
    """

    def __init__(self, builds: Mapping[str, Build], read: Callable[[Iterable[str]], Mapping[str, Definition]]) -> None:
        self.builds = builds
        self._read = read

    def files(self, definition: Definition) -> dict[str, InputFile]:
        """What a source finds, by path."""
        teller = self.teller(definition)
        own = self.builds.get(definition.dataset)
        found: dict[str, InputFile] = {}
        for build in (own,) if own is not None and self._is_told_by_own(definition) else self._newest_first:
            for file in build.files:
                if file.path not in found and means(definition, file.path) and teller(file.path) == build.dataset:
                    found[file.path] = file
        return found

    def teller(self, definition: Definition) -> Teller:
        """Who says which files there are: a source itself as far as its patterns went when it was built, else the one built last."""
        name = definition.dataset
        own = self.builds.get(name)
        if own is None:
            return self._last_to_tell
        if self._is_told_by_own(definition):
            return lambda _: name
        return lambda path: name if self._tells(own, path) else self._last_to_tell(path)

    def _is_told_by_own(self, definition: Definition) -> bool:
        build = self.builds.get(definition.dataset)
        if build is None:
            return False
        if build.definition == definition.id:
            return True
        old = self._definitions.get(build.definition)
        return old is None or _patterns(old) == _patterns(definition)

    def _last_to_tell(self, path: str) -> str | None:
        return next((build.dataset for build in self._newest_first if self._tells(build, path)), None)

    def _tells(self, build: Build, path: str) -> bool:
        definition = self._definitions.get(build.definition)
        return means(definition, path) if definition is not None else any(f.path == path for f in build.files)

    @cached_property
    def _newest_first(self) -> Sequence[Build]:
        return sorted(self.builds.values(), key=lambda build: (build.created, build.dataset), reverse=True)

    @cached_property
    def _definitions(self) -> Mapping[str, Definition]:
        return self._read({build.definition for build in self.builds.values()})


class RawInCommon:
    """What a folder, or where two branches parted, has in common with a branch in raw files.

    Args:
        base: where nothing is in common, None.
        generation: of a commit, by its id.
    """

    def __init__(self, base: Base | None, generation: Callable[[str], int]) -> None:
        self._base = base
        self._generation = generation

    def at(self, paths: Iterable[str], teller: Teller) -> InCommon:
        """What is in common at `paths`, by who tells of them in the branch; what nobody there tells of nobody can have taken away."""
        files: dict[str, str | None] = {}
        since: dict[str, str] = {}
        for path in paths:
            told = teller(path)
            found = self._of(told, path) if told is not None else None
            if found is not None:
                files[path], since[path] = found.files[path], found.agreed_at(path)
        return InCommon(files, since=since)

    def of(self, source: str, paths: Iterable[str]) -> InCommon:
        """What is in common by `source`, with what is known of `paths` by others."""
        own = self._base.raw.get(source, InCommon()) if self._base is not None else InCommon()
        more = self.at((path for path in paths if path not in own.files), lambda _: source)
        return InCommon({**own.files, **more.files}, own.commit, {**own.since, **more.since}) if more.files else own

    def _of(self, source: str, path: str) -> InCommon | None:
        raw = self._base.raw if self._base is not None else {}
        if source in raw and path in raw[source].files:
            return raw[source]
        return next((raw[other] for other in self._compared_last if path in raw[other].files), None)

    @cached_property
    def _compared_last(self) -> Sequence[str]:
        """Sources that the branch had when the two were last compared; what others had may have gone and come since."""
        if self._base is None:
            return ()
        raw = self._base.raw
        commits = {files.commit for files in raw.values()} | {self._base.code.commit}
        newest = max(map(self._generation, commits)) if len(commits) > 1 else None
        return [name for name in sorted(raw) if newest is None or self._generation(raw[name].commit) == newest]


def means(definition: Definition, path: str) -> bool:
    """Whether a source reads a file, by its patterns."""
    return any(match(pattern, path) for read in definition.reads for pattern in read.patterns)


def _patterns(definition: Definition) -> set[str]:
    return {pattern for read in definition.reads for pattern in read.patterns}
