"""One line of the check language to a `Check`, or to a `Problem` with its place, the nearest form and an example. Never raises."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from andon.base.names import quote
from andon.checks.context import COMPARATORS, Context, Read, as_written
from andon.checks.expression import Expression, read_expression
from andon.checks.forms_rows import columns_form, in_form, matches_form, pattern_form, reference_form
from andon.checks.forms_totals import (
    keys_form,
    max_age_form,
    published_form,
    range_form,
    rows_form,
    schema_form,
    watch_form,
)
from andon.checks.modifiers import MODIFIER_WORDS, Modifiers, check_modifiers, misplaced_modifier, splits
from andon.checks.rules import rule_form
from andon.checks.tokens import RESERVED, Flaw, Token, cut, flaw_of, part, without_comment
from andon.errors import Problem
from andon.model.check import Check, CheckKind, Key, MaxAge, Severity, check_id
from andon.model.dataset import CheckLine
from andon.sql.names import words

#: The forms in the order in which they are tried; the last one takes every line that no other takes.
FORMS = (
    columns_form,
    published_form,
    keys_form,
    rows_form,
    max_age_form,
    schema_form,
    watch_form,
    reference_form,
    in_form,
    range_form,
    pattern_form,
    matches_form,
    rule_form,
)

_NAME = re.compile(r"\s*([^\W\d]\w*)(\s*):(?![:=])")
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_BEGINS = words("in is matches like ilike similar between")
_ARITHMETIC = frozenset(("%", "*", "/", "||", "->", "->>", "//", "**"))
_LONGEST = 10_000


def parse_check(
    text: str,
    *,
    dataset: str,
    columns: Sequence[tuple[str, str]] | None,
    key: Sequence[str] | None,
    for_column: str | None = None,
    file: str | None = None,
    line: int | None = None,
    column: int | None = None,
    patterns: Collection[str] = (),
) -> Check | Problem:
    """The check that a line states.

    Args:
        text: the line, with or without its comment.
        dataset: whose check it is.
        columns: its columns as (name, DuckDB type), or None when they aren't known yet; then unknown ones show at binding.
        key: the columns of its `key:`.
        for_column: the column among whose `checks:` the line stands; it may leave the name out.
        file, line, column: where the text begins, from 1.
        patterns: names that the project adds to those of `a is NAME`.

    Returns:
        the check, or a problem whose `column` is the place in the line. No text makes it raise.
    """
    known = None if columns is None else {name.lower(): name for name, _ in columns}
    own = None if known is None else frozenset(known)
    context = Context(dataset, known, own, tuple(key or ()), patterns)
    found = _read_line(context, text, for_column)
    if isinstance(found, Flaw):
        return _problem(found, text, file, line, column)
    return replace(found, file=file, line=line, column=column)


def parse_lines(
    lines: Sequence[CheckLine],
    *,
    dataset: str,
    columns: Sequence[tuple[str, str]] | None,
    key: Sequence[str] | None,
    patterns: Collection[str] = (),
) -> tuple[list[Check], list[Problem]]:
    """All checks of a dataset, the one that its `key:` implies first, and all problems; names must be unique."""
    checks: list[Check] = []
    problems: list[Problem] = []
    if key:
        checks.append(key_check(dataset, key))
    named: set[str] = set()
    for one in lines:
        found = parse_check(
            one.text,
            dataset=dataset,
            columns=columns,
            key=key,
            for_column=one.for_column,
            file=one.file,
            line=one.line,
            column=one.column,
            patterns=patterns,
        )
        if isinstance(found, Check) and found.name in named:
            message = f"two checks of `{dataset}` are named `{found.name}`"
            found = Problem("project.bad_check", message, one.file, one.line, one.column, "give one another name")
        if isinstance(found, Problem):
            problems.append(found)
            continue
        if found.name:
            named.add(found.name)
        if all(other.id != found.id or other.label != found.label for other in checks):
            checks.append(found)
    return checks, problems


def key_check(dataset: str, key: Sequence[str]) -> Check:
    """The check that `key:` implies."""
    names = tuple(key)
    form = Key(names)
    text = "key " + ", ".join(shown_name(name) for name in names)
    return Check(check_id(dataset, form, None, None), dataset, text, form, CheckKind.ROW, columns=names)


def shown_name(name: str) -> str:
    """A column's name as it can be written in a line."""
    return name if re.fullmatch(r"[^\W\d]\w*", name) and name.lower() not in RESERVED else quote(name)


