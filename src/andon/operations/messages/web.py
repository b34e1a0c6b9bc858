"""Messages by webhook: a JSON document, or what Slack takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from andon.errors import MachineError
from andon.operations.messages.parcel import TIMEOUT
from andon.operations.messages.wording import blocks_of
from andon.operations.outside import NoAnswer, post
from andon.sources.web import REDIRECTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.model.message import MessageDocument
    from andon.operations.messages.parcel import Parcel

#: Of an answer that says no so many bytes are read and told; Slack takes so many characters in a part.
_ANSWER, _PART = 200, 2900


def post_json(parcel: Parcel) -> None:
    """POST the document. Its id goes with it as `Idempotency-Key`, too.

    Raises:
        MachineError: `notify.failed`: no answer, or one that is no success.
    """
    headers = {"Idempotency-Key": parcel.document.id}
    if "token" in parcel.options:
        headers["Authorization"] = f"Bearer {parcel.options['token']}"
    if "header" in parcel.options:
        headers[parcel.options["header"]] = parcel.options["value"]
    _post(parcel.options["url"], parcel.document.to_json(), headers)


def post_slack(parcel: Parcel) -> None:
    """POST the message as Slack's incoming webhooks take it. Raises as `post_json`."""
    _post(parcel.options["url"], slack_document(parcel.document), {})


def slack_document(document: MessageDocument) -> dict[str, Any]:
    """What Slack takes: the subject as text, and a section for each incident and letter. Nothing in it is read as a mention or a link."""
    blocks = blocks_of(document.incidents, document.letters)
    sections = [_section(_marked(lines)) for lines in blocks] or [_section(document.text)]
    foot = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{_plain(document.project)} · {document.id}"}]}
    return {"text": _plain(document.subject), "blocks": [*sections, foot]}


def _marked(lines: Sequence[str]) -> str:
    """Lines of which the first stands out."""
    first, *rest = map(_plain, lines)
    return "\n".join([f"*{first}*", *rest]) if rest else first


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_PART]}}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _post(url: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    try:
        answer = post(url, document, headers, TIMEOUT)
    except NoAnswer as error:
        raise MachineError("notify.failed", str(error)) from error
    if answer.status in REDIRECTS:
        raise MachineError(
            "notify.failed", f"the address leads elsewhere (status {answer.status}): write the one that it leads to"
        )
    if not 200 <= answer.status < 300:
        text = answer.said[:_ANSWER].strip()
        raise MachineError("notify.failed", f"the answer was {answer.status}" + (f": {text}" if text else ""))
