"""Contracts of other tools: published datasets written as such, and files of theirs read into the files of datasets."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.base.files import write_whole
from andon.base.record import Record, replace
from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.checks.compile.read import read_checks
from andon.checks.language.parse import parse_check, parse_lines
from andon.contracts.known import KnownDatasets
from andon.contracts.merge import Carried, Judge, carry
from andon.contracts.odcs.export import Published, contract_of, file_name
from andon.contracts.reading import read_contract
from andon.errors import Problem, ProjectError, UsageError
from andon.model.check import Check
from andon.model.contract import ForeignDataset, LeftOut
from andon.model.dataset import CheckLine, Dataset
from andon.model.project import Project
from andon.model.quarantine import is_aside
from andon.model.version import Version
from andon.project.add_settings import NewSettings, add_settings
from andon.project.files.secrets import find_secrets
from andon.project.select import select as choose
from andon.project.select import selectable
from andon.settings.people import PEOPLE, mails_of
from andon.settings.project_tables import patterns_of
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.runs.prepare import Preparer
    from andon.workspace.workspace import Workspace

#: What is written where a dataset is not there: a block of settings over nothing.
_EMPTY = "datasets/new.sql"


class ContractDocument(Document):
    """A dataset as a document of the Open Data Contract Standard.

    Attributes:
        file: how its file is called; references between contracts go by it.
        commit: whose dataset it is.
        contract: the document itself.
    """

    dataset: str
    file: str
    commit: str
    contract: dict[str, Any]


class ContractDataset(Document):
    """What a foreign file adds to one dataset.

    Attributes:
        name: as the file calls it.
        dataset, file: what it is here, and where that is declared; null where there is no such dataset.
        checks: lines that are added.
        settings: what else is added, by key.
        there: how much of what the file says the project says already.
        diff: how the dataset's file changes; for one that is not there, the settings that it would have.
        needed: what has to be there before it can be taken over; null where nothing is missing.
    """

    name: str
    dataset: str | None
    file: str | None
    checks: list[str]
    settings: dict[str, Any]
    there: int
    diff: str
    needed: str | None


class ContractImport(Document):
    """What a foreign file adds to the project, and what of it is not carried over.

    Attributes:
        format: what it was read as: `odcs 3.1.0`, `dbt 2`.
        applied: whether the files of the folder were changed.
    """

    file: str
    format: str
    datasets: list[ContractDataset]
    left_out: list[LeftOut]
    applied: bool


class _Code(Record):
    """The folder's project with the columns that its datasets have, where those are known."""

    project: Project
    types: dict[str, tuple[tuple[str, str], ...]]

    @property
    def known(self) -> KnownDatasets:
        names = [name for name in self.project.datasets if not is_aside(name)]
        keys = {name: self.project.datasets[name].definition.key for name in names}
        return KnownDatasets({name: self.types.get(name) for name in names}, keys)


class _Change(Record):
    """What becomes of one dataset's file."""

    document: ContractDataset
    path: str | None
    text: str | None
    left: tuple[LeftOut, ...]


