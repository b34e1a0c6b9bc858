"""Binding at plan time: contracts of new sources, and the columns of everything whose code changed, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import closing
from typing import TYPE_CHECKING

from andon.base.names import is_name_part, quote
from andon.base.record import Record, replace
from andon.engines.engine import missing
from andon.engines.types import changed_by_storing, lake_type
from andon.errors import AndonError, DamagedError, Problem, ProjectError
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.load import SchemaPolicy
from andon.model.version import Columns
from andon.project.bind_check import Following, check_bindings, check_declared, check_sources
from andon.runs.growing.check import cannot_grow
from andon.runs.growing.proofs import Proofs
from andon.runs.inspection.returns import guessed_returns
from andon.runs.planning.bound_columns import columns_by_dataset
from andon.runs.planning.gather import BoundCode, Gathered
from andon.runs.planning.going_on import asked_since, goes_on
from andon.runs.planning.inspected import Inspected
from andon.runs.planning.named_columns import problems_of_names
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.schema_moves import moved, with_hits
from andon.runs.planning.steps import SourceInput
from andon.runs.planning.waiting import NOBODY, Waiting
from andon.sources.databases.contract import columns_of, establish_extract
from andon.sources.databases.cursors import cursor_of
from andon.sources.explain import explain
from andon.sources.files.paths import expand, glob, match
from andon.sources.render import outline
from andon.sql.bind import find_twins
from andon.workspace.engines import capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from andon.workspace.workspace import Workspace

#: Gives the columns of what an SQL over raw files returns.
Describe = Callable[[str], Columns]


def with_contracts(workspace: Workspace, gathered: Gathered, raw: RawFiles, taken: Iterable[str]) -> Gathered:
    """Give every source of `taken` that is new its contract, and hold new files to the one there is; failures are noted by dataset."""
    taken = list(taken)
    contracts = {name: source.contract for name, source in gathered.sources.items()}
    gathered = _with_files(workspace, _with_extracts(workspace, gathered, taken), raw, taken)
    told = [
        line
        for name in sorted(taken)
        if name in contracts and gathered.sources[name].contract is not contracts[name]
        for line in moved(gathered.definitions[name], contracts[name], gathered.sources[name].contract)
    ]
    failures = {name: error for name, error in gathered.failures.items() if name in contracts}
    failures = with_hits(workspace, gathered.head, gathered.project, failures)
    return replace(gathered.with_sources({}, failures), notices=(*gathered.notices, *told))


def _with_files(workspace: Workspace, gathered: Gathered, raw: RawFiles, taken: Iterable[str]) -> Gathered:
    """The contracts of sources that read files."""
    inspected = Inspected(workspace.cache, raw)
    sources: dict[str, SourceInput] = {}
    failures: dict[str, AndonError] = {}
    wanted = set(taken)
    known = [source for name, source in gathered.sources.items() if name in wanted]
    raw.look_ahead(file for each in known for file in each.files if file.path in (*each.added, *each.changed))
    for name, source in gathered.sources.items():
        definition = gathered.definitions[name]
        if name not in wanted:
            continue
        if definition.kind is not Kind.SOURCE or source.kept_because or name in gathered.failures:
            continue
        if definition.asks is not None:
            continue
        leaf = gathered.state.leaves.get(name)
        try:
            expand(definition.reads, _listing(source, raw))
            same = leaf is not None and leaf.definition == definition.id and source.contract is not None
            if same and not (source.added or source.changed):
                continue
            if name in gathered.widen:
                definition = replace(definition, schema=SchemaPolicy.WIDEN)
            sources[name] = replace(source, contract=inspected.contract(definition, source))
        except AndonError as error:
            if error.stops_run:
                raise
            failures[name] = error
    return gathered.with_sources(sources, failures)


def _with_extracts(workspace: Workspace, gathered: Gathered, taken: Iterable[str]) -> Gathered:
    """Ask databases what the queries of those sources return that will be loaded, and hold it to what was recorded."""
    asked = [name for name in taken if name in gathered.sources and gathered.sources[name].load is not None]
    by_connection: dict[str, list[Definition]] = {}
    for name in sorted(asked):
        definition = gathered.definitions[name]
        if definition.connection is None:
            continue  # what it returns is known only when it was asked
        by_connection.setdefault(str(definition.connection), []).append(definition)
    sources: dict[str, SourceInput] = {}
    failures: dict[str, AndonError] = {}
    for connection, definitions in by_connection.items():
        try:
            with closing(workspace.databases.open(connection, definitions[0].entry)) as session:
                for definition in definitions:
                    name = definition.dataset
                    try:
                        source = gathered.sources[name]
                        query = asked_since(definition, gathered.builds.get(name), source.contract)
                        found = session.describe(query, definition.entry)
                        contract = establish_extract(definition, session.connection, found, source.contract)
                        if goes_on(definition):
                            cursor_of(definition, columns_of(contract))
                        sources[name] = replace(source, contract=contract)
                    except AndonError as error:
                        failures[name] = error
        except AndonError as error:
            if error.stops_run:
                raise
            failures.update({definition.dataset: error for definition in definitions})
    return gathered.with_sources(sources, failures)


def bind_changed(
    workspace: Workspace,
    gathered: Gathered,
    raw: RawFiles,
    taken: set[str],
    describe: Describe,
    waiting: Waiting = NOBODY,
) -> BoundCode:
    """Give sources their contracts, and bind what changed, and what reads something whose columns changed by that.

    Args:
        taken: the datasets whose code counts.
        describe: asks an engine what files hold.
        waiting: who hears of contracts and columns as soon as they are known.

    Raises:
        ProjectError: with every unknown column, function, or type error.
    """
    bound, problems = bind_sound(workspace, gathered, raw, taken, describe, waiting=waiting)
    if problems:
        raise ProjectError.of(problems)
    return bound


def bind_sound(
    workspace: Workspace,
    gathered: Gathered,
    raw: RawFiles,
    taken: set[str],
    describe: Describe,
    unknown: frozenset[str] = frozenset(),
    waiting: Waiting = NOBODY,
) -> tuple[BoundCode, list[Problem]]:
    """`bind_changed` that goes on: what of `taken` can be bound, and the problems of all the rest.

    Args:
        unknown: datasets of which nobody can say what they will return.
        waiting: as for `bind_changed`.
    """
    gathered = with_contracts(workspace, gathered, raw, taken)
    waiting.begin(gathered, taken)
    failures: dict[str, AndonError] = {}
    source_columns = _SourceColumns(gathered, raw, Inspected(workspace.cache, raw), describe, failures)
    columns, problems = _bind_changed(workspace, gathered, source_columns, taken, unknown, waiting)
    problems += _unfit(workspace, gathered, taken, columns)
    problems += _changed_by_storing(gathered, taken, columns)
    problems += _can_not_grow(workspace, gathered, taken, columns)
    problems += _problems_of_lineage(workspace, gathered, taken, columns)
    problems += problems_of_names(workspace, gathered, taken, columns)
    return BoundCode(gathered.with_sources({}, failures), columns), problems


def _unfit(workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]) -> list[Problem]:
    """What engines lack that datasets need of them whose code changed, or that another engine is to build for the first time."""
    definitions = gathered.definitions
    changed = [definitions[d] for d in sorted(taken & gathered.changed)]
    given = _given_away(workspace, gathered, taken - {each.dataset for each in changed})
    changed += given
    read = {name for each in changed for name in each.inputs if name in definitions}
    views = {name for name in read if definitions[name].materialize is Materialize.VIEW}
    stored = {**_columns_of(workspace, gathered, [each.dataset for each in given]), **columns_by_dataset(bound)}
    found = [
        missing(capabilities(workspace.other_engine, each), each, views, stored.get(each.dataset, ()))
        for each in changed
    ]
    problems = [problem for problem in found if problem is not None]
    return problems or _refused(workspace, gathered, changed, stored)


def _given_away(workspace: Workspace, gathered: Gathered, names: set[str]) -> list[Definition]:
    """Datasets whose code is as it was, and that another engine builds than the one before: that is no change of theirs."""
    leaves, definitions = gathered.state.leaves, gathered.definitions
    kinds = {name: kind for name in sorted(names) if (kind := workspace.other_engine(definitions[name], 0)) is not None}
    builds = workspace.lake.objects.builds(leaves[name].build for name in kinds)
    before = {name: builds[leaves[name].build].engine if leaves[name].build in builds else {} for name in kinds}
    return [definitions[name] for name, kind in kinds.items() if before[name].get("name") != kind.capabilities.name]


def _refused(
    workspace: Workspace, gathered: Gathered, changed: Sequence[Definition], stored: Mapping[str, Columns]
) -> list[Problem]:
    """What other engines can't do of datasets whose code changed, and of views that these read, as far as it is known what they read."""
    definitions = gathered.definitions
    asked = [(each, workspace.other_engine(each, 0)) for each in changed if each.dataset in stored or each.frames]
    kinds = [(each, kind.refusal) for each, kind in asked if kind is not None and kind.refusal is not None]
    if not kinds:
        return []
    read = {each.dataset: (each, *_views_under(each, definitions)) for each, _ in kinds}
    named = {name for all_of in read.values() for each in all_of for name in (each.dataset, *each.inputs)}
    known = {**_columns_of(workspace, gathered, named), **stored}
    found = (
        refusal(part, {name: known[name] for name in part.inputs}, known.get(part.dataset, ()), each.dataset)
        for each, refusal in kinds
        for part in read[each.dataset]
        if all(name in known for name in part.inputs) and (part.dataset in known or part.frames)
    )
    return [problem for problem in found if problem is not None]


