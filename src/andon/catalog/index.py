"""An index of words, in memory: what has which of them, and how much that says. SQLite's FTS5 holds it.

What is asked for is text and nothing else: it is cut into words by the very tokenizer that cut what is indexed, and each word goes in
as a quoted string, so no operator of the query language can be said.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from andon.base.record import Record
from andon.errors import MachineError

#: What a word says where it stands: in the name, in columns, in what is said, in the code, in what is said elsewhere of what it holds.
WEIGHTS = (10.0, 4.0, 3.0, 1.0, 1.0)
#: How much more a thing says whose name has all words, and one of which they are said.
_NAMED, _SAID = 3.0, 0.75
#: How much more a thing says whose whole name is asked for, and not a part of it: `orders` is nearer to `orders` than `orders_and_taxes`.
_WHOLE = 2.0
#: How far it is made good that bm25 likes short texts: less is more; a text of so many times the mean length counts as no longer.
_LEVEL, _LONG = 2.0, 3.0
#: Of what is asked, so many characters and words are looked at, and so many characters of a word.
_LONGEST, _MOST_WORDS, _LONGEST_WORD = 400, 12, 64
#: A word that nothing has stands for so many others at most.
_MOST_OTHERS = 24
#: Words of fewer letters are too short to be misspelt, and to be a part of others.
_SHORT = 4
#: Of words of so many letters, misspelt, only the first is taken to be right.
_BRIEF = 6
#: What begins with fewer letters is looked for in names alone: texts and code have all of it.
_BEGINNING = 3
#: So much two words have in common, of three-letter pieces, to be the same one misspelt.
_ALIKE = 0.45
_WORD = re.compile(r"[^\W_]+")
_TOKENIZER = "unicode61 remove_diacritics 2"
_ENDINGS = (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ed", ""))


class IndexedText(Record, array_like=True):
    """The words of one thing, by where they stand.

    Attributes:
        handed: what is said of others of which it holds the values, what words of the glossary mean, what people ask about it.
    """

    name: str
    columns: str
    text: str
    code: str
    handed: str = ""


class AskedWord(Record):
    """A word of what is asked, and what stands for it.

    Attributes:
        exact: forms of it that the index has.
        begins: whether words that begin with it are there.
        parts: words that it is a part of.
        alike: words that are spelt much like it, where nothing else stands for it.
    """

    word: str
    exact: tuple[str, ...] = ()
    begins: bool = False
    parts: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the word itself, or the beginning of one, is there."""
        return bool(self.exact) or self.begins


