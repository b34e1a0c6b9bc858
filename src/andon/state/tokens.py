"""Tokens: whom a server knows by what. Of a secret only its hash is kept."""

from __future__ import annotations

from andon.base.database import Database
from andon.model.person import AccessToken, Scope


class Tokens:
    """Writes and reads tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: AccessToken, digest: str) -> None:
        """Keep a new token; `digest` is the SHA-256 of its secret."""
        values = [token.id, digest, token.person, str(token.scope), token.created, token.expires]
        with self._database.write() as transaction:
            transaction.execute(
                "insert into token (id, digest, person, scope, created, expires, used, revoked)"
                " values (?, ?, ?, ?, ?, ?, null, 0)",
                values,
            )

    def all(self) -> list[AccessToken]:
        """All tokens, the newest first."""
        rows = self._database.query(f"select {_COLUMNS} from token order by created desc, id")
        return [_token(row) for row in rows]

    def find(self, id: str) -> tuple[AccessToken, str] | None:
        """A token and the digest of its secret."""
        rows = self._database.query(f"select {_COLUMNS}, digest from token where id = ?", [id])
        return (_token(rows[0][:-1]), str(rows[0][-1])) if rows else None

    def revoke(self, id: str) -> None:
        """Take a token back, for good."""
        with self._database.write() as transaction:
            transaction.execute("update token set revoked = 1 where id = ?", [id])

    def revoke_all(self) -> int:
        """Take all tokens back, for good; how many were good until then."""
        with self._database.write() as transaction:
            return transaction.execute("update token set revoked = 1 where revoked = 0")

    def used(self, id: str, day: str) -> None:
        """Note the day at which a token was used."""
        with self._database.write() as transaction:
            transaction.execute("update token set used = ? where id = ?", [day, id])


_COLUMNS = "id, person, scope, created, expires, used, revoked"


def _token(row: tuple[object, ...]) -> AccessToken:
    id, person, scope, created, expires, used, revoked = row
    return AccessToken(
        str(id),
        str(person),
        Scope(str(scope)),
        str(created),
        None if expires is None else str(expires),
        None if used is None else str(used),
        bool(revoked),
    )
