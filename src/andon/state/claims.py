"""Who works on what: claims that end by themselves, each with a number that only grows, so that who lost one can't publish late."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from andon.base.clock import SKEW, Clock, system_clock, to_text
from andon.base.database import Database, Transaction, in_batches
from andon.base.postgres_address import is_postgres
from andon.base.process import is_gone, this_process
from andon.base.record import Record
from andon.errors import ConflictError

TABLES = (
    "create table claim (branch text not null, name text not null, token bigint not null, holder text not null,"
    " process text not null, until text not null, primary key (branch, name))",
    "create index claim_holder on claim (holder)",
)

#: The branch of claims that belong to none: turns at an engine or a connection.
EVERYWHERE = ""
#: No claim is taken for longer.
LONGEST = timedelta(minutes=10)
#: So often it is looked by how much clocks differ (seconds).
_LOOKED = 60.0


class Claim(Record):
    """A claim as recorded. `holder` is empty where nobody has it; `token` grows each time that somebody takes it."""

    token: int
    holder: str
    process: str
    until: str


class Turn(Record):
    """One of `at_once` places at something that serves only so many at the same time."""

    at: str
    at_once: int

    def names(self) -> list[str]:
        """The names of its places."""
        return [f"{self.at} {number}" for number in range(1, self.at_once + 1)]


class ClaimLease(Record):
    """What somebody took: names by branch, each with its token.

    Attributes:
        lost: which of them somebody had who is gone, or let them run out.
    """

    holder: str
    tokens: Mapping[tuple[str, str], int]
    lost: frozenset[str] = frozenset()


class Refused(Record):
    """Why nothing was taken: who has it (`by`, a process), or somebody was there since it was looked at (`is_stale`)."""

    name: str
    by: str = ""
    until: str = ""
    is_stale: bool = False


class Claims:
    """Takes, renews, releases and asks for claims. All of a lease is taken at once, or nothing.

    Machines that share a catalog have clocks that differ; claims go by the clock of the catalog's server.

    Args:
        clock: what time it is taken to be here.
        system: this machine's clock.
    """

    def __init__(self, database: Database, clock: Clock, system: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._system = system
        #: by how much the server's clock is ahead of this machine's, and when that was looked at
        self._apart: tuple[timedelta, float] | None = None

    def of(self, branch: str) -> dict[str, Claim]:
        """The claims of a branch by name, those that nobody has included."""
        rows = self._database.query("select name, token, holder, process, until from claim where branch = ?", [branch])
        return {str(name): Claim(int(token), holder, process, until) for name, token, holder, process, until in rows}

    def held(self, branch: str) -> list[Claim]:
        """The claims of a branch that somebody has, or had when they were stopped."""
        sql = "select token, holder, process, until from claim where branch = ? and holder <> ''"
        return [Claim(int(token), *rest) for token, *rest in self._database.query(sql, [branch])]

    def take(
        self,
        branch: str,
        names: Iterable[str],
        length: timedelta,
        seen: Mapping[str, Claim],
        turns: Sequence[Turn] = (),
    ) -> ClaimLease | Refused:
        """Claim `names`, and a place at each of `turns`.

        Args:
            seen: the claims of the branch as they stood when it was decided that the work is to do: where somebody took one since, they
                may have done it.
        """
        wanted = sorted(set(names))
        holder = secrets.token_hex(8)
        now = self._now()
        with self._database.write() as transaction:
            there = self._there(transaction, branch, wanted)
            for name in wanted:
                claim, before = there.get(name), seen.get(name)
                if (claim.token if claim else 0) != (before.token if before else 0):
                    return Refused(name, is_stale=True)
                if claim is not None and not self.is_free(claim):
                    return Refused(name, claim.process, claim.until)
            places: dict[str, int] = {}
            for turn in turns:
                found = self._place(transaction, turn)
                if isinstance(found, Refused):
                    return found
                places.update([found])
            lost = frozenset(name for name in wanted if name in there and there[name].holder)
            tokens = {(branch, name): there[name].token + 1 if name in there else 1 for name in wanted}
            tokens.update({(EVERYWHERE, name): token for name, token in places.items()})
            until = to_text(now + length)
            transaction.execute_many("delete from claim where branch = ? and name = ?", list(tokens))
            transaction.execute_many(
                "insert into claim (branch, name, token, holder, process, until) values (?, ?, ?, ?, ?, ?)",
                [(of, name, token, holder, this_process(), until) for (of, name), token in tokens.items()],
            )
        return ClaimLease(holder, tokens, lost)

    def renew(self, lease: ClaimLease, length: timedelta) -> bool:
        """Go on having all of a lease; False where somebody else took some of it."""
        until = to_text(self._now() + length)
        with self._database.write() as transaction:
            count = transaction.execute("update claim set until = ? where holder = ?", [until, lease.holder])
        return count == len(lease.tokens)

    def is_held(self, transaction: Transaction, lease: ClaimLease) -> bool:
        """Whether all of a lease is still its holder's, within a transaction."""
        rows = transaction.query("select branch, name, token from claim where holder = ?", [lease.holder])
        return {(branch, name): token for branch, name, token in rows} == dict(lease.tokens)

    def require(self, transaction: Transaction, lease: ClaimLease) -> None:
        """Go on only with all of a lease, within the transaction that publishes.

        Raises:
            ConflictError: `run.claim_lost`.
        """
        if not self.is_held(transaction, lease):
            raise ConflictError(
                "run.claim_lost",
                "another process took this work over: this one was silent for longer than its claim lasts",
                hint="nothing is to do: the other one brings it to its end; what was built here is reused",
            )

    def release(self, transaction: Transaction, lease: ClaimLease) -> None:
        """Give a lease back; what of it somebody else took is theirs."""
        transaction.execute(
            "update claim set holder = '', process = '', until = ? where holder = ?",
            [to_text(self._clock()), lease.holder],
        )

    def _there(self, transaction: Transaction, branch: str, names: Iterable[str]) -> dict[str, Claim]:
        found: dict[str, Claim] = {}
        for marks, batch in in_batches(names):
            rows = transaction.query(
                f"select name, token, holder, process, until from claim where branch = ? and name in ({marks})",
                [branch, *batch],
            )
            found.update({name: Claim(token, holder, process, until) for name, token, holder, process, until in rows})
        return found

    def _place(self, transaction: Transaction, turn: Turn) -> tuple[str, int] | Refused:
        """A free place at a turn, with its new token."""
        there = self._there(transaction, EVERYWHERE, turn.names())
        for name in turn.names():
            claim = there.get(name)
            if claim is None or self.is_free(claim):
                return name, claim.token + 1 if claim is not None else 1
        return Refused(turn.at, next(iter(there.values())).process, min(claim.until for claim in there.values()))

    def is_free(self, claim: Claim) -> bool:
        """Whether nobody has it: released, its process gone, its time over, or so far ahead that the clock was wrong then."""
        if not claim.holder or is_gone(claim.process):
            return True
        now = self._now()
        return claim.until <= to_text(now) or claim.until > to_text(now + SKEW + LONGEST)

    def _now(self) -> datetime:
        if not is_postgres(self._database.place):
            return self._clock()
        at = time.monotonic()
        if self._apart is None or at - self._apart[1] > _LOOKED:
            ((seconds,),) = self._database.query(f"select {self._database.seconds}")
            self._apart = timedelta(seconds=float(seconds) - self._system().timestamp()), at
        return self._clock() + self._apart[0]
