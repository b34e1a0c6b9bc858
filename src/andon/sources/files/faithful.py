"""What JSON says and the engine's reader would change without a word: values of several types, digits, names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.raw_text import Source, joined, open_text
from andon.sources.files.table import run

if TYPE_CHECKING:
    import duckdb

_FAMILIES = {"VARCHAR": "text", "BOOLEAN": "true or false", "OBJECT": "objects", "ARRAY": "lists"}
_ORDER = ("numbers", "objects", "lists", "text", "true or false")
#: Long enough to lose digits, or an exponent that may be beyond a double; most records have neither.
_SUSPECT = r"[:,\[\s]-?([0-9.]{16,}|[0-9.]+[eE][-+]?[0-9]{3})"
#: Digits that a double always says again; more only sometimes.
_DIGITS = 15


class _Number(str):
    """A number of a JSON text as it is written."""

    __slots__ = ()


def suggest(call: Call, types: Mapping[str, str], column: str, kind: str) -> str:
    """The call with all its columns stated, `column` as `kind`."""
    inside = ", ".join(f"{literal(n)}: {literal(k)}" for n, k in {**types, column: kind}.items())
    return call.suggest(columns="{" + inside + "}")


def check_mixed(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    sources: Sequence[Source],
    types: Mapping[str, str],
    column: str,
    relation: str,
) -> None:
    """Refuse values of several types in one place of `column`, which `relation` (SQL) gives as JSON.

    Raises:
        DatasetError: `source.ambiguous`, with the first value of the rarer type.
    """
    for place, families in _places(connection, call, sources, types[column], column, relation).items():
        if len(families) > 1:
            # Objects and lists keep their shape as JSON only.
            atoms = not set(families) & {"objects", "lists"}
            kind = re.sub(r"\bJSON\b", "VARCHAR", types[column]) if atoms else types[column]
            raise _mixed(call, sources, types, column, place, families, kind, "source.ambiguous")


def check_kinds(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    sources: Sequence[Source],
    types: Mapping[str, str],
    column: str,
    relation: str,
) -> None:
    """Refuse values in `column`, which `relation` (SQL) gives as JSON, that are of another kind than the recorded type's.

    Raises:
        DatasetError: `source.contract`, with the first such value.
    """
    recorded_type = connection.type(types[column])
    recorded = dict(_kinds(recorded_type, "$"))
    for place, families in _places(connection, call, sources, types[column], column, relation).items():
        known = recorded.get(place)
        if known is not None and set(families) - {known}:
            most = {**families, known: (sum(n for n, _ in families.values()) + 1, None)}
            atoms = not set(most) & {"objects", "lists"}
            kind = _with_text(recorded_type, "$", place) if atoms else "JSON"
            raise _mixed(call, sources, types, column, place, most, kind, "source.contract")


def _places(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    sources: Sequence[Source],
    kind: str,
    column: str,
    relation: str,
) -> dict[str, dict[str, tuple[int, str | None]]]:
    """By place in `column`: how often each kind of value is there, and one of its atoms. The keys of a map are one place."""

    def place(path: str) -> str:
        return rf"regexp_replace({path}, '\[[0-9]+\]', '[]', 'g')"

    maps = [literal(m) for m in _maps(connection.type(kind), "$")]
    whole = place("t.fullkey")
    if maps:
        whole = f"case when t.fullkey <> '$' and {place('t.path')} in ({', '.join(maps)}) then {place('t.path')} || '.*' else {whole} end"
    sql = (
        f"select {whole} place, t.type, count(*), first(t.atom::varchar) "
        f"from {relation} r, json_tree(r.{quote(column)}) t where t.type <> 'NULL' group by all order by all"
    )
    places: dict[str, dict[str, tuple[int, str | None]]] = {}
    for where, found, count, atom in run(connection, sql, call, sources):
        families = places.setdefault(where, {})
        family = _FAMILIES.get(found, "numbers")
        known = families.get(family, (0, atom))
        families[family] = (known[0] + count, known[1])
    return places


def _maps(kind: Any, place: str) -> Iterator[str]:
    """The places in a type that are maps."""
    if kind.id == "map":
        yield place
    elif kind.id == "list":
        yield from _maps(kind.children[0][1], f"{place}[]")
    elif kind.id == "struct":
        for name, child in kind.children:
            yield from _maps(child, f"{place}.{name}")


def _kinds(kind: Any, place: str) -> Iterator[tuple[str, str]]:
    """By place in a type: what kind of JSON value stands there."""
    if kind.id == "map":
        yield place, "objects"
        yield from _kinds(dict(kind.children)["value"], f"{place}.*")
    elif kind.id == "list":
        yield place, "lists"
        yield from _kinds(kind.children[0][1], f"{place}[]")
    elif kind.id == "struct":
        yield place, "objects"
        for name, child in kind.children:
            yield from _kinds(child, f"{place}.{name}")
    elif str(kind) != "JSON":
        numbers = kind.id in ("bigint", "ubigint", "hugeint", "double", "float", "integer", "decimal")
        yield place, "numbers" if numbers else "true or false" if kind.id == "boolean" else "text"


def _with_text(kind: Any, place: str, wanted: str) -> str:
    """A type as SQL, with VARCHAR in one place of it."""
    if place == wanted:
        return "VARCHAR"
    if kind.id == "map":
        key, value = (child for _, child in kind.children)
        return f"MAP({key}, {_with_text(value, f'{place}.*', wanted)})"
    if kind.id == "list":
        return f"{_with_text(kind.children[0][1], f'{place}[]', wanted)}[]"
    if kind.id == "struct":
        inside = (f"{quote(n)} {_with_text(child, f'{place}.{n}', wanted)}" for n, child in kind.children)
        return f"STRUCT({', '.join(inside)})"
    return str(kind)


def _mixed(
    call: Call,
    sources: Sequence[Source],
    types: Mapping[str, str],
    column: str,
    place: str,
    families: Mapping[str, tuple[int, str | None]],
    kind: str,
    code: str,
) -> DatasetError:
    ordered = sorted(families, key=lambda f: (-families[f][0], _ORDER.index(f)))
    value = families[ordered[-1]][1]
    text = value if value is not None else {"objects": "{…}", "lists": "[…]"}[ordered[-1]]
    key = re.sub(r"(\[\])+$", "", place.rsplit(".", 1)[-1] if "." in place else "$")
    name = re.escape(json.dumps(column if key == "$" else key, ensure_ascii=False))
    inner = r"[^\]}]*?[\[,\s]" if place.endswith("]") else r"\s*"
    end = re.escape(value) + r"\s*([,\]}]|$)" if value is not None else (r"\{" if ordered[-1] == "objects" else r"\[")
    path, line = _line(sources, re.compile(rf"{name}\s*:{inner}{end}"))
    message = f"column `{column}{place[1:]}` holds {' and '.join(ordered)}: `{shown(text)}`"
    hint = f"fix the value, or write `{suggest(call, types, column, kind)}`"
    return stop(code, message, path, line, hint, column=column, value=text)


def check_names(
    connection: duckdb.DuckDBPyConnection, call: Call, sources: Sequence[Source], types: Mapping[str, str], probe: Any
) -> None:
    """Refuse keys that differ in case only: a table has room for one of them, and the engine renames the other.

    Args:
        probe: gives the SQL of a read of one key as JSON.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    for place, name in enumerate(types):
        if name == f"C{place}" and _has_unnamed(connection, call, sources):
            message = 'a key of the file has no name (`"": …`)'
            others = {n: k for n, k in types.items() if n != name}
            hint = "name it in the file"
            if others:
                hint += f", or read the others: `{suggest(call, others, *next(iter(others.items())))}`"
            path = next((s.path for s in sources if _has_unnamed(connection, call, [s])), sources[0].path)
            raise stop("source.ambiguous", message, path, hint=hint)
    lowered = {name.lower(): name for name in reversed(list(types))}
    for name in types:
        stem, _, number = name.rpartition("_")
        other = lowered.get(stem.lower()) if number.isdigit() else None
        if other is None or other == stem:
            continue
        if not run(connection, f"select count({quote(stem)}) from {probe(stem)}", call, sources)[0][0]:
            continue  # `A_1` is a key of its own
        message = f"the names `{other}` and `{stem}` differ in case only; a table can't have both"
        left = {n: k for n, k in types.items() if n != name}
        hint = f"rename one in the file, or read one of them: `{suggest(call, left, other, left[other])}`"
        raise stop("source.ambiguous", message, sources[0].path, hint=hint, column=stem)


