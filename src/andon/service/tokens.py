"""Tokens: made for a person, listed, taken back; and who it is that shows one."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.duration import Duration, read_duration
from andon.base.names import did_you_mean
from andon.errors import AccessError, MachineError, UsageError
from andon.model.person import AccessToken, Person, PersonRole, Scope, TokenMade

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: How long a token is good for when nothing else is said.
DEFAULT_LIFE = "90d"
#: In place of a duration: a token that does not end by itself.
NEVER = "never"

_PREFIX = "andon"
_SECRET_BYTES = 32
_TEXT = re.compile(r"andon_([0-9a-f]{8})_([A-Za-z0-9_-]{43})\Z")


class TokenDesk:
    """Makes, lists, takes back and reads tokens of the people whom `[people]` names."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def create(self, person: str, scope: str | None = None, expires: str = DEFAULT_LIFE) -> TokenMade:
        """A new token; its text is told this once, and only its hash is kept.

        Args:
            scope: `read`, `edit` or `admin`; None is all that the person's role allows.
            expires: how long it is good for (`90d`), or `never`.

        Raises:
            UsageError: `usage.bad_argument` for a person that there is not, a scope that their role does not cover, a bad duration.
        """
        role = self._role(person)
        chosen = self._scope(scope, person, role)
        now = self._workspace.clock()
        until = self._until(expires)
        ends = None if until is None else to_text(until.after(now))
        text = secrets.token_urlsafe(_SECRET_BYTES)
        token = AccessToken(secrets.token_hex(4), person, chosen, to_text(now), ends, None, False)
        self._workspace.tokens.add(token, _digest(text))
        return TokenMade(token.id, person, chosen, ends, f"{_PREFIX}_{token.id}_{text}")

    def list(self) -> list[AccessToken]:
        """All tokens, the newest first."""
        return self._workspace.tokens.all()

    def revoke(self, id: str) -> AccessToken:
        """Take a token back: from the next call on it lets nobody in.

        Raises:
            UsageError: `usage.bad_argument` for a token that there is not.
        """
        match = _TEXT.match(id)
        found = self._workspace.tokens.find(match[1] if match else id)
        if found is None:
            known = [token.id for token in self.list() if not token.revoked]
            hint = did_you_mean(id, known) or "`andon token list` lists them"
            raise UsageError("usage.bad_argument", f"there is no token `{id[:20]}`", where=id[:20], hint=hint)
        self._workspace.tokens.revoke(found[0].id)
        after = self._workspace.tokens.find(found[0].id)
        assert after is not None  # tokens are never removed
        return after[0]

    def who(self, text: str) -> tuple[Person, AccessToken]:
        """Whose token `text` is, and what it lets them do: what both the person's role and the token's scope cover.

        Raises:
            AccessError: `access.unknown` for a text that is no token, one that was taken back or has ended, or whose person is gone.
        """
        match = _TEXT.match(text)
        found = self._workspace.tokens.find(match[1]) if match else None
        if match is None or found is None or not hmac.compare_digest(found[1], _digest(match[2])):
            raise _unknown("this is no token of this lake")
        token = found[0]
        now = self._workspace.clock()
        if token.revoked:
            raise _unknown(f"the token {token.id} was taken back")
        if token.expires is not None and token.expires <= to_text(now):
            raise _unknown(f"the token {token.id} was good until {token.expires[:10]}")
        role = self._workspace.people.get(token.person)
        if role is None:
            message = f"`{token.person}`, whose token this is, is not among the people that this server started with"
            hint = "name them below `[people]` in andon.toml, and start the server again"
            raise AccessError("access.unknown", message, hint=hint)
        self._note_use(token, to_text(now)[:10])
        allowed = role if token.scope.role.covers(role) else token.scope.role
        return Person(token.person, allowed), token

    def _note_use(self, token: AccessToken, day: str) -> None:
        if token.used == day:
            return
        try:
            self._workspace.tokens.used(token.id, day)
        except MachineError as error:  # a lake that can only be read is read all the same
            if error.code not in ("machine.read_only", "machine.disk"):
                raise

    def _role(self, person: str) -> PersonRole:
        people = self._workspace.people
        if person not in people:
            hint = did_you_mean(person, people) or f'write `{person} = "editor"` below `[people]` in andon.toml'
            raise UsageError(
                "usage.bad_argument", f"`{person}` is not among `[people]` in andon.toml", where=person, hint=hint
            )
        return people[person]

    def _scope(self, asked: str | None, person: str, role: PersonRole) -> Scope:
        if asked is None:
            return Scope.of(role)
        if asked not in list(Scope):
            raise UsageError("usage.bad_argument", f"`{asked}` is no scope", hint=f"one of {', '.join(Scope)}")
        if not role.covers(Scope(asked).role):
            raise UsageError(
                "usage.bad_argument",
                f"`{person}` is {role}, which does not cover the scope `{asked}`",
                where=person,
                hint=f"`--scope {Scope.of(role)}`, or another role below `[people]`",
            )
        return Scope(asked)

    def _until(self, text: str) -> Duration | None:
        if text.strip() == NEVER:
            return None
        found = read_duration(text)
        if found is None or found.after(self._workspace.clock()) - self._workspace.clock() > timedelta(days=3660):
            raise UsageError(
                "usage.bad_argument",
                f"`{text}` is not how long a token is good for",
                hint=f"`{DEFAULT_LIFE}`, `1y`, at most ten years; or `{NEVER}`",
            )
        return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _unknown(message: str) -> AccessError:
    hint = "an owner of the lake makes one: `andon token create NAME`, on the machine where it is"
    return AccessError("access.unknown", message, hint=hint)
