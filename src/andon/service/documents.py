"""Documents of verbs that answer with less than a noun: what was made, dropped, accepted, asked. All faces write these."""

from __future__ import annotations

from typing import Any

from andon.base.document import UNSET, Document, UnsetType
from andon.model.commit import CauseDocument
from andon.service.trust import TrustNote
from andon.settings.resolve import Settings
from andon.settings.table import BY_NAME


class SettingDocument(Document):
    """A setting's value and where it comes from."""

    name: str
    value: Any
    origin: str
    default: Any
    help: str


def settings_documents(settings: Settings) -> list[SettingDocument]:
    """Every setting with its value and where that comes from."""
    return [
        SettingDocument(name, value, origin, BY_NAME[name].default, BY_NAME[name].help)
        for name, value, origin in settings.items()
    ]


class BranchMade(Document):
    """A branch that was made."""

    name: str
    commit: str
    at: str


class BranchDropped(Document):
    """A branch that is gone."""

    name: str
    commit: str
    dropped: bool


class BranchSwitched(Document):
    """The branch that the folder works on now, and the files that changed in it."""

    branch: str
    commit: str
    files: list[str]


class TagDocument(Document):
    """A tag: since when it is there, or whether it is gone."""

    name: str
    commit: str
    at: str | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET


class AcceptedDocument(Document):
    """What an undo kept out and lets pass again."""

    commit: str
    accepted: list[CauseDocument]


class AnswerDocument(Document):
    """The answer to a query. Numbers have all their digits; `truncated` where there are more rows than a server gives; `notes` where
    something is known of what was read."""

    columns: list[str]
    types: list[str]
    commit: str
    seconds: float
    rows: list[list[Any]]
    truncated: bool | UnsetType = UNSET
    notes: list[TrustNote] | UnsetType = UNSET


class AnswerFile(Document):
    """A file that an answer was written to; `notes` where something is known of what was read."""

    file: str
    format: str
    rows: int
    commit: str
    notes: list[TrustNote] | UnsetType = UNSET


class LiveAnswerDocument(Document):
    """What a database answered: of that moment, and in no commit; `notes` where something is known of sources that read the same there."""

    columns: list[str]
    types: list[str]
    connection: str
    seconds: float
    rows: list[list[Any]]
    notes: list[TrustNote] | UnsetType = UNSET


class LiveAnswerFile(Document):
    """A file that what a database answered was written to; `notes` as with the answer."""

    file: str
    format: str
    rows: int
    connection: str
    notes: list[TrustNote] | UnsetType = UNSET
