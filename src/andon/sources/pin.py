"""Writing a contract into the source's own text, so that it holds in any SQL tool and for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.names import literal
from andon.errors import UsageError
from andon.model.dataset import Definition
from andon.sources.files.calls import Call, parse_call
from andon.sources.files.patterns import type_name
from andon.sources.files.table import Table

#: Options that only steer guessing, or that `columns` answers; DuckDB refuses some of them beside it.
_GONE = (
    "auto_detect",
    "sample_size",
    "auto_type_candidates",
    "types",
    "names",
    "all_varchar",
    "normalize_names",
    "files_to_sniff",
)


def pin(text: str, definition: Definition, contract: Mapping[str, Any]) -> str:
    """`text`, the source's file, with what its contract recorded written into its read calls. All else stays as it is; a
    second pin changes nothing.

    Raises:
        UsageError: when one read has columns of several date formats, which no read call can state.
    """
    entries = {entry["call"]: entry for entry in contract["reads"]}
    offset = _offset(text, definition.sql or "")
    for read in sorted(definition.reads, key=lambda r: -r.start):
        call = parse_call(read, definition.dataset)
        entry = entries.get(call.key)
        if entry is None or entry["format"] not in ("csv", "json"):
            continue
        missing = {n: t for n, t in _options(call, entry).items() if call.texts.get(n) != t}
        if not missing:
            continue
        start, end = read.start + offset, read.end + offset
        text = text[:start] + _written(text[start:end], call, missing) + text[end:]
    return text


def _offset(text: str, sql: str) -> int:
    """Where `sql` begins in `text`."""
    found = text.find(sql)
    if found < 0:
        raise UsageError(
            "usage.bad_argument", "the source's file is not the one that was read", hint="run it again, then pin"
        )
    return found


def _options(call: Call, entry: Mapping[str, Any]) -> dict[str, str]:
    """What a call must state so that nothing is left to guess."""
    table = Table.of(entry)
    columns = "{" + ", ".join(f"{literal(c.column)}: {literal(c.type)}" for c in table.casts) + "}"
    if entry["format"] == "json":
        return {} if "columns" in call.stated else {"columns": columns}
    if "columns" in call.stated and call.get("auto_detect") is False:
        return {}
    dialect = table.dialect
    options = {
        "auto_detect": "false",
        "header": str(bool(dialect.header)).lower(),
        "delim": _mark(dialect.delim),
        "columns": columns,
    }
    # Who states the usual quote says that values over many lines are right; a pin says nothing new.
    if dialect.quote != '"' or dialect.escape != '"' or "quote" in call.stated:
        options |= {"quote": literal(dialect.quote), "escape": literal(dialect.escape)}
    if dialect.skip:
        options["skip"] = str(dialect.skip)
    for option, kind in (("dateformat", "DATE"), ("timestampformat", "TIMESTAMP")):
        formats = {c.format for c in table.casts if type_name(c.type) == kind and c.format}
        if len(formats) > 1:
            hint = "read one of the columns as VARCHAR and turn it into a date in the SQL"
            raise UsageError(
                "usage.bad_argument", f"one read can't state the formats {', '.join(sorted(formats))}", hint=hint
            )
        if formats:
            options[option] = literal(formats.pop())
    return options


def _mark(delim: str) -> str:
    return "'\\t'" if delim == "\t" else literal(delim)


def _written(original: str, call: Call, missing: Mapping[str, str]) -> str:
    """The call with `missing` in it; kept as it was written, if nothing in it has to go."""
    gone = [name for name in (*_GONE, *missing) if name in call.texts and (name in missing or name in _GONE)]
    if gone or not original.rstrip().endswith(")"):
        texts = {n: t for n, t in call.texts.items() if n not in gone}
        paths = [literal(p) for p in call.read.patterns]
        first = paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]"
        options = [f"{n} = {t}" for n, t in {**texts, **missing}.items()]
        return f"{call.read.function}({', '.join([first, *options])})"
    body = original.rstrip()[:-1].rstrip()
    if "--" in body.rsplit("\n", 1)[-1]:
        body += "\n"  # the call may end with a comment
    return f"{body}, {', '.join(f'{n} = {t}' for n, t in missing.items())})"
