"""Parts of lists: the answer is the list itself, and a header leads to what follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from andon.web.asking import PageOf

T = TypeVar("T")


@dataclass(frozen=True)
class Paged:
    """A part of a list.

    Attributes:
        items: what has documents.
        following: what stands behind the `?` of the next part, to be added to what was asked; None at the end.
    """

    items: Sequence[Any]
    following: tuple[str, str] | None = None


def page(found: Sequence[T], asked: PageOf, name: Callable[[T], str]) -> Paged:
    """The part of a list that is asked for. The order is that of the list; what `after` names need not be there any more, if the list
    is sorted by its names."""
    names = [name(each) for each in found]
    start = 0
    if asked.after is not None:
        after = asked.after
        start = names.index(after) + 1 if after in names else sum(each <= after for each in names)
    end = len(names) if asked.limit is None else start + asked.limit
    part = found[start:end]
    return Paged(part, ("after", names[end - 1]) if end < len(names) and part else None)


def link(path: str, pairs: Sequence[tuple[str, str]], following: tuple[str, str]) -> str:
    """The header `Link` that leads to the next part."""
    kept = [(key, value) for key, value in pairs if key != following[0]] + [following]
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in kept)
    return f'<{path}?{query}>; rel="next"'
