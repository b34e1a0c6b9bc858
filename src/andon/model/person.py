"""A person who uses a lake, what they may do, and the tokens by which a server knows them."""

from __future__ import annotations

from enum import StrEnum
from unicodedata import normalize

from andon.base.document import Document
from andon.base.record import Record


class PersonRole(StrEnum):
    """What a person may do: `reader` asks, `editor` changes too, `owner` also says who may what."""

    READER = "reader"
    EDITOR = "editor"
    OWNER = "owner"

    def covers(self, other: PersonRole) -> bool:
        """Whether who has this role may do what `other` may."""
        order = list(PersonRole)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What a token may be used for; never for more than the person's role allows."""

    READ = "read"
    EDIT = "edit"
    ADMIN = "admin"

    @property
    def role(self) -> PersonRole:
        """The role that it is as good as."""
        return PersonRole(list(PersonRole)[list(Scope).index(self)])

    @classmethod
    def of(cls, role: PersonRole) -> Scope:
        """The most that a role can be used for."""
        return list(cls)[list(PersonRole).index(role)]


class Person(Record):
    """Who asks, as far as it is known, and what they may do."""

    name: str
    role: PersonRole


class AccessToken(Document):
    """A token, without its secret.

    Attributes:
        id: how it is spoken of.
        created, expires, used: moments (ISO text, UTC); `used` to the day.
        revoked: whether somebody took it back.
    """

    id: str
    person: str
    scope: Scope
    created: str
    expires: str | None
    used: str | None
    revoked: bool


class TokenMade(Document):
    """A token that was just made: the only time that its secret is shown."""

    id: str
    person: str
    scope: Scope
    expires: str | None
    token: str


class Whoami(Document):
    """Who is asking, as the server knows them."""

    person: str
    role: PersonRole
    token: str | None


def person_key(name: str) -> str:
    """A person's name as it is compared: who is named in a file is whoever acts under that name, however it is written."""
    return normalize("NFC", name).strip().casefold()
