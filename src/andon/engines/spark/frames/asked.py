"""What a function may ask of Spark: rows that are made of its inputs, the same whenever they are made. Pure.

Spark itself may read any file, and run any code. So a function's plans are read before they are handed on: by an allow-list of what plans
consist of, and of functions, which are those of `pyspark.sql.functions` but for some: endpoints have others, which ask hosts and tell
secrets.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator
from typing import Any

from andon.base.record import Record


class NotAllowed(Record):
    """What a function may not ask, and what to write."""

    construct: str
    form: str


#: What relations may be.
_RELATIONS = frozenset(
    {
        *("read", "project", "filter", "join", "set_op", "sort", "limit", "offset", "tail", "aggregate", "range"),
        *("drop", "local_relation", "subquery_alias", "repartition", "repartition_by_expression", "to_df", "to_schema"),
        *("hint", "with_columns", "with_columns_renamed", "with_relations", "unpivot", "transpose", "lateral_join"),
        *("as_of_join", "show_string", "html_string", "fill_na", "drop_na", "replace", "summary", "describe"),
        *("crosstab", "cov", "corr", "deduplicate"),
    }
)
#: What expressions may be.
_EXPRESSIONS = frozenset(
    {
        *("literal", "unresolved_attribute", "unresolved_function", "expression_string", "unresolved_star", "alias"),
        *("cast", "unresolved_regex", "sort_order", "lambda_function", "window", "unresolved_extract_value"),
        *("update_fields", "unresolved_named_lambda_variable", "named_argument_expression", "subquery_expression"),
    }
)
_INPUT = 'a parameter for each input: `orders=read("shop.orders").spark()`'
#: What plans and commands may both hold.
CODE = NotAllowed("Python that runs on Spark", "functions of `pyspark.sql.functions`, or `.toArrow()` and Python here")
SQL_TEXT = NotAllowed(
    "a text of SQL", "methods of DataFrames; a dataset in SQL is a file of its own, with `engine: spark`"
)
_ELSEWHERE = NotAllowed("reading what is no input", _INPUT)
_LARGE = NotAllowed("a table of this process that is large", "a dataset of its own, and a parameter for it")
_CHANCE = NotAllowed("rows drawn by chance", "`.where(F.xxhash64('key') % 100 == 0)`")
_NO_FORM = "methods of DataFrames and functions of `pyspark.sql.functions`"
#: Why some kinds are none of them.
_KNOWN = {
    "common_inline_user_defined_function": CODE,
    "common_inline_user_defined_table_function": CODE,
    "common_inline_user_defined_data_source": CODE,
    "call_function": CODE,
    "map_partitions": CODE,
    "group_map": CODE,
    "co_group_map": CODE,
    "apply_in_pandas_with_state": CODE,
    "sample": _CHANCE,
    "sample_by": _CHANCE,
    "sql": SQL_TEXT,
    "cached_local_relation": _LARGE,
    "chunked_cached_local_relation": _LARGE,
    "catalog": NotAllowed("the catalog of Spark", _INPUT),
    "unresolved_table_valued_function": NotAllowed("a function that gives a table", "`.select(F.explode(…))`"),
}
_CLOCK = "`F.lit(andon.logical_time())`"
_DRAWS = "`F.xxhash64` of a key"
_PLACES = "a column of the input"
#: Functions that give another answer when they are asked again, or that reach out of Spark; what to write.
_FUNCTIONS = {
    **dict.fromkeys(("current_timestamp", "now", "current_date", "curdate", "localtimestamp", "current_time"), _CLOCK),
    **dict.fromkeys(("rand", "random", "randn", "uniform", "randstr", "uuid", "shuffle", "sample"), _DRAWS),
    **dict.fromkeys(
        ("monotonically_increasing_id", "spark_partition_id"), "`F.row_number().over(…)` in an order of rows"
    ),
    **dict.fromkeys(("input_file_name", "input_file_block_start", "input_file_block_length"), _PLACES),
    **dict.fromkeys(("current_user", "user", "session_user", "current_database", "current_schema"), _PLACES),
    **dict.fromkeys(("current_catalog", "current_timezone", "version"), _PLACES),
    **dict.fromkeys(("reflect", "java_method", "try_reflect"), _NO_FORM),
    **dict.fromkeys(("first", "first_value", "any_value"), "`F.min_by(value, key)`"),
    **dict.fromkeys(("last", "last_value"), "`F.max_by(value, key)`"),
}
#: What the client sends beside functions by their own names.
_OPERATORS = frozenset(
    {
        *("%", "&", "*", "+", "-", "/", "<", "<=", "<=>", "==", ">", ">=", "^", "|", "~", "and", "in", "not", "or"),
        *("chr", "map", "timestampadd", "timestampdiff"),
    }
)
#: Words of SQL, and types, that brackets may follow.
_WORDS = frozenset(
    {
        *("all", "and", "any", "as", "between", "by", "case", "cast", "else", "extract", "filter", "from", "if"),
        *("ilike", "in", "is", "like", "not", "or", "over", "overlay", "position", "rlike", "some", "substring"),
        *("then", "trim", "try_cast", "when", "within", "array", "map", "struct", "interval", "distinct"),
        *("bigint", "binary", "boolean", "char", "date", "decimal", "double", "float", "int", "numeric", "smallint"),
        *("string", "timestamp", "tinyint", "varchar"),
    }
)
#: A column of files that a query did not ask for: where they lie, and when they were written.
_OF_FILES = "_metadata"
#: Of these, which are right over a window, whose rows have an order.
_OF_WINDOWS = frozenset({"first", "first_value", "last", "last_value"})
#: With no argument they read the clock.
_CLOCK_ALONE = "unix_timestamp"
_QUOTED = re.compile(r"`[^`]*`|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s*(\()?")
#: Of SQL's functions those that need no brackets.
_BARE = frozenset({"current_timestamp", "current_date", "localtimestamp", "current_user", "user", "session_user"})


def not_allowed(message: Any, views: Collection[str]) -> NotAllowed | None:
    """What of a plan, or of any part of one, a function may not ask; None: it may.

    Args:
        message: of Spark Connect's protocol.
        views: what may be read.
    """
    return next(_found(message, frozenset(views), in_window=False), None)


def _found(message: Any, views: frozenset[str], *, in_window: bool) -> Iterator[NotAllowed]:
    name = message.DESCRIPTOR.full_name.removeprefix("spark.connect.")
    wrong: NotAllowed | None = None
    if name == "Relation":
        wrong = _unlisted(message.WhichOneof("rel_type"), _RELATIONS)
    elif name == "Expression":
        wrong = _unlisted(message.WhichOneof("expr_type"), _EXPRESSIONS)
    elif name == "Read":
        is_known = message.WhichOneof("read_type") == "named_table" and not message.is_streaming
        if not is_known or message.named_table.unparsed_identifier not in views or message.named_table.options:
            wrong = _ELSEWHERE
    elif name == "Deduplicate":
        if not message.all_columns_as_keys:
            wrong = NotAllowed("one row of several by chance", "`.groupBy(key).agg(F.max_by(value, order))`")
    elif name == "Expression.UnresolvedFunction":
        wrong = _function(message.function_name.lower(), bool(message.arguments), in_window=in_window)
        wrong = CODE if message.is_user_defined_function else wrong
    elif name == "Expression.UnresolvedAttribute":
        wrong = _attribute(message.unparsed_identifier, is_metadata=message.is_metadata_column)
    elif name == "Expression.ExpressionString":
        wrong = _text(message.expression)
    elif name.startswith("google.protobuf.Any"):
        wrong = NotAllowed("an extension of Spark's protocol", _NO_FORM)
    if wrong is not None:
        yield wrong
    for part, value in message.ListFields():
        if part.message_type is None:
            continue
        is_function = name == "Expression.Window" and part.name == "window_function"
        is_inside = is_function or (in_window and name == "Expression")
        if part.message_type.GetOptions().map_entry:
            parts = [each for each in value.values() if hasattr(each, "DESCRIPTOR")]
        else:
            parts = list(value) if hasattr(value, "__len__") and not hasattr(value, "DESCRIPTOR") else [value]
        for each in parts:
            yield from _found(each, views, in_window=is_inside)


def _unlisted(kind: str | None, known: frozenset[str]) -> NotAllowed | None:
    if kind in known:
        return None
    return _KNOWN.get(str(kind)) or NotAllowed(f"`{kind}`", _NO_FORM)


def _function(name: str, has_arguments: bool, *, in_window: bool) -> NotAllowed | None:
    if "." in name:
        return NotAllowed(f"`{name}(…)`", _NO_FORM)
    if name == _CLOCK_ALONE and not has_arguments:
        return NotAllowed(f"`{name}()`", _CLOCK)
    if name in _FUNCTIONS and not (in_window and name in _OF_WINDOWS):
        return NotAllowed(f"`{name}(…)`", _FUNCTIONS[name])
    return None if name in _known_functions() else NotAllowed(f"`{name}(…)`", _NO_FORM)


def _attribute(written: str, *, is_metadata: bool) -> NotAllowed | None:
    if is_metadata or _OF_FILES in written.lower().replace("`", "").split("."):
        return NotAllowed(f"`{_OF_FILES}`", _PLACES)
    return None


@functools.cache
def _known_functions() -> frozenset[str]:
    """What the client says itself, in small letters."""
    import pyspark.sql.functions

    return frozenset(name.lower() for name in pyspark.sql.functions.__all__) | _OPERATORS


def _text(text: str) -> NotAllowed | None:
    """What of an expression in Spark's SQL may not be asked."""
    plain = _QUOTED.sub("''", text)
    for found in _CALLED.finditer(plain):
        word = found[1].lower()
        if (
            word in _FUNCTIONS
            and (found[2] or word in _BARE)
            and not (word in _OF_WINDOWS and " over" in plain.lower())
        ):
            return NotAllowed(f"`{word}(…)`", _FUNCTIONS[word])
        if found[2] and word not in _WORDS and word not in _known_functions():
            return NotAllowed(f"`{word}(…)`", _NO_FORM)
    if re.search(rf"\b{_CLOCK_ALONE}\s*\(\s*\)", plain, re.IGNORECASE):
        return NotAllowed(f"`{_CLOCK_ALONE}()`", _CLOCK)
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse(text, dialect="spark")
    except SqlglotError:
        return NotAllowed(f"the expression `{text}`, which is not read here", _NO_FORM)
    if len(parsed) != 1 or parsed[0] is None or "|>" in plain:
        return NotAllowed(f"the expression `{text}`, which is not read here", _NO_FORM)
    if next(parsed[0].find_all(exp.Query, exp.Table, exp.From, exp.Command), None) is not None:
        return NotAllowed("a query within an expression", "a join with the DataFrame of that input")
    for column in parsed[0].find_all(exp.Column):
        if (wrong := _attribute(".".join(part.name for part in column.parts), is_metadata=False)) is not None:
            return wrong
    return None
