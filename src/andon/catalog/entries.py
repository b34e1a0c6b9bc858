"""What can be found of one commit: its datasets and saved queries, as what is said of them and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.lineage.descriptions import Handed, HandedText
from andon.model.dataset_question import QuestionState, place_of
from andon.model.glossary import terms_by_place
from andon.model.standing import Certification, Deprecation
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit, Leaf
    from andon.model.dataset import Dataset, Definition
    from andon.model.dataset_question import DatasetQuestion, DatasetRename
    from andon.model.glossary import GlossaryTerm
    from andon.model.saved_query import SavedQuery
    from andon.model.version import Version
    from andon.workspace.workspace import Workspace

#: A tag that says of a dataset that people should take another one.
DEPRECATED = "deprecated"

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class EntryColumn(Record):
    """A column that can be found.

    Attributes:
        handed: what is said of the column above that it holds the values of, where nothing is said of itself.
        terms: words of the glossary that stand in it.
    """

    name: str
    type: str
    description: str | None
    handed: HandedText | None = None
    terms: tuple[GlossaryTerm, ...] = ()

    @property
    def meaning(self) -> str | None:
        """What is said of it, here or above."""
        return self.description or (self.handed.text if self.handed is not None else None)


class CatalogEntry(Record):
    """A dataset of a commit, as far as one looks for it.

    Attributes:
        code: the text that makes it.
        built: when what it shows was made (ISO text).
        terms: words of the glossary that it holds as a whole.
        asked: what people asked about it, and what was answered.
    """

    dataset: str
    kind: str
    materialize: str
    description: str | None
    owner: str | None
    tags: tuple[str, ...]
    columns: tuple[EntryColumn, ...]
    code: str
    rows: int | None
    built: str | None
    reads: tuple[str, ...]
    deprecated: Deprecation | None = None
    certified: Certification | None = None
    terms: tuple[GlossaryTerm, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """The first part of its name."""
        return self.dataset.partition(".")[0]

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.dataset.partition(".")[2]

    @property
    def meaning(self) -> str | None:
        """The first line of its description."""
        return first_line(self.description)


class Contents(Record):
    """All that can be found of one commit.

    Attributes:
        root: id of the commit's tree: commits of one tree hold the same.
        entries: datasets by name.
        queries: saved queries by name.
        glossary: words of the business.
    """

    root: str
    entries: dict[str, CatalogEntry]
    queries: dict[str, SavedQuery]
    glossary: tuple[GlossaryTerm, ...] = ()


def contents_of(workspace: Workspace, commit: Commit) -> Contents:
    """What can be found of `commit`. Nothing is built or parsed that the caches know."""
    lake = workspace.lake
    state = lake.commits.state(commit)
    project = project_at(workspace, state)
    leaves = state.leaves
    definitions = lake.objects.definitions(leaf.definition for leaf in leaves.values())
    versions = lake.objects.versions(leaf.version for leaf in leaves.values())
    builds = lake.objects.builds(leaf.build for leaf in leaves.values())
    terms = terms_by_place(project.glossary)
    entries = {}
    for name, leaf in sorted(leaves.items()):
        build = builds.get(leaf.build)
        entries[name] = _entry(
            leaf,
            definitions[leaf.definition],
            versions[leaf.version],
            project.datasets.get(name),
            _code(workspace, leaf, definitions[leaf.definition]),
            build.created if build is not None else None,
            terms,
        )
    return Contents(commit.root, entries, {query.name: query for query in project.queries}, project.glossary)


def with_handed(entries: dict[str, CatalogEntry], handed: Handed) -> dict[str, CatalogEntry]:
    """Datasets with what their columns have from above."""
    found = dict(entries)
    for name, texts in handed.items():
        entry = entries.get(name)
        if entry is not None:
            columns = tuple(
                replace(each, handed=texts[each.name.lower()])
                if each.description is None and each.name.lower() in texts
                else each
                for each in entry.columns
            )
            found[name] = replace(entry, columns=columns)
    return found


def with_asked(
    entries: dict[str, CatalogEntry], questions: Iterable[DatasetQuestion], renames: Sequence[DatasetRename]
) -> dict[str, CatalogEntry]:
    """Datasets with what people asked about them and what was answered, as far as it stands."""
    texts: dict[str, list[str]] = {}
    for each in questions:
        place = place_of(each.dataset, each.since, renames, entries)
        if place.is_there and each.state is not QuestionState.WITHDRAWN:
            texts.setdefault(place.dataset, []).extend([each.what, *(answer.what for answer in each.answers)])
    return entries | {name: replace(entries[name], asked=tuple(said)) for name, said in texts.items()}


def first_line(text: str | None) -> str | None:
    """The first line of a text that says something; None where none does."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), None)


def spread(name: str) -> str:
    """A name with its words apart, where capitals part them: `customerId` is found by `customer`, too."""
    apart = _HUMPS.sub(" ", name)
    return name if apart == name else f"{name} {apart}"


def _entry(
    leaf: Leaf,
    definition: Definition,
    version: Version,
    said: Dataset | None,
    code: str,
    built: str | None,
    terms: Mapping[str, tuple[GlossaryTerm, ...]],
) -> CatalogEntry:
    described = {column.name.lower(): column.description for column in said.columns} if said is not None else {}
    name = definition.dataset
    columns = (
        EntryColumn(c.name, c.type, described.get(c.name.lower()), terms=terms.get(f"{name}.{c.name}".lower(), ()))
        for c in version.columns
    )
    return CatalogEntry(
        dataset=name,
        kind=leaf.kind,
        materialize=leaf.materialize,
        description=said.description if said is not None else None,
        owner=said.owner if said is not None else None,
        tags=_tags(said) if said is not None else (),
        columns=tuple(columns),
        code=code,
        rows=version.rows,
        built=built,
        reads=definition.inputs,
        deprecated=said.deprecated if said is not None else None,
        certified=said.certified if said is not None else None,
        terms=terms.get(name, ()),
    )


def _tags(said: Dataset) -> tuple[str, ...]:
    """Its tags; of what is said to end, also that."""
    return said.tags if said.deprecated is None or DEPRECATED in said.tags else (*said.tags, DEPRECATED)


def _code(workspace: Workspace, leaf: Leaf, definition: Definition) -> str:
    if definition.sql is not None:
        return definition.sql
    sha = dict(leaf.files).get(definition.entry)
    return workspace.lake.objects.text(sha).decode(errors="replace") if sha is not None else ""
