"""Checks by themselves: run on any commit, explained as SQL, their history, and results accepted in spite of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text, to_text
from andon.base.document import Document, Documented
from andon.base.names import did_you_mean
from andon.base.record import Record, field, replace
from andon.errors import Problem, ProjectError, UsageError
from andon.model.acceptance import Acceptance
from andon.model.check_result import CheckDocument, CheckResult
from andon.model.commit import Commit, CommitKind, State
from andon.model.dataset import Definition
from andon.model.project import Project
from andon.model.run import RunResult
from andon.project.select import select as choose
from andon.project.select import selectable
from andon.runs.goal import ANY_PLAN, Goal, Listener, RunOptions
from andon.runs.inspection.ask import Checking
from andon.runs.inspection.book import CheckBook
from andon.runs.inspection.personal import discreet_kept
from andon.runs.inspection.questions import AskContext
from andon.runs.planning.bases import remember_published
from andon.runs.planning.gather import Gathered
from andon.workspace.code import project_at
from andon.workspace.engines import Engines
from andon.workspace.masks import masked_columns
from andon.workspace.view import View, unpublished_hint, unpublished_run

if TYPE_CHECKING:
    from andon.runs.inspection.history import CheckHistory
    from andon.runs.prepare import Preparer
    from andon.runs.run import GoalRunner
    from andon.workspace.workspace import Workspace


class Code(Record):
    """Code beside a state of the lake: what checks are read from, and what they are asked of; `gathered` where it is the folder's."""

    project: Project
    definitions: Mapping[str, Definition]
    state: State
    gathered: Gathered | None = None


class CheckReportDocument(Document):
    """What checks said."""

    at: str
    commit: str
    notices: list[str]
    checks: list[CheckDocument]


class ChecksSqlDocument(Document):
    """What would run for checks."""

    checks: list[CheckSql]


