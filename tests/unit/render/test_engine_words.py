"""What made a version is named as it names itself."""

import pytest

from andon.model.build import engine_words


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ({"name": "duckdb", "version": "1.5.5", "threads": 1}, "duckdb 1.5.5"),
        ({"name": "spark", "version": "0.7.2", "server": "sail"}, "sail 0.7.2"),
        ({"name": "spark", "version": "4.0.1", "server": "apache"}, "spark 4.0.1"),
        ({"name": "spark"}, "spark"),
        ({}, ""),
    ],
)
def test_who_answers_for_spark_is_named(engine, words):
    assert engine_words(engine) == words
