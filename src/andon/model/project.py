"""A project as loaded from its files: datasets, rules, unit tests, settings, insights, and every problem that was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.record import Record, field
from andon.errors import Problem
from andon.model.dataset import Dataset
from andon.model.playbook import Playbooks
from andon.model.rule import Rule
from andon.model.saved_query import SavedQuery
from andon.model.unit_tests import UnitTest


class Insight(Record):
    """A question, decision or action that data serves (`insights/*.yml`).

    Attributes:
        uses: the datasets that serve it, or single columns of them (`schema.dataset.column`), as written.
    """

    name: str
    file: str
    title: str
    kind: str = "question"
    owner: str | None = None
    uses: tuple[str, ...] = ()
    description: str | None = None
    decision: str | None = None
    value: str | None = None

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that it uses, each once, in order of appearance."""
        return tuple(dict.fromkeys(use_parts(use)[0] for use in self.uses))


def use_parts(use: str) -> tuple[str, str | None]:
    """The dataset and the column, if any, of what an insight uses: `schema.dataset` or `schema.dataset.column`."""
    parts = use.split(".", 2)
    return ".".join(parts[:2]), parts[2] if len(parts) > 2 else None


class Project(Record):
    """All that project files say.

    Attributes:
        datasets: by name.
        insights: sorted by name.
        settings: the parsed `andon.toml` as plain values (see `andon.settings.resolve` for meaning and defaults).
        files: `{project path: sha256}` of every code file that was loaded.
        shared: the part of `files` that belongs to no single dataset.
        meanings: `{project path: hash}`: for a dataset's own file the hash of its normal form, else the sha256 of the file. Two
            files of one meaning are the same cause for an undo.
        problems: everything that is wrong; a project with problems can't be planned.
        rules: across datasets, from `checks/*.sql`, sorted by file.
        tests: unit tests from `tests/*.yml`, by file and place.
        macros: `(file, CREATE MACRO statement)` of those that checks may call, in an order in which they can be made.
        queries: saved queries from `queries/*.sql`, by name.
        playbooks: what `playbooks.yml` says.
    """

    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    insights: tuple[Insight, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    rules: tuple[Rule, ...] = ()
    tests: tuple[UnitTest, ...] = ()
    macros: tuple[tuple[str, str], ...] = ()
    queries: tuple[SavedQuery, ...] = ()
    playbooks: Playbooks = Playbooks()
