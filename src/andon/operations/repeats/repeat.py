"""What was recognised: work that people did three times, with what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.hashing import content_id
from andon.base.record import Record, field
from andon.operations.repeats.rhythm import Rhythm
from andon.sql.question import FilterValue

#: Nothing is offered before it was done so often.
THIRD = 3


class Repeat(Record):
    """Work that was done over and over.

    Attributes:
        key: by which it is known again.
        traits: what it consists of: a repeat that shares most of them with one that was dismissed is that one.
        times: how often it was done. people: by whom.
        first, last: when (ISO text).
    """

    key: str
    traits: frozenset[str]
    times: int
    people: tuple[str, ...]
    first: str
    last: str


class VariedValue(Record):
    """A value that was another one at times.

    Attributes:
        slot, column, sign, kind: as in `FilterValue`.
        seen: the values, the newest first; of an `in` the list.
        is_alone: whether the question has the rows of all values without it.
    """

    slot: str
    column: str
    sign: str
    kind: str
    seen: tuple[tuple[str, ...], ...]
    is_alone: bool


class QuestionRepeat(Repeat):
    """A question that was asked over and over.

    Attributes:
        sql: as it was asked last; `filters`, the values in it.
        shape: its mark in the log.
        datasets: what it reads. days: on how many days it was asked.
        varied: values that were others at times.
        is_plain, is_grouped, measures, parts: as in `QuestionForm`.
    """

    sql: str
    shape: str
    datasets: tuple[str, ...]
    days: int
    filters: tuple[FilterValue, ...] = ()
    varied: tuple[VariedValue, ...] = ()
    is_plain: bool = False
    is_grouped: bool = False
    measures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class RunRepeat(Repeat):
    """Something that was run by hand over and over.

    Attributes:
        selection: as it was said. datasets: what it built.
        numbers: of the runs.
    """

    selection: tuple[str, ...]
    datasets: tuple[str, ...]
    rhythm: Rhythm
    numbers: tuple[int, ...]


class FileRepeat(Repeat):
    """Files of one shape, each with a source of its own.

    Attributes:
        pattern: what finds them all.
        paths: of the files. datasets, sources: what reads each.
        columns: `(name, type)`.
    """

    pattern: str
    paths: tuple[str, ...]
    datasets: tuple[str, ...]
    sources: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]


class Replay(Record):
    """What a rule would have done about the incidents so far.

    Attributes:
        fired: how often it would have acted.
        fixed: where it is known to have helped; `needless` where nothing had to be done; `unknown` where something else helped.
    """

    fired: int
    fixed: int
    needless: int
    unknown: int

    @property
    def words(self) -> str:
        """As a sentence."""
        rest = f", unknown {self.unknown}" if self.unknown else ""
        return f"would have fired {self.fired} times, fixed {self.fixed}, needless {self.needless}{rest}"


class CorrectionRepeat(Repeat):
    """The same fix for the same kind of incident.

    Attributes:
        kind, dataset: of the incidents. action, params: what was done.
        incidents: whom it fixed.
    """

    kind: str
    dataset: str
    action: str
    incidents: tuple[int, ...]
    replay: Replay
    params: Mapping[str, str] = field(default_factory=dict)


def key_of(kind: str, *parts: object) -> str:
    """The key of a repeat."""
    return f"{kind}:{content_id([str(part) for part in parts])[:16]}"


def is_much_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two repeats of a kind are one in slightly other forms."""
    return bool(one & other) and len(one & other) / len(one | other) >= _SAME


_SAME = 0.75
