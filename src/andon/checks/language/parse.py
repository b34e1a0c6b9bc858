"""One line of the check language to a `Check`, or to a `Problem` with its place, the nearest form and an example. Never raises."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from andon.base.names import quote
from andon.base.record import Record, replace
from andon.checks.language.context import COMPARATORS, Context, Read, as_written
from andon.checks.language.expression import Expression, own_names, read_expression
from andon.checks.language.grammar import WHOLE_LINE
from andon.checks.language.meant import meant
from andon.checks.language.modifiers import MODIFIER_WORDS, Modifiers, check_modifiers, misplaced_modifier, splits
from andon.checks.language.row_forms import columns_form, in_form, matches_form, pattern_form, reference_form
from andon.checks.language.rules import rule_form
from andon.checks.language.tokens import RESERVED, Flaw, Token, cut, flaw_of, identifiers, part, without_comment
from andon.checks.language.total_forms import (
    keys_form,
    max_age_form,
    published_form,
    range_form,
    rows_form,
    schema_form,
    watch_form,
)
from andon.errors import Problem
from andon.model.check import Check, CheckKind, Key, MaxAge, Severity, check_id
from andon.model.dataset import CheckLine
from andon.model.quarantine import aside_of
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
#: Severities of other tools: as a name they would say something that is not so.
_SEVERITIES = words("warning error fail critical severity warn_if fail_if error_if warn_when fail_when")
_SPELLED = {"not_null": "not null", "notnull": "not null", "primary_key": "key"}
#: What can't name a check: words that begin a form or follow one, and what else people write for them.
NO_NAMES = (
    MODIFIER_WORDS
    | words("hold key unique rows max_age schema watch in is matches not null")
    | _SEVERITIES
    | _SPELLED.keys()
)


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
    context = context_of(dataset, columns, key, patterns)
    return read_line(context, text, for_column=for_column, file=file, line=line, column=column)


def context_of(
    dataset: str, columns: Sequence[tuple[str, str]] | None, key: Sequence[str] | None, patterns: Collection[str] = ()
) -> Context:
    """What the lines of a dataset are read with; see `parse_check`."""
    known = None if columns is None else {name.lower(): name for name, _ in columns}
    own = None if columns is None else own_names(columns)
    return Context(dataset, known, own, tuple(key or ()), patterns)


def read_line(
    context: Context,
    text: str,
    *,
    for_column: str | None = None,
    file: str | None = None,
    line: int | None = None,
    column: int | None = None,
) -> Check | Problem:
    """The check that a line states; see `parse_check`."""
    found = _read_line(context, text, for_column, _Place(file, line, column))
    if not isinstance(found, Flaw):
        return found
    if found.code == "project.bad_check":
        found = _led(context, text, for_column, found)
    return _problem(found, text, file, line, column)


def parse_lines(
    lines: Sequence[CheckLine],
    *,
    dataset: str,
    columns: Sequence[tuple[str, str]] | None,
    key: Sequence[str] | None,
    patterns: Collection[str] = (),
) -> tuple[list[Check], list[Problem]]:
    """All checks of a dataset, the one that its `key:` implies first, and all problems; names must be unique."""
    context = context_of(dataset, columns, key, patterns)
    return collected(context, lines, [read_declared(context, one) for one in lines])


def read_declared(context: Context, line: CheckLine) -> Check | Problem:
    """The check that a declared line states."""
    return read_line(context, line.text, for_column=line.for_column, file=line.file, line=line.line, column=line.column)


def collected(
    context: Context, lines: Sequence[CheckLine], found: Sequence[Check | Problem]
) -> tuple[list[Check], list[Problem]]:
    """The checks of a dataset and the problems of its lines: its key first, the same check once, no name twice.

    Args:
        found: what each of `lines` states.
    """
    checks = [key_check(context.dataset, context.key)] if context.key else []
    problems: list[Problem] = []
    seen = {(check.id, check.label) for check in checks}
    named: set[str] = set()
    for line, one in zip(lines, found, strict=True):
        if isinstance(one, Problem):
            problems.append(one)
            continue
        if one.name in named:
            message = f"two checks of `{context.dataset}` are named `{one.name}`"
            problems.append(
                Problem("project.bad_check", message, line.file, line.line, line.column, "give one another name")
            )
            continue
        if one.name:
            named.add(one.name)
        if (one.id, one.label) not in seen:
            seen.add((one.id, one.label))
            checks.append(one)
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


def read_plainly(context: Context, text: str) -> Check | None:
    """The check that a line states; None where it can't be read."""
    found = _read_line(context, text, None, _Place(None, None, None))
    return None if isinstance(found, Flaw) else found


