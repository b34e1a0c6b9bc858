"""What of a dataset's file shapes its rows, beside what it uses: of that the id of a definition is made. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.document import to_json
from andon.model.dataset import Materialize
from andon.model.load import SchemaPolicy
from andon.project.files.facts import DatasetFacts


def shaping_of(facts: DatasetFacts) -> list[Any]:
    """Plain values that differ where the rows may. A setting is among them only where it is said, so that the ids of all others stay."""
    keys = facts.keys
    shaping: list[Any] = [
        str(facts.kind),
        facts.normal,
        str(Materialize(keys.materialize)),
        list(keys.key),
        list(keys.allow),
    ]
    if keys.recorded or keys.schema is not SchemaPolicy.EXACT:
        shaping.append([keys.recorded, _as_before(keys.schema)])
    if keys.connection:
        shaping.append(["connection", keys.connection])
    if keys.history is not None:
        shaping.append(["history", to_json(keys.history)])
    if keys.sort:
        shaping.append(["sort", list(keys.sort)])
    if keys.partition:
        shaping.append(["partition", to_json(keys.partition)])
    if keys.incremental:
        shaping.append(["incremental", to_json(keys.incremental)])
    if keys.load is not None:
        shaping.append(keys.load.shaping())
    return shaping


def _as_before(policy: SchemaPolicy) -> str:
    """A policy by the word that ids were made of before it had a name of its own."""
    return "stop" if policy is SchemaPolicy.EXACT else str(policy)
