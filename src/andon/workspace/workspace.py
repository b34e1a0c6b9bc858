"""The workspace: a project folder with its settings, lake and state. The only place that picks concrete adapters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.cache import FileCache
from andon.base.clock import Clock, system_clock
from andon.base.database import SqliteDatabase, migrate
from andon.engines.engine import OtherEngine, embedded_only
from andon.errors import MachineError, Problem, ProjectError, UsageError
from andon.lake.lake import Lake
from andon.lake.refs import MAIN
from andon.lake.storage import LocalStorage
from andon.project.config import read_config_values
from andon.project.folder.scan import find_root
from andon.runs.inspection.series import Series
from andon.settings.resolve import Settings, resolve, user_values
from andon.state.check_results import CheckResults
from andon.state.facts import Facts
from andon.state.queries import Queries
from andon.state.runs import Runs
from andon.state.schema import MIGRATIONS
from andon.version import __version__
from andon.workspace.engine_settings import reading_settings
from andon.workspace.folder import Folder
from andon.workspace.git import git_info

if TYPE_CHECKING:
    from andon.query.ask import Querying
    from andon.relations.pool import Readers
    from andon.runs.planning.outlook import Outlook
    from andon.service.branches import Branches
    from andon.service.builds import Builds
    from andon.service.checks import Checks
    from andon.service.datasets import Describe
    from andon.service.history import History
    from andon.service.lineage import Lineages
    from andon.service.profiles import Profiles
    from andon.service.row_diffs import RowDiffs
    from andon.service.suggestions import Suggestions
    from andon.service.undo import Undoing
    from andon.service.undo_older import Reverting
    from andon.service.unit_tests import UnitTests


class Workspace:
    """One project folder. Nouns are attributes with few verbs; each noun is a file of this package.

    Args:
        root: the folder with `andon.toml`.
        flags: settings given by the caller; they win over all others.
        environ: the process's environment.
        clock: the time.
        config: values to take in place of those in `andon.toml`.
        other_engine: which datasets are built by engines that are not embedded.

    Raises:
        ProjectError: with everything that is wrong in the whole folder, if `andon.toml` has a problem: with other settings than
            the file's, commands would work on another lake.
    """

    def __init__(
        self,
        root: Path,
        *,
        flags: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock = system_clock,
        config: Mapping[str, Any] | None = None,
        other_engine: OtherEngine = embedded_only,
    ) -> None:
        self.root = root
        self.clock = clock
        self.environ = os.environ if environ is None else environ
        self.folder = Folder(root)
        self.other_engine = other_engine
        if config is None:
            config = self._config()
        self.settings: Settings = resolve(flags or {}, self.environ, config, user_values(self.environ))
        #: Whether this call made the lake: said loudly, so that a lake that was lost is noticed.
        self.is_new = False

    @classmethod
    def find(
        cls, start: Path, *, flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
    ) -> Workspace:
        """The workspace of the project at or above `start`.

        Raises:
            UsageError: `usage.no_project`.
        """
        return cls(find_root(start.resolve()), flags=flags, environ=environ)

    # -- adapters

    @cached_property
    def lake(self) -> Lake:
        """The lake, made if it is not there."""
        self.folder.prepare()
        catalog = self._path("catalog")
        storage = self._path("storage")
        self.is_new = not catalog.exists()
        if self.is_new and any((storage / "data").glob("*/*")):
            raise MachineError(
                "lake.corrupt",
                f"the catalog `{catalog.name}` is not there, and the lake's storage holds data that only it can name",
                where=str(catalog),
                hint=f"restore the catalog from a backup, or move `{storage}` away to begin with an empty lake",
            )
        database = SqliteDatabase(catalog)
        lake = Lake.open(database, LocalStorage(storage), self.clock, self.author)
        migrate(database, "state", MIGRATIONS)
        return lake

    @cached_property
    def cache(self) -> FileCache:
        """The folder's disposable cache."""
        return FileCache(self.folder.state / "cache.db", __version__)

    @cached_property
    def runs(self) -> Runs:
        """Records of runs."""
        return Runs(self.lake.database, self.clock)

    @cached_property
    def check_results(self) -> CheckResults:
        """Results of checks, and which run met which."""
        return CheckResults(self.lake.database)

    @cached_property
    def series(self) -> Series:
        """Numbers of checks and versions over time."""
        return Series(self)

    @cached_property
    def query_log(self) -> Queries:
        """The log of queries."""
        return Queries(self.lake.database, self.clock)

    @cached_property
    def facts(self) -> Facts:
        """Facts that were derived from versions."""
        return Facts(self.lake.database)

    @cached_property
    def readers(self) -> Readers:
        """Engines that read the lake."""
        from andon.relations.pool import Readers

        return Readers(reading_settings(self.settings, self.folder))

    @cached_property
    def author(self) -> str:
        """Who acts: the setting `author`, git's user, or the system's."""
        chosen = str(self.settings.get("author") or "")
        return chosen or _git_user(self.environ) or self.environ.get("USER") or self.environ.get("LOGNAME") or "unknown"

    # -- nouns

    @cached_property
    def builds(self) -> Builds:
        """Plan, run, refresh."""
        from andon.service.builds import Builds

        return Builds(self)

    @cached_property
    def checks(self) -> Checks:
        """Checks by themselves: run, history, acceptances."""
        from andon.service.checks import Checks

        return Checks(self)

    @cached_property
    def reverting(self) -> Reverting:
        """Undo of older publishes."""
        from andon.service.undo_older import Reverting

        return Reverting(self)

    @cached_property
    def outlook(self) -> Outlook:
        """What changes mean and whom they concern."""
        from andon.runs.planning.outlook import Outlook

        return Outlook(self)

    @cached_property
    def branches(self) -> Branches:
        """Branches, tags, publish."""
        from andon.service.branches import Branches

        return Branches(self)

    @cached_property
    def history(self) -> History:
        """Log and diff."""
        from andon.service.history import History

        return History(self)

    @cached_property
    def row_diffs(self) -> RowDiffs:
        """Rows that differ between commits."""
        from andon.service.row_diffs import RowDiffs

        return RowDiffs(self)

    @cached_property
    def undoing(self) -> Undoing:
        """Undo, redo, accept."""
        from andon.service.undo import Undoing

        return Undoing(self)

    @cached_property
    def querying(self) -> Querying:
        """Queries."""
        from andon.query.ask import Querying

        return Querying(self)

    @cached_property
    def lineages(self) -> Lineages:
        """Where datasets and columns come from, and whom they reach."""
        from andon.service.lineage import Lineages

        return Lineages(self)

    @cached_property
    def profiles(self) -> Profiles:
        """Profiles of datasets."""
        from andon.service.profiles import Profiles

        return Profiles(self)

    @cached_property
    def unit_tests(self) -> UnitTests:
        """Unit tests of datasets."""
        from andon.service.unit_tests import UnitTests

        return UnitTests(self)

    @cached_property
    def suggestions(self) -> Suggestions:
        """Checks that may be added."""
        from andon.service.suggestions import Suggestions

        return Suggestions(self)

    @cached_property
    def describe(self) -> Describe:
        """Datasets as they are: list, show, status."""
        from andon.service.datasets import Describe

        return Describe(self)

    # -- the branch that commands work on

    def branch(self, asked: str | None = None) -> str:
        """The branch to work on: what was asked for, git's if it is not the default one, the switched one, or the default.

        Raises:
            UsageError: on a detached HEAD without `asked`.
        """
        if asked:
            return asked
        git = git_info(self.root)
        if git is not None and git.branch is None:
            raise UsageError(
                "usage.bad_argument",
                "git's HEAD is detached, so the branch to work on is not known",
                hint="say it: `--branch NAME`, or a ref such as `main`",
            )
        if git is not None and git.branch is not None and not git.is_default:
            return git.branch
        return self.folder.branch() or str(self.settings.get("branch.default"))

    def reading(self, asked: str | None = None) -> str:
        """The ref to read when none is given: the branch to work on, or main while that branch was never run."""
        if asked:
            return asked
        git = git_info(self.root)
        if git is not None and git.branch is None:
            return MAIN
        branch = self.branch()
        return branch if self.lake.refs.find(branch) is not None else MAIN

    def _config(self) -> Mapping[str, Any]:
        try:
            return read_config_values(self.root / "andon.toml")
        except ProjectError as error:
            raise ProjectError.of({*error.problems, *self._problems_without_config()}) from error

    def _problems_without_config(self) -> tuple[Problem, ...]:
        """What else is wrong in the folder, seen over an empty lake that is thrown away."""
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="andon-") as place:
            flags = {"storage": f"{place}/lake", "catalog": f"{place}/catalog.db"}
            scratch = Workspace(self.root, flags=flags, environ=self.environ, clock=self.clock, config={})
            try:
                scratch.builds.plan_afresh()
            except ProjectError as error:
                return error.problems
            finally:
                scratch.close()
        return ()

    def _path(self, setting: str) -> Path:
        text = str(self.settings.get(setting))
        if text.startswith("file://"):
            text = text.removeprefix("file://")
        if "://" in text:
            raise UsageError(
                "usage.not_yet",
                f"`{setting}` = `{text}`: only a local path is supported in this version",
                hint="use a path on this machine or on a shared disk",
            )
        return (self.root / Path(text).expanduser()).resolve()

    def close(self) -> None:
        """Close database and cache, and the engine that binds. Results of queries stay readable: their engine goes with the last."""
        if "builds" in self.__dict__:
            self.builds.close()
        if "readers" in self.__dict__:
            self.readers.close()
        if "lake" in self.__dict__:
            self.lake.database.close()
        if "cache" in self.__dict__:
            self.cache.close()


def _git_user(environ: Mapping[str, str]) -> str | None:
    if environ.get("GIT_AUTHOR_NAME"):
        return environ["GIT_AUTHOR_NAME"]
    path = Path(environ.get("HOME", "~")).expanduser() / ".gitconfig"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    section = ""
    for line in lines:
        text = line.strip()
        if text.startswith("["):
            section = text.lower()
        elif section == "[user]" and text.lower().startswith("name"):
            return text.partition("=")[2].strip().strip('"') or None
    return None
