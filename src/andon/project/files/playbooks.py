"""`playbooks.yml`: which action answers which incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.duration import read_fixed
from andon.base.names import did_you_mean
from andon.model.action import ActionKind
from andon.model.playbook import Breakers, Playbook, PlaybookBounds, PlaybookMode, Playbooks, PlaybookTrigger
from andon.model.signal import SignalKind
from andon.project.files.facts import FileFacts, NameUse, PlaybooksFile
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec, read_choice, read_text
from andon.project.files.yaml_nodes import parse_yaml

_PATTERN = "*?["
_STATES = ("open", "contained")


def _read_words(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    """A text, or a list of texts; each one of the choices, where there are some."""
    items = [node] if node.kind != "list" else node.value
    found = []
    for item in items:
        text = reader.text(known.name, item, f"`{known.name}`" if item is node else f"each item of `{known.name}`")
        if text is None:
            continue
        if known.choices and text not in known.choices:
            hint = did_you_mean(text, known.choices) or "one of " + ", ".join(f"`{c}`" for c in known.choices)
            reader.wrong(item, f"there is no {known.name} of that name", f"found `{text}`", hint)
        elif not text:
            reader.wrong(item, f"`{known.name}` must be a text", "found an empty one")
        else:
            found.append(text)
            if known.name == "dataset":
                reader.named[text] = (item.line, item.column)
    return tuple(found) or None


def _read_count(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> int | None:
    if node.kind == "number" and isinstance(node.value, int) and 0 <= node.value <= 1_000_000:
        return int(node.value)
    reader.wrong(node, f"`{known.name}` must be a whole number, not below zero", f"found {node.shown()}")
    return None


def _read_share(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> float | None:
    text = node.raw.strip()
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if node.kind in ("number", "text") and 0 <= value <= 1:
        return value
    reader.wrong(node, f"`{known.name}` must be a share", f"found {node.shown()}", "such as `0.1%` or `0.001`")
    return None


def _seconds(reader: FieldReader, name: str, node: PlacedValue) -> float | None:
    text = reader.text(name, node)
    if text is None:
        return None
    length = read_fixed(text)
    if length is None:
        reader.wrong(node, f"`{name}` must be a length of time", f"found `{text}`", "such as `45s`, `20 min`, `6h`")
        return None
    return length.total_seconds()


def _read_seconds(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> float | None:
    return _seconds(reader, known.name, node)


def _read_waits(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[float, ...] | None:
    items = [node] if node.kind != "list" else node.value
    found = [_seconds(reader, known.name, item) for item in items]
    return tuple(each for each in found if each is not None) or None


def _read_flag(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> bool | None:
    if node.kind == "flag":
        return bool(node.value)
    reader.wrong(node, f"`{known.name}` must be true or false", f"found {node.shown()}")
    return None


def _read_arguments(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> list[str] | None:
    found = reader.texts(known.name, node)
    if found is None:
        return None
    if not found or not found[0][0]:
        reader.wrong(node, f"`{known.name}` must name a program", "found none", "such as `run: [python, tools/ask.py]`")
        return None
    return [text for text, _ in found]


def _read_map(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> PlacedValue | None:
    if node.kind == "map":
        return node
    reader.wrong(node, f"`{known.name}` must be a mapping", f"found {node.shown()}")
    return None


#: Keys of `on`.
TRIGGER_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "kind",
        "kind of signal, or several",
        "any",
        "What its cause is noticed by.",
        _read_words,
        tuple(str(kind) for kind in SignalKind),
    ),
    FieldSpec("dataset", "name or pattern, or several", "any", "Where the cause is: `shop.*`.", _read_words),
    FieldSpec("tag", "tag or pattern, or several", "any", "Of the dataset.", _read_words),
    FieldSpec("owner", "owner or pattern, or several", "any", "Of the dataset.", _read_words),
    FieldSpec("code", "error code or pattern, or several", "any", "Of what failed: `source.unreachable`.", _read_words),
    FieldSpec(
        "check", "check or pattern, or several", "any", "As the check is spoken of: `amount 0..100`.", _read_words
    ),
    FieldSpec(
        "state",
        "open or contained",
        "any",
        "`open`: readers may see it. `contained`: they see what was good before.",
        _read_words,
        _STATES,
    ),
    FieldSpec("transient", "true or false", "any", "Whether what failed may pass by itself.", _read_flag),
)

#: Keys of a playbook.
PLAYBOOK_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "text", "made of the rest", "What people call it.", read_text),
    FieldSpec("on", "mapping", "required", "Which incidents it answers; all that is said must fit.", _read_map),
    FieldSpec("do", "action", "required", "What is done.", read_choice, tuple(str(kind) for kind in ActionKind)),
    FieldSpec("with", "mapping", "none", "What the action is told.", _read_map),
    FieldSpec(
        "mode",
        "suggest, supervised or automatic",
        "supervised",
        "How far it is trusted.",
        read_choice,
        tuple(str(mode) for mode in PlaybookMode),
    ),
    FieldSpec("attempts", "whole number", "1", "How often for one incident.", _read_count),
    FieldSpec("per_hour", "whole number", "4", "How often in an hour, over all incidents.", _read_count),
    FieldSpec("wait", "length of time, or several", "none", "Before the first attempt, the second, …", _read_waits),
    FieldSpec(
        "share",
        "share of rows",
        "any",
        "By which part of its rows a dataset may grow or shrink; which part `deduplicate` (1%) and `quarantine` (0.1%) leave out.",
        _read_share,
    ),
    FieldSpec("reach", "whole number", "100", "Datasets that read what it changes.", _read_count),
    FieldSpec("within", "length of time", "30 min", "In which it must be verified, else it is undone.", _read_seconds),
    FieldSpec("why", "text", "none", "Why it is there.", read_text),
)

#: Keys of `breakers`.
BREAKER_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("incident", "whole number", "5", "Actions by itself for one incident.", _read_count),
    FieldSpec("dataset", "whole number", "3", "Actions by itself for one dataset in a day.", _read_count),
    FieldSpec("workspace", "whole number", "10", "Actions by itself in an hour.", _read_count),
)

#: Keys of the file.
FILE_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("playbooks", "list of playbooks", "none", "In this order: the first that fits answers.", lambda *a: a[2]),
    FieldSpec("breakers", "mapping", "as below", "How much is done before a person has to look.", _read_map),
    FieldSpec("built_in", "true or false", "true", "Whether those that are built in count too.", _read_flag),
)

_TIMEOUT = FieldSpec("timeout", "length of time", "1 min", "How long it may take.", _read_seconds)

#: Keys of `with`, by action.
PARAMETER_FIELDS: Mapping[ActionKind, tuple[FieldSpec, ...]] = {
    ActionKind.BACKFILL: (FieldSpec("most", "whole number", "7", "Intervals that it may fill at once.", _read_count),),
    ActionKind.RELOAD: (
        FieldSpec(
            "last", "length of time", "all", "Only so much of the time, of a table that grows by it.", _read_seconds
        ),
    ),
    ActionKind.DEDUPLICATE: (
        FieldSpec("propose", "true or false", "false", "Whether the line of SQL is only put on a branch.", _read_flag),
    ),
    ActionKind.REQUEST: (
        FieldSpec("ask", "text", "what is wrong", "What is asked.", read_text),
        FieldSpec("of", "person", "the owner of the dataset", "Whom.", read_text),
    ),
    ActionKind.PAUSE: (FieldSpec("for", "length of time", "until it is over", "How long at most.", _read_seconds),),
    ActionKind.COMMAND: (
        FieldSpec("run", "list of texts", "required", "Program and arguments; it gets JSON.", _read_arguments),
        _TIMEOUT,
    ),
    ActionKind.WEBHOOK: (
        FieldSpec("url", "text", "required", "Where JSON is sent: `${env:NAME}`.", read_text),
        _TIMEOUT,
    ),
}

_REQUIRED = {ActionKind.COMMAND: "run", ActionKind.WEBHOOK: "url"}


def read_playbooks(path: str, text: str) -> FileFacts:
    """The facts of `playbooks.yml`."""
    root, wrong = parse_yaml(text)
    if root is None:
        said = PlaybooksFile(Playbooks()) if not wrong else None
        return FileFacts(said, tuple(of_flaws(path, text, wrong)))
    flaws = list(wrong)
    reader = FieldReader(path)
    whole = reader.read(root, FILE_FIELDS)
    flaws += whole.flaws
    breakers = Breakers()
    if "breakers" in whole.values:
        declared = FieldReader(path).read(whole.values["breakers"], BREAKER_FIELDS)
        flaws += declared.flaws
        breakers = Breakers(**declared.values)
    lines: list[Playbook] = []
    uses: list[NameUse] = []
    node: PlacedValue | None = whole.get("playbooks")
    if node is not None and node.kind != "list":
        flaws.append(
            FileFlaw("project.bad_value", f"`playbooks` must be a list, found {node.shown()}", node.line, node.column)
        )
    for item in node.value if node is not None and node.kind == "list" else ():
        line, own = _playbook(path, item, uses)
        flaws += own
        if line is not None:
            lines.append(line)
    flaws += _twins(lines)
    said_all = Playbooks(tuple(lines), breakers, not whole.get("built_in", True))
    return FileFacts(PlaybooksFile(said_all, tuple(uses)), tuple(of_flaws(path, text, flaws)))


def _playbook(path: str, node: PlacedValue, uses: list[NameUse]) -> tuple[Playbook | None, list[FileFlaw]]:
    said = FieldReader(path).read(node, PLAYBOOK_FIELDS)
    flaws = list(said.flaws)
    flaws += [
        FileFlaw("project.missing_key", f"a playbook needs `{key}`", node.line, node.column, f"add `{key}: …`")
        for key in ("on", "do")
        if node.kind == "map" and key not in node.value
    ]
    trigger = PlaybookTrigger()
    if "on" in said.values:
        reader = FieldReader(path)
        on = reader.read(said.values["on"], TRIGGER_FIELDS)
        flaws += on.flaws
        values = dict(on.values)
        if "kind" in values:
            values["kind"] = tuple(SignalKind(kind) for kind in values["kind"])
        trigger = PlaybookTrigger(**values)
        uses += [NameUse(n, *place) for n, place in reader.named.items() if not any(c in n for c in _PATTERN)]
        if not values and not on.flaws:
            at = node.value["on"]
            message = "`on` says nothing, and would answer every incident"
            flaws.append(FileFlaw("project.bad_value", message, at.line, at.column, "say at least the `kind`"))
    if "do" not in said.values or flaws:
        return None, flaws
    do = ActionKind(said.values["do"])
    params, wrong = _params(path, do, node, said)
    if wrong:
        return None, [*flaws, *wrong]
    bounds = {key: said.values[key] for key in PlaybookBounds.__struct_fields__ if key in said.values}
    return (
        Playbook(
            trigger,
            do,
            PlaybookMode(said.get("mode", "supervised")),
            PlaybookBounds(**bounds),
            params,
            said.get("name", ""),
            said.get("why"),
            node.line,
        ),
        flaws,
    )


def _params(
    path: str, do: ActionKind, node: PlacedValue, said: DeclaredFields
) -> tuple[dict[str, Any], list[FileFlaw]]:
    known = PARAMETER_FIELDS.get(do, ())
    needed = _REQUIRED.get(do)
    given: PlacedValue | None = said.get("with")
    if given is None:
        if needed is None:
            return {}, []
        hint = f"add `with: {{{needed}: …}}`"
        return {}, [FileFlaw("project.missing_key", f"`{do}` needs `with.{needed}`", node.line, node.column, hint)]
    if not known:
        line, column = node.keys["with"]
        message = f"`{do}` is told nothing"
        return {}, [FileFlaw("project.bad_value", message, line, column, "take `with` out")]
    found = FieldReader(path).read(given, known)
    flaws = list(found.flaws)
    if needed is not None and needed not in given.value:
        hint = f"add `{needed}: …`"
        flaws.append(FileFlaw("project.missing_key", f"`{do}` needs `with.{needed}`", given.line, given.column, hint))
    return dict(found.values), flaws


def _twins(lines: list[Playbook]) -> list[FileFlaw]:
    """Playbooks that answer the same with the same: their record would be one."""
    first: dict[str, Playbook] = {}
    flaws = []
    for each in lines:
        other = first.setdefault(each.id, each)
        if other is not each:
            message = f"the playbook on line {other.line} answers the same with the same"
            flaws.append(FileFlaw("project.bad_value", message, each.line, 1, "keep one of them"))
    return flaws