def _views_under(definition: Definition, definitions: Mapping[str, Definition]) -> list[Definition]:
    """The views that a dataset reads, and those that they read: they are computed where it is."""
    found: dict[str, Definition] = {}
    waiting = [*definition.inputs]
    while waiting:
        each = definitions.get(waiting.pop())
        if each is not None and each.materialize is Materialize.VIEW and each.dataset not in found:
            found[each.dataset] = each
            waiting += each.inputs
    return list(found.values())


def _changed_by_storing(gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]) -> list[Problem]:
    """Columns of datasets whose code changed that readers would find to be something else than what their SQL says."""
    problems = []
    for name in sorted(taken & bound.keys() & gathered.changed):
        definition = gathered.definitions[name]
        if definition.kind is not Kind.SQL:
            continue
        for column, kind in bound[name]:
            found = changed_by_storing(kind)
            if found is not None:
                part, lost, hint = found
                message = f"the column `{column}` of `{name}` is {part}, which {lost} once it is stored"
                written = column if is_name_part(column) else quote(column)
                problems.append(Problem("build.not_supported", message, definition.entry, hint=hint.format(written)))
    return problems


def _can_not_grow(
    workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]
) -> list[Problem]:
    """Why datasets whose code changed can't grow as they say."""
    definitions = gathered.definitions
    changed = [
        definitions[d] for d in sorted(taken & bound.keys() & gathered.changed) if definitions[d].growth is not None
    ]
    if not changed:
        return []
    known = _columns_of(workspace, gathered, {i for each in changed for i in each.inputs})
    known.update(columns_by_dataset(bound))
    proofs = Proofs(workspace.cache)
    found = (
        cannot_grow(each, {i: known[i] for i in each.inputs}, proofs)
        for each in changed
        if all(i in known for i in each.inputs)
    )
    return [problem for problem in found if problem is not None]


