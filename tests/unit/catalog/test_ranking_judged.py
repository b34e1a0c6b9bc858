"""Ranking, judged: forty questions over a catalog of five hundred datasets whose best answers are known by how it was made.

Each subject (revenue by month, refunds by region, …) has one dataset that people should take, and nine that get in its way: copies that
nobody uses, an old one that says it is, a twin whose check fails, a staging table, and four that only read it. Plain bm25 of the same
texts, all columns alike, is what it has to beat.
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Sequence

import pytest

from andon.catalog.entries import CatalogEntry, EntryColumn
from andon.catalog.index import IndexedText, WordIndex
from andon.catalog.ranking import Rank, as_name, names_of
from andon.catalog.search import text_of
from andon.catalog.use import DatasetUse
from andon.model.lamp import Lamp

TOPICS = (
    "revenue",
    "refunds",
    "sessions",
    "invoices",
    "churn",
    "inventory",
    "campaigns",
    "tickets",
    "forecasts",
    "payouts",
)
GRAINS = ("month", "region", "customer", "channel", "supplier")
#: A column that only the datasets of one subject have.
SPECIAL = {
    "revenue": "net_margin",
    "refunds": "reason_code",
    "sessions": "bounce_rate",
    "tickets": "first_reply_minutes",
    "churn": "cancelled_on",
}


def column(name: str, said: str | None = None) -> EntryColumn:
    return EntryColumn(name, "VARCHAR", said)


def entry(name: str, description: str | None, code: str, columns: Sequence[EntryColumn], *tags: str) -> CatalogEntry:
    return CatalogEntry(name, "sql", "table", description, None, tags, tuple(columns), code, 10, None, ())


class Made:
    """The catalog, and what it is judged by."""

    def __init__(self) -> None:
        pick = random.Random(11)
        self.entries: dict[str, CatalogEntry] = {}
        self.uses: dict[str, DatasetUse] = {}
        self.lamps: dict[str, Lamp] = {}
        for topic in TOPICS:
            for grain in GRAINS:
                self._subject(topic, grain, pick)

    def _subject(self, topic: str, grain: str, pick: random.Random) -> None:
        best = f"marts.{topic}_by_{grain}"
        columns = [column("id"), column(grain), column("amount", f"{topic.capitalize()} of the {grain}.")]
        if topic in SPECIAL and grain == "month":
            columns.append(column(SPECIAL[topic]))
        code = f"select {grain}, sum(amount) as amount from staging.{topic} group by {grain}"
        said = f"{topic.capitalize()} of each {grain}, as finance reports it."
        self.put(entry(best, said, code, columns), pick.randrange(12, 30))
        for number in (1, 2):
            self.put(entry(f"scratch.{topic}_{grain}_{number}", said, code, columns), pick.randrange(0, 2))
        old = entry(f"marts.{topic}_per_{grain}_old", f"{said} Not kept up.", code, columns, "deprecated")
        self.put(old, pick.randrange(2, 9))
        twin = entry(f"legacy.{topic}_by_{grain}", said, code, columns)
        self.put(twin, pick.randrange(5, 12))
        self.lamps[twin.dataset] = Lamp.FAIL
        self.put(
            entry(f"staging.{topic}_{grain}_raw", None, f"select * from shop.{topic}", columns), pick.randrange(0, 4)
        )
        for number in range(4):
            about = pick.choice(TOPICS)
            reads = f"select * from {best} join {best} b using ({grain}) -- {topic} {grain} {topic}"
            name = f"reports.{about}_{pick.choice(GRAINS)}_{topic[:3]}{grain[:3]}{number}"
            self.put(entry(name, f"A look at {about}.", reads, [column("id"), column("value")]), pick.randrange(0, 15))

    def put(self, made: CatalogEntry, readers: int) -> None:
        self.entries[made.dataset] = made
        self.uses[made.dataset] = DatasetUse(readers, readers * 3)


def questions() -> list[tuple[str, dict[str, int]]]:
    """What is asked, and how good which answers are."""
    pick = random.Random(4)
    pairs = [(topic, grain) for topic in TOPICS for grain in GRAINS]
    found = []
    for topic, grain in pick.sample(pairs, 12):
        found.append((f"{topic} {grain}", grades(topic, grain)))
    for topic, grain in pick.sample(pairs, 6):
        found.append((f"{topic.removesuffix('s')} by {grain}s", grades(topic, grain)))
    for topic, grain in pick.sample(pairs, 6):
        found.append((f"{topic[:2]}{topic[3:]} {grain}", grades(topic, grain)))  # a letter is missing
    for topic, grain in pick.sample(pairs, 6):
        found.append((f"{topic[:4]} {grain[:4]}", grades(topic, grain)))
    for topic, grain in pick.sample(pairs, 5):
        found.append((f"{grain} {topic.upper()}!", grades(topic, grain)))
    for topic, name in SPECIAL.items():
        found.append((name.replace("_", " "), grades(topic, "month")))
    return found


def grades(topic: str, grain: str) -> dict[str, int]:
    return {
        f"marts.{topic}_by_{grain}": 3,
        f"legacy.{topic}_by_{grain}": 1,
        f"scratch.{topic}_{grain}_1": 1,
        f"scratch.{topic}_{grain}_2": 1,
    }


def gain(ranking: Sequence[str], wanted: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain."""

    def total(grades: Sequence[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:depth]))

    return total([wanted.get(name, 0) for name in ranking]) / total(sorted(wanted.values(), reverse=True))


class Plain:
    """bm25 of SQLite over the same texts."""

    def __init__(self, texts: dict[str, IndexedText]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create virtual table t using fts5(key unindexed, name, columns, text, code)")
        rows = [(key, text.name, text.columns, text.text, text.code) for key, text in texts.items()]
        self._database.executemany("insert into t values (?, ?, ?, ?, ?)", rows)

    def ask(self, text: str) -> list[str]:
        words = "".join(c if c.isalnum() else " " for c in text).split()
        wanted = " OR ".join(f'"{word}"' for word in words)
        rows = self._database.execute("select key from t where t match ? order by rank, key limit 10", [wanted])
        return [key for (key,) in rows]


@pytest.fixture(scope="module")
def judged() -> dict[str, list[float]]:
    made = Made()
    assert len(made.entries) == 500
    texts = {name: text_of(each) for name, each in made.entries.items()}
    index, plain, rank = WordIndex(texts), Plain(texts), Rank(made.uses, made.lamps)
    names = names_of(made.entries)
    found: dict[str, list[float]] = {"andon": [], "plain": []}
    for text, wanted in questions():
        words = index.words(text)
        ranking = rank.ordered(index.scores(words), made.entries, names.get(as_name(text), []))
        found["andon"].append(gain([each.dataset for each in ranking], wanted))
        found["plain"].append(gain(plain.ask(text), wanted))
    return found


def test_what_people_should_take_comes_first(judged: dict[str, list[float]]) -> None:
    assert len(judged["andon"]) == 40
    andon, plain = (sum(judged[name]) / 40 for name in ("andon", "plain"))
    assert andon > 0.88  # measured: 0.91
    assert andon - plain > 0.5  # measured: 0.62


def test_no_question_is_answered_badly(judged: dict[str, list[float]]) -> None:
    asked = [text for text, _ in questions()]
    assert [text for text, found in zip(asked, judged["andon"], strict=True) if found < 0.8] == []
