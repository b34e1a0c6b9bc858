"""No reader loses a row to a wrong bound: random tables are asked with conditions at the values that they hold.

`ANDON_FUZZ` multiplies the number of conditions, for a long run by hand.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from kit.iceberg_tables import SPECIAL, Table, connect
from kit.readers.asking import OPERATORS, Comparison
from kit.readers.here import Reader

_SEEDS = (11, 12)
_ASKED = 12 * int(os.environ.get("ANDON_FUZZ", "1"))
#: What the languages of readers have no word for, or words that mean something else.
_NO_WORD = ("infinity", "BC", "12345", "24:00:00")
#: What a reader does not compare, or not as the engine does, for which NaN lies above all numbers; `test_limits.py` holds the words.
_NOT_COMPARED = {"pyiceberg": {"NaN"}, "Spark": {"UUID"}}


@pytest.mark.parametrize("seed", _SEEDS)
def test_a_condition_finds_every_row(reader: Reader, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with connect() as connection:
        table = Table(connection, tmp_path, seed, reader.misses)
        kinds = {"k": "BIGINT", **table.names}
        for _ in range(_ASKED):
            where = [_comparison(rng, table, reader) for _ in range(rng.choice((1, 1, 1, 2)))]
            said = " and ".join(each.duckdb() for each in where)
            expected = Counter(connection.execute(f"select k from truth where {said}").fetchall())
            assert reader.read(table.metadata, {"k": kinds["k"]}, where).rows == expected, said


def _comparison(rng: random.Random, table: Table, reader: Reader) -> Comparison:
    skipped = _NOT_COMPARED.get(reader.name, set())
    while True:
        column, kind = rng.choice(list(table.names.items()))
        operator = rng.choice(OPERATORS)
        if operator.startswith("is"):
            return Comparison(column, operator)
        texts = [text for text in (*table.texts(column), *SPECIAL[kind][:1]) if not any(w in text for w in _NO_WORD)]
        # the smallest and the largest are bounds
        text = rng.choice((texts[0], texts[-1], rng.choice(texts)))
        may_meet_nan = kind in ("FLOAT", "DOUBLE") and (operator in (">", ">=") or text == "nan")
        if kind not in skipped and not ("NaN" in skipped and may_meet_nan):
            return Comparison(column, operator, text, kind)
