"""Uploads in parts that nobody finished: a process that was killed leaves one, which nobody sees and which costs what it holds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from xml.etree import ElementTree

from andon.base.clock import from_text
from andon.base.record import Record
from andon.base.s3_request import ask_s3
from andon.errors import MachineError

if TYPE_CHECKING:
    from andon.lake.object_store import ObjectStore


class UnfinishedUpload(Record):
    """An upload that was begun.

    Attributes:
        key: of the object that it would be.
        since: when it was begun.
    """

    key: str
    id: str
    since: datetime


def unfinished(objects: ObjectStore) -> list[UnfinishedUpload]:
    """All below the prefix of a store; none where who asks is known to the library alone (a role of the machine), or may not ask this: a
    rule of the bucket ends them then.

    Raises:
        MachineError: `machine.storage`.
    """
    if not objects.options.get("key"):
        return []
    found: list[UnfinishedUpload] = []
    more: dict[str, str] = {}
    while True:
        try:
            answer = _asked(objects, "GET", {"uploads": "", "prefix": objects.prefix, **more})
        except MachineError as error:
            if isinstance(error.__cause__, HTTPError):
                return found
            raise
        root = ElementTree.fromstring(answer)  # noqa: S314
        for each in root.iter():
            if _name(each) == "Upload":
                said = {_name(part): part.text or "" for part in each}
                if said["Key"].startswith(objects.prefix):
                    found.append(UnfinishedUpload(said["Key"], said["UploadId"], from_text(said["Initiated"])))
        said = {_name(part): part.text or "" for part in root}
        if said.get("IsTruncated") != "true":
            return found
        more = {"key-marker": said.get("NextKeyMarker", ""), "upload-id-marker": said.get("NextUploadIdMarker", "")}


def abort(objects: ObjectStore, upload: UnfinishedUpload) -> None:
    """Let go of what an upload holds.

    Raises:
        MachineError: `machine.storage`.
    """
    _asked(objects, "DELETE", {"uploadId": upload.id}, upload.key)


def _asked(objects: ObjectStore, method: str, query: dict[str, str], key: str = "") -> bytes:
    try:
        return ask_s3(method, objects.bucket, objects.options, key=key, query=query)
    except OSError as error:
        raise MachineError(
            "machine.storage",
            f"could not look for unfinished uploads in `{objects.url}`: {getattr(error, 'reason', None) or error}",
            where=objects.url,
            hint="a rule of the bucket that ends unfinished uploads after some days does the same",
        ) from error


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
