"""Search: datasets, columns, saved queries and branches by words, as people type them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.base.record import Record, replace
from andon.catalog.entries import CatalogEntry, first_line
from andon.catalog.facets import FACETS, Sieve, sifted
from andon.catalog.marks import Mark, MarkedText, Marker, cut
from andon.catalog.ranking import Rank
from andon.errors import AndonError, UsageError
from andon.model.lamp import Lamp
from andon.service.analysis_code import commit_analyses, folder_analyses
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections import Counter

    from andon.catalog.index import AskedWord
    from andon.catalog.search import Catalogs, Searchable
    from andon.catalog.use import UseBook
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

#: Hits that are shown where nobody says how many, and columns of each.
SHOWN = 50
_COLUMNS = 6
#: Columns and saved queries beside datasets.
_FEW = 10
#: Of so many datasets on, what a search needs is made before anybody searches.
_LEARNT = 100
KINDS = ("source", "sql", "python")
#: What stands for no owner where an owner is typed.
NOBODY_TYPED = "nobody"


class MatchedColumn(Document):
    """A column that has a word of what was asked, and where in its name."""

    name: str
    type: str
    marks: tuple[Mark, ...]


class Snippet(Document):
    """The line that has most of the words: `place` is `description`, `column`, `glossary`, `above` (said of the column that it has its
    values from), `question` (what people ask about it, or answered) or `code`; marks are ranges of its characters."""

    place: str
    text: str
    marks: tuple[Mark, ...]


class DatasetHit(Document):
    """A dataset that was found.

    Attributes:
        deprecated: that it ends, in words; `instead`: what to take in its place. `ended`: whether the day until which it stays is over.
        certified: who vouches for it, and since when.
        terms: words of the glossary that it holds, as a whole or in a column.
        marks: where in its name the words stand, as ranges of characters.
        meaning: one line.
        status: how it stands.
        built: when what it shows was made.
        readers: people who asked it within 30 days; `reads`: how often they did.
        columns: those that have a word.
        snippet: the line that says most of what was asked; None where only names do.
    """

    dataset: str
    marks: tuple[Mark, ...]
    meaning: str | None
    kind: str
    materialize: str
    owner: str | None
    tags: tuple[str, ...]
    status: Lamp
    built: str | None
    rows: int | None
    readers: int
    reads: int
    columns: tuple[MatchedColumn, ...]
    snippet: Snippet | None
    deprecated: str | None
    instead: str | None
    ended: bool
    certified: str | None
    terms: tuple[str, ...]


class ColumnHit(Document):
    """A column that has the words, or has one and its dataset the others; `marks` are in `dataset.column`."""

    dataset: str
    column: str
    type: str
    description: str | None
    marks: tuple[Mark, ...]


class QueryHit(Document):
    """A saved query that has the words."""

    query: str
    meaning: str | None
    owner: str | None
    marks: tuple[Mark, ...]


class FacetCount(Document):
    """How many datasets have a value; the owner `""` is nobody."""

    value: str
    count: int


class FoundDocument(Document):
    """What was found at a commit.

    Attributes:
        words: what was asked.
        total: how many datasets fit; `hits` may be a part of them.
        spelt: `{word: what was looked for in its place}`, where nothing has the word itself.
        facets: by `schema`, `kind`, `owner`, `tag`, `status`: the values and how many there are, most first.
        columns, queries: the best few columns and saved queries; none where no word is asked for, or datasets are filtered.
    """

    commit: str
    words: str
    total: int
    spelt: dict[str, list[str]]
    hits: list[DatasetHit]
    facets: dict[str, list[FacetCount]]
    columns: list[ColumnHit]
    queries: list[QueryHit]


class PaletteHit(Document):
    """One line of the palette.

    Attributes:
        kind: `dataset`, `column`, `query`, `branch`, `analysis`.
        name: what it is called; a column with its dataset.
        marks: where in it the words stand.
        meaning: one line more.
        status: of a dataset.
    """

    kind: str
    name: str
    marks: tuple[Mark, ...]
    meaning: str | None
    status: Lamp | None = None


class FindOptions(Record):
    """Which datasets are wanted: of each facet any of the values.

    Attributes:
        limit, after: so many, behind the dataset of that name.
    """

    schema: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    limit: int | None = SHOWN
    after: str | None = None

    def wanted(self) -> Sieve:
        """As the catalog takes it.

        Raises:
            UsageError: `usage.bad_argument` for a kind or a status that there is not.
        """
        _require("kind", self.kind, KINDS)
        _require("status", self.status, [lamp.value for lamp in Lamp])
        sets = (frozenset(each) for each in (self.schema, self.kind, self.owner, self.tag, self.status))
        return Sieve(*sets)


ALL = FindOptions()


class Searching:
    """Finds things in one workspace's lake."""

    def __init__(self, workspace: Workspace, catalogs: Catalogs, uses: UseBook, troubles: Troubles) -> None:
        self._workspace = workspace
        self._catalogs = catalogs
        self._uses = uses
        self._troubles = troubles

    def learn(self) -> None:
        """Make the newest commit ready, beside other work, so that who searches first does not wait for it; a small one needs none of it.
        A lake that can't be read says so to whoever asks it."""
        try:
            if len(View.at(self._workspace, None).state.leaves) >= _LEARNT:
                self.find()
        except AndonError:
            return

    def find(self, words: str = "", at: str | None = None, options: FindOptions = ALL) -> FoundDocument:
        """Datasets of a commit that have all of `words` in names, columns, what is said of them, or code; the best first.

        Args:
            words: what a person types. `tag:`, `owner:`, `schema:`, `kind:` and `status:` before a value are filters; no other sign means
                anything but itself. Nothing finds all datasets, the most used first.
            at: a ref; without it the newest of the branch.

        Raises:
            UsageError: `lake.ref_not_found`; `usage.bad_argument` for a kind or a status that there is not.
        """
        text, options = _filtered(words, options)
        wanted = options.wanted()
        view = View.at(self._workspace, at)
        searchable = self._catalogs.of(view.commit)
        rank, today = self._rank(view), to_text(self._workspace.clock())[:10]
        asked, ordered = _ordered(searchable, rank, text)
        whole = searchable.facets if len(ordered) == len(searchable.entries) else None
        kept, counts = sifted(ordered, wanted, rank.lamp, whole)
        marker = Marker(asked)
        return FoundDocument(
            commit=view.commit.id,
            words=words,
            total=len(kept),
            spelt={word.word: list(word.alike) for word in asked if word.alike},
            hits=[_hit(entry, marker, rank, today) for entry in _part(kept, options)],
            facets={facet: _counted(counts[facet]) for facet in FACETS},
            columns=_columns(searchable, rank, marker, asked, _FEW) if wanted.is_all else [],
            queries=_queries(searchable, text)[:_FEW] if wanted.is_all else [],
        )

    def palette(self, words: str = "", at: str | None = None, limit: int = 12) -> list[PaletteHit]:
        """The best few of all that has the words: datasets, columns, saved queries, branches and analyses.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        searchable = self._catalogs.of(view.commit)
        rank = self._rank(view)
        words, options = _filtered(words, ALL)
        wanted = options.wanted()
        asked, ordered = _ordered(searchable, rank, words)
        if not wanted.is_all:
            ordered, _ = sifted(ordered, wanted, rank.lamp)
        marker = Marker(asked)
        datasets = [_line(entry, marker, rank) for entry in ordered[:limit]]
        if not words.strip() or not wanted.is_all:
            return datasets
        columns = [
            PaletteHit("column", f"{hit.dataset}.{hit.column}", hit.marks, first_line(hit.description) or hit.type)
            for hit in _columns(searchable, rank, marker, asked, limit)
        ]
        queries = [PaletteHit("query", hit.query, hit.marks, hit.meaning) for hit in _queries(searchable, words)]
        lists = [datasets, columns, queries, self._branches(words), self._analyses(words, view)]
        typed = words.strip().lower()
        # what is typed as it is called comes first, whatever kind it is of: `orders.amount` is a column
        lists.sort(key=lambda hits: "." not in typed or not any(typed in hit.name.lower() for hit in hits))
        return _mixed(lists, limit)

    def _rank(self, view: View) -> Rank:
        names = self._workspace.lake.former_names
        uses = self._uses.uses(self._workspace.clock(), lambda: names.of(view.commit, view.state))
        return Rank(uses, self._troubles.lamps(view))

    def _branches(self, words: str) -> list[PaletteHit]:
        """Branches whose name has what was typed: there are few, and they are no words."""
        typed = words.strip().lower()
        found = []
        for ref in self._workspace.lake.refs.of_kind("branch"):
            start = ref.name.lower().find(typed)
            if start >= 0:
                head = self._workspace.lake.commits.get(ref.commit)
                about = first_line(head.message) or str(head.kind)
                found.append(PaletteHit("branch", ref.name, ((start, start + len(typed)),), about))
        return sorted(found, key=lambda hit: (hit.marks[0][0], len(hit.name), hit.name))

    def _analyses(self, words: str, view: View) -> list[PaletteHit]:
        """Analyses whose name has every word that was typed."""
        typed = words.lower().replace("_", " ").split()
        names = {*folder_analyses(self._workspace.root), *commit_analyses(view.state.files())}
        found = []
        for name in sorted(names | set(self._workspace.lake.analysis_runs.names())):
            starts = [name.find(word) for word in typed]
            if starts and min(starts) >= 0:
                marks = tuple((start, start + len(word)) for start, word in sorted(zip(starts, typed, strict=True)))
                found.append(PaletteHit("analysis", name, marks, None))
        return found


def _filtered(words: str, options: FindOptions) -> tuple[str, FindOptions]:
    """What is typed without its filters, and these with those that there are; a kind or a status that there is not is a word."""
    sets = {name: list(getattr(options, name)) for name in FACETS}
    rest = []
    for word in words.split(" "):
        name, _, value = word.partition(":")
        known = {"kind": KINDS, "status": [lamp.value for lamp in Lamp]}.get(name)
        if name not in FACETS or not value or (known is not None and value not in known):
            rest.append(word)
        else:
            sets[name].append("" if name == "owner" and value == NOBODY_TYPED else value)
    if len(rest) == len(words.split(" ")):
        return words, options
    chosen: dict[str, Any] = {name: tuple(found) for name, found in sets.items()}
    return " ".join(rest), replace(options, **chosen)


def _ordered(searchable: Searchable, rank: Rank, words: str) -> tuple[list[AskedWord], list[CatalogEntry]]:
    if not words.strip():
        return [], rank.by_worth(searchable.entries, searchable.said)
    asked, scores = searchable.find(words)
    called = searchable.names.called(words)
    return asked, rank.ordered(scores, searchable.entries, called, searchable.said)


def _columns(
    searchable: Searchable, rank: Rank, marker: Marker, asked: Sequence[AskedWord], limit: int
) -> list[ColumnHit]:
    places = searchable.columns.find([word.word for word in asked], rank.worth, limit)
    return [
        ColumnHit(
            place.dataset,
            place.column.name,
            place.column.type,
            place.column.meaning,
            marker.marks(f"{place.dataset}.{place.column.name}"),
        )
        for place in places
    ]


def _queries(searchable: Searchable, words: str) -> list[QueryHit]:
    asked = searchable.queries.words(words)
    scores, marker = searchable.queries.scores(asked), Marker(asked)
    found = sorted(scores, key=lambda name: (-scores[name], name))
    queries = [searchable.contents.queries[name] for name in found]
    return [QueryHit(q.name, first_line(q.description), q.owner, marker.marks(q.name)) for q in queries]


def _part(found: Sequence[CatalogEntry], options: FindOptions) -> Sequence[CatalogEntry]:
    start = 0
    if options.after is not None:
        start = next((i + 1 for i, entry in enumerate(found) if entry.dataset == options.after), len(found))
    return found[start:] if options.limit is None else found[start : start + options.limit]


def _hit(entry: CatalogEntry, marker: Marker, rank: Rank, today: str) -> DatasetHit:
    use, ends = rank.use(entry.dataset), entry.deprecated
    terms = (*entry.terms, *(term for column in entry.columns for term in column.terms))
    marked = [(column, marks) for column in entry.columns if (marks := marker.marks(column.name))]
    return DatasetHit(
        dataset=entry.dataset,
        marks=marker.marks(entry.dataset),
        meaning=entry.meaning,
        kind=entry.kind,
        materialize=entry.materialize,
        owner=entry.owner,
        tags=entry.tags,
        status=rank.lamp(entry.dataset),
        built=entry.built,
        rows=entry.rows,
        readers=use.readers,
        reads=use.reads,
        columns=tuple(MatchedColumn(column.name, column.type, marks) for column, marks in marked[:_COLUMNS]),
        snippet=_snippet(entry, marker),
        deprecated=None if ends is None else ends.told(today),
        instead=None if ends is None else ends.use,
        ended=ends is not None and ends.is_over(today),
        certified=None if entry.certified is None else entry.certified.words,
        terms=tuple(dict.fromkeys(term.term for term in terms)),
    )


def _snippet(entry: CatalogEntry, marker: Marker) -> Snippet | None:
    """The line that says most of what was asked: of the description, else of what is said of a column, of a word of the glossary or of a
    column above, else of what people ask about it, else of the code."""
    said = marker.best_line(entry.description or "")
    if said is not None:
        return Snippet("description", said.text, said.marks)
    labelled = [("column", f"{column.name}: ", column.description) for column in entry.columns if column.description]
    terms = [*entry.terms, *(term for column in entry.columns for term in column.terms)]
    labelled += [("glossary", "", f"{', '.join(term.words)}: {term.meaning}") for term in terms]
    labelled += [("above", f"{each.name}: ", each.handed.text) for each in entry.columns if each.handed is not None]
    labelled += [("question", "", text) for text in entry.asked]
    for place, label, text in labelled:
        found = marker.best_line(text)
        if found is not None:
            moved = tuple((start + len(label), end + len(label)) for start, end in found.marks)
            return Snippet(place, f"{label}{found.text}", moved)
    code = marker.best_line(entry.code)
    return Snippet("code", code.text, code.marks) if code is not None else None


def _line(entry: CatalogEntry, marker: Marker, rank: Rank) -> PaletteHit:
    meaning = cut(MarkedText(entry.meaning, ())).text if entry.meaning else None
    return PaletteHit("dataset", entry.dataset, marker.marks(entry.dataset), meaning, rank.lamp(entry.dataset))


def _mixed(lists: Sequence[list[PaletteHit]], limit: int) -> list[PaletteHit]:
    """The best of each list, so that none crowds the others out: half the room is the first's, the rest goes round."""
    counts = [0] * len(lists)
    left = limit
    for _ in range(limit):
        for i, found in enumerate(lists):
            share = 3 if i == 0 else 1
            take = min(share, left, len(found) - counts[i])
            counts[i] += take
            left -= take
        if not left or all(counts[i] == len(found) for i, found in enumerate(lists)):
            break
    return [hit for found, count in zip(lists, counts, strict=True) for hit in found[:count]]


def _counted(counter: Counter[str]) -> list[FacetCount]:
    return [FacetCount(value, count) for value, count in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))]


def _require(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    for value in given:
        if value not in known:
            hint = did_you_mean(value, known) or "one of " + ", ".join(f"`{each}`" for each in known)
            raise UsageError("usage.bad_argument", f"there is no {name} `{value[:40]}`", where=f"--{name}", hint=hint)
