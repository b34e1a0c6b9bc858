"""Rules across datasets put together: what their SQL and the macros that it calls read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.hashing import content_id
from andon.base.names import is_name_part
from andon.model.dataset import latest
from andon.model.rule import Rule
from andon.project.files.facts import CheckFile, NameUse
from andon.project.files.layout import plain_name
from andon.project.link.macros import Macros

#: Notes a problem: path, place, code, message, hint.
Add = Callable[[str, "NameUse | tuple[int, int] | None", str, str, "str | None"], None]


def link_rules(
    said: Iterable[tuple[str, CheckFile]],
    files: Mapping[str, str],
    macros: Macros,
    require_known: Callable[[str, Iterable[NameUse]], list[str]],
    add: Add,
) -> tuple[Rule, ...]:
    """The rules of `checks/*.sql`, sorted by file; those that read nothing known are left out.

    Args:
        require_known: the names that are datasets; notes problems for the others.
    """
    found: dict[str, Rule] = {}
    for path, facts in sorted(said, key=lambda pair: pair[0]):
        rule = _rule(path, facts, files, macros, require_known(path, facts.tables))
        if facts.named_at is None and not is_name_part(rule.name):
            hint = f"rename it: `{plain_name(rule.name)}.sql`, or give it a `name:`"
            add(path, None, "project.bad_name", f"`{rule.name}` is not a valid name of a check", hint)
        first = found.setdefault(rule.name, rule)
        if first is not rule:
            message = f"the check `{rule.name}` is made by two files, the other is `{first.file}`"
            add(path, facts.named_at, "project.duplicate_name", message, "rename one of them")
        elif not facts.tables and not rule.datasets and facts.normal:
            message = "the rule reads no dataset"
            add(
                path,
                (1, 1),
                "project.bad_check",
                message,
                "select the rows that are wrong: `from marts.orders where …`",
            )
    return tuple(sorted((r for r in found.values() if r.datasets), key=lambda rule: rule.file))


def _rule(path: str, facts: CheckFile, files: Mapping[str, str], macros: Macros, tables: list[str]) -> Rule:
    needed = macros.needed(call.name for call in facts.calls)
    statements = [macros.statements[name] for name in needed]
    by_macros = sorted({table.name for _, statement in statements for table in statement.tables})
    keys = facts.keys
    used = {path: files[path], **{place: files[place] for place, _ in statements}}
    return Rule(
        name=keys.name or path.split("/")[-1].rsplit(".", 1)[0],
        file=path,
        sql=facts.sql,
        meaning=content_id([facts.normal, sorted(statement.normal for _, statement in statements)]),
        datasets=tuple(dict.fromkeys([*tables, *by_macros])),
        severity=keys.severity,
        allow=keys.allow,
        why=keys.why,
        description=keys.description,
        owner=keys.owner,
        macros=tuple(statement.text for _, statement in statements),
        clock=latest([facts.clock, *(statement.clock for _, statement in statements)]),
        files=tuple(sorted(used.items())),
    )