class WordIndex:
    """Texts by key, to be found by their words. What it holds never changes; `moved` makes another one. Safe under threads."""

    def __init__(self, texts: Mapping[str, IndexedText]) -> None:
        self._fill(_empty(), {}, {}, texts)

    def moved(self, texts: Mapping[str, IndexedText]) -> WordIndex:
        """An index of `texts`, made of this one where most of it is the same."""
        changed = sum(self._texts.get(key) != text for key, text in texts.items())
        if changed > len(texts) // 3:
            return WordIndex(texts)
        database = _connected()
        with self._lock:
            self._database.backup(database)
        made = WordIndex.__new__(WordIndex)
        made._fill(database, self._texts, self._numbers, texts, self._pieces)
        return made

    def _fill(
        self,
        database: sqlite3.Connection,
        before: Mapping[str, IndexedText],
        numbers: Mapping[str, int],
        texts: Mapping[str, IndexedText],
        pieces: _Pieces | None = None,
    ) -> None:
        gone = [key for key in before if before[key] != texts.get(key)]
        new = [key for key, text in texts.items() if before.get(key) != text]
        database.executemany(
            "insert into words (words, rowid, name, columns, text, code, handed) values ('delete', ?, ?, ?, ?, ?, ?)",
            [(numbers[key], *_row(before[key])) for key in gone],
        )
        kept = {key: number for key, number in numbers.items() if key in texts and before[key] == texts[key]}
        start = max(kept.values(), default=0) + 1
        self._numbers = kept | {key: number for number, key in enumerate(new, start)}
        database.executemany(
            "insert into words (rowid, name, columns, text, code, handed) values (?, ?, ?, ?, ?, ?)",
            [(self._numbers[key], *_row(texts[key])) for key in new],
        )
        self._database = database
        self._lock = threading.Lock()
        self._texts = texts
        self._keys = {number: key for key, number in self._numbers.items()}
        self._terms = [term for (term,) in database.execute("select term from vocabulary order by term")]
        self._known = frozenset(self._terms)
        # of code nobody remembers half a word
        spoken = "select distinct term from places where col <> 'code' order by term"
        self._spoken = [term for (term,) in database.execute(spoken)]
        self._pieces = _Pieces() if pieces is None else pieces
        self._lengths = _lengths(texts)
        self._names = _NameWords({key: _words_of_name(text.name) for key, text in texts.items()})

    def words(self, text: str) -> list[AskedWord]:
        """The words of what is asked, each once, with what stands for them."""
        with self._lock:
            found = _words_of(self._database, text)
            return [self._asked(word) for word in found]

    def scores(self, words: Sequence[AskedWord]) -> dict[str, float]:
        """What has the words, with how much that says: more is better. All of the words, or, where nothing has all, some of them."""
        if not words:
            return {}
        with self._lock:
            is_whole = all(word.is_known or word.parts or word.alike for word in words)
            found = (is_whole and self._all(words)) or self._some(words)
            factors = self._shares(words, {"name": _NAMED, "text": _SAID})
        whole, lengths, keys = self._names.shares(words), self._lengths, self._keys
        scores = {}
        for number, score in found.items():
            key = keys[number]
            scores[key] = score * (1 + factors.get(number, 0.0)) * (1 + _WHOLE * whole.get(key, 0.0)) * lengths[key]
        return scores

    def _shares(self, words: Sequence[AskedWord], weights: Mapping[str, float]) -> dict[int, float]:
        """Which share of the words stands in some columns, by their weights: one word in a name says more than many in the code."""
        shares: dict[int, float] = {}
        for word in words:
            if not (word.is_known or word.parts or word.alike):
                continue
            alternatives = _alternatives(word, is_wide=not word.is_known)
            for column, weight in weights.items():
                each = weight / len(words)
                expression = f"{{{column}}} : {alternatives}"
                for (number,) in self._database.execute("select rowid from words where words match ?", [expression]):
                    shares[number] = shares.get(number, 0.0) + each
        return shares

    def _all(self, words: Sequence[AskedWord]) -> dict[int, float]:
        """What has all words. Parts of words say less than words, where there are such."""
        found = self._asked_for(" AND ".join(_alternatives(word, is_wide=not word.is_known) for word in words))
        if any(word.is_known and word.parts for word in words):
            wide = self._asked_for(" AND ".join(_alternatives(word, is_wide=True) for word in words))
            found = {key: score / 4 for key, score in wide.items()} | found
        return found

    def _some(self, words: Sequence[AskedWord]) -> dict[int, float]:
        """What has some of the words; each counts for as many as it has."""
        there = [word for word in words if word.is_known or word.parts or word.alike]
        totals: dict[int, float] = {}
        counts: dict[int, int] = {}
        for word in there:
            for key, score in self._asked_for(_alternatives(word, is_wide=not word.is_known)).items():
                totals[key] = totals.get(key, 0.0) + score
                counts[key] = counts.get(key, 0) + 1
        return {key: score * (counts[key] / len(words)) ** 2 for key, score in totals.items()}

    def _asked_for(self, expression: str) -> dict[int, float]:
        weights = ", ".join(str(weight) for weight in WEIGHTS)
        sql = f"select rowid, -bm25(words, {weights}) from words where words match ?"
        return {number: score if score > 1e-6 else 1e-6 for number, score in self._database.execute(sql, [expression])}

    # -- what stands for a word

    def _asked(self, word: str) -> AskedWord:
        exact = tuple(form for form in _forms(word) if form in self._known)
        begins = self._begins(word)
        parts = self._parts(word)
        alike = () if exact or begins or parts else self._alike(word)
        return AskedWord(word, exact, begins, parts, alike)

    def _begins(self, word: str) -> bool:
        place = bisect_left(self._terms, word)
        return place < len(self._terms) and self._terms[place].startswith(word)

    def _parts(self, word: str) -> tuple[str, ...]:
        """Words that hold this one further inside: what its language writes in one, too."""
        if len(word) < 3 and word.isascii():
            return ()
        near = self._spoken if len(word) < 3 else self._pieces.near([word], self._spoken)
        found = [term for term in near if word in term and not term.startswith(word) and term in self._known]
        return tuple(sorted(found, key=lambda term: (len(term), term))[:_MOST_OTHERS])

    def _alike(self, word: str) -> tuple[str, ...]:
        """Words that share most three-letter pieces with one that nothing has."""
        if len(word) < _SHORT or word.isdigit():
            return ()
        near = set(self._pieces.near([word[i : i + 3] for i in range(len(word) - 2)], self._spoken))
        # pieces of a short word are few: one letter in the middle is in most of them, and two that changed places are in all
        begin = word[:1] if len(word) <= _BRIEF else word[:2]
        place = bisect_left(self._spoken, begin)
        while place < len(self._spoken) and self._spoken[place].startswith(begin):
            near.add(self._spoken[place])
            place += 1
        judged = [(_likeness(word, t), t) for t in near if abs(len(t) - len(word)) <= 3 and t in self._known]
        best = sorted((pair for pair in judged if pair[0] >= _ALIKE), key=lambda pair: (-pair[0], pair[1]))
        nearest = [term for likeness, term in best if likeness >= best[0][0] - 0.1]
        forms = [form for term in nearest for form in _forms(term) if form in self._known]
        return tuple(dict.fromkeys(forms))[:_MOST_OTHERS]


