"""Whatever gives values of datasets is a door of the table in `test_trust_doors.py`: told from the registries of all faces, by type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

import andon
from andon.base.document import Document
from andon.cli.documents import documents
from andon.model.profile import Value
from andon.python.lake import Lake
from andon.python.remote import RemoteLake
from andon.python.result import Result
from andon.web.routes import all_endpoints
from service.test_trust_doors import ASIDES, AT_ONCE, DISCREET, OPEN

#: Fields that may hold anything, and hold no values of datasets' rows: what a check or an error says, settings, code, shapes of calls.
NO_ROWS = {
    "ActionDocument.params", "AnalysisLine.parameters", "AnalysisParameter.default", "AnswerChange.key", "BuildDocument.engine",
    "CallDocument.answer", "CheckDocument.accepted",
    "CheckDocument.last_good", "CheckDocument.limit", "CheckDocument.value", "ContractDataset.settings", "ContractDocument.contract",
    "ErrorDocument.details", "IncidentEvent.body", "NextStep.body", "SettingDocument.default", "SettingDocument.value",
    "SignalInfo.details", "StatusDocument.runs",
}  # fmt: skip
#: Rows that fail a check, as its evidence: beside them stands what is wrong with their dataset.
EVIDENCE = {"BadRows.samples", "CheckDocument.samples"}
#: Rows by which two builds of one version differ: they judge the builds, and nobody takes a number from them.
JUDGED = {"AnalysisReproduction", "ReproductionDocument"}
#: What an answer was written to.
FILES = {"AnswerFile", "LiveAnswerFile"}

COMMANDS = {
    "query", "show", "profile", "diff", "insight show", "insight add", "insight check", "insight pin", "insight outcome",
    "quarantine show", "analysis run", "analysis show",
}  # fmt: skip
ROUTES = {
    "POST /queries",
    "GET /queries",
    "GET /datasets/{dataset}",
    "GET /datasets/{dataset}/profile",
    "GET /diff",
    "GET /insights/{name}",
    "POST /live-queries",
    "POST /insights",
    "POST /insights/checks",
    "POST /insights/pins",
    "POST /insights/{name}/outcomes",
    "GET /quarantine/{dataset}",
    "POST /analyses/runs",
    "GET /analyses/runs/{run}",
}
CALLS = {
    "sql", "query", "show", "profile", "profile_diff", "diff", "insights.show", "insights.add", "insights.check", "insights.pin",
    "insights.outcome", "quarantine.show", "analyses.run", "analyses.show",
}  # fmt: skip


def test_no_command_is_forgotten() -> None:
    rows = {name for name, kinds in documents().items() if any(_with_rows(each) for each in kinds)}
    files = {name for name, kinds in documents().items() if any(_name(each) in FILES for each in kinds)}
    assert rows | files == COMMANDS
    # those that write an insight's file end in the same lines and the same document
    doors = {*OPEN, *DISCREET, *ASIDES, *AT_ONCE}
    assert all(any(door.startswith(each) for door in doors) for each in COMMANDS - {"insight add", "insight outcome"})


def test_no_route_is_forgotten() -> None:
    found = {f"{e.method} {e.path}" for e in all_endpoints() if any(_with_rows(each) for each in e.answers)}
    assert found == ROUTES


def test_no_call_is_forgotten() -> None:
    for kind in (Lake, RemoteLake):
        assert set(_calls(kind)) == CALLS, kind


def test_what_has_rows_has_a_place_for_what_is_known_of_them() -> None:
    kinds = [each for kinds in documents().values() for each in kinds]
    kinds += [each for endpoint in all_endpoints() for each in endpoint.answers]
    for each in {_one(kind) for kind in kinds if _with_rows(kind)}:
        assert "notes" in get_type_hints(each), each


def test_no_page_that_draws_values_is_forgotten() -> None:
    """Each template that walks values of rows, or draws how they spread, has the notes on them."""
    folder = Path(andon.__file__).parent / "web/templates"
    draws = re.compile(r"for (?:value|cell) in row|hist\(|row_diff_table\(rows")
    drawn = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.html") if draws.search(path.read_text("utf-8"))
    }
    macros_and_evidence = {each for each in drawn if Path(each).name.startswith("_")}
    for name in drawn - macros_and_evidence:
        assert '{% include "_trust.html" %}' in (folder / name).read_text("utf-8"), name
    assert drawn >= {
        "sql.html",
        "insight.html",
        "change.html",
        "save.html",
        "dataset/sample.html",
        "dataset/columns.html",
    }


# -- what holds rows


def _with_rows(kind: Any) -> set[str]:
    """The fields, at any depth, that may hold values of rows."""
    return {found for found in _loose(kind) if found not in NO_ROWS | EVIDENCE}


def _loose(kind: Any) -> set[str]:
    found: set[str] = set()
    seen: set[Any] = set()
    todo = list(_records(kind))
    while todo:
        each = todo.pop()
        if each in seen or each.__name__ in JUDGED:
            continue
        seen.add(each)
        for name, hint in get_type_hints(each).items():
            if get_origin(hint) is not ClassVar and hint is not ClassVar:
                if _is_loose(hint):
                    found.add(f"{each.__name__}.{name}")
                todo += _records(hint)
    return found


def _records(hint: Any) -> Iterator[type]:
    """The record types within a type."""
    if isinstance(hint, type) and get_origin(hint) is None and hint.__module__.startswith("andon."):
        if hasattr(hint, "__struct_fields__"):
            yield hint
        return
    for part in get_args(hint):
        yield from _records(part)


def _is_loose(hint: Any) -> bool:
    """Whether a type takes any value, a profile's value, or rows of texts."""
    if hint is Any or hint is object or hint == Value:
        return True
    if get_origin(hint) in (list, tuple) and any(get_origin(part) is dict for part in get_args(hint)):
        return True
    return any(_is_loose(part) for part in get_args(hint))


def _one(kind: Any) -> Any:
    """The document of a list of documents, or the document itself."""
    return get_args(kind)[0] if get_origin(kind) is list else kind


def _name(kind: Any) -> str:
    return getattr(_one(kind), "__name__", "")


# -- what Python gives


def _calls(kind: type, before: str = "") -> Iterator[str]:
    for name, member in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        if isinstance(member, property) and member.fget is not None:
            noun = _hints(member.fget).get("return")
            if isinstance(noun, type) and noun.__module__.startswith("andon.python"):
                yield from _calls(noun, f"{name}.")
        elif inspect.isfunction(member) and _gives_rows(_hints(member).get("return")):
            yield before + name


def _gives_rows(kind: Any) -> bool:
    if kind is Result:
        return True
    for each in (kind, *get_args(kind)):
        said = _document_of(each) if isinstance(each, type) else None
        if said is not None and _with_rows(said):
            return True
    return False


@cache
def _document_of(kind: type) -> Any:
    """The document that stands for what is given, or that it is."""
    if issubclass(kind, Document):
        return kind
    written = getattr(kind, "document", None)
    return _hints(written).get("return") if written is not None and kind.__module__.startswith("andon.") else None


def _hints(function: Any) -> dict[str, Any]:
    """The types of a function, with those that only checkers import."""
    module = inspect.getmodule(function)
    assert module is not None
    names = dict(vars(module))
    tree = inspect.getsource(module)
    for line in re.findall(r"^    from (andon\.[\w.]+) import ([\w, ]+)$", tree, re.MULTILINE):
        for name in line[1].split(","):
            known, _, called = name.strip().partition(" as ")
            names.setdefault(called or known, getattr(__import__(line[0], fromlist=[known]), known))
    return get_type_hints(function, names)
