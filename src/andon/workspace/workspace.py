"""The workspace: an opened project in the hands of one caller. Adapters only; the verbs are in `service` and below it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.clock import Clock, system_clock
from andon.base.uptime import UptimeClock, machine_uptime, unknown_uptime
from andon.engines.other import OtherEngine, embedded_only
from andon.errors import UsageError
from andon.lake.refs import MAIN
from andon.model.message import NotifyBook
from andon.project.config import read_config_values
from andon.settings.connections import CONNECTIONS, read_connections
from andon.settings.notify import NOTIFY, read_channels
from andon.settings.people import PEOPLE, mails_of, read_people
from andon.settings.resolve import Settings, resolve, user_values
from andon.workspace.adapters import Adapters
from andon.workspace.caller import Caller, process_author
from andon.workspace.git import git_info

if TYPE_CHECKING:
    from andon.base.cache import FileCache
    from andon.base.lru import Lru
    from andon.lake.lake import Lake
    from andon.lake.storage import Storage
    from andon.model.person import PersonRole
    from andon.model.project import Project
    from andon.relations.pool import Readers
    from andon.sources.databases.databases import Databases
    from andon.sources.remote.places import Places
    from andon.state.actions import Actions
    from andon.state.answered import AnsweredCalls
    from andon.state.approvals import Approvals
    from andon.state.attempts import Attempts
    from andon.state.check_results import CheckResults
    from andon.state.claims import Claims
    from andon.state.clocks import Clocks
    from andon.state.cords import Cords
    from andon.state.dataset_questions import DatasetQuestions
    from andon.state.decisions import Decisions
    from andon.state.doors import Doors
    from andon.state.facts import Facts
    from andon.state.failed_steps import FailedSteps
    from andon.state.hints import HintRows
    from andon.state.incidents import Incidents
    from andon.state.insight_looks import InsightLooks
    from andon.state.letters import Letters
    from andon.state.looks import Looks
    from andon.state.messages import Messages
    from andon.state.nights import Nights
    from andon.state.offers import Offers
    from andon.state.origins import Origins
    from andon.state.pauses import Pauses
    from andon.state.queries import Queries
    from andon.state.reproductions import Reproductions
    from andon.state.requests import Requests
    from andon.state.runs import RunLog
    from andon.state.spending import Spending
    from andon.state.tokens import Tokens
    from andon.state.usual import UsualNumbers
    from andon.workspace.base import Bases
    from andon.workspace.folder import Folder


class Workspace:
    """A project folder, its settings, lake and state, and who works with them.

    Several workspaces (`by`) share one set of adapters, so that a process can serve many callers at once.
    """

    def __init__(self, adapters: Adapters, caller: Caller) -> None:
        self._adapters = adapters
        self.caller = caller

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        face: str = "python",
        flags: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock = system_clock,
        config: Mapping[str, Any] | None = None,
        other_engine: OtherEngine = embedded_only,
        uptime: UptimeClock | None = None,
    ) -> Workspace:
        """The workspace of the folder `root`, for who started this process.

        Args:
            root: the folder with `andon.toml`.
            face: where calls come in.
            flags: settings given by the caller; they win over all others.
            environ: the process's environment.
            clock: the time.
            config: values to take in place of those in `andon.toml`.
            other_engine: which datasets are built by engines that are not embedded.
            uptime: how long the machine has run, by which a clock that jumps is known; None: the machine's own beside its own clock, and
                nothing beside another one.

        Raises:
            ProjectError: `andon.toml` has a problem: with other settings than the file's, commands would work on another lake.
        """
        there = os.environ if environ is None else environ
        values = read_config_values(root / "andon.toml") if config is None else config
        settings = resolve(flags or {}, there, values, user_values(there))
        author = process_author(settings, there)
        connections = read_connections(values.get(CONNECTIONS, {}))[0]
        people = read_people(values.get(PEOPLE, {}))[0]
        notify = NotifyBook(read_channels(values.get(NOTIFY, {}))[0], mails_of(values.get(PEOPLE, {})))
        runs_for = uptime or (machine_uptime if clock is system_clock else unknown_uptime)
        adapters = Adapters(root, settings, there, clock, author, other_engine, connections, people, notify, runs_for)
        return cls(adapters, Caller(author, face))

    def by(self, caller: Caller) -> Workspace:
        """The same project in the hands of another caller."""
        return Workspace(self._adapters, caller)

    # -- adapters

    @property
    def root(self) -> Path:
        """The folder with `andon.toml`."""
        return self._adapters.root

    @property
    def settings(self) -> Settings:
        """The settings as resolved when the project was opened."""
        return self._adapters.settings

    @property
    def environ(self) -> Mapping[str, str]:
        """The process's environment."""
        return self._adapters.environ

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._adapters.clock

    @property
    def uptime(self) -> UptimeClock:
        """How long the machine has run."""
        return self._adapters.uptime

    @property
    def folder(self) -> Folder:
        """The working folder's memory in `.andon/`."""
        return self._adapters.folder

    @property
    def bases(self) -> Bases:
        """What the folder has in common with the branches of its lake."""
        return self._adapters.state.bases

    @property
    def lake(self) -> Lake:
        """The lake, made if it is not there. Raises as `Adapters.state`."""
        return self._adapters.state.lake

    @property
    def cache(self) -> FileCache:
        """The folder's disposable cache."""
        return self._adapters.cache

    @property
    def projects(self) -> Lru[str, Project]:
        """What the code of the commits says that were looked at last."""
        return self._adapters.projects

    @property
    def marks(self) -> Lru[frozenset[str], Mapping[str, frozenset[str]]]:
        """The personal columns by dataset, as the code of several commits together says, by the roots of these."""
        return self._adapters.marks

    @property
    def databases(self) -> Databases:
        """The databases that sources may read."""
        return self._adapters.databases

    @property
    def at_once(self) -> Mapping[str, int]:
        """How many scheduled runs at the same time a connection serves, by name, where that is limited."""
        return self._adapters.at_once

    def resolve(self, text: str, what: str, where: str) -> str:
        """What a text with references stands for; see `Adapters.resolve`."""
        return self._adapters.resolve(text, what, where)

    @property
    def places(self) -> Places:
        """The places of files that lie elsewhere."""
        return self._adapters.places

    @property
    def runs(self) -> RunLog:
        """Records of runs."""
        return self._adapters.state.runs

    @property
    def check_results(self) -> CheckResults:
        """Results of checks, and which run met which."""
        return self._adapters.state.check_results

    @property
    def query_log(self) -> Queries:
        """The log of queries."""
        return self._adapters.state.query_log

    @property
    def facts(self) -> Facts:
        """Facts that were derived from versions."""
        return self._adapters.state.facts

    @property
    def looks(self) -> Looks:
        """When what was last brought up to date."""
        return self._adapters.state.looks

    @property
    def reproductions(self) -> Reproductions:
        """What came of building past versions again."""
        return self._adapters.state.reproductions

    @property
    def origins(self) -> Origins:
        """Where runs came from."""
        return self._adapters.state.origins

    @property
    def nights(self) -> Nights:
        """What is done once a night."""
        return self._adapters.state.nights

    @property
    def failed_steps(self) -> FailedSteps:
        """What runs failed on."""
        return self._adapters.state.failed_steps

    @property
    def insight_looks(self) -> InsightLooks:
        """Whether the answers of insights are still true."""
        return self._adapters.state.insight_looks

    @property
    def approvals(self) -> Approvals:
        """What owners approved of changes by others."""
        return self._adapters.state.approvals

    @property
    def dataset_questions(self) -> DatasetQuestions:
        """What people ask about datasets, and what was answered."""
        return self._adapters.state.dataset_questions

    @property
    def letters(self) -> Letters:
        """What people are told of what is theirs."""
        return self._adapters.state.letters

    @property
    def requests(self) -> Requests:
        """What people need and nobody could serve."""
        return self._adapters.state.requests

    @property
    def decisions(self) -> Decisions:
        """What the scheduler decided, and when somebody looked."""
        return self._adapters.state.decisions

    @property
    def people(self) -> Mapping[str, PersonRole]:
        """Who may use the lake through a server, and as what."""
        return self._adapters.people

    @property
    def tokens(self) -> Tokens:
        """By what a server knows people."""
        return self._adapters.state.tokens

    @property
    def answered(self) -> AnsweredCalls:
        """What calls with an id were answered."""
        return self._adapters.state.answered

    @property
    def claims(self) -> Claims:
        """Who works on what."""
        return self._adapters.state.claims

    @property
    def attempts(self) -> Attempts:
        """Scheduled work that came to nothing."""
        return self._adapters.state.attempts

    @property
    def pauses(self) -> Pauses:
        """What is not brought up to date by schedule for a while."""
        return self._adapters.state.pauses

    @property
    def incidents(self) -> Incidents:
        """Incidents and what happened with them."""
        return self._adapters.state.incidents

    @property
    def messages(self) -> Messages:
        """What people are told, and what became of it."""
        return self._adapters.state.messages

    @property
    def usual(self) -> UsualNumbers:
        """What was learned of published builds."""
        return self._adapters.state.usual

    @property
    def notify(self) -> NotifyBook:
        """By which ways people are told."""
        return self._adapters.notify

    @property
    def offers(self) -> Offers:
        """Offers to automate what people do by hand."""
        return self._adapters.state.offers

    @property
    def hints(self) -> HintRows:
        """Hints by which the project gets simpler."""
        return self._adapters.state.hints

    @property
    def actions(self) -> Actions:
        """Corrective actions, and whether those that are automatic are stopped."""
        return self._adapters.state.actions

    @property
    def spending(self) -> Spending:
        """What was spent, as runs, checks and questions recorded it."""
        return self._adapters.state.spending

    @property
    def doors(self) -> Doors:
        """By which doors datasets were asked."""
        return self._adapters.state.doors

    @property
    def clocks(self) -> Clocks:
        """What machines' clocks showed."""
        return self._adapters.state.clocks

    @property
    def cords(self) -> Cords:
        """What people hold."""
        return self._adapters.state.cords

    def storage_at(self, place: str) -> Storage:
        """Another storage than that of the lake, as the setting `storage` would name it. Nobody is asked yet. Raises as that setting."""
        return self._adapters.open_storage(place)

    @property
    def data_folder(self) -> Path:
        """The folder of the lake's data files."""
        return self._adapters.data

    @property
    def places_of_lake(self) -> tuple[Storage, Path | str]:
        """The storage, and where the catalog (a file, or the address of a Postgres) lies, or will; the lake is not opened, and not made."""
        return self._adapters.open_storage(), self._adapters.catalog

    @property
    def readers(self) -> Readers:
        """Engines that read the lake."""
        return self._adapters.readers

    @property
    def other_engine(self) -> OtherEngine:
        """Which datasets are built by engines that are not embedded."""
        return self._adapters.other_engine

    def take_new(self) -> bool:
        """Whether the lake was made just now, told once (see `Adapters.take_new`)."""
        return self._adapters.take_new()

    # -- the branch that the caller works on

    def branch(self, asked: str | None = None) -> str:
        """The branch to work on: what was asked for, the caller's, git's if it is not the default one, the switched one, or the default.

        Raises:
            UsageError: on a detached HEAD without `asked`.
        """
        if asked or self.caller.branch:
            return str(asked or self.caller.branch)
        git = git_info(self.root)
        if git is not None and git.branch is None:
            raise UsageError(
                "usage.bad_argument",
                "git's HEAD is detached, so the branch to work on is not known",
                hint="say it: `--branch NAME`, or a ref such as `main`",
            )
        if git is not None and git.branch is not None and not git.is_default:
            return git.branch
        return self.folder.branch() or self.default_branch

    @property
    def default_branch(self) -> str:
        """The branch that readers see, and that scheduled work is about."""
        return str(self.settings.get("branch.default"))

    def reading(self, asked: str | None = None) -> str:
        """The ref to read when none is given: the branch to work on, or main while that branch was never run."""
        if asked:
            return asked
        if self.caller.branch is None:
            git = git_info(self.root)
            if git is not None and git.branch is None:
                return MAIN
        branch = self.branch()
        return branch if self.lake.refs.find(branch) is not None else MAIN

    def close(self) -> None:
        """Close database and cache, for all callers. Results of queries stay readable: their engine goes with the last."""
        self._adapters.close()
