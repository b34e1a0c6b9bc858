"""What a check takes from its project besides its own line: named patterns and macros. They are part of what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.checks.language import patterns
from andon.checks.language.clock import clock_macros
from andon.checks.language.expression import regex_problem
from andon.checks.language.mentions import macros_called
from andon.errors import Problem
from andon.model.check import Check, Pattern
from andon.project.files.toml import find_key
from andon.settings.project_tables import PATTERNS
from andon.sql.macros import macro_name

_FILE = "andon.toml"


class Shared:
    """The patterns and macros of a project, to complete checks with."""

    def __init__(self, own_patterns: Mapping[str, str], macros: Sequence[str]) -> None:
        self._patterns = own_patterns
        self._macros = {macro_name(text)[0].lower(): text for text in macros}
        self._clock = clock_macros(macros)

    def complete(self, check: Check) -> Check:
        """The check with an id that also says what its pattern and its macros are, and with the clock that its macros use."""
        form = check.form
        regex = self._patterns.get(form.pattern) if isinstance(form, Pattern) else None
        called = sorted(macros_called([check.text], self._macros)) if self._macros else []
        if regex is None and not called:
            return check
        key = content_id([check.id, regex, [self._macros[name] for name in called]])
        return replace(check, id=key, uses_clock=check.uses_clock or not self._clock.isdisjoint(called))


def pattern_problems(own: Mapping[str, str], toml: str) -> list[Problem]:
    """What is wrong with the project's own patterns: names that are taken, and what is no regular expression for the engine.

    Args:
        toml: the text of `andon.toml`, for their places.
    """
    found = []
    for name, regex in own.items():
        if name in patterns.NAMES:
            message = f"the pattern `{name}` is there already"
            hint = f"give it another name, as `own_{name}`"
        else:
            wrong = regex_problem(regex)
            if wrong is None:
                continue
            message = f"the pattern `{name}` is no regular expression: {wrong}"
            hint = "write it in RE2's syntax; in TOML's single quotes a backslash stands for itself: `'\\d+'`"
        line, column = find_key(toml, (PATTERNS, name))
        found.append(Problem("project.bad_value", message, _FILE, line, column, hint))
    return found
