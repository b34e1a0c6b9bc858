"""Refs: names that move. Every move is a compare-and-swap with a line in the reflog and a request id."""

from __future__ import annotations

from andon.base.clock import SKEW, Clock, following, to_text
from andon.base.database import Database, Transaction
from andon.base.names import did_you_mean
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import ConflictError, UsageError
from andon.lake.commits import Commits
from andon.lake.refname import At, parse_ref
from andon.model.commit import Commit

#: The branch that readers see.
MAIN = "main"


class Ref(Record):
    """A name and the commit it names; `kind` is `branch`, `tag` or `run`."""

    name: str
    kind: str
    commit: str
    updated: str


class ReflogLine(Record):
    """One line of the reflog."""

    ref: str
    old: str | None
    new: str | None
    why: str
    actor: str
    at: str


class RefMove(Record):
    """A ref that should come to name something else, if it names `old` now (None: it is made)."""

    name: str
    kind: str
    old: str | None
    why: str


class Mover(Record):
    """Who moves a ref, when, and the id of the request, by which a move that is asked again is known."""

    actor: str
    at: str
    request: str | None = None


class Refs:
    """Finds, resolves and moves refs."""

    def __init__(self, database: Database, commits: Commits, clock: Clock) -> None:
        self._database = database
        self._commits = commits
        self._clock = clock

    def find(self, name: str, reader: Transaction | None = None) -> Ref | None:
        """The ref of exactly this name, or None.

        Args:
            reader: the transaction to read within.
        """
        sql = "select name, kind, commit_id, updated from ref where name = ?"
        rows = (reader or self._database).query(sql, [name])
        return Ref(*rows[0]) if rows else None

    def head(self, branch: str) -> Commit:
        """The commit that `branch` shows: main's, while it is not there."""
        ref = self.find(branch) or self.find(MAIN)
        assert ref is not None  # a lake always has main
        return self._commits.get(ref.commit)

    def of_kind(self, kind: str) -> list[Ref]:
        """All refs of a kind, by name."""
        rows = self._database.query(
            "select name, kind, commit_id, updated from ref where kind = ? order by name", [kind]
        )
        return [Ref(*row) for row in rows]

    def reflog(self, name: str, limit: int = 100) -> list[ReflogLine]:
        """The newest moves of a ref, newest first."""
        sql = "select ref, old, new, why, actor, at from reflog where ref = ? order by seq desc limit ?"
        return [ReflogLine(*row) for row in self._database.query(sql, [name, limit])]

    def answered(self, request: str) -> ReflogLine | None:
        """What a move with this request id did, if there was one."""
        sql = "select ref, old, new, why, actor, at from reflog where request = ?"
        rows = self._database.query(sql, [request])
        return ReflogLine(*rows[0]) if rows else None

    def moved_by(self, request: str | None, name: str, kind: str) -> Ref | None:
        """The ref that a move with this request id made or took away, as it was then; None where there was no such move."""
        done = self.answered(request) if request is not None else None
        commit = (done.new or done.old) if done is not None and done.ref == name else None
        return Ref(name, kind, commit, done.at) if done is not None and commit is not None else None

    def resolve(self, text: str) -> Commit:
        """The commit that `text` names (see `refname`).

        Raises:
            UsageError: `lake.ref_invalid`, `lake.ref_not_found`, `lake.ref_ambiguous` (of a moment too, where a clock was wrong about it).
        """
        name = parse_ref(text)
        ref = self.find(name.base)
        commit = self._commits.get(ref.commit) if ref else None
        if commit is None and name.may_be_commit:
            commit = self._commits.find_prefix(name.base)
        if commit is None:
            raise self._not_found(name.base)
        for number, step in enumerate(name.steps):
            if isinstance(step, At):
                commit = self._at(text, name.base if ref and number == 0 else None, commit, to_text(step.moment))
            else:
                commit = self._back(text, commit, step.steps)
        return commit

    def move(self, transaction: Transaction, move: RefMove, new: str | None, mover: Mover) -> None:
        """Make (`move.old` None), move, or remove (`new` None) a ref, if it still names `move.old`.

        Raises:
            ConflictError: `lake.ref_moved` if it does not.
            UsageError: `lake.ref_exists` if it should be made and is there.
        """
        name, old = move.name, move.old
        mover = replace(mover, at=self._following(transaction, mover.at))
        if old is None:
            if transaction.query("select 1 from ref where name = ?", [name]):
                raise UsageError("lake.ref_exists", f"`{name}` exists already", where=name, hint="choose another name")
            transaction.execute(
                "insert into ref (name, kind, commit_id, updated) values (?, ?, ?, ?)", [name, move.kind, new, mover.at]
            )
        elif new is None:
            changed = transaction.execute("delete from ref where name = ? and commit_id = ?", [name, old])
            _moved(changed, name)
        else:
            changed = transaction.execute(
                "update ref set commit_id = ?, updated = ? where name = ? and commit_id = ?", [new, mover.at, name, old]
            )
            _moved(changed, name)
        transaction.execute(
            "insert into reflog (seq, ref, old, new, request, why, actor, at)"
            " select coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ? from reflog",
            [name, old, new, mover.request, move.why, mover.actor, mover.at],
        )

    def next_after(self, transaction: Transaction, now: str) -> str | None:
        """The time of the move that followed the newest one not later than `now`; None when none is that old, or none followed."""
        newest = "(select seq from reflog where at <= ? order by seq desc limit 1)"
        rows = transaction.query(f"select at from reflog where seq > {newest} order by seq limit 1", [now])
        return str(rows[0][0]) if rows else None

    def _following(self, transaction: Transaction, now: str) -> str:
        """The time of a move that is made now: not before the last one, though a clock was set back."""
        rows = transaction.query("select at from reflog order by seq desc limit 1")
        return following(now, rows[0][0], self.next_after(transaction, now)) if rows else now

    def _back(self, text: str, commit: Commit, steps: int) -> Commit:
        for taken in range(steps):
            if commit.parent is None:
                raise UsageError(
                    "lake.ref_not_found",
                    f"`{text}` goes back further than the history, which has {plural(taken, 'earlier commit')}",
                    where=text,
                    hint="`andon log` shows the history",
                )
            commit = self._commits.get(commit.parent)
        return commit

    def _at(self, text: str, ref: str | None, commit: Commit, moment: str) -> Commit:
        if ref is not None:
            rows = self._database.query(
                "select new, seq from reflog where ref = ? and at <= ? and new is not null order by seq desc limit 1",
                [ref, moment],
            )
            if rows:
                self._require_order(text, ref, rows[0][1])
                return self._commits.get(rows[0][0])
        passed = []
        while commit.time > moment:
            passed.append(commit.time)
            if commit.parent is None:
                raise UsageError(
                    "lake.ref_not_found",
                    f"`{text}` is before the beginning of the history ({commit.time[:19]} UTC)",
                    where=text,
                    hint="`andon log` shows the history",
                )
            commit = self._commits.get(commit.parent)
        if passed:
            self._require_right(text, passed[-1], min(passed))
        return commit

    def _require_order(self, text: str, ref: str, seq: int) -> None:
        """Refuse where it is not known when `ref` moved on from what its move `seq` made it."""
        rows = self._database.query(
            "select seq, at from reflog where ref = ? and seq > ? order by seq limit 1", [ref, seq]
        )
        for number, at in rows:
            later = self._database.query("select min(at) from reflog where seq > ?", [number])
            self._require_right(text, at, later[0][0] or at)

    def _require_right(self, text: str, at: str, earliest: str) -> None:
        """Refuse the time `at` of what came next where something that came later bears an earlier time, or it has not come yet."""
        if earliest >= at and at <= to_text(self._clock() + SKEW):
            return
        raise UsageError(
            "lake.ref_ambiguous",
            f"`{text}` can't be told: a clock was wrong, and what came next bears the time {at[:19]} UTC",
            where=text,
            hint="name the commit by its id; `andon log` lists them in the order in which they came",
        )

    def _not_found(self, base: str) -> UsageError:
        if base.startswith("run:"):
            hint = "`andon log` names the runs that were published; a run that was held names itself when it ends"
        else:
            names = [row[0] for row in self._database.query("select name from ref where kind <> 'run'")]
            hint = did_you_mean(base, names) or f"known: {', '.join(sorted(names)[:8])}"
        return UsageError(
            "lake.ref_not_found", f"no branch, tag, commit or run is named `{base}`", where=base, hint=hint
        )


def require_branch(ref: Ref) -> None:
    """Refuse to move a ref that is no branch: a tag names its commit for good, a run's ref its outcome.

    Raises:
        UsageError: `lake.protected`.
    """
    if ref.kind != "branch":
        raise UsageError(
            "lake.protected",
            f"`{ref.name}` is a {ref.kind}, and only branches move",
            where=ref.name,
            hint="`andon branch list` lists the branches",
        )


def _moved(changed: int, name: str) -> None:
    if changed != 1:
        raise ConflictError(
            "lake.ref_moved",
            f"`{name}` moved while this was going on",
            where=name,
            hint="run the same command again; what was built is reused",
            retryable=True,
        )
