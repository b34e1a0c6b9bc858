"""What the folder's code leaves open: places by which two runs over the same inputs may differ, each with the form that is exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.dataset import Definition
from andon.model.lint import LintDocument, LintFinding
from andon.model.plan import Action, Step
from andon.model.version import Columns
from andon.runs.inspection.open_places import ReadText, added_places, is_read, is_sql, open_places, row_keys
from andon.runs.planning.bound_columns import known_columns
from andon.service.unit_tests import bound_of, chosen_of
from andon.workspace.engine_settings import cores

if TYPE_CHECKING:
    from andon.runs.planning.gather import Gathered
    from andon.runs.prepare import Preparer
    from andon.workspace.workspace import Workspace


class Linting:
    """Reads the code of one workspace."""

    def __init__(self, workspace: Workspace, preparer: Callable[[], Preparer]) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._lake = workspace.lake

    def lint(self, select: Sequence[str] = (), exclude: Sequence[str] = (), *, silenced: bool = False) -> LintDocument:
        """What the folder's code leaves open, merged with the branch as a run would.

        Args:
            select, exclude: terms of a selection of datasets; none means all.
            silenced: list also what `-- exact:` silences.

        Raises:
            ProjectError: the project is wrong.
            ConflictError, UsageError, MachineError: as `plan`.
        """
        preparer = self._preparer()
        gathered = preparer.folder(self._lake.refs.head(self._workspace.branch()))
        chosen = sorted(chosen_of(gathered, select, exclude) & gathered.definitions.keys())
        taken = [name for name in chosen if is_read(gathered.definitions[name])]
        bound = bound_of(preparer, gathered, {name for name in taken if is_sql(gathered.definitions[name])}).columns
        found: dict[tuple[str, int, str], LintFinding] = {}
        for name in taken:
            for each in self._of(gathered, gathered.definitions[name], bound, self._reader(gathered)):
                found.setdefault((each.file, each.line, each.what), each)
        open_ones = [found[key] for key in sorted(found)]
        told = [each for each in open_ones if silenced or each.silenced is None]
        hushed = sum(each.silenced is not None for each in open_ones)
        unread = [name for name in chosen if gathered.definitions[name].is_function]
        return LintDocument(len(taken), told, hushed, unread)

    def of_plan(self, steps: Sequence[Step], gathered: Gathered, bound: Mapping[str, Columns]) -> tuple[Step, ...]:
        """The steps that change code, with what that leaves open and the published code did not.

        Args:
            bound: the columns that changed code returns.
        """
        changed = [
            step.dataset
            for step in steps
            if step.code_changed and step.action in (Action.BUILD, Action.VIEW) and step.dataset in gathered.definitions
        ]
        leaves = gathered.state.leaves
        old = self._lake.objects.definitions(leaves[name].definition for name in changed if name in leaves)
        found: dict[str, list[LintFinding]] = {}
        for name in changed:
            before = old.get(leaves[name].definition) if name in leaves else None
            read = self._reader(gathered)
            after = self._of(gathered, gathered.definitions[name], bound, read)
            if not any(each.silenced is None for each in after):
                continue
            were = self._of(gathered, before, bound, self._kept) if before is not None else []
            found[name] = added_places(
                [(each, _line(each, before, self._kept)) for each in were if before is not None],
                [(each, _line(each, gathered.definitions[name], read)) for each in after],
            )
        return tuple(replace(s, lint=tuple(found[s.dataset])) if found.get(s.dataset) else s for s in steps)

    def _of(
        self, gathered: Gathered, definition: Definition, bound: Mapping[str, Columns], read: ReadText
    ) -> list[LintFinding]:
        is_wide = self._is_wide(gathered, definition)
        schemas = known_columns(self._workspace, gathered, bound, definition.inputs) if is_wide else None
        if schemas is not None and len(schemas) < len(definition.inputs):
            schemas = None
        return open_places(definition, schemas, row_keys(gathered.definitions.values()), read, is_wide=is_wide)

    def _is_wide(self, gathered: Gathered, definition: Definition) -> bool:
        """Whether a run would give it several threads, by the size of what it reads as far as that is published."""
        leaves = gathered.state.leaves
        versions = self._lake.objects.versions(leaves[name].version for name in definition.inputs if name in leaves)
        size = sum(file.size for version in versions.values() for file in version.files)
        settings = self._workspace.settings
        return cores(settings) > 1 and size > int(settings.get("engine.wide_above"))

    def _kept(self, _: str, sha: str) -> str:
        return self._lake.objects.text(sha).decode()

    def _reader(self, gathered: Gathered) -> ReadText:
        """Reads files of a merge: of the branch what is kept, all else of the other side."""
        kept = self._lake.objects.has_texts

        def read(path: str, sha: str) -> str:
            return self._kept(path, sha) if kept([sha]) else gathered.side.read(path, sha).decode()

        return read


def _line(found: LintFinding, definition: Definition, read: ReadText) -> str:
    """The line that a place stands on."""
    text = definition.sql or ""
    if found.file != definition.entry or not text:
        text = read(found.file, dict(definition.files)[found.file])
    lines = text.split("\n")
    return lines[found.line - 1] if found.line <= len(lines) else ""
