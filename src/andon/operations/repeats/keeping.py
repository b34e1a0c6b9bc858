"""Keeps the offers of one lake: reads what was recorded since it last looked, and writes down what people did a third time.

Of the log of queries only lines that are new are read, and of questions those that somebody asked in them; what came of looking at one is
looked at again on another day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING

import msgspec

from andon.base.clock import from_text, to_text
from andon.base.lru import Lru
from andon.base.record import Record, replace
from andon.model.playbook import PlaybookMode
from andon.operations.repeats.corrections import repeated_corrections
from andon.operations.repeats.files import repeated_files
from andon.operations.repeats.questions import Questions, question_key, repeated_questions
from andon.operations.repeats.reading import answers, came_files, only_theirs, scheduled_datasets
from andon.operations.repeats.records import AskedQuestion, Correction, ManualRun, PastIncident
from andon.operations.repeats.repeat import (
    THIRD,
    CorrectionRepeat,
    FileRepeat,
    QuestionRepeat,
    Repeat,
    RunRepeat,
    is_much_the_same,
)
from andon.operations.repeats.runs import repeated_runs
from andon.operations.repeats.titles import title_of
from andon.sql.question import QuestionForm, question_form, question_forms
from andon.state.offers import AskedLine, AskedShape, OfferRecord
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

KINDS: Mapping[str, type[Repeat]] = {
    "query": QuestionRepeat,
    "run": RunRepeat,
    "files": FileRepeat,
    "correction": CorrectionRepeat,
}

#: So many lines of the log are looked through in one step; at the first time only the newest of them.
_LINES = 100_000
#: So many questions are looked at in one step, those that were asked most first; so many lines of each, and of these the newest texts.
_QUESTIONS, _OF_EACH, _TEXTS = 25, 120, 6
#: More a day than people ask: a machine does.
_A_DAY = 24
#: What an action came to is kept beside what it was told, and is another thing each time.
_CAME_OF_IT = "result"
#: Work that nobody did for so long is nothing to offer any more.
_DAYS = timedelta(days=60)


class CaughtUp(Record):
    """What there is to offer, oldest first, and which questions something answers already."""

    offers: tuple[OfferRecord, ...] = ()
    answered: tuple[OfferRecord, ...] = ()


class RepeatKeeper:
    """Keeps the offers of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.offers
        self._forms: Lru[str, QuestionForm] = Lru(2_000)

    def catch_up(self, branch: str) -> CaughtUp:
        """Look at what was recorded since, and return what is to be offered.

        Args:
            branch: the one that readers see.
        """
        lake = self._workspace.lake
        if lake.refs.find(branch) is None:
            return CaughtUp()
        view = View.at(self._workspace, branch)
        now = to_text(self._workspace.clock())
        judged, last, verdicts = self._questions(view, now)
        found: list[tuple[str, Repeat]] = [("query", one) for one in judged.repeats]
        found += [("run", one) for one in self._runs(view, branch)]
        files = only_theirs(view, repeated_files(came_files(self._workspace, view)))
        found += [("files", one) for one in files]
        found += [("correction", one) for one in self._corrections(view)]
        if lake.database.is_read_only:
            return self._standing(now)
        known = {offer.key: offer for offer in self._store.all()}
        offers = [self._offer(kind, one, known, now) for kind, one in found]
        offers += [
            replace(self._offer("query", one.repeat, known, now), state="answered", branch=one.by)
            for one in judged.answered
            if one.repeat.key not in known or known[one.repeat.key].state not in ("accepted", "dismissed")
        ]
        new = [o for o in offers if o.key not in known or (known[o.key].body, known[o.key].state) != (o.body, o.state)]
        stays = {one.key for _, one in found}
        lost = [o.number for o in known.values() if o.kind != "query" and o.state == "open" and o.key not in stays]
        lost += self._answered_since(view, known.values())
        if new or lost or verdicts or last > self._store.seen_query():
            with lake.database.write() as transaction:
                for offer in new:
                    self._store.put(transaction, offer)
                self._store.set_state(transaction, lost, "gone")
                self._store.judge(transaction, verdicts)
                self._store.see_query(transaction, last)
        return self._standing(now)

    # -- questions

    def _questions(self, view: View, now: str) -> tuple[Questions, int, dict[str, tuple[str, str]]]:
        """What is asked over and over, up to which line that is known, and what came of looking at which question."""
        log = self._workspace.query_log
        log.flush()
        last, above = log.last(), self._store.seen_query()
        if last <= above:
            return Questions(), last, {}
        often = self._often(above, last)
        seen = self._store.judged(often)
        waiting = sorted(
            (shape for shape in often if seen.get(shape, ("",))[0] != now[:10]),
            key=lambda shape: (shape in seen, -often[shape], shape),
        )
        chosen = waiting[:_QUESTIONS]
        if not chosen:
            return Questions(), last, {}
        if len(waiting) > len(chosen):
            last = above  # the rest is looked at in the next step
        lines: list[AskedQuestion] = []
        verdicts: dict[str, tuple[str, str]] = {}
        for shape in chosen:
            lines += _of_newest_texts(self._store.lines_of(shape, _OF_EACH))
        self._read([line.sql for line in lines])
        found = repeated_questions(lines, self._form, answers(self._workspace, view))
        offered = {one.shape for one in found.repeats}
        for shape in chosen:
            verdicts[shape] = now[:10], "offered" if shape in offered else "no"
        return found, last, verdicts

    def _often(self, above: int, last: int) -> dict[str, int]:
        """How often each question was asked that may be asked over and over, of those in new lines."""
        if above < last - _LINES:
            new = self._store.shapes(last - _LINES, last, THIRD)
        else:
            new = self._store.shapes(above, last, 1)
            known = self._store.asked_often([one.shape for one in new], THIRD)
            new = [one for one in new if one.shape in known]
        return {one.shape: one.times for one in new if not _is_by_one_machine(one)}

    def _read(self, texts: Iterable[str]) -> None:
        """Read what is not known yet in one go."""
        new = [sql for sql in dict.fromkeys(texts) if sql not in self._forms]
        forms = zip(new, question_forms(new), strict=True)
        self._forms.put_many({sql: form for sql, form in forms if form is not None})

    def _form(self, sql: str) -> QuestionForm | None:
        found = self._forms.get(sql)
        if found is None and (found := question_form(sql)) is not None:
            self._forms.put(sql, found)
        return found

    def _answered_since(self, view: View, offers: Iterable[OfferRecord]) -> list[int]:
        """Offers of questions that something answers by now."""
        open_ones = [offer for offer in offers if offer.kind == "query" and offer.state == "open"]
        if not open_ones:
            return []
        known = {question_key(core) for core in answers(self._workspace, view)}
        return [offer.number for offer in open_ones if offer.key in known]

    # -- all else

    def _runs(self, view: View, branch: str) -> tuple[RunRepeat, ...]:
        since = to_text(self._workspace.clock() - _DAYS)
        runs = [
            ManualRun(
                run.number,
                run.started,
                run.author,
                "" if run.is_told else run.face,
                "change" if run.is_change else "refresh" if run.kind in ("refresh", "change") else run.kind,
                run.kind,
                run.branch,
                run.status,
                run.selection,
                run.datasets,
            )
            for run in self._workspace.runs.asked(since)
        ]
        return repeated_runs(runs, branch, scheduled_datasets(view), zone_of(self._workspace)) if runs else ()

    def _corrections(self, view: View) -> tuple[CorrectionRepeat, ...]:
        rows = self._store.corrections()
        if not rows:
            return ()
        incidents = episodes(self._store.incidents(), self._store.incident_states())
        corrections = [
            Correction(
                row.seq,
                row.at,
                row.incident,
                row.kind,
                row.dataset,
                row.action,
                row.actor,
                row.mode,
                row.outcome,
                {str(key): json.dumps(value) for key, value in json.loads(row.params).items() if key != _CAME_OF_IT},
                row.is_undone,
                max((one.episode for one in incidents if one.number == row.incident and one.at <= row.at), default=0),
            )
            for row in rows
        ]
        known = {
            (str(kind), dataset, str(playbook.do))
            for playbook in view.project.playbooks.lines
            if playbook.mode is not PlaybookMode.SUGGEST
            for kind in playbook.on.kind
            for dataset in playbook.on.dataset
        }
        return repeated_corrections(corrections, incidents, lambda *given: given in known)

    # -- offers

    def _offer(self, kind: str, one: Repeat, known: Mapping[str, OfferRecord], now: str) -> OfferRecord:
        """An offer as it is written: one that was dismissed in another form is dismissed."""
        state = known[one.key].state if one.key in known else "open"
        state = "open" if state in ("gone", "answered") else state
        if one.key not in known and any(
            offer.kind == kind
            and offer.state in ("dismissed", "accepted")
            and is_much_the_same(offer.traits, one.traits)
            for offer in known.values()
        ):
            state = "dismissed"
        body = msgspec.json.encode(one).decode()
        return OfferRecord(0, one.key, kind, state, title_of(one), one.traits, body, now, one.last)

    def _standing(self, now: str) -> CaughtUp:
        oldest = to_text(from_text(now) - _DAYS)
        offers = [offer for offer in self._store.all() if offer.last >= oldest]
        open_ones, answered = ([o for o in offers if o.state == state] for state in ("open", "answered"))
        return CaughtUp(tuple(open_ones), tuple(answered))


