"""`lake.insights`: what data serves, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.document import from_json
from andon.model.event import Reporter, silent
from andon.python.server_link import ServerLink
from andon.runs.goal import Listener, RunOptions
from andon.service.insight_changes import NewInsight, NewOutcome
from andon.service.insight_documents import InsightCheck, InsightDocument, InsightInfo, InsightSaved

if TYPE_CHECKING:
    from andon.service.service import Service

Amount = str | int | float | Decimal
Day = str | date


def _amount(said: Amount | None) -> str | None:
    if isinstance(said, str) or said is None:
        return said
    return format(Decimal(repr(said) if isinstance(said, float) else said), "f")


def _day(said: Day | None) -> str | None:
    return said.isoformat() if isinstance(said, date) else said


def _names(said: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(each.strip() for each in said.split(",")) if isinstance(said, str) else tuple(said)


class LakeInsights:
    """Questions, decisions and actions that data serves."""

    def __init__(self, service: Service, ref: str | None) -> None:
        self._service = service
        self._ref = ref

    def list(self) -> Sequence[InsightInfo]:
        """All insights: worth, freshness of their data, weakest link."""
        return self._service.insights.list(self._ref)

    def show(self, name: str) -> InsightDocument:
        """All of an insight.

        Raises:
            UsageError: `lake.insight_not_found`.
        """
        return self._service.insights.show(name, self._ref)

    def add(
        self,
        name: str,
        question: str,
        *,
        query: str | None = None,
        uses: str | Sequence[str] = (),
        kind: str = "question",
        answer: str | None = None,
        owner: str | None = None,
        amount: Amount | None = None,
        currency: str | None = None,
        per: str = "once",
        basis: str | None = None,
        words: str | None = None,
        review_by: Day | None = None,
        decision: str | None = None,
        description: str | None = None,
        branch: str | None = None,
        message: str | None = None,
        report: Reporter = silent,
    ) -> InsightSaved:
        """Make an insight: its query is asked, the answer pinned and kept, its file published.

        Args:
            query: SQL, or the name of a saved query.
            uses: what serves it beside what the query reads: names, or one text with commas.
            amount: what it is worth: a number, or a text such as `12.50`.
            review_by: a day, or its text.

        Raises:
            UsageError: `usage.exists`, `usage.bad_argument`; what is wrong with the query.
        """
        wanted = NewInsight(
            name, question, kind, answer, query, _names(uses), owner, _amount(amount), currency, per, basis, words,
            _day(review_by), decision, description,
        )  # fmt: skip
        options = RunOptions(branch=branch, message=message)
        return self._service.insight_changes.add(wanted, options, Listener(report))

    def check(self, *names: str) -> Sequence[InsightCheck]:
        """Ask insights again, all without names: still true, or which numbers moved, and through which dataset."""
        return self._service.insight_checks.check(names, self._ref)

    def pin(
        self, *names: str, branch: str | None = None, message: str | None = None, report: Reporter = silent
    ) -> InsightSaved:
        """Pin the answers that insights have now."""
        options = RunOptions(branch=branch, message=message)
        return self._service.insight_changes.pin(names, options, Listener(report))

    def outcome(
        self,
        name: str,
        what: str,
        *,
        on: Day | None = None,
        amount: Amount | None = None,
        currency: str | None = None,
        basis: str | None = None,
        branch: str | None = None,
        message: str | None = None,
        report: Reporter = silent,
    ) -> InsightSaved:
        """Note what came of an insight.

        Args:
            on: the day, or its text (ISO); today without.
            amount: the value that was realised.
        """
        options = RunOptions(branch=branch, message=message)
        wanted = NewOutcome(name, what, _day(on), _amount(amount), currency, basis)
        return self._service.insight_changes.outcome(wanted, options, Listener(report))

    def __iter__(self) -> Iterator[InsightInfo]:
        return iter(self.list())


class RemoteInsights:
    """The insights of a lake that a server has; verbs and arguments as in `LakeInsights`.

    Args:
        told: posts what reports its progress.
    """

    def __init__(self, link: ServerLink, ref: str | None, told: Callable[..., InsightSaved]) -> None:
        self._link = link
        self._ref = ref
        self._told = told

    def list(self) -> Sequence[InsightInfo]:
        """All insights: worth, freshness of their data, weakest link."""
        return from_json(list[InsightInfo], self._link.get("/insights", at=self._ref))

    def show(self, name: str) -> InsightDocument:
        """All of an insight."""
        return from_json(InsightDocument, self._link.get(f"/insights/{name}", at=self._ref))

    def add(
        self,
        name: str,
        question: str,
        *,
        query: str | None = None,
        uses: str | Sequence[str] = (),
        kind: str = "question",
        answer: str | None = None,
        owner: str | None = None,
        amount: Amount | None = None,
        currency: str | None = None,
        per: str = "once",
        basis: str | None = None,
        words: str | None = None,
        review_by: Day | None = None,
        decision: str | None = None,
        description: str | None = None,
        branch: str | None = None,
        message: str | None = None,
        report: Reporter | None = None,
    ) -> InsightSaved:
        """Make an insight: its query is asked, the answer pinned and kept, its file published."""
        body = {
            "name": name, "question": question, "query": query, "uses": list(_names(uses)), "kind": kind, "answer": answer,
            "owner": owner, "amount": _amount(amount), "currency": currency, "per": per, "basis": basis, "words": words,
            "review_by": _day(review_by), "decision": decision, "description": description, "branch": branch,
            "message": message,
        }  # fmt: skip
        return self._told("/insights", body, report, InsightSaved)

    def check(self, *names: str) -> Sequence[InsightCheck]:
        """Ask insights again: still true, or which numbers moved, and through which dataset."""
        return from_json(list[InsightCheck], self._link.post("/insights/checks", {"names": names, "at": self._ref}))

    def pin(
        self, *names: str, branch: str | None = None, message: str | None = None, report: Reporter | None = None
    ) -> InsightSaved:
        """Pin the answers that insights have now."""
        return self._told(
            "/insights/pins", {"names": names, "branch": branch, "message": message}, report, InsightSaved
        )

    def outcome(
        self,
        name: str,
        what: str,
        *,
        on: Day | None = None,
        amount: Amount | None = None,
        currency: str | None = None,
        basis: str | None = None,
        branch: str | None = None,
        message: str | None = None,
        report: Reporter | None = None,
    ) -> InsightSaved:
        """Note what came of an insight."""
        body = {
            "what": what, "on": _day(on), "amount": _amount(amount), "currency": currency, "basis": basis, "branch": branch,
            "message": message,
        }  # fmt: skip
        return self._told(f"/insights/{name}/outcomes", body, report, InsightSaved)

    def __iter__(self) -> Iterator[InsightInfo]:
        return iter(self.list())
