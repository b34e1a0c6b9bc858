"""Macros that are used once, or never. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from andon.base.text import words_in
from andon.model.dataset import Dataset, Kind
from andon.model.verdict import VerdictKind
from andon.project.files.nodes import Flawed
from andon.project.write_sql import split_query
from andon.simplify.hint import Hint, HintKind, Savings, WrittenHint
from andon.simplify.scene import ProjectScene
from andon.sql.macros import read_macros
from andon.sql.tokens import statements
from andon.sql.unfolding import without_macro
from andon.sql.uses import MacroStatement
from andon.sql.verdict import DefinitionQuery, verdict

_FOLDER = "macros/"


def little_used_macros(scene: ProjectScene) -> Iterator[Hint]:
    """A hint for each macro that is used once or never, by name."""
    paths = sorted(path for path in scene.texts if path.startswith(_FOLDER) and path.endswith(".sql"))
    found: dict[str, tuple[str, MacroStatement]] = {}
    for path, facts in zip(paths, read_macros([scene.texts[path] for path in paths]), strict=True):
        if facts.problems:
            continue
        found |= {one.name: (path, one) for one in facts.statements}
    entries = {said.definition.entry: said for said in scene.sql}
    for name in sorted(found):
        path, one = found[name]
        if name in scene.log or not scene.is_told:
            continue
        where = scene.worded_in.get(name, frozenset()) - {path}
        if any(other != name and name in words_in(each.text) for other, (_, each) in found.items()):
            continue
        if not where:
            yield _unused(scene, path, one)
        elif len(where) == 1 and (file := next(iter(where))) in entries:
            hint = _once(scene, path, one, entries[file])
            if hint is not None:
                yield hint


def _unused(scene: ProjectScene, path: str, one: MacroStatement) -> Hint:
    return Hint(
        HintKind.MACRO,
        f"macro:{one.name}",
        f"take the macro `{one.name}` away, which nothing uses",
        "unused",
        evidence=(
            f"no dataset, check, rule, saved query or other macro names it; {path} makes it",
            f"no question within {scene.days} days did",
        ),
        saves=Savings(),
        files=(_without(scene, path, one),),
        proof="nothing that is there calls it",
    )


def _once(scene: ProjectScene, path: str, one: MacroStatement, said: Dataset) -> Hint | None:
    """With the body in place of the one call; None where that is not all that names it, or another thing is called by its name."""
    definition = said.definition
    text, entry = scene.texts[definition.entry], definition.entry
    if one.is_table or said.definition.kind is not Kind.SQL:
        return None
    if _is_in_head(text, one.name):
        return None
    made = without_macro(text.rstrip().removesuffix(";") + "\n", one.name, one.text)
    if made is None:
        return None
    schemas = {name: scene.columns[name] for name in definition.inputs if name in scene.columns}
    rest = tuple(each for each in definition.macros if each.strip() != one.text.strip())
    old = DefinitionQuery(definition.sql or "", definition.macros)
    found = verdict(old, DefinitionQuery(made.rstrip(), rest), schemas)
    if found.kind is not VerdictKind.NONE or found.reordered or len(rest) == len(definition.macros):
        return None
    comments = _comments(scene.texts[path], one)
    files = (WrittenHint(entry, _commented(made, comments)), _without(scene, path, one))
    return Hint(
        HintKind.MACRO,
        f"macro:{one.name}",
        f"write the macro `{one.name}` out in `{said.name}`, which alone uses it",
        said.name,
        evidence=(
            f"`{said.name}` calls it once, and nothing else names it",
            f"no question within {scene.days} days did",
        ),
        saves=Savings(),
        files=files,
        proof="the engine's bound plan is the same",
    )


def _is_in_head(text: str, name: str) -> bool:
    """Whether the settings of a file may name a macro: a check may call it."""
    try:
        head, _ = split_query(text)
    except Flawed:
        return True
    return name in words_in(head)


def _comments(text: str, one: MacroStatement) -> list[str]:
    """The lines of comments right above a statement."""
    found: list[str] = []
    for line in reversed(text[: one.offset].split("\n")[:-1]):
        if not line.lstrip().startswith("--"):
            break
        found.insert(0, line.strip())
    return found


def _commented(text: str, comments: list[str]) -> str:
    return text.rstrip("\n") + "\n" + "".join(f"{line}\n" for line in comments)


def _without(scene: ProjectScene, path: str, one: MacroStatement) -> WrittenHint:
    """The file of a macro without it and the comment right above it; no file, where it alone is in it."""
    text = scene.texts[path]
    ranges = statements(text)
    if len(ranges) == 1:
        return WrittenHint(path, None)
    start = next(begin for begin, end in ranges if begin <= one.offset < end)
    end = next(end for begin, end in ranges if begin == start)
    for line in reversed(text[:start].split("\n")[:-1]):
        if not line.lstrip().startswith("--"):
            break
        start -= len(line) + 1
    rest = text[end:].lstrip(" \t")
    rest = rest.removeprefix(";").lstrip(" \t").removeprefix("\r").removeprefix("\n")
    return WrittenHint(path, text[:start] + rest)