class CheckReport(Documented):
    """What checks said of one commit.

    Attributes:
        at: the ref that was asked.
        notices: what was left out, and why.
    """

    at: str
    commit: Commit
    results: tuple[CheckResult, ...]
    notices: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a check that would hold a publish fails."""
        return any(r.holds for r in self.results)

    def document(self) -> CheckReportDocument:
        """The document of `check --json`."""
        return CheckReportDocument.about(self, commit=self.commit.id, checks=self.results)


class CheckSql(Document):
    """How one check is executed: its dataset, label, way, and the SQL."""

    dataset: str
    label: str = field(name="check")
    how: str
    sql: str


class Checks:
    """Checks of one workspace."""

    def __init__(self, workspace: Workspace, runner: GoalRunner, history: CheckHistory, preparer: Preparer) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._runner = runner
        self._history = history
        self._lake = workspace.lake

    def run(self, select: tuple[str, ...] = (), at: str | None = None, *, again: bool = False) -> CheckReport:
        """Ask the checks of the selected datasets. Nothing is built or published.

        Args:
            at: a ref: its own lines on its own data. Without it: the folder's lines on what the branch publishes.
            again: ask even what was answered before.

        Raises:
            ProjectError: lines that can't be read.
            UsageError: an unknown ref or selection.
        """
        commit, code, notices = self._code(at)
        names = self._selected(select, code, at)
        place = at or self._workspace.reading()
        with Engines(self._workspace, None, self._workspace.clock()) as engines:
            checking = self._checking(code, commit, engines, again)
            problems = checking.book.read(names)
            if problems:
                raise self._refused(code, names, problems)
            results = checking.of_state(code.state.leaves, names)
            with self._lake.database.write() as transaction:
                self._workspace.check_results.record(transaction, checking.fresh.values(), checking.newest)
        return CheckReport(place, commit, tuple(self._history.with_history(results)), tuple(notices))

    def sql(self, select: tuple[str, ...] = (), at: str | None = None) -> list[CheckSql]:
        """What `run` would execute. Raises as that."""
        commit, code, _ = self._code(at)
        names = self._selected(select, code, at)
        with Engines(self._workspace, None, self._workspace.clock()) as engines:
            checking = self._checking(code, commit, engines, again=True)
            problems = checking.book.read(names)
            if problems:
                raise self._refused(code, names, problems)
            return [
                CheckSql(check.dataset, check.label, how, text)
                for check, how, text in checking.explain(code.state.leaves, names)
            ]

    def history(self, dataset: str, limit: int = 1000, at: str | None = None) -> list[CheckResult]:
        """Results of a dataset's checks in all runs that met them, newest run first.

        Args:
            at: where the dataset is looked for if no run met it; None means the branch's head.

        Raises:
            UsageError: `lake.dataset_not_found` for a name that no run met and that is not there.
        """
        found = self._history.of_dataset(dataset, limit)
        if not found:
            View.at(self._workspace, at).leaf(dataset)
            return found
        marked = masked_columns(self._workspace)
        return [discreet_kept(result, marked) for result in found]

    def accept(self, run: int, wanted: Sequence[str], reason: str, listener: Listener | None = None) -> RunResult:
        """Publish the result of `run` in spite of the checks `wanted` (name or text, or `dataset: name`), once.

        Returns:
            How the publish ended: another check may hold it still.

        Raises:
            UsageError: `usage.bad_argument` for a run without a result, a check that does not hold it, or no reason.
        """
        record = self._workspace.runs.find(run)
        if record is None or record.commit is None:
            raise UsageError("usage.bad_argument", f"there is no result of run {run}", hint="`andon log` names runs")
        if not reason.strip():
            raise UsageError("usage.bad_argument", "an acceptance needs a reason", hint='--reason "why it is right"')
        results = self._workspace.check_results.of_run(run)
        chosen = [_chosen(text, results, run) for text in wanted]
        at = to_text(self._workspace.clock())
        acceptances = tuple(
            Acceptance(
                r.subject, r.check, r.dataset, r.label, r.version or "", run, self._workspace.caller.author, reason, at
            )
            for r in chosen
        )
        commit = self._lake.refs.resolve(f"run:{run}")
        is_change = record.kind == str(CommitKind.CHANGE)
        labels = ", ".join(f"`{r.label}`" for r in chosen)
        goal = Goal(
            record.branch,
            # a refresh takes no code: each dataset is made by what made it before
            lambda _, gatherer: replace(gatherer.commit(commit), is_own=not is_change),
            lambda _, gatherer: gatherer.base_of(self._lake.commits.get(commit.parent or "")),
            CommitKind.CHANGE if is_change else CommitKind.REFRESH,
            str(self._workspace.settings.get("publish.change" if is_change else "publish.refresh")),
            updates_folder=False,
            acceptances=acceptances,
            releases=commit.releases,
        )
        options = RunOptions(
            now=from_text(record.logical_time),
            message=f"accept run:{run} in spite of {labels}: {reason}",
            agreed=ANY_PLAN,
            request=self._workspace.caller.request,
        )
        result = self._runner.reach(goal, options, listener or Listener())
        if result.published:
            remember_published(self._workspace, record.branch)
        return result

    # -- parts

    def _code(self, at: str | None) -> tuple[Commit, Code, list[str]]:
        if at is None:
            ref = self._workspace.reading()
            commit = self._lake.refs.resolve(ref)
            gathered = self._preparer.folder(commit)
            files = gathered.files  # the folder's lines, on what is published
            leaves = {d: replace(x, files=tuple(files.get(d, x.files))) for d, x in gathered.state.leaves.items()}
            state = State(leaves, gathered.state.shared)
            new = sorted(d for d in gathered.definitions if d not in state.leaves)
            notices = [f"not built yet, so not checked: {', '.join(new)}"] if new else []
            return commit, Code(gathered.project, gathered.definitions, state, gathered), notices
        commit = self._lake.refs.resolve(at)
        state = self._lake.commits.state(commit)
        project = project_at(self._workspace, state)
        definitions = {name: dataset.definition for name, dataset in project.datasets.items()}
        return commit, Code(project, definitions, state), []

    def _refused(self, code: Code, names: set[str], problems: Sequence[Problem]) -> ProjectError:
        """The error for lines that can't be read; of the folder it tells what a run would refuse as well."""
        if code.gathered is None:
            return ProjectError.of(problems)
        return self._preparer.refused(code.gathered, names, problems)

    def _selected(self, select: tuple[str, ...], code: Code, at: str | None) -> set[str]:
        """The datasets that are selected, and there to be asked."""
        datasets, leaves = code.project.datasets, code.state.leaves
        there = {d for d in datasets if d in leaves}
        needs: dict[str, Sequence[str]] = {d: () for d in leaves}
        needs.update({d: x.definition.inputs for d, x in datasets.items()})
        changed = (d for d in datasets if d not in leaves or leaves[d].definition != datasets[d].definition.id)
        named = choose(select, selectable(datasets, needs, None if at is not None else changed))
        if select and named and not named & there:
            raise self._nothing_there(sorted(named))
        return named & there

    def _nothing_there(self, named: Sequence[str]) -> UsageError:
        """The error for datasets that are in the code and not in the lake: nobody can be asked about them yet."""
        run = unpublished_run(self._workspace, named[0])
        return UsageError(
            "lake.dataset_not_found",
            f"{', '.join(f'`{name}`' for name in named)} {'is' if len(named) == 1 else 'are'} not published yet",
            where=named[0],
            hint=unpublished_hint(run) if run is not None else "`andon run` builds and publishes what the folder says",
        )

    def _checking(self, code: Code, commit: Commit, engines: Engines, again: bool) -> Checking:
        setting = AskContext(
            published=self._published(commit),
            definitions=code.definitions,
            moment=self._workspace.clock(),
            acceptances=commit.acceptances,
            releases=commit.releases,
            again=again,
            branch=self._workspace.branch(),
        )
        return Checking(
            self._workspace,
            CheckBook(self._workspace, code, {}),
            setting,
            engines,
            engines.interrupt,
            engines.workers,
            engines.answers,
        )

    def _published(self, commit: Commit) -> Mapping[str, Any]:
        """What readers had before `commit`: its first parent's leaves."""
        return self._lake.commits.state(self._lake.commits.get(commit.parent)).leaves if commit.parent else {}


def _spoken(result: CheckResult) -> set[str]:
    """All that names a check to `accept`: its name or text, with or without its reason, with or without its dataset."""
    texts = {result.label, result.text}
    if result.why:
        texts |= {text.removesuffix(f'"{result.why}"').rstrip() for text in texts}
    return texts | {f"{result.dataset}: {text}" for text in texts}


def _chosen(text: str, results: Sequence[CheckResult], run: int) -> CheckResult:
    """The failing result that `text` means."""
    failing = [r for r in results if r.holds]
    named = [r for r in failing if text.strip() in _spoken(r)]
    if len(named) == 1:
        return named[0]
    choices = [r.label for r in failing]
    if len(named) > 1:
        hint = "say whose: " + ", ".join(f"`{r.dataset}: {r.label}`" for r in named)
        raise UsageError(
            "usage.bad_argument", f"several datasets have the check `{text}`", where=f"run:{run}", hint=hint
        )
    listed = ", ".join(f"`{r.dataset}: {r.label}`" for r in failing) or "none"
    raise UsageError(
        "usage.bad_argument",
        f"`{text}` does not hold run {run}",
        where=f"run:{run}",
        hint=did_you_mean(text, choices) or f"what holds it: {listed}",
    )
