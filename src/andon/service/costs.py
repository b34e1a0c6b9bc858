"""What the lake costs and whom that serves; what nobody needs, and how it is put away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from andon.base.clock import from_text, to_text
from andon.base.document import Document
from andon.base.duration import read_duration
from andon.catalog.last_use import LastUse
from andon.errors import UsageError
from andon.runs.planning.merge_words import some as listed
from andon.service.namings import naming_files
from andon.service.spending import GRACE_DAYS, UNREAD_DAYS, SpendingBook, Spent
from andon.value.allot import allot_by
from andon.value.bill import Allocation, Amounts, ChargeKind, Served, bill_of
from andon.value.focus import FocusFrame, focus_rows
from andon.value.rates import Rates, cents
from andon.value.useful import Keeper, keepers, putting_away
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.runs.goal import Listener, RunOptions
    from andon.service.log_reads import LogReads
    from andon.service.renaming import Moved, Renaming
    from andon.workspace.workspace import Workspace

#: What is looked at where nobody says since when.
MONTH = "30d"
#: So many at most are proposed to be archived in one go.
_TOGETHER = 12


class CostBy(StrEnum):
    """By what a bill is told apart."""

    DATASET = "dataset"
    RUN = "run"
    PERSON = "person"
    INSIGHT = "insight"
    SCHEDULE = "schedule"


class CostPart(Document):
    """A part of a bill.

    Attributes:
        name: what it is of; None for all that is of nothing of the kind.
        microseconds: of computing.
        byte_days: bytes kept, times days.
        money: in the currency, to the cent, so that parts add up to the whole; None where there are no rates.
    """

    name: str | None
    microseconds: int
    byte_days: int
    money: str | None


class CostRates(Document):
    """What computing and keeping cost, as `[cost]` says; None where it says nothing.

    Attributes:
        compute_hour: for an hour of computing.
        storage_gb_month: for a gigabyte (10⁹ bytes) that is kept for 30 days.
    """

    currency: str | None
    compute_hour: str | None
    storage_gb_month: str | None


class CostDocument(Document):
    """What was spent within a time, and whom it served.

    Attributes:
        since, until: the time (ISO texts).
        by: by what `parts` are told apart.
        total: all of it; so is the sum of `served`, and that of `parts`.
        served: `insight`, `people`, `new`, `waste`.
        parts: what cost most first; what has no name last.
    """

    branch: str
    since: str
    until: str
    by: CostBy
    rates: CostRates
    total: CostPart
    served: list[CostPart]
    parts: list[CostPart]


class WasteLine(Document):
    """A dataset that nothing live needs.

    Attributes:
        first: when it was made first (ISO text).
        reader, read: who read it last, and when (ISO text), as far back as the log of queries goes; a person.
        tool, tool_read: what read it last by the clock, and when: a tool that refreshes itself, cron.
        named: files that name it without reading it, and must be changed before it goes.
        microseconds, byte_days, money: what it cost, as in `CostPart`.
    """

    dataset: str
    owner: str | None
    first: str | None
    reader: str | None
    read: str | None
    tool: str | None
    tool_read: str | None
    named: list[str]
    microseconds: int
    byte_days: int
    money: str | None


class WasteDocument(Document):
    """Datasets that nothing live needs, and what they cost.

    Attributes:
        unread_days: so long no person read them, nor anything that is made of them.
        grace_days: what is younger is not among them.
        rates: as in `CostDocument`.
        total: the `waste` of the bill of that time.
        datasets: what cost most first.
        together: the first of them, with what is made of them, that may be archived as they are, together; nothing else names them.
        gone: what of the total is of datasets that the branch does not have: their files stay in its history, or on other branches.
    """

    branch: str
    since: str
    until: str
    unread_days: int
    grace_days: int
    rates: CostRates
    total: CostPart
    datasets: list[WasteLine]
    together: list[str]
    gone: CostPart


class SpentBy(NamedTuple):
    """What was spent, by what a commit says of who needs what."""

    view: View
    spent: Spent


class CostDesk:
    """Tells what one workspace's lake costs."""

    def __init__(self, workspace: Workspace, renaming: Callable[[], Renaming], reads: LogReads) -> None:
        self._workspace = workspace
        self._reads = reads
        self._renaming = renaming

    def cost(
        self,
        by: CostBy | str = CostBy.DATASET,
        since: str = MONTH,
        until: str | None = None,
        branch: str | None = None,
        *,
        known: SpentBy | None = None,
    ) -> CostDocument:
        """What was spent from `since` until `until`, and whom it served by what is known at that moment.

        Args:
            since: a moment as ISO text, or how long before `until` (`30d`, `3 mo`).
            until: a moment as ISO text; now without it. Datasets and insights are those that the branch had then.
            known: what `spent` found of it, for who tells several things of one time.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time or word; `lake.ref_not_found`.
        """
        by = _word(by)
        view, spent = known or self.spent(since, until, branch)
        bill = bill_of(spent.allocations)
        groups: dict[str | None, Amounts] = {}
        for each in spent.allocations:
            name = _NAMES[by](each)
            groups[name] = groups.get(name, Amounts()).plus(each.amounts)
        ordered = sorted(groups, key=lambda name: (name is None, *_greatest(groups[name]), name or ""))
        kinds = list(bill.served)
        served = _parts([(str(kind), bill.served[kind]) for kind in kinds], spent.rates)
        return CostDocument(
            branch=view.ref,
            since=spent.since,
            until=spent.until,
            by=by,
            rates=_said(spent.rates),
            total=_parts([(None, bill.total)], spent.rates)[0],
            served=served,
            parts=_parts([(name, groups[name]) for name in ordered], spent.rates),
        )

    def focus(self, since: str = MONTH, until: str | None = None, branch: str | None = None) -> list[dict[str, str]]:
        """The bill as rows of FOCUS 1.0; what they cost adds up to it.

        Raises:
            UsageError: `usage.bad_argument` where `[cost]` has no rates or no currency; as `cost`.
        """
        _, spent = self.spent(since, until, branch)
        if not spent.rates.is_said or not spent.rates.currency:
            raise UsageError(
                "usage.bad_argument",
                "a bill in the FOCUS format is money, and `[cost]` says no rates, or not in which currency",
                where="format",
                hint='write below `[cost]` in andon.toml what it costs: `currency = "EUR"`, `compute_hour = 0.40`,'
                " `storage_gb_month = 0.023`",
            )
        lake = self._workspace.lake
        frame = FocusFrame(spent.since, spent.until, self._workspace.root.name, lake.id, spent.rates)
        return focus_rows(spent.allocations, frame)

    def waste(self, since: str = MONTH, branch: str | None = None, *, known: SpentBy | None = None) -> WasteDocument:
        """Datasets that no insight rests on and no person has read for 60 days, nor anything that is made of them.

        Args:
            known: as for `cost`.

        Raises:
            UsageError: `usage.bad_argument` where the log of queries is kept for less than that; as `cost`.
        """
        self._require_log()
        view, spent = known or self.spent(since, None, branch)
        wasted = [each for each in spent.allocations if each.served is Served.WASTE]
        own: dict[str, Amounts] = {
            name: Amounts() for name in view.state.leaves if spent.use.served(name) is Served.WASTE
        }
        gone = Amounts()
        for each in wasted:
            if each.dataset in own:
                own[each.dataset] = own[each.dataset].plus(each.amounts)
            else:
                gone = gone.plus(each.amounts)
        names = sorted(own, key=lambda name: (*_greatest(own[name]), name))
        bill = bill_of(spent.allocations)
        whole = _parts([(str(kind), bill.served[kind]) for kind in bill.served], spent.rates)
        total = next(part for part in whole if part.name == Served.WASTE)
        parts = _parts([*((name, own[name]) for name in names), (None, gone)], spent.rates, total.money)
        last = self._reads.last_before(spent.until, spent.names)
        project, named = view.project, naming_files(view, own)
        return WasteDocument(
            branch=view.ref,
            since=spent.since,
            until=spent.until,
            unread_days=UNREAD_DAYS,
            grace_days=GRACE_DAYS,
            rates=_said(spent.rates),
            total=total,
            datasets=[
                _waste_line(
                    name,
                    project.datasets[name].owner if name in project.datasets else None,
                    spent.lives.first.get(name),
                    last.of(name),
                    named.get(name, []),
                    part,
                )
                for name, part in zip(names, parts, strict=False)
            ],
            together=putting_away(names, spent.lives.needs, named, _TOGETHER),
            gone=parts[-1],
        )

    def archive(
        self, names: Sequence[str], options: RunOptions, listener: Listener | None = None, *, is_dry: bool = False
    ) -> Moved:
        """Take datasets away that nothing live needs, as one publish; their files stay in the branch's history, and an undo brings them
        back.

        Raises:
            UsageError: `lake.in_use` where an insight rests on one, a rule or a saved query reads it, another branch needs it, or a person
                read it lately; `lake.is_read` where a
                dataset that stays is made of it; `lake.dataset_not_found`; `usage.bad_argument` as `waste`.
            ConflictError, PlanUnconfirmed: as `Renaming.retire`.
        """

        def require() -> None:
            self._require_log()
            now = self._workspace.clock()
            view = View.at(self._workspace, options.branch)
            for name in names:
                view.leaf(name)
            lives = SpendingBook(self._workspace, view, now, now).lives
            held = {name: found for name in names if (found := keepers(name, lives))}
            if held:
                raise _in_use(held)

        renaming = self._renaming()
        return renaming.retire(names, options, listener, is_dry=is_dry, word="archived", require=require)

    def spent(self, since: str = MONTH, until: str | None = None, branch: str | None = None) -> SpentBy:
        """What was spent within a time, shared out: what bills and waste are told from. Raises as `cost`."""
        now = self._workspace.clock()
        end = now if until is None else moment_said(until, now, now, "until")
        begin = moment_said(since, end, end, "since")
        view = View.at(self._workspace, branch)
        if until is not None:
            view = View.at(self._workspace, f"{view.ref}@{to_text(end)}")
        return SpentBy(view, SpendingBook(self._workspace, view, begin, end).spent())

    # -- parts

    def _require_log(self) -> None:
        """That the log of queries goes back as far as reads count."""
        now = self._workspace.clock()
        if self._reads.told_since(now) > to_text(now - timedelta(days=UNREAD_DAYS)):
            said = str(self._workspace.settings.get("query.keep_log"))
            raise UsageError(
                "usage.bad_argument",
                f"nobody can tell who read what within {UNREAD_DAYS} days: the log of queries is kept for {said}",
                where="query.keep_log",
                hint=f"set `query.keep_log` to `{UNREAD_DAYS}d` or more in andon.toml, and wait until it goes back so far",
            )


