"""Checks that are proposed: found in a version's values and its past, run before they are shown, written into the dataset's file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import write_whole
from andon.base.record import field
from andon.errors import ProjectError, UsageError
from andon.model.commit import Commit
from andon.model.dataset import Dataset, Kind
from andon.model.profile import ColumnKind
from andon.model.project import Project
from andon.model.proposed_line import ProposedLine
from andon.model.quarantine import is_aside
from andon.project.add_checks import add_checks
from andon.project.select import select as choose
from andon.project.select import selectable
from andon.proposals.facts import Candidate, Neighbour, Subject, Tried, known
from andon.proposals.propose import candidates, finish, keys
from andon.proposals.scene import Moment, Scene
from andon.proposals.trial import try_all
from andon.workspace.code import project_at
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.runs.prepare import Preparer
    from andon.service.profiles import Profiles
    from andon.workspace.workspace import Workspace

#: Datasets above whose sums are compared, the farthest first.
_PROFILES = 8


class ProposedChecksDocument(Document):
    """Checks that are suggested, and the lines that were written into files."""

    datasets: list[ProposedChecks]
    written: dict[str, list[str]]


class ProposedChecks(Document):
    """What is suggested for one dataset.

    Attributes:
        file: its own file, where the lines belong.
        rows: of its version.
        declared: how many checks it has.
        past: on how many earlier versions they could be tried.
    """

    dataset: str
    file: str
    rows: int
    declared: int
    past: int = field(name="past_versions")
    suggestions: tuple[ProposedLine, ...]


class Proposing:
    """Suggests checks for the datasets of one workspace."""

    def __init__(self, workspace: Workspace, profiles: Profiles, preparer: Preparer) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._profiles = profiles
        self._lake = workspace.lake

    def suggest(self, select: tuple[str, ...] = (), at: str | None = None) -> list[ProposedChecks]:
        """Lines for the datasets of a commit, beside those that are declared; each was run on that commit and on earlier versions.

        Args:
            select: datasets, as anywhere; all if empty.
            at: a ref: beside its own lines. Without it: beside the folder's, on what the branch publishes.

        Raises:
            ProjectError: the folder has problems, or lines that can't be read.
            UsageError: an unknown ref or selection; nothing is built yet.
        """
        commit, project = self._code(at)
        with Scene(self._workspace, commit, project) as scene:
            names = _selected(select, scene, at)
            past = scene.past(names)
            masks = masked_columns(self._workspace, commit)
            given = {name: (past.get(name, []), at, masks.get(name, frozenset())) for name in names}
            for name in names:
                # what is a key is known before anything refers to it
                scene.keys[name] = scene.keys[name] or self._key(scene, name, *given[name])
            return [self._of(scene, name, *given[name]) for name in names]

    def write(self, suggested: Iterable[ProposedChecks]) -> dict[str, tuple[ProposedLine, ...]]:
        """Add lines to the files of their datasets, in the folder: those that would have failed on no earlier version.

        Returns:
            `{project path: what was added}`.

        Raises:
            ProjectError: `project.cannot_add` for a file that can't be added to; then no file is changed.
            UsageError: the folder lacks a file.
        """
        made: dict[str, tuple[str, tuple[ProposedLine, ...]]] = {}
        for one in suggested:
            lines = tuple(each for each in one.suggestions if each.is_safe)
            if lines:
                text = add_checks(one.file, self._text(one.file), [each.line for each in lines])
                made[one.file] = text, lines
        for path, (text, _) in made.items():
            write_whole(self._workspace.root / path, text.encode())
        return {path: lines for path, (_, lines) in made.items()}

    # -- parts

    def _code(self, at: str | None) -> tuple[Commit, Project]:
        if at is not None:
            commit = self._lake.refs.resolve(at)
            return commit, project_at(self._workspace, self._lake.commits.state(commit))
        commit = self._lake.refs.resolve(self._workspace.reading())
        return commit, self._preparer.folder(commit).project

    def _key(
        self, scene: Scene, name: str, past: Sequence[Moment], at: str | None, marked: frozenset[str]
    ) -> tuple[str, ...]:
        """The columns of the key that is suggested for a dataset, if one always held."""
        subject = self._subject(scene, scene.datasets[name], past, at, marked)
        found = finish(name, _tried(scene, subject, list(keys(subject, known(subject))), past))
        return next((one.columns for one in found if one.rule == "key" and one.is_safe), ())

    def _of(
        self, scene: Scene, name: str, past: Sequence[Moment], at: str | None, marked: frozenset[str]
    ) -> ProposedChecks:
        subject = self._subject(scene, scene.datasets[name], past, at, marked)
        tried = _tried(scene, subject, candidates(subject), past)
        file = scene.datasets[name].definition.entry
        rows = subject.profile.rows
        return ProposedChecks(name, file, rows, len(subject.declared), len(past), tuple(finish(name, tried)))

    def _subject(
        self, scene: Scene, dataset: Dataset, past: Sequence[Moment], at: str | None, marked: frozenset[str]
    ) -> Subject:
        name = dataset.name
        declared, problems = scene.declared(dataset)
        if problems:
            raise ProjectError.of(problems)
        profile = self._profiles.profile(name, at)
        masked = marked | {column.name.lower() for column in dataset.columns if column.pii}
        counts = [scene.rows(one.version) for one in reversed(past)]
        has_numbers = any(column.kind is ColumnKind.NUMBER for column in profile.columns)
        return Subject(
            dataset=name,
            columns=scene.columns(name),
            profile=profile,
            key=dataset.definition.key,
            declared=tuple(declared),
            masked=masked,
            is_source=dataset.definition.kind is Kind.SOURCE,
            moment=scene.moment(name),
            earlier_rows=tuple(count for count in counts if count is not None),
            others=self._others(scene, name, at, has_numbers),
        )

    def _others(self, scene: Scene, name: str, at: str | None, has_numbers: bool) -> tuple[Neighbour, ...]:
        above = scene.above
        farthest = sorted(above[name] & scene.versions.keys(), key=lambda other: (len(above[other]), other))
        profiled = set(farthest[:_PROFILES]) if has_numbers else set()
        return tuple(
            Neighbour(
                other,
                scene.columns(other),
                scene.keys.get(other, ()),
                len(above[other]),
                is_upstream=other in above[name],
                is_downstream=name in above[other],
                profile=self._profiles.profile(other, at) if other in profiled else None,
            )
            for other in scene.versions
            if other != name
        )

    def _text(self, path: str) -> str:
        try:
            return (self._workspace.root / path).read_bytes().decode()
        except FileNotFoundError as error:
            hint = "`andon pull` brings it"
            raise UsageError("usage.bad_argument", "the folder has no such file", where=path, hint=hint) from error
        except UnicodeDecodeError as error:
            raise ProjectError("project.not_utf8", "the file is not UTF-8 text", where=path) from error


def _tried(scene: Scene, subject: Subject, found: list[Candidate], past: Sequence[Moment]) -> list[Tried]:
    if not found:
        return []
    present, earlier = scene.present_place(subject.dataset, past), scene.past_places(subject.dataset, past)
    return try_all(subject, found, scene.catalog, scene.binder, present, earlier)


def _selected(select: tuple[str, ...], scene: Scene, at: str | None) -> list[str]:
    if not scene.datasets:
        message = "nothing is built yet that checks could be suggested for"
        raise UsageError("lake.dataset_not_found", message, hint="`andon run` builds what the folder says")
    if not select:
        return sorted(d for d in scene.datasets if not is_aside(d))  # which are wrong, as checks say
    leaves = scene.state.leaves
    changed = (d for d, one in scene.datasets.items() if leaves[d].definition != one.definition.id)
    found = choose(select, selectable(scene.datasets, changed=None if at is not None else changed))
    return sorted(d for d in found if not is_aside(d))