class _NameWords:
    """The words of names, the last part of each, and how rare they are: `by` tells less of a name than `revenue`."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._keys: dict[str, list[str]] = {}
        for key, words in names.items():
            for word in words:
                self._keys.setdefault(word, []).append(key)
        self._rarity = {word: math.log(1 + len(names) / len(keys)) for word, keys in self._keys.items()}
        self._total = {key: sum(self._rarity[word] for word in words) for key, words in names.items()}
        self._sorted = sorted(self._keys)

    def shares(self, words: Sequence[AskedWord]) -> dict[str, float]:
        """Which share of its name is asked for, by the rarity of its words; of things of whose names nothing is, none."""
        met = {each for word in words for each in self._standing_for(word)}
        found: dict[str, float] = {}
        for word in sorted(met):
            rarity = self._rarity[word]
            for key in self._keys[word]:
                found[key] = found.get(key, 0.0) + rarity
        return {key: rarity / self._total[key] for key, rarity in found.items()}

    def _standing_for(self, word: AskedWord) -> list[str]:
        found = [term for term in (*word.exact, *word.alike) if term in self._keys]
        if word.begins:
            place = bisect_left(self._sorted, word.word)
            while place < len(self._sorted) and self._sorted[place].startswith(word.word):
                found.append(self._sorted[place])
                place += 1
        if not word.is_known:
            found += [term for term in word.parts if term in self._keys]
        return found


class _Pieces:
    """Which words hold which pieces of three letters. It only grows, and serves an index and all that are made of it; it is filled when
    it is first asked, since most words are spelt right."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def near(self, pieces: Sequence[str], terms: Sequence[str]) -> list[str]:
        """Words that hold any of `pieces`, those first that hold more and rarer ones: of `terms`, and of those asked about before."""
        with self._lock:
            if self._database is None:
                self._database = _connected()
                self._database.execute("create virtual table pieces using fts5(term, content='', tokenize='trigram')")
            new = [term for term in terms if term not in self._seen]
            start = len(self._terms) + 1
            self._database.executemany("insert into pieces (rowid, term) values (?, ?)", enumerate(new, start))
            self._terms += new
            self._seen.update(new)
            sql = "select rowid from pieces where pieces match ? order by rank limit 400"
            rows = self._database.execute(sql, [" OR ".join(_quoted(piece) for piece in pieces)]).fetchall()
            return [self._terms[number - 1] for (number,) in rows]