def _read_line(context: Context, text: str, for_column: str | None) -> Check | Flaw:
    if len(text) > _LONGEST:
        return Flaw("the line is too long", 0, f"a check has at most {_LONGEST:,} characters; use `checks/*.sql`")
    line = without_comment(text).rstrip()
    if not line.strip():
        return Flaw("there is no check in the line", 0, "write one check")
    if "\n" in line.strip() or "\r" in line.strip():
        at = min(i for i in (line.find("\n"), line.find("\r")) if i >= 0)
        return Flaw("a check is one line", at, "put each check on a line of its own")
    flaw = flaw_of(line)
    if flaw is not None:
        return flaw
    named = _NAME.match(line)
    name = named[1] if named else None
    if named:
        if not _PLAIN_NAME.match(named[1]):
            return Flaw(
                f"`{named[1]}` can't name a check", named.start(1), "use a-z, 0-9 and `_`, as `totals_agree: …`"
            )
        line = part(line, named.end())
        if not line.strip():
            return Flaw("there is no check after its name", len(line), "write one check")
    shift = _Shift(0, 0)
    if for_column is not None:
        line, shift = _complete(line, for_column)
    found = _read_with_modifiers(context, line)
    if isinstance(found, Flaw):
        return Flaw(found.message, shift.back(found.offset), found.hint, found.example, found.code)
    return replace(found, name=name)


@dataclass(frozen=True, slots=True)
class _Shift:
    """Where a column's name was put into a line, and how long it was."""

    at: int
    length: int

    def back(self, offset: int) -> int:
        """The place in the line as written."""
        return offset if offset < self.at else max(self.at, offset - self.length)


def _complete(line: str, column: str) -> tuple[str, _Shift]:
    """A column's line with the column's name put where it was left out."""
    parts = cut(line)
    first, second = parts[0], parts[1] if len(parts) > 1 else None
    name = shown_name(column)
    keyword = 2 if first.word == "not" and second is not None and second.word == "null" else 1
    if keyword == 2 or first.word in ("key", "unique"):
        after_it = parts[keyword] if len(parts) > keyword else None
        if after_it is None or after_it.kind == "quoted" or after_it.word in MODIFIER_WORDS:
            at = parts[keyword - 1].end
            return f"{line[:at]} {name}{line[at:]}", _Shift(at, len(name) + 1)
    if first.word == "max_age" and all(token.word != "by" for token in parts):
        at = parts[2].end if len(parts) > 2 and parts[2].kind == "word" else parts[min(1, len(parts) - 1)].end
        return f"{line[:at]} by {name}{line[at:]}", _Shift(at, len(name) + 4)
    begins = first.word in _BEGINS or first.text in COMPARATORS or first.text in _ARITHMETIC
    negated = first.word == "not" and second is not None and second.word in _BEGINS
    if begins or negated or _is_bare_range(parts):
        at = first.start
        return f"{line[:at]}{name} {line[at:]}", _Shift(at, len(name) + 1)
    return line, _Shift(0, 0)


def _is_bare_range(parts: tuple[Token, ...]) -> bool:
    """Whether the line's first blank-separated item is a range."""
    last = 0
    while last + 1 < len(parts) and parts[last].end == parts[last + 1].start:
        last += 1
    return any(token.text == ".." and token.kind == "op" and not token.depth for token in parts[: last + 1])


def _read_with_modifiers(context: Context, line: str) -> Check | Flaw:
    """The form and its modifiers: those are taken from the end as long as a complete form remains."""
    first: Flaw | None = None
    for rest, modifiers in splits(line):
        found = _read_form(context, rest)
        if isinstance(found, Flaw):
            first = first or found
            continue
        checked = check_modifiers(context, found, modifiers)
        if not isinstance(checked, Flaw):
            return _made(context, line, found, checked)
        first = checked if first is None or found is not None else first
        break
    return (
        misplaced_modifier(context, line, _read_form)
        or first
        or Flaw("there is no check in the line", 0, "write one check")
    )


def _read_form(context: Context, text: str) -> Read | Flaw:
    for form in FORMS:
        found = form(context, text)
        if found is not None:
            return found
    return Flaw("no form of the check language", 0, "see the reference of checks")


def _made(context: Context, line: str, found: Read, modifiers: Modifiers) -> Check:
    where = read_expression(modifiers.where, context.own) if modifiers.where else None
    condition = where.sql if isinstance(where, Expression) else None
    extra = where.columns if isinstance(where, Expression) else ()
    names = tuple(dict.fromkeys(as_written(context, (*found.columns, *extra))))
    severity = modifiers.severity or (Severity.WARN if found.kind is CheckKind.WATCH else Severity.HOLD)
    clock = found.uses_clock or (isinstance(where, Expression) and where.uses_clock)
    return Check(
        id=check_id(context.dataset, found.form, condition, modifiers.allow),
        dataset=context.dataset,
        text=line.strip(),
        form=found.form,
        kind=found.kind,
        severity=severity,
        where=condition,
        allow=modifiers.allow,
        why=modifiers.why,
        columns=names,
        others=tuple(sorted({*found.others} - {context.dataset})),
        uses_clock=clock or isinstance(found.form, MaxAge),
    )


def _problem(flaw: Flaw, text: str, file: str | None, line: int | None, column: int | None) -> Problem:
    offset = min(max(flaw.offset, 0), len(text))
    hint = flaw.hint + (f"; such as `{flaw.example}`" if flaw.example and flaw.example not in flaw.hint else "")
    return Problem(flaw.code, flaw.message, file, line, (column or 1) + offset, hint)
