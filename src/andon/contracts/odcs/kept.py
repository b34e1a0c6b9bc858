"""Quality rules of a document: those that Andon wrote give the line that they were made of, if nobody changed them since."""

from __future__ import annotations

from collections.abc import Sequence

from andon.checks.language.parse import parse_check
from andon.contracts.odcs.quality import rules_of
from andon.contracts.odcs.rules import kept_line, read_rule
from andon.contracts.odcs.words import CHECK, ENGINE
from andon.contracts.taking import Taker
from andon.contracts.values import GatheredLines, plain
from andon.model.check import Check

#: A rule, and the column that it stands at; None for the schema.
PlacedRule = tuple[Taker, str | None]


def read_quality(rules: Sequence[PlacedRule], found: GatheredLines, kinds: Sequence[tuple[str, str]]) -> None:
    """Add the lines of all rules of a schema.

    Args:
        kinds: names and types of its columns, as the document tells them.
    """
    by_line: dict[str, list[PlacedRule]] = {}
    for rule in rules:
        line = kept_line(rule[0])
        if line is not None:
            by_line.setdefault(line, []).append(rule)
    for rule in rules:
        own, line = _own_line(rule[0]), kept_line(rule[0])
        if own is not None:
            found.add(own, rule[0].node, rule[0].path)
            _taken(rule[0])
        elif line is not None and _is_unchanged(line, by_line[line], found, kinds):
            found.add(line, rule[0].node, rule[0].path)
            _taken(rule[0])
        else:
            if line is not None:
                why = f"the rule was changed since it was made of `{line}`: it is read as it is now"
                rule[0].notes.leave(rule[0].place, f"{rule[0].path}: {CHECK}", why)
                rule[0].ignore(["customProperties"])
            read_rule(rule[0], found, rule[1])


def _own_line(rule: Taker) -> str | None:
    """The line that a rule of ours is."""
    said = plain(rule.node)
    line = said.get("implementation")
    return line.strip() if said.get("engine") == ENGINE and isinstance(line, str) and line.strip() else None


def _taken(rule: Taker) -> None:
    """Nothing of it is left: the line says it all; what stands beside it was added by somebody."""
    names = "id name description type metric rule arguments query unit severity engine implementation customProperties"
    operators = [key for key in rule.node.value if key.startswith("must")]
    rule.ignore([*names.split(), *operators])
    rule.end()


def _is_unchanged(
    line: str, rules: Sequence[PlacedRule], found: GatheredLines, kinds: Sequence[tuple[str, str]]
) -> bool:
    check = parse_check(line, dataset=found.dataset or "x.y", columns=kinds or None, key=())
    if not isinstance(check, Check):
        return False
    written = [((one.column or "").lower(), one.rule) for one in rules_of(check, line)]
    return sorted(written, key=str) == sorted((((at or "").lower(), plain(one.node)) for one, at in rules), key=str)
