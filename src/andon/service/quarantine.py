"""Quarantine: the rows that checks set aside, why and since when; and putting them back, as a publish like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.document import UNSET, Document, UnsetType
from andon.base.names import literal, quote, quote_name
from andon.base.record import replace
from andon.base.text import plural
from andon.errors import UsageError
from andon.lake.refs import require_branch
from andon.model.commit import CommitKind
from andon.model.mask import MASK
from andon.model.quarantine import ADDED, CHECK_IDS, CHECKS, FIRST_RUN, aside_of, dataset_of, is_aside, row_hash
from andon.model.release import Release, rows_text
from andon.runs.goal import ANY_PLAN, Goal, Listener, RunOptions
from andon.runs.planning.bases import remember_published
from andon.service.trust import ASIDE, TrustNote
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.run import RunResult
    from andon.query.ask import Querying
    from andon.runs.run import GoalRunner
    from andon.service.cords import CordDesk
    from andon.service.trust import Trust
    from andon.workspace.workspace import Workspace

#: So many rows are put back at once, at most: each is named in the lake by what it holds.
MOST = 10_000


class QuarantineCheck(Document):
    """A check that set rows aside: its name or text, its id, how many rows fail it, and since which run and when one of them is there."""

    check: str
    id: str
    rows: int
    first_run: int
    since: str | None


class QuarantineInfo(Document):
    """The rows that the checks of one dataset set aside.

    Attributes:
        dataset: whose checks.
        quarantine: where these rows are.
        rows: how many.
        share: of all rows that the dataset was given.
        first_run, last_run: the first and the newest run that set one of them aside.
        since: when the first one did.
        checks: which they fail, that with most rows first.
        released: how many rows were put back and stay so.
    """

    dataset: str
    quarantine: str
    rows: int
    share: float
    first_run: int | None
    last_run: int | None
    since: str | None
    checks: list[QuarantineCheck]
    released: int


class QuarantineRows(Document):
    """Some of the rows that were set aside, those that were set aside last first; values of personal columns are masked.

    Attributes:
        total: how many there are.
        notes: what is known of their dataset, the worst first.
    """

    dataset: str
    quarantine: str
    commit: str
    total: int
    columns: list[str]
    rows: list[dict[str, Any]]
    notes: list[TrustNote] | UnsetType = UNSET


class Quarantine:
    """The rows that were set aside in one workspace's lake."""

    def __init__(
        self, workspace: Workspace, querying: Querying, runner: GoalRunner, cords: CordDesk, trust: Trust
    ) -> None:
        self._workspace = workspace
        self._trust = trust
        self._lake = workspace.lake
        self._querying = querying
        self._runner = runner
        self._cords = cords

    def overview(self, dataset: str | None = None, at: str | None = None) -> list[QuarantineInfo]:
        """What checks set aside, by dataset: of those that have rows there, or of the one that is named.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`; `usage.bad_argument` for a dataset that sets no rows aside.
        """
        view = View.at(self._workspace, at)
        named = [self._aside(view, dataset)] if dataset is not None else sorted(filter(is_aside, view.state.leaves))
        counts = self._lake.objects.row_counts(
            view.state.leaves[name].version
            for each in named
            for name in (each, dataset_of(each))
            if name in view.state.leaves
        )
        shown = [name for name in named if dataset is not None or counts[view.state.leaves[name].version][0]]
        return [self._info(view, name, counts) for name in shown]

    def count(self, dataset: str, at: str | None = None) -> int | None:
        """How many rows of a dataset are set aside; None where its checks set none aside, or there is no such dataset."""
        leaf = View.at(self._workspace, at).state.leaves.get(aside_of(dataset))
        return self._lake.objects.row_counts([leaf.version])[leaf.version][0] or 0 if leaf is not None else None

    def show(self, dataset: str, limit: int = 20, at: str | None = None) -> QuarantineRows:
        """Some of the rows that the checks of a dataset set aside. Raises as `overview`."""
        view = View.at(self._workspace, at)
        aside = self._aside(view, dataset)
        version = self._lake.objects.versions([view.state.leaves[aside].version])[view.state.leaves[aside].version]
        masked = masked_columns(self._workspace, view.commit).get(aside, frozenset())
        own = len(version.columns) - len(ADDED)
        names = [*(c.name for c in version.columns[:own]), CHECKS, FIRST_RUN]
        items = [_shown(name, masked) for name in names[:own]] + [CHECKS, FIRST_RUN]
        asked = f"select {', '.join(items)} from {quote_name(aside)} order by {FIRST_RUN} desc limit {max(limit, 0)}"
        found = self._querying.ask_commit(asked, view.commit, "quarantine").fetch()
        rows = [dict(zip(names, row, strict=True)) for row in found]
        known = self._trust.notes(view.commit, [dataset_of(aside)], at, is_masked=True)
        notes = [note for note in known if note.kind != ASIDE or note.below]  # that they are aside is what is shown
        return QuarantineRows(dataset_of(aside), aside, view.commit.id, version.rows or 0, names, rows, notes or UNSET)

    def release(
        self,
        dataset: str,
        reason: str,
        *,
        where: str | None = None,
        check: str | None = None,
        branch: str | None = None,
        listener: Listener | None = None,
    ) -> RunResult:
        """Put rows back into their dataset, and publish that: for the checks that they fail now, and as long as they are the same.

        Args:
            where: SQL over the rows that were set aside; without it all of them.
            check: name, text or id of the only check from which they are released; a row that fails others too stays where it is.

        Returns:
            How the publish ended: another check may hold it.

        Raises:
            UsageError: `usage.bad_argument` where no row is meant, too many are, or no reason is given.
            ConflictError: `cord.held` where somebody holds the dataset.
        """
        workspace = self._workspace
        if not reason.strip():
            raise UsageError(
                "usage.bad_argument", "a release needs a reason", hint='--reason "why these rows are right"'
            )
        place = workspace.branch(branch)
        view = View.at(workspace, place)
        if (ref := self._lake.refs.find(place)) is not None:
            require_branch(ref)
        aside = self._aside(view, dataset)
        name, head = dataset_of(aside), view.commit
        self._cords.require_free(place, [name])
        labels, rows, count = self._meant(view, aside, where, check)
        text = rows_text(rows)
        self._lake.objects.put_texts([text])
        from andon.base.hashing import digest

        at = to_text(workspace.clock())
        released = Release(name, labels, digest(text), count, workspace.caller.author, reason.strip(), at)
        if released.rows in {each.rows for each in head.releases if each.dataset == name}:
            raise UsageError("usage.bad_argument", "these rows are released already", where=name)
        options = RunOptions(
            branch=place,
            select=(f"{name}+",),
            message=f"release {plural(count, 'row')} of {name}: {reason.strip()}",
            agreed=ANY_PLAN,
            request=workspace.caller.request,
        )
        result = self._runner.reach(self._goal(place, released), options, listener or Listener())
        if result.published:
            remember_published(workspace, place)
        return result

    # -- parts

    def _goal(self, branch: str, released: Release) -> Goal:
        """A refresh by what is published, with rows released; no source is asked for it."""
        return Goal(
            branch,
            lambda now, gatherer: replace(gatherer.commit(now), is_own=True, asks=False),
            lambda now, gatherer: gatherer.base_of(now),
            CommitKind.REFRESH,
            str(self._workspace.settings.get("publish.refresh")),
            updates_folder=False,
            releases=(released,),
        )

    def _aside(self, view: View, dataset: str) -> str:
        """The rows that the checks of `dataset` set aside; it may be named itself."""
        name = dataset_of(dataset)
        view.leaf(name)
        aside = aside_of(name)
        if aside not in view.state.leaves:
            raise UsageError(
                "usage.bad_argument",
                f"the checks of `{name}` set no rows aside at {view.ref}",
                where=name,
                hint="`quarantine 0.1%` after a check of rows does; `andon quarantine list` lists where it is done",
            )
        return aside

    def _info(self, view: View, aside: str, counts: Mapping[str, tuple[int | None, int]]) -> QuarantineInfo:
        name, leaves = dataset_of(aside), view.state.leaves
        rows = counts[leaves[aside].version][0] or 0
        stays = counts[leaves[name].version][0] or 0 if name in leaves else 0
        first = last = None
        checks: list[QuarantineCheck] = []
        if rows:
            place = quote_name(aside)
            each = f"select unnest({CHECKS}) as label, unnest({CHECK_IDS}) as id, {FIRST_RUN} as run from {place}"
            asked = f"select label, id, count(*) as n, min(run) from ({each}) group by all order by n desc, label"
            found = self._querying.ask_commit(asked, view.commit, "quarantine").fetch()
            checks = [
                QuarantineCheck(str(label), str(key), int(n), int(run), self._time_of(int(run)))
                for label, key, n, run in found
            ]
            runs = f"select min({FIRST_RUN}), max({FIRST_RUN}) from {place}"
            ((first, last),) = self._querying.ask_commit(runs, view.commit, "quarantine").fetch()
        return QuarantineInfo(
            dataset=name,
            quarantine=aside,
            rows=rows,
            share=round(rows / (rows + stays), 6) if rows else 0.0,
            first_run=first,
            last_run=last,
            since=self._time_of(int(first)) if first is not None else None,
            checks=checks,
            released=sum(each.count for each in view.commit.releases if each.dataset == name),
        )

    def _time_of(self, run: int) -> str | None:
        record = self._workspace.runs.find(run)
        return record.logical_time if record is not None else None

    def _meant(
        self, view: View, aside: str, where: str | None, check: str | None
    ) -> tuple[tuple[str, ...], dict[str, list[str]], int]:
        """The checks and rows that a release means: labels, what tells the rows by check, and how many rows there are."""
        version = self._lake.objects.versions([view.state.leaves[aside].version])[view.state.leaves[aside].version]
        own = [quote(c.name) for c in version.columns[: -len(ADDED)]]
        condition = f" where ({where}\n)" if where is not None else ""
        asked = f"select {CHECKS}, {CHECK_IDS}, {row_hash(own)} from {quote_name(aside)}{condition}"
        found = self._querying.ask_commit(asked, view.commit, "quarantine").fetch(MOST + 1)
        rows: dict[str, list[str]] = {}
        labels: dict[str, None] = {}
        count = 0
        for names, ids, told in found:
            meant = [(label, key) for label, key in zip(names, ids, strict=True) if check in (None, label, key)]
            count += bool(meant)
            for label, key in meant:
                labels[label] = None
                rows.setdefault(key, []).append(told)
        if not count:
            hint = "`andon quarantine show` lists the rows and the checks that they fail"
            raise UsageError("usage.bad_argument", f"no row of `{aside}` is meant", where=dataset_of(aside), hint=hint)
        if count > MOST:
            raise UsageError(
                "usage.bad_argument",
                f"more than {MOST:,} rows of `{aside}` are meant",
                where=dataset_of(aside),
                hint="so many are no exceptions: change the check, or name fewer with `--where`",
            )
        return tuple(labels), rows, count


def _shown(name: str, masked: frozenset[str]) -> str:
    """A column as a text; values of personal ones do not leave the engine."""
    column = quote(name)
    return (
        f"case when {column} is not null then {literal(MASK)} end" if name.lower() in masked else f"{column}::varchar"
    )