def _problems_of_lineage(
    workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]
) -> list[Problem]:
    """Columns that a Python dataset's new text names as sources and that its inputs lack."""
    leaves, definitions, datasets = gathered.state.leaves, gathered.definitions, gathered.project.datasets
    declaring = [
        dataset
        for name, dataset in datasets.items()
        if name in taken and dataset.lineage and (name not in leaves or leaves[name].files != dataset.own_files)
    ]
    if not declaring:
        return []
    known = _columns_of(workspace, gathered, {i for dataset in declaring for i in dataset.definition.inputs})
    for name in list(known):
        if definitions[name].kind is Kind.PYTHON and leaves[name].definition != definitions[name].id:
            del known[name]  # what it will return is not known yet
    known.update(bound)
    return [problem for dataset in declaring for problem in check_sources(dataset, known)]


def _bind_changed(
    workspace: Workspace,
    gathered: Gathered,
    source_columns: _SourceColumns,
    taken: set[str],
    unknown: frozenset[str],
    waiting: Waiting,
) -> tuple[Mapping[str, Columns], list[Problem]]:
    """The columns of what could be bound, and what is wrong with the rest; what reads one of those is in neither."""
    result: dict[str, Columns] = {}
    leaves, definitions = gathered.state.leaves, gathered.definitions
    changed = taken & gathered.changed
    if not changed:
        return result, []
    declared: list[Problem] = []
    known = _published_columns(workspace, gathered, changed)
    for name in unknown:
        known.pop(name, None)
    for name in sorted(changed):
        if definitions[name].kind is Kind.SOURCE:
            columns = source_columns(name)
            twins = find_twins(columns or ())
            if twins is not None:
                declared.append(Problem(twins.code, twins.message, definitions[name].entry, hint=twins.hint))
                known.pop(name, None)
            elif columns is not None:
                declared += check_declared(gathered.project.datasets[name], columns)
                result[name] = columns
                waiting.known({name: columns})
                known[name] = [(n, lake_type(t)) for n, t in columns]
            else:
                known.pop(name, None)
        elif definitions[name].kind is Kind.PYTHON and name not in leaves:
            known.pop(name, None)
    readers = _readers_below(changed, taken, definitions)
    sources = {d for d in changed if definitions[d].kind is Kind.SOURCE}
    following = Following(readers, sources, lambda names: _columns_of(workspace, gathered, names - changed - unknown))
    pending = {d for d in changed if definitions[d].kind is Kind.SQL}

    def binding(known: Mapping[str, Columns]) -> tuple[Mapping[str, Columns], list[Problem]]:
        return check_bindings(
            gathered.project,
            known,
            pending,
            workspace.cache,
            to_lake_type=lake_type,
            following=following,
            told=waiting.known,
        )

    bound, problems = binding(known)
    guessed = known.keys() & guessed_returns(gathered, changed)
    if problems and guessed:  # what reads them may be right: only the run tells what they return
        bound, problems = binding({name: columns for name, columns in known.items() if name not in guessed})
    return {**result, **bound}, [*problems, *declared]