class Contracts:
    """Writes and reads contracts for one workspace."""

    def __init__(self, workspace: Workspace, preparer: Preparer) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._lake = workspace.lake

    def export(self, select: tuple[str, ...] = (), at: str | None = None) -> list[ContractDocument]:
        """Published datasets as contracts, by name.

        Args:
            select: datasets, as anywhere; all if empty.
            at: a ref; else what readers of the branch see.

        Raises:
            UsageError: an unknown ref or selection.
        """
        view = View.at(self._workspace, at)
        project, leaves = view.project, view.state.leaves
        there = {name: one for name, one in project.datasets.items() if name in leaves and not is_aside(name)}
        chosen = sorted(choose(select, selectable(there))) if select else sorted(there)
        versions = self._versions([leaves[name].version for name in chosen])
        mails = mails_of(project.settings.get(PEOPLE))
        keys = {name: one.definition.key for name, one in there.items()}
        patterns = tuple(patterns_of(project.settings))
        found = []
        for name in chosen:
            types = tuple(versions[leaves[name].version].types)
            owner = there[name].owner
            published = Published(there[name], types, keys, mails.get(owner) if owner else None, patterns)
            found.append(ContractDocument(name, file_name(name), view.commit.id, contract_of(published)))
        return found

    def bring(self, text: str, file: str, name: str | None = None, *, apply: bool = False) -> ContractImport:
        """What the text of a foreign file adds to the folder's files: shown, or written with `apply`.

        Args:
            file: how it is called, for places.
            name: what its datasets are called here: a schema, or one whole name.

        Raises:
            ProjectError: all that is wrong with the file, or the folder, each with its place.
            UsageError: `usage.bad_argument` for a file of another kind.
        """
        code = self._code()
        known = replace(code.known, named=name)
        foreign = read_contract(text, file, known)
        changes = [self._change(one, file, code, known) for one in foreign.datasets]
        left = sorted((*foreign.left, *(each for one in changes for each in one.left)), key=_place)
        is_changed = apply and any(one.text is not None for one in changes)
        for change in changes if is_changed else ():
            if change.path is not None and change.text is not None:
                write_whole(self._workspace.root / change.path, change.text.encode())
        return ContractImport(file, foreign.format, [one.document for one in changes], left, is_changed)

    # -- parts

    def _code(self) -> _Code:
        commit = self._lake.refs.resolve(self._workspace.reading())
        project = self._preparer.folder(commit).project
        leaves = self._lake.commits.state(commit).leaves
        same = {
            name: leaves[name].version
            for name, one in project.datasets.items()
            if name in leaves and leaves[name].definition == one.definition.id
        }
        versions = self._versions(list(same.values()))
        return _Code(project, {name: tuple(versions[version].types) for name, version in same.items()})

    def _versions(self, ids: Sequence[str]) -> dict[str, Version]:
        return {version.id: version for version in self._lake.objects.versions(ids).values()}

    def _change(self, foreign: ForeignDataset, file: str, code: _Code, known: KnownDatasets) -> _Change:
        dataset = code.project.datasets.get(foreign.dataset) if foreign.dataset is not None else None
        types = known.columns(foreign.dataset)
        name = foreign.dataset or known.meant(foreign.name, foreign.schema)
        judge, declared = self._judge(name, foreign, dataset, code)
        carried = carry(file, foreign, dataset, types, judge, declared)
        if dataset is None:
            return self._missing(foreign, name, carried, known)
        path = dataset.definition.entry
        before = self._text(path)
        text, added, refused = _written(path, before, carried.new)
        problems = find_secrets(path, text)
        if len(problems) > len(find_secrets(path, before)):
            raise ProjectError.of(problems)
        left = [LeftOut(file, foreign.line, foreign.column, *each) for each in refused]
        document = ContractDataset(
            foreign.name,
            dataset.name,
            path,
            list(added.checks),
            _settings(added),
            carried.there,
            _diff(path, before, text),
            None,
        )
        return _Change(document, path, text if text != before else None, (*carried.left, *left))

    def _missing(self, foreign: ForeignDataset, name: str, carried: Carried, known: KnownDatasets) -> _Change:
        """A dataset that is not there: what it would say, and what is needed."""
        several = known.others(foreign.name)
        if len(several) > 1:
            needed = f"`{foreign.name}` could be {' or '.join(several)}: `--as schema` says which"
        elif "." in name:
            needed = f"no dataset is named `{name}`: a query in `datasets/{name.replace('.', '/')}.sql`, or a source, makes it"
        else:
            needed = f"no dataset is named `{name}`, and no schema is said: `--as schema` names it"
        text, added, _ = _written(_EMPTY, "", carried.new)
        document = ContractDataset(
            foreign.name, None, None, list(added.checks), _settings(added), carried.there, text.strip("\n"), needed
        )
        return _Change(document, None, None, carried.left)

    def _judge(
        self, name: str, foreign: ForeignDataset, dataset: Dataset | None, code: _Code
    ) -> tuple[Judge, Sequence[Check]]:
        """What says what lines mean for a dataset, and the checks that it has."""
        project = code.project
        patterns = patterns_of(project.settings)
        types = code.types.get(name)
        key = (dataset.definition.key if dataset is not None else ()) or foreign.key
        declared: Sequence[Check] = ()
        if dataset is not None:
            declared, _ = parse_lines(dataset.checks, dataset=name, columns=types, key=key, patterns=tuple(patterns))

        def alone(line: str) -> Check | Problem:
            return parse_check(line, dataset=name, columns=types, key=key, patterns=tuple(patterns))

        def judge(lines: Sequence[str]) -> Sequence[Check | Problem]:
            if types is None:
                return [alone(line) for line in lines]
            numbered = tuple(CheckLine(line, "", number) for number, line in enumerate(lines, 1))
            keys = {other: one.definition.key for other, one in project.datasets.items()}
            catalog = Catalog(code.types, keys, patterns, [text for _, text in project.macros])
            one = DeclaredChecks(name, numbered, key)
            made, problems = read_checks([one], catalog, None, datasets=project.datasets)
            wrong = {problem.line: problem for problem in problems if problem.line is not None}
            read = {compiled.check.line: compiled.check for compiled in made[name]}
            return [wrong.get(each.line) or read.get(each.line) or alone(each.text) for each in numbered]

        return judge, declared

    def _text(self, path: str) -> str:
        try:
            return (self._workspace.root / path).read_bytes().decode()
        except FileNotFoundError as error:
            hint = "`andon pull` brings it"
            raise UsageError("usage.bad_argument", "the folder has no such file", where=path, hint=hint) from error
        except UnicodeDecodeError as error:
            raise ProjectError("project.not_utf8", "the file is not UTF-8 text", where=path) from error


def _place(one: LeftOut) -> tuple[int, int, str]:
    return one.line, one.column, one.what


def _written(path: str, text: str, new: NewSettings) -> tuple[str, NewSettings, list[tuple[str, str]]]:
    """The text with what can be added to it, what that is, and what can't be, each with its reason."""
    try:
        return add_settings(path, text, new), new, []
    except ProjectError:
        pass
    refused: list[tuple[str, str]] = []
    added = NewSettings()
    for name in new.__struct_fields__:
        value = getattr(new, name)
        if not value:
            continue
        try:
            text = add_settings(path, text, replace(NewSettings(), **{name: value}))
            added = replace(added, **{name: value})
        except ProjectError as error:
            refused.append((f"`{name}`", f"{error.message}; {error.hint}" if error.hint else error.message))
    return text, added, refused


def _settings(new: NewSettings) -> dict[str, Any]:
    """What is added beside checks, as plain values."""
    found: dict[str, Any] = {}
    for key, value in new.settings.items():
        if key == "columns":
            found[key] = {column.name: _column(column.description, column.type, column.pii) for column in value}
        elif key == "refresh":
            found[key] = dict(value)
        else:
            found[key] = list(value) if isinstance(value, tuple) else value
    return found


def _column(description: str | None, kind: str | None, pii: bool) -> dict[str, Any]:
    said = {"description": description, "type": kind, "pii": pii}
    return {key: value for key, value in said.items() if value}


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "\n".join(lines)
