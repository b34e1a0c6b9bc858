"""What somebody asks of tables that grow, beyond what code and inputs say."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import Record, field
from andon.model.intervals import Range


class Wishes(Record):
    """What somebody asked of tables that grow.

    Attributes:
        full: those that are made whole.
        forward: those whose earlier rows stay as they were made, though their definition is another.
        equal: those whose definition is another, which is proved to make the same rows: what they hold stays.
        fill: by dataset the times to fill.
        pack: those whose small files are put together, of whatever kind they are.
    """

    full: frozenset[str] = frozenset()
    forward: frozenset[str] = frozenset()
    fill: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    pack: frozenset[str] = frozenset()
    equal: frozenset[str] = frozenset()
