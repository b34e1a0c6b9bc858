"""What a dataset's file says for those who use it: how `caveats`, `handles`, `deprecated` and `certified` are read."""

from __future__ import annotations

import re

from andon.base.duration import Duration, read_duration
from andon.base.names import is_name_part
from andon.model.budget import Budget
from andon.model.budget import read_budget as parse_budget
from andon.model.retention import Retention
from andon.model.standing import Caveat, Certification, Deprecation, Handling
from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec, read_day, read_text, read_texts

_WORDS = 6


def caveat_id(text: str) -> str:
    """The id of a caveat that has none: its first words."""
    words = re.findall(r"[a-z0-9]+", text.lower())[:_WORDS]
    made = "_".join(words) or "caveat"
    return made if is_name_part(made) else f"_{made}"


def _read_id(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None or is_name_part(text):
        return text
    reader.wrong(node, "`id` must be a name", f"found `{text}`", "use lower-case letters, digits and `_`")
    return None


#: Keys of one caveat.
CAVEAT_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("text", "text", "required", "What is to be known, in a sentence.", read_text),
    FieldSpec("id", "name", "made of the text", "By which a dataset below says that it handles it.", _read_id),
    FieldSpec("columns", "list of columns", "all", "The columns that it is about.", read_texts),
    FieldSpec("since", "day", "none", "From when on it holds.", read_day),
)


def read_caveats(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[Caveat, ...] | None:
    """A list of texts and mappings."""
    if node.kind != "list":
        inner = node.raw if node.kind == "text" and "\n" not in node.raw else "a, b"
        reader.wrong(node, "`caveats` must be a list", f"found {node.shown()}", f"write `caveats: [{inner}]`")
        return None
    found: dict[str, Caveat] = {}
    for item in node.value:
        made = _caveat(reader, known, item)
        if made is None:
            continue
        if made.id in found:
            hint = "give one of them another `id`"
            reader.wrong(item, "each caveat has an id of its own", f"found `{made.id}` twice", hint)
        found.setdefault(made.id, made)
    return tuple(found.values())


def _caveat(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Caveat | None:
    if node.kind != "map":
        text = reader.text(known.name, node, "each item of `caveats`")
        return Caveat(caveat_id(text), text) if text else None
    said = reader.read(node, CAVEAT_FIELDS).values
    if "text" not in node.value:
        reader.wrong(node, "a caveat needs a `text`", "found none", "write `{id: eu_only, text: Only the EU.}`")
    if "text" not in said:
        return None
    text = said["text"]
    about = node.value.get("columns")
    for item in [] if about is None else about.value if about.kind == "list" else [about]:
        reader.named[f"caveats:{item.value}"] = (item.line, item.column)
    return Caveat(said.get("id") or caveat_id(text), text, said.get("columns", ()), said.get("since"))


def read_handles(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[Handling, ...] | None:
    """A mapping of caveats to how they are dealt with."""
    if node.kind != "map":
        hint = "write `eu_only: rows of other countries are added` on each line below `handles:`"
        reader.wrong(node, "`handles` must be a mapping: caveat → how", f"found {node.shown()}", hint)
        return None
    found = []
    for name, value in node.value.items():
        how = reader.text(name, value, f"how `{name}` is handled")
        if how == "":
            reader.wrong(value, f"how `{name}` is handled must be said", "found an empty text")
        elif how is not None:
            found.append(Handling(name, how, *node.keys[name]))
    return tuple(found)


#: Keys of `deprecated`.
DEPRECATED_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("use", "dataset", "none", "What to use in its place.", read_text),
    FieldSpec("until", "day", "none", "Until when it stays.", read_day),
    FieldSpec("why", "text", "none", "Why it ends.", read_text),
)


def read_deprecated(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Deprecation | None:
    """A mapping, or why it ends in a text."""
    if node.kind == "map":
        said = reader.read(node, DEPRECATED_FIELDS).values
        place = node.value.get("use", node)
        return Deprecation(said.get("use"), said.get("until"), said.get("why"), place.line, place.column)
    if node.kind == "text":
        why = read_text(reader, known, node)
        return None if why is None else Deprecation(why=why, line=node.line, column=node.column)
    hint = "write `deprecated: {use: marts.revenue, until: 2027-01-31}`, or say why"
    reader.wrong(node, "`deprecated` must be a mapping or a text", f"found {node.shown()}", hint)
    return None


#: Keys of `certified`.
CERTIFIED_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("by", "text", "required", "Who vouches for it.", read_text),
    FieldSpec("on", "day", "none", "Since when.", read_day),
)


def read_certified(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Certification | None:
    """A mapping, or by whom."""
    if node.kind == "map":
        said = reader.read(node, CERTIFIED_FIELDS).values
        if "by" not in node.value:
            reader.wrong(node, "`certified` says by whom", "found nobody", "write `certified: ana`")
        return Certification(said["by"], said.get("on")) if "by" in said else None
    by = read_text(reader, known, node)
    return None if by is None else Certification(by)


def read_review(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    """`owner`."""
    text = read_text(reader, known, node)
    if text in (None, "owner"):
        return text
    hint = "write `review: owner`, or leave it out: then checks and plan are all that a publish needs"
    reader.wrong(node, "`review` must be `owner`", f"found `{text}`", hint)
    return None


def _read_keep(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None or read_duration(text) is not None:
        return text
    reader.wrong(node, "`keep` must be a length of time", f"found `{text}`", "such as `400d`, `13mo`, `10y`")
    return None


def read_length(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Duration | None:
    """A length of time."""
    text = _read_keep(reader, known, node)
    return read_duration(text) if text is not None else None


def read_budget(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Budget | None:
    """A length of time, in no months, or a sum of money."""
    text = read_text(reader, known, node)
    found = parse_budget(text) if text is not None else None
    if text is not None and found is None:
        hint = "such as `90s`, `10min`, `2h`, `2 EUR`"
        reader.wrong(node, "`budget` must be a length of time or a sum of money", f"found `{text}`", hint)
    return found


#: Keys of `retention`.
RETENTION_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("by", "column", "required", "The date or time that tells how old a row is.", read_text),
    FieldSpec("keep", "length of time", "required", "How long a row may be kept: `400d`, `13mo`, `10y`.", _read_keep),
)


def read_retention(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> Retention | None:
    """A mapping."""
    if node.kind != "map":
        hint = "write `retention: {by: placed_on, keep: 400d}`"
        reader.wrong(node, "`retention` must be a mapping", f"found {node.shown()}", hint)
        return None
    said = reader.read(node, RETENTION_FIELDS).values
    for key in ("by", "keep"):
        if key not in node.value:
            reader.wrong(node, f"`retention` needs `{key}`", "found none", "write `{by: placed_on, keep: 400d}`")
    keep = read_duration(said.get("keep", ""))
    return Retention(said["by"], keep) if "by" in said and keep is not None else None
