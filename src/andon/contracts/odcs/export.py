"""A published dataset as a document of the Open Data Contract Standard. Pure: the same dataset gives the same document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record
from andon.checks.language.parse import parse_check
from andon.contracts.odcs.quality import Rule, rules_of
from andon.contracts.odcs.words import (
    CAVEATS,
    DATASET,
    KIND,
    MATERIALIZE,
    REFRESH,
    TYPES,
    WRITTEN,
    WRITTEN_PERSONAL,
)
from andon.contracts.standing import standing_of
from andon.contracts.types import logical_type, nested
from andon.errors import Problem
from andon.model.check import Check, Key, MaxAge, NotNull, Reference, Unique
from andon.model.dataset import CheckLine, Dataset

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(min|h|d|w|mo)\Z")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_VERSION_LETTERS = 12


class Published(Record):
    """A dataset as a commit has it.

    Attributes:
        types: names and types of its columns.
        keys: of all datasets there, for references.
        mail: how its owner is reached.
    """

    dataset: Dataset
    types: tuple[tuple[str, str], ...]
    keys: Mapping[str, tuple[str, ...]]
    mail: str | None = None
    patterns: tuple[str, ...] = ()


def file_name(dataset: str) -> str:
    """How the file of a dataset's contract is called; references between contracts go by it."""
    return f"{dataset}.odcs.yaml"


def contract_of(published: Published) -> dict[str, Any]:
    """The document, as plain values."""
    dataset = published.dataset
    checks = _checks(published)
    contract: dict[str, Any] = {
        "apiVersion": WRITTEN,
        "kind": "DataContract",
        "id": dataset.name,
        "name": dataset.name,
        "version": "",
        "status": "active" if dataset.deprecated is None else "deprecated",
        "domain": dataset.name.partition(".")[0],
        **_described(dataset),
        **({"tags": list(dataset.tags)} if dataset.tags else {}),
        **_team(dataset, published.mail),
        "schema": [_schema(published, checks)],
        **_service_levels(published, checks),
        "customProperties": _own(published),
    }
    contract["version"] = content_id(contract)[:_VERSION_LETTERS]
    return {key: value for key, value in contract.items() if value}


def _checks(published: Published) -> list[tuple[CheckLine, Check | None]]:
    """Each line with the check that it states; None where it can't be read."""
    dataset = published.dataset
    found: list[tuple[CheckLine, Check | None]] = []
    for line in dataset.checks:
        check = parse_check(
            line.text,
            dataset=dataset.name,
            columns=published.types,
            key=dataset.definition.key,
            for_column=line.for_column,
            patterns=published.patterns,
        )
        found.append((line, None if isinstance(check, Problem) else check))
    return found


def line_of(line: CheckLine, check: Check | None) -> str:
    """A line as it stands in a dataset's `checks`, whatever it leaves out where it is."""
    if check is None or line.for_column is None:
        return line.text
    return f"{check.name}: {check.text}" if check.name else check.text


# -- parts


def _described(dataset: Dataset) -> dict[str, Any]:
    found = {}
    if dataset.description:
        found["purpose"] = dataset.description
    if dataset.caveats:
        found["limitations"] = "\n".join(caveat.text for caveat in dataset.caveats)
    return {"description": found} if found else {}


def _team(dataset: Dataset, mail: str | None) -> dict[str, Any]:
    if dataset.owner is None:
        return {}
    team = {"name": dataset.owner, "members": [{"username": dataset.owner, "role": "owner"}]}
    support = {"support": [{"channel": dataset.owner, "tool": "email", "url": f"mailto:{mail}"}]} if mail else {}
    return {"team": team, **support}


def _schema(published: Published, checks: Sequence[tuple[CheckLine, Check | None]]) -> dict[str, Any]:
    dataset = published.dataset
    name = dataset.name.partition(".")[2]
    rules: dict[str | None, list[Rule]] = {}
    known = {column.lower(): column for column, _ in published.types}
    for line, check in checks:
        text = line_of(line, check)
        if check is None:
            rules.setdefault(None, []).append({"type": "custom", "engine": "andon", "implementation": text})
            continue
        for one in rules_of(check, text):
            column = known.get(one.column.lower()) if one.column is not None else None
            rules.setdefault(column, []).append(one.rule)
    found: dict[str, Any] = {
        "id": name,
        "name": name,
        "physicalName": dataset.name,
        "logicalType": "object",
        "physicalType": "view" if str(dataset.definition.materialize) == "view" else "table",
    }
    if dataset.description:
        found["description"] = dataset.description
    if dataset.tags:
        found["tags"] = list(dataset.tags)
    found["properties"] = [_property(published, column, kind, checks, rules) for column, kind in published.types]
    relations = [_relation(check, published) for _, check in checks if _is_wide_reference(check)]
    if any(relations):
        found["relationships"] = [each for each in relations if each]
    if rules.get(None):
        found["quality"] = rules[None]
    return found