def _waste_line(
    name: str, owner: str | None, first: str | None, use: LastUse, named: list[str], part: CostPart
) -> WasteLine:
    person, tool = use.person, use.tool
    return WasteLine(
        dataset=name,
        owner=owner,
        first=first,
        reader=None if person is None else person.who,
        read=None if person is None else person.at,
        tool=None if tool is None else tool.who,
        tool_read=None if tool is None else tool.at,
        named=named,
        microseconds=part.microseconds,
        byte_days=part.byte_days,
        money=part.money,
    )


_NAMES: Mapping[CostBy, Callable[[Allocation], str | None]] = {
    CostBy.DATASET: lambda each: each.dataset,
    CostBy.RUN: lambda each: None if each.charge.run is None else f"run:{each.charge.run}",
    # what people asked, not what they ran: a run serves whoever reads its result
    CostBy.PERSON: lambda each: each.to if each.served is Served.PEOPLE and _is_question(each) else None,
    CostBy.INSIGHT: lambda each: each.to if each.served is Served.INSIGHT else None,
    CostBy.SCHEDULE: lambda each: each.charge.schedule,
}


def _is_question(each: Allocation) -> bool:
    return each.charge.kind is ChargeKind.QUERY


def _greatest(amounts: Amounts) -> tuple[int, int, int]:
    return -amounts.money, -amounts.micros, -amounts.byte_days


