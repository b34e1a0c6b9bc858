"""What a project path is: its role, and for the file of a dataset the name it gives."""

from __future__ import annotations

import re
from enum import StrEnum

from andon.base.names import RESERVED_SCHEMAS, is_name_part
from andon.base.record import Record
from andon.model.dataset import LOCK_ENDING, SPARK_ENDING
from andon.model.quarantine import SUFFIX, is_aside


class Role(StrEnum):
    """What a code file is for."""

    CONFIG = "config"
    SOURCE_SQL = "source sql"
    SOURCE_REST = "source rest"
    SOURCE_PYTHON = "source python"
    DATASET_SQL = "dataset sql"
    DATASET_PYTHON = "dataset python"
    LOCK = "lock"
    SPARK_SQL = "spark sql"
    MACRO = "macro"
    MODULE = "module"
    CHECK = "check"
    QUERY = "query"
    TEST = "test"
    TEST_DATA = "test data"
    INSIGHT = "insight"
    PLAYBOOKS = "playbooks"
    GLOSSARY = "glossary"
    YAML = "yaml"
    TEXT = "text"
    MISPLACED = "misplaced"


#: Roles that are the file of a dataset.
DATASET_ROLES = frozenset(
    {Role.SOURCE_SQL, Role.SOURCE_REST, Role.SOURCE_PYTHON, Role.DATASET_SQL, Role.DATASET_PYTHON}
)


class PathRole(Record):
    """A path's role; for a dataset's file or lock its `name` as the path spells it, and what is wrong with the path."""

    role: Role
    name: str | None = None
    code: str | None = None
    message: str = ""
    hint: str | None = None


#: How the answer of an insight is called that is kept beside it.
ANSWER_ENDING = ".answer.jsonl"

_ENDINGS = {"sources": "SQL (`.sql`), YAML (`.yml`) or Python (`.py`)", "datasets": "SQL (`.sql`) or Python (`.py`)"}


def spot(path: str) -> PathRole:
    """What the file at the project-relative `path` is."""
    if path == "andon.toml":
        return PathRole(Role.CONFIG)
    if path == "playbooks.yml":
        return PathRole(Role.PLAYBOOKS)
    if path == "glossary.yml":
        return PathRole(Role.GLOSSARY)
    folder, _, rest = path.partition("/")
    lower = rest.lower()
    if lower.endswith(".md"):
        return PathRole(Role.INSIGHT if folder == "insights" and lower != "readme.md" else Role.TEXT)
    match folder:
        case "sources" | "datasets":
            return _dataset(folder, rest)
        case "macros":
            return PathRole(Role.MACRO)
        case "modules":
            return PathRole(Role.MODULE)
        case "checks":
            return PathRole(Role.CHECK)
        case "queries":
            return PathRole(Role.QUERY)
        case "tests":
            return PathRole(Role.TEST_DATA if lower.endswith(".csv") else Role.TEST)
        case "insights":
            return PathRole(Role.TEXT if lower.endswith(ANSWER_ENDING) else Role.INSIGHT)
    return PathRole(Role.YAML if lower.endswith((".yml", ".yaml")) else Role.TEXT)


def _dataset(folder: str, rest: str) -> PathRole:
    parts = rest.split("/")
    last = parts[-1]
    beside = next((ending for ending in (LOCK_ENDING, SPARK_ENDING) if last.lower().endswith(ending)), None)
    if beside is not None:
        stem, ending = last[: -len(beside)], beside
    else:
        stem, _, ending = last.rpartition(".")
        ending = "." + ending
    role = _role(folder, ending.lower())
    name = ".".join([*parts[:-1], stem])
    if role in (Role.LOCK, Role.SPARK_SQL):
        return PathRole(role, name)
    if role is Role.MISPLACED:
        message = f"`{ending}` files make no dataset"
        return PathRole(role, None, "project.bad_name", message, f"a file in `{folder}/` is {_ENDINGS[folder]}")
    if len(parts) != 2:
        return PathRole(role, name, "project.bad_name", *_levels(folder, parts, stem, ending))
    schema = parts[0]
    for part, what in ((schema, "schema"), (stem, "name")):
        if not is_name_part(part):
            message = f"`{part}` is not a valid {what} of a dataset"
            hint = f"use lower-case letters, digits and `_`: `{plain_name(part)}`"
            return PathRole(role, name, "project.bad_name", message, hint)
    if ending != ending.lower():
        return PathRole(
            role, name, "project.bad_name", f"the ending is `{ending}`", f"write it in lower case: `{ending.lower()}`"
        )
    if schema in RESERVED_SCHEMAS:
        message = f"the schema `{schema}` is reserved"
        return PathRole(
            role, name, "project.reserved_name", message, f"put the file into another folder of `{folder}/`"
        )
    if is_aside(stem):
        message = f"names that end in `{SUFFIX}` are reserved"
        return PathRole(
            role, name, "project.reserved_name", message, f"rename it: `{stem.removesuffix(SUFFIX) or 'rejected'}`"
        )
    return PathRole(role, name)


def _role(folder: str, ending: str) -> Role:
    if ending == LOCK_ENDING:
        return Role.LOCK
    if ending == SPARK_ENDING and folder == "datasets":
        return Role.SPARK_SQL
    if folder == "sources":
        sources = {
            ".sql": Role.SOURCE_SQL,
            ".yml": Role.SOURCE_REST,
            ".yaml": Role.SOURCE_REST,
            ".py": Role.SOURCE_PYTHON,
        }
        return sources.get(ending, Role.MISPLACED)
    match ending:
        case ".sql":
            return Role.DATASET_SQL
        case ".py":
            return Role.DATASET_PYTHON
    return Role.MISPLACED


def _levels(folder: str, parts: list[str], stem: str, ending: str) -> tuple[str, str]:
    if len(parts) == 1:
        return (
            f"the file lies in `{folder}/` itself, so its dataset has no schema",
            f"move it into a folder that names the schema: `{folder}/<schema>/{plain_name(stem)}{ending}`",
        )
    flat = f"{folder}/{plain_name(parts[0])}/{plain_name('_'.join([*parts[1:-1], stem]))}{ending}"
    return "datasets have exactly two levels, schema and name", f"move it: `{flat}`"


def plain_name(part: str) -> str:
    """The valid name most like `part`."""
    words = re.sub(r"[^a-z0-9_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part).lower()).strip("_")
    if not words:
        return "name"
    return words if not words[0].isdigit() else f"_{words}"
