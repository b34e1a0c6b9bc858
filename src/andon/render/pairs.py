"""Two values side by side so that their difference can be seen: digits, blanks, accents, what lies far behind in a long text. Pure."""

from __future__ import annotations

import unicodedata
from typing import Any

from andon.base.text import around_difference
from andon.render.values import cell_text

#: Characters of one value that are shown beside another where no width says how many fit.
WIDEST = 40


def told_apart(old: Any, new: Any, room: int = WIDEST) -> tuple[str, str]:
    """Both values as they are shown beside each other, in `room` characters each."""
    one, other = cell_text(old), cell_text(new)
    if old == new and type(old) is type(new):
        return one, other
    if one == other and not isinstance(old, str) and not isinstance(new, str):
        one, other = _exact(old, one), _exact(new, other)
    elif _seen(one) == _seen(other) or not one or not other:
        one, other = (_spelled(value) if isinstance(value, str) else text for value, text in ((old, one), (new, other)))
    return around_difference(one, other, room)


def _exact(value: Any, text: str) -> str:
    return repr(value) if isinstance(value, float) else text


def _seen(text: str) -> str:
    """What the eye sees of a text: no blanks but single ones within it, no invisible characters, accents where they belong."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(kept).split())


def _spelled(text: str) -> str:
    """A text in quotes, with the number of each character that can be taken for another, or for none."""
    return "'" + "".join(map(_letter, text)) + "'"


def _letter(character: str) -> str:
    if character == " " or " " < character <= "~":
        return character
    is_plain = character.isprintable() and unicodedata.normalize("NFKC", character) == character
    if is_plain and unicodedata.category(character)[0] not in "MZC":
        return character
    return character.encode("unicode_escape").decode()
