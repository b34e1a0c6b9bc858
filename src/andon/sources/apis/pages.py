"""Pages of an API, one after the other, to the end: records as they are written, and whatever tells that some were lost or come twice."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from andon.base.record import Record
from andon.errors import DatasetError
from andon.model.rest import Rest
from andon.sources.apis.client import Client, Response
from andon.sources.apis.failures import Failures, page_title

#: Asks for a page: an address that the API gave, or the parameters of the page.
Ask = Callable[[str | None, Sequence[tuple[str, str]]], Response]

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
#: `<address>; rel="next"` in a header; commas and semicolons may stand in the address.
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next)(?=\s*(?:;|\Z))", re.IGNORECASE)
_SHOWN_KEYS = 8


class ApiPage(Record):
    """A page as it came, and its records as they are written."""

    body: bytes
    records: tuple[bytes, ...]


def pages(rest: Rest, ask: Ask, failures: Failures, since: str | None, notes: list[str]) -> Iterator[ApiPage]:
    """All pages, in the order in which the API hands them out.

    Args:
        since: what the cursor's parameter is sent as; None leaves it out.
        notes: takes what a person should hear.

    Raises:
        DatasetError: `source.bad_answer`, `source.incomplete`, and what asking raises.
    """
    first = [(rest.since.param, since)] if rest.since is not None and since is not None else []
    turns = _Turns(rest, failures, notes)
    total, count = None, 0
    url, params = None, [*first, *turns.first()]
    while True:
        try:
            answer = ask(url, params)
        except DatasetError as error:
            raise turns.beyond(error) from error
        page, top = _page(rest, answer, failures)
        turns.look(answer, page, page_number := turns.number)
        count += len(page.records)
        total = _total(rest, top, failures)
        yield page
        following = turns.following(answer, top, page, count, total)
        if following is None:
            break
        url, more = following
        params = [] if url is not None else [*first, *more]
        if page_number >= rest.pages.most:
            what = f"has more than {rest.pages.most:,} pages"
            raise failures.error(
                "source.incomplete", f"`{failures.rest.host}` {what}", "if that is right, raise `max_pages`"
            )
    if total is not None and total != count:
        raise failures.error(
            "source.incomplete",
            f"`{rest.host}` says that there are {total:,} records, and {count:,} came",
            "run again; if it stays, the records changed while they were read, or `pagination` is not how this API turns pages",
            retryable=True,
        )


def look(rest: Rest, resolve: Callable[[str], str], where: str) -> None:
    """Ask for the first page alone: whether the API can be reached, lets one in, and answers with records.

    Raises:
        AndonError: as a load.
    """
    client = Client(rest, resolve, where, threading.Event())
    try:
        next(pages(rest, client.get, client.failures, rest.since.start if rest.since is not None else None, []))
    finally:
        client.close()


class _Turns:
    """Turns the pages of one load, and sees that they do turn."""

    def __init__(self, rest: Rest, failures: Failures, notes: list[str]) -> None:
        self._rest = rest
        self._failures = failures
        self._notes = notes
        self._asked: set[str] = set()
        self._bodies: set[bytes] = set()
        self.number = 1

    def first(self) -> list[tuple[str, str]]:
        """The parameters of the first page."""
        turn = self._rest.pages
        return [*self._at(turn.start), *self._size()] if turn.by in ("page", "offset") else self._size()

    def beyond(self, error: DatasetError) -> DatasetError:
        """An error of asking for a page, with what it may mean where pages came before."""
        if error.code != "source.query_failed" or self.number == 1 or self._rest.pages.by not in ("page", "offset"):
            return error
        hint = (
            f"an API that answers so after its last page says elsewhere that it is the last: state `total` in `{self._failures.where}`,"
            " or what a page says of the next one: `pagination: {by: cursor, next: …}`"
        )
        return DatasetError(error.code, f"page {self.number:,}: {error.message}", where=error.where, hint=hint)

    def look(self, answer: Response, page: ApiPage, number: int) -> None:
        """Stop where a page comes again: the API does not turn pages, and would never end."""
        same = hashlib.sha256(answer.body).digest()
        if page.records and same in self._bodies:
            raise self._failures.error(
                "source.incomplete",
                f"page {number:,} of `{self._rest.host}` is one that came before: it does not turn pages",
                f"check `pagination`: the parameters may have other names in this API ({self._shown()})",
            )
        self._bodies.add(same)

    def following(
        self, answer: Response, top: Mapping[str, bytes], page: ApiPage, count: int, total: int | None
    ) -> tuple[str | None, list[tuple[str, str]]] | None:
        """How the next page is asked for; None where there is none."""
        turn = self._rest.pages
        self.number += 1
        match turn.by:
            case "page" | "offset":
                if not page.records or (total is not None and count >= total):
                    return None
                return None, [*self._at(turn.start + (self.number - 1 if turn.by == "page" else count)), *self._size()]
            case "cursor":
                return self._after(top)
            case "link":
                address = next_link(answer.headers.get("link", ""))
                return None if address is None else (self._new(address), [])
        return None

    def _after(self, top: Mapping[str, bytes]) -> tuple[str | None, list[tuple[str, str]]] | None:
        turn, path = self._rest.pages, ".".join(self._rest.pages.next)
        raw = _at(top, turn.next)
        if raw is None and self.number == 2:
            self._notes.append(f"the first page says nothing at `{path}`, so it was taken for the only one")
        value = msgspec.json.decode(raw) if raw is not None else None
        if value is None or value is False or value == "":
            return None
        if not isinstance(value, str | int) or value is True:
            raise self._failures.bad_answer(f"has at `{path}` no text that the next page could be asked with")
        text = self._new(str(value))
        return (text, []) if turn.param is None else (None, [(turn.param, text), *self._size()])

    def _new(self, asked: str) -> str:
        """What the next page is asked with, if no page was asked with it before."""
        if asked in self._asked:
            raise self._failures.error(
                "source.incomplete",
                f"after page {self.number - 1:,}, `{self._rest.host}` names a page that came before: it would never end",
                "check `pagination`: what it says of the next page is not what it is asked with",
            )
        self._asked.add(asked)
        return asked

    def _at(self, number: int) -> list[tuple[str, str]]:
        return [(self._rest.pages.param or "", str(number))]

    def _size(self) -> list[tuple[str, str]]:
        turn = self._rest.pages
        return [(turn.size_param, str(turn.size))] if turn.size and turn.size_param else []

    def _shown(self) -> str:
        turn = self._rest.pages
        return ", ".join(f"`{name}`" for name in (turn.param, turn.size_param) if name) or f"by `{turn.by}`"


def next_link(header: str) -> str | None:
    """The address with `rel="next"` in a `Link` header."""
    return next((match[1] for match in _LINK.finditer(header) if _NEXT.search(match[2])), None)


def _page(rest: Rest, answer: Response, failures: Failures) -> tuple[ApiPage, Mapping[str, bytes]]:
    """A page with its records, and what stands beside them."""
    body, path = answer.body, ".".join(rest.records)
    title = page_title(body)
    if title is not None:
        hint = f"it wants people, not programs: check `url` and `auth` in `{failures.where}`"
        raise failures.bad_answer(f"answers with a web page (“{failures.masked(title)}”) and not with JSON", hint)
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        value: Any = msgspec.json.decode(body, type=msgspec.Raw)
        body.decode()
    except UnicodeDecodeError as error:
        raise failures.bad_answer(
            "answers with text that is not UTF-8", "JSON is UTF-8; tell whoever makes the API"
        ) from error
    except msgspec.DecodeError as error:
        said = "with nothing" if not body.strip() else f"with what is no JSON: {_place(error)}"
        raise failures.bad_answer(f"answers {said}", "run again; it may have broken off", retryable=True) from error
    top: Mapping[str, bytes] = {}
    raw: bytes | None = bytes(value)
    if raw is not None and raw.lstrip().startswith(b"{"):
        top = {name: bytes(part) for name, part in _OBJECT.decode(raw).items()}
        raw = _at(top, rest.records) if rest.records else raw
    elif rest.records:
        raise failures.bad_answer(f"answers with a list, and has nothing at `{path}`", "take `records` out")
    if raw is None:
        raise failures.bad_answer(
            f"has nothing at `{path}`; there is {_keys(top)}", "say in `records` where the list is"
        )
    if not raw.lstrip().startswith(b"["):
        found = "at `" + path + "` something that is no list" if rest.records else f"no list; there is {_keys(top)}"
        lists = [name for name, part in top.items() if part.lstrip().startswith(b"[")]
        hint = f"say where the list is: `records: {lists[0]}`" if lists else "say in `records` where the list is"
        raise failures.bad_answer(f"has {found}", hint)
    records = tuple(_one_line(bytes(record)) for record in _LIST.decode(raw))
    for number, record in enumerate(records, 1):
        if not record.startswith(b"{"):
            what = failures.masked(record[:40].decode(errors="replace"))
            raise failures.bad_answer(f"has a record that is no object: `{what}`, number {number} of a page", None)
    return ApiPage(answer.body, records), top


def _at(top: Mapping[str, bytes], path: Sequence[str]) -> bytes | None:
    """What stands at a path; None where nothing or `null` does."""
    found: bytes | None = None
    here: Mapping[str, Any] = top
    for name in path:
        if found is not None:
            if not found.lstrip().startswith(b"{"):
                return None
            here = _OBJECT.decode(found)
        if name not in here:
            return None
        found = bytes(here[name])
    return None if found is not None and found.strip() == b"null" else found


def _total(rest: Rest, top: Mapping[str, bytes], failures: Failures) -> int | None:
    if not rest.total:
        return None
    raw, path = _at(top, rest.total), ".".join(rest.total)
    try:
        return int(msgspec.json.decode(raw, type=int | str)) if raw is not None else None
    except (msgspec.DecodeError, ValueError) as error:
        raise failures.bad_answer(f"has no number at `{path}`", f"take `total: {path}` out") from error


def _one_line(record: bytes) -> bytes:
    """A record on one line, so that its place is a line number. A line end within a text would be no JSON."""
    record = record.strip()
    return record.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in record or b"\r" in record else record


def _keys(top: Mapping[str, bytes]) -> str:
    names = [f"`{name}`" for name in top]
    more = f" and {len(names) - _SHOWN_KEYS} more" if len(names) > _SHOWN_KEYS else ""
    return ", ".join(names[:_SHOWN_KEYS]) + more if names else "nothing"


def _place(error: Exception) -> str:
    found = re.search(r"byte (\d+)", str(error))
    what = "it ends in the middle" if "truncated" in str(error) else "it is malformed"
    return f"{what} (byte {int(found[1]):,})" if found else what
