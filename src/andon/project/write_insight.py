"""Writes insights, and changes single things in their files by changing text: comments, layout and all else stay.

What was made is read again. Unless it says exactly what it said before and what was added, nothing is given out.
"""

from __future__ import annotations

import re
from decimal import Decimal

from andon.base.record import replace
from andon.errors import ProjectError
from andon.model.insight import Basis, Insight, InsightOutcome, Period, Pin, Worth
from andon.project.files.facts import InsightFile
from andon.project.files.insight import read_insight
from andon.project.files.nodes import PlacedValue
from andon.project.files.yaml_nodes import parse_yaml
from andon.project.write_sql import yaml_list, yaml_text

_FENCE = "---"
_INDENT = re.compile(r"[ \t]*")


def insight_path(name: str) -> str:
    """The file of an insight that is made."""
    return f"insights/{name}.md"


def insight_text(insight: Insight) -> str:
    """The Markdown file of an insight; what its query reads is not said again.

    Raises:
        ProjectError: `project.cannot_add` for what no such file can say; what is wrong with its query.
    """
    for is_block in (True, False):
        text = _text(insight, is_block=is_block)
        found = _said(insight.file, text)
        if _same(found, insight):
            return text
    raise _refused(insight.file, "the insight", "it says something that no file of this form can say")


def with_pin(path: str, text: str, pin: Pin) -> str:
    """The file of an insight with another pin.

    Raises:
        ProjectError: `project.cannot_add` if it can't be read, or is written in a form that can't be added to.
    """
    before = _said(path, text)
    start, lines, end = _parts(path, text)
    line = f"pinned: {_pin(pin)}"
    node = _root(path, text).value.get("pinned")
    if node is None:
        made = [*_trimmed(lines), line]
    else:
        first = _root(path, text).keys["pinned"][0] - 1 - start
        last = _last(lines, first)
        made = [*lines[:first], line, *lines[last + 1 :]]
    return _checked(path, _whole(text, start, end, made), replace(before, pinned=pin), "the pin", line)


def with_outcome(path: str, text: str, outcome: InsightOutcome) -> str:
    """The file of an insight with an outcome more, as the last.

    Raises:
        ProjectError: as `with_pin`.
    """
    before = _said(path, text)
    start, lines, end = _parts(path, text)
    item = f"- {_outcome(outcome)}"
    node = _root(path, text).value.get("outcomes")
    if node is None:
        made = [*_trimmed(lines), "outcomes:", f"  {item}"]
    else:
        first = _root(path, text).keys["outcomes"][0] - 1 - start
        last = _last(lines, first)
        if not node.value and node.kind in ("list", "null"):
            made = [*lines[:first], "outcomes:", f"  {item}", *lines[last + 1 :]]
        else:
            margin = _margin(lines[first + 1 : last + 1])
            made = [*lines[: last + 1], f"{margin}{item}", *lines[last + 1 :]]
    wanted = replace(before, outcomes=(*before.outcomes, outcome))
    return _checked(path, _whole(text, start, end, made), wanted, "the outcome", f"outcomes:\n  {item}")


def query_of(path: str, text: str) -> str | None:
    """The query of an insight's file, or the name of a saved one; None where it has none, or is a mere text.

    Raises:
        ProjectError: it can't be read.
    """
    facts = read_insight(path, text)
    return None if facts.said is None and not facts.problems else _said(path, text).query


def with_query(path: str, text: str, query: str) -> str:
    """The file of an insight that has a query, with another one.

    Raises:
        ProjectError: as `with_pin`.
    """
    before = _said(path, text)
    if before.query == query:
        return text
    start, lines, end = _parts(path, text)
    root = _root(path, text)
    first = root.keys["query"][0] - 1 - start
    last = _last(lines, first)
    made = _query(query, is_block=root.value["query"].lines is not None or "\n" in query)
    found = _whole(text, start, end, [*lines[:first], *made, *lines[last + 1 :]])
    plain = replace(_said(path, found), uses=(), queries=())
    if plain != replace(before, uses=(), queries=(), query=query):
        raise _refused(path, "the query", "it is written in a form that nothing can be put into")
    return found


# -- parts


def _query(query: str, *, is_block: bool) -> list[str]:
    if not is_block:
        return [f"query: {yaml_text(query)}"]
    return ["query: |", *(f"  {line}" if line else "" for line in query.split("\n"))]


