"""Rows that checks set aside: their dataset beside the one that they would be in, and what it says of each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from andon.base.names import literal
from andon.base.record import Record

#: Names that end so belong to rows that a check set aside.
SUFFIX = "__quarantine"
#: What a set of rows that were set aside says of each beside its own columns: the labels of the checks that it fails, their ids, and the
#: run that set it aside first.
CHECKS, CHECK_IDS, FIRST_RUN = "quarantine_checks", "quarantine_check_ids", "quarantine_first_run"
#: These columns, with the types that the lake stores.
ADDED = ((CHECKS, "VARCHAR[]"), (CHECK_IDS, "VARCHAR[]"), (FIRST_RUN, "BIGINT"))

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_SETS_ASIDE = re.compile(r"(?<=\s)quarantine\s+[\d_.]+\s*(?:%|rows?\b)", re.IGNORECASE)
_COMMENT = re.compile(r"(?:^|\s\s)(?:#|--).*$")


def aside_of(dataset: str) -> str:
    """The dataset of the rows that checks of `dataset` set aside."""
    return dataset + SUFFIX


def is_aside(name: str) -> bool:
    """Whether a dataset holds rows that were set aside."""
    return name.endswith(SUFFIX)


def dataset_of(aside: str) -> str:
    """The dataset whose checks set rows aside."""
    return aside.removesuffix(SUFFIX)


def sets_aside(line: str) -> bool:
    """Whether the line of a check sets rows aside, told from its words alone; the language of checks says the same of all that it reads."""
    return "quarantine" in line.lower() and _SETS_ASIDE.search(_COMMENT.sub("", _QUOTED.sub("''", line))) is not None


class AsideRule(Record):
    """A check that sets rows aside, over the columns that are stored.

    Attributes:
        check: its id.
        label: its name, else its text.
        bad: SQL that is true for a row that fails, and never NULL.
        released: rows that stay all the same, by what they hold (`row_hash`).
    """

    check: str
    label: str
    bad: str
    released: tuple[str, ...] = ()


def row_hash(columns: Iterable[str]) -> str:
    """SQL that tells a row by what it holds in the columns `columns`, whose names are quoted."""
    return f"sha256(cast(to_json([{', '.join(f'{column}::varchar' for column in columns)}]) as varchar))"


def tried(bad: str) -> str:
    """A rule as SQL that never fails: a row for which it can't be told whether it holds does not hold it."""
    return f"coalesce(try({bad}), true)"


def aside_condition(rules: Sequence[AsideRule], columns: Sequence[str]) -> str:
    """SQL that is true for rows that are set aside: those that fail a rule and were not released from that; it is never NULL.

    Args:
        columns: all that the rows hold, quoted.
    """
    if not rules:
        return "false"
    bad = " or ".join(tried(rule.bad) for rule in rules)
    if not any(rule.released for rule in rules):
        return f"({bad})"
    told = row_hash(columns)
    kept = " or ".join(
        tried(rule.bad) + (f" and {told} not in ({', '.join(map(literal, rule.released))})" if rule.released else "")
        for rule in rules
    )
    return f"case when {bad} then {kept} else false end"
