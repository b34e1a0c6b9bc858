"""Questions that are asked over and over: one shape, on three days or by two people. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from andon.base.record import Record
from andon.catalog.by_clock import by_machine, is_asked
from andon.operations.repeats.records import AskedQuestion
from andon.operations.repeats.repeat import THIRD, QuestionRepeat, VariedValue, key_of
from andon.sql.question import FilterValue, QuestionForm

#: What a text is made of.
Forms = Callable[[str], QuestionForm | None]

#: Rows of one table that are chosen by another value most of the time are looked up.
_LOOKED_UP = 0.5


class AnsweredAlready(Record):
    """A question that is asked over and over, and that `by`, a dataset or a saved query, answers already."""

    repeat: QuestionRepeat
    by: str


class Questions(Record):
    """What was found: repeats, and what something answers already."""

    repeats: tuple[QuestionRepeat, ...] = ()
    answered: tuple[AnsweredAlready, ...] = ()


def question_key(core: str) -> str:
    """The key of the repeat of a question with this core."""
    return key_of("question", core)


def is_often(lines: Sequence[AskedQuestion]) -> bool:
    """Whether it was asked often enough to be a repeat: three times, and on three days or by two people."""
    return len(lines) >= THIRD and (
        len({line.at[:10] for line in lines}) >= THIRD or len({line.who for line in lines}) >= 2
    )


def repeated_questions(lines: Iterable[AskedQuestion], forms: Forms, answered: Mapping[str, str]) -> Questions:
    """The questions that people ask over and over, the most frequent first.

    Args:
        answered: the dataset or saved query that answers it, by the core of its text.
    """
    by_shape: dict[str, list[AskedQuestion]] = defaultdict(list)
    for line in lines:
        if is_asked(line):
            by_shape[line.shape].append(line)
    repeats, known = [], []
    for asked in by_shape.values():
        if not is_often(asked):
            continue
        for form, own in _by_core(asked, forms):
            by_people = _by_people(own)
            if not is_often(by_people) or form.is_look or _is_looked_up(form, by_people):
                continue
            found = _repeat(form, by_people, forms)
            if form.core in answered:
                known.append(AnsweredAlready(found, answered[form.core]))
            else:
                repeats.append(found)
    repeats.sort(key=lambda one: (-len(one.people), -one.days, -one.times, one.key))
    return Questions(tuple(repeats), tuple(sorted(known, key=lambda one: (-one.repeat.times, one.by))))


def _people(asked: Sequence[AskedQuestion]) -> tuple[str, ...]:
    """Who asked, whoever asked most first."""
    times = Counter(line.who for line in asked)
    return tuple(sorted(times, key=lambda who: (-times[who], who)))


def _by_core(asked: Sequence[AskedQuestion], forms: Forms) -> list[tuple[QuestionForm, list[AskedQuestion]]]:
    """Lines of one shape by what they really ask; the form is that of the newest."""
    found: dict[str, tuple[QuestionForm, list[AskedQuestion]]] = {}
    for line in sorted(asked, key=lambda line: line.seq):
        form = forms(line.sql)
        if form is not None:
            own = found[form.core][1] if form.core in found else []
            own.append(line)
            found[form.core] = form, own
    return list(found.values())


def _by_people(asked: Sequence[AskedQuestion]) -> list[AskedQuestion]:
    """Without what machines ask."""
    machines = by_machine(asked, lambda line: (line.who, line.face))
    return [line for line in asked if (line.who, line.face) not in machines]


def _is_looked_up(form: QuestionForm, asked: Sequence[AskedQuestion]) -> bool:
    if not form.is_plain or not form.filters or any(one.sign not in ("=", "in") for one in form.filters):
        return False
    return len({line.exact for line in asked}) > _LOOKED_UP * len(asked)


def _repeat(form: QuestionForm, asked: Sequence[AskedQuestion], forms: Forms) -> QuestionRepeat:
    newest = asked[-1]
    return QuestionRepeat(
        question_key(form.core),
        form.traits,
        len(asked),
        _people(asked),
        min(line.at for line in asked),
        max(line.at for line in asked),
        newest.sql,
        newest.shape,
        newest.datasets,
        len({line.at[:10] for line in asked}),
        form.filters,
        _varied(asked, forms),
        form.is_plain,
        form.is_grouped,
        form.measures,
        form.parts,
    )


def _varied(asked: Sequence[AskedQuestion], forms: Forms) -> tuple[VariedValue, ...]:
    """The values that were others at times."""
    seen: dict[str, dict[tuple[str, ...], None]] = {}
    last: dict[str, FilterValue] = {}
    for line in reversed(asked):
        form = forms(line.sql)
        for one in form.filters if form is not None else ():
            seen.setdefault(one.slot, {})[one.values] = None
            last.setdefault(one.slot, one)
    return tuple(
        VariedValue(slot, one.column, one.sign, one.kind, tuple(seen[slot]), one.is_alone)
        for slot, one in last.items()
        if len(seen[slot]) > 1
    )