def _text(insight: Insight, *, is_block: bool) -> str:
    said: list[str] = [f"kind: {insight.kind}", f"question: {yaml_text(insight.title)}"]
    said += [
        f"{key}: {yaml_text(value)}" for key in ("answer", "decision", "owner") if (value := getattr(insight, key))
    ]
    uses = [*insight.uses, *(each for each in insight.queries if each != insight.query)]
    if uses:
        said.append(f"uses: {yaml_list(uses)}")
    if insight.query is not None:
        said += _query(insight.query, is_block=is_block)
    if insight.date is not None:
        said.append(f"date: {insight.date}")
    if insight.worth != Worth():
        said.append(f"value: {_worth(insight.worth)}")
    if insight.review_by is not None:
        said.append(f"review_by: {insight.review_by}")
    if insight.evidence:
        said.append(f"evidence: {yaml_list(insight.evidence)}")
    if insight.pinned is not None:
        said.append(f"pinned: {_pin(insight.pinned)}")
    if insight.outcomes:
        said += ["outcomes:", *(f"  - {_outcome(each)}" for each in insight.outcomes)]
    body = f"\n{insight.description}\n" if insight.description else ""
    return "\n".join([_FENCE, *said, _FENCE, "", f"# {insight.title}", ""]) + body


def _worth(worth: Worth) -> str:
    parts = []
    if worth.amount is not None:
        parts.append(f"amount: {_number(worth.amount)}")
        parts.append(f"currency: {yaml_text(worth.currency or '')}")
        if worth.per is not Period.ONCE:
            parts.append(f"per: {worth.per}")
    if worth.amount is not None or worth.basis is not Basis.NONE:
        parts.append(f"basis: {worth.basis}")
    if worth.words is not None:
        parts.append(f"words: {yaml_text(worth.words)}")
    return f"{{{', '.join(parts)}}}"


def _number(amount: Decimal) -> str:
    return format(amount, "f")


def _pin(pin: Pin) -> str:
    result = f", result: {yaml_text(pin.result)}" if pin.result is not None else ""
    return f"{{commit: {yaml_text(pin.commit)}{result}}}"


def _outcome(outcome: InsightOutcome) -> str:
    worth = f", value: {_worth(outcome.worth)}" if outcome.worth is not None else ""
    return f"{{on: {outcome.on}, what: {yaml_text(outcome.what)}{worth}}}"


def _said(path: str, text: str) -> Insight:
    facts = read_insight(path, text)
    if not isinstance(facts.said, InsightFile) or facts.problems:
        if facts.problems:
            raise ProjectError.of(facts.problems)
        raise _refused(path, "anything", "it has no front matter")
    return facts.said.insight


def _same(found: Insight, wanted: Insight) -> bool:
    """Whether a file says what it should; it also says what its query reads."""
    if not set(wanted.uses) <= set(found.uses) or not set(wanted.queries) <= set(found.queries):
        return False
    return replace(found, uses=(), queries=()) == replace(wanted, uses=(), queries=())


def _parts(path: str, text: str) -> tuple[int, list[str], int]:
    """The lines of the YAML of a file, the number of the first of them from 0, and of the first behind them."""
    lines = text.split("\n")
    if not path.lower().endswith(".md"):
        return 0, lines, len(lines)
    end = next(place for place in range(1, len(lines)) if lines[place].rstrip() == _FENCE)
    return 1, lines[1:end], end


def _root(path: str, text: str) -> PlacedValue:
    start, lines, _ = _parts(path, text)
    root, _ = parse_yaml("\n".join(lines), start + 1)
    if root is None or root.kind != "map":
        raise _refused(path, "anything", "it is no mapping")
    return root


def _last(lines: list[str], first: int) -> int:
    """The last line of what begins at `first` with a key of the outermost mapping."""
    margin = len(_margin_of(lines[first]))
    last = first
    for place in range(first + 1, len(lines)):
        line = lines[place].rstrip()
        if not line:
            continue
        own = len(_margin_of(line))
        if own > margin or (own == margin and line[own:].startswith("- ")):
            last = place if not line[own:].startswith("#") else last
            continue
        if not line[own:].startswith("#"):
            break
    return last


def _margin(lines: list[str]) -> str:
    item = next((line for line in lines if line.lstrip().startswith("-")), "  - ")
    return _margin_of(item)


def _margin_of(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found is not None else ""


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _whole(text: str, start: int, end: int, made: list[str]) -> str:
    ending = "\r" if "\r\n" in text else ""
    lines = text.split("\n")
    own = [line if line.endswith("\r") or not ending else f"{line}{ending}" for line in made]
    rest = lines[end:] if start else [""]
    if not start and own and not own[-1].strip():
        own = own[:-1]
    return "\n".join([*lines[:start], *own, *rest])


def _checked(path: str, made: str, wanted: Insight, what: str, line: str) -> str:
    try:
        found = _said(path, made)
    except ProjectError as error:
        raise _refused(path, what, "it is written in a form that nothing can be added to", line) from error
    if found != wanted:
        raise _refused(path, what, "it is written in a form that nothing can be added to", line)
    return made


def _refused(path: str, what: str, why: str, line: str = "") -> ProjectError:
    hint = f"write it by hand: {line}" if line else "write it by hand"
    return ProjectError("project.cannot_add", f"{what} can't be written into the file: {why}", where=path, hint=hint)
