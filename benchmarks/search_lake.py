"""A catalog of five hundred datasets, and sixty questions whose best answers are known by how it was made.

For `search_ranking.py`. Each of 25 subjects has twenty datasets: what people should take, what that is made of, what reads it, and what
stands in the way: twins that are deprecated and still read, copies that nobody renews, a new version whose check fails, scratch tables
and exports that only cron reads. What a question wants is said by the part that a dataset plays, which nothing of the ranking sees.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from andon.catalog.entries import CatalogEntry, EntryColumn
from andon.catalog.use import DatasetUse
from andon.lineage.descriptions import HandedText
from andon.model.glossary import GlossaryTerm
from andon.model.lamp import Lamp
from andon.model.standing import Certification, Deprecation

if TYPE_CHECKING:
    from search_words import Subject, Trade

#: How many questions of each kind.
KINDS = {
    "exact name": 8,
    "part of a name": 8,
    "meaning in words": 10,
    "glossary or tag": 8,
    "column": 8,
    "misspelt": 8,
    "one and many": 5,
    "owner": 5,
}
_AREAS = ("finance", "growth", "operations", "people", "product")


@dataclass(frozen=True)
class Part:
    """The part that a dataset plays: for which subject, told apart by what, and as what."""

    subject: str
    role: str
    grain: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Question:
    """What somebody types, and how good which answers are: 3 is what they want, 1 is near."""

    kind: str
    text: str
    grades: dict[str, int]


@dataclass
class Made:
    """The catalog, how it is used and how it stands, the part of each dataset, and the questions."""

    entries: dict[str, CatalogEntry] = field(default_factory=dict)
    uses: dict[str, DatasetUse] = field(default_factory=dict)
    lamps: dict[str, Lamp] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


def made_lake(trade: Trade, seed: int) -> Made:
    """The catalog of a trade; one seed always gives the same."""
    made = Made()
    for number, subject in enumerate(trade.subjects):
        _Family(made, trade, subject, random.Random(f"{trade.name}{seed}{number}")).make()
    made.questions = _Asker(made, trade, random.Random(f"{trade.name}{seed}")).questions()
    return made


class _Family:
    """The twenty datasets of one subject."""

    def __init__(self, made: Made, trade: Trade, subject: Subject, pick: random.Random) -> None:
        self.made, self.trade, self.subject, self.pick = made, trade, subject, pick
        self.owner, self.analyst = pick.sample(trade.people, 2)
        self.grains = pick.sample(trade.grains, 3)
        self.area = pick.choice(_AREAS)
        self.amount = pick.choice(["amount", "total", "value", f"{subject.one}_amount"])
        style = pick.choice(["marts.{}", "core.{}", "marts.fct_{}", "marts.{}_all"])
        self.core = style.format(subject.many)
        self.by = {grain: self._by_name(grain) for grain in self.grains}
        # of some, what people should take is new, and they still go to what it is to replace
        self.is_new = pick.random() < 0.2
        self.term = GlossaryTerm(
            subject.term,
            subject.says,
            (subject.also,),
            (self.core, *(f"{name}.{self.amount}" for name in self.by.values())),
        )

    def _by_name(self, grain: str) -> str:
        word = self.pick.choice([self.subject.many, self.subject.many, self.subject.one])
        return self.pick.choice(["marts.{}_by_{}", "marts.{}_per_{}", "marts.{}_{}"]).format(word, grain)

    def make(self) -> None:
        """All of them."""
        subject, pick = self.subject, self.pick
        many, one = subject.many, subject.one
        own = [tuple(column.split(": ", 1)) for column in subject.columns]
        described = [(f"{one}_id", f"Number of the {one}."), (self.amount, f"How much, for each {one}."), *own]
        raw, staging = f"{pick.choice(['app', 'erp', 'shop_db'])}.{many}", f"staging.stg_{many}"
        plain: list[tuple[str, str | None]] = [(name, None) for name, _ in described]
        self._put(raw, "source", None, plain, f"from read_csv('raw/{many}_*.csv')", (0, 3), owner=None)
        self._put(
            staging, "staging", None, plain, f"select trim(approved) from {raw} where {one}_id is not null", (1, 4)
        )
        core = f"select *, {self.amount} from {staging} join {raw} using ({one}_id)"
        certified = Certification(self.owner) if pick.random() < 0.5 else None
        people = (1, 4) if self.is_new else (8, 30)
        self._put(self.core, "core", subject.says, described, core, people, certified=certified, terms=(self.term,))
        self._by_grain()
        self._in_the_way(core, described)
        self._around(raw)

    def _by_grain(self) -> None:
        for grain, name in self.by.items():
            said = self._said(grain)
            code = f"select {grain}, sum({self.amount}) as {self.amount} from {self.core} group by {grain}"
            columns = [(grain, f"The {grain}."), (self.amount, None), (f"{self.subject.one}_count", None)]
            people = (1, 3) if self.is_new else (4, 18)
            self._put(name, "by", said, columns, code, people, grain=grain, terms_at=self.amount)
            if self.pick.random() < 0.06:
                self.made.lamps[name] = Lamp.WARN

    def _said(self, grain: str) -> str:
        start = self.subject.says.removesuffix(".")
        return self.pick.choice(
            [f"{start}, by {grain}.", f"{start}; one row for each {grain}.", f"{start} per {grain}."]
        )

    def _in_the_way(self, core: str, described: list[tuple[str, str | None]]) -> None:
        """What looks as good and is not."""
        pick, many, first, second = self.pick, self.subject.many, self.grains[0], self.grains[1]
        code = f"select {first}, sum({self.amount}) as {self.amount} from {self.core} group by {first}"
        columns: list[tuple[str, str | None]] = [(first, f"The {first}."), (self.amount, None)]
        still = (10, 25) if self.is_new else (2, 9)
        ends = Deprecation(self.by[first], "2027-01-31")
        old = pick.choice([f"legacy.{many}_by_{first}", f"marts.{many}_by_{first}_old"])
        self._put(old, "deprecated", self._said(first), columns, code, still, grain=first, deprecated=ends)
        legacy = f"legacy.{many}"
        self._put(legacy, "deprecated", self.subject.says, described, core, still, deprecated=Deprecation(self.core))
        backup = f"marts.{many}_by_{second}_backup"
        self._put(
            backup, "stale", self._said(second), [(second, None), (self.amount, None)], code, (0, 4), grain=second
        )
        archive = f"archive.{many}_{pick.choice([2023, 2024, 2025])}"
        self._put(archive, "stale", self.subject.says, described, core, (0, 4))
        self.made.lamps[backup] = self.made.lamps[archive] = Lamp.STALE
        for grain in (first, None):
            name = f"scratch.{pick.choice(self.trade.people)}_{many}_{grain or 'copy'}"
            said = self._said(grain) if grain else self.subject.says
            self._put(
                name, "scratch", said, columns if grain else described, code if grain else core, None, grain=grain
            )
        red = f"marts.{many}_by_{self.grains[2]}_v2"
        third = [(self.grains[2], None), (self.amount, None)]
        self._put(red, "red", self._said(self.grains[2]), third, code, (1, 6), grain=self.grains[2])
        self.made.lamps[red] = Lamp.FAIL

    def _around(self, raw: str) -> None:
        """What reads it, and what mentions it."""
        pick, many, one = self.pick, self.subject.many, self.subject.one
        every = ", ".join(self.by.values())
        log = [("file", None), ("row_count", None), ("loaded_at", "When it came.")]
        self._put(f"ops.{many}_load_log", "log", f"Loads of {raw}, file by file.", log, f"select * from {raw}", (0, 3))
        features = [(f"{one}_{word}", None) for word in ("mean_30d", "trend", "last_seen")]
        self._put(
            f"ml.{many}_features",
            "features",
            f"Features of a model about {many}.",
            features,
            f"from {self.core}",
            (0, 5),
        )
        report = [("week", None), (self.amount, None), ("change", "Against the week before.")]
        said = f"The week in {many}: {self.subject.says.lower()}"
        name = f"reports.{many}_overview"
        self._put(name, "report", said, report, f"select week from {every}", (5, 25), owner=self.analyst)
        for other in pick.sample([each for each in self.trade.subjects if each is not self.subject], 2):
            name = f"reports.{many}_and_{other.many}"
            said = f"How {many} and {other.many} go together."
            both = [("day", None), (f"{one}_count", None), (f"{other.one}_count", None)]
            who = pick.choice(self.trade.people)
            self._put(name, "cross", said, both, f"from {self.core}, {other.many}", (0, 20), owner=who)
        grain = pick.choice(self.trade.grains)
        name = f"marts.{grain}_with_{many}"
        summary = [(grain, None), (f"{one}_count", None), (f"has_{one}", None)]
        self._put(name, "summary", f"Each {grain}, and what is counted of it.", summary, f"from {self.core}", (0, 12))
        sheet = f"exports.{many}_to_sheet"
        self._put(sheet, "export", f"{many.capitalize()} for a spreadsheet.", report, f"from {self.core}", None)

    def _put(
        self,
        name: str,
        role: str,
        said: str | None,
        columns: Sequence[tuple[str, str | None]],
        code: str,
        people: tuple[int, int] | None,
        *,
        grain: str | None = None,
        owner: str | None = "",
        deprecated: Deprecation | None = None,
        certified: Certification | None = None,
        terms: tuple[GlossaryTerm, ...] = (),
        terms_at: str | None = None,
    ) -> None:
        """A dataset; nobody but cron reads it where no `people` are given. An owner of "" is the subject's."""
        by = (self.owner if role in ("core", "by", "deprecated", "stale") else None) if owner == "" else owner
        tags = (self.area, *(("deprecated",) if deprecated is not None else ())) if role in _TAGGED else ()
        origin = f"{self.core}.{self.amount}"
        made = tuple(
            EntryColumn(
                column,
                "VARCHAR",
                about,
                HandedText(f"How much, for each {self.subject.one}.", (origin,))
                if about is None and role in ("stale", "red") and column == self.amount
                else None,
                (self.term,) if column == terms_at else (),
            )
            for column, about in columns
        )
        while name in self.made.entries:
            name += "_2"
        kind = "source" if role == "source" else "sql"
        self.made.entries[name] = CatalogEntry(
            name, kind, "table", said, by, tags, made, code, 100, None, (), deprecated, certified, terms
        )
        readers = 0 if people is None else self.pick.randint(*people)
        if readers:
            self.made.uses[name] = DatasetUse(readers, readers * self.pick.randint(1, 9))
        self.made.parts[name] = Part(self.subject.many, role, grain, by)


