"""Loading projects from texts, as the tests of this folder do it."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.cache import Cache, MemoryCache
from andon.base.hashing import digest
from andon.errors import Problem
from andon.model.project import Project
from andon.project.load import load


def load_texts(texts: Mapping[str, str | bytes], cache: Cache | None = None) -> Project:
    """The project that `{path: content}` makes."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
    files = {path: digest(content) for path, content in contents.items()}
    return load(files, contents.__getitem__, cache or MemoryCache())


def told(problem: Problem) -> str:
    """A problem in one line."""
    return f"{problem.where}: {problem.code}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")


def one_problem(texts: Mapping[str, str | bytes]) -> Problem:
    """The only problem of a project."""
    problems = load_texts(texts).problems
    assert len(problems) == 1, "\n".join(told(p) for p in problems)
    return problems[0]


SOURCE = {"sources/shop/orders.sql": "select id, amount from read_csv('raw/orders.csv')\n"}
