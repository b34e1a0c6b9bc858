"""What a commit says already: the questions that its datasets and saved queries answer, the files that its sources read, what runs by
itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.model.dataset import Definition, Kind
from andon.model.schedule import RuleKind
from andon.operations.repeats.files import skeleton
from andon.operations.repeats.records import CameFile
from andon.operations.repeats.repeat import THIRD, FileRepeat
from andon.operations.scheduling.book import book_of
from andon.project.write_sql import split_query
from andon.sql.question import question_forms

if TYPE_CHECKING:
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: The kind under which the core of a definition's question is kept.
_CORE = "question:1"
#: What makes a dataset run by the clock; by hand alone is a word of somebody, too.
_BY_CLOCK = frozenset({RuleKind.EVERY, RuleKind.CRON, RuleKind.MAX_AGE, RuleKind.MANUAL})


def answers(workspace: Workspace, view: View) -> dict[str, str]:
    """The datasets and saved queries that answer a question as they are, by its core."""
    texts = {
        d.definition.id: (d.name, d.definition.sql or "")
        for d in view.project.datasets.values()
        if _is_query(d.definition)
    }
    for query in view.project.queries:
        texts.setdefault(content_id(["question", query.sql]), (query.name, query.sql))
    known = workspace.facts.find_many(texts, _CORE)
    unread = [id for id in texts if id not in known]
    forms = zip(unread, question_forms([texts[id][1] for id in unread]), strict=True)
    new = {id: form.core if form is not None else "" for id, form in forms}
    if new:
        workspace.facts.keep(new, _CORE)
    found: dict[str, str] = {}
    for id, core in ({**known, **new}).items():
        if core:
            found[core] = max(found.get(core, ""), texts[id][0], key=lambda name: ("." in name, name))
    return found


def _is_query(definition: Definition) -> bool:
    return definition.kind is Kind.SQL and definition.sql is not None


def came_files(workspace: Workspace, view: View) -> list[CameFile]:
    """The files that sources of one pattern read, of those sources that others look like."""
    sources = {
        name: said.definition
        for name, said in view.project.datasets.items()
        if said.definition.kind is Kind.SOURCE and name in view.state.leaves and _pattern(said.definition) is not None
    }
    alike: dict[str, list[str]] = defaultdict(list)
    for name, definition in sources.items():
        alike[skeleton(_pattern(definition) or "")].append(name)
    names = sorted(name for group in alike.values() if len(group) >= THIRD for name in group)
    if not names:
        return []
    leaves, objects = view.state.leaves, workspace.lake.objects
    builds = objects.builds([leaves[name].build for name in names])
    versions = objects.versions([leaves[name].version for name in names])
    found = []
    for name in names:
        definition, build = sources[name], builds[leaves[name].build]
        run = workspace.runs.find(build.run) if build.run is not None else None
        for file in build.files[:2]:  # of a source of several files it is enough to know that
            path = _pattern(definition) if len(build.files) == 1 else file.path
            found.append(
                CameFile(
                    run.started if run is not None else view.commit.time,
                    run.author if run is not None else view.commit.author,
                    name,
                    definition.entry,
                    path or file.path,
                    tuple(versions[leaves[name].version].types),
                    reading_of(definition),
                )
            )
    return found


def only_theirs(view: View, repeats: Iterable[FileRepeat]) -> list[FileRepeat]:
    """Those whose pattern finds no file of another source, and that no source has."""
    from andon.sources.files.paths import match

    patterns = {
        name: pattern
        for name, said in view.project.datasets.items()
        if said.definition.kind is Kind.SOURCE
        for read in said.definition.reads
        for pattern in read.patterns
    }
    return [
        one
        for one in repeats
        if not any(name not in one.datasets and match(one.pattern, pattern) for name, pattern in patterns.items())
    ]


def _pattern(definition: Definition) -> str | None:
    """What the source reads, where it reads files by one pattern."""
    if definition.connection is not None or len(definition.reads) != 1 or len(definition.reads[0].patterns) != 1:
        return None
    pattern = definition.reads[0].patterns[0]
    return None if "://" in pattern else pattern


def reading_of(definition: Definition) -> str:
    """The query of a source without the name of its file, and without layout."""
    read, sql = definition.reads[0], definition.sql or ""
    call = sql[read.start : read.end].replace(read.patterns[0], "?")
    _, query = split_query(f"{sql[: read.start]}{call}{sql[read.end :]}")
    return " ".join(query.split())


def scheduled_datasets(view: View) -> frozenset[str]:
    """The datasets that run by the clock, as their files or groups say, and those that are to be run by hand alone."""
    entries = book_of(view.project).entries
    return frozenset(d for d, e in entries.items() if any(rule.kind in _BY_CLOCK for rule in e.rules))
