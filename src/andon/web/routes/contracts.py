"""Contracts of other tools: written of what is published, read into the files of the server's folder."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.person import PersonRole
from andon.service.contracts import ContractDocument, ContractImport
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class ContractsAsked(AtCommit, kw_only=True):
    """Whose contracts, at which commit.

    Attributes:
        select: terms of a selection; empty means all.
    """

    select: list[str] = field(default_factory=list)


class ForeignFile(Document, kw_only=True):
    """A file of another tool.

    Attributes:
        file: how it is called, for places.
        text: all of it.
        name: what its datasets are called here: a schema, or one whole name.
        apply: whether the files of the server's folder are changed; without it that is only shown.
    """

    file: str
    text: str
    name: str | None = None
    apply: bool = False


def _export(call: RouteCall) -> Any:
    return call.service.contracts.export(tuple(call.query.select), call.query.at)


def _import(call: RouteCall) -> Any:
    asked: ForeignFile = call.body
    return call.service.contracts.bring(asked.text, asked.file, asked.name, apply=asked.apply)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/contracts",
        "contract export",
        PersonRole.READER,
        "Published datasets as documents of the Open Data Contract Standard.",
        _export,
        (list[ContractDocument],),
        ContractsAsked,
    ),
    Endpoint(
        "POST",
        "/contracts/imports",
        "contract import",
        PersonRole.EDITOR,
        "What a contract, or a property file of dbt, adds to the files of the server's folder: shown, or written.",
        _import,
        (ContractImport,),
        body=ForeignFile,
    ),
)
