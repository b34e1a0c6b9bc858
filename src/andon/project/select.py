"""Selection of datasets, as users of dbt expect: `name`, `+name`, `name+`, `2+name`, `schema.*`, `tag:x`, `state:changed`.

Blank-separated terms are united; a comma inside a term intersects (`tag:x,state:changed`); `!term` or what stands after `--exclude`
takes away. A term that names nothing is an error, never an empty selection; only `state:` may find nothing.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence

from andon.base.graph import reach, reverse
from andon.base.names import did_you_mean, nearest
from andon.base.record import Record, field
from andon.errors import UsageError
from andon.model.dataset import Dataset, Definition

_TERM = re.compile(r"(?P<up>\d*\+)?(?P<core>[^+]+?)(?P<down>\+\d*)?\Z")
_GLOB = re.compile(r"(\*\*/?|\*|\?)")
_METHODS = ("tag", "owner", "path", "state")
_STATES = ("changed", "modified")
_FORMS = "`schema.name`, `+name`, `name+`, `schema.*`, `tag:x`, `owner:x`, `path:datasets/marts` or `state:changed`"
#: What a hint lists before it leaves the rest out.
_LISTED = 8


class Selectable(Record):
    """What a selection is made from.

    Attributes:
        needs: `{dataset: datasets it reads}`.
        tags, owners, paths: by dataset; paths are those of its own files.
        made_with: by dataset, paths of other files that it is made with (macros, modules), and patterns of raw files that it reads.
        changed: datasets whose definition differs from the branch's; None where nothing is compared.
    """

    needs: Mapping[str, Iterable[str]]
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    owners: Mapping[str, str | None] = field(default_factory=dict)
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    made_with: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed: frozenset[str] | None = None


def selectable(
    datasets: Mapping[str, Dataset],
    needs: Mapping[str, Iterable[str]] | None = None,
    changed: Iterable[str] | None = None,
    files: Mapping[str, Iterable[tuple[str, str]]] | None = None,
) -> Selectable:
    """What a selection of a project's datasets is made from.

    Args:
        needs: `{dataset: datasets it reads}` where more can be selected than the project has; None means the project's.
        changed: what `state:changed` names; None where nothing is compared.
        files: `{dataset: (path, sha256) of its own files}`, where more are known than the project's.
    """
    paths = {name: (one.definition.entry,) for name, one in datasets.items()}
    for name, own in (files or {}).items():
        paths[name] = tuple(dict.fromkeys((*paths.get(name, ()), *(path for path, _ in own))))
    return Selectable(
        {name: one.definition.inputs for name, one in datasets.items()} if needs is None else needs,
        {name: one.tags for name, one in datasets.items()},
        {name: one.owner for name, one in datasets.items()},
        paths,
        {name: _made_with(one.definition) for name, one in datasets.items()},
        None if changed is None else frozenset(changed),
    )


def _made_with(definition: Definition) -> tuple[str, ...]:
    patterns = (pattern for read in definition.reads for pattern in read.patterns)
    return (*(path for path, _ in definition.files), *patterns)


def select(terms: Sequence[str], among: Selectable, exclude: Sequence[str] = ()) -> set[str]:
    """The datasets that `terms` name, without those that `exclude` names. No terms: all.

    Raises:
        UsageError: `usage.bad_argument` for a term that names nothing, or where what is named is excluded again.
    """
    include = [t for t in terms if not t.startswith("!")]
    without = [*(t[1:] for t in terms if t.startswith("!")), *exclude]
    chosen = set(among.needs) if not include else set().union(*(_intersection(t, among) for t in include))
    left = chosen - set().union(*(_intersection(term, among) for term in without))
    if chosen and not left and not _of_a_state([*include, *without]):
        raise UsageError(
            "usage.bad_argument",
            "nothing is left to select: all that is named is excluded again",
            where=" ".join(f"--exclude {term}" for term in without),
            hint="leave the exclusion out, or select more",
        )
    return left


def _intersection(term: str, among: Selectable) -> set[str]:
    parts = [part.strip() for part in term.split(",") if part.strip()]
    if not parts:
        raise _no_selection(term)
    found = [_one(part, among) for part in parts]
    both = set.intersection(*found)
    if len(parts) > 1 and not both and not _of_a_state(parts):
        raise UsageError(
            "usage.bad_argument",
            f"no dataset is all of {', '.join(f'`{part}`' for part in parts)} at once, which is what a comma means",
            where=term,
            hint=f"for what any of them names, write blanks: `{' '.join(parts)}`",
        )
    return both


def _of_a_state(terms: Iterable[str]) -> bool:
    """Whether what the terms find depends on a state, so that it may well be nothing."""
    return any("state:" in term for term in terms)


def _one(term: str, among: Selectable) -> set[str]:
    match = _TERM.match(term)
    if match is None:
        raise _no_selection(term)
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
        return _by_method(core, method, value.strip(), among)
    is_path = "/" in core or core.endswith((".sql", ".py"))
    if is_path and core not in among.needs:  # a dataset may be called `marts.py`
        return _by_path(core, core, among)
    return _by_name(core, among)


def _by_method(core: str, method: str, value: str, among: Selectable) -> set[str]:
    match method:
        case "tag":
            known = {tag for tags in among.tags.values() for tag in tags}
            return _required({d for d in among.needs if value in among.tags.get(d, ())}, core, "tag", value, known)
        case "owner":
            owners = {owner for owner in among.owners.values() if owner}
            return _required({d for d in among.needs if among.owners.get(d) == value}, core, "owner", value, owners)
        case "path":
            return _by_path(core, value, among)
        case "state":
            return _by_state(core, value, among)
    raise _no_selection(core, nearest(method, _METHODS))


def _by_state(core: str, value: str, among: Selectable) -> set[str]:
    if value not in _STATES:
        message, hint = f"`{value}` is not a state", "the state to select by is `state:changed`"
    elif among.changed is None:
        message = f"`{core}` is what the folder changed, and no folder is compared here"
        hint = "`andon plan state:changed` lists it"
    else:
        return set(among.changed)
    raise UsageError("usage.bad_argument", message, where=core, hint=hint)


def _by_path(core: str, text: str, among: Selectable) -> set[str]:
    """The datasets that have a file at the path, or in the folder; those that are made with a file, where no dataset has it."""
    path = text.removeprefix("./").rstrip("/")
    if path in ("", "."):
        return set(among.needs)
    pattern = any(c in path for c in "*?[")

    def fits(file: str) -> bool:
        return fnmatch.fnmatchcase(file, path) if pattern else file == path or file.startswith(f"{path}/")

    found = {d for d in among.needs if any(fits(file) for file in among.paths.get(d, ()))}
    found = found or {d for d in among.needs if any(_is_among(path, each) for each in among.made_with.get(d, ()))}
    if found:
        return found
    files = {file for own in among.paths.values() for file in own}
    folders = {file[:at] for file in files for at, c in enumerate(file) if c == "/"}
    hint = did_you_mean(path, sorted(files | folders)) or _there("folder", folders)
    raise UsageError("usage.bad_argument", f"no dataset has a file at `{path}`", where=core, hint=hint)


def _is_among(path: str, pattern: str) -> bool:
    """Whether a pattern of files takes the path; `*` stays within a folder, `**` does not."""
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = (signs.get(part) or re.escape(part) for part in _GLOB.split(pattern))
    return path == pattern or re.fullmatch("".join(parts), path) is not None


def _by_name(core: str, among: Selectable) -> set[str]:
    if core in among.needs:
        return {core}
    if any(c in core for c in "*?["):
        found = {d for d in among.needs if fnmatch.fnmatchcase(d, core)}
    elif "." in core:
        found = set()
    else:
        found = {d for d in among.needs if d.partition(".")[2] == core or d.partition(".")[0] == core}
    if not found:
        raise UsageError(
            "usage.bad_argument", f"`{core}` selects no dataset", where=core, hint=_near(core, among.needs)
        )
    return found


def _near(name: str, known: Iterable[str]) -> str:
    """A hint to the nearest dataset or schema."""
    datasets = sorted(known)
    bare = {d.partition(".")[2]: d for d in reversed(datasets)} if "." not in name else {}
    schemas = {d.partition(".")[0]: f"{d.partition('.')[0]}.*" for d in datasets}
    word = name.removesuffix(".*")
    choices = {**schemas, **bare, **{d: d for d in datasets}}
    match = nearest(word, choices)
    return f"did you mean `{choices[match]}`?" if match is not None else "`andon ls` lists all datasets"


def _required(found: set[str], core: str, noun: str, word: str, known: Iterable[str]) -> set[str]:
    """`found`, which must not be empty: else the nearest of the `known` words is named, or all there are."""
    if found:
        return found
    choices = sorted(known)
    hint = did_you_mean(word, choices) or _there(noun, choices)
    raise UsageError("usage.bad_argument", f"no dataset has the {noun} `{word}`", where=core, hint=hint)


def _there(noun: str, known: Iterable[str]) -> str:
    choices = sorted(known)
    if not choices:
        return f"no dataset has a {noun}; `andon ls` lists all datasets"
    more = f" and {len(choices) - _LISTED} more" if len(choices) > _LISTED else ""
    return f"{noun}s are {', '.join(f'`{name}`' for name in choices[:_LISTED])}{more}"


def _no_selection(term: str, near: str | None = None) -> UsageError:
    value = term.partition(":")[2]
    hint = f"did you mean `{near}:{value}`?" if near is not None else f"use {_FORMS}"
    return UsageError("usage.bad_argument", f"`{term}` is not a selection", where=term, hint=hint)
