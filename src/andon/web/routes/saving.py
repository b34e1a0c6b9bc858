"""Datasets by a word: a query is saved, changed, published."""

from __future__ import annotations

from typing import Any

from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.saved_texts import ToSave
from andon.service.saving import SavedDocument
from andon.web.asking import SaveAsked
from andon.web.endpoint import Endpoint, RouteCall


def _save(call: RouteCall) -> Any:
    asked: SaveAsked = call.body
    wanted = ToSave(
        asked.name,
        asked.sql,
        owner=asked.owner,
        description=asked.description,
        materialize=asked.materialize,
        refresh=asked.refresh,
        tags=None if asked.tags is None else tuple(asked.tags),
        key=None if asked.key is None else tuple(asked.key),
        parameters=None if asked.parameters is None else tuple(asked.parameters),
        checks=tuple(asked.checks),
        replaces=asked.replace,
        seen=asked.seen,
    )
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed)
    saving = call.service.saving
    if asked.look:
        return saving.look(wanted, options)
    if asked.agreed is None:
        return saving.propose(wanted, options, call.listener)
    request = call.service.workspace.caller.request
    return saving.save(
        wanted,
        RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed, request=request),
        call.listener,
    )


ENDPOINTS = (
    Endpoint(
        "POST",
        "/datasets",
        "save",
        PersonRole.EDITOR,
        "Save a query as a dataset: built aside and shown, and with `agreed` published.",
        _save,
        (SavedDocument,),
        body=SaveAsked,
        reports=True,
    ),
)
