"""Files of one shape that come over and over, each with a source of its own: one source could read them all. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from andon.operations.repeats.records import CameFile
from andon.operations.repeats.repeat import THIRD, FileRepeat, key_of

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_PART = re.compile(rf"[0-9]+|(?<![a-z])(?:{_MONTHS})(?![a-z])", re.IGNORECASE)


def repeated_files(files: Iterable[CameFile]) -> tuple[FileRepeat, ...]:
    """Three files or more that have the same columns, are read the same way and are called alike but for numbers and months, in as many
    sources; the most first."""
    alike: dict[tuple[object, ...], dict[str, CameFile]] = defaultdict(dict)
    sources: dict[str, set[str]] = defaultdict(set)
    for one in files:
        sources[one.dataset].add(one.path)
        alike[one.columns, one.reading, skeleton(one.path)].setdefault(one.dataset, one)
    found = []
    for (_, reading, shape), by_dataset in alike.items():
        # a source of more files than one takes what comes already
        own = sorted((one for one in by_dataset.values() if len(sources[one.dataset]) == 1), key=lambda one: one.at)
        if len(own) < THIRD:
            continue
        paths = tuple(one.path for one in own)
        found.append(
            FileRepeat(
                key_of("files", shape, own[0].columns, reading),
                frozenset({f"like {_folder(str(shape))}", *(f"{name} {kind}" for name, kind in own[0].columns)}),
                len(own),
                tuple(sorted({one.who for one in own})),
                own[0].at,
                own[-1].at,
                pattern_of(paths),
                paths,
                tuple(one.dataset for one in own),
                tuple(one.source for one in own),
                own[0].columns,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.times, one.key)))


def skeleton(path: str) -> str:
    """A path without what tells one time from another: numbers and the names of months."""
    return _PART.sub("*", path.lower())


def pattern_of(paths: Iterable[str]) -> str:
    """A pattern that finds these files, and others that come: `*` for the parts of their names in which they differ."""
    cut = [_cut(path) for path in paths]
    made = ""
    for parts in zip(*cut, strict=True):
        is_part = _PART.fullmatch(parts[0]) is not None
        made += (
            parts[0] if len(set(parts)) == 1 and not is_part else "*" if is_part and len(set(parts)) > 1 else parts[0]
        )
    # between two stars in one name there is nothing that has to be there
    return re.sub(r"\*(?:[-_.]?\*)+", "*", made)


def _cut(path: str) -> list[str]:
    found, at = [], 0
    for match in _PART.finditer(path):
        found += [path[at : match.start()], match.group()]
        at = match.end()
    return [*found, path[at:]]


def _folder(shape: str) -> str:
    return shape.rpartition("/")[0]