def _has_unnamed(connection: duckdb.DuckDBPyConnection, call: Call, sources: Sequence[Source]) -> bool:
    read = _objects(call, sources)
    return bool(
        run(connection, f"select 1 from {read} where list_contains(json_keys(json), '') limit 1", call, sources)
    )


def check_digits(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    sources: Sequence[Source],
    types: Mapping[str, str],
    code: str,
) -> None:
    """Refuse numbers of which the engine's reader would drop digits, even where the column is text.

    Args:
        types: the columns that are read; other keys don't count.
        code: of the error.

    Raises:
        DatasetError: `code`, with the number and its line.
    """
    stated = "columns" in call.stated
    for source in sources:
        for (text,) in run(connection, _suspects(call, source), call, [source]):
            record = _parsed(source, text)
            for column, value in record.items() if isinstance(record, dict) else ():
                kind = types.get(column)
                number = next((n for n in _numbers(value) if _is_lost(n, kind, stated)), None) if kind else None
                if kind is not None and number is not None:
                    raise _lost(call, source, types, column, kind, number, code)


def _parsed(source: Source, text: str) -> Any:
    """A record with its numbers as they are written."""
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number, strict=False)
    except ValueError as error:
        message = f"a record with long numbers is not standard JSON ({error}): `{shown(text)}`"
        hint = "write the file anew as standard JSON, without a comma before a closing bracket"
        raise stop("source.ambiguous", message, source.path, hint=hint) from error


