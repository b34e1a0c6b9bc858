"""Checks of many datasets parsed and compiled, the engine asked for all of them at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.checks.compile.check import compile_check
from andon.checks.compile.plans import Catalog, Compiled, DeclaredChecks, Plan, Read, named_others
from andon.checks.compile.shared import Shared, pattern_problems
from andon.checks.compile.typed import Binds
from andon.checks.language.answers import together
from andon.checks.language.context import Context
from andon.checks.language.meant import meant, with_text
from andon.checks.language.parse import collected, context_of, read_declared, read_plainly
from andon.checks.language.tokens import cut, without_comment
from andon.errors import Problem
from andon.model.check import Check, Reference
from andon.model.dataset import CheckLine
from andon.sql.bind import Binder

_ABOUT_NAMES = frozenset(("project.unknown_column", "project.unknown_function", "project.unknown_dataset"))
#: Problems of lines that may have been meant as another form.
_LED = frozenset(("project.unknown_column", "project.unknown_function", "project.bad_check", "project.bind_failed"))
#: The line that a hint tells to write.
_OFFERED = re.compile(r"(?:write|compare it:) `([^`]+)`(?:\Z|; such as)")
_NAMED = re.compile(r"`([^`]+)`")


def read_all(
    declared: Sequence[DeclaredChecks], catalog: Catalog, names: Collection[str], binder: Binder | None, toml: str
) -> tuple[Read, dict[str, list[Problem]]]:
    """The checks of each dataset, and the problems of those that have any (at "" those of patterns); see `read_checks`."""
    wrong = pattern_problems(catalog.patterns, toml)
    if wrong:
        catalog = replace(catalog, patterns={name: "" for name in catalog.patterns})
    late = _LateBinder()
    try:
        reader = _Reader(declared, catalog, names, late if binder is None else binder)
        made = reader.compiled(reader.parsed())
        return made, {**({"": wrong} if wrong else {}), **reader.problems()}
    finally:
        late.close()


def placed(problem: Problem, line: CheckLine | None) -> Problem:
    """The problem of a name, found when its line was bound, at the place where the line has the name."""
    if line is None or problem.code not in _ABOUT_NAMES:
        return problem
    parts = cut(without_comment(line.text))
    for name in reversed(_NAMED.findall(problem.message)):
        for wanted in ([name.lower()], name.lower().split(".")):
            for index, token in enumerate(parts):
                if [t.name.lower() for t in parts[index : index + 2 * len(wanted) - 1 : 2]] == wanted:
                    return replace(problem, column=line.column + token.start)
    return problem


class _Reader:
    """One reading of many datasets."""

    def __init__(
        self, declared: Sequence[DeclaredChecks], catalog: Catalog, names: Collection[str], binder: Binds
    ) -> None:
        self._declared = declared
        self._catalog = catalog
        self._names = names
        self._binder = binder
        self._shared = Shared(catalog.patterns, catalog.macros)
        self._problems: dict[str, list[Problem]] = {}
        self._lines: dict[tuple[str | int | None, ...], CheckLine] = {
            (one.dataset, line.file, line.line, line.column): line for one in declared for line in one.lines
        }

    def problems(self) -> dict[str, list[Problem]]:
        """The problems of each dataset that has any, in the order of its lines."""
        return {
            one.dataset: sorted(self._problems[one.dataset], key=lambda p: (p.file or "", p.line or 0, p.column or 0))
            for one in self._declared
            if one.dataset in self._problems
        }

    def parsed(self) -> dict[str, list[Check]]:
        """The checks of each dataset."""
        patterns = frozenset(self._catalog.patterns)
        contexts = [
            context_of(one.dataset, self._catalog.columns.get(one.dataset), one.key, patterns) for one in self._declared
        ]
        items = [(context, line) for context, one in zip(contexts, self._declared, strict=True) for line in one.lines]
        found = together(items, lambda item: read_declared(*item))
        return {
            context.dataset: self._checks(context, one, found)
            for context, one in zip(contexts, self._declared, strict=True)
        }

    def _checks(self, context: Context, one: DeclaredChecks, found: Iterator[Check | Problem]) -> list[Check]:
        read = list(islice(found, len(one.lines)))
        told = [
            self._tried(one, line, item) if isinstance(item, Problem) else item
            for line, item in zip(one.lines, read, strict=True)
        ]
        checks, problems = collected(context, one.lines, told)
        self._note(context.dataset, problems)
        return [self._shared.complete(check) for check in checks]

    def compiled(self, parsed: Mapping[str, Sequence[Check]]) -> Read:
        """The checks with their plans."""
        checks = [check for one in parsed.values() for check in one]
        plans = together(checks, self._plan)
        made: Read = {}
        for dataset, own in parsed.items():
            kept = []
            for check in own:
                plan = next(plans)
                if isinstance(plan, Problem):
                    place = (dataset, check.file, check.line, check.column)
                    self._note(dataset, [placed(plan, self._lines.get(place))])
                else:
                    kept.append(Compiled(check, plan))
            made[dataset] = tuple(kept)
        return made

    def _plan(self, check: Check) -> Plan | Problem | None:
        """None while columns that it needs aren't known."""
        is_known = check.dataset in self._catalog.columns
        # without columns a name of three parts may be a struct's as well as another dataset's
        others = named_others(check) if is_known or isinstance(check.form, Reference) else ()
        for name in others:
            if name not in self._names:
                hint = did_you_mean(name, self._names) or "name a dataset of the project"
                message = f"there is no dataset `{name}`"
                return Problem("project.unknown_dataset", message, check.file, check.line, check.column, hint)
        if not is_known or any(name not in self._catalog.columns for name in others):
            return None
        plan = compile_check(check, self._catalog, self._binder)
        return self._led(check, plan) if isinstance(plan, Problem) else plan

    def _led(self, check: Check, problem: Problem) -> Problem:
        """The problem of a line that doesn't fit its columns with the line to write instead, where it is plain what was meant."""
        if problem.code == "project.unknown_column":
            instead = with_text(check.text, _NAMED.findall(problem.message))
            if instead is not None and self._fits(check, instead):
                return replace(problem, hint=f"write `{instead}`: a text stands in single quotes")
        if problem.code not in _LED:
            return problem
        instead = meant(check.text, lambda line: self._fits(check, line))
        return problem if instead is None else replace(problem, hint=f"write `{instead}`")

    def _tried(self, one: DeclaredChecks, line: CheckLine, problem: Problem) -> Problem:
        """The problem of a line that can't be read. What its hint offers was read; here it is tried on the columns."""
        offered = _OFFERED.match(problem.hint or "")
        if offered is None or one.dataset not in self._catalog.columns or line.for_column is not None:
            return problem
        context = self._context(one.dataset)
        wrong = self._wrong(context, offered[1])
        if wrong is None:
            return problem
        instead = meant(without_comment(line.text).strip(), lambda made: self._wrong(context, made) is None)
        if instead is not None:
            return replace(problem, hint=f"write `{instead}`")
        if isinstance(wrong, Problem):
            return replace(problem, code=wrong.code, message=wrong.message, hint=wrong.hint)
        return replace(problem, hint="write a form of the check language, or valid SQL")

    def _fits(self, check: Check, line: str) -> bool:
        """Whether `line` is a check of the same dataset."""
        return self._wrong(self._context(check.dataset), line) is None

    def _context(self, dataset: str) -> Context:
        patterns = frozenset(self._catalog.patterns)
        return context_of(dataset, self._catalog.columns[dataset], self._catalog.keys.get(dataset, ()), patterns)

    def _wrong(self, context: Context, line: str) -> Problem | bool | None:
        """What keeps `line` from being a check: a problem with the columns, True if it can't be read at all; None for nothing."""
        made = read_plainly(context, line)
        if made is None or any(name not in self._catalog.columns for name in named_others(made)):
            return True
        compiled = compile_check(made, self._catalog, self._binder)
        return compiled if isinstance(compiled, Problem) else None

    def _note(self, dataset: str, problems: Sequence[Problem]) -> None:
        if problems:
            self._problems.setdefault(dataset, []).extend(problems)


class _LateBinder:
    """A binder that is made when it is first asked: plain checks never ask."""

    def __init__(self) -> None:
        self._binder: Binder | None = None

    def declare(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """See `Binder.declare`."""
        self._made().declare(name, columns)

    def bind(self, sql: str, macros: Sequence[str] = ()) -> list[tuple[str, str]]:
        """See `Binder.bind`."""
        return self._made().bind(sql, macros)

    def unreadable(self, sql: str, macros: Sequence[str] = ()) -> str | None:
        """See `Binder.unreadable`."""
        return self._made().unreadable(sql, macros)

    def _made(self) -> Binder:
        if self._binder is None:
            self._binder = Binder()
        return self._binder

    def close(self) -> None:
        """Free the engine, if there is one."""
        if self._binder is not None:
            self._binder.close()
