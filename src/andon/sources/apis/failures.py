"""What the failures of APIs mean for a person: no secret and no parameter of an address is ever repeated."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from andon.base.record import Record
from andon.errors import DatasetError
from andon.model.rest import Rest
from andon.sources.failures import shown

#: So much of what an API says is repeated.
_SAID = 160
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
#: Where APIs say what is wrong.
_WORDS = ("message", "error_description", "detail", "error", "title", "errors", "description")


class Failures(Record):
    """Makes the errors of one API.

    Attributes:
        where: the source's file.
        secrets: texts that are never repeated.
    """

    rest: Rest
    where: str
    secrets: tuple[str, ...] = ()

    def masked(self, text: str) -> str:
        """A text without what is secret."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def _masked_bytes(self, body: bytes) -> bytes:
        """As `masked`, before anything is cut: a part of a secret would be found by nobody."""
        for secret in self.secrets:
            body = body.replace(secret.encode(), b"***")
        return body

    def error(self, code: str, message: str, hint: str, *, retryable: bool = False) -> DatasetError:
        """An error of the source; what it says is masked."""
        return DatasetError(code, self.masked(message), where=self.where, hint=hint, retryable=retryable)

    def unreachable(self, why: str) -> DatasetError:
        """It does not answer."""
        hint = f"check `url` in `{self.where}`, and whether the API can be reached from here; then run again"
        return self.error("source.unreachable", f"`{self.rest.host}` can't be reached: {why}", hint, retryable=True)

    def of_status(self, status: int, body: bytes) -> DatasetError:
        """It answers with a status that is none of success."""
        said = _said(self._masked_bytes(body[: 1 << 20]))
        told = f": {said}" if said else ""
        if status in (401, 403, 407):
            way = f"what `auth` in `{self.where}` refers to" if self.rest.sign else f"`auth` in `{self.where}`"
            hint = f"check {way}: the token or password, and what it may read"
            if self.rest.sign is None:
                hint = f"it wants to know who asks: state {way}"
            message = f"`{self.rest.host}` lets nobody in (status {status}){told}"
            return self.error("source.unreachable", message, hint)
        if status == 429:
            message = (
                f"`{self.rest.host}` was asked too often (status 429), also after {self.rest.retries} more tries{told}"
            )
            hint = f"`rate_limit` in `{self.where}` keeps to what it allows; then run again"
            return self.error("source.unreachable", message, hint, retryable=True)
        if status >= 500 or status in (408, 425):
            message = f"`{self.rest.host}` fails (status {status}), also after {self.rest.retries} more tries{told}"
            return self.error("source.unreachable", message, "it is at fault: run again later", retryable=True)
        message = f"`{self.rest.host}` refuses what is asked (status {status}){told}"
        return self.error("source.query_failed", message, f"check `url` and `params` in `{self.where}`")

    def asks_to_wait(self, seconds: float) -> DatasetError:
        """It wants to be left alone for longer than a run waits."""
        hint = f"run again then; `rate_limit` in `{self.where}` keeps to what it allows"
        message = f"`{self.rest.host}` was asked too often, and asks to wait {seconds:,.0f} seconds"
        return self.error("source.unreachable", message, hint, retryable=True)

    def leads_away(self, address: str, why: str) -> DatasetError:
        """It leads to an address that was not named."""
        parts = urlsplit(address)
        host = shown(parts.hostname or "?")
        host += f":{parts.port}" if parts.port else ""
        hint = f"if that is right, add it: `hosts: [{host}]`; what `auth` names is not sent there"
        if why == "is not encrypted":
            hint = f"state its address as it is now in `url` of `{self.where}`"
        return self.error("source.query_failed", f"`{self.rest.host}` leads to `{host}`, which {why}", hint)

    def bad_answer(self, what: str, hint: str | None = None, *, retryable: bool = False) -> DatasetError:
        """It answers with what can't be taken."""
        hint = hint or f"check `url` in `{self.where}`"
        return self.error("source.bad_answer", f"`{self.rest.host}` {what}", hint, retryable=retryable)


def connection_failure(failures: Failures, error: Exception) -> DatasetError:
    """The error for what the library raised while it asked; its own words name addresses, so few of them are repeated."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.NewConnectionError | exceptions.NameResolutionError):
        is_name = isinstance(error, exceptions.NameResolutionError)
        return failures.unreachable("there is no such host" if is_name else "nothing answers there")
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return failures.unreachable(f"no answer within {failures.rest.timeout:g} seconds")
    if isinstance(error, exceptions.SSLError):
        hint = "its certificate is not one that this machine trusts"
        return failures.error(
            "source.unreachable", f"`{failures.rest.host}` can't be trusted: {hint}", f"{hint}: mend that"
        )
    if isinstance(error, exceptions.DecodeError):
        return failures.bad_answer("answers with bytes that are not packed as it says", "run again", retryable=True)
    if isinstance(error, exceptions.IncompleteRead | exceptions.ProtocolError):
        return failures.unreachable("it broke off in the middle of a page")
    if isinstance(error, exceptions.ProxyError):
        return failures.unreachable("the proxy that this machine is set to does not answer")
    if isinstance(error, exceptions.HTTPError | OSError):
        return failures.unreachable(type(error).__name__)
    return failures.bad_answer(f"can't be asked ({type(error).__name__})")


def page_title(body: bytes) -> str | None:
    """The title of a web page, or None where it is none."""
    start = body[:2048].lstrip().lower()
    if not start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        return None
    title = _TITLE.search(body[:65536])
    return shown(" ".join(title[1].decode(errors="replace").split()))[:_SAID] if title else "without a title"


def _said(body: bytes) -> str:
    """What an answer says of itself, short."""
    title = page_title(body)
    if title is not None:
        return f"the web page “{title}”"
    try:
        value = json.loads(body[:65536])
    except ValueError:
        text = body[:_SAID].decode(errors="replace").split("\n")[0].strip()
        return shown(text) if text.isprintable() else ""
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict):
            value = next((value[word] for word in _WORDS if value.get(word)), "")
    return shown(value)[:_SAID] if isinstance(value, str) else ""
