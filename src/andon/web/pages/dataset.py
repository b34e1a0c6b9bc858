"""One dataset: what it is, whether to trust it, where it comes from, and how it came to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.errors import UsageError
from andon.model.build import engine_words, is_other
from andon.render.code import code_diff, code_lines
from andon.render.reproductions import repeat_commands
from andon.render.values import cell_text, is_number
from andon.service.takebacks import can_be_undone
from andon.web.asking import AtCommit
from andon.web.pages.dataset_questions import questions_shown
from andon.web.pages.distribution import distribution
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.strips import RUNS, check_rows
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.model.profile import Profile
    from andon.service.dataset_page import Page
    from andon.service.history import LogEntry
    from andon.service.trust import TrustNote

#: Parts of the page: address, word.
TABS = (
    ("", "Overview"),
    ("sample", "Sample"),
    ("lineage", "Lineage"),
    ("checks", "Checks"),
    ("quarantine", "Quarantine"),
    ("code", "Code"),
    ("versions", "Versions"),
    ("used-by", "Used by"),
    ("questions", "Questions"),
)
#: What troubles are called.
_TROUBLE = {
    "check": "A check fails",
    "held": "A new result is held",
    "failed": "Its last build failed",
    "waits": "It waits for what it reads",
    "late": "Older than promised",
    "cord": "A person holds it",
    "complaint": "A reader complains",
}
#: Notes that stand beside the columns already, larger.
_TOLD_BESIDE = (*_TROUBLE, "deprecated", "caveat")
#: Rows of a sample, versions on the overview and on their own tab.
_ROWS, _NEWEST, _VERSIONS = 50, 6, 25
#: Rows that were set aside, at most.
_SET_ASIDE = 200
#: Versions that can be compared.
_CHOICES = 40


class DatasetAsked(AtCommit, kw_only=True):
    """Which part of a dataset's page.

    Attributes:
        made: whether to wait for what takes long: its profile, its rows.
        column: whose way through the lineage is shown; about which a question is asked.
        a: of two versions of its code, the earlier one.
        b: the later one.
        split: whether they stand side by side.
        all: whether all versions are listed.
        question: of the questions about it, the one that a form of this page was about.
        seen: the commit that the page around a part was drawn at: part and page are of one, whatever is published between.
    """

    made: bool = False
    column: str | None = None
    a: str | None = None
    b: str | None = None
    split: bool = False
    all: bool = False
    question: int | None = None
    seen: str | None = None


def _dataset(call: PageCall) -> Shown:
    name, tab = call.path["dataset"], call.path.get("tab", "")
    if tab not in _PARTS:
        known = ", ".join(slug for slug, _ in TABS if slug)
        raise UsageError("usage.no_route", f"a dataset has no page `{tab[:40]}`", where=name, hint=f"it has {known}")
    try:
        page = call.service.datasets.show(name, call.query.seen or call.query.at, rows=0, places=False)
    except UsageError as error:
        absent = call.service.versions.absent(name, call.query.at) if error.code == "lake.dataset_not_found" else None
        if absent is None or not absent.is_anywhere or call.wants:
            raise
        view = View.at(call.service.workspace, call.query.seen or call.query.at)
        asked = questions_shown(call, call.service.dataset_questions.of(name, view.commit))
        return {"absent": absent, "name": name, "address": f"/d/{name}", "status": 404, **asked}
    is_whole = call.wants in ("", "main", "dataset")
    set_aside = call.service.quarantine.count(name, call.query.seen or call.query.at) if is_whole else None
    checks = check_rows(page.checks, _check_history(call, page, tab))
    standing = call.service.datasets.standing(name, call.query.seen or call.query.at)
    return {
        "absent": None,
        "page": page,
        "name": name,
        "tab": tab,
        "tabs": [each for each in TABS if each[0] != "quarantine" or set_aside is not None or tab == "quarantine"],
        "set_aside_rows": set_aside,
        "address": f"/d/{name}",
        "column_icon": column_icon,
        "engine_words": engine_words,
        "is_other_engine": page.build is not None and is_other(page.build),
        "repeat_commands": repeat_commands,
        "can_be_undone": can_be_undone,
        "checks": checks,
        "failing": [row for row in checks if row.state in ("fail", "warn")],
        "standing": standing,
        "trouble_words": _TROUBLE,
        "state": str(standing.lamp),
        "may_undo": call.may_change and _is_branch(call),
        "may_change": call.may_change,
        **questions_shown(call, call.service.dataset_questions.of(name, page.commit)),
        **_PARTS[tab](call, page),
    }


def _check_history(call: PageCall, page: Page, tab: str) -> Sequence[CheckResult]:
    if tab not in ("", "checks") or call.wants == "columns":
        return ()
    return call.service.checks.history(page.dataset, RUNS * max(1, len(page.checks)), call.query.at)


def _is_branch(call: PageCall) -> bool:
    """Whether what is looked at is what a branch shows now: only that can be taken back."""
    at = call.query.at
    if at is None:
        return True
    ref = call.service.workspace.lake.refs.find(at)
    return ref is not None and ref.kind == "branch"


# -- parts


def _overview(call: PageCall, page: Page) -> Mapping[str, Any]:
    found = _columns(call, page)
    if call.wants == "columns":
        return {**found, "versions": [], "undo": None}
    versions = call.service.versions.of(page.dataset, page.commit.id, _NEWEST)
    return {**found, "versions": versions, "undo": newest_publish(each.entry for each in versions)}


def _columns(call: PageCall, page: Page) -> Mapping[str, Any]:
    """Columns with what is known of their values, and those that nobody reads. That is made out where it is asked for alone, so that nobody
    waits for the page."""
    is_asked = call.wants == "columns" or call.query.made
    profiles = call.service.profiles
    profile: Profile | None = (profiles.profile if is_asked else profiles.known)(page.dataset, page.commit.id)
    drawn = {column.name: (column, distribution(column)) for column in profile.columns} if profile is not None else {}
    notes = _notes(call, page) if profile is not None else []
    beside = [note for note in notes if note.below or note.kind not in _TOLD_BESIDE]
    readers = call.service.readers.of(page.dataset, page.commit.id) if is_asked else None
    use = readers.use if readers is not None and not readers.is_young else ()
    return {
        "profile": profile,
        "drawn": drawn,
        "notes": beside,
        "unread": {each.column.lower(): each for each in use if each.unread},
    }


def _notes(call: PageCall, page: Page) -> Sequence[TrustNote]:
    """What is to be known of rows or values of this dataset."""
    return call.service.trust.notes(page.commit, [page.dataset], call.query.at, is_masked=True)


def _sample(call: PageCall, page: Page) -> Mapping[str, Any]:
    is_asked = call.wants == "sample" or call.query.made
    show = call.service.datasets.show
    read = show(page.dataset, page.commit.id, rows=_ROWS, places=False) if is_asked else None
    rows = None if read is None else read.sample
    return {
        "rows": None
        if rows is None
        else [[cell_text(value) if value is not None else None for value in row] for row in rows],
        "notes": () if read is None else _notes(call, page),
        "right": [is_number(column.type) for column in page.version.columns],
        **_head(call, page),
    }


def _lineage(call: PageCall, page: Page) -> Mapping[str, Any]:
    found = call.service.maps.around(page.dataset, call.query.at, column=call.query.column)
    return {"map": found, **_head(call, page)}


def _checks(call: PageCall, page: Page) -> Mapping[str, Any]:
    return _head(call, page)


def _quarantine(call: PageCall, page: Page) -> Mapping[str, Any]:
    """What its checks set aside, why and since when; values of personal columns are masked."""
    quarantine, at = call.service.quarantine, page.commit.id
    if quarantine.count(page.dataset, at) is None:
        return {"kept": None, **_head(call, page)}
    (kept,) = quarantine.overview(page.dataset, at)
    set_aside = quarantine.show(page.dataset, _SET_ASIDE, at)
    return {
        "kept": kept,
        "set_aside": set_aside,
        "limits": {each.check: each.limit for each in page.checks if each.limit is not None},
        "notes": set_aside.notes or (),
        "may_release": bool(kept.rows) and call.may_change and _is_branch(call),
        **_head(call, page),
    }


def _code(call: PageCall, page: Page) -> Mapping[str, Any]:
    asked: DatasetAsked = call.query
    name, versions = page.dataset, call.service.versions
    entries = call.service.history.log(page.commit.id, name, _CHOICES)
    found: dict[str, Any] = {
        "asked": asked,
        "entries": entries,
        "known": lambda ref: any(entry.commit.id.startswith(ref) for entry in entries),
        "undo": newest_publish(entries),
        "comparison": None,
    }
    if asked.a is None or asked.b is None:
        files = [(file.path, code_lines(file.after or "", file.path)) for file in versions.owned(name, page.commit.id)]
        return {**found, "files": files, "before": versions.code_from(name, entries)}
    pairs = versions.texts(name, asked.a, asked.b)
    compared = [code_diff(pair.path, pair.before, pair.after) for pair in pairs]
    return {**found, "files": [], "before": None, "comparison": compared}


def _versions(call: PageCall, page: Page) -> Mapping[str, Any]:
    limit = 1000 if call.query.all else _VERSIONS
    versions = call.service.versions.of(page.dataset, page.commit.id, limit)
    return {
        "versions": versions,
        "undo": newest_publish(each.entry for each in versions),
        "is_cut": len(versions) == limit,
    }


def _used_by(call: PageCall, page: Page) -> Mapping[str, Any]:
    """What builds on it. Who asked it stands in the log of queries, which may be long: nobody waits for the page."""
    is_asked = call.wants == "people" or call.query.made
    readers = call.service.readers.of(page.dataset, call.query.at) if is_asked else None
    if call.wants == "people":
        return {"readers": readers}
    impact = call.service.lineages.impact(page.dataset, call.query.at)
    return {"impact": impact, "readers": readers, **_head(call, page)}


def _head(call: PageCall, page: Page) -> Mapping[str, Any]:
    """What the head of the page needs beside the part."""
    entries = call.service.history.log(page.commit.id, page.dataset, _NEWEST) if not call.wants else []
    return {"undo": newest_publish(entries)}


_PARTS: Mapping[str, Callable[[PageCall, Page], Mapping[str, Any]]] = {
    "": _overview,
    "sample": _sample,
    "lineage": _lineage,
    "checks": _checks,
    "quarantine": _quarantine,
    "code": _code,
    "versions": _versions,
    "used-by": _used_by,
    "questions": _head,
}


def newest_publish(entries: Iterable[LogEntry]) -> LogEntry | None:
    """The newest commit that can be taken back."""
    return next((entry for entry in entries if can_be_undone(entry)), None)


def column_icon(type: str) -> str:
    """The icon of a type of columns."""
    name = type.lower()
    if name.endswith("]") or name.startswith(("struct", "map", "json", "union")):
        return "braces"
    if name.startswith(("timestamp", "time")):
        return "calendar-clock"
    if name.startswith(("date", "interval")):
        return "calendar"
    if name.startswith("bool"):
        return "toggle-left"
    return "hash" if is_number(type) else "text"


PAGES = (
    PageRoute("/d/{dataset}", "dataset.html", _dataset, DatasetAsked),
    PageRoute("/d/{dataset}/{tab}", "dataset.html", _dataset, DatasetAsked),
)
