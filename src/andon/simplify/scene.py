"""What hints are found in: the code of a commit, who reads what, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from andon.base.graph import reach, reverse
from andon.base.record import Record, field
from andon.base.text import words_in
from andon.model.dataset import Dataset, Kind, Materialize
from andon.model.lineage import Graph
from andon.model.project import Project
from andon.model.quarantine import is_aside
from andon.simplify.hint import Savings

#: Two names with a point between them, wherever they stand: quoted, within texts of Python or YAML, at the end of a longer name.
_PAIR = re.compile(r"""(?=(?<!\w)["'`]?([^\W\d]\w*)["'`]?\s*\.\s*["'`]?([^\W\d]\w*))""")


class AskedOften(Record):
    """How a dataset was asked by people and tools within the days that count.

    Attributes:
        times: ISO texts of when.
        columns: those that were read, in lower case; None where a question did not tell.
    """

    times: tuple[str, ...] = ()
    columns: frozenset[str] | None = frozenset()


class Cost(Record):
    """What a dataset took.

    Attributes:
        builds: how often it was made within the last 30 days; `seconds` all of them together.
        bytes: of its newest version.
    """

    builds: int = 0
    seconds: float = 0.0
    bytes: int = 0


class ProjectScene(Record, dict=True):
    """A commit, and who reads it.

    Attributes:
        project: what its code says.
        texts: its code files by path.
        needs: by dataset that is there, what it is made of.
        columns: by dataset, its `(column, type)`s as kept.
        settled: the datasets whose newest version is made by the code as it is.
        asked: by dataset; what nobody asked is not in it.
        old: the datasets that are there long enough to tell who reads them.
        log: words of the questions that people and tools asked.
        held: those that somebody holds.
        is_told: whether the log of questions goes back so far that who is not in it does not read.
        days: so many days count for reading.
    """

    project: Project
    texts: Mapping[str, str]
    needs: Mapping[str, frozenset[str]]
    columns: Mapping[str, tuple[tuple[str, str], ...]]
    settled: frozenset[str]
    graph: Graph = field(default_factory=Graph)
    asked: Mapping[str, AskedOften] = field(default_factory=dict)
    old: frozenset[str] = frozenset()
    log: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    costs: Mapping[str, Cost] = field(default_factory=dict)
    is_told: bool = True
    days: int = 60

    @cached_property
    def readers(self) -> Mapping[str, set[str]]:
        """By dataset, those that are made of it."""
        return reverse(self.needs)

    @cached_property
    def named_in(self) -> Mapping[str, frozenset[str]]:
        """By dataset, the files that may name it."""
        found: dict[str, set[str]] = {}
        for path, text in self.texts.items():
            for pair in pairs_of(text) & self.needs.keys():
                found.setdefault(pair, set()).add(path)
        return {name: frozenset(paths) for name, paths in found.items()}

    @cached_property
    def worded_in(self) -> Mapping[str, frozenset[str]]:
        """By word, the files in which it stands."""
        found: dict[str, set[str]] = {}
        for path, text in self.texts.items():
            for word in words_in(text):
                found.setdefault(word, set()).add(path)
        return {word: frozenset(paths) for word, paths in found.items()}

    @property
    def sql(self) -> Iterable[Dataset]:
        """The datasets in SQL that are there as the code says, by name."""
        for name in sorted(self.settled & self.project.datasets.keys()):
            said = self.project.datasets[name]
            if said.definition.kind is Kind.SQL and said.definition.entry in self.texts:
                yield said

    def below(self, name: str) -> set[str]:
        """All that is made of a dataset."""
        return reach(self.readers, [name])

    def cost(self, name: str) -> Cost:
        """What it took."""
        return self.costs.get(name, Cost())

    def saved(self, name: str) -> Savings:
        """What it takes no more when it is gone."""
        cost = self.cost(name)
        return Savings(1, round(cost.seconds, 3), cost.bytes)


def pairs_of(text: str) -> set[str]:
    """Every dataset that a text may name, and more."""
    return {f"{one.lower()}.{other.lower()}" for one, other in _PAIR.findall(text)} if "." in text else set()


def is_plain(said: Dataset) -> bool:
    """Whether a dataset is its SQL and no more: nothing of what it says and does beside that would be lost with it, but for words."""
    definition = said.definition
    does = (
        definition.materialize not in (Materialize.TABLE, Materialize.VIEW)
        or definition.key
        or definition.quarantine
        or definition.corrected
        or definition.was
        or definition.allow
        or definition.clock != "none"
        or is_aside(said.name)
    )
    says = (
        said.checks
        or said.caveats
        or said.handles
        or said.deprecated
        or said.certified
        or said.retention
        or said.refresh
        or said.tags
        or said.lineage
        or any(each.checks or each.type or each.pii or each.was for each in said.columns)
    )
    return not does and not says


def takes(said: Dataset) -> bool:
    """Whether a query can be put into the SQL of a dataset: it is made whole each time, and all of it is kept."""
    definition = said.definition
    return (
        definition.kind is Kind.SQL
        and definition.materialize in (Materialize.TABLE, Materialize.VIEW)
        and not definition.quarantine
        and definition.corrected is None
        and not definition.was
        and not definition.allow
    )
