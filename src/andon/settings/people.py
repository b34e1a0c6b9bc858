"""`[people]` in `andon.toml`: who may use the lake through a server, and as what. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from andon.base.names import did_you_mean
from andon.model.person import PersonRole
from andon.settings.problem import SettingProblem
from andon.settings.table import shown

#: The table of `andon.toml`.
PEOPLE = "people"

#: What may be said of a person where it is more than the role: `ana = {role = "owner", mail = "ana@example.com"}`.
_KEYS = ("role", "mail")

_ADDRESS = re.compile(r"[^@\s<>,;\"$]+@[^@\s<>,;\"$]+\Z")
_ROLES = tuple(str(role) for role in PersonRole)


def read_people(table: Any) -> tuple[dict[str, PersonRole], list[SettingProblem]]:
    """`{name: role}`, and what is wrong in the table."""
    hint = 'write `ana = "owner"` below `[people]`; roles are ' + ", ".join(_ROLES)
    if not isinstance(table, Mapping):
        return {}, [
            SettingProblem("project.bad_value", (PEOPLE,), f"`{PEOPLE}` must be a table, found {shown(table)}", hint)
        ]
    people: dict[str, PersonRole] = {}
    problems: list[SettingProblem] = []
    for name, said in table.items():
        role = said.get("role") if isinstance(said, Mapping) else said
        unknown = next((key for key in said if key not in _KEYS), None) if isinstance(said, Mapping) else None
        message = near = None
        if not name.strip() or name != name.strip() or not name.isprintable():
            message = f"`{name}` can't be a person's name: it is shown in commits"
        elif unknown is not None:
            message, near = f"`{unknown}` is nothing that is said of a person", did_you_mean(unknown, _KEYS)
        elif isinstance(said, Mapping) and not _is_mail(said):
            message = f"the mail of `{name}` is an address such as `ana@example.com`, found {shown(said['mail'])}"
        elif not isinstance(role, str) or role not in _ROLES:
            message = f"the role of `{name}` is one of {', '.join(_ROLES)}, found {shown(role)}"
            near = did_you_mean(role, _ROLES) if isinstance(role, str) else None
        if message is not None:
            problems.append(SettingProblem("project.bad_value", (PEOPLE, name), message, near or hint))
        else:
            people[name] = PersonRole(str(role))
    return people, problems


def is_address(text: str) -> bool:
    """Whether a text is an address of e-mail, and nothing that a mail's head could be misled by."""
    return _ADDRESS.match(text) is not None


def mails_of(table: Any) -> dict[str, str]:
    """Where people are reached, `{name: address}`, as far as the parsed table says; what is wrong in it is left out."""
    said = (
        {name: each.get("mail") for name, each in table.items() if isinstance(each, Mapping)}
        if isinstance(table, Mapping)
        else {}
    )
    return {name: mail for name, mail in said.items() if isinstance(mail, str) and is_address(mail)}


def _is_mail(said: Mapping[str, Any]) -> bool:
    mail = said.get("mail")
    return "mail" not in said or (isinstance(mail, str) and is_address(mail))
