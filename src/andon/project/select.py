"""Selection of datasets, as users of dbt expect: `name`, `+name`, `name+`, `2+name`, `schema.*`, `tag:x`, `state:changed`.

Blank-separated terms are united; a comma inside a term intersects (`tag:x,state:changed`); `!term` or `-term` after `--exclude` takes away.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence

from andon.base.graph import reach, reverse
from andon.base.names import did_you_mean
from andon.base.record import Record, field
from andon.errors import UsageError
from andon.model.dataset import Dataset

_TERM = re.compile(r"(?P<up>\d*\+)?(?P<core>[^+]+?)(?P<down>\+\d*)?\Z")


class Selectable(Record):
    """What a selection is made from.

    Attributes:
        needs: `{dataset: datasets it reads}`.
        tags, owners, paths: by dataset.
        changed: datasets whose definition differs from the branch's.
    """

    needs: Mapping[str, Iterable[str]]
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    owners: Mapping[str, str | None] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()


def selectable(
    datasets: Mapping[str, Dataset], needs: Mapping[str, Iterable[str]] | None = None, changed: Iterable[str] = ()
) -> Selectable:
    """What a selection of a project's datasets is made from.

    Args:
        needs: `{dataset: datasets it reads}` where more can be selected than the project has; None means the project's.
        changed: what `state:changed` names.
    """
    return Selectable(
        {name: one.definition.inputs for name, one in datasets.items()} if needs is None else needs,
        {name: one.tags for name, one in datasets.items()},
        {name: one.owner for name, one in datasets.items()},
        {name: one.definition.entry for name, one in datasets.items()},
        frozenset(changed),
    )


def select(terms: Sequence[str], among: Selectable, exclude: Sequence[str] = ()) -> set[str]:
    """The datasets that `terms` name, without those that `exclude` names. No terms: all.

    Raises:
        UsageError: `usage.bad_argument` for a term that names nothing.
    """
    include = [t for t in terms if not t.startswith("!")]
    without = [*(t[1:] for t in terms if t.startswith("!")), *exclude]
    chosen = set(among.needs) if not include else set().union(*(_intersection(t, among) for t in include))
    for term in without:
        chosen -= _intersection(term, among)
    return chosen


def _intersection(term: str, among: Selectable) -> set[str]:
    parts = [_one(part.strip(), among) for part in term.split(",") if part.strip()]
    return set.intersection(*parts) if parts else set()


def _one(term: str, among: Selectable) -> set[str]:
    match = _TERM.match(term)
    if match is None:
        raise _unknown(term, among)
    found = _core(match["core"], among)
    result = set(found)
    if match["up"] is not None:
        result |= reach(among.needs, found, _depth(match["up"])) & set(among.needs)
    if match["down"] is not None:
        result |= reach(reverse(among.needs), found, _depth(match["down"])) & set(among.needs)
    return result


def _depth(text: str) -> int | None:
    number = text.strip("+")
    return int(number) if number else None


def _core(core: str, among: Selectable) -> set[str]:
    method, colon, value = core.partition(":")
    if colon:
        if method == "tag":
            return {d for d in among.needs if value in among.tags.get(d, ())}
        if method == "owner":
            return {d for d in among.needs if among.owners.get(d) == value}
        if method == "path":
            return {d for d in among.needs if among.paths.get(d, "").startswith(value.rstrip("/"))}
        if method == "state" and value in ("changed", "modified"):
            return set(among.changed)
        raise UsageError(
            "usage.bad_argument",
            f"`{core}` is not a selection",
            hint="use `schema.name`, `+name`, `name+`, `schema.*`, `tag:x`, `owner:x`, `path:datasets/marts` or `state:changed`",
        )
    if core in among.needs:
        return {core}
    if any(c in core for c in "*?["):
        found = {d for d in among.needs if fnmatch.fnmatchcase(d, core)}
    elif "." in core:
        found = set()
    else:
        found = {d for d in among.needs if d.partition(".")[2] == core or d.partition(".")[0] == core}
    if not found:
        raise _unknown(core, among)
    return found


def _unknown(term: str, among: Selectable) -> UsageError:
    hint = did_you_mean(term, among.needs) or "`andon ls` lists all datasets"
    return UsageError("usage.bad_argument", f"`{term}` selects no dataset", where=term, hint=hint)
