"""No text makes reading it slow: what the engine would read in time that grows with the square is refused with its place."""

from __future__ import annotations

import time

import pytest

from andon.project.files.toml import read_toml
from andon.sql.parse import parse

N = 100_000
REFUSED = {
    "and": ("select 1 where true " + "and true " * N, "`and`"),
    "and, wrong": ("select 1 as x " + "and " * 2 * N, "`and`"),
    "or": ("select 1 where true " + "OR true " * N, "`or`"),
    "when": ("select case " + "when true then 1 " * N + "end", "`when`"),
    "union": ("select 1" + " union all select 1" * N, "`union`"),
    "comments": ("/*" * N, "comments"),
    "comments, closed": ("/*" * N + "*/" * N + "select 1", "comments"),
    "comments after a text": ("select '/*', $a$ /* $a$ " + "/* " * N, "comments"),
}
READ = {
    "flat comments": "/* a */ " * N + "select 1",
    "in a text": "select '" + "/*" * N + "'",
    "in a line": "select 1 -- " + "/* and " * N,
    "in a dollar text": "select $a$" + "/* or " * N + "$a$",
    "a list": "select 1 in (" + "1," * 20_000 + "1)",
    "parts of words": "select " + ", ".join(f"land{i} as order{i}" for i in range(3000)) + " from a.b",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_take_long_is_refused(name):
    text, word = REFUSED[name]
    began = time.process_time()
    (found,) = parse([text])
    assert found.problem is not None
    assert word in found.problem.message
    assert found.problem.offset is not None
    assert time.process_time() - began < 3


@pytest.mark.parametrize("name", READ)
def test_what_only_looks_like_it_is_read(name):
    (found,) = parse([READ[name]])
    assert found.problem is None


@pytest.mark.parametrize(
    "text",
    ["a." * N + "x = 1", "[" + "a." * N + "x]", "x = " + "[" * N, "[people]\nx = " + "{a=" * 50 + "1" + "}" * 50],
)
def test_deep_settings_are_refused(text):
    began = time.process_time()
    values, problems = read_toml("andon.toml", text)
    assert values == {}
    assert [p.code for p in problems] == ["project.bad_toml"]
    assert time.process_time() - began < 3


def test_points_in_values_and_comments_are_no_depth():
    text = "[people.ana]\nrole = 'owner'\nmail = '" + "a." * 30 + "a@example.com'\n# " + "a." * 30 + "\n"
    values, problems = read_toml("andon.toml", text)
    assert problems == []
    assert values["people"]["ana"]["mail"].startswith("a.a")
