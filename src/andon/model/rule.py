"""A rule across datasets, as its file in `checks/` states it: a SELECT whose rows are violations."""

from __future__ import annotations

from andon.base.record import Record
from andon.model.check import Allow, Severity
from andon.model.dataset import ClockUse


class Rule(Record):
    """One file `checks/*.sql`.

    Attributes:
        name: as its front matter says, else the file's name.
        sql: the text to run (one SELECT, its front matter left in as a comment, no final `;`), so that line numbers in the
            engine's messages are those of the file.
        meaning: hash of the normal form of the SQL and of the macros that it uses; layout and comments don't change it.
        datasets: what it reads, in the order in which the SQL names them, those that its macros read at the end.
        macros: the `CREATE MACRO` statements it uses, in an order in which they can be made.
        clock: what of the logical time its result depends on.
        files: the file itself and those of its macros, as sorted `(project path, sha256)`.
    """

    name: str
    file: str
    sql: str
    meaning: str
    datasets: tuple[str, ...]
    severity: Severity = Severity.HOLD
    allow: Allow | None = None
    why: str | None = None
    description: str | None = None
    owner: str | None = None
    macros: tuple[str, ...] = ()
    clock: ClockUse = ClockUse.NONE
    files: tuple[tuple[str, str], ...] = ()
