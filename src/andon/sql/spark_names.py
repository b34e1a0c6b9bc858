"""The datasets that a text of Spark SQL names, by a parser of that dialect (sqlglot, an extra, loaded when first asked)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.record import Record


class SparkTable(Record):
    """A dataset where a query of Spark SQL reads it.

    Attributes:
        name: in small letters.
        written: the last part of the name, as it stands there.
        start, end: the characters of the whole name.
        alias: what it is called in the query; empty where it is called by its own name.
    """

    name: str
    written: str
    start: int
    end: int
    alias: str


def spark_tables(sql: str) -> list[SparkTable]:
    """Where Spark SQL reads datasets, in the order of the text.

    Raises:
        ValueError: it can't be read.
    """
    parsed = _parsed(sql)
    from sqlglot import exp

    found = []
    for table in parsed.find_all(exp.Table):
        if table.db:
            first, last = table.args["db"].meta, table.this.meta
            name = f"{table.db}.{table.name}".lower()
            found.append(SparkTable(name, table.name, int(first["start"]), int(last["end"]) + 1, table.alias))
    return sorted(found, key=lambda each: each.start)


def renamed_spark_table(sql: str, old: str, new: str) -> str | None:
    """Spark SQL with the dataset `new` in place of `old`; None where nothing proves that it says the same, or no parser is there.

    Where other places of the text name the table, it keeps its old name there as an alias.
    """
    schema, short = old.split(".")
    try:
        before = spark_tables(sql)
        columns = _qualifiers(sql)
    except (ImportError, ValueError):
        return None
    if (schema, short) in columns:
        return None  # with its schema a column names a table, and no alias
    after = new.split(".")[1]
    others = {each.alias.lower() or each.written.lower() for each in before if each.name != old}
    needs_alias = short != after and (("", short) in columns or after in others)
    made = sql
    for each in reversed(before):
        if each.name == old:
            name = ".".join(map(spark_name, new.split(".")))
            alias = f" as {spark_name(each.written)}" if needs_alias and not each.alias else ""
            made = made[: each.start] + name + alias + made[each.end :]
    try:
        found = spark_tables(made)
    except ValueError:
        return None
    wanted = [new if each.name == old else each.name for each in before]
    return made if [each.name for each in found] == wanted else None


def spark_name(text: str) -> str:
    """An identifier as Spark takes it, quoted where it must be."""
    is_plain = text.isascii() and text.isidentifier() and not _is_word(text)
    return text if is_plain else "`" + text.replace("`", "``") + "`"


def _is_word(text: str) -> bool:
    """Whether a name is a word of Spark's SQL, perhaps."""
    from sqlglot.dialects.spark import Spark

    return text.upper() in Spark.Tokenizer.KEYWORDS


def _qualifiers(sql: str) -> set[tuple[str, str]]:
    """Schema and table by which columns are called, in small letters."""
    parsed = _parsed(sql)
    from sqlglot import exp

    return {(each.db.lower(), each.table.lower()) for each in parsed.find_all(exp.Column) if each.table}


def _parsed(sql: str) -> Any:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        found: Sequence[Any] = sqlglot.parse(sql, dialect="spark")
    except SqlglotError as error:
        raise ValueError(str(error).split("\n", 1)[0]) from error
    if len(found) != 1 or found[0] is None:
        raise ValueError("it is not one query")
    return found[0]
