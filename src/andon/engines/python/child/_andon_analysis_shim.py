"""What `import andon` means in a run of an analysis: the lake at one commit, what was chosen, and what is to be kept.

The same names mean the same by hand, with Andon itself: there `parameter` gives its default, and `keep` keeps nothing.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

__all__ = ["keep", "logical_time", "open", "parameter"]

_run: Any = None  # what runs the analysis puts itself here


def open(path: Any = ".", **settings: Any) -> PinnedLake:  # noqa: ARG001
    """The lake at the commit that the analysis is run against, wherever its folder is."""
    return PinnedLake(_run)


def parameter(name: str, default: Any, about: str = "") -> Any:  # noqa: ARG001
    """What was chosen for this run (`-p NAME=VALUE`), else `default`."""
    return _run.parameters.get(name, default)


def keep(name: str, value: Any) -> Any:
    """Keep a table, a figure or a number under a name; gives it back."""
    return _run.keep(name, value)


def logical_time() -> datetime:
    """The time that the run stands for (aware, UTC)."""
    return datetime.fromisoformat(os.environ["ANDON_LOGICAL_TIME"])


class PinnedLake:
    """The lake at one commit."""

    def __init__(self, run: Any) -> None:
        self._run = run

    @property
    def commit(self) -> str:
        """Id of the commit."""
        return str(self._run.commit)

    def sql(self, query: str, parameters: Any = None, *, at: str | None = None) -> Result:
        """Ask one SELECT over datasets of the commit; `parameters` are values of `?` as a list, or of `$name` as a mapping."""
        if at is not None:
            self.at(at)
        return Result(self._run.ask(query, parameters), self.commit)

    def at(self, ref: str) -> PinnedLake:
        """Not here: which commit is read is said when the analysis is run."""
        raise RuntimeError(
            f"an analysis reads the commit that it is run against, not `{ref}` of its own choice: "
            f"`andon analysis run {self._run.name} --at {ref}`"
        )

    def close(self) -> None:
        """Nothing to do here."""

    def __enter__(self) -> PinnedLake:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Result:
    """Rows of one commit, in the form that you want, as often as you want."""

    def __init__(self, relation: Any, commit: str) -> None:
        self._relation = relation
        self._rows: Any = None
        self.commit = commit
        self.columns = list(relation.columns)
        self.types = [str(kind) for kind in relation.types]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        if self._rows is None:
            self._rows = self._relation.fetchall()
        return self._rows  # type: ignore[no-any-return]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        rows = self.fetchall()
        return rows[0] if rows else None

    def df(self) -> Any:
        """A pandas data frame."""
        return self._relation.df()

    def pl(self) -> Any:
        """A Polars data frame."""
        return self._relation.pl()

    def arrow(self) -> Any:
        """A `pyarrow.Table`."""
        return self._relation.to_arrow_table()

    def __iter__(self) -> Any:
        return iter(self.fetchall())

    def __repr__(self) -> str:
        rows = self.fetchall()
        lines = [" | ".join(self.columns), *(" | ".join("" if v is None else str(v) for v in row) for row in rows[:20])]
        more = f"… and {len(rows) - 20:,} more rows\n" if len(rows) > 20 else ""
        return (
            "\n".join(lines) + f"\n{more}[{len(rows):,} row{'' if len(rows) == 1 else 's'} at commit {self.commit[:8]}]"
        )
