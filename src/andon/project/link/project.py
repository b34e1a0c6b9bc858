"""Files linked to a project: names from paths, dependencies, macros, modules and locks put together into definitions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from andon.base.graph import find_cycle, levels
from andon.base.hashing import content_id
from andon.base.names import RESERVED_SCHEMAS, did_you_mean, is_name_part, nearest
from andon.base.record import replace
from andon.base.text import line_and_column
from andon.errors import Problem
from andon.model.dataset import (
    SPARK_ENDING,
    ClockUse,
    Dataset,
    Definition,
    Kind,
    Materialize,
    definition_id,
    latest,
)
from andon.model.glossary import GlossaryTerm
from andon.model.history import VALID_FROM, RowHistory
from andon.model.insight import use_parts
from andon.model.playbook import Playbooks
from andon.model.project import Project
from andon.model.quarantine import dataset_of, is_aside
from andon.project.files.facts import (
    CheckFile,
    ConfigFile,
    DatasetFacts,
    FileFacts,
    GlossaryFile,
    InsightFile,
    LockFile,
    MacroFile,
    ModuleFile,
    NameUse,
    PlaybooksFile,
    QueryFile,
    SparkFile,
    TestData,
    TestFile,
)
from andon.project.files.layout import DATASET_ROLES, PathRole, Role, spot
from andon.project.files.problems import at_place
from andon.project.files.toml import find_key
from andon.project.link.asides import aside_dataset, refusals, set_aside
from andon.project.link.insights import link_insights
from andon.project.link.macros import Macros
from andon.project.link.meaning import shaping_of
from andon.project.link.modules import Modules
from andon.project.link.queries import link_queries
from andon.project.link.rules import link_rules
from andon.project.link.schedules import check_schedules
from andon.project.link.standing import standing_problems
from andon.project.link.unit_tests import TestLinker
from andon.sql.history import as_history

_Said = TypeVar("_Said")


def link(
    files: Mapping[str, str],
    facts: Mapping[str, FileFacts],
    text_of: Callable[[str], str],
    standing: Mapping[str, Dataset] | None = None,
) -> Project:
    """The project that `files` (`{path: sha256}`) with `facts` (by path) make, with every problem of theirs.

    Args:
        text_of: the text of a file; asked for only to show the place of a problem.
        standing: datasets, and what is set aside of them, that are as they were linked before: of their files there are no facts. A
            problem that is found beside them may be told of the wrong file, or be one of several: then all is linked anew.
    """
    return _Linker(files, facts, text_of, standing or {}).project()


class _Linker:
    def __init__(
        self,
        files: Mapping[str, str],
        facts: Mapping[str, FileFacts],
        text_of: Callable[[str], str],
        standing: Mapping[str, Dataset],
    ) -> None:
        self._files = files
        self._facts = facts
        self._text_of = text_of
        self._standing = standing
        self._spots = {path: spot(path) for path in sorted(facts)}
        self._said: dict[type, list[tuple[str, Any]]] = {}
        for path in self._spots:
            self._said.setdefault(type(facts[path].said), []).append((path, facts[path].said))
        self._problems: list[Problem] = [problem for path in self._spots for problem in facts[path].problems]
        self._entries: dict[str, str] = {
            name: dataset.definition.entry
            for name, dataset in standing.items()
            if dataset.definition.kind is not Kind.QUARANTINE
        }
        #: Names that files with a wrong name mean: what reads them is not at fault.
        self._excused: set[str] = set()
        self._macros = Macros.of({path: said.statements for path, said in self._of(MacroFile)})
        self._modules = Modules(dict(self._of(ModuleFile)))
        self._locks = dict(self._of(LockFile))
        self._spark = dict(self._of(SparkFile))
        self._asides: set[str] = set()
        settings = next((said.values for _, said in self._of(ConfigFile)), {})
        patterns = settings.get("patterns")
        self._patterns: Mapping[str, Any] = patterns if isinstance(patterns, Mapping) else {}

    def project(self) -> Project:
        """Link all."""
        self._name_datasets()
        self._check_macros()
        self._check_modules()
        self._check_spark()
        datasets = {
            name: self._standing[name] if name in self._standing else self._dataset(name, path)
            for name, path in sorted(self._entries.items())
        }
        self._check_cycles(datasets)
        asides = {
            aside: self._standing[aside] if aside in self._standing else aside_dataset(dataset)
            for dataset in datasets.values()
            if (aside := dataset.definition.aside) is not None
        }
        self._asides |= {str(name) for name in asides}
        self._problems += refusals(datasets, self._text_of)
        self._problems += standing_problems(datasets, self._text_of)
        rules = link_rules(self._of(CheckFile), self._files, self._macros, self._require_known, self._add)
        tests = TestLinker(
            self._of(TestFile), dict(self._of(TestData)), datasets, self._require_known, self._add
        ).tests()
        queries = link_queries(self._of(QueryFile), self._require_known, self._add)
        insights = link_insights(self._of(InsightFile), queries, self._require_known, self._add)
        playbooks = self._playbooks()
        glossary = self._glossary()
        settings = next((said.values for _, said in self._of(ConfigFile)), {})
        check_schedules(settings, datasets, self._add_setting)
        own = {path for dataset in datasets.values() for path, _ in dataset.own_files}
        own |= {path for path, found in self._spots.items() if found.role in DATASET_ROLES}
        meanings = dict(self._files)
        meanings.update({dataset.definition.entry: dataset.definition.meaning for dataset in datasets.values()})
        return Project(
            {name: dataset for name, dataset in sorted({**datasets, **asides}.items()) if name is not None},
            insights,
            settings,
            dict(self._files),
            {path: sha for path, sha in self._files.items() if path not in own},
            meanings,
            _sorted(self._problems),
            rules,
            tests,
            self._macros.for_checks(),
            queries,
            playbooks,
            glossary,
            () if self._problems else _levels(datasets, asides),
        )

    def _playbooks(self) -> Playbooks:
        for path, said in self._of(PlaybooksFile):
            self._require_known(path, said.uses)
            return said.playbooks
        return Playbooks()

    def _glossary(self) -> tuple[GlossaryTerm, ...]:
        for path, said in self._of(GlossaryFile):
            self._require_known(path, [NameUse(use_parts(use.name)[0], use.line, use.column) for use in said.uses])
            return said.terms
        return ()

    def _of(self, kind: type[_Said]) -> Iterable[tuple[str, _Said]]:
        return self._said.get(kind, ())

    def _add(
        self, path: str, place: NameUse | tuple[int, int] | None, code: str, message: str, hint: str | None = None
    ) -> None:
        if place is None:
            self._problems.append(Problem(code, message, path, hint=hint))
            return
        line, column = (place.line, place.column) if isinstance(place, NameUse) else place
        self._problems.append(at_place(path, self._text_of(path), line, column, code, message, hint))

    def _add_setting(self, key: tuple[str, ...], message: str, hint: str | None) -> None:
        path = next(path for path, _ in self._of(ConfigFile))
        self._add(path, find_key(self._text_of(path), key), "project.bad_value", message, hint)

    # -- names

    def _name_datasets(self) -> None:
        wrong: list[tuple[str, PathRole]] = []
        for path, found in self._spots.items():
            if found.code is not None:
                wrong.append((path, found))
            elif found.role in DATASET_ROLES and found.name is not None:
                first = self._entries.setdefault(found.name, path)
                if first != path:
                    message = f"`{found.name}` is made by two files, the other is `{first}`"
                    self._add(path, None, "project.duplicate_name", message, "keep one of them, or rename one")
        for path, found in wrong:
            self._wrong_name(path, found)

    def _wrong_name(self, path: str, found: PathRole) -> None:
        lower = (found.name or "").lower()
        self._excused.add(lower)
        if lower in self._entries and lower != found.name:
            message = (
                f"`{found.name}` differs from `{self._entries[lower]}` only in case, and names don't tell case apart"
            )
            self._add(path, None, "project.duplicate_name", message, "rename one of them")
        else:
            self._add(path, None, found.code or "project.bad_name", found.message, found.hint)

    def _require_known(self, path: str, uses: Iterable[NameUse]) -> list[str]:
        """The names of `uses` that are datasets; the others are problems of the file."""
        known = []
        for use in uses:
            if use.name in self._entries or use.name in self._asides:
                known.append(use.name)
            elif not self._is_excused(use.name):
                self._add(
                    path, use, "project.unknown_dataset", f"there is no dataset `{use.name}`", self._meant(use.name)
                )
        return known

    def _is_excused(self, name: str) -> bool:
        # names of the engine's own tables, and names of three parts, are refused where the SQL is read
        parts = name.split(".")
        return name in self._excused or parts[0] in RESERVED_SCHEMAS or len(parts) > 2

    def _meant(self, name: str) -> str | None:
        last = name.split(".")[-1]
        fitting = sorted(known for known in self._entries if known.split(".")[1] == last)
        if "." not in name:
            if fitting:
                return f"datasets are named with their schema: `{fitting[0]}`"
            close = nearest(last, {known.split(".")[1] for known in self._entries})
            match = next((k for k in sorted(self._entries) if k.split(".")[1] == close), None)
            if match is not None:
                return f"did you mean `{match}`?"
            return "datasets are named with their schema: `schema.name`"
        hint = did_you_mean(name, self._entries)
        if hint is None and fitting:
            hint = f"did you mean `{fitting[0]}`?"
        if hint is None and not all(map(is_name_part, name.split("."))):
            return "datasets have names of small letters, digits and `_`: `schema.name`"
        return hint or f"a dataset of that name is made by `datasets/{name.replace('.', '/')}.sql`"

    # -- macros and modules

    def _check_macros(self) -> None:
        for path, statement, first in self._macros.twins:
            place = line_and_column(self._text_of(path), statement.offset)
            message = f"the macro `{statement.name}` is made twice, first in `{first}`"
            self._add(path, place, "project.bad_macro", message, "keep one of them")
        for cycle in self._macros.cycles:
            path, statement = self._macros.statements[cycle[0]]
            place = line_and_column(self._text_of(path), statement.offset)
            shown = " → ".join(cycle)
            message = f"macros call each other in a circle: {shown}"
            self._add(path, place, "project.bad_macro", message, "a macro can't call itself")
        for path, statement in self._macros.statements.values():
            if not statement.tables:
                continue
            text = self._text_of(path)
            uses = [NameUse(t.name, *line_and_column(text, t.offset)) for t in statement.tables]
            self._require_known(path, uses)

    def _check_spark(self) -> None:
        for path in self._spark:
            if path.removesuffix(SPARK_ENDING) + ".sql" not in self._entries.values():
                message = "there is no dataset in SQL beside the Spark SQL"
                hint = f"write `{path.removesuffix(SPARK_ENDING)}.sql` too: what it returns, the Spark SQL is held to"
                self._add(path, None, "project.bad_name", message, hint)

    def _check_modules(self) -> None:
        for path, _ in self._of(ModuleFile):
            top = path.split("/")[1].removesuffix(".py")
            if top == "andon" or top in sys.stdlib_module_names:
                message = f"the module `{top}` has the name of one that Python finds first"
                self._add(path, None, "project.bad_name", message, "give it another name")

    # -- datasets

    def _dataset(self, name: str, path: str) -> Dataset:
        said = self._facts[path].said
        facts = said if isinstance(said, DatasetFacts) else DatasetFacts(_kind(self._spots[path].role))
        keys = facts.keys
        own = [(path, self._files[path])]
        lock = path.rsplit(".", 1)[0] + ".lock.txt"
        if lock in self._files:
            own.append((lock, self._files[lock]))
        spark = _spark_file(path)
        if spark in self._spark:
            own.append((spark, self._files[spark]))
        return Dataset(
            definition=self._definition(name, path, facts, tuple(sorted(own))),
            description=keys.description,
            owner=keys.owner,
            tags=keys.tags,
            columns=keys.columns,
            checks=keys.checks,
            caveats=keys.caveats,
            handles=keys.handles,
            deprecated=keys.deprecated,
            certified=keys.certified,
            retention=keys.retention,
            keep=keys.keep,
            review=keys.review,
            budget=keys.budget,
            refresh=keys.refresh,
            own_files=tuple(sorted(own)),
            lineage=keys.lineage,
        )

    def _definition(self, name: str, path: str, facts: DatasetFacts, own: tuple[tuple[str, str], ...]) -> Definition:
        self._refuse_asides(path, facts.tables)
        inputs = self._require_known(path, (use for use in facts.tables if not is_aside(use.name)))
        aside = set_aside(facts.keys.checks, self._patterns)
        called = [*(call.name for call in facts.calls), *sorted(aside.words & self._macros.statements.keys())]
        macros = self._macros.needed(called)
        inputs += [t.name for m in macros for t in self._macros.statements[m][1].tables if t.name in self._entries]
        uses = self._uses(macros, facts)
        files = {**dict(own), **{place: self._files[place] for place, _ in uses}}
        lock = self._lock(name, path, facts, uses)
        spark = self._spark.get(_spark_file(path))
        if spark is not None:
            uses.append((_spark_file(path), spark.normal))
        if facts.kind is Kind.SOURCE and inputs:
            self._source_reads(path, facts, macros)
            inputs = []
        materialize = Materialize(facts.keys.materialize)
        clock = latest(
            [facts.clock, *(self._macros.statements[m][1].clock for m in macros), self._modules_clock(facts)]
        )
        if materialize is Materialize.VIEW and facts.clock is ClockUse.NONE and clock is not ClockUse.NONE:
            self._view_clock(path, facts)
        allow, key = facts.keys.allow, facts.keys.key
        was = tuple(sorted((c.name, c.was) for c in facts.keys.columns if c.was))
        meaning, unparted = self._files[path], ""
        if facts.normal:
            shaping = shaping_of(facts)
            renamed = [[list(pair) for pair in was]] if was else []
            meaning = content_id([*shaping, *renamed])
            if aside.lines:
                calls = self._macros.needed(call.name for call in facts.calls)
                unparted = definition_id(name, meaning, aside.uses_without(uses, self._macros, calls))
                meaning = content_id([*shaping, ["quarantine", *aside.shaping], *renamed])
        ordered = tuple(sorted(uses))
        history = None
        if materialize is Materialize.HISTORY:
            history = replace(facts.keys.history or RowHistory(), key=key)
            key = (*key, VALID_FROM)
        return Definition(
            dataset=name,
            kind=facts.kind,
            materialize=materialize,
            entry=path,
            meaning=meaning,
            inputs=tuple(sorted(set(inputs))),
            key=key,
            sql=as_history(facts.sql, history) if history is not None and facts.sql is not None else facts.sql,
            function=facts.function,
            parameters=facts.parameters,
            frames=facts.frames,
            macros=tuple(self._macros.statements[m][1].text for m in macros),
            reads=facts.reads,
            uses=ordered,
            files=tuple(sorted(files.items())),
            clock=clock,
            allow=allow,
            lock=lock,
            was=was,
            timeout=facts.keys.timeout,
            engine=facts.keys.engine,
            spark_sql=spark.sql if spark is not None else None,
            schema=facts.keys.schema,
            recorded=facts.keys.recorded,
            connection=facts.keys.connection,
            history=history,
            sort=facts.keys.sort,
            partition=facts.keys.partition,
            growth=facts.keys.incremental,
            load=facts.keys.load,
            rest=facts.rest,
            hosts=facts.hosts,
            secrets=facts.secrets,
            quarantine=aside.lines,
            parting=aside.parting(self._macros),
            unparted=unparted,
            id=definition_id(name, meaning, ordered),
        )

    def _modules_clock(self, facts: DatasetFacts) -> ClockUse:
        """What of the clock the modules of a Python dataset read; a source is asked whenever it is due."""
        if facts.kind is not Kind.PYTHON:
            return ClockUse.NONE
        return latest(self._modules.clock(module) for module in self._modules.needed(use.name for use in facts.imports))

    def _uses(self, macros: Iterable[str], facts: DatasetFacts) -> list[tuple[str, str]]:
        """The macros and modules that a dataset uses: path and normal form."""
        statements = [self._macros.statements[macro] for macro in macros]
        modules = self._modules.needed(use.name for use in facts.imports)
        return [
            *((place, statement.normal) for place, statement in statements),
            *((module, self._modules.normal(module)) for module in modules),
        ]

    def _refuse_asides(self, path: str, uses: Iterable[NameUse]) -> None:
        """Nothing is made of rows that are wrong: they come and go with what is right."""
        for use in uses:
            if is_aside(use.name):
                message = f"`{use.name}` holds rows that checks set aside, and no dataset is made of those"
                hint = f"read `{dataset_of(use.name)}`; `andon quarantine release` puts rows back into it"
                self._add(path, use, "project.reads_quarantine", message, hint)

    def _lock(self, name: str, path: str, facts: DatasetFacts, uses: list[tuple[str, str]]) -> str | None:
        if not facts.dependencies:
            return None
        lock = path.rsplit(".", 1)[0] + ".lock.txt"
        found = self._locks.get(lock)
        packages = ", ".join(f"`{d}`" for d in facts.dependencies)
        hint = f"run `andon lock {name}`, and keep the file with the code"
        if found is None:
            self._add(path, (1, 1), "build.no_lock", f"the packages {packages} are not locked", hint)
            return None
        if found.inputs != facts.inputs_digest:
            message = f"the lock was made for other packages than {packages}, or another Python"
            self._add(lock, (1, 1), "build.stale_lock", message, hint)
        uses.append((lock, found.normal))
        return lock

    def _source_reads(self, path: str, facts: DatasetFacts, macros: list[str]) -> None:
        reading = {m for m in macros if self._macros.statements[m][1].tables}
        for call in facts.calls:
            if reading.intersection(self._macros.needed([call.name])):
                message = f"a source reads files only, and the macro `{call.name}` reads a dataset"
                self._add(path, call, "project.source_reads_dataset", message, "move the SQL to `datasets/`")

    def _view_clock(self, path: str, facts: DatasetFacts) -> None:
        for call in facts.calls:
            if call.name in self._macros.statements and self._macros.clock(call.name) is not ClockUse.NONE:
                message = (
                    f"the macro `{call.name}` uses the clock, and a view may not: its readers would see their own time"
                )
                self._add(path, call, "project.refused_sql", message, "`materialize: table`")

    # -- the whole

    def _check_cycles(self, datasets: Mapping[str, Dataset]) -> None:
        # those that stand are in no circle with each other
        waiting = [name for name in datasets if name not in self._standing]
        needs: dict[str, set[str]] = {}
        while waiting:
            name = waiting.pop()
            if name in datasets and name not in needs:
                needs[name] = set(datasets[name].definition.inputs)
                waiting += needs[name]
        while (cycle := find_cycle(needs)) is not None:
            first = cycle[0]
            path = self._entries[first]
            said = self._facts[path].said if path in self._facts else None
            tables = said.tables if isinstance(said, DatasetFacts) else ()
            place = next((use for use in tables if use.name == cycle[1]), None)
            message = "datasets read each other in a circle: " + " → ".join(cycle)
            hint = "a dataset can't read itself" if len(cycle) == 2 else "take one of these reads out"
            self._add(path, place or (1, 1), "project.cycle", message, hint)
            for name in cycle:
                needs.pop(name, None)


def _spark_file(path: str) -> str:
    """Where the own Spark SQL of the dataset with the file `path` lies."""
    return path.removesuffix(".sql") + SPARK_ENDING if path.endswith(".sql") else ""


def _kind(role: Role) -> Kind:
    if role is Role.DATASET_PYTHON:
        return Kind.PYTHON
    return Kind.SQL if role is Role.DATASET_SQL else Kind.SOURCE


def _levels(datasets: Mapping[str, Dataset], asides: Mapping[str, Dataset]) -> tuple[tuple[str, ...], ...]:
    needs = {name: dataset.definition.inputs for name, dataset in {**datasets, **asides}.items()}
    return tuple(map(tuple, levels(needs)))


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place, each once: what is wrong at one place in one way is said once."""
    unique = {(p.file, p.line, p.column, p.message): p for p in problems}
    return tuple(sorted(unique.values(), key=lambda p: (p.file or "", p.line or 0, p.column or 0, p.message)))
