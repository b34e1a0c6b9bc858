"""The service: every noun with its verbs, composed over one opened project. All faces call what is here, and nothing below."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.clock import Clock, clock_from, from_text, system_clock, to_text
from andon.base.uptime import UptimeClock
from andon.engines.other import OtherEngine, embedded_only
from andon.errors import Problem, ProjectError, UsageError
from andon.project.folder.scan import find_root
from andon.service.shared import SharedParts
from andon.workspace.caller import BY_ITSELF, Caller
from andon.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.model.plan import Step
    from andon.model.version import Columns
    from andon.operations.scheduling.looking import Looking
    from andon.query.ask import Querying
    from andon.query.workers import Workers
    from andon.runs.goal import Listener
    from andon.runs.inspection.history import CheckHistory
    from andon.runs.planning.gather import Gathered
    from andon.runs.planning.outlook import Outlook
    from andon.runs.prepare import Preparer
    from andon.runs.run import GoalRunner
    from andon.service.actions import ActionDesk
    from andon.service.analyses import Analyses
    from andon.service.analysis_reproducing import AnalysisReproducing
    from andon.service.approving import ApprovalDesk
    from andon.service.architecture import Architectures
    from andon.service.backfills import Backfills
    from andon.service.backups import Backups
    from andon.service.board import Board
    from andon.service.branches import Branches
    from andon.service.catalogs import CatalogPlaces
    from andon.service.changes import OpenChanges
    from andon.service.checks import Checks
    from andon.service.collecting import Collecting
    from andon.service.completion import Completion
    from andon.service.contracts import Contracts
    from andon.service.cords import CordDesk
    from andon.service.costs import CostDesk
    from andon.service.dataset_questions import QuestionDesk
    from andon.service.dataset_versions import DatasetVersions
    from andon.service.datasets import Datasets
    from andon.service.diff_report import DiffReports
    from andon.service.editing import Editing
    from andon.service.given_files import GivenFiles
    from andon.service.glossary import Glossary
    from andon.service.history import History
    from andon.service.incidents import IncidentDesk
    from andon.service.insight_asking import InsightAsking
    from andon.service.insight_changes import InsightChanges
    from andon.service.insight_checks import InsightChecks
    from andon.service.insights import Insights
    from andon.service.isolating import Isolating
    from andon.service.isolation_apply import IsolationApply
    from andon.service.lake_moves import LakeMoves
    from andon.service.letters import LetterDesk
    from andon.service.lineage import Lineages
    from andon.service.lineage_events import LineageEvents
    from andon.service.lineage_map import LineageMaps
    from andon.service.linting import Linting
    from andon.service.log_reads import LogReads
    from andon.service.messages import MessageDesk
    from andon.service.needs import Surroundings
    from andon.service.nightly import Nightly
    from andon.service.principles import Scorecards
    from andon.service.profiles import Profiles
    from andon.service.promises import Promises
    from andon.service.proofs import ProofDesk
    from andon.service.proposing import Proposing
    from andon.service.quarantine import Quarantine
    from andon.service.query_history import QueryHistory
    from andon.service.readers import ReaderBook
    from andon.service.renaming import Renaming
    from andon.service.repairing import Repairing
    from andon.service.reproducing import Reproducing
    from andon.service.reproduction_samples import ReproductionSamples
    from andon.service.requests import RequestDesk
    from andon.service.reviewing import Reviewing
    from andon.service.row_diffs import RowDiffs
    from andon.service.run_changes import RunChanges
    from andon.service.run_log import RunHistory
    from andon.service.runs import Runs
    from andon.service.saved_queries import SavedQueries
    from andon.service.saving import Saving
    from andon.service.schedules import Schedules
    from andon.service.scheduling import Scheduling
    from andon.service.searching import Searching
    from andon.service.signals import SignalDesk
    from andon.service.simplify import Simplifying
    from andon.service.stage_tests import StageTests
    from andon.service.status import Standing
    from andon.service.suggestions import Suggestions
    from andon.service.tokens import TokenDesk
    from andon.service.trust import Trust
    from andon.service.undescribed import Undescribed
    from andon.service.undo import Undoing
    from andon.service.undo_older import Reverting
    from andon.service.unit_tests import UnitTests
    from andon.service.uploads import Uploads
    from andon.service.value import ValueDesk
    from andon.service.verifying import Verifying
    from andon.workspace.view import View


class Service:
    """The verbs of one project, for one caller. `by` gives those of another caller; all share adapters, engines and caches.

    Nouns are attributes with few verbs; each noun is a file of this package, and loaded when first used.
    """

    def __init__(self, workspace: Workspace, shared: SharedParts | None = None) -> None:
        self.workspace = workspace
        self._shared = SharedParts(workspace) if shared is None else shared

    @classmethod
    def find(cls, start: Path, *, face: str = "python", flags: Mapping[str, str] | None = None) -> Service:
        """The service of the project at or above `start`, by the machine's clock, or in a rehearsal by the one that `ANDON_CLOCK` gives.

        Raises:
            UsageError: `usage.no_project`; `usage.bad_argument` where `ANDON_CLOCK` is no time.
            ProjectError: as `open`.
        """
        given = os.environ.get("ANDON_CLOCK")
        try:
            clock = clock_from(from_text(given)) if given else system_clock
        except ValueError as error:
            hint = "write `2026-11-01T06:00`, or unset it: without it the clock is the machine's"
            raise UsageError(
                "usage.bad_argument", f"`{given}` is not a time", where="ANDON_CLOCK", hint=hint
            ) from error
        return cls.open(find_root(start.resolve()), face=face, flags=flags, clock=clock)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        face: str = "python",
        flags: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock = system_clock,
        other_engine: OtherEngine = embedded_only,
        uptime: UptimeClock | None = None,
    ) -> Service:
        """The service of the project in `root`; arguments are those of `Workspace.open`.

        Raises:
            ProjectError: with everything that is wrong in the whole folder, if `andon.toml` has a problem.
        """
        try:
            return cls(
                Workspace.open(
                    root,
                    face=face,
                    flags=flags,
                    environ=environ,
                    clock=clock,
                    other_engine=other_engine,
                    uptime=uptime,
                )
            )
        except ProjectError as error:
            further = _problems_without_config(root, environ, clock)
            raise ProjectError.of({*error.problems, *further}) from error

    def by(self, caller: Caller) -> Service:
        """The verbs for another caller, on the same lake, engines and caches."""
        return Service(self.workspace.by(caller), self._shared)

    def close(self) -> None:
        """Close engines, database and cache, for all callers. Results of queries stay readable."""
        self._shared.close()
        self.workspace.close()

    def serve_queries(self, workers: Workers) -> None:
        """Let `workers` answer what is streamed, for all callers; `close` ends them. Else the first such query starts its own."""
        self._shared.serve(workers)

    # -- nouns

    @cached_property
    def runs(self) -> Runs:
        """Plan, run, refresh."""
        from andon.service.runs import Runs

        return Runs(self.workspace, self._runner)

    @cached_property
    def promises(self) -> Promises:
        """What is due, by what datasets promise."""
        from andon.service.promises import Promises

        return Promises(self.workspace, self._preparer, self.runs, self.querying)

    @cached_property
    def schedules(self) -> Schedules:
        """What is scheduled, and why."""
        from andon.service.schedules import Schedules

        return Schedules(self.workspace, self._looking)

    @cached_property
    def messages(self) -> MessageDesk:
        """How people are told of incidents."""
        from andon.service.messages import MessageDesk

        return MessageDesk(self.workspace)

    @cached_property
    def scheduling(self) -> Scheduling:
        """Scheduled work."""
        from andon.service.scheduling import Scheduling

        by_itself = self.by(Caller(BY_ITSELF, self.workspace.caller.face))
        return Scheduling(
            self.workspace,
            self._looking,
            lambda: by_itself.runs,
            lambda: self._preparer,
            self._passed,
            self._wait_beside,
        )

    @cached_property
    def signals(self) -> SignalDesk:
        """What is late, out of the usual, or not governed."""
        from andon.service.signals import SignalDesk

        return SignalDesk(self.workspace, lambda: self._shared.troubles, self._shared.uses, self._check_history)

    @cached_property
    def backfills(self) -> Backfills:
        """Times of tables that grow."""
        from andon.service.backfills import Backfills

        return Backfills(self.workspace, self.runs)

    @cached_property
    def uploads(self) -> Uploads:
        """Files that somebody has, as rows of a source."""
        from andon.service.uploads import Uploads

        return Uploads(self.workspace)

    @cached_property
    def saving(self) -> Saving:
        """Queries that become datasets."""
        from andon.service.saving import Saving

        return Saving(self.workspace, self.given_files, self.proposing)

    @cached_property
    def editing(self) -> Editing:
        """Files of branches, edited without a folder."""
        from andon.service.editing import Editing

        return Editing(self.workspace, self.given_files)

    @cached_property
    def renaming(self) -> Renaming:
        """Names of datasets and saved queries."""
        from andon.service.renaming import Renaming

        return Renaming(self.workspace, self.given_files)

    @cached_property
    def run_log(self) -> RunHistory:
        """Runs as they were recorded."""
        from andon.service.run_log import RunHistory

        return RunHistory(self.workspace)

    @cached_property
    def tokens(self) -> TokenDesk:
        """By what a server knows people."""
        from andon.service.tokens import TokenDesk

        return TokenDesk(self.workspace)

    @cached_property
    def run_changes(self) -> RunChanges:
        """What runs changed for readers."""
        from andon.service.run_changes import RunChanges

        return RunChanges(self.workspace, self._outlook, self.row_diffs, self._check_history)

    @cached_property
    def checks(self) -> Checks:
        """Checks by themselves: run, history, acceptances."""
        from andon.service.checks import Checks

        return Checks(self.workspace, self._runner, self._check_history, self._preparer)

    @cached_property
    def quarantine(self) -> Quarantine:
        """Rows that checks set aside."""
        from andon.service.quarantine import Quarantine

        return Quarantine(self.workspace, self.querying, self._runner, self.cords, self.trust)

    @cached_property
    def incidents(self) -> IncidentDesk:
        """What is wrong, until it is right again."""
        from andon.service.incidents import IncidentDesk

        return IncidentDesk(self.workspace, lambda: self._check_history, self._around, lambda: self.signals)

    @cached_property
    def cords(self) -> CordDesk:
        """What people hold, and complain of."""
        from andon.service.cords import CordDesk

        return CordDesk(self.workspace, self.incidents)

    @cached_property
    def reviewing(self) -> Reviewing:
        """How well the work went."""
        from andon.service.reviewing import Reviewing

        return Reviewing(self.workspace, self._check_history, self.incidents, lambda: self.quarantine)

    @cached_property
    def costs(self) -> CostDesk:
        """What the lake costs, whom that serves, and what nobody needs."""
        from andon.service.costs import CostDesk

        return CostDesk(self.workspace, lambda: self.renaming, self._log_reads)

    @cached_property
    def reproducing(self) -> Reproducing:
        """Past versions built again."""
        from andon.service.reproducing import Reproducing

        return Reproducing(self.workspace)

    @cached_property
    def isolating(self) -> Isolating:
        """Stages and runs of analyses packed into folders."""
        from andon.service.isolating import Isolating

        return Isolating(self.workspace, lambda: self.analyses)

    @cached_property
    def stage_tests(self) -> StageTests:
        """Stages as unit tests."""
        from andon.service.stage_tests import StageTests

        return StageTests(self.workspace)

    @cached_property
    def isolation_apply(self) -> IsolationApply:
        """What was worked on in such folders, brought back."""
        from andon.service.isolation_apply import IsolationApply

        return IsolationApply(self.workspace, self.given_files)

    @cached_property
    def reproduction_samples(self) -> ReproductionSamples:
        """Many past versions built again."""
        from andon.service.reproduction_samples import ReproductionSamples

        return ReproductionSamples(self.workspace, self.reproducing)

    @cached_property
    def proofs(self) -> ProofDesk:
        """What was proved of the lake."""
        from andon.service.proofs import ProofDesk

        return ProofDesk(self.workspace)

    @cached_property
    def linting(self) -> Linting:
        """What code leaves open, so that two runs may differ."""
        from andon.service.linting import Linting

        return Linting(self.workspace, lambda: self._preparer)

    @cached_property
    def catalogs(self) -> CatalogPlaces:
        """The database that is the lake's catalog."""
        from andon.service.catalogs import CatalogPlaces

        return CatalogPlaces(self.workspace)

    @cached_property
    def lake_moves(self) -> LakeMoves:
        """The lake's files in another storage."""
        from andon.service.lake_moves import LakeMoves

        return LakeMoves(self.workspace)

    @cached_property
    def nightly(self) -> Nightly:
        """What is proved each night."""
        from andon.service.nightly import Nightly

        by_itself = self.by(Caller(BY_ITSELF, self.workspace.caller.face))
        return Nightly(
            self.workspace, lambda: by_itself.reproducing, lambda: by_itself.verifying, lambda: self.incidents
        )

    @cached_property
    def verifying(self) -> Verifying:
        """The lake read whole."""
        from andon.service.verifying import Verifying

        return Verifying(self.workspace)

    @cached_property
    def backups(self) -> Backups:
        """Copies of the lake elsewhere."""
        from andon.service.backups import Backups

        return Backups(self.workspace)

    @cached_property
    def repairing(self) -> Repairing:
        """The lake mended."""
        from andon.service.repairing import Repairing

        return Repairing(self.workspace, self.verifying)

    @cached_property
    def collecting(self) -> Collecting:
        """What nothing needs any more."""
        from andon.service.collecting import Collecting

        return Collecting(self.workspace)

    @cached_property
    def worth(self) -> ValueDesk:
        """What the lake is worth, by dataset and insight."""
        from andon.service.value import ValueDesk

        return ValueDesk(self.workspace, self.insights, self.costs)

    @cached_property
    def approving(self) -> ApprovalDesk:
        """What owners approve of changes by others."""
        from andon.service.approving import ApprovalDesk

        return ApprovalDesk(self.workspace, lambda: self.messages.tell())

    @cached_property
    def letters(self) -> LetterDesk:
        """What people are told of what is theirs."""
        from andon.service.letters import LetterDesk

        return LetterDesk(self.workspace)

    @cached_property
    def requests(self) -> RequestDesk:
        """What people need and nobody could serve."""
        from andon.service.requests import RequestDesk

        return RequestDesk(
            self.workspace,
            self._found,
            self._is_published,
            lambda: self.messages.tell(),
            lambda n: self.dataset_questions.show(n),
        )

    @cached_property
    def dataset_questions(self) -> QuestionDesk:
        """What people ask about datasets and columns."""
        from andon.service.dataset_questions import QuestionDesk

        return QuestionDesk(self.workspace)

    def _found(self, words: str) -> list[str]:
        return [hit.dataset for hit in self.catalog.find(words).hits]

    def _is_published(self, branch: str) -> bool | None:
        from andon.lake.refs import MAIN
        from andon.service.board import made_there

        there = self.workspace.lake.refs.find(branch)
        main = self.workspace.lake.refs.resolve(MAIN)
        return None if there is None else made_there(self.workspace, main, there.commit) is None

    @cached_property
    def actions(self) -> ActionDesk:
        """What is done about what is wrong."""
        from andon.service.actions import ActionDesk

        face = self.workspace.caller.face
        return ActionDesk(self.workspace, self.incidents, lambda author: self.by(Caller(author, face)))

    @cached_property
    def branches(self) -> Branches:
        """Branches, tags, publish."""
        from andon.service.branches import Branches

        return Branches(self.workspace, self._runner)

    @cached_property
    def changes(self) -> OpenChanges:
        """What is not published yet: branches beside main, edits of the folder."""
        from andon.service.changes import OpenChanges

        uses = self._shared.uses
        return OpenChanges(self.workspace, self.branches, self.history, self.row_diffs, self.run_changes, uses)

    @cached_property
    def history(self) -> History:
        """Log and diff."""
        from andon.service.history import History

        return History(self.workspace, self._outlook, self.row_diffs, self._shared.changed_names, lambda: self.trust)

    @cached_property
    def versions(self) -> DatasetVersions:
        """Versions of single datasets."""
        from andon.service.dataset_versions import DatasetVersions

        return DatasetVersions(self.workspace, self.history, self.row_diffs)

    @cached_property
    def row_diffs(self) -> RowDiffs:
        """Rows that differ between commits."""
        from andon.service.row_diffs import RowDiffs

        return RowDiffs(self.workspace)

    @cached_property
    def diff_reports(self) -> DiffReports:
        """Reports on a difference, for a pull request."""
        from andon.service.diff_report import DiffReports

        return DiffReports(self.workspace, self.history, self.row_diffs, self._outlook, self._check_history)

    @cached_property
    def undoing(self) -> Undoing:
        """Undo, redo, accept."""
        from andon.service.undo import Undoing

        return Undoing(self.workspace, self._runner, self.cords, self._run_ended)

    @cached_property
    def reverting(self) -> Reverting:
        """Undo of older publishes."""
        from andon.service.undo_older import Reverting

        return Reverting(self.workspace, self._runner, self.run_changes, self.undoing)

    @cached_property
    def querying(self) -> Querying:
        """Queries."""
        from andon.query.ask import Querying

        return Querying(self.workspace, lambda: self._shared.workers)

    @cached_property
    def trust(self) -> Trust:
        """Whether to trust an answer."""
        from andon.service.trust import Trust

        return Trust(self.workspace, self._shared.troubles, self._shared.graphs)

    @cached_property
    def query_history(self) -> QueryHistory:
        """What was asked before."""
        from andon.service.query_history import QueryHistory

        return QueryHistory(self.workspace)

    @cached_property
    def completion(self) -> Completion:
        """What an editor of SQL may propose."""
        from andon.service.completion import Completion

        return Completion(self.workspace)

    @cached_property
    def saved_queries(self) -> SavedQueries:
        """Queries that have a name."""
        from andon.service.saved_queries import SavedQueries

        return SavedQueries(self.workspace, self.querying)

    @cached_property
    def insights(self) -> Insights:
        """What data serves, what it is worth, and how far it can be relied on."""
        from andon.service.insights import Insights

        shared = self._shared
        return Insights(self.workspace, shared.troubles, shared.graphs, self.trust, self._insight_asking)

    @cached_property
    def analyses(self) -> Analyses:
        """Scripts and notebooks that are run against one commit."""
        from andon.service.analyses import Analyses

        return Analyses(self.workspace, lambda: self.trust)

    @cached_property
    def analysis_reproducing(self) -> AnalysisReproducing:
        """Analyses that are run again, and compared."""
        from andon.service.analysis_reproducing import AnalysisReproducing

        return AnalysisReproducing(self.workspace, self.analyses)

    @cached_property
    def insight_checks(self) -> InsightChecks:
        """Whether insights are still true."""
        from andon.service.insight_checks import InsightChecks

        return InsightChecks(self.workspace, self._insight_asking, self.trust)

    @cached_property
    def insight_changes(self) -> InsightChanges:
        """Insights that are made, pinned, or have an outcome more."""
        from andon.service.insight_changes import InsightChanges

        return InsightChanges(self.workspace, self.given_files, self._insight_asking, self.insight_checks)

    @cached_property
    def _insight_asking(self) -> InsightAsking:
        from andon.service.insight_asking import InsightAsking

        return InsightAsking(self.workspace, self.querying, self.saved_queries)

    @cached_property
    def lineages(self) -> Lineages:
        """Where datasets and columns come from, and whom they reach."""
        from andon.service.lineage import Lineages

        return Lineages(self.workspace, self._shared.graphs)

    @cached_property
    def maps(self) -> LineageMaps:
        """Lineage as it is drawn."""
        from andon.service.lineage_map import LineageMaps

        return LineageMaps(self.workspace, self.lineages, self._shared.folded, self._shared.troubles)

    @cached_property
    def architectures(self) -> Architectures:
        """What the lake is built of, as blocks and lines."""
        from andon.service.architecture import Architectures

        return Architectures(self.workspace, self._shared.troubles, self._shared.architectures)

    @cached_property
    def scorecards(self) -> Scorecards:
        """How the team works by the nine principles."""
        from andon.service.principles import ScorecardNouns, Scorecards

        nouns = ScorecardNouns(
            self.reviewing, self.architectures, self.insights, self.worth, self._shared.changed_names, self.simplifying
        )
        return Scorecards(self.workspace, nouns, self._shared.scorecards)

    @cached_property
    def profiles(self) -> Profiles:
        """Profiles of datasets."""
        from andon.service.profiles import Profiles

        return Profiles(self.workspace, lambda: self.trust)

    @cached_property
    def unit_tests(self) -> UnitTests:
        """Unit tests of datasets."""
        from andon.service.unit_tests import UnitTests

        return UnitTests(self.workspace, self._preparer)

    @cached_property
    def contracts(self) -> Contracts:
        """Contracts of other tools: written of what is published, read into the folder's files."""
        from andon.service.contracts import Contracts

        return Contracts(self.workspace, self._preparer)

    @cached_property
    def proposing(self) -> Proposing:
        """Checks that may be added."""
        from andon.service.proposing import Proposing

        return Proposing(self.workspace, self.profiles, self._preparer)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Work that people do over and over, offered as what would do it."""
        from andon.service.suggestions import Suggestions

        return Suggestions(self.workspace, self)

    @cached_property
    def simplifying(self) -> Simplifying:
        """What could be simpler, with the change written out."""
        from andon.service.simplify import Simplifying

        return Simplifying(self.workspace, self, lambda commit: self._shared.graphs.graph(commit), self._log_reads)

    @cached_property
    def datasets(self) -> Datasets:
        """Datasets as they are: list, show."""
        from andon.service.datasets import Datasets

        return Datasets(
            self.workspace,
            self.querying,
            self._check_history,
            self._shared.troubles,
            lambda: self._shared.graphs,
            lambda: self._shared.descriptions,
            lambda commit, names, at: self.trust.notes(commit, names, at, is_masked=True),
            lambda name, commit: self.dataset_questions.count(name, commit),
        )

    @cached_property
    def catalog(self) -> Searching:
        """Datasets, columns, saved queries and branches by words."""
        from andon.service.searching import Searching

        return Searching(self.workspace, self._shared.catalogs, self._shared.uses, self._shared.troubles)

    @cached_property
    def glossary(self) -> Glossary:
        """Words of the business."""
        from andon.service.glossary import Glossary

        return Glossary(self.workspace, self._shared.catalogs)

    @cached_property
    def undescribed(self) -> Undescribed:
        """What nobody described yet."""
        from andon.service.undescribed import Undescribed

        return Undescribed(self.workspace, self._shared.catalogs, self._shared.uses)

    @cached_property
    def readers(self) -> ReaderBook:
        """Who uses datasets."""
        from andon.service.readers import ReaderBook

        shared = self._shared
        return ReaderBook(self.workspace, shared.catalogs, shared.uses, self._log_reads, lambda: shared.graphs)

    @cached_property
    def standing(self) -> Standing:
        """Where folder and branch stand."""
        from andon.service.status import Standing

        return Standing(self.workspace, self.runs, self.board)

    @cached_property
    def board(self) -> Board:
        """How the lake stands, and what needs a person."""
        from andon.service.board import Board

        shared = self._shared
        questions = self.dataset_questions
        return Board(self.workspace, shared.catalogs, shared.uses, shared.troubles, self.runs, questions, shared.board)

    @cached_property
    def lineage_events(self) -> LineageEvents:
        """What runs tell to a catalog of lineage."""
        from andon.service.lineage_events import LineageEvents

        return LineageEvents(self.workspace, self._shared.outbox, lambda: self._shared.graphs)

    # -- what nouns are handed

    @cached_property
    def _log_reads(self) -> LogReads:
        from andon.service.log_reads import LogReads

        return LogReads(self.workspace, self._shared.uses)

    @cached_property
    def _outlook(self) -> Outlook:
        from andon.runs.planning.outlook import Outlook

        return Outlook(self.workspace, lambda: self._shared.graphs)

    @cached_property
    def _check_history(self) -> CheckHistory:
        from andon.runs.inspection.history import CheckHistory

        return CheckHistory(self.workspace)

    def _around(self, view: View) -> Surroundings:
        from andon.service.lanes import lanes_of
        from andon.service.needs import around_of

        lanes = lanes_of(self._shared.catalogs.of(view.commit).entries, view.project.insights)
        return around_of(lanes, self._shared.uses, self.workspace.clock())

    @cached_property
    def _preparer(self) -> Preparer:
        from andon.runs.prepare import Preparer
        from andon.service.stakes import Stakes

        return Preparer(self.workspace, self._outlook, Stakes(self.workspace).of_plan, self._with_broken)

    def _with_broken(self, steps: Sequence[Step], gathered: Gathered, bound: Mapping[str, Columns]) -> tuple[Step, ...]:
        """Steps with whom they break, and what of their code two runs may differ by."""
        from andon.service.broken_readers import BrokenReaders  # here: only a plan that somebody looks at needs it

        found = BrokenReaders(self.workspace, self._log_reads).of_plan(steps, gathered, bound)
        return self.linting.of_plan(found, gathered, bound)

    @cached_property
    def given_files(self) -> GivenFiles:
        """Files that are given to a run in place of the folder."""
        from andon.service.given_files import GivenFiles

        return GivenFiles(self.workspace, self._runner, self._preparer)

    @cached_property
    def _looking(self) -> Looking:
        return self._shared.looking(
            lambda: self.querying, lambda branch, datasets: self.scheduling.marks(branch, datasets)
        )

    @cached_property
    def _runner(self) -> GoalRunner:
        from andon.runs.run import GoalRunner

        return GoalRunner(self.workspace, self._preparer, self._run_ended, self.lineage_events.listening)

    def _run_ended(self, branch: str, listener: Listener) -> None:
        self.lineage_events.run_ended(listener)
        self.incidents.run_ended(branch, listener)
        self.messages.run_ended(listener)

    def _passed(self, branch: str, listener: Listener, is_beside: bool) -> None:
        self.incidents.passed(branch, listener)
        self.insight_checks.passed(branch, listener)
        if not self.workspace.actions.is_idle(branch, to_text(self.workspace.clock())):
            self.actions.passed(branch, listener, is_beside=is_beside)
        self.nightly.passed(branch, listener, is_beside=is_beside)
        self.messages.run_ended(listener)

    def _wait_beside(self) -> None:
        self.nightly.wait()
        self.actions.wait()


def _problems_without_config(root: Path, environ: Mapping[str, str] | None, clock: Clock) -> tuple[Problem, ...]:
    """What else is wrong in the folder, seen over an empty lake that is thrown away."""
    from tempfile import TemporaryDirectory

    from andon.lake.refs import MAIN
    from andon.model.commit import CommitKind
    from andon.runs.goal import DEFAULTS, Goal

    with TemporaryDirectory(prefix="andon-") as place:
        flags = {"storage": f"{place}/lake", "catalog": f"{place}/catalog.db"}
        scratch = Service(Workspace.open(root, flags=flags, environ=environ, clock=clock, config={}))
        # whatever the folder had in common with another lake
        goal = Goal(MAIN, lambda _, gatherer: gatherer.folder(), lambda *_: None, CommitKind.CHANGE, "none")
        try:
            scratch._preparer.prepare(goal, DEFAULTS)
        except ProjectError as error:
            return error.problems
        finally:
            scratch.close()
    return ()