def _word(by: CostBy | str) -> CostBy:
    try:
        return CostBy(by)
    except ValueError as error:
        hint = f"write one of {', '.join(CostBy)}"
        raise UsageError(
            "usage.bad_argument", f"no bill is told apart by `{by[:40]}`", where="by", hint=hint
        ) from error


def _parts(groups: Sequence[tuple[str | None, Amounts]], rates: Rates, money: str | None = None) -> list[CostPart]:
    """Groups with what they cost to the cent, which adds up to `money`, or to what all of them cost."""
    if money is None:
        told = cents([amounts for _, amounts in groups])
    else:
        whole = int(money.replace(".", ""))
        told = allot_by(whole, [amounts.money for _, amounts in groups])
    return [
        CostPart(
            name,
            amounts.micros,
            amounts.byte_days,
            f"{each // 100}.{each % 100:02d}" if rates.is_said else None,
        )
        for (name, amounts), each in zip(groups, told, strict=True)
    ]


def _said(rates: Rates) -> CostRates:
    said = [None if rate is None else f"{rate:f}" for rate in (rates.compute_hour, rates.storage_gb_month)]
    return CostRates(rates.currency or None, *said)


def moment_said(text: str, now: datetime, before: datetime, where: str) -> datetime:
    """The moment that a person names: before, or for an end at most, `before`.

    Raises:
        UsageError: `usage.bad_argument` for what is no time, or is yet to come.
    """
    duration = read_duration(text)
    try:
        found = duration.before(now) if duration is not None else from_text(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "usage.bad_argument",
            f"`{text[:40]}` is no time",
            where=where,
            hint="write how long ago, `30d` or `4w`, or when, `2026-11-01`",
        ) from error
    if found > before or (where == "since" and found == before):
        raise UsageError(
            "usage.bad_argument",
            f"nothing is recorded of {to_text(found)}: that is yet to come, or after the end",
            where=where,
            hint="write how long ago, `30d` or `4w`, or an earlier day",
        )
    return found


_NEEDLESS = "`andon waste` lists what nothing needs"


def _in_use(held: Mapping[str, Sequence[Keeper]]) -> UsageError:
    # what a file names can't go before that file says otherwise
    is_free = all(each.kind in ("person", "branch") for found in held.values() for each in found)
    told = [f"`{name}`: {listed([_because(each, name) for each in found])}" for name, found in held.items()]
    return UsageError(
        "lake.in_use",
        f"something live needs {'; '.join(told)}",
        where=next(iter(held)),
        hint=_NEEDLESS + (f"; `andon retire {' '.join(held)}` takes it away all the same" if is_free else ""),
        details={name: [f"{each.kind} {each.name}" for each in found] for name, found in held.items()},
    )


def _because(keeper: Keeper, name: str) -> str:
    via = "it" if keeper.dataset == name else keeper.dataset
    if keeper.kind == "insight":
        return f"the insight {keeper.name} rests on {via}"
    if keeper.kind in ("rule", "query"):
        return f"the {'saved query' if keeper.kind == 'query' else 'rule'} {keeper.name} reads {via}"
    if keeper.kind == "branch":
        return f"the branch {keeper.name} needs {via}"
    return f"{keeper.name} read {via} on {(keeper.at or '')[:10]}"
