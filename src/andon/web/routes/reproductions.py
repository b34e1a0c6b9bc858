"""Past versions built again."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.person import PersonRole
from andon.model.reproduction import ReproductionDocument
from andon.model.reproduction_sample import ReproductionSample
from andon.service.proofs import LISTED, ProofsDocument
from andon.service.reproduction_samples import SampleOptions
from andon.web.asking import AtCommit, Count, Drawn, Limit
from andon.web.endpoint import Endpoint, RouteCall


class ReproduceAsked(AtCommit, kw_only=True):
    """Which version is built again.

    Attributes:
        dataset: `schema.name`, or `schema.name@REF`.
        deep: build again what it is made of, too.
    """

    dataset: str
    deep: bool = False


def _reproduce(call: RouteCall) -> Any:
    asked: ReproduceAsked = call.body
    return call.service.reproducing.reproduce(asked.dataset, asked.at, deep=asked.deep)


class SampleAsked(AtCommit, kw_only=True):
    """Which past versions are built again; `at` is whose history it is.

    Attributes:
        datasets: names or patterns, `marts.*`; all without any.
        sample: how many are drawn; all without it.
        since: the versions that came after a commit, or since a moment, `2026-11-01`, or a time ago, `30d`.
        seed: of the draw; one is chosen and told without it.
        deep: build again what each is made of, too.
    """

    datasets: list[str] = field(default_factory=list)
    sample: Drawn | None = None
    since: str | None = None
    seed: Count | None = None
    deep: bool = False


def _sample(call: RouteCall) -> Any:
    asked: SampleAsked = call.body
    options = SampleOptions(asked.sample, asked.since, asked.at, asked.seed, asked.deep)
    return call.service.reproduction_samples.sample(asked.datasets, options, call.listener)


class ProofsAsked(Document, kw_only=True):
    """Which proofs are told.

    Attributes:
        datasets: names or patterns, `marts.*`; all without any.
        limit: so many are listed.
    """

    datasets: list[str] = field(default_factory=list)
    limit: Limit = LISTED


def _proofs(call: RouteCall) -> Any:
    return call.service.proofs.show(call.query.datasets, call.query.limit)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/reproductions",
        "reproduce --list",
        PersonRole.READER,
        "Past versions that were built again, the newest first, how many are repeated, and when the lake was read whole.",
        _proofs,
        (ProofsDocument,),
        ProofsAsked,
    ),
    Endpoint(
        "POST",
        "/reproductions",
        "reproduce",
        PersonRole.EDITOR,
        "Build a past version again, apart from the lake, and say whether the same comes out.",
        _reproduce,
        (ReproductionDocument,),
        body=ReproduceAsked,
    ),
    Endpoint(
        "POST",
        "/reproductions/samples",
        "reproduce",
        PersonRole.EDITOR,
        "Build a sample of past versions again, or all of them, and count how many came out the same.",
        _sample,
        (ReproductionSample,),
        body=SampleAsked,
        reports=True,
    ),
)
