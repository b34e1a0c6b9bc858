"""A document of the Open Data Contract Standard, 3.0 to 3.2, read into what it says of each dataset, and what of it is not carried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.record import Record, replace
from andon.contracts.known import KnownDatasets
from andon.contracts.odcs.columns import SchemaColumns
from andon.contracts.odcs.kept import read_quality
from andon.contracts.odcs.levels import Levels
from andon.contracts.odcs.options import read_relation
from andon.contracts.odcs.words import CAVEATS, DATASET, KIND, MATERIALIZE, READ, REFRESH, STANDING, TYPES
from andon.contracts.taking import Notes, Taker
from andon.contracts.values import GatheredLines, plain
from andon.errors import ProjectError
from andon.model.contract import ForeignContract, ForeignDataset
from andon.project.files.nodes import PlacedValue

#: Keys of a document that say nothing of a dataset, and why.
_DOCUMENT = {
    "servers": "where data lies is not what a contract of a dataset says here: `[connections]` and sources do",
    "price": "Andon has no word for it",
    "roles": "who may what stands in `[people]` of andon.toml",
    "support": "whom to ask is the owner; how they are reached stands in `[people]` and `[notify]` of andon.toml",
    "status": "what is published is active",
    "version": "versions of a contract are those of its file",
    "contractCreatedTs": "the history of the file tells it",
}
_SCHEMA = {
    "businessName": "a dataset has one name",
    "physicalType": "`materialize` says how a dataset is kept",
    "logicalType": "every dataset is a table",
    "dataGranularityDescription": "a description says it; Andon has no other word for it",
}
_OWNERS = ("owner", "data owner", "dataowner", "product owner", "data product owner")


class _Document(Record):
    """What a document says of all its datasets."""

    description: str | None
    caveats: tuple[str, ...]
    owner: str | None
    tags: tuple[str, ...]
    own: Mapping[str, Any]
    version: str


def read_odcs(root: PlacedValue, file: str, known: KnownDatasets) -> ForeignContract:
    """What the document `root` of `file` says.

    Raises:
        ProjectError: all that makes it no document of the standard, each with its place.
    """
    is_early = "apiVersion" not in root.value or root.value["apiVersion"].value != "v3.2.0"
    notes = Notes(file, None if is_early else r"\$\{\w+\}")  # variables came with 3.2
    document = Taker(root, notes, "")
    version = _version(document)
    schemas = list(document.maps("schema"))
    own = _own(document)
    is_ours = DATASET in own
    description, caveats = _described(document)
    said = _Document(description, caveats, _owner(document), document.texts("tags"), own, version)
    found: dict[str, GatheredLines] = {}
    made: list[tuple[str, ForeignDataset]] = []
    columns: dict[str, dict[str, str]] = {}
    for schema in schemas:
        name = schema.text("name")
        if name is None:
            notes.wrong(schema.node, f"`{schema.path}` has no name", "every schema of a contract has a `name`")
        elif name in found:
            notes.wrong(
                schema.node, f"`{schema.path}` is named `{name}`, as another one is", "names of schemas are unique"
            )
        else:
            gathered = _named(schema, name, known, own, notes, is_only=len(schemas) == 1)
            found[name] = gathered
            made.append((name, _dataset(schema, name, gathered, said, columns, is_only=len(schemas) == 1)))
    levels = Levels(found, columns, document.text("slaDefaultElement"))
    for level in document.maps("slaProperties"):
        levels.read(level)
    document.ignore(["id", "name", "domain", "dataProduct", "tenant"] if is_ours else ["id"])
    if is_ours:
        document.ignore(["version", "status", "support"])
    document.end(_DOCUMENT)
    if notes.problems:
        raise ProjectError.of(notes.problems)
    datasets = [_whole(one, found[name], levels.refresh[name], own) for name, one in made]
    return ForeignContract(f"odcs {version.removeprefix('v')}", tuple(datasets), tuple(notes.left))


def _version(document: Taker) -> str:
    notes, root = document.notes, document.node
    kind, version = document.text("kind"), document.text("apiVersion")
    if kind is not None and kind != "DataContract":
        notes.wrong(root.value["kind"], f"`kind` must be DataContract, found `{kind}`")
    if version is None:
        notes.wrong(root, "`apiVersion` is missing", f"it says which version of the standard it is: {READ[-1]}")
    elif version not in READ:
        hint = f"versions that are read: {', '.join(READ)}"
        notes.wrong(root.value["apiVersion"], f"`apiVersion` is {version}, which is not read here", hint)
    for key in ("id", "version", "status"):
        if not document.has(key):
            notes.wrong(root, f"`{key}` is missing", "every contract has an id, a version and a status")
    return version or READ[-1]


def _described(document: Taker) -> tuple[str | None, tuple[str, ...]]:
    said = document.map("description")
    if said is None:
        return None, ()
    purpose, usage = said.text("purpose"), said.text("usage")
    limits = said.text("limitations")
    said.end()
    found = "\n\n".join(part for part in (purpose, usage) if part) or None
    return found, tuple(part.strip() for part in (limits or "").split("\n") if part.strip())


def _owner(document: Taker) -> str | None:
    """Who owns what the contract is about: the member whose role says so, the only one that is there, or the team."""
    node = document.node.value.get("team")
    if node is None:
        return None
    team = document.map("team") if node.kind == "map" else None
    name = team.text("name") if team is not None else None
    people = list((team or document).maps("members" if team is not None else "team"))
    members = [(each, each.text("username") or each.text("name"), each.text("role")) for each in people]
    present = [each for each in members if not each[0].has("dateOut")] or members
    owners = [each for each in present if (each[2] or "").lower() in _OWNERS]
    chosen = (owners or (present if len(present) == 1 or name is None else []))[:1]
    for each, username, role in members:
        if (each, username, role) not in chosen:
            told = f"{each.path}: {username or '?'}" + (f", {role}" if role else "")
            document.notes.leave(each.place, told, "a dataset has one owner")
            each.ignore(["name", "description", "role", "dateIn", "dateOut", "replacedByUsername", "id"])
        each.ignore(["id", "name"])
        each.end(why="an owner has a name, and no more")
    if team is not None:
        team.ignore(["id"])
        team.end(why="an owner has a name, and no more")
    return chosen[0][1] if chosen else name


def _own(document: Taker) -> dict[str, Any]:
    """Properties of ours; those of others are left out, each told."""
    found: dict[str, Any] = {}
    for each in document.maps("customProperties"):
        name, value = each.text("property"), each.take("value")
        if name in (CAVEATS, *STANDING, REFRESH, TYPES, DATASET, KIND, MATERIALIZE):
            found[name] = None if value is None else plain(value)
        else:
            document.notes.leave(each.place, f"{each.path}: {name}", "a property of somebody's own has no word here")
        each.ignore(["id", "description", "vendor"])
        each.end()
    return found


# -- one schema


def _named(
    schema: Taker, name: str, known: KnownDatasets, own: Mapping[str, Any], notes: Notes, *, is_only: bool
) -> GatheredLines:
    """What is gathered of a schema, once the dataset that it is of is found."""
    physical = schema.text("physicalName")
    whole = own.get(DATASET) if is_only and isinstance(own.get(DATASET), str) else None
    return GatheredLines(notes, known, known.find(whole, physical, name))


def _dataset(
    schema: Taker,
    name: str,
    found: GatheredLines,
    said: _Document,
    columns: dict[str, dict[str, str]],
    *,
    is_only: bool,
) -> ForeignDataset:
    description = schema.text("description") or (said.description if is_only else None)
    if said.description and description != said.description:
        schema.notes.leave(schema.place, f"description.purpose of `{name}`", "the schema's own description is taken")
    reading = SchemaColumns(schema, found, said.version, said.own)
    for each in schema.maps("properties"):
        reading.read(each)
    read_quality([*reading.rules, *((each, None) for each in schema.maps("quality"))], found, reading.kinds)
    reading.imply()
    for relation in schema.maps("relationships"):
        read_relation(relation, found, None, reading.by_name)
    tags = tuple(dict.fromkeys((*said.tags, *schema.texts("tags"))))
    columns[name] = {column.lower(): column for column in reading.by_name.values()}
    if DATASET in said.own:
        schema.ignore(["physicalType", "logicalType"])
    elif schema.has("logicalType") and schema.node.value["logicalType"].value == "object":
        schema.ignore(["logicalType"])
    schema.ignore(["id"])
    schema.end(_SCHEMA)
    return ForeignDataset(
        name,
        *schema.place,
        dataset=found.dataset,
        description=description,
        owner=said.owner,
        tags=tags,
        caveats=said.caveats,
        key=reading.key(),
        columns=tuple(reading.columns),
    )


def _whole(
    one: ForeignDataset, found: GatheredLines, refresh: list[tuple[str, str]], own: Mapping[str, Any]
) -> ForeignDataset:
    """What is said of a dataset with its lines, its refresh, and what is ours."""
    kept, caveats = own.get(REFRESH), own.get(CAVEATS)
    rules = tuple(dict(reversed(refresh)).items())
    if isinstance(kept, dict) and all(isinstance(text, str) for text in kept.values()):
        rules = tuple((str(key), text) for key, text in kept.items())
    if isinstance(caveats, list) and "\n".join(map(str, caveats)).split() == "\n".join(one.caveats).split():
        one = replace(one, caveats=tuple(map(str, caveats)))
    standing = tuple((name, own[name]) for name in STANDING if own.get(name))
    return replace(one, lines=tuple(found.lines), refresh=rules, standing=standing)