def _readers_below(
    names: Set[str], taken: Iterable[str], definitions: Mapping[str, Definition]
) -> dict[str, list[str]]:
    """Which SQL datasets of `taken` read each of `names`, and each of those that read these, and so on."""
    readers: dict[str, list[str]] = {}
    seen: set[str] = set()
    above = set(names)
    while above:
        below = [d for d in taken if not above.isdisjoint(definitions[d].inputs) and definitions[d].kind is Kind.SQL]
        for dataset in below:
            for name in above.intersection(definitions[dataset].inputs):
                readers.setdefault(name, []).append(dataset)
        seen |= above
        above = set(below) - seen
    return readers


def _listing(source: SourceInput, raw: RawFiles) -> Callable[[str], list[str]]:
    """What a pattern means among a source's merged files; where none fits, in the folder, for a hint at near names."""
    return lambda pattern: [f.path for f in source.files if match(pattern, f.path)] or glob(raw.root, pattern)


class _SourceColumns(Record):
    """Asks the engine what a source's files hold; those that can't be read are noted in `failures`."""

    gathered: Gathered
    raw: RawFiles
    inspected: Inspected
    describe: Describe
    failures: dict[str, AndonError]

    def __call__(self, name: str) -> Columns | None:
        definition, source = self.gathered.definitions[name], self.gathered.sources.get(name)
        if source is None or name in self.gathered.failures:
            return None
        if definition.connection is not None:
            return [(column.name, column.stored) for column in columns_of(source.contract)]
        if definition.asks is not None:
            return None
        try:
            places = {f.path: self.raw.place(f) for f in source.files}
        except DamagedError as error:
            self.failures[name] = error
            return None
        try:
            return self.inspected.columns(
                definition, source, lambda: self.describe(outline(definition, source.contract or {}, places))
            )
        except AndonError as error:
            self.failures[name] = error
        except Exception as error:  # noqa: BLE001 - whatever the engine says is explained for the user
            self.failures[name] = explain(error, definition, places)
        return None


def _published_columns(workspace: Workspace, gathered: Gathered, changed: set[str]) -> dict[str, Columns]:
    wanted = {p for d in changed for p in gathered.definitions[d].inputs} | changed
    return _columns_of(workspace, gathered, wanted)


def _columns_of(workspace: Workspace, gathered: Gathered, wanted: Iterable[str]) -> dict[str, Columns]:
    ids = {d: gathered.state.leaves[d].version for d in wanted if d in gathered.state.leaves}
    versions = workspace.lake.objects.versions(ids.values())
    return {d: versions[i].types for d, i in ids.items() if i in versions}