def episodes(
    incidents: Iterable[tuple[int, str, str, str | None]], states: Iterable[tuple[int, str, str]]
) -> list[PastIncident]:
    """Each time that incidents came, of `(number, kind, dataset, verdict)`, by their changes of state: one may come back."""
    changes: dict[int, list[tuple[str, str]]] = {}
    for number, at, state in states:
        changes.setdefault(number, []).append((at, state))
    found = []
    for number, kind, dataset, verdict in incidents:
        began, episode = None, 0
        for at, state in changes.get(number, ()):
            if state == "closed" and began is not None:
                found.append(PastIncident(number, began, kind, dataset, at, verdict, episode))
                began, episode = None, episode + 1
            elif state != "closed" and began is None:
                began = at
        if began is not None:
            found.append(PastIncident(number, began, kind, dataset, None, verdict, episode))
    return found


def repeat_of(offer: OfferRecord) -> Repeat:
    """What an offer is about."""
    return msgspec.json.decode(offer.body, type=KINDS[offer.kind])


def zone_of(workspace: Workspace) -> tzinfo:
    """The zone whose clock people look at: that of the process, as the variable TZ names it, else UTC."""
    from zoneinfo import ZoneInfo

    name = workspace.environ.get("TZ", "")
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def _is_by_one_machine(one: AskedShape) -> bool:
    days = (from_text(one.last_day) - from_text(one.first_day)).days + 1
    return one.is_one_person and one.times > _A_DAY * days


def _of_newest_texts(lines: Sequence[AskedLine]) -> list[AskedQuestion]:
    """The lines of the newest texts of a question; to read each takes its time."""
    exacts: dict[str, None] = {}
    for line in reversed(lines):
        if len(exacts) < _TEXTS:
            exacts[line.exact] = None
    return [
        AskedQuestion(r.seq, r.at, r.who, r.face, r.shape, r.exact, r.sql, r.datasets)
        for r in lines
        if r.exact in exacts
    ]
