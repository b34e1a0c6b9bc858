"""What a line is about, told from its tokens without reading it as a check: where columns are not known, or need not be.

Where it is not sure, an answer is yes rather than no; only the parser says what a line means.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from andon.checks.language.tokens import Token, cut
from andon.sql.names import words

#: Words after which a form's own word is the name of a column: `max_age in 1, 2`.
GOES_ON = words("in is matches not like ilike and or between similar isnull notnull collate")
#: Words that begin a query in brackets.
QUERIES = words("select with from values table")


class Mention(NamedTuple):
    """A dataset that a line names.

    Attributes:
        columns: those of its columns that stand with it, in lower case; empty where it stands alone.
        own: the columns on the left of the arrow, in lower case, where it is referred to (`a -> shop.customers`); else None.
    """

    columns: tuple[str, ...]
    own: tuple[str, ...] | None


def form_of(text: str) -> tuple[Token, ...]:
    """The tokens of a line without the name that it may begin with."""
    parts = cut(text)
    is_named = len(parts) > 1 and parts[0].kind == "word" and parts[1].text == ":"
    return parts[2:] if is_named else parts


def form_word(text: str) -> str:
    """The word that a line's form begins with, in lower case; "" where it begins with none."""
    parts = form_of(text)
    return parts[0].word if parts and parts[0].kind == "word" else ""


def begins_age(parts: Sequence[Token]) -> bool:
    """Whether tokens can begin a check of age."""
    if not parts or parts[0].word != "max_age":
        return False
    return len(parts) < 2 or not (parts[1].kind == "op" or parts[1].word in GOES_ON)


def holds_query(text: str) -> bool:
    """Whether an expression or a line holds a query of its own in brackets."""
    return any(one.text == "(" and other.word in QUERIES for one, other in pairwise(cut(text)))


def follow(text: str, *these: str) -> bool:
    """Whether these words follow each other in `text`, outside of strings and quoted names."""
    said = tuple(token.word for token in cut(text))
    return any(said[at : at + len(these)] == these for at in range(len(said)))


def mentions_of(text: str, dataset: str) -> list[Mention]:
    """Where a line names `dataset` (`schema.name`, in lower case), outside of strings."""
    parts = form_of(text)
    mentions = []
    for at in range(len(parts) - 2):
        schema, point, name = parts[at : at + 3]
        is_part = at > 0 and parts[at - 1].text == "."
        if is_part or point.text != "." or not (_is_name(schema) and _is_name(name)):
            continue
        if f"{schema.name}.{name.name}".lower() == dataset:
            mentions.append(Mention(_columns_after(parts[at + 3 :]), _columns_before(parts[:at])))
    return mentions


def reads_column(text: str, dataset: str, column: str, key: Collection[str]) -> bool:
    """Whether a line may read a column of another dataset: it names it, means it by the key, or asks a query that may.

    Args:
        key: the dataset's key, which `a -> schema.dataset` means; without one the columns of the same name are meant.
    """
    wanted, meant = column.lower(), [name.lower() for name in key]
    for mention in mentions_of(text, dataset):
        if mention.columns:
            is_read = wanted in mention.columns
        elif mention.own is not None:
            is_read = wanted in (meant or mention.own)
        else:
            is_read = _query_reads(cut(text), wanted)
        if is_read:
            return True
    return False


def _is_name(token: Token) -> bool:
    return token.kind in ("word", "quoted")


def _columns_after(parts: Sequence[Token]) -> tuple[str, ...]:
    """The columns that stand right after a dataset: `.name`, or a list in brackets."""
    if len(parts) > 1 and parts[0].text == "." and _is_name(parts[1]):
        return (parts[1].name.lower(),)
    if not parts or parts[0].text != "(":
        return ()
    end = next((i for i, t in enumerate(parts) if t.text == ")" and t.depth == parts[0].depth), len(parts))
    return tuple(token.name.lower() for token in parts[1:end] if _is_name(token))


def _columns_before(parts: Sequence[Token]) -> tuple[str, ...] | None:
    """The columns before an arrow that ends `parts`; None if there is none."""
    if not parts or parts[-1].text != "->":
        return None
    return tuple(token.name.lower() for token in parts if _is_name(token))


def _query_reads(parts: Sequence[Token], column: str) -> bool:
    """Whether a line with a query may read a column: by its name, behind an alias or not, or with all others."""
    if any(_is_name(token) and token.name.lower() == column for token in parts):
        return True
    # a `*` that multiplies nothing, or no list of columns at all: `(from x)`, `(table x)`
    return any(
        (other.text == "*" and one.word in (",", ".", "select", "distinct", "all"))
        or (one.text == "(" and other.word in ("from", "table"))
        for one, other in pairwise(parts)
    )