def _alternatives(word: AskedWord, *, is_wide: bool) -> str:
    forms = [_quoted(form) for form in word.exact]
    if word.begins and len(word.word) < _BEGINNING and word.word.isascii():
        forms.append(f"{{name columns}} : {_quoted(word.word)} *")
    elif word.begins:
        forms.append(f"{_quoted(word.word)} *")
    if is_wide:
        forms += [_quoted(term) for term in (*word.parts, *word.alike)]
    return f"({' OR '.join(forms)})"


def _forms(word: str) -> list[str]:
    """A word, what it may be one of (many of it, a form of doing it), and many of it."""
    ended = [(end, put) for end, put in _ENDINGS if word.endswith(end) and len(word) > len(end) + 2]
    return [word, *(word.removesuffix(end) + put for end, put in ended), f"{word}s"]


def _likeness(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    mine, theirs = _pieces(one), _pieces(other)
    shared = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    return (shared + SequenceMatcher(None, one, other, autojunk=False).ratio()) / 2


def _pieces(word: str) -> set[str]:
    padded = f" {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _row(text: IndexedText) -> tuple[str, ...]:
    return tuple(map(storable, (text.name, text.columns, text.text, text.code, text.handed)))


def storable(text: str) -> str:
    """A text that SQLite takes: half a character is none."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def _lengths(texts: Mapping[str, IndexedText]) -> dict[str, float]:
    """What makes good that bm25 takes a long text for one that says less: of whom much is said, it is not less true."""
    sizes = {key: sum(map(len, (t.name, t.columns, t.text, t.code, t.handed))) for key, t in texts.items()}
    mean = sum(sizes.values()) / len(sizes) if sizes else 1.0
    return {key: (_LEVEL + min(size / mean, _LONG)) / (_LEVEL + 1) for key, size in sizes.items()}


def _words_of_name(name: str) -> tuple[str, ...]:
    """The words of the last part of a name, each once."""
    return tuple(dict.fromkeys(_WORD.findall(name.rpartition(".")[2].lower())))


def _words_of(database: sqlite3.Connection, text: str) -> list[str]:
    """The words of a text as the index has them, each once, in their order."""
    database.execute("insert into asked (rowid, text) values (1, ?)", [storable(text[:_LONGEST])])
    rows = database.execute("select term from asked_words order by offset").fetchall()
    database.execute("insert into asked (asked) values ('delete-all')")
    return list(dict.fromkeys(term[:_LONGEST_WORD] for (term,) in rows))[:_MOST_WORDS]


def _connected() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _empty() -> sqlite3.Connection:
    database = _connected()
    try:
        database.execute(
            f"create virtual table words using fts5(name, columns, text, code, handed, content='', tokenize='{_TOKENIZER}')"
        )
    except sqlite3.OperationalError as error:
        raise MachineError(
            "machine.missing",
            f"this Python's SQLite can't search texts: {error}",
            hint="use a Python whose SQLite has FTS5, as those of python.org, Debian and uv have",
        ) from error
    database.execute("create virtual table vocabulary using fts5vocab(words, 'row')")
    database.execute("create virtual table places using fts5vocab(words, 'col')")
    database.execute(f"create virtual table asked using fts5(text, content='', tokenize='{_TOKENIZER}')")
    database.execute("create virtual table asked_words using fts5vocab(asked, 'instance')")
    return database
