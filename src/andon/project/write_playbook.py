"""Adds a playbook to `playbooks.yml`, by changing text: comments, layout and all else stay as they are."""

from __future__ import annotations

import json
import re
from typing import Any

from andon.base.duration import Duration
from andon.base.record import replace
from andon.errors import ProjectError
from andon.model.playbook import Playbook, PlaybookBounds, PlaybookMode
from andon.project.files.facts import PlaybooksFile
from andon.project.files.playbooks import read_playbooks

PLAYBOOKS = "playbooks.yml"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_HEAD = re.compile(r"(?m)^playbooks:[ \t]*(?:#.*)?$")


def playbook_text(playbook: Playbook) -> str:
    """The lines of one playbook, as an item of the list `playbooks`."""
    said: list[tuple[str, str]] = []
    if playbook.name:
        said.append(("name", _scalar(playbook.name)))
    on = {key: getattr(playbook.on, key) for key in playbook.on.__struct_fields__}
    said.append(("on", "{" + ", ".join(f"{k}: {_words(v)}" for k, v in on.items() if v not in ((), None)) + "}"))
    said.append(("do", str(playbook.do)))
    if playbook.params:
        said.append(("with", "{" + ", ".join(f"{k}: {_value(k, v)}" for k, v in playbook.params.items()) + "}"))
    if playbook.mode is not PlaybookMode.SUPERVISED:
        said.append(("mode", str(playbook.mode)))
    for key in PlaybookBounds.__struct_fields__:
        value = getattr(playbook.bounds, key)
        if value != getattr(PlaybookBounds(), key):
            said.append((key, _value(key, value)))
    if playbook.why is not None:
        said.append(("why", _scalar(playbook.why)))
    return (
        "\n".join(f"{'  - ' if place == 0 else '    '}{key}: {value}" for place, (key, value) in enumerate(said)) + "\n"
    )


def add_playbook(text: str | None, playbook: Playbook) -> str:
    """The text of `playbooks.yml` with a playbook more, as the last; None stands for no file.

    Raises:
        ProjectError: `project.cannot_add` where the file can't be read, has it already, or is written in a form that nothing can be added
            to.
    """
    before = _read(text or "")
    lines = playbook_text(playbook)
    made = _appended(text, lines) if (text or "").strip() and text else f"{text or ''}playbooks:\n{lines}"
    after = _read(made)
    wanted = [*(replace(each, line=None) for each in before), replace(playbook, line=None)]
    if [replace(each, line=None) for each in after] != wanted:
        raise _refused("it is written in a form that nothing can be added to", lines)
    return made


def _appended(text: str, lines: str) -> str:
    body = text if text.endswith("\n") else text + "\n"
    head = _HEAD.search(body)
    if head is None:
        return f"{body}playbooks:\n{lines}"
    # the list ends where the next key of the file begins
    rest = re.compile(r"(?m)^[^\s#-]").search(body, head.end())
    at = rest.start() if rest is not None else len(body)
    found = re.search(r"(?m)^( *)- ", body[head.end() : at])
    indent = found[1] if found is not None else "  "
    own = "".join(f"{indent}{line[2:]}\n" for line in lines.splitlines())
    kept = body[:at].rstrip("\n") + "\n"
    return kept + own + ("\n" if rest is not None else "") + body[at:]


def _read(text: str) -> tuple[Playbook, ...]:
    facts = read_playbooks(PLAYBOOKS, text)
    if facts.problems:
        first = facts.problems[0]
        raise _refused(f"{first.message} ({first.where})", text)
    return facts.said.playbooks.lines if isinstance(facts.said, PlaybooksFile) else ()


def _refused(why: str, lines: str) -> ProjectError:
    return ProjectError(
        "project.cannot_add",
        f"the playbook can't be added: {why}",
        where=PLAYBOOKS,
        hint=f"write it yourself:\n{lines}",
    )


def _words(words: tuple[Any, ...] | bool) -> str:
    if isinstance(words, bool):
        return str(words).lower()
    return _scalar(str(words[0])) if len(words) == 1 else "[" + ", ".join(_scalar(str(word)) for word in words) + "]"


def _value(key: str, value: Any) -> str:
    match value:
        case bool() | int():
            return str(value).lower()
        case float() if key in ("share", "limit"):
            return f"{value * 100:.6g}%"
        case float():
            return str(Duration(seconds=value))
        case tuple() if value and all(isinstance(each, float) for each in value):
            return "[" + ", ".join(str(Duration(seconds=each)) for each in value) + "]"
        case list() | tuple():
            return "[" + ", ".join(_scalar(str(each)) for each in value) + "]"
    return _scalar(str(value))


def _scalar(text: str) -> str:
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)
