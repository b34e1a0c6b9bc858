"""What a route is: a verb of the service at an address, who may call it, what it takes, and which documents it answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from andon.base.document import Document
from andon.base.record import Record, field
from andon.model.person import PersonRole
from andon.runs.goal import Listener

if TYPE_CHECKING:
    from andon.service.service import Service

#: Where the API begins.
API = "/api/v1"


class RouteCall(Record):
    """One call of a route, read and checked.

    Attributes:
        service: the verbs in the hands of the person who calls.
        path: the parts of the address that have names.
        query: what stands behind the `?`, of the route's type.
        body: the document that was sent, of the route's type; the file's path for a file.
        listener: hears of progress, and may stop a run.
        desk: what the process shares: calls in progress, metrics, the description.
    """

    service: Service
    path: Mapping[str, str]
    query: Any
    body: Any
    listener: Listener
    desk: Any


class KeptAnswer(Record):
    """An answer that who asked may keep, and asks again whether it is still the one.

    Attributes:
        tag: the same as long as the answer is.
        make: makes it, where it is not known there.
    """

    tag: str
    make: Callable[[], Any]


class Endpoint(Record):
    """A route.

    Attributes:
        verb: the words of the command that does the same; empty where there is none.
        role: whoever has it may call.
        about: one line.
        call: what is done; returns a value that has a document, or a list of them.
        answers: types of the documents.
        query: type of what stands behind the `?`.
        body: type of the document that is sent.
        status: of the answer.
        reports: whether it may take long and tells of its progress.
        takes_file: whether the body is a file.
        is_private: whether the answer is for nobody but who asks: it is told once and kept nowhere, neither among the calls that all
            see nor for who asks again.
        media: types of which the answer may be: whoever asks says which they take.
    """

    method: str
    path: str
    verb: str
    role: PersonRole
    about: str
    call: Callable[[RouteCall], Any]
    answers: tuple[Any, ...]
    query: type[Document] | None = None
    body: type[Document] | None = None
    status: int = 200
    reports: bool = False
    takes_file: bool = False
    is_private: bool = False
    media: tuple[str, ...] = field(default=("application/json",))

    @property
    def is_safe(self) -> bool:
        """Whether calling it changes nothing."""
        return self.method == "GET" or self.path in (
            "/queries",
            "/queries/outline",
            "/edits/look",
            "/datasets/look",
            "/isolations",
        )

    @property
    def is_call(self) -> bool:
        """Whether it runs as a call that others see, with an answer that is kept."""
        return not self.is_safe and not self.is_private

    @property
    def address(self) -> str:
        """The whole path."""
        return API + self.path