def _property(
    published: Published,
    column: str,
    kind: str,
    checks: Sequence[tuple[CheckLine, Check | None]],
    rules: Mapping[str | None, list[Rule]],
) -> dict[str, Any]:
    dataset = published.dataset
    key = [name.lower() for name in dataset.definition.key]
    plain = [check for _, check in checks if check is not None and _is_plain(check)]
    forms = [check.form for check in plain]
    small = column.lower()
    found: dict[str, Any] = {"id": column} if _ID.match(column) else {}
    found |= {"name": column, "logicalType": logical_type(kind), "physicalType": kind, **nested(kind)}
    spec = next((each for each in dataset.columns if each.name.lower() == small), None)
    if spec is not None and spec.description:
        found["description"] = spec.description
    if small in key:
        found |= {"primaryKey": True, "primaryKeyPosition": key.index(small) + 1}
    if small in key or any(isinstance(f, NotNull | Key) and small in _small(f.columns) for f in forms):
        found["required"] = True
    if key == [small] or any(isinstance(f, Unique | Key) and _small(f.columns) == [small] for f in forms):
        found["unique"] = True
    if spec is not None and spec.pii:
        found["classification"] = WRITTEN_PERSONAL
    relations = [
        _relation(c, published) for _, c in checks if _is_reference(c, 1) and c and c.columns[0].lower() == small
    ]
    if any(relations):
        found["relationships"] = [each for each in relations if each]
    if rules.get(column):
        found["quality"] = rules[column]
    return found


def _small(names: Sequence[str]) -> list[str]:
    return [name.lower() for name in names]


def _is_plain(check: Check) -> bool:
    """Whether a check is about all rows, and none of them may be bad."""
    return check.where is None and check.allow is None and check.quarantine is None and str(check.severity) == "hold"


# -- references


def _is_reference(check: Check | None, width: int) -> bool:
    return (
        check is not None
        and isinstance(check.form, Reference)
        and _is_plain(check)
        and len(check.form.columns) == width
    )


def _is_wide_reference(check: Check | None) -> bool:
    return check is not None and isinstance(check.form, Reference) and _is_plain(check) and len(check.form.columns) > 1


def _relation(check: Check | None, published: Published) -> dict[str, Any] | None:
    """A reference as the standard writes it, by the file of the other dataset's contract; None where a name can't stand there."""
    assert check is not None
    assert isinstance(check.form, Reference)
    form = check.form
    targets = form.targets or published.keys.get(form.dataset) or form.columns
    names = [*form.columns, *targets, *form.dataset.split(".")]
    if len(targets) != len(form.columns) or not all(_ID.match(name) for name in names):
        return None
    own = published.dataset.name
    to = [_path(form.dataset, target) for target in targets]
    if len(to) == 1:
        return {"type": "foreignKey", "to": to[0]}
    return {"type": "foreignKey", "from": [_path(own, name) for name in form.columns], "to": to}


def _path(dataset: str, column: str) -> str:
    return f"{file_name(dataset)}#/schema/{dataset.partition('.')[2]}/properties/{column}"


# -- service levels, and what is ours


def _service_levels(published: Published, checks: Sequence[tuple[CheckLine, Check | None]]) -> dict[str, Any]:
    name = published.dataset.name.partition(".")[2]
    found: list[dict[str, Any]] = []
    for _, check in checks:
        if check is not None and isinstance(check.form, MaxAge) and _is_plain(check) and len(check.columns) == 1:
            form = check.form
            age = int(form.amount) if form.amount == form.amount.to_integral_value() else float(form.amount)
            element = f"{name}.{check.columns[0]}"
            found.append({"property": "latency", "value": age, "unit": form.unit, "element": element})
    said = dict(published.dataset.refresh)
    for key, word in (("max_age", "latency"), ("every", "frequency")):
        amount = _DURATION.match(said.get(key, ""))
        if amount is not None:
            number = float(amount[1]) if "." in amount[1] else int(amount[1])
            found.append({"property": word, "value": number, "unit": amount[2], "element": name})
    if "cron" in said:
        level = {"property": "frequency", "value": said["cron"], "unit": "cron", "element": name}
        found.append({**level, "schedule": said["cron"], "scheduler": "cron"})
    return {"slaProperties": found} if found else {}


def _own(published: Published) -> list[dict[str, Any]]:
    dataset = published.dataset
    types = {spec.name: spec.type for spec in dataset.columns if spec.type}
    own: dict[str, Any] = {
        DATASET: dataset.name,
        KIND: str(dataset.definition.kind),
        MATERIALIZE: str(dataset.definition.materialize),
        TYPES: types,
    }
    if dataset.caveats:
        own[CAVEATS] = [caveat.text for caveat in dataset.caveats]
    own |= standing_of(dataset)
    if dataset.refresh:
        own[REFRESH] = dict(dataset.refresh)
    return [{"property": name, "value": value} for name, value in own.items()]
