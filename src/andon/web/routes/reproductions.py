"""Past versions built again."""

from __future__ import annotations

from typing import Any

from andon.model.person import PersonRole
from andon.model.reproduction import ReproductionDocument
from andon.web.asking import AtCommit
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


ENDPOINTS = (
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
)
