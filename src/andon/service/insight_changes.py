"""Insights that are made, pinned anew, or have an outcome more: a file written on top of what the branch has, and published.

As with what is saved by a query, no other edit that lies in the folder goes with it, and the folder follows (decision 19). No dataset is
another one for it, so that nobody has to agree to a plan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import UNSET
from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import UsageError
from andon.model.insight import Basis, Insight, InsightKind, InsightOutcome, Period, Pin, Worth
from andon.project.write_insight import insight_path, insight_text, with_outcome, with_pin
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.given_files import GivenCode
from andon.service.insight_asking import AskedInsight, answer_path, found_insight
from andon.service.insight_documents import InsightSaved
from andon.service.insights import shown_rows
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.service.given_files import GivenFiles
    from andon.service.insight_asking import InsightAsking
    from andon.service.insight_checks import InsightChecks
    from andon.workspace.workspace import Workspace

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,79}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_FILES = (".md", ".yml", ".yaml")


class NewInsight(Record):
    """An insight that is to be made.

    Attributes:
        query: SQL, or the name of a saved query; it is asked, and the answer pinned.
        uses: datasets that serve it beside those, or single columns of them, or saved queries.
        amount, currency, per, basis: what it is worth; `words` says that in words.
    """

    name: str
    question: str
    kind: str = InsightKind.QUESTION
    answer: str | None = None
    query: str | None = None
    uses: tuple[str, ...] = ()
    owner: str | None = None
    amount: str | None = None
    currency: str | None = None
    per: str = Period.ONCE
    basis: str | None = None
    words: str | None = None
    review_by: str | None = None
    decision: str | None = None
    description: str | None = None


class NewOutcome(Record):
    """What came of an insight. `on` is a day (ISO), today without; `amount`, the value that was realised."""

    name: str
    what: str
    on: str | None = None
    amount: str | None = None
    currency: str | None = None
    basis: str | None = None


class InsightChanges:
    """Writes insights of one workspace."""

    def __init__(self, workspace: Workspace, given: GivenFiles, asking: InsightAsking, checks: InsightChecks) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._given = given
        self._asking = asking
        self._checks = checks

    def add(self, wanted: NewInsight, options: RunOptions, listener: Listener | None = None) -> InsightSaved:
        """Ask what answers it, pin that, and publish its file.

        Args:
            options: `branch`, `message` and `request` count.

        Raises:
            UsageError: `usage.exists`; `usage.bad_argument`; what is wrong with its query.
            ProjectError: what its file would be wrong in, at its place.
            ConflictError: `lake.folder_dirty`, `lake.folder_conflict`.
        """
        branch = self._workspace.branch(options.branch)
        head = self._lake.refs.head(branch)
        insight = self._insight(wanted)
        done = self._given.answered(branch, options)
        if done is not None:
            return InsightSaved([insight.name], [insight.file], branch, True, None, None, False, [], done.document())
        self._require_new(insight.name, head, branch)
        files: dict[str, bytes | None] = {}
        asked = None
        if insight.query is not None:
            asked = self._asking.ask(insight.query, head, masks=True)
            insight = replace(insight, pinned=Pin(head.id, asked.answer.id))
            if asked.is_kept:
                files[answer_path(insight.name)] = asked.answer.text.encode()
        files[insight.file] = insight_text(insight).encode()
        chosen = replace(options, message=options.message or f"insight {insight.name}")
        return self._published(GivenCode(branch, files, head), [insight.name], chosen, listener, asked)

    def pin(self, names: Sequence[str], options: RunOptions, listener: Listener | None = None) -> InsightSaved:
        """Pin the answers that insights have now, in place of those that they had.

        Raises:
            UsageError: `lake.insight_not_found`; `usage.bad_argument` for one without a query; what is wrong with a query.
            ProjectError: `project.cannot_add`.
            ConflictError: as `add`.
        """
        branch = self._workspace.branch(options.branch)
        head = self._lake.refs.head(branch)
        view = View(self._workspace, branch, head)
        files: dict[str, bytes | None] = {}
        asked = None
        there = view.state.files()
        if not names:
            raise UsageError(
                "usage.bad_argument", "no insight is named", where="names", hint="`andon insights` lists them"
            )
        for name in dict.fromkeys(names):
            insight = found_insight(view, name)
            if insight.query is None:
                hint = f"add `query: …` to `{insight.file}`"
                raise UsageError("usage.bad_argument", f"`{name}` has no query", where=insight.file, hint=hint)
            asked = self._asking.ask(insight.query, head, masks=True)
            text = self._text(insight, view)
            files[insight.file] = with_pin(insight.file, text, Pin(head.id, asked.answer.id)).encode()
            if asked.is_kept:
                files[answer_path(name)] = asked.answer.text.encode()
            elif answer_path(name) in there:
                files[answer_path(name)] = None
        chosen = replace(options, message=options.message or f"pinned {_named(names)}")
        found = self._published(GivenCode(branch, files, head), list(dict.fromkeys(names)), chosen, listener, asked)
        return found if len(found.names) == 1 else replace(found, answer=None, rows=None)

    def outcome(self, wanted: NewOutcome, options: RunOptions, listener: Listener | None = None) -> InsightSaved:
        """Note what came of an insight.

        Raises:
            UsageError: `lake.insight_not_found`, `usage.bad_argument`.
            ProjectError: `project.cannot_add`.
            ConflictError: as `add`.
        """
        branch = self._workspace.branch(options.branch)
        head = self._lake.refs.head(branch)
        view = View(self._workspace, branch, head)
        insight = found_insight(view, wanted.name)
        worth = _worth(wanted.amount, wanted.currency, Period.ONCE, wanted.basis, None)
        on = _day(wanted.on, "on") or to_text(self._workspace.clock())[:10]
        outcome = InsightOutcome(on, _line(wanted.what, "what"), worth if worth != Worth() else None)
        text = with_outcome(insight.file, self._text(insight, view), outcome)
        chosen = replace(options, message=options.message or f"an outcome of {insight.name}")
        return self._published(GivenCode(branch, {insight.file: text.encode()}, head), [insight.name], chosen, listener)

    # -- parts

    def _insight(self, wanted: NewInsight) -> Insight:
        if not _NAME.match(wanted.name):
            hint = "small letters, digits, `_` and `-`: `who_stays`"
            raise UsageError("usage.bad_argument", f"`{wanted.name}` is no name of an insight", where="name", hint=hint)
        if wanted.query is None and not wanted.uses:
            hint = "say by which query it was answered, or which datasets it uses"
            raise UsageError(
                "usage.bad_argument", "nothing says what the insight rests on", where=wanted.name, hint=hint
            )
        lines = {key: _line(text, key) for key in ("answer", "owner", "decision") if (text := getattr(wanted, key))}
        return Insight(
            wanted.name,
            insight_path(wanted.name),
            _line(wanted.question, "question"),
            InsightKind(_choice(wanted.kind, [str(each) for each in InsightKind], "kind")),
            owner=lines.get("owner"),
            uses=tuple(each for each in wanted.uses if "." in each),
            queries=tuple(each for each in wanted.uses if "." not in each),
            query=wanted.query.strip().rstrip(";").strip() if wanted.query is not None else None,
            answer=lines.get("answer"),
            date=to_text(self._workspace.clock())[:10],
            worth=_worth(wanted.amount, wanted.currency, wanted.per, wanted.basis, wanted.words),
            review_by=_day(wanted.review_by, "review_by"),
            description=wanted.description.strip() or None if wanted.description is not None else None,
            decision=lines.get("decision"),
        )

    def _require_new(self, name: str, head: Commit, branch: str) -> None:
        there = self._lake.commits.state(head).files()
        for ending in _FILES:
            path = f"insights/{name}{ending}"
            lies = branch == self._workspace.branch() and (self._workspace.root / path).exists()
            if path in there or lies:
                hint = f"`andon edit {path}` changes it, or take another name"
                raise UsageError(
                    "usage.exists", f"there is an insight `{name}` already: `{path}`", where=path, hint=hint
                )

    def _text(self, insight: Insight, view: View) -> str:
        return self._lake.objects.text(view.state.files()[insight.file]).decode()

    def _published(
        self,
        given: GivenCode,
        names: list[str],
        options: RunOptions,
        listener: Listener | None,
        asked: AskedInsight | None = None,
    ) -> InsightSaved:
        result, behind = self._given.publish(given, replace(options, agreed=ANY_PLAN), listener or Listener())
        if result.published and asked is not None:
            self._checks.check(names, given.branch)
        return InsightSaved(
            names=names,
            files=sorted(path for path, content in given.files.items() if content is not None),
            branch=given.branch,
            published=result.published,
            answer=shown_rows(asked.answer) if asked is not None and not asked.is_personal else None,
            rows=len(asked.answer.rows) if asked is not None else None,
            kept=asked.is_kept if asked is not None else False,
            behind=list(behind),
            run=result.document(),
            notes=(self._checks.known(names, given.branch) if asked is not None and result.published else None)
            or UNSET,
        )


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else plural(len(names), "insight")


def _line(text: str, where: str) -> str:
    found = " ".join(text.split())
    if not found:
        raise UsageError("usage.bad_argument", f"`{where}` is empty", where=where, hint="say it in one line")
    return found


def _choice(text: str, known: Sequence[str], where: str) -> str:
    if text not in known:
        raise UsageError(
            "usage.bad_argument", f"`{text}` is no {where}", where=where, hint=f"one of {', '.join(known)}"
        )
    return text


def _day(text: str | None, where: str) -> str | None:
    from datetime import date

    if text is None:
        return None
    try:
        if _DAY.match(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise UsageError("usage.bad_argument", f"`{text}` is no day", where=where, hint="such as `2027-01-31`")


def _worth(amount: str | None, currency: str | None, per: str, basis: str | None, words: str | None) -> Worth:
    said = Period(_choice(per, [str(each) for each in Period], "per"))
    known = Basis(_choice(basis, [str(each) for each in Basis], "basis")) if basis is not None else None
    if amount is None:
        if known not in (None, Basis.NONE) or currency is not None:
            hint = "say how much, or nothing of it"
            raise UsageError("usage.bad_argument", "no amount is said", where="value", hint=hint)
        return Worth(words=_line(words, "words") if words is not None else None)
    found = _amount(amount)
    if currency is None or not re.fullmatch(r"[A-Z]{3}", currency):
        hint = "three capital letters, such as `USD`"
        raise UsageError("usage.bad_argument", "an amount has a currency", where="currency", hint=hint)
    return Worth(found, currency, said, known or Basis.ESTIMATED, _line(words, "words") if words is not None else None)


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,17}(?:\.\d{1,6})?", text.replace("_", "")):
        raise UsageError(
            "usage.bad_argument", f"`{text}` is no amount", where="value", hint="such as `5000` or `12.50`"
        )
    return Decimal(text.replace("_", ""))
