"""Calls that change something: each runs to its end whoever still listens, tells of its progress, can be stopped, and answers once.

Who gives a call an id (`Idempotency-Key`) may ask again after a lost answer: what was done is told again, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from andon.base.cancel import CancelToken
from andon.base.clock import Clock, to_text
from andon.base.document import UNSET, Document, UnsetType
from andon.errors import ConflictError, UsageError
from andon.model.event import Ended, Event, Notice, Planned, TaskEnded, TaskMoved, TaskStarted
from andon.render.values import as_json_text
from andon.state.answered import AnsweredCall, AnsweredCalls

#: So many calls that ended are remembered, for who asks about them, and so many bytes of what they told.
_KEPT, _KEPT_BYTES = 200, 32_000_000
#: So long is told again what a call with an id was answered.
_TOLD_AGAIN = timedelta(days=7)


class CallDocument(Document):
    """A call: where it stands.

    Attributes:
        state: `running`, `done` or `failed`.
        status, answer: of the answer, when it is there; a list of calls leaves `answer` out.
    """

    id: str
    who: str
    verb: str
    state: str
    started: str
    ended: str | None
    status: int | None
    answer: Any | UnsetType = UNSET


class Answered:
    """The answer of a call: an HTTP status and a JSON text."""

    def __init__(self, status: int, body: str) -> None:
        self.status, self.body = status, body


class LiveCall:
    """A call in progress, or one that ended. Safe under threads; events are waited for on the server's loop."""

    def __init__(self, id: str, who: str, verb: str, started: str, request: str | None = None) -> None:
        self.id, self.who, self.verb, self.started = id, who, verb, started
        #: What stood in the fields of the form that began it, so that it can be shown again: nothing that was typed is lost.
        self.fields: tuple[tuple[str, str], ...] = ()
        #: By what the lake knows what it did, where who asked gave it an id.
        self.request = request
        #: Of the run that it is, once that has its number.
        self.run: int | None = None
        self.cancel = CancelToken()
        self.ended: str | None = None
        self.answer: Answered | None = None
        self._events: list[tuple[str, str]] = []
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    def report(self, event: Event) -> None:
        """Hear of progress; a reporter of runs."""
        if isinstance(event, Planned) and event.run is not None:
            self.run = event.run
        found = _event(event)
        if found is not None:
            self._tell(found[0], as_json_text(found[1]))

    def end(self, answer: Answered, at: str) -> None:
        """The answer is there."""
        with self._lock:
            self.answer, self.ended = answer, at
        self._tell("answer" if answer.status < 400 else "error", answer.body)

    @property
    def size(self) -> int:
        """Letters of all that it told, and was told."""
        with self._lock:
            return sum(len(text) for _, text in self._events) + sum(len(value) for _, value in self.fields)

    def notices(self) -> list[str]:
        """What it told people so far."""
        import json

        with self._lock:
            told = [text for name, text in self._events if name == "notice"]
        return [json.loads(text)["text"] for text in told]

    def document(self, *, with_answer: bool = True) -> CallDocument:
        """Where it stands."""
        import json

        answer = self.answer
        state = "running" if answer is None else "done" if answer.status < 400 else "failed"
        return CallDocument(
            self.id,
            self.who,
            self.verb,
            state,
            self.started,
            self.ended,
            answer.status if answer else None,
            json.loads(answer.body) if answer and with_answer else UNSET,
        )

    async def events(self, after: int = 0) -> AsyncIterator[tuple[int, str, str] | None]:
        """Events as they come: number, name, JSON text; the answer is the last. None while there is nothing to tell for a while."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        waiting = (loop, changed)
        with self._lock:
            self._waiting.add(waiting)
        try:
            at = after
            while True:
                with self._lock:
                    changed.clear()
                    found, is_over = self._events[at:], self.answer is not None
                for name, text in found:
                    at += 1
                    yield at, name, text
                if is_over and at >= len(self._events):
                    return
                try:
                    await asyncio.wait_for(changed.wait(), 15)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    async def answered(self) -> Answered:
        """The answer, when it is there."""
        async for _ in self.events():
            continue
        assert self.answer is not None  # the last event is the answer
        return self.answer

    def _tell(self, name: str, text: str) -> None:
        with self._lock:
            self._events.append((name, text))
            waiting = list(self._waiting)
        for loop, changed in waiting:
            loop.call_soon_threadsafe(changed.set)


class CallDesk:
    """Knows the calls of this process, and what calls with an id were answered by any.

    Args:
        answered: where that is kept.
        has_moved: whether a request moved a branch or a tag.
    """

    def __init__(self, answered: Callable[[], AnsweredCalls], clock: Clock, has_moved: Callable[[str], bool]) -> None:
        self._answered = answered
        self._has_moved = has_moved
        self._clock = clock
        self._calls: OrderedDict[str, LiveCall] = OrderedDict()
        self._lock = threading.Lock()
        self._is_closing = False

    @property
    def running(self) -> int:
        """How many are in progress."""
        with self._lock:
            return sum(call.answer is None for call in self._calls.values())

    def begin(self, id: str, who: str, verb: str, digest: str | None) -> tuple[LiveCall, bool]:
        """A call that is asked for, and whether it has to be run: not if it is in progress or was answered.

        Args:
            digest: of what is asked, where who asks gave the id; None where the id was made here.

        Raises:
            UsageError: `usage.request_reused`.
            ConflictError: `usage.in_progress` while the server stops.
        """
        at = to_text(self._clock())
        if digest is None:
            with self._lock:
                self._require_open()
                return self._add(LiveCall(id, who, verb, at)), True
        # not under the lock, which the server's loop takes: the catalog may be somebody's for a while
        asked = AnsweredCall(id, who, digest, at)
        noted = self._noted(asked)
        if (live := self.known(id)) is not None and _has_failed(live):
            noted = self._noted(asked)  # what was noted may have been the one that failed, and is gone since
        with self._lock:
            self._require_open()
            if (live := self._calls.get(id)) is not None and not _has_failed(live):
                return live, False
            # an id that is used anew, when it was forgotten, is another request of the lake
            request = hashlib.sha256("\n".join((id, who, digest, noted.at)).encode()).hexdigest()
            call = self._add(LiveCall(id, who, verb, noted.at, request))
            if noted.status is None or noted.body is None:
                return call, True
        call.end(Answered(noted.status, noted.body), noted.at)
        return call, False

    def end(self, call: LiveCall, answer: Answered) -> None:
        """A call came to its end. One that did nothing is forgotten: asked again, it may succeed. One that failed when it had moved a
        branch stays noted without an answer: asked again, it finds what it did."""
        try:
            if call.request is None:
                return
            if answer.status < 400:
                self._answered().end(call.id, answer.status, answer.body)
            elif not self._has_moved(call.request):
                self._answered().forget(call.id)
        finally:
            call.end(answer, to_text(self._clock()))

    def find(self, id: str) -> LiveCall:
        """A call of this process.

        Raises:
            UsageError: `usage.no_route`.
        """
        found = self.known(id)
        if found is None:
            raise UsageError("usage.no_route", f"there is no call `{id[:40]}`", hint="`/api/v1/calls` lists them")
        return found

    def of_run(self, run: int) -> LiveCall | None:
        """The call in progress that a run is of, where it is one of this process."""
        with self._lock:
            return next((call for call in self._calls.values() if call.run == run and call.answer is None), None)

    def cancel(self, id: str) -> LiveCall:
        """Tell a call to stop. Raises as `find`."""
        call = self.find(id)
        call.cancel.cancel()
        return call

    def documents(self) -> list[CallDocument]:
        """All that are known, the newest first, without what they were answered: that may be much."""
        with self._lock:
            calls = list(self._calls.values())
        return [call.document(with_answer=False) for call in reversed(calls)]

    def stop(self) -> None:
        """Take nothing new, and tell all that run to stop."""
        with self._lock:
            self._is_closing = True
            calls = list(self._calls.values())
        for call in calls:
            if call.answer is None:
                call.cancel.cancel()

    def forget_old(self) -> None:
        """Forget answers that nobody asks for any more."""
        self._answered().forget_before(to_text(self._clock() - _TOLD_AGAIN))

    def _require_open(self) -> None:
        if self._is_closing:
            raise ConflictError(
                "usage.in_progress",
                "the server stops and takes nothing new",
                hint="ask again in a while",
                retryable=True,
            )

    def _noted(self, call: AnsweredCall) -> AnsweredCall:
        noted = self._answered().begin(call)
        if (noted.who, noted.digest) != (call.who, call.digest):
            raise UsageError(
                "usage.request_reused",
                f"the id `{call.id[:40]}` was given to another request before",
                where=call.id[:40],
                hint="give each request an id of its own",
            )
        return noted

    def known(self, id: str) -> LiveCall | None:
        """A call of this process; None where there is none."""
        with self._lock:
            return self._calls.get(id)

    def _add(self, call: LiveCall) -> LiveCall:
        self._calls[call.id] = call
        self._calls.move_to_end(call.id)
        kept, size = 0, 0
        for each in reversed([each for each in self._calls.values() if each.answer is not None]):
            kept, size = kept + 1, size + each.size
            if kept > _KEPT or size > _KEPT_BYTES:
                del self._calls[each.id]
        return call


def _has_failed(call: LiveCall) -> bool:
    return call.answer is not None and call.answer.status >= 400


def _event(event: Event) -> tuple[str, Any] | None:
    """The name and the document of an event; the end of a run is its answer."""
    match event:
        case Planned():
            return "planned", {"run": event.run, "plan": event.plan.to_json()}
        case TaskStarted():
            return "task-started", {"dataset": event.dataset, "action": str(event.action)}
        case TaskMoved():
            return "task-moved", {"dataset": event.dataset, "text": event.text}
        case TaskEnded():
            return "task-ended", event.result.to_json()
        case Notice():
            return "notice", {"text": event.text}
        case Ended():
            return None
