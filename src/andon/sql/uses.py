"""The nouns of this package: what a text of SQL uses and what is wrong with it."""

from __future__ import annotations

from andon.base.record import Record
from andon.model.dataset import ClockUse, FileRead


class TableUse(Record):
    """A table that a text reads and does not define itself.

    Attributes:
        name: `schema.table`, a bare `table`, or `catalog.schema.table`, in lower case.
        offset: the character where the name stands.
    """

    name: str
    offset: int


class CallUse(Record):
    """A function call.

    Attributes:
        name: in lower case, without qualification.
        qualified: the qualification as written, in lower case (`system.main`), or None.
        offset: the character where the call stands.
        is_table: whether it stands in FROM.
    """

    name: str
    qualified: str | None
    offset: int
    is_table: bool = False


class SqlProblem(Record):
    """One thing that is wrong with a text: `code` is one of `errors.CODES`, `offset` a character of the text."""

    code: str
    message: str
    offset: int | None = None
    hint: str | None = None


class Construct(Record):
    """A construct that is neither a table nor a call and that some roles refuse: `kind` is sample, unsteady_sample,
    show, at, clock, or the name of a keyword that gives the state of the session."""

    kind: str
    offset: int | None


#: The problem of a text that parses and has parameters: a definition takes none, a query is given their values.
HAS_PARAMETERS = "the SQL has parameters (`?`, `$1`)"


class SqlFacts(Record):
    """What one text of SQL says.

    Attributes:
        tables: the tables it reads, in order of appearance; names of CTEs are left out where they are in scope.
        calls: every function it calls, table functions included, operators left out.
        reads: where it reads files.
        clock: what of the logical time its own text depends on (macros that it calls are not looked into).
        random: calls whose result is by chance.
        problems: why the text as a whole can't be taken; `refusals` adds what is wrong by role.
        constructs: what else `refusals` judges.
        normal: SHA-256 of the normal form, or "" when the text could not be parsed.
    """

    tables: tuple[TableUse, ...] = ()
    calls: tuple[CallUse, ...] = ()
    reads: tuple[FileRead, ...] = ()
    clock: ClockUse = ClockUse.NONE
    random: tuple[CallUse, ...] = ()
    problems: tuple[SqlProblem, ...] = ()
    constructs: tuple[Construct, ...] = ()
    normal: str = ""


class MacroStatement(Record):
    """One `CREATE MACRO` of a macro file: what its body says, as in `SqlFacts`; `text` as written, without the final `;`.

    `offset` is where the statement starts in the file; all other offsets count from there too, in the file's text.
    """

    name: str
    text: str
    offset: int
    facts: SqlFacts
    is_table: bool = False

    @property
    def calls(self) -> tuple[CallUse, ...]:
        """Functions that the body calls."""
        return self.facts.calls

    @property
    def tables(self) -> tuple[TableUse, ...]:
        """Tables that the body reads."""
        return self.facts.tables

    @property
    def clock(self) -> ClockUse:
        """What of the logical time the body depends on."""
        return self.facts.clock

    @property
    def normal(self) -> str:
        """SHA-256 of the normal form of the whole statement."""
        return self.facts.normal


class MacroFacts(Record):
    """What one macro file says."""

    statements: tuple[MacroStatement, ...] = ()
    problems: tuple[SqlProblem, ...] = ()
