"""A lake that a server has: `andon.connect(url, token=…)`. The verbs are those of `Lake`; what they return has the same fields.

lake = andon.connect("http://localhost:7411", token=TOKEN)
lake.sql("select * from marts.revenue_by_month").df()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.document import from_json
from andon.errors import UsageError
from andon.model.approval import ApprovalsDocument, ApprovedDocument, DisapprovedDocument
from andon.model.check_result import CheckDocument
from andon.model.due import DueDocument
from andon.model.person import Whoami
from andon.model.plan import PlanDocument
from andon.model.reverted import RevertedDocument
from andon.model.run import RunDocument
from andon.python.analyses import RemoteAnalyses
from andon.python.channels import RemoteChannels
from andon.python.contracts import RemoteContracts
from andon.python.dataset_questions import RemoteQuestions
from andon.python.insights import RemoteInsights
from andon.python.letters import RemoteLetters
from andon.python.quarantine import RemoteQuarantine
from andon.python.remote_incidents import RemoteIncidents
from andon.python.remote_nouns import RemoteBranches, RemoteSources
from andon.python.requests import RemoteRequests
from andon.python.result import Result
from andon.python.server_link import Hears, ServerLink, no_server
from andon.runs.goal import ANY_PLAN
from andon.service.checks import CheckReportDocument
from andon.service.dataset_page import PageDocument
from andon.service.datasets import DatasetInfo
from andon.service.documents import AcceptedDocument
from andon.service.history import DiffDocument, LogDocument
from andon.service.lineage import ImpactDocument, TrailDocument
from andon.service.lock_checks import LockCheckDocument
from andon.service.profiles import ToldProfile, ToldProfileDiffDocument
from andon.service.proposing import ProposedChecks, ProposedChecksDocument
from andon.service.pull import PulledDocument
from andon.service.run_log import RunPage
from andon.service.schema_changes import SchemaChangeDocument
from andon.service.status import StatusDocument
from andon.service.unit_tests import TestsDocument

if TYPE_CHECKING:
    from andon.engines.duckdb.parameters import Parameters
    from andon.model.unit_tests import TestDocument


def connect(url: str, token: str | None = None, *, timeout: float = 10.0) -> RemoteLake:
    """The lake that `andon up` serves at an address.

    Args:
        url: the address, `http://localhost:7411`.
        token: by which the server knows who asks; none where it knows nobody.
        timeout: seconds to wait for a connection, and for its first answer.

    Raises:
        AccessError: the server does not know the token.
        MachineError: `machine.server` where nothing answers.
    """
    lake = RemoteLake(ServerLink(url, token, timeout))
    try:
        lake.who()
    except BaseException as error:
        lake.close()
        if isinstance(error, UsageError):  # a document that is another
            raise no_server(url, 200) from error
        raise
    return lake


class RemoteLake(RemoteIncidents):
    """A lake that a server has; verbs and arguments as in `Lake`. `at` makes one that reads another commit.

    What is about a folder (`plan`, `run`, `status`, `pull`) is about the one that the server works in. Answers are the
    documents of `--json` as objects: `lake.log()[0].message`.
    """

    # -- asking

    def who(self) -> Whoami:
        """Who asks, as the server knows them."""
        return from_json(Whoami, self._link.get("/me"))

    def sql(self, query: str, parameters: Parameters | None = None, *, at: str | None = None) -> Result:
        """Ask one SELECT over datasets; rows come as one Arrow stream.

        Raises:
            UsageError: what is wrong with the query or with a parameter.
        """
        return self._result({"sql": query, "parameters": parameters}, at)

    def at(self, ref: str) -> RemoteLake:
        """The same lake, read at the commit that `ref` names."""
        return RemoteLake(self._link, ref)

    def datasets(self, *select: str) -> list[DatasetInfo]:
        """All datasets, or those that a selection names."""
        return from_json(list[DatasetInfo], self._link.get("/datasets", select=select, at=self._ref))

    def show(self, dataset: str) -> PageDocument:
        """All that is known about a dataset."""
        return from_json(PageDocument, self._link.get(f"/datasets/{dataset}", at=self._ref))

    def show_run(self, run: int) -> RunPage:
        """All that is kept of a run: where it came from, its tasks, its checks, its log."""
        return from_json(RunPage, self._link.get(f"/runs/{run}"))

    def check_locks(self, *datasets: str) -> LockCheckDocument:
        """Whether what the locks of the server's folder name is still to be had, and whole where it is kept."""
        return from_json(LockCheckDocument, self._link.get("/locks", datasets=list(datasets)))

    def lineage(
        self,
        dataset: str,
        column: str | None = None,
        at: str | None = None,
        *,
        up: bool = True,
        down: bool = True,
        depth: int | None = None,
    ) -> TrailDocument:
        """Where a dataset, a column or a raw file comes from, and where it goes."""
        found = self._link.get(_lineage(dataset, column), at=at or self._ref, up=up, down=down, depth=depth)
        return from_json(TrailDocument, found)

    def impact(self, dataset: str, column: str | None = None, at: str | None = None) -> ImpactDocument:
        """What a change of a dataset, a column or a raw file would reach."""
        path = _lineage(dataset, column).replace("/lineage/", "/impact/", 1)
        return from_json(ImpactDocument, self._link.get(path, at=at or self._ref))

    def profile(self, dataset: str, at: str | None = None) -> ToldProfile:
        """What the values of a dataset look like."""
        return from_json(ToldProfile, self._link.get(f"/datasets/{dataset}/profile", at=at or self._ref))

    def profile_diff(self, dataset: str, against: str, at: str | None = None) -> ToldProfileDiffDocument:
        """What moved in the values of a dataset since the commit `against`."""
        found = self._link.get(f"/datasets/{dataset}/profile", at=at or self._ref, against=against)
        return from_json(ToldProfileDiffDocument, found)

    def status(self) -> StatusDocument:
        """Where the server's folder stands against its branch."""
        return from_json(StatusDocument, self._link.get("/status"))

    # -- building

    def plan(self, *select: str, branch: str | None = None, **options: Any) -> PlanDocument:
        """What `run` would do, step by step, and why."""
        return from_json(PlanDocument, self._link.get("/plan", **_options(select, branch, options)))

    def due(self, *select: str, branch: str | None = None, **options: Any) -> DueDocument:
        """Which datasets a refresh is due for."""
        return from_json(DueDocument, self._link.get("/due", **_options(select, branch, options)))

    def run(
        self, *select: str, branch: str | None = None, yes: bool = True, report: Hears | None = None, **options: Any
    ) -> RunDocument:
        """Build what the server's folder says and publish it; options as in `Lake.run`.

        Args:
            yes: False refuses a change of `main`; then `agreed` may be the digest of a plan.
            report: hears of progress.
        """
        body = _options(select, branch, options)
        return self._told(
            "/runs", {**body, "agreed": body.get("agreed") or (ANY_PLAN if yes else None)}, report, RunDocument
        )

    def refresh(
        self, *select: str, branch: str | None = None, report: Hears | None = None, **options: Any
    ) -> RunDocument:
        """Build the branch's own code on today's inputs and publish what is healthy."""
        return self._told("/refreshes", _options(select, branch, options), report, RunDocument)

    def optimize(
        self, *select: str, branch: str | None = None, report: Hears | None = None, **options: Any
    ) -> RunDocument:
        """Put small files of published tables together and publish that."""
        return self._told("/optimizations", _options(select, branch, options), report, RunDocument)

    def backfill(
        self,
        dataset: str,
        start: datetime,
        end: datetime,
        *,
        branch: str | None = None,
        publish: str = "whole",
        report: Hears | None = None,
        message: str | None = None,
    ) -> RunDocument:
        """Fill a table that grows by time; how the last run ended."""
        body = {"dataset": dataset, "start": to_text(start), "end": to_text(end), "branch": branch}
        return self._told("/backfills", {**body, "publish": publish, "message": message}, report, RunDocument)

    def upload(
        self,
        file: str | Path,
        dataset: str,
        *,
        replaces: bool = False,
        reading: str = "",
        publish: str | None = None,
        message: str | None = None,
    ) -> RunDocument:
        """Send a CSV, JSON, Parquet or Excel file, and publish its rows as the source `dataset`.

        Raises:
            UsageError: `usage.bad_argument` where there is no such file.
        """
        path = Path(file)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(
                "usage.bad_argument", f"`{path}` can't be read: {error.strerror}", where=str(path)
            ) from error
        said = {"dataset": dataset, "name": path.name, "replaces": replaces, "reading": reading or None}
        found = self._link.send("/uploads", content, **said, publish=publish, message=message, agreed=ANY_PLAN)
        return from_json(RunDocument, found)

    def test(self, *select: str, exclude: Sequence[str] = (), again: bool = False) -> list[TestDocument]:
        """Run unit tests; the results."""
        found = self._link.post("/tests", {"select": select, "exclude": tuple(exclude), "again": again})
        return from_json(TestsDocument, found).tests

    def check(self, *select: str, at: str | None = None, again: bool = False) -> CheckReportDocument:
        """Ask the checks of the selected datasets; nothing is built or published."""
        found = self._link.post("/checks", {"select": select, "at": at or self._ref, "again": again})
        return from_json(CheckReportDocument, found)

    def check_history(self, dataset: str) -> list[CheckDocument]:
        """Results of a dataset's checks in all runs that met them, the newest run first."""
        return from_json(list[CheckDocument], self._link.get(f"/datasets/{dataset}/checks"))

    def suggest(self, *select: str, at: str | None = None, write: bool = False) -> list[ProposedChecks]:
        """Checks that may be added to datasets; with `write` put into the files of the server's folder."""
        asked = {"select": select, "at": at or self._ref}
        found = self._link.post("/checks/proposals", asked) if write else self._link.get("/checks/proposals", **asked)
        return from_json(ProposedChecksDocument, found).datasets

    # -- history

    @property
    def branches(self) -> RemoteBranches:
        """Branches and tags."""
        return RemoteBranches(self._link)

    @property
    def sources(self) -> RemoteSources:
        """What comes in: list, check, load, add."""
        return RemoteSources(self._link)

    @property
    def insights(self) -> RemoteInsights:
        """What data serves: list, show, add, check, pin, outcome."""
        return RemoteInsights(self._link, self._ref, self._told)

    @property
    def analyses(self) -> RemoteAnalyses:
        """Scripts and notebooks that are run against one commit: list, log, show, run, reproduce."""
        return RemoteAnalyses(self._link, self._ref, self._told)

    @property
    def questions(self) -> RemoteQuestions:
        """What people ask about datasets and columns: list, show, ask, answer, close, reopen, edit, withdraw."""
        return RemoteQuestions(self._link, self._ref)

    @property
    def requests(self) -> RemoteRequests:
        """What people need and nobody could serve: list, show, ask, claim, join, answer, withdraw, measures."""
        return RemoteRequests(self._link)

    @property
    def quarantine(self) -> RemoteQuarantine:
        """Rows that checks set aside: list, show, release."""
        return RemoteQuarantine(self._link, self._ref, self._told)

    @property
    def contracts(self) -> RemoteContracts:
        """Contracts of other tools: export, import_file."""
        return RemoteContracts(self._link, self._ref)

    @property
    def channels(self) -> RemoteChannels:
        """By which ways people are told of incidents: list, test."""
        return RemoteChannels(self._link)

    @property
    def letters(self) -> RemoteLetters:
        """What you are told of what is yours: list, see."""
        return RemoteLetters(self._link)

    def publish(self, branch: str, into: str = "main", report: Hears | None = None, **options: Any) -> RunDocument:
        """Publish a branch; options as in `Lake.publish`."""
        return self._told(
            "/publishes", {"agreed": ANY_PLAN, **options, "branch": branch, "into": into}, report, RunDocument
        )

    def undo(self, branch: str | None = None, commit: str | None = None) -> RevertedDocument | RunDocument:
        """Take the newest publish back, or an older one."""
        found = self._link.post("/undos", {"branch": branch, "commit": commit, "agreed": True})
        return from_json(RunDocument, found) if "run" in found else from_json(RevertedDocument, found)

    def redo(self, branch: str | None = None) -> RevertedDocument:
        """Bring back what the newest undo took."""
        return from_json(RevertedDocument, self._link.post("/redos", {"branch": branch}))

    def accept(self, *paths: str, branch: str | None = None) -> str:
        """Let what undos took out at `paths` pass again; returns the id of the commit that says so."""
        found = self._link.post("/acceptances", {"rejected": list(paths), "branch": branch})
        return from_json(AcceptedDocument, found).commit

    def accept_result(self, run: int, *checks: str, reason: str, report: Hears | None = None) -> RunDocument:
        """Publish the result of a run in spite of the named checks, once."""
        return self._told("/acceptances", {"run": run, "checks": list(checks), "reason": reason}, report, RunDocument)

    def approve(self, ref: str, *datasets: str, changes: Sequence[str] = ()) -> ApprovedDocument:
        """Agree, as owner, to exactly what a run or a branch changes of datasets that say `review: owner`."""
        body = {"ref": ref, "datasets": list(datasets), "changes": list(changes)}
        return from_json(ApprovedDocument, self._link.post("/approvals", body))

    def disapprove(self, ref: str, *datasets: str) -> DisapprovedDocument:
        """Take back, as owner, what you agreed to and nobody published yet."""
        body = {"ref": ref, "datasets": list(datasets)}
        return from_json(DisapprovedDocument, self._link.post("/approvals/withdrawals", body))

    def approvals(self, ref: str) -> ApprovalsDocument:
        """What of a run or a branch owners approve before it is published, and whether they did."""
        return from_json(ApprovalsDocument, self._link.get("/approvals", ref=ref))

    def pull(self) -> PulledDocument:
        """Bring the branch's newer files into the server's folder."""
        return from_json(PulledDocument, self._link.post("/pulls", {}))

    def log(self, dataset: str | None = None, limit: int = 20) -> list[LogDocument]:
        """The newest commits, newest first."""
        found = self._link.get("/commits", at=self._ref, dataset=dataset, limit=limit)
        return from_json(list[LogDocument], found)

    def schema_log(self, dataset: str, limit: int = 20) -> list[SchemaChangeDocument]:
        """Every change of a dataset's columns and types, newest first."""
        found = self._link.get(f"/datasets/{dataset}/schema-changes", at=self._ref, limit=limit)
        return from_json(list[SchemaChangeDocument], found)

    def diff(
        self,
        a: str,
        b: str,
        rows: bool | str | Sequence[str] = False,
        where: str | None = None,
        limit: int = 20,
        tolerance: str | None = None,
    ) -> DiffDocument:
        """How commit `b` differs from commit `a`; arguments as in `Lake.diff`."""
        names = [] if rows is False else ["*"] if rows is True else [rows] if isinstance(rows, str) else list(rows)
        found = self._link.get("/diff", a=a, b=b, rows=names, where=where, limit=limit, tolerance=tolerance)
        return from_json(DiffDocument, found)

    def close(self) -> None:
        """Close connections."""
        self._link.close()

    def __enter__(self) -> RemoteLake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # nothing is asked: what shows a value must not fail, or wait, because of a server
        return f"<andon lake at {self._link.url}{f': {self._ref}' if self._ref is not None else ''}>"


def _lineage(dataset: str, column: str | None) -> str:
    return f"/lineage/{dataset}" if column is None else f"/lineage/{dataset}.{column}"


def _options(select: tuple[str, ...], branch: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    found = {"select": list(select) or None, "branch": branch, **options}
    now = found.get("now")
    if isinstance(now, datetime):
        found["now"] = to_text(now)
    for name in ("exclude", "mine", "theirs"):
        if isinstance(found.get(name), str):
            found[name] = [found[name]]
    return found
