"""Macros of a project put together: which a call needs, in which order they can be made, what they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from andon.base.graph import find_cycle, reach, topological
from andon.model.dataset import ClockUse, latest
from andon.sql.names import HIDDEN_READERS, RANDOM_NAMES, READERS, STATE_NAMES
from andon.sql.uses import MacroStatement

_NOT_IN_CHECKS = HIDDEN_READERS | RANDOM_NAMES | READERS | STATE_NAMES


@dataclass(slots=True)
class Macros:
    """All macros by name, each with the file that makes it.

    Attributes:
        twins: `(path, statement, path of the first)` of names that are made twice.
        cycles: macros that call each other in a circle, as paths.
    """

    statements: dict[str, tuple[str, MacroStatement]] = field(default_factory=dict)
    twins: list[tuple[str, MacroStatement, str]] = field(default_factory=list)
    cycles: list[list[str]] = field(default_factory=list)
    _calls: dict[str, set[str]] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)
    _closures: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, Iterable[MacroStatement]]) -> Macros:
        """The macros of `{path: statements}`."""
        macros = cls()
        for path in sorted(files):
            for statement in files[path]:
                first = macros.statements.get(statement.name)
                if first is not None:
                    macros.twins.append((path, statement, first[0]))
                else:
                    macros.statements[statement.name] = (path, statement)
        known = macros.statements.keys()
        macros._calls = {
            name: {call.name for call in statement.calls if call.qualified is None and call.name in known}
            for name, (_, statement) in macros.statements.items()
        }
        acyclic = {name: set(calls) for name, calls in macros._calls.items()}
        while (cycle := find_cycle(acyclic)) is not None:
            macros.cycles.append(cycle)
            acyclic[cycle[-2]].discard(cycle[-1])
        macros._order = {name: at for at, name in enumerate(topological(acyclic))}
        return macros

    def needed(self, calls: Iterable[str]) -> list[str]:
        """The macros that `calls` need, those that they call included, in an order in which they can be made."""
        found: set[str] = set()
        for name in calls:
            if name in self.statements:
                found |= self._closure(name)
        return sorted(found, key=self._order.__getitem__)

    def for_checks(self) -> tuple[tuple[str, str], ...]:
        """`(file, statement)` of the macros that lines may call, in an order in which they can be made: those that give a value by what
        they are given and by nothing else, so that what a check reads is seen from its line."""
        made = []
        for name in self.needed(self.statements):
            called = [self.statements[other][1] for other in self._closure(name)]
            if any(one.tables or one.is_table or any(c.name in _NOT_IN_CHECKS for c in one.calls) for one in called):
                continue
            path, statement = self.statements[name]
            made.append((path, statement.text))
        return tuple(made)

    def clock(self, name: str) -> ClockUse:
        """What of the logical time a call of `name` depends on."""
        return latest(self.statements[other][1].clock for other in self._closure(name))

    def _closure(self, name: str) -> frozenset[str]:
        known = self._closures.get(name)
        if known is None:
            known = self._closures[name] = frozenset({name} | reach(self._calls, [name]))
        return known
