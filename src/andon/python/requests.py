"""`lake.requests`: what people need and nobody could serve, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.document import from_json
from andon.model.request import DataRequest
from andon.python.server_link import ServerLink
from andon.service.request_measures import RequestMeasures
from andon.service.requests import NewRequest, RequestInfo, RequestMade

if TYPE_CHECKING:
    from andon.service.service import Service


class LakeRequests:
    """Needs that nobody could serve themselves."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self, *, with_ended: bool = False) -> Sequence[RequestInfo]:
        """Those that wait: most at stake, oldest, and needed by most first.

        Args:
            with_ended: those that are over too, behind them.
        """
        return self._service.requests.list(with_ended=with_ended)

    def show(self, number: int) -> RequestInfo:
        """One.

        Raises:
            UsageError: `request.none`.
        """
        return self._service.requests.show(number)

    def ask(
        self,
        what: str = "",
        *,
        decision: str | None = None,
        by: str | None = None,
        worth: str | None = None,
        currency: str | None = None,
        asked_of: str | None = None,
        incident: int | None = None,
        question: int | None = None,
    ) -> RequestMade:
        """Ask for what you can't find or make.

        Args:
            decision: what is decided by it.
            by: until when it is needed, a day (ISO).
            worth: what an answer is worth, a number as text, in `currency` (three letters).
            asked_of: who is asked.
            incident: the number of the incident that it is about.
            question: the number of the question of which it is made; then `what` may be left out.
        """
        wanted = NewRequest(what, decision, by, worth, currency, asked_of, incident, question)
        return self._service.requests.ask(wanted)

    def claim(self, number: int) -> DataRequest:
        """Take care of one.

        Raises:
            ConflictError: `request.claimed` if somebody else does; `request.over`.
        """
        return self._service.requests.claim(number)

    def unclaim(self, number: int) -> DataRequest:
        """Leave one to others again."""
        return self._service.requests.unclaim(number)

    def join(self, number: int) -> DataRequest:
        """Say that you need one, too."""
        return self._service.requests.join(number)

    def answer(self, number: int, answer: str, note: str | None = None) -> DataRequest:
        """Answer one.

        Args:
            answer: a dataset, `schema.name`, or a branch on which the answer lies.
        """
        return self._service.requests.answer(number, answer, note)

    def withdraw(self, number: int, note: str | None = None) -> DataRequest:
        """Say that nobody needs one any more."""
        return self._service.requests.withdraw(number, note)

    def measures(self, since: str = "30d") -> RequestMeasures:
        """How long people wait, and how much they find out by themselves.

        Args:
            since: how long ago (`30d`, `3 mo`), or a moment.
        """
        return self._service.requests.measures(since)


class RemoteRequests:
    """The requests of a lake that a server has; verbs and arguments as in `LakeRequests`."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self, *, with_ended: bool = False) -> Sequence[RequestInfo]:
        """Those that wait: most at stake, oldest, and needed by most first."""
        return from_json(list[RequestInfo], self._link.get("/requests", all=with_ended))

    def show(self, number: int) -> RequestInfo:
        """One."""
        return from_json(RequestInfo, self._link.get(f"/requests/{number}"))

    def ask(
        self,
        what: str = "",
        *,
        decision: str | None = None,
        by: str | None = None,
        worth: str | None = None,
        currency: str | None = None,
        asked_of: str | None = None,
        incident: int | None = None,
        question: int | None = None,
    ) -> RequestMade:
        """Ask for what you can't find or make."""
        said = (("decision", decision), ("by", by), ("worth", worth), ("currency", currency), ("asked_of", asked_of))
        body = {"what": what, "incident": incident, "question": question, **dict(said)}
        return from_json(RequestMade, self._link.post("/requests", body))

    def claim(self, number: int) -> DataRequest:
        """Take care of one."""
        return self._done(number, "claims", {})

    def unclaim(self, number: int) -> DataRequest:
        """Leave one to others again."""
        return self._done(number, "claims", {"leave": True})

    def join(self, number: int) -> DataRequest:
        """Say that you need one, too."""
        return self._done(number, "people", {})

    def answer(self, number: int, answer: str, note: str | None = None) -> DataRequest:
        """Answer one with a dataset or a branch."""
        return self._done(number, "answers", {"answer": answer, "note": note})

    def withdraw(self, number: int, note: str | None = None) -> DataRequest:
        """Say that nobody needs one any more."""
        return self._done(number, "withdrawals", {"note": note})

    def measures(self, since: str = "30d") -> RequestMeasures:
        """How long people wait, and how much they find out by themselves."""
        return from_json(RequestMeasures, self._link.get("/requests/measures", since=since))

    def _done(self, number: int, what: str, body: dict[str, Any]) -> DataRequest:
        return from_json(DataRequest, self._link.post(f"/requests/{number}/{what}", body))
