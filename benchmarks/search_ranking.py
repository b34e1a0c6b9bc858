"""Judges the ranking of search: sixty questions over five hundred datasets, nDCG@5, beside plain bm25 of FTS5 over the same texts.

    python benchmarks/search_ranking.py             the catalogs of both trades, each with three seeds; writes its part of RESULTS.md
    python benchmarks/search_ranking.py --worst 12  and more of the questions that were answered worst

`search_lake.py` says what is asked and what is wanted, `search_words.py` which words. The ranking was looked at with the trade `shop` and
its first seed while it was made; the other seeds, and the trade `care`, were asked when it was done.
"""

from __future__ import annotations

import argparse
import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from search_lake import KINDS, Made, Question, made_lake
from search_words import CARE, SHOP, Trade

from andon.catalog.index import IndexedText, WordIndex
from andon.catalog.ranking import Names, Rank, said_of
from andon.catalog.search import text_of

#: nDCG@5 at least, and so much above plain bm25.
GOOD, ABOVE = 0.9, 0.15
DEPTH = 5
#: With which the ranking was looked at, and which were left alone.
TUNED: tuple[Trade, int] = (SHOP, 1)
HELD_OUT: tuple[tuple[Trade, int], ...] = ((SHOP, 2), (SHOP, 3), (CARE, 1), (CARE, 2), (CARE, 3))

#: Gives the datasets for what is asked, best first.
Ask = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Judged:
    """A question, with what it got from the ranking and from plain bm25."""

    question: Question
    andon: float
    plain: float
    stemmed: float
    first: tuple[str, ...]


def gain(ranking: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain."""

    def total(found: Sequence[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(found[:depth]))

    return total([grades.get(name, 0) for name in ranking]) / total(sorted(grades.values(), reverse=True))


def ranking_of(made: Made) -> Ask:
    """As `andon find` orders, without its faces."""
    index = WordIndex({name: text_of(each) for name, each in made.entries.items()})
    rank, names = Rank(made.uses, made.lamps), Names(made.entries)
    said = {name: said_of(entry) for name, entry in made.entries.items()}

    def ask(text: str) -> Sequence[str]:
        scores = index.scores(index.words(text))
        return [each.dataset for each in rank.ordered(scores, made.entries, names.called(text), said)]

    return ask


def plain_of(made: Made, tokenizer: str = "unicode61", after: str = "") -> Ask:
    """bm25 of SQLite over the same texts, any of the words; `after` each of them, as `*` for its beginnings."""
    database = sqlite3.connect(":memory:")
    fields = "key unindexed, name, columns, text, code, handed"
    database.execute(f"create virtual table t using fts5({fields}, tokenize='{tokenizer}')")
    texts: dict[str, IndexedText] = {name: text_of(each) for name, each in made.entries.items()}
    rows = [(key, each.name, each.columns, each.text, each.code, each.handed) for key, each in texts.items()]
    database.executemany("insert into t values (?, ?, ?, ?, ?, ?)", rows)

    def ask(text: str) -> Sequence[str]:
        words = "".join(c if c.isalnum() else " " for c in text).split()
        wanted = " OR ".join(f'"{word}"{after}' for word in words)
        found = database.execute("select key from t where t match ? order by rank, key limit 10", [wanted])
        return [key for (key,) in found]

    return ask


def judged(trade: Trade, seed: int) -> list[Judged]:
    """All questions of a catalog."""
    made = made_lake(trade, seed)
    mine, plain, stemmed = ranking_of(made), plain_of(made), plain_of(made, "porter unicode61", "*")
    found = []
    for question in made.questions:
        ranking = mine(question.text)
        andon, *beside = (
            gain(each, question.grades) for each in (ranking, plain(question.text), stemmed(question.text))
        )
        found.append(Judged(question, andon, *beside, tuple(ranking[:DEPTH])))
    return found


def means(found: Sequence[Judged], kind: str | None = None) -> tuple[float, float]:
    """nDCG@5 of the ranking and of plain bm25, of questions of a kind or of all."""
    of = [each for each in found if kind in (None, each.question.kind)]
    return sum(each.andon for each in of) / len(of), sum(each.plain for each in of) / len(of)


def main() -> int:
    """Judge, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worst", type=int, default=5, help="how many of the worst answers are shown")
    parser.add_argument("--tuned", action="store_true", help="only the catalog that the ranking is looked at with")
    given = parser.parse_args()
    catalogs = [TUNED] if given.tuned else [TUNED, *HELD_OUT]
    results = {(trade.name, seed): judged(trade, seed) for trade, seed in catalogs}
    tuned = results[TUNED[0].name, TUNED[1]]
    held = [each for key, found in results.items() if key != (TUNED[0].name, TUNED[1]) for each in found]
    page = [
        "## Ranking of search",
        "",
        "Written by `python benchmarks/search_ranking.py`, which says what is judged.",
        "",
    ]
    page += ["| catalog | nDCG@5 | plain bm25 | above | bm25 of stems and beginnings |", "|---|---|---|---|---|"]
    is_met = True
    for (name, seed), found in results.items():
        andon, plain = means(found)
        is_met = is_met and andon >= GOOD and andon - plain >= ABOVE
        how = "looked at while it was made" if (name, seed) == (TUNED[0].name, TUNED[1]) else "held out"
        stems = sum(each.stemmed for each in found) / len(found)
        page.append(f"| {name}, seed {seed} ({how}) | {andon:.3f} | {plain:.3f} | {andon - plain:+.3f} | {stems:.3f} |")
    page += ["", f"At least {GOOD}, and {ABOVE} above bm25: {'met by each' if is_met else 'missed'}.", ""]
    page += ["| kind of question | looked at | bm25 | held out | bm25 |", "|---|---|---|---|---|"]
    for kind in KINDS:
        cells = [*means(tuned, kind), *(means(held, kind) if held else (math.nan, math.nan))]
        page.append(f"| {kind} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    page += ["", f"The worst {given.worst}:", "", "| asked | nDCG@5 | wanted | first was |", "|---|---|---|---|"]
    for each in sorted([*tuned, *held], key=lambda one: one.andon)[: given.worst]:
        best = max(each.question.grades, key=lambda name: each.question.grades[name])
        first = each.first[0] if each.first else "nothing"
        page.append(f"| {each.question.text} | {each.andon:.3f} | `{best}` | `{first}` |")
    print("\n".join(page))
    if not given.tuned:
        from parts import write_part

        write_part("ranking", page)
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
