"""A source's read call as values: what it reads, and which options its author stated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.hashing import content_id
from andon.base.names import literal
from andon.base.record import Record, field
from andon.errors import DatasetError
from andon.model.dataset import FileRead
from andon.sources.files.scratch import scratch

_FORMATS = {
    "read_csv": "csv",
    "read_csv_auto": "csv",
    "sniff_csv": "csv",
    "read_json": "json",
    "read_json_auto": "json",
    "read_ndjson": "json",
    "read_ndjson_auto": "json",
    "read_parquet": "parquet",
    "parquet_scan": "parquet",
    "read_xlsx": "xlsx",
    "iceberg_scan": "parquet",
    "delta_scan": "parquet",
}

#: Other spellings that DuckDB takes for one option.
_ALIASES = {
    "sep": "delim",
    "delimiter": "delim",
    "dtypes": "types",
    "column_types": "types",
    "column_names": "names",
    "null": "nullstr",
    "date_format": "dateformat",
    "timestamp_format": "timestampformat",
}


def written(text: str) -> str:
    """`text` as a call states it: what can't be seen is told by its number, a tab as the engine's `\\t`."""
    if len(text) == 1 and not text.isprintable() and text != "\t":
        return f"chr({ord(text)})"
    return literal(text).replace("\t", "\\t")


class Call(Record):
    """One read call.

    Attributes:
        format: `csv`, `json`, `parquet`, `xlsx`, or `other` for what is passed through (`read_text`, `read_blob`, …).
        stated: the options by their canonical names, as Python values.
        texts: the same as SQL text.
        key: changes when function, patterns or options change, not with layout.
        dataset: the source whose call it is.
        known: the columns of JSON files with their types, as far as they are known: a call that states one states them all.
    """

    read: FileRead
    format: str
    stated: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    dataset: str = ""
    known: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The stated value of option `name`."""
        return self.stated.get(name, default)

    def suggest(self, **options: str) -> str:
        """This call as its author would write it with `options` (SQL texts) added or replaced."""
        texts = {**self.texts, **options}
        paths = [literal(p) for p in self.read.patterns]
        first = paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]"
        return f"{self.read.function}({', '.join([first, *(f'{name} = {text}' for name, text in texts.items())])})"

    @property
    def anew(self) -> str:
        """What to write so that the next load records anew."""
        return f"if the files are right: `andon source accept {self.dataset}`, then run again"

    def more_columns(self, names: Sequence[str]) -> str:
        """What to write so that columns that came with a later file are read."""
        stated = self.get("columns")
        if isinstance(stated, Mapping):
            columns = {**{str(n): str(k) for n, k in stated.items()}, **dict.fromkeys(names, "VARCHAR")}
            inside = ", ".join(f"{literal(n)}: {literal(k)}" for n, k in columns.items())
            return f"to read them: `{self.suggest(columns='{' + inside + '}')}`"
        many = len(self.read.patterns) > 1 or any(c in p for p in self.read.patterns for c in "*?[")
        if many and not self.get("union_by_name") and self.format != "json":
            return f"columns by their names, NULL where a file has not all: `{self.suggest(union_by_name='true')}`"
        return f"{self.anew}; `schema: add` in the source's front matter takes new ones from now on"

    def suggest_type(self, column: str, kind: str, **options: str) -> str:
        """This call with the type of one more column stated, and with `options`."""
        columns = self.get("columns")
        if self.format == "json" and not isinstance(columns, Mapping):
            columns = self.known
        if isinstance(columns, Mapping) and (column in columns or self.format == "json"):
            inside = ", ".join(f"{literal(n)}: {literal(str(k))}" for n, k in {**columns, column: kind}.items())
            return self.suggest(columns="{" + inside + "}", **options)
        types = self.get("types")
        stated = dict(types) if isinstance(types, Mapping) else {}
        inside = ", ".join(f"{literal(n)}: {literal(str(k))}" for n, k in {**stated, column: kind}.items())
        return self.suggest(types="{" + inside + "}", **options)


def parse_call(read: FileRead, dataset: str) -> Call:
    """`read` with its options as values.

    Raises:
        DatasetError: `source.ambiguous` when an option is not a constant or stands there twice.
    """
    names = [_ALIASES.get(name, name) for name, _ in read.options]
    texts = dict(zip(names, (text for _, text in read.options), strict=True))
    if len(texts) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise DatasetError(
            "source.ambiguous", f"`{read.function}` in `{dataset}` states `{twice}` twice", hint="leave one of them"
        )
    stated = _values(texts, read, dataset) if texts else {}
    return Call(read, format_of(read), stated, texts, key_of(read), dataset)


def format_of(read: FileRead) -> str:
    """See `Call.format`."""
    return _FORMATS.get(read.function, "other")


def key_of(read: FileRead) -> str:
    """See `Call.key`."""
    texts = {_ALIASES.get(name, name): text for name, text in read.options}
    return content_id([read.function, list(read.patterns), sorted(texts.items())])


#: A type that stands in a map of types without quotes, as the engine takes it.
_BARE_TYPE = re.compile(r"(:\s*)([A-Za-z_][A-Za-z0-9_ ]*(?:\([0-9, ]*\))?(?:\[\])*)(?=\s*[,}])")


def _constant(name: str, text: str) -> str:
    """An option's text as a constant."""
    return _BARE_TYPE.sub(lambda m: m.group(1) + literal(m.group(2).strip()), text) if name == "hive_types" else text


def _values(texts: Mapping[str, str], read: FileRead, dataset: str) -> dict[str, Any]:
    import duckdb

    with scratch() as connection:
        try:
            row = connection.execute(f"select {', '.join(_constant(n, t) for n, t in texts.items())}").fetchone()
        except duckdb.Error as error:
            raise DatasetError(
                "source.ambiguous",
                f"an option of `{read.function}` in `{dataset}` is not a constant: {str(error).splitlines()[0]}",
                hint="write options as plain values, such as `delim = ';'`",
            ) from error
    return dict(zip(texts, row or (), strict=True))
