"""What is said of a column goes on with its values: to columns that hold them as they are, whatever those are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.document import Document
from andon.base.graph import reach, topological
from andon.base.lru import Lru
from andon.base.record import Record
from andon.model.dataset import Dataset, Kind
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.workspace.workspace import Workspace

#: Answers about so many commits, or about so many datasets of one, are kept.
_KEPT = 256
#: And of so many commits for other processes.
_ON_DISK = 8


class HandedText(Document):
    """What is said of a column above, of a column that says nothing itself and holds the same values.

    Attributes:
        text: the description.
        origins: the columns that it is written at, `schema.dataset.column`.
    """

    text: str
    origins: tuple[str, ...]


#: By dataset and column, both as stored, the columns above of which one gives each value as it is, or NULL.
Unchanged = Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]]
#: By dataset and column in lower case.
Handed = Mapping[str, Mapping[str, HandedText]]


def handed_texts(datasets: Mapping[str, Dataset], unchanged: Unchanged) -> dict[str, dict[str, HandedText]]:
    """What columns have from above: the nearest description, where all that their values come from says the same.

    Two origins that say different things, or of which one says nothing, hand nothing on: neither is true of all values.
    """
    needs = {name: [above for of in columns.values() for above, _ in of] for name, columns in unchanged.items()}
    known = needs | {above: [] for of in needs.values() for above in of if above not in needs}
    own = {name: _own(datasets[name], name) if name in datasets else {} for name in known}
    found: dict[str, dict[str, HandedText]] = {}
    for name in topological(known):
        for column, sources in unchanged.get(name, {}).items():
            if column.lower() in own[name]:
                continue
            above = [own[of].get(c.lower()) or found.get(of, {}).get(c.lower()) for of, c in sources]
            said = [each for each in above if each is not None]
            if len(said) == len(above) and len({each.text for each in said}) == 1:
                origins = tuple(sorted({origin for each in said for origin in each.origins}))
                found.setdefault(name, {})[column.lower()] = HandedText(said[0].text, origins)
    return found


def worth_tracing(
    datasets: Mapping[str, Dataset], columns: Mapping[str, Iterable[str]], names: Iterable[str] | None = None
) -> set[str]:
    """The datasets whose lineage may hand a description on: those with a column that nobody describes, below one that somebody does.

    Args:
        columns: of each dataset, as stored.
        names: of whom it is asked, all where it is None; with them those between them and what is described.
    """
    needs = {
        name: [] if one.definition.kind is Kind.SOURCE else [i for i in one.definition.inputs if i in datasets]
        for name, one in datasets.items()
    }
    asked = set(needs) if names is None else {*names} | reach(needs, names)
    below: set[str] = set()
    for name in topological({name: needs[name] for name in needs if name in asked}):
        if any(above in below or _own(datasets[above], above) for above in needs[name]):
            below.add(name)
    lacking = {n for n in below if n in columns and not {c.lower() for c in columns[n]} <= _own(datasets[n], n).keys()}
    return {name for name in lacking if datasets[name].definition.kind in (Kind.SQL, Kind.QUARANTINE)}


def _own(dataset: Dataset, name: str) -> dict[str, HandedText]:
    """What a dataset's file says of its columns, by their names in lower case."""
    return {
        each.name.lower(): HandedText(each.description.strip(), (f"{name}.{each.name}",))
        for each in dataset.columns
        if each.description and each.description.strip()
    }


class _Packed(Record):
    """What all columns of a commit have from above, as it is kept: dataset, column in lower case, text, origins."""

    texts: tuple[tuple[str, str, str, tuple[str, ...]], ...]


_HANDED = Entries[_Packed]("handed", _Packed, 1)


class Descriptions:
    """What columns of one lake's commits have from above, shared by all callers. Traced is what was never traced before, and only where
    a description may come through."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: Lru[tuple[str, tuple[str, ...] | None], Handed] = Lru(_KEPT)

    def of(self, commit: Commit, names: Iterable[str] | None = None) -> Handed:
        """By dataset and column in lower case; of some datasets, or of all."""
        asked = None if names is None else tuple(sorted(names))
        found = self._found.get((commit.root, None))
        if found is None and asked is not None:
            found = self._found.get((commit.root, asked))
        if found is None:
            found = self._made(commit, asked) if asked is not None else self._of_all(commit)
            self._found.put((commit.root, asked), found)
        return found

    def _of_all(self, commit: Commit) -> Handed:
        """Of a commit that was asked before, as it was kept."""
        cache = self._workspace.cache
        known = cache.get(_HANDED, [commit.root]).get(commit.root)
        if known is None:
            made = self._made(commit, None)
            texts = (
                (name, column, each.text, each.origins) for name, of in made.items() for column, each in of.items()
            )
            cache.put_newest(_HANDED, commit.root, _Packed(tuple(texts)), _ON_DISK)
            return made
        found: dict[str, dict[str, HandedText]] = {}
        for name, column, text, origins in known.texts:
            found.setdefault(name, {})[column] = HandedText(text, origins)
        return found

    def _made(self, commit: Commit, names: Iterable[str] | None) -> Handed:
        lake = self._workspace.lake
        state = lake.commits.state(commit)
        datasets = {n: one for n, one in project_at(self._workspace, state).datasets.items() if n in state.leaves}
        if not any(column.description for one in datasets.values() for column in one.columns):
            return {}
        needs = {name: one.definition.inputs for name, one in datasets.items()}
        wanted = [name for name in state.leaves if name in datasets]
        if names is not None:
            own = {name for name in names if name in datasets}
            wanted = [name for name in own | reach(needs, own) if name in datasets]
        versions = lake.objects.versions(state.leaves[name].version for name in wanted)
        columns = {name: versions[state.leaves[name].version].types for name in wanted}
        traced = worth_tracing(datasets, {n: [c for c, _ in of] for n, of in columns.items()}, wanted)
        if not traced:
            return {}
        # here, since where nothing is described nothing of what traces is needed
        from andon.lineage.graph import Parts, unchanged_columns

        ids = {name: state.leaves[name].definition for name in wanted}
        definitions = lake.objects.definitions(ids.values())
        parts = Parts({name: definitions[id] for name, id in ids.items()}, columns, said=datasets)
        return handed_texts(datasets, unchanged_columns(parts, self._workspace.cache, traced))
