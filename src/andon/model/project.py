"""A project as loaded from its files: datasets, rules, unit tests, settings, insights, and every problem that was found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from andon.base.record import Record, field
from andon.errors import Problem
from andon.model.dataset import Dataset
from andon.model.glossary import GlossaryTerm
from andon.model.insight import Insight
from andon.model.playbook import Playbooks
from andon.model.rule import Rule
from andon.model.saved_query import SavedQuery
from andon.model.unit_tests import UnitTest


class Project(Record, dict=True):
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
        glossary: what `glossary.yml` says.
        levels: the names of the datasets, each list after all that its datasets read (`graph.levels`); empty where that is not known.
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
    glossary: tuple[GlossaryTerm, ...] = ()
    levels: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """By dataset the id of its definition."""
        return {name: dataset.definition.id for name, dataset in self.datasets.items()}