_TAGGED = frozenset({"core", "by", "deprecated", "stale", "report"})


class _Asker:
    """What people ask of a catalog."""

    def __init__(self, made: Made, trade: Trade, pick: random.Random) -> None:
        self.made, self.trade, self.pick = made, trade, pick

    def questions(self) -> list[Question]:
        """Sixty, of each kind so many."""
        ways: dict[str, Callable[[Subject], Question]] = {
            "exact name": self._exact,
            "part of a name": self._part,
            "meaning in words": self._meaning,
            "glossary or tag": self._glossary,
            "column": self._column,
            "misspelt": self._misspelt,
            "one and many": self._forms,
            "owner": self._owner,
        }
        return [ways[kind](s) for kind, many in KINDS.items() for s in self.pick.sample(self.trade.subjects, many)]

    # -- what is wanted

    def _names(self, subject: Subject, role: str, grain: str | None = None) -> list[str]:
        wanted = (name for name, part in self.made.parts.items() if (part.subject, part.role) == (subject.many, role))
        return [name for name in wanted if grain is None or self.made.parts[name].grain == grain]

    def _about(self, subject: Subject) -> dict[str, int]:
        """Of a subject as a whole: its own table; near are those by something, and the report."""
        near = [*self._names(subject, "by"), *self._names(subject, "report")]
        return dict.fromkeys(near, 1) | dict.fromkeys(self._names(subject, "core"), 3)

    def _by(self, subject: Subject, grain: str) -> dict[str, int]:
        return dict.fromkeys(self._names(subject, "core"), 1) | dict.fromkeys(self._names(subject, "by", grain), 3)

    def _grain(self, subject: Subject) -> str:
        return str(self.pick.choice([self.made.parts[name].grain for name in self._names(subject, "by")]))

    # -- how it is asked for

    def _exact(self, subject: Subject) -> Question:
        """Somebody has the name, good or bad; a last part alone means what one should take of those that are called so."""
        role = self.pick.choice(["core", "by", "by", "staging", "deprecated", "log", "source", "red"])
        name = self.pick.choice(self._names(subject, role))
        is_whole = role in ("deprecated", "source") or self.pick.random() < 0.5
        return Question("exact name", name if is_whole else name.partition(".")[2], {name: 3})

    def _part(self, subject: Subject) -> Question:
        grain = self._grain(subject)
        if self.pick.random() < 0.6:
            return Question("part of a name", f"{subject.many[:4]} {grain[:3]}", self._by(subject, grain))
        return Question("part of a name", subject.many[1:], self._about(subject))

    def _meaning(self, subject: Subject) -> Question:
        if self.pick.random() < 0.6:
            return Question("meaning in words", subject.asks, self._about(subject))
        grain = self._grain(subject)
        return Question("meaning in words", f"{subject.asks} by {grain}", self._by(subject, grain))

    def _glossary(self, subject: Subject) -> Question:
        word = self.pick.choice([subject.term.replace("_", " "), subject.also])
        if self.pick.random() < 0.75:
            return Question("glossary or tag", word, self._about(subject))
        (core,) = self._names(subject, "core")
        return Question("glossary or tag", f"{self.made.entries[core].tags[0]} {subject.many}", self._about(subject))

    def _column(self, subject: Subject) -> Question:
        column = self.pick.choice(subject.columns).partition(":")[0]
        grades = dict.fromkeys(self._names(subject, "staging"), 1) | dict.fromkeys(self._names(subject, "core"), 3)
        return Question("column", self.pick.choice([column, column.replace("_", " ")]), grades)

    def _misspelt(self, subject: Subject) -> Question:
        word, place = subject.many, self.pick.randrange(1, len(subject.many) - 2)
        wrong = self.pick.choice(
            [
                word[:place] + word[place + 1 :],
                word[:place] + word[place] + word[place:],
                word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            ]
        )
        if self.pick.random() < 0.5:
            return Question("misspelt", wrong, self._about(subject))
        grain = self._grain(subject)
        return Question("misspelt", f"{wrong} {grain}", self._by(subject, grain))

    def _forms(self, subject: Subject) -> Question:
        if self.pick.random() < 0.5:
            return Question("one and many", subject.one, self._about(subject))
        grain = self._grain(subject)
        many = f"{grain[:-1]}ies" if grain.endswith("y") and grain != "day" else f"{grain}s"
        return Question("one and many", f"{subject.one} by {many}", self._by(subject, grain))

    def _owner(self, subject: Subject) -> Question:
        """What somebody made of a subject."""
        (core,) = self._names(subject, "core")
        (report,) = self._names(subject, "report")
        best = self.pick.choice([core, report])
        owner = self.made.entries[best].owner
        near = [*self._names(subject, "by"), *self._names(subject, "cross"), core, report]
        grades = {name: 1 for name in near if self.made.entries[name].owner == owner} | {best: 3}
        return Question("owner", self.pick.choice([f"{subject.many} {owner}", f"{owner} {subject.many}"]), grades)
