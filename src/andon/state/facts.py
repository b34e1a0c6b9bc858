"""Facts that were derived from a version's content when somebody first asked: kept by content, true for ever, disposable.

A kind names what was derived and the version of how (`profile:p1`), so that a new way never mixes with an old one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from andon.base.database import Database, in_batches
from andon.errors import MachineError


class Facts:
    """Writes and reads derived facts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, version: str, kind: str) -> Any | None:
        """The fact of that kind about a version (JSON), or None."""
        return self.find_many([version], kind).get(version)

    def find_many(self, versions: Iterable[str], kind: str) -> dict[str, Any]:
        """`{version: fact}` for those of `versions` about which there is one."""
        found: dict[str, Any] = {}
        for marks, batch in in_batches(dict.fromkeys(versions)):
            rows = self._database.query(
                f"select version, body from fact where kind = ? and version in ({marks})", [kind, *batch]
            )
            found.update({version: json.loads(body) for version, body in rows})
        return found

    def put(self, version: str, kind: str, body: Any) -> None:
        """Keep a fact, in place of an earlier one of that kind."""
        self.put_many({version: body}, kind)

    def put_many(self, bodies: Mapping[str, Any], kind: str) -> None:
        """Keep `{version: fact}`, in place of earlier ones of that kind."""
        texts = {v: json.dumps(body, ensure_ascii=False, separators=(",", ":")) for v, body in bodies.items()}
        with self._database.write() as transaction:
            transaction.execute_many("delete from fact where version = ? and kind = ?", [(v, kind) for v in texts])
            transaction.execute_many(
                "insert into fact (version, kind, body) values (?, ?, ?)",
                [(v, kind, text) for v, text in texts.items()],
            )

    def keep(self, bodies: Mapping[str, Any], kind: str) -> None:
        """`put_many` for who can do without: who may read and not write (a shared lake, a read-only disk) can still ask."""
        try:
            self.put_many(bodies, kind)
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk"):
                raise
