"""Names: what a valid dataset name is, quoting for SQL, and the nearest known name for a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[a-z_][a-z0-9_]*\Z")
_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

#: Schemas that the engine or Andon itself uses.
RESERVED_SCHEMAS = frozenset({"main", "temp", "system", "memory", "information_schema", "pg_catalog", "andon"})


def is_name_part(text: str) -> bool:
    """Whether `text` can be a schema or the last part of a dataset's name."""
    return _PART.match(text) is not None


def folded(name: str) -> str:
    """`name` as the engine compares names: only the letters A to Z have no case there, so `Ä` and `ä` are two names."""
    return name.lower() if name.isascii() else name.translate(_SMALL)


def quote(identifier: str) -> str:
    """`identifier` in double quotes, for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_name(dataset: str) -> str:
    """`schema.name` with both parts quoted, for SQL."""
    return ".".join(quote(part) for part in dataset.split("."))


def literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, in any case of letters, or None when none is like it."""
    import difflib

    by_lower = {each.lower(): each for each in known}
    matches = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or None."""
    match = nearest(word, known)
    return f"did you mean `{match}`?" if match else None
