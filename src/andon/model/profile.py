"""A profile: what the values of one version look like, column by column; two profiles compared.

Facts about content: they hold for a version id for ever, whoever asks. A profile of a large version is made from a sample and says so.
Values are JSON's: numbers as numbers (DECIMAL as text with all its digits), dates, moments, UUIDs and bytes as the text that SQL would
take. A text longer than `LONGEST_TEXT` is cut and ends in `…`.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from andon.base.document import Document
from andon.base.record import Record, replace

#: Version of what is computed and how; profiles of different algorithms don't mix.
ALGORITHM = "p2"

#: Characters of a text that are kept.
LONGEST_TEXT = 200

Value = None | bool | int | float | str


class ColumnKind(StrEnum):
    """What can be said about a column's values."""

    NUMBER = "number"
    MOMENT = "moment"  # DATE and TIMESTAMP
    TEXT = "text"
    BOOLEAN = "boolean"
    NESTED = "nested"
    OTHER = "other"  # TIME, UUID, BLOB


class TopValue(Record, array_like=True):
    """A frequent value and how many of the rows looked at have it."""

    value: Value
    count: int


class Histogram(Document):
    """How values spread over bins of equal width.

    Attributes:
        edges: one more than there are bins: numbers, or moments as text. A bin holds its lower edge and not its upper one; the last holds
            both.
        counts: values per bin, of the rows looked at.
        below, above: values outside, where a few far ones would have pressed all others into one bin.
    """

    edges: tuple[Value, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


class Lengths(Record, array_like=True):
    """Lengths: characters of texts, elements of lists and maps, bytes of a BLOB."""

    minimum: int
    mean: float
    maximum: int


class ColumnProfile(Document):
    """What one column's values look like.

    Attributes:
        rows: rows that were looked at: all of them, or those of the sample.
        nulls: how many of `nulls_of` rows are NULL. With a sample `nulls_of` is still the number of all rows where the write counted.
        distinct: different values, NULL not counted; `distinct_exact` tells whether it was counted or estimated.
        minimum, maximum: of finite values; None for nested values and where there are none. `range_exact` tells whether they are those of
            all rows.
        mean, deviation: of finite numbers (`deviation` is that of a sample, n - 1); None where they can't be computed.
        quantiles: `(share, value)`, shares rising from 0.01 to 0.99; of finite numbers interpolated, of moments values that occur.
        top: most frequent values, by count, then by value; empty where hardly any value comes twice.
        top_complete: whether `top` holds every value that occurs in the rows looked at.
        nan, infinite: how many numbers are NaN or infinite (moments: infinite), of the rows looked at.
        zeros, negative: how many numbers are 0 or below it, of the rows looked at.
        empty: how many texts (lists, maps) are empty, of the rows looked at.
        masked: whether the column is marked `pii`: then only counts are kept, no values.
    """

    name: str
    type: str
    kind: ColumnKind
    rows: int
    nulls: int
    nulls_of: int
    distinct: int | None = None
    distinct_exact: bool = True
    minimum: Value = None
    maximum: Value = None
    range_exact: bool = True
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[tuple[float, Value], ...] = ()
    top: tuple[TopValue, ...] = ()
    top_complete: bool = False
    histogram: Histogram | None = None
    lengths: Lengths | None = None
    nan: int = 0
    infinite: int = 0
    zeros: int | None = None
    negative: int | None = None
    empty: int | None = None
    masked: bool = False

    @property
    def null_share(self) -> float:
        """Share of rows that are NULL; 0 without rows."""
        return self.nulls / self.nulls_of if self.nulls_of else 0.0

    @property
    def values(self) -> int:
        """How many of the rows looked at have a value: what shares of values, of zeros, of NaN are shares of."""
        if self.nulls_of == self.rows:
            return self.rows - self.nulls
        return round(self.rows * (1 - self.null_share))  # NULLs were counted in all rows, not only in those looked at

    @property
    def is_unique(self) -> bool:
        """Whether it was counted, over all rows, that no value but NULL comes twice (False where it isn't known)."""
        return self.distinct_exact and bool(self.distinct) and self.distinct == self.nulls_of - self.nulls

    def quantile(self, share: float) -> Value:
        """The value at a share that `quantiles` has, else None."""
        return dict(self.quantiles).get(share)

    def hidden(self) -> ColumnProfile:
        """The same with counts only: what may be known of a column that is marked `pii`."""
        return ColumnProfile(
            self.name,
            self.type,
            self.kind,
            self.rows,
            self.nulls,
            self.nulls_of,
            self.distinct,
            self.distinct_exact,
            range_exact=self.range_exact,
            empty=self.empty,
            masked=True,
        )


class Profile(Document, kw_only=True):
    """What the values of one version look like.

    Attributes:
        dataset, version: of what.
        rows: all rows.
        sample: how many rows were looked at, None if all. With a sample, counts of values are of those rows.
        columns: in the table's order.
        seconds: what making it took.
        algorithm: version of the way it is made.
    """

    dataset: str
    version: str
    rows: int
    sample: int | None = None
    algorithm: str = ALGORITHM
    seconds: float = 0.0
    columns: tuple[ColumnProfile, ...]

    @property
    def is_exact(self) -> bool:
        """Whether all rows were looked at."""
        return self.sample is None

    def column(self, name: str) -> ColumnProfile | None:
        """The column of that name (case does not matter), or None."""
        wanted = name.lower()
        return next((c for c in self.columns if c.name.lower() == wanted), None)

    def hiding(self, masked: Collection[str]) -> Profile:
        """The same with only counts of the columns whose names (in lower case) are in `masked`."""
        return replace(self, columns=tuple(c.hidden() if c.name.lower() in masked else c for c in self.columns))

    def document(self) -> Profile:
        """As in `profile --json`."""
        return replace(self, seconds=round(self.seconds, 4))


def is_cut(value: Value) -> bool:
    """Whether a text of a profile is only the beginning of the real one."""
    return isinstance(value, str) and len(value) > LONGEST_TEXT
