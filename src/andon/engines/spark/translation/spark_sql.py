"""What a translation gives, and how it says that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from andon.base.record import Record, field


class SparkServer(StrEnum):
    """Who answers at an endpoint of Spark Connect: they differ in values, not in words."""

    APACHE = "apache"
    SAIL = "sail"


class SparkSql(Record):
    """A query in Spark SQL that means what a query in DuckDB's SQL does.

    Attributes:
        text: one SELECT, over views that are named in `views`.
        views: dataset -> the view that it is read from; its columns have the names and types of the dataset's, as `spark_type` says them.
        notes: what people should know; sorted.
        columns: names and DuckDB types of what it gives.
    """

    text: str
    views: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()


class NotTranslated(Exception):
    """Something that is not known to mean the same on Spark.

    Attributes:
        construct: what it is, as it is written.
        form: what to write in its place.
        line: where it stands in the SQL, from 1; None of what stands in none.
        column: the same.
    """

    def __init__(self, construct: str, form: str, offset: int | None = None, word: str | None = None) -> None:
        super().__init__(f"{construct} is not translated to Spark SQL: {form}")
        self.construct = construct
        self.form = form
        self.offset = offset  # in bytes; where the plan does not say it, `word` is what to look for
        self.word = word
        self.near: int | None = None  # in bytes: a place close by, where neither of these tells it
        self.line: int | None = None
        self.column: int | None = None


#: How a session must be set for translated SQL to mean what it says.
SESSION: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.variable.substitute": "false",
}