def _suspects(call: Call, source: Source) -> str:
    read = _objects(call, [source])
    return f"select json::varchar from {read} where regexp_matches(json::varchar, {literal(_SUSPECT)})"


def _objects(call: Call, sources: Sequence[Source]) -> str:
    """SQL: the records as they are written."""
    kept = ("maximum_object_size", "ignore_errors", "format")
    options = "".join(f", {n} = {call.texts[n]}" for n in kept if n in call.texts)
    function = "read_ndjson_objects" if "ndjson" in call.read.function else "read_json_objects"
    return joined(
        sources,
        lambda group, packed: (
            f"{function}([{', '.join(s.pattern for s in group)}], compression = {packed}{options}, hive_partitioning = false)"
        ),
    )


def _numbers(value: Any) -> Iterator[_Number]:
    if isinstance(value, _Number):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)


def _is_lost(number: _Number, kind: str, stated: bool) -> bool:
    floats = "DOUBLE" in kind or "FLOAT" in kind
    whole = number.lstrip("-").isdigit()
    if math.isinf(float(number)):
        return floats and not whole
    if stated and floats:
        return False
    if whole:
        # Integers at the top of a record are read as text and cast strictly.
        return floats and kind.endswith(("]", ")")) and int(float(number)) != int(number)
    digits = re.sub(r"[eE].*|[-.]", "", number).strip("0")
    if digits and float(number) == 0:
        return True
    return len(digits) > _DIGITS and Decimal(repr(float(number))) != Decimal(number)


def _lost(
    call: Call, source: Source, types: Mapping[str, str], column: str, kind: str, number: _Number, code: str
) -> DatasetError:
    path, line = _line([source], re.compile(rf'(?<![\w."-]){re.escape(number)}(?![\w."])'))
    if math.isinf(float(number)):
        message = f"`{shown(number)}` in column `{column}` is beyond the range of a DOUBLE"
        other = re.sub("DOUBLE|FLOAT", "VARCHAR", kind)
    else:
        message = (
            f"`{shown(number)}` in column `{column}` has more digits than a DOUBLE holds, and JSON is read as such"
        )
        other = kind if "DOUBLE" in kind else "DOUBLE"
    hint = f"put the number in quotes in the file, or write `{suggest(call, types, column, other)}`"
    return stop(code, message, path, line, hint, column=column, value=str(number))


def _line(sources: Sequence[Source], pattern: re.Pattern[str]) -> tuple[str, int | None]:
    """File and line of the first match; only the file when it is not found."""
    for source in sources:
        with open_text(source) as stream:
            for number, line in enumerate(stream, 1):
                if pattern.search(line):
                    return source.path, number
    return sources[0].path, None
