"""Whether a load goes on from the published one, and what of that one it must know. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.record import Record
from andon.model.build import EXTRACT, Build
from andon.model.dataset import Definition
from andon.model.load import Taking

_KEPT = "load"


class LoadState(Record):
    """What a next load goes on from; kept with the build, so that branches and undos each have their own.

    Attributes:
        greatest: the greatest cursor that was loaded, as the engine writes it in a text; None: there was none.
        compared: when all keys were last compared with those of the database, as an ISO text.
    """

    greatest: str | None
    compared: str | None

    def kept(self) -> dict[str, Any]:
        """As `Build.grown`."""
        return {_KEPT: {"greatest": self.greatest, "compared": self.compared}}

    @classmethod
    def of(cls, build: Build) -> LoadState | None:
        """What a build kept; None where it was no such load."""
        said = (build.grown or {}).get(_KEPT)
        return cls(said.get("greatest"), said.get("compared")) if isinstance(said, dict) else None


def goes_on(definition: Definition) -> bool:
    """Whether loads of a source go on from each other."""
    return definition.load is not None and definition.load.taking is Taking.CURSOR


def why_whole(definition: Definition, build: Build | None, contract: Any) -> str | None:
    """Why all rows are asked for; None where a load may go on from `build`, that of the branch.

    Args:
        contract: what this load is held to.
    """
    if build is None:
        return "it is the first load"
    if build.definition != definition.id:
        return "its query, key or cursor changed"
    if LoadState.of(build) is None:
        return "the load before kept no cursor"
    before, now = ((each or {}).get(EXTRACT, {}).get("columns") for each in (build.contract, contract))
    recorded = (each.get("recorded", 0) if each else 0 for each in (build.contract, contract))
    return None if before == now and len(set(recorded)) == 1 else "its columns changed"


def asks(definition: Definition, build: Build | None) -> str:
    """What a source asks for, as far as that is known before."""
    who = f"asks {definition.connection or definition.asks}"
    if not goes_on(definition):
        return who
    state = LoadState.of(build) if build is not None and build.definition == definition.id else None
    if state is None or state.greatest is None:
        return f"{who} for all rows"
    return f"{who} for what is new since {state.greatest}"


def asked_since(definition: Definition, build: Build | None, contract: Mapping[str, Any] | None) -> str:
    """The query that a load asks a database: that of the source, or where it goes on from `build` that of the rows since then."""
    sql = definition.sql or ""
    if not goes_on(definition) or build is None or why_whole(definition, build, contract) is not None:
        return sql
    from andon.sources.databases.contract import columns_of  # here: every plan would load it, and few have such sources
    from andon.sources.databases.cursors import begin, cursor_of, kind_of
    from andon.sources.databases.kinds import DATABASES

    state, policy = LoadState.of(build), definition.load
    column = cursor_of(definition, columns_of(contract))
    kind = kind_of(column)
    start = (
        begin(kind, state.greatest, policy) if state is not None and policy is not None and kind is not None else None
    )
    return sql if start is None else DATABASES[(contract or {})[EXTRACT]["kind"]].since(sql, column, start)