def _led(context: Context, text: str, for_column: str | None, flaw: Flaw) -> Flaw:
    """The flaw with the line to write instead, where it is plain what was meant."""

    def reads(line: str) -> bool:
        made = _read_line(context, line, for_column, _Place(None, None, None))
        if isinstance(made, Flaw):
            return False
        return context.columns is None or all(name.lower() in context.columns for name in made.columns)

    line = without_comment(text).strip()
    instead = meant(line, reads)
    if instead is None and for_column is not None:
        instead = meant(f"{shown_name(for_column)} {line}", reads)
    return flaw if instead is None else replace(flaw, hint=f"write `{instead}`", example="")


class _Place(Record):
    """Where a line stands, and the name that it gives its check."""

    file: str | None
    line: int | None
    column: int | None
    name: str | None = None


def _read_line(context: Context, text: str, for_column: str | None, place: _Place) -> Check | Flaw:
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
    if named:
        if not _PLAIN_NAME.match(named[1]):
            return Flaw(
                f"`{named[1]}` can't name a check", named.start(1), "use a-z, 0-9 and `_`, as `totals_agree: …`"
            )
        line, place = part(line, named.end()), replace(place, name=named[1])
        if not line.strip():
            return Flaw("there is no check after its name", len(line), "write one check")
        if named[1] in NO_NAMES:
            return _flaw_of_name(named[1], line.strip(), named.start(1))
    shift = _Shift(0, 0)
    if for_column is not None:
        line, shift = _complete(line, for_column)
    found = _read_with_modifiers(context, line, place)
    if isinstance(found, Flaw):
        return Flaw(found.message, shift.back(found.offset), found.hint, found.example, found.code)
    return found


def _flaw_of_name(word: str, rest: str, offset: int) -> Flaw:
    """A word of the language before a colon, as one would write it in YAML."""
    if word in MODIFIER_WORDS:
        hint = f"write `{rest} {word}`" if word in ("warn", "info") else "write what must hold in front of it"
        return Flaw(f"`{word}` stands after the check", offset, hint, WHOLE_LINE)
    is_list = identifiers(cut(rest)) is not None
    spelled = _SPELLED.get(word, word)
    if is_list and spelled in ("not null", "key", "unique"):
        return Flaw(f"`{spelled}` takes no colon", offset, f"write `{spelled} {rest}`")
    return Flaw(f"`{word}` is a word of the language and can't name a check", offset, "choose another name")


class _Shift(Record):
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


def _read_with_modifiers(context: Context, line: str, place: _Place) -> Check | Flaw:
    """The form and its modifiers: those are taken from the end as long as a complete form remains."""
    first: Flaw | None = None
    for rest, modifiers in splits(line):
        found = _read_form(context, rest)
        if isinstance(found, Flaw):
            first = first or found
            continue
        checked = check_modifiers(context, found, modifiers)
        if not isinstance(checked, Flaw):
            return _made(context, line, found, checked, place)
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


def _made(context: Context, line: str, found: Read, modifiers: Modifiers, place: _Place) -> Check:
    where = read_expression(modifiers.where, context.own) if modifiers.where else None
    condition = where.sql if isinstance(where, Expression) else None
    extra = where.columns if isinstance(where, Expression) else ()
    names = tuple(dict.fromkeys(as_written(context, (*found.columns, *extra))))
    severity = modifiers.severity or (Severity.WARN if found.kind is CheckKind.WATCH else Severity.HOLD)
    aside = () if modifiers.quarantine is None else (aside_of(context.dataset),)
    clock = found.uses_clock or (isinstance(where, Expression) and where.uses_clock)
    return Check(
        id=check_id(context.dataset, found.form, condition, modifiers.allow, modifiers.quarantine),
        dataset=context.dataset,
        text=line.strip(),
        form=found.form,
        kind=found.kind,
        severity=severity,
        where=condition,
        allow=modifiers.allow,
        quarantine=modifiers.quarantine,
        why=modifiers.why,
        columns=names,
        others=tuple(sorted({*found.others, *aside} - {context.dataset})),
        uses_clock=clock or isinstance(found.form, MaxAge),
        name=place.name,
        file=place.file,
        line=place.line,
        column=place.column,
    )


def _problem(flaw: Flaw, text: str, file: str | None, line: int | None, column: int | None) -> Problem:
    offset = min(max(flaw.offset, 0), len(text))
    hint = flaw.hint + (f"; such as `{flaw.example}`" if flaw.example and flaw.example not in flaw.hint else "")
    return Problem(flaw.code, flaw.message, file, line, (column or 1) + offset, hint)
