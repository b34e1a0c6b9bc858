"""What a page is: an address, who may see it, what it shows, and the template that draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from andon.base.document import Document
from andon.base.record import Record
from andon.model.person import PersonRole
from andon.web.access import Asking
from andon.web.asking import AtCommit

if TYPE_CHECKING:
    from andon.service.service import Service
    from andon.web.calls import CallDesk, LiveCall

#: What a template is given, with `status` where the page is no usual answer; or an answer that is none, as the way to another page.
Shown = Mapping[str, Any] | Response


class PageCall(Record):
    """One visit of a page, read and checked.

    Attributes:
        service: the verbs in the hands of the person who looks.
        path: the parts of the address that have names.
        query: what stands behind the `?`, of the page's type.
        asking: who looks.
        calls: calls in progress.
        wants: the block that is asked for alone; empty for the whole page.
        done: the call that a form of this person began and that led here, None where there is none, or no longer.
    """

    service: Service
    path: Mapping[str, str]
    query: Any
    asking: Asking
    calls: CallDesk
    wants: str = ""
    done: LiveCall | None = None

    @property
    def may_change(self) -> bool:
        """Whether whoever looks may change something; a lake that can only be read is changed by nobody."""
        database = self.service.workspace.lake.database
        return self.asking.person.role.covers(PersonRole.EDITOR) and not database.is_read_only


class PageRoute(Record):
    """A page.

    Attributes:
        path: its address, with names in braces.
        template: below `templates/`.
        show: what the template is given.
        query: type of what stands behind the `?`.
        role: whoever has it may look.
    """

    path: str
    template: str
    show: Callable[[PageCall], Shown]
    query: type[Document] = AtCommit
    role: PersonRole = PersonRole.READER
