"""Datasets: what there is, what it looks like, where it comes from and whom it reaches."""

from __future__ import annotations

from typing import Any

from andon.base.record import field, replace
from andon.errors import UsageError
from andon.model.check_result import CheckDocument
from andon.model.person import PersonRole
from andon.service.dataset_page import PageDocument
from andon.service.datasets import DatasetInfo
from andon.service.lineage import ImpactDocument, TrailDocument
from andon.service.lineage_map import MapDocument
from andon.service.profiles import ToldProfile, ToldProfileDiffDocument
from andon.service.readers import ReadersDocument
from andon.service.schema_changes import SchemaChangeDocument
from andon.service.status import StatusDocument
from andon.web.asking import AtCommit, Limit, OnBranch, PageOf
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.paging import page


class DatasetsAsked(PageOf, kw_only=True):
    """Which datasets, at which commit.

    Attributes:
        select: terms of a selection; empty means all.
        at: a branch, tag, commit, `main~1`, `main@2026-11-01`, `run:41`; without it the newest of the branch.
    """

    select: list[str] = field(default_factory=list)
    at: str | None = None


class SchemaLogAsked(AtCommit, kw_only=True):
    """Which changes of columns.

    Attributes:
        limit: changes at most.
    """

    limit: Limit = 20


class ProfileAsked(AtCommit, kw_only=True):
    """At which commit, and against which.

    Attributes:
        against: a ref; tells what moved since.
        column: one column alone.
    """

    against: str | None = None
    column: str | None = None


class LineageAsked(AtCommit, kw_only=True):
    """Which ways, how far, at which commit.

    Attributes:
        up: where it comes from.
        down: where it goes.
        depth: steps at most; all without it.
    """

    up: bool = True
    down: bool = True
    depth: Limit | None = None


class MapAsked(AtCommit, kw_only=True):
    """Which part of the lineage is drawn, at which commit.

    Attributes:
        around: a dataset; without it everything.
        column: one of its columns, whose way is shown.
        depth: steps at most from the dataset.
    """

    around: str | None = None
    column: str | None = None
    depth: Limit = 2


def _list(call: RouteCall) -> Any:
    asked: DatasetsAsked = call.query
    found = call.service.datasets.list(asked.at, tuple(asked.select))
    return page(found, asked, lambda each: each.dataset)


def _show(call: RouteCall) -> Any:
    return call.service.datasets.show(call.path["dataset"], call.query.at)


def _readers(call: RouteCall) -> Any:
    return call.service.readers.of(call.path["dataset"], call.query.at)


def _profile(call: RouteCall) -> Any:
    asked: ProfileAsked = call.query
    name = call.path["dataset"]
    if asked.against is not None:
        return call.service.profiles.told_compare(name, asked.at, asked.against)
    found = call.service.profiles.told(name, asked.at)
    if asked.column is None:
        return found
    column = found.column(asked.column)
    if column is None:
        known = ", ".join(c.name for c in found.columns)
        message = f"`{name}` has no column `{asked.column}`"
        raise UsageError("lake.column_not_found", message, where=name, hint=f"its columns: {known}")
    return replace(found, columns=(column,))


def _history(call: RouteCall) -> Any:
    found = call.service.checks.history(call.path["dataset"])
    return [replace(result.document(), run=result.run) for result in found]


def _schema_log(call: RouteCall) -> Any:
    return call.service.history.schema_log(call.path["dataset"], call.query.at, call.query.limit)


def _lineage(call: RouteCall) -> Any:
    asked: LineageAsked = call.query
    return call.service.lineages.lineage(call.path["target"], asked.at, up=asked.up, down=asked.down, depth=asked.depth)


def _map(call: RouteCall) -> Any:
    asked: MapAsked = call.query
    if asked.around is None:
        if asked.column is not None:
            message = "the way of a column is shown around its dataset"
            raise UsageError("usage.bad_argument", message, where="column", hint="add `around=DATASET`")
        return call.service.maps.whole(asked.at)
    return call.service.maps.around(asked.around, asked.at, column=asked.column, depth=asked.depth)


def _impact(call: RouteCall) -> Any:
    return call.service.lineages.impact(call.path["target"], call.query.at)


def _status(call: RouteCall) -> Any:
    return call.service.standing.status(call.query.branch)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/datasets",
        "ls",
        PersonRole.READER,
        "All datasets of a commit, or those that a selection names.",
        _list,
        (list[DatasetInfo],),
        DatasetsAsked,
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}",
        "show",
        PersonRole.READER,
        "One dataset: what it is, how it is made, for whom.",
        _show,
        (PageDocument,),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}/readers",
        "show --readers",
        PersonRole.READER,
        "Who uses it: people within 30 days, saved queries and datasets that read it, insights that rest on it.",
        _readers,
        (ReadersDocument,),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}/profile",
        "profile",
        PersonRole.READER,
        "What the values of a dataset look like, and with `against` what moved.",
        _profile,
        (ToldProfile, ToldProfileDiffDocument),
        ProfileAsked,
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}/checks",
        "check --history",
        PersonRole.READER,
        "What its checks said in the runs so far.",
        _history,
        (list[CheckDocument],),
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}/schema-changes",
        "log --schema",
        PersonRole.READER,
        "Every change of its columns and types.",
        _schema_log,
        (list[SchemaChangeDocument],),
        SchemaLogAsked,
    ),
    Endpoint(
        "GET",
        "/lineage/{target:path}",
        "lineage",
        PersonRole.READER,
        "Where a dataset or column comes from, and where it goes.",
        _lineage,
        (TrailDocument,),
        LineageAsked,
    ),
    Endpoint(
        "GET",
        "/map",
        "",
        PersonRole.READER,
        "The lineage as it is drawn: one node for each dataset, source and insight.",
        _map,
        (MapDocument,),
        MapAsked,
    ),
    Endpoint(
        "GET",
        "/impact/{target:path}",
        "impact",
        PersonRole.READER,
        "What a change of a dataset or column would reach.",
        _impact,
        (ImpactDocument,),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/status",
        "status",
        PersonRole.READER,
        "Where the server's folder stands against its branch.",
        _status,
        (StatusDocument,),
        OnBranch,
    ),
)
